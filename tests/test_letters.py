"""The network that has read the book: its saved file is whole, and it has learned what it says."""

import base64
import json

import numpy as np
import pytest

from rnnbook import GRU, Model, check_gradients, experiments
from rnnbook.experiments import _prose, letters

RECORD = experiments.load("letters")[0].record
FILE = experiments.SAVED / "letters.jsonl"


def test_the_file_is_small_and_says_what_was_read():
    assert FILE.stat().st_size <= 150_000
    weights = sum(len(base64.b64decode(part["bytes"])) for part in RECORD["weights"].values())
    model, alphabet = letters.network()
    assert weights == model.size
    assert (model.cell.H, model.D, model.K) == (128, len(alphabet), len(alphabet))
    assert len(set(alphabet)) == len(alphabet)
    assert len(RECORD["digest"]) == 64
    assert set(RECORD["kept_back"]) <= set(alphabet)
    assert 2_000 < len(RECORD["kept_back"]) < RECORD["letters"] / 10


def test_it_guesses_what_was_kept_back_as_well_as_the_record_says():
    model, alphabet = letters.network()
    found = letters.bits(model, alphabet, RECORD["kept_back"])
    assert found == pytest.approx(RECORD["bits"], abs=1e-9)
    assert found < RECORD["windows"][3][1]  # better than a table of three letters
    assert found < 2.2
    # a byte a weight is enough
    assert abs(found - min(held for _, _, held in RECORD["curve"])) < 0.01


def test_a_weight_that_was_changed_shows():
    model, alphabet = letters.network()
    other = model.replace(readout=-1 * model.readout)
    assert letters.bits(other, alphabet, RECORD["kept_back"]) > 5


def test_packing_loses_half_a_step_at_most():
    model = Model.init(GRU, D=3, H=5, K=3, rng=np.random.default_rng(0), dtype=np.float32)
    weights = json.loads(json.dumps(letters.packed(model)))
    for (name, was), (_, now) in zip(model.leaves(), letters.unpacked(weights).leaves()):
        assert was.shape == now.shape
        step = np.abs(was).max(axis=0) / 127 if was.ndim == 2 else np.abs(was).max() / 127
        assert (np.abs(was - now) <= 0.5001 * step).all(), name


def test_with_dropout_the_gradient_is_that_of_the_loss(monkeypatch):
    rng = np.random.default_rng(0)
    model = Model.init(GRU, D=4, H=3, K=4, gain=0.9, rng=rng)
    xs, targets = np.eye(4)[rng.integers(4, size=(5, 2))], rng.integers(4, size=(5, 2))
    ask = lambda model: letters.loss_and_grads(  # noqa: E731
        model, xs, targets, None, np.random.default_rng(1))
    _, grads, _ = ask(model)
    direction = model.map(lambda array: rng.normal(size=array.shape))
    step = 1e-6
    slope = (ask(model + step * direction)[0] - ask(model - step * direction)[0]) / (2 * step)
    along = sum((g * d).sum() for (_, g), (_, d) in zip(grads.leaves(), direction.leaves()))
    assert along == pytest.approx(slope, rel=1e-6)
    assert check_gradients(model.cell, xs, rng.normal(size=(5, 2, 3))).ok


def test_training_goes_on_where_it_was_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "SAVED", tmp_path)
    monkeypatch.setattr(letters, "EVERY", 2)
    text = "the state is a note that the network keeps to itself. " * 20
    arguments = text, text[:100], "".join(sorted(set(text))), 8, 6, 0
    whole, curve = letters.trained(*arguments)
    assert not list(tmp_path.iterdir())

    save, saves = letters._save_half, []

    def save_and_stop(file, now):
        save(file, now)
        saves.append(1)
        if len(saves) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(letters, "_save_half", save_and_stop)
    with pytest.raises(KeyboardInterrupt):
        letters.trained(*arguments)
    again, curve_again = letters.trained(*arguments)
    assert len(saves) == 3
    assert curve_again == curve
    assert (again - whole).norm == 0


def test_a_window_of_letters_knows_what_its_table_says():
    bits, windows = letters.window_bits("ab" * 200, "ab" * 50, 1, 2)
    assert windows == 2
    assert bits < 0.02
    bits, _ = letters.window_bits("ab" * 200, "ab" * 50, 0, 2)
    assert bits == pytest.approx(1, abs=0.01)
    # never seen, and so as likely as any other letter
    assert letters.window_bits("aaaa", "ab", 0, 4)[0] == pytest.approx(-np.log2(0.25 / 5))


PAGE = """# A heading goes

The {term}`state` $h_t$ is **a note**, see {eq}`eq-step`. It grows by $\\frac{1}{2}$ at each step.

$$ h_t = 0 $$ (eq-step)

```{admonition} Why?
:class: tip
A block that speaks is *kept* here.
```

```python
print("code is no prose at all.")
```

| a table | is none either. |

- [x] An answer of a quiz is a sentence too, as {cite:t}`werbos1990` says.
"""


def test_prose_is_the_sentences_of_a_page():
    found = [s for sentences in _prose.sentences_of(PAGE) for s in sentences]
    assert found[0] == "The state h_t is a note, see the equation." or found[0].startswith(
        "The state h_t is a note, see")
    kept = [s for s in found if _prose.KEPT.fullmatch(s)]
    assert "A block that speaks is kept here." in kept
    assert "An answer of a quiz is a sentence too, as Werbos says." in kept
    assert not any("frac" in s or "code" in s or "table" in s or "heading" in s for s in kept)


def test_the_books_own_prose_can_be_read(root):
    text = _prose.text(root)
    assert len(text) > 100_000
    assert len(set(text)) < 90
    with pytest.raises(FileNotFoundError, match="no chapters in"):
        _prose.text(root / "tests")


def test_numbers_names_a_letter_that_it_does_not_know():
    with pytest.raises(ValueError, match="text has 'z'; expected letters of the alphabet 'ab'"):
        letters.numbers("abz", "ab")

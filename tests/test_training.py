"""Learning: optimisers, clipping, and what `fit` does when all goes well and when it does not."""

import platform
import subprocess
import sys
import time

import numpy as np
import pytest

from cases import assert_same, make_cell, make_model
from rnnbook import (
    GRU,
    LSTM,
    RNN,
    Model,
    adam,
    clip,
    cross_entropy,
    fit,
    loss_and_grads,
    sgd,
    squared_error,
    tasks,
    training,
)
from rnnbook.training import Diverged, Optimizer


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def model(rng):
    return make_model("tanh", rng=rng)


@pytest.fixture
def batch(rng):
    return rng.normal(size=(5, 3, 2)), rng.normal(size=(5, 3, 2))


def test_sgd_steps_along_the_gradient(model):
    optimizer = sgd(0.1)
    step, _ = optimizer.update(model, optimizer.init(model))
    assert_same(step, 0.1 * model)


def test_momentum_adds_up(model):
    optimizer = sgd(0.1, momentum=0.5)
    step, memory = optimizer.update(model, optimizer.init(model))
    assert_same(step, 0.1 * model)
    step, _ = optimizer.update(model, memory)
    assert_same(step, 0.15 * model)


def test_the_first_step_of_adam_is_the_learning_rate_each_way(model):
    optimizer = adam(0.01)
    step, _ = optimizer.update(model, optimizer.init(model))
    assert_same(step, model.map(lambda g: 0.01 * np.sign(g)), tolerance=1e-5)


@pytest.mark.parametrize("optimizer", [sgd(0.1), sgd(0.1, momentum=0.9), adam(0.1)])
def test_an_optimizer_is_pure(optimizer, model):
    memory = optimizer.init(model)
    _, memory = optimizer.update(model, memory)
    once, _ = optimizer.update(model, memory)
    again, _ = optimizer.update(model, memory)
    assert_same(once, again, tolerance=0)


@pytest.mark.parametrize("optimizer", [
    sgd(0.1), sgd(np.float64(0.1), momentum=np.float64(0.9)), adam(), adam(np.float64(0.1)),
], ids=["sgd", "momentum", "adam", "adam of a numpy number"])
def test_training_keeps_float32(optimizer, rng):
    model = make_model("lstm", rng=rng, dtype=np.float32)
    xs, targets = rng.normal(size=(2, 4, 3, 2)).astype(np.float32)
    trained, _ = fit(model, [(xs, targets)] * 3, squared_error, optimizer, clip_norm=0.01)
    assert {array.dtype for _, array in trained.leaves()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("make", "name"), [
    (lambda bad: sgd(bad), "learning_rate"),
    (lambda bad: adam(bad), "learning_rate"),
    (lambda bad: adam(epsilon=bad), "epsilon"),
    (lambda bad: clip(make_cell("tanh", rng=np.random.default_rng(0)), norm=bad), "norm"),
    (lambda bad: clip(make_cell("tanh", rng=np.random.default_rng(0)), value=bad), "value"),
])
@pytest.mark.parametrize(
    "bad", [0, -1, np.nan, np.inf, "0.1", [0.1], 1j, np.array([0.1])], ids=repr)
def test_what_must_be_a_positive_number(make, name, bad):
    with pytest.raises(ValueError, match=rf"{name} is .*; expected a positive number"):
        make(bad)


@pytest.mark.parametrize(("make", "name"), [
    (lambda bad: sgd(0.1, momentum=bad), "momentum"),
    (lambda bad: adam(beta1=bad), "beta1"),
    (lambda bad: adam(beta2=bad), "beta2"),
])
@pytest.mark.parametrize("bad", [-0.1, 1, 1.5, np.nan, "0.9", None, [0.9], 1j], ids=repr)
def test_what_must_be_below_one(make, name, bad):
    with pytest.raises(ValueError, match=rf"{name} is .*; expected a number from 0 up to, not in"):
        make(bad)


def test_clip_by_norm_keeps_the_direction(model):
    clipped = clip(model, norm=0.5)
    assert clipped.norm == pytest.approx(0.5, rel=1e-14)
    assert_same(clipped, (0.5 / model.norm) * model)


def test_clip_by_norm_leaves_a_short_gradient_alone(model):
    assert_same(clip(model, norm=2 * model.norm), model, tolerance=0)


@pytest.mark.parametrize("size", [1e-250, 1e200])
def test_clip_by_norm_works_at_any_finite_length(model, size):
    assert clip(size * model, norm=size).norm == pytest.approx(size, rel=1e-12, abs=0)


def test_clip_by_value_cuts_each_number_by_itself(model):
    clipped = clip(10 * model, value=0.3)
    assert_same(clipped, model.map(lambda g: np.minimum(np.maximum(10 * g, -0.3), 0.3)))


@pytest.mark.parametrize("strange", [np.nan, np.inf])
def test_a_gradient_without_a_direction_is_not_clipped(model, strange):
    broken = model.map(lambda g: np.full_like(g, strange))
    with pytest.raises(FloatingPointError, match="it has no direction to keep"):
        clip(broken, norm=1)


@pytest.mark.parametrize(("options", "came"), [({}, "neither"), ({"norm": 1, "value": 1}, "both")])
def test_clip_wants_norm_or_value(model, options, came):
    with pytest.raises(TypeError, match=f"expected one of norm and value; got {came}"):
        clip(model, **options)


@pytest.mark.parametrize("bad", [None, np.ones(3), 2.0], ids=["none", "array", "number"])
def test_clip_wants_parameters(bad):
    with pytest.raises(TypeError, match="grads is"):
        clip(bad, norm=1)


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_fit_learns_to_spell_dogs(kind, rng):
    xs, targets, letters = tasks.dogs()
    model = Model.init(kind, D=4, H=6, K=4, rng=rng)
    trained, losses = fit(model, [(xs, targets)] * 150, cross_entropy, adam(0.05))
    guesses = trained.run(xs)[0].argmax(axis=-1)
    assert "".join(letters[k] for k in guesses.ravel()) == "ogs"
    assert losses[-1] < 0.05 < losses[0]


def test_fit_teaches_the_model_of_the_book_with_plain_descent():
    xs, targets, letters = tasks.dogs()
    trained, losses = fit(tasks.dogs_model(), [(xs, targets)] * 300, cross_entropy, sgd(0.5))
    assert "".join(letters[k] for k in trained.run(xs)[0].argmax(axis=-1).ravel()) == "ogs"
    assert (np.diff(losses) < 0).all()


def test_losses_are_those_before_each_step(model, batch):
    trained, losses = fit(model, [batch] * 3, squared_error, sgd(0.01))
    stepped = model
    for loss in losses:
        value, grads, _ = loss_and_grads(stepped, *batch, squared_error)
        assert loss == value
        stepped = stepped - 0.01 * grads
    assert_same(trained, stepped)
    assert isinstance(losses, np.ndarray)


def test_fit_leaves_the_model_it_was_given(model, batch):
    before = model.map(np.copy)
    fit(model, [batch] * 3, squared_error, adam(0.1))
    assert_same(model, before, tolerance=0)


def test_fit_takes_any_iterable(model, batch):
    expected = fit(model, [batch] * 3, squared_error, sgd(0.1))[1]
    for batches in ((batch for _ in range(3)), (batch, batch, batch), iter([list(batch)] * 3)):
        np.testing.assert_array_equal(fit(model, batches, squared_error, sgd(0.1))[1], expected)


def test_fit_clips(model, batch):
    trained, _ = fit(model, [batch], squared_error, sgd(1.0), clip_norm=1e-3)
    assert (model - trained).norm == pytest.approx(1e-3, rel=1e-9)


DIVERGING = {
    "slowly": ("tanh", sgd(1e3)),
    "at once": ("tanh", sgd(1e300)),
    "by adam": ("tanh", adam(1e300)),
    "in the states": ("relu", sgd(10.0)),
    "in the gates": ("lstm", sgd(1e200)),
    "by clipping too late": ("identity", sgd(1e200)),
}


def test_inputs_are_changed_before_each_step(model, batch):
    seen = []

    def doubled(model, xs, i):
        seen.append((model, i))
        return 2 * xs

    xs, targets = batch
    ours, losses = fit(model, [batch] * 3, squared_error, sgd(0.1), inputs=doubled)
    theirs, expected = fit(model, [(2 * xs, targets)] * 3, squared_error, sgd(0.1))
    assert_same(ours, theirs)
    np.testing.assert_array_equal(losses, expected)
    assert [i for _, i in seen] == [0, 1, 2]
    assert seen[0][0] is model
    assert seen[1][0] is not model
    with pytest.raises(TypeError, match="inputs is 3; expected a function"):
        fit(model, [batch], squared_error, sgd(0.1), inputs=3)


@pytest.mark.parametrize(("kind", "optimizer"), DIVERGING.values(), ids=DIVERGING)
def test_diverging_keeps_the_last_good_model(kind, optimizer, rng, batch):
    """And says so in one sentence, with no warning of numpy's before it (warnings are errors)."""
    model = make_model(kind, rng=rng)
    with pytest.raises(Diverged, match=r"diverged at batch \d+: .*; try a smaller") as info:
        fit(model, [batch] * 500, squared_error, optimizer)
    kept, losses = info.value.model, info.value.losses
    assert len(losses) > 0
    assert np.isfinite(losses).all()
    with np.errstate(over="ignore"):
        value, grads, _ = loss_and_grads(kept, *batch, squared_error)
    assert value == losses[-1]
    assert all(np.isfinite(array).all() for _, array in grads.leaves())


def test_diverged_is_a_floating_point_error_and_says_where(model, batch):
    with pytest.raises(FloatingPointError, match="diverged at batch 0"):
        fit(model, [batch], lambda ys, _: (np.nan, np.zeros_like(ys)), sgd(0.1))


def test_a_first_batch_that_diverges_gives_the_model_back(model, batch):
    with pytest.raises(Diverged) as info:
        fit(model, [batch], lambda ys, _: (1.0, np.full_like(ys, np.inf)), sgd(0.1))
    assert_same(info.value.model, model, tolerance=0)
    assert len(info.value.losses) == 0


@pytest.mark.parametrize("place", [0, 1], ids=["xs", "targets"])
def test_a_nan_in_the_data_is_the_datas_fault(model, batch, place):
    spoiled = [array.copy() for array in batch]
    spoiled[place][2, 1, 0] = np.nan
    name = ("xs", "targets")[place]
    with pytest.raises(ValueError, match=rf"{name} is nan at index \(2, 1, 0\)"):
        fit(model, [batch, tuple(spoiled)], squared_error, sgd(0.1))


def stopped_after(n, batch):
    for _ in range(n):
        yield batch
    raise KeyboardInterrupt


@pytest.mark.parametrize("n", [0, 3])
def test_ctrl_c_returns_what_was_learned(model, batch, n):
    with pytest.warns(UserWarning, match=f"stopped after {n} batches; returning what was"):
        trained, losses = fit(model, stopped_after(n, batch), squared_error, sgd(0.1))
    assert len(losses) == n
    expected = fit(model, [batch] * n, squared_error, sgd(0.1))[0] if n else model
    assert_same(trained, expected, tolerance=0)


def test_ctrl_c_in_the_middle_of_a_step_is_caught_too(model, batch):
    def loss(ys, targets):
        raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="stopped after 0 batches") as caught:
        fit(model, [batch], loss, sgd(0.1))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("nothing", [[], (), iter([])], ids=["list", "tuple", "used up"])
def test_no_batches_at_all_is_said(model, nothing):
    with pytest.raises(ValueError, match="batches is empty"):
        fit(model, nothing, squared_error, sgd(0.1))


@pytest.mark.parametrize("batches", [
    lambda xs, ys: (xs, ys),  # one pair, not a list of pairs
    lambda xs, ys: tasks.Task(xs, ys),
    lambda xs, ys: (xs[:2], ys[:2]),  # whose first two steps would unpack
    lambda xs, ys: [xs],
    lambda xs, ys: [(xs, ys, ys)],
    lambda xs, ys: [3],
], ids=["pair", "task", "pair of two steps", "xs only", "triple", "number"])
def test_a_batch_that_is_no_pair_is_said(model, batch, batches):
    with pytest.raises(TypeError, match=r"batch 0 .*expected a pair \(xs, targets\)"):
        fit(model, batches(*batch), squared_error, sgd(0.1))


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"model": make_cell("tanh", rng=np.random.default_rng(0))}, "model is .*; expected a Model"),
    ({"batches": 5}, "batches is 5; expected an iterable"),
    ({"batches": None}, "batches is None; expected an iterable"),
    ({"loss": "mse"}, "loss is 'mse'; expected a function"),
    ({"loss": None}, "loss is None; expected a function"),
    ({"optimizer": 0.1}, r"optimizer is 0.1; expected sgd\(...\) or adam\(...\)"),
    ({"optimizer": adam}, r"optimizer is <function adam.*; expected sgd\(...\) or adam\(...\)"),
    ({"optimizer": None}, r"optimizer is None; expected sgd\(...\) or adam\(...\)"),
], ids=["cell", "number", "none", "name", "no loss", "rate", "uncalled", "no optimizer"])
def test_wrong_ingredients_are_named(model, batch, changes, sentence):
    whole = {"model": model, "batches": [batch], "loss": squared_error, "optimizer": sgd(0.1)}
    with pytest.raises(TypeError, match=sentence):
        fit(**{**whole, **changes})


@pytest.mark.parametrize("bad", [0, -1, np.nan, "1", [1]], ids=repr)
def test_a_wrong_clip_norm_is_named_before_training(model, batch, bad):
    def batches():
        raise AssertionError("a batch was asked for")
        yield

    with pytest.raises(ValueError, match=r"clip_norm is .*; expected a positive number"):
        fit(model, batches(), squared_error, sgd(0.1), clip_norm=bad)


class Terminal:
    """A stderr that says it is a terminal, and keeps what it is told."""

    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text

    def flush(self):
        pass


class Notebook(Terminal):
    """Stdout or stderr as a kernel has it."""

    __module__ = "ipykernel.iostream"

    def isatty(self):
        return False


@pytest.fixture
def terminal(monkeypatch):
    """Call it in the test: pytest gives every phase a stderr of its own. Nobody need wait here."""

    def pretend():
        monkeypatch.setattr(training, "PATIENCE", 1e-9)
        monkeypatch.setattr(sys, "stderr", Terminal())
        return sys.stderr

    monkeypatch.delenv("RNNBOOK_PROGRESS", raising=False)
    return pretend


@pytest.mark.parametrize("imported", [False, True])
def test_nothing_is_printed_where_there_is_no_terminal(model, batch, capfd, monkeypatch, imported):
    """Nor where ipykernel happens to be imported: a test run with nbval is no notebook."""
    monkeypatch.delenv("RNNBOOK_PROGRESS", raising=False)
    if imported:
        monkeypatch.setitem(sys.modules, "ipykernel", sys)
    fit(model, [batch] * 3, squared_error, sgd(0.1))
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(model, batch, terminal):
    pytest.importorskip("tqdm")
    terminal = terminal()
    fit(model, [batch] * 3, squared_error, sgd(0.1))
    assert "training" in terminal.text
    assert "3/3" in terminal.text


@pytest.fixture
def notebook(monkeypatch):
    """(stdout, stderr) of a live notebook, where make has set nothing."""

    def pretend(patience=training.PATIENCE):
        monkeypatch.setattr(training, "PATIENCE", patience)
        monkeypatch.setattr(sys, "stdout", Notebook())
        monkeypatch.setattr(sys, "stderr", Notebook())
        return sys.stdout, sys.stderr

    monkeypatch.delenv("RNNBOOK_PROGRESS", raising=False)
    return pretend


def test_short_trainings_leave_nothing_in_a_notebook(model, batch, notebook):
    pytest.importorskip("tqdm")
    streams = notebook()
    for _ in range(50):
        model, _ = fit(model, [batch], squared_error, sgd(0.1))
    fit(model, [batch] * 20, squared_error, sgd(0.1))
    assert [stream.text for stream in streams] == ["", ""]


@pytest.mark.parametrize("progress", [None, True])
def test_a_long_training_wipes_its_bar_away(model, batch, notebook, progress):
    pytest.importorskip("tqdm")
    out, err = notebook(patience=0.05)
    slow = (batch for _ in range(4) if not time.sleep(0.1))
    fit(model, slow, squared_error, sgd(0.1), progress=progress)
    assert err.text == ""  # a notebook keeps it, in red
    assert "training" in out.text
    assert "\n" not in out.text
    assert out.text.endswith(" \r")
    assert out.text.split("\r")[-2].strip() == ""


def test_short_trainings_leave_nothing_in_a_terminal(model, batch, terminal, monkeypatch):
    terminal = terminal()
    monkeypatch.setattr(training, "PATIENCE", 60.0)
    fit(model, [batch] * 3, squared_error, sgd(0.1))
    assert terminal.text == ""


def test_a_real_kernel_keeps_no_bar(monkeypatch):
    """As in JupyterLab: nothing in red in the notebook that is saved, and no bar that stays."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.delenv("RNNBOOK_PROGRESS", raising=False)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("""
import numpy as np
from rnnbook import RNN, Model, fit, sgd, squared_error, training
model = Model.init(RNN, D=2, H=3, K=2, rng=np.random.default_rng(0))
batch = np.ones((5, 3, 2)), np.ones((5, 3, 2))
for _ in range(20):
    model, _ = fit(model, [batch], squared_error, sgd(0.1))
training.PATIENCE = 0.05
for _ in range(2):
    model, _ = fit(model, [batch] * 2000, squared_error, sgd(0.01))
print("done")
""")])
    # coalesce=False would show each piece as it came; this is what is saved
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = notebook.cells[0].outputs
    assert {output.name for output in outputs} == {"stdout"}
    text = "".join(output.text for output in outputs)
    assert "training" in text  # the bar was there,
    shown = ""
    for piece in text.split("\r"):  # and each piece overwrites the one before, as on a screen
        shown = piece + shown[len(piece):]
    assert shown.split() == ["done"]
    assert text.count("\n") == 1


def test_the_environment_silences_the_bar(model, batch, terminal, monkeypatch):
    monkeypatch.setenv("RNNBOOK_PROGRESS", "0")
    terminal = terminal()
    fit(model, [batch] * 3, squared_error, sgd(0.1))
    assert terminal.text == ""


def test_progress_decides_against_everything_else(model, batch, terminal, monkeypatch):
    terminal = terminal()
    fit(model, [batch] * 3, squared_error, sgd(0.1), progress=False)
    assert terminal.text == ""
    pytest.importorskip("tqdm")
    monkeypatch.setenv("RNNBOOK_PROGRESS", "0")
    fit(model, (batch for _ in range(3)), squared_error, sgd(0.1), progress=True)
    assert "training" in terminal.text


def test_without_tqdm_there_is_no_bar(model, batch, terminal, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)  # as if it were not installed
    terminal = terminal()
    _, losses = fit(model, [batch] * 3, squared_error, sgd(0.1))
    assert len(losses) == 3
    assert terminal.text == ""


def test_watch_sees_each_step_and_may_end_the_training(model, batch):
    seen = []

    def watch(model, losses):
        seen.append((model, list(losses)))
        return len(losses) == 3

    trained, losses = fit(model, [batch] * 5, squared_error, sgd(0.01), watch=watch)
    assert len(losses) == 3
    assert [len(before) for _, before in seen] == [1, 2, 3]
    assert seen[-1][1] == list(losses)
    assert_same(seen[-1][0], trained)
    three, _ = fit(model, [batch] * 3, squared_error, sgd(0.01))
    assert_same(trained, three)


@pytest.mark.parametrize("answer", [False, None])
def test_watch_need_not_end_it(model, batch, answer):
    _, losses = fit(model, [batch] * 4, squared_error, sgd(0.01), watch=lambda *_: answer)
    assert len(losses) == 4


def test_watch_is_a_function(model, batch):
    with pytest.raises(TypeError, match=r"watch is 3; expected a function .*whether to stop"):
        fit(model, [batch], squared_error, sgd(0.01), watch=3)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that asks for pages")
def test_a_step_finds_the_memory_that_the_last_one_freed():
    """Else most of an LSTM's step goes into page faults: about 900 of them at this size."""
    done = subprocess.run([sys.executable, "-c", """if True:
        import resource
        import numpy as np
        from rnnbook import LSTM, Model, adam, fit, squared_error
        rng = np.random.default_rng(0)
        xs, targets = rng.normal(size=(2, 50, 16, 32))
        model = Model.init(LSTM, D=32, H=32, K=32, rng=rng)
        faults = []
        for _ in range(2):
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            fit(model, [(xs, targets)] * 20, squared_error, adam(), progress=False)
            faults.append((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 20)
        print(faults[1])
    """], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 50


@pytest.mark.parametrize("optimizer", [sgd(0.1), sgd(0.1, momentum=0.9), adam(0.01)],
                         ids=["sgd", "momentum", "adam"])
@pytest.mark.parametrize("first", [1, 20, 49])
def test_training_in_two_parts_is_training_at_once(model, batch, optimizer, first):
    once = fit(model, [batch] * 50, squared_error, optimizer)
    half = fit(model, [batch] * first, squared_error, optimizer)
    rest = fit(half.model, [batch] * (50 - first), squared_error, optimizer, memory=half.memory)
    assert_same(rest.model, once.model, tolerance=0)
    np.testing.assert_array_equal([*half.losses, *rest.losses], once.losses)


def test_without_the_memory_it_is_another_training(model, batch):
    once, _ = fit(model, [batch] * 50, squared_error, adam(0.01))
    half, _ = fit(model, [batch] * 25, squared_error, adam(0.01))
    rest, _ = fit(half, [batch] * 25, squared_error, adam(0.01))
    assert (once - rest).norm > 1e-3


def test_what_fit_returns_is_a_pair_with_a_memory(model, batch):
    trained = fit(model, [batch] * 2, squared_error, adam(0.01))
    assert len(trained) == 2
    assert trained.model is trained[0]
    assert trained.losses is trained[1]
    assert trained.memory[0] == 2


def test_ctrl_c_keeps_the_memory(model, batch):
    once, _ = fit(model, [batch] * 7, squared_error, adam(0.01))
    with pytest.warns(UserWarning, match="stopped after 3 batches"):
        half = fit(model, stopped_after(3, batch), squared_error, adam(0.01))
    rest, _ = fit(half.model, [batch] * 4, squared_error, adam(0.01), memory=half.memory)
    assert_same(rest, once, tolerance=0)


def test_ctrl_c_between_the_optimizer_and_the_model_keeps_the_two_together(model, batch):
    inner, calls = adam(0.01), []

    def update(grads, memory):
        calls.append(memory)
        answer = inner.update(grads, memory)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return answer

    with pytest.warns(UserWarning, match="stopped after 3 batches"):
        half = fit(model, [batch] * 9, squared_error, Optimizer(inner.init, update))
    assert half.memory[0] == len(half.losses) == 3


def test_diverged_keeps_the_memory_of_its_model(model, batch):
    calls = []

    def loss(ys, targets):
        calls.append(1)
        return squared_error(ys, targets) if len(calls) != 6 else (np.nan, np.zeros_like(ys))

    with pytest.raises(Diverged, match="at batch 5") as info:
        fit(model, [batch] * 9, loss, adam(0.01))
    before = fit(model, [batch] * 4, squared_error, adam(0.01))
    assert_same(info.value.model, before.model, tolerance=0)
    assert info.value.memory[0] == 4
    rest = fit(info.value.model, [batch] * 3, squared_error, adam(0.01), memory=info.value.memory)
    once = fit(model, [batch] * 7, squared_error, adam(0.01))
    assert_same(rest.model, once.model, tolerance=0)


def test_a_memory_that_does_not_fit_is_named(model, batch):
    other = make_model("tanh", H=4, rng=np.random.default_rng(0))
    for optimizer, memory in (
        (adam(), 3), (adam(), model), (sgd(0.1, momentum=0.9), adam().init(model)),
        (adam(), adam().init(other)), (sgd(0.1, momentum=0.9), other), (adam(), (1, 2, 3)),
    ):
        with pytest.raises(TypeError, match=r"memory is .*; expected the memory of an earlier"):
            fit(model, [batch], squared_error, optimizer, memory=memory)


@pytest.mark.parametrize(("update", "sentence"), [
    (lambda g, m: g, r"optimizer.update returned .*; expected the pair \(step, memory\)"),
    (lambda g, m: None, "optimizer.update returned None; expected the pair"),
    (lambda g, m: (0.1, m), "optimizer.update returned 0.1 as step; expected a thing like the"),
    (lambda g, m: (g.cell, m), "optimizer.update returned RNN.* as step; expected a thing like"),
    (3, "optimizer.update is 3; expected a function"),
], ids=["no pair", "none", "number", "cell", "no function"])
def test_what_an_optimizer_returns_is_checked(model, batch, update, sentence):
    with pytest.raises(TypeError, match=sentence):
        fit(model, [batch], squared_error, Optimizer(lambda model: None, update))
    with pytest.raises(TypeError, match=r"optimizer.init is None; expected a function"):
        fit(model, [batch], squared_error, Optimizer(None, sgd(0.1).update))


@pytest.mark.parametrize("answer", [np.ones(2), "stop", 1, [True]], ids=repr)
def test_what_watch_returns_is_checked(model, batch, answer):
    with pytest.raises(TypeError, match=r"watch returned .*; expected True, or False or None"):
        fit(model, [batch], squared_error, sgd(0.1), watch=lambda *_: answer)
    _, losses = fit(model, [batch] * 2, squared_error, sgd(0.1), watch=lambda *_: np.True_)
    assert len(losses) == 1


@pytest.mark.parametrize(("answer", "error", "sentence"), [
    (lambda xs: None, TypeError, r"inputs\(model, xs, 0\) has dtype object; expected real numbers"),
    (lambda xs: xs[0], ValueError, r"inputs\(model, xs, 0\) has shape \(3, 2\); expected \(T, B"),
    (lambda xs: (xs, 1), ValueError, r"inputs\(model, xs, 0\) is ragged"),
    (lambda xs: np.nan * xs, Diverged, r"inputs\(model, xs, 0\) is nan"),
])
def test_what_inputs_returns_is_checked(model, batch, answer, error, sentence):
    with pytest.raises(error, match=sentence):
        fit(model, [batch], squared_error, sgd(0.1), inputs=lambda model, xs, i: answer(xs))


def test_a_nan_that_goes_through_inputs_is_the_datas_fault(model, batch):
    xs, targets = batch[0].copy(), batch[1]
    xs[2, 1, 0] = np.nan
    with pytest.raises(ValueError, match=r"^xs is nan at index \(2, 1, 0\)"):
        fit(model, [(xs, targets)], squared_error, sgd(0.1), inputs=lambda model, xs, i: 2 * xs)

"""The counter, stepper, path and truncation explorers without a browser: numbers, sentences."""

import json
import re

import numpy as np
import pytest

from rnnbook import GRU, LSTM, RNN, Model, bptt, loss_and_grads, tasks, unroll
from rnnbook.losses import cross_entropy
from rnnbook.widgets import (
    DogsStepper,
    ParameterCounter,
    PathExplorer,
    TruncationExplorer,
)
from rnnbook.widgets.truncation_explorer import derivatives, ends, terms


def size(cell):
    return sum(np.size(array) for array in (cell.W_xh, cell.W_hh, cell.b_h))


# ---- what a notebook sees ----


def test_repr_is_what_strict_nbval_can_compare():
    assert repr(ParameterCounter(D=3, H=2, T=1)) == (
        "ParameterCounter(D=3, H=2, T=1, second_bias=False, gated=False)"
    )
    shown = repr(DogsStepper(t=2, stage=3))
    assert shown.startswith("DogsStepper(word='dogs', t=2, stage=3, W_xh=[4 x 3 numbers], ")
    assert "h0=[0.0, 0.0, 0.0]" in shown
    assert shown == repr(DogsStepper(t=2, stage=3))
    assert repr(PathExplorer(weight="b_h", loss=2)) == "PathExplorer(weight='b_h', loss=2, use=2)"
    assert repr(TruncationExplorer(K=41)) == "TruncationExplorer(K=41, all_terms=False)"


# ---- the parameter counter ----


@pytest.mark.parametrize(("D", "H", "T"), [(100, 100, 20), (1, 1, 1), (7, 3, 5), (3, 40, 2)])
def test_counts_are_the_sizes_of_real_cells(D, H, T):
    rng = np.random.default_rng(0)
    counts = ParameterCounter(D=D, H=H, T=T).counts()
    for key, kind in {"rnn": RNN, "gru": GRU, "lstm": LSTM}.items():
        assert counts[key] == size(kind.init(D=D, H=H, rng=rng))
    untied = [RNN.init(D=D, H=H, rng=rng) for _ in range(T)]
    assert counts["untied"] == sum(map(size, untied))
    window_W, window_b = np.zeros((T * D, H)), np.zeros(H)
    assert counts["window"] == window_W.size + window_b.size


def test_second_bias_is_one_more_for_each_sum_with_a_state():
    one = ParameterCounter(D=5, H=7, T=3).counts()
    two = ParameterCounter(D=5, H=7, T=3, second_bias=True).counts()
    more = {key: two[key] - one[key] for key in one}
    assert more == {"rnn": 7, "untied": 21, "window": 0, "gru": 21, "lstm": 28}


def test_T_moves_the_two_that_are_not_shared():
    short, long = (ParameterCounter(D=5, H=7, T=T).counts() for T in (3, 30))
    assert {key for key in short if short[key] != long[key]} == {"untied", "window"}


def test_the_numbers_put_into_each_formula_give_its_count():
    for second_bias in (False, True):
        for row in ParameterCounter(D=6, H=5, T=4, second_bias=second_bias).rows():
            letters, numbers, count = row.formula.split(" = ")
            python = numbers.replace("·", "*")
            assert eval(python) == row.count == int(count.replace(",", ""))
            sizes = {"D": 6, "H": 5, "T": 4}
            assert eval(letters.replace("·", "*"), {}, sizes) == row.count


def test_the_sentence_says_the_counts_and_no_answers():
    sentence = ParameterCounter(D=100, H=100, T=20).sentence()
    assert sentence == (
        "D = 100, H = 100, T = 20. The RNN learns 20,100 numbers, the untied chain 402,000, "
        "the window MLP 200,100."
    )
    gated = ParameterCounter(gated=True, second_bias=True)
    assert gated.sentence().endswith(
        "The GRU learns 60,600, the LSTM 80,800. Two biases for each sum, as in PyTorch."
    )
    for told in (sentence, ParameterCounter().stand_in()):
        for answer in ("times", "×", "grows", "depend", "GRU"):
            assert answer not in told
    assert "LSTM" in gated.stand_in()


@pytest.mark.parametrize(
    ("argument", "value", "expected"),
    [
        ("T", 0, "T is 0; expected a whole number from 1 to 100"),
        ("T", 101, "T is 101; expected a whole number from 1 to 100"),
        ("D", 2.5, "D is 2.5; expected a whole number from 1 to 512"),
        ("H", "many", "H is 'many'; expected a whole number from 1 to 512"),
        ("H", float("nan"), "H is nan; expected a whole number from 1 to 512"),
        ("H", float("inf"), "H is inf; expected a whole number from 1 to 512"),
        ("D", True, "D is True; expected a whole number from 1 to 512"),
        ("D", None, "D is None; expected a whole number from 1 to 512"),
        ("second_bias", 1, "second_bias is 1; expected True or False"),
    ],
)
def test_a_wrong_size_is_named(argument, value, expected):
    with pytest.raises(ValueError, match=re.escape(expected)):
        ParameterCounter(**{argument: value})
    counter = ParameterCounter()
    before = repr(counter)
    with pytest.raises(ValueError, match=re.escape(expected)):
        setattr(counter, argument, value)
    assert repr(counter) == before


def test_an_unknown_argument_is_named():
    with pytest.raises(TypeError, match="'k'"):
        ParameterCounter(k=100)


def test_whole_numbers_of_other_kinds_are_taken():
    counter = ParameterCounter(D=np.int64(3), H=4.0)
    assert (counter.D, counter.H) == (3, 4)
    assert type(counter.D) is type(counter.H) is int


def test_a_change_from_the_page_reaches_python():
    counter = ParameterCounter()
    counter.set_state({"T": 40, "second_bias": True})
    assert counter.counts()["untied"] == 40 * 20_200
    assert "T·(" in counter.stand_in()
    assert "808,000" in counter.stand_in()


# ---- the 'dogs' stepper ----


def test_dogs_starts_from_the_book_s_model_and_keeps_its_own_copy():
    model = tasks.dogs_model()
    stepper = DogsStepper(model)
    assert np.array_equal(stepper.W_xh, model.cell.W_xh)
    assert np.array_equal(stepper.b_y, model.readout.b_y)
    assert stepper.start["dogs"]["W_hy"] == model.readout.W_hy.tolist()
    stepper.W_hh = np.zeros((3, 3))
    assert np.array_equal(stepper.model.cell.W_hh, np.zeros((3, 3)))
    assert stepper.start["dogs"]["W_hh"] == model.cell.W_hh.tolist()
    assert np.array_equal(DogsStepper().W_hh, model.cell.W_hh)


def test_a_word_brings_its_own_weights_and_keeps_them_when_both_come():
    stepper = DogsStepper()
    stepper.word = "noon"
    assert stepper.W_hh == tasks.noon_model().cell.W_hh.tolist()
    assert "reads n, o, o" in stepper.stand_in()
    stepper.W_hh = [[0, 0.5], [0, 0]]
    with pytest.raises(ValueError, match=r"W_hh has shape \(3, 3\); expected .* H = 2"):
        stepper.W_hh = np.zeros((3, 3))
    assert stepper.W_hh == [[0, 0.5], [0, 0]]
    stepper.set_state({"word": "dogs", **stepper.start["dogs"], "b_h": [1, 2, 3]})  # as a page does
    assert (stepper.word, stepper.b_h) == ("dogs", [1, 2, 3])
    with pytest.raises(ValueError, match="word is 'cats'; expected one of 'dogs', 'noon'"):
        DogsStepper(word="cats")


def test_stand_in_has_the_model_s_numbers_also_from_another_h0():
    h0 = [0.5, -0.25, 1.0]
    stepper = DogsStepper(h0=h0)
    xs, targets, _ = tasks.dogs()
    ys, trace = stepper.model.run(xs, (np.array([h0]),))
    html = stepper.stand_in()
    for value in [*trace.hs.ravel(), *ys.ravel(), cross_entropy(ys, targets)[0]]:
        assert f"{value:.3f}".replace("-", "−") in html
    assert html != DogsStepper().stand_in()


@pytest.mark.parametrize(
    ("trait", "value", "error", "expected"),
    [
        ("W_xh", np.zeros((3, 4)), ValueError, "W_xh has shape (3, 4); expected (D, H)"),
        ("b_h", [0.0, float("nan"), 0.0], ValueError, "b_h is nan at index (1,)"),
        ("W_hy", np.full((3, 4), 21.0), ValueError, "expected numbers from -20 to 20"),
        ("b_y", ["a", "b", "c", "d"], ValueError, "b_y has dtype"),
        ("h0", [[0.0], [0.0, 1.0], [0.0]], ValueError, "h0"),
        ("t", 4, ValueError, "t is 4; expected a whole number from 1 to 3"),
        ("stage", 0, ValueError, "stage is 0; expected a whole number from 1 to 5"),
    ],
)
def test_a_wrong_weight_is_named_and_changes_nothing(trait, value, error, expected):
    stepper = DogsStepper()
    before = {name: getattr(stepper, name) for name in stepper._state}
    with pytest.raises(error, match=re.escape(expected)):
        setattr(stepper, trait, value)
    assert before == {name: getattr(stepper, name) for name in stepper._state}


def test_a_model_that_does_not_fit_is_named():
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match="model is 3; expected a Model"):
        DogsStepper(3)
    with pytest.raises(ValueError, match="expected an RNN with tanh"):
        DogsStepper(Model.init(GRU, D=4, H=3, K=4, rng=rng))
    with pytest.raises(ValueError, match="expected an RNN with tanh"):
        DogsStepper(Model.init(RNN, D=4, H=3, K=4, rng=rng, activation="relu"))
    with pytest.raises(ValueError, match=r"expected .* H = 3"):
        DogsStepper(Model.init(RNN, D=4, H=5, K=4, rng=rng))


# ---- the paths ----

WEIGHTS = ("W_hh", "W_xh", "b_h")
PATHS = [(t, s) for t in (1, 2, 3) for s in range(1, t + 1)]


def random_model(seed):
    return Model.init(RNN, D=4, H=3, K=4, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("model", [tasks.dogs_model(), random_model(0), random_model(1)])
def test_the_terms_sum_to_the_gradient(model):
    explorer = PathExplorer(model)
    xs, targets, _ = tasks.dogs()
    _, grads, _ = loss_and_grads(model, xs, targets, cross_entropy)
    for weight in WEIGHTS:
        true = getattr(grads.cell, weight)
        six = sum(explorer.term(weight, t, s) for t, s in PATHS)
        np.testing.assert_allclose(six, true, rtol=0, atol=1e-12)
        np.testing.assert_allclose(explorer.whole(weight), true, rtol=0, atol=1e-12)


@pytest.mark.parametrize("t", [1, 2, 3])
def test_the_terms_of_one_loss_sum_to_its_gradient(t):
    model = random_model(2)
    explorer = PathExplorer(model)
    xs, targets, _ = tasks.dogs()
    ys, trace = model.run(xs)
    dhs = np.zeros_like(trace.hs)
    dhs[t - 1] = cross_entropy(ys, targets)[1][t - 1] @ model.readout.W_hy.T
    grads = bptt(model.cell, trace, dhs).cell
    for weight in WEIGHTS:
        true = getattr(grads, weight)
        np.testing.assert_allclose(explorer.together(weight, t), true, rtol=0, atol=1e-12)
        through = [bptt(model.cell, trace, dhs, truncate=K).cell for K in range(1, t + 1)]
        for s in range(1, t + 1):  # what one more step back adds is the term of the use there
            kept = getattr(through[t - s], weight)
            before = getattr(through[t - s - 1], weight) if s < t else 0
            np.testing.assert_allclose(explorer.term(weight, t, s), kept - before, atol=1e-12)


def test_the_page_gets_the_terms_and_their_sizes():
    explorer = PathExplorer(random_model(3))
    for weight in WEIGHTS:
        table = explorer.terms[weight]
        for t, s in PATHS:
            shown = table["losses"][t - 1]["uses"][s - 1]
            true = np.atleast_2d(explorer.term(weight, t, s))
            np.testing.assert_allclose(shown["term"], true, atol=1e-7)
            np.testing.assert_allclose(np.outer(shown["left"], shown["da"]), true, atol=1e-6)
            assert shown["size"] == pytest.approx(np.linalg.norm(true), abs=1e-7)
        sizes = [loss["together"] for loss in table["losses"]]
        norms = [np.linalg.norm(explorer.together(weight, t)) for t in (1, 2, 3)]
        assert sizes == pytest.approx(norms, abs=1e-7)
        assert table["whole"] == pytest.approx(np.linalg.norm(explorer.whole(weight)), abs=1e-7)


def test_what_chapter_4_asks_its_readers_to_find():
    losses = PathExplorer().terms["W_hh"]["losses"]
    sizes = [use["size"] for use in losses[2]["uses"]]
    assert sizes.index(max(sizes)) == 2  # the latest use
    assert [loss["uses"][0]["size"] for loss in losses] == [0, 0, 0]
    assert all(loss["uses"][0]["nothing"] for loss in losses)
    assert "zero, because h_0 is zero." in PathExplorer(use=1).sentence()
    assert sum(len(loss["uses"]) for loss in PathExplorer().terms["W_xh"]["losses"]) == 6


def test_the_sentence_of_a_path():
    assert PathExplorer(weight="W_xh", loss=2, use=1).sentence() == (
        "The loss of step 2, through the use of W_xh at step 1: a term of size 0.1761 on its own. "
        "The two terms of this loss together have size 0.2581. The gradient of the whole loss has "
        "size 0.5563."
    )
    assert "It is the only term of this loss." in PathExplorer(weight="b_h", loss=1).sentence()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"weight": "W_hy"}, "weight is 'W_hy'; expected one of 'W_hh', 'W_xh', 'b_h'"),
        ({"weight": 3}, "weight is 3; expected one of"),
        ({"loss": 4}, "loss is 4; expected a whole number from 1 to 3"),
        ({"loss": "last"}, "loss is 'last'; expected a whole number from 1 to 3"),
        ({"use": 0}, "use is 0; expected a whole number from 1 to 3"),
        ({"loss": 1, "use": 2}, "use is 2; expected a step from 1 to loss = 1"),
    ],
)
def test_a_path_that_is_none_is_named(given, expected):
    with pytest.raises(ValueError, match=re.escape(expected)):
        PathExplorer(**given)


def test_a_use_never_comes_after_its_loss():
    explorer = PathExplorer(loss=3, use=3)
    explorer.loss = 2
    assert (explorer.loss, explorer.use) == (2, 2)
    with pytest.raises(ValueError, match="use is 3; expected a step from 1 to loss = 2"):
        explorer.use = 3
    with pytest.raises(ValueError, match="use is 3; expected a step from 1 to loss = 2"):
        explorer.set_state({"use": 3})  # from the page
    assert (explorer.loss, explorer.use) == (2, 2)
    explorer.set_state({"use": 3, "loss": 3})
    assert (explorer.loss, explorer.use) == (3, 3)
    explorer.set_state({"loss": 1, "use": 1})
    assert "only term" in explorer.sentence()


def test_a_model_without_paths_is_named():
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match="model is 3; expected a Model"):
        PathExplorer(3)
    with pytest.raises(ValueError, match="expected an RNN with tanh"):
        PathExplorer(Model.init(GRU, D=4, H=3, K=4, rng=rng))
    with pytest.raises(ValueError, match=r"\(D, H, K\) = \(4, 5, 4\); expected \(4, 3, 4\)"):
        PathExplorer(Model.init(RNN, D=4, H=5, K=4, rng=rng))


# ---- truncation ----


def balanced():
    """The network of chapter 5, as a cell and the direction in which theta pushes."""
    W_hh = 0.5 * np.eye(23) + 0.5 * np.eye(23, k=-1)
    cell = RNN(W_xh=np.zeros((1, 23)), W_hh=W_hh, b_h=np.zeros(23), activation="identity")
    return cell, np.array([1.0] * 10 + [-1.0] * 13)


@pytest.mark.parametrize("K", [1, 2, 10, 19, 20, 40, 41, 61, 62, 100])
def test_the_derivative_is_bptt_s_truncated_one(K):
    cell, v = balanced()
    trace, last = unroll(cell, np.zeros((100, 1, 1))), np.zeros((100, 1, 23))
    last[-1, 0, 0] = 1.0
    truncated = bptt(cell, trace, last, truncate=K).cell.b_h @ v
    assert TruncationExplorer(K=K).derivative() == pytest.approx(truncated, abs=1e-12)


def test_what_chapter_5_asks_its_readers_to_find():
    g = np.array(derivatives())
    assert g[:10].tolist() == list(range(1, 11))
    assert (g[:40] > 0).all()
    assert (g[40:] < 0).all()
    near = np.abs(g / -6 - 1) <= 0.01
    assert not near[:61].any()
    assert near[61:].all()
    assert TruncationExplorer(K=10, all_terms=True).sentence() == (
        "K = 10: the truncated derivative is 10.00, the true one −6: the wrong sign. Learning "
        "moves θ away from its best value, −0.1667; after 3,000 steps it is beyond 1,000."
    )
    shown = [TruncationExplorer(K=K, all_terms=True).sentence() for K in (61, 62)]
    assert "the right sign, but 1.3 % too small" in shown[0]
    assert "the right sign, within 1 % of it" in shown[1]


def test_truncation_says_its_verdict_only_when_it_is_asked_to():
    assert TruncationExplorer(K=10).sentence() == (
        "K = 10: the truncated derivative is 10.00. Learning moves θ up from 0.5; after 3,000 "
        "steps it is beyond 1,000."
    )
    for K in (1, 40, 41, 100):
        explorer = TruncationExplorer(K=K)
        assert not any(word in explorer.sentence() for word in ("wrong", "right", "true"))
        assert not any(word in explorer.stand_in() for word in ("wrong", "right sign"))


@pytest.mark.parametrize("K", [1, 2, 38, 40, 41, 45, 62])
def test_learning_ends_where_a_plain_loop_ends(K):
    cell, v = balanced()
    theta = 0.5
    h = np.linalg.solve((np.eye(23) - cell.W_hh).T, theta * v)
    for _ in range(3000):
        h = h @ cell.W_hh + theta * v
        theta -= 1e-4 * (h[0] - 1) * derivatives()[K - 1]
    assert TruncationExplorer().learned(K) == pytest.approx(theta, rel=1e-9)


def test_learning_that_runs_away_is_infinite_and_said():
    assert all(np.isinf(end) or abs(end) < 1e6 for end in ends())
    assert np.isinf(TruncationExplorer().learned(20))
    assert TruncationExplorer(K=20).numbers["ends"][19] is None
    assert "beyond 1,000" in TruncationExplorer(K=20).sentence()


def test_the_page_gets_the_terms_and_sums():
    numbers = TruncationExplorer().numbers
    np.testing.assert_allclose(numbers["terms"], terms(), rtol=1e-5)
    np.testing.assert_allclose(numbers["g"], derivatives(), atol=1e-6)
    np.testing.assert_allclose(np.cumsum(terms()), derivatives(), atol=1e-12)
    assert derivatives()[-1] == pytest.approx(numbers["limit"], abs=1e-6)
    assert numbers["best"] == pytest.approx(-1 / 6, abs=1e-6)


@pytest.mark.parametrize("K", [0, 101, 2.5, "all", None, True])
def test_a_wrong_K_is_named(K):
    expected = f"K is {K!r}; expected a whole number from 1 to 100"
    with pytest.raises(ValueError, match=re.escape(expected)):
        TruncationExplorer(K=K)


@pytest.mark.parametrize("kind", [PathExplorer, TruncationExplorer])
def test_what_a_page_carries_of_numbers_is_small(kind):
    explorer = kind()
    tables = explorer.terms if kind is PathExplorer else explorer.numbers
    assert len(json.dumps(tables)) < 6000

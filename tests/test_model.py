"""A model: a cell with a readout, its outputs, its loss and gradient."""

import numpy as np
import pytest

from cases import KINDS, make_cell, make_model, make_state
from rnnbook import GRU, LSTM, RNN, Model, cross_entropy, loss_and_grads, squared_error, unroll
from rnnbook.model import Readout


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_outputs_are_the_readout_of_every_state(rng):
    model = make_model("gru", K=5, rng=rng, scale=0.5)
    xs = rng.normal(size=(4, 2, 2))
    ys, trace = model.run(xs)
    assert ys.shape == (4, 2, 5)
    expected = unroll(model.cell, xs).hs @ model.readout.W_hy + model.readout.b_y
    np.testing.assert_allclose(ys, expected, rtol=1e-14)
    np.testing.assert_array_equal(trace.hs, unroll(model.cell, xs).hs)


@pytest.mark.parametrize("kind", [RNN, GRU, LSTM])
def test_init_makes_the_kind_and_the_sizes_asked_for(kind, rng):
    model = Model.init(kind, D=2, H=3, K=5, rng=rng)
    assert type(model.cell) is kind
    assert (model.D, model.cell.H, model.K) == (2, 3, 5)
    assert model.readout.W_hy.shape == (3, 5)
    assert not model.readout.b_y.any()


def test_init_hands_options_to_the_cell(rng):
    model = Model.init(RNN, D=2, H=3, K=1, rng=rng, gain=2.0, activation="relu")
    assert model.cell.activation == "relu"
    np.testing.assert_allclose(np.linalg.svd(model.cell.W_hh, compute_uv=False), 2)
    assert (Model.init(LSTM, D=1, H=1, K=1, rng=rng, forget_bias=3).cell.b_h[1] == 3).all()


def test_initial_readout_has_variance_one_over_H(rng):
    readout = Readout.init(H=400, K=50, rng=rng)
    assert readout.W_hy.std() == pytest.approx(1 / 20, rel=0.05)


def test_a_readout_copies_what_it_is_given():
    W, b = np.ones((3, 2)), np.ones(2)
    readout = Readout(W_hy=W, b_y=b)
    W[:], b[:] = 7, 7
    assert (readout.W_hy == 1).all()
    assert (readout.b_y == 1).all()


@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_grads_unpacks_and_names(kind, rng):
    model = make_model(kind, K=3, rng=rng)
    xs, targets = rng.normal(size=(4, 2, 2)), rng.integers(3, size=(4, 2))
    result = loss_and_grads(model, xs, targets, cross_entropy)
    loss, grads, state = result
    assert loss == result.loss == cross_entropy(model.run(xs)[0], targets)[0]
    assert grads is result.grads
    assert repr(grads) == repr(model)
    for mine, theirs in zip(state, model.run(xs)[1].state, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_the_state_handed_in_is_used(rng):
    model = make_model("lstm", rng=rng)
    xs, targets = rng.normal(size=(4, 2, 2)), rng.normal(size=(4, 2, 2))
    state = make_state(model.cell, 2, rng)
    with_state = loss_and_grads(model, xs, targets, squared_error, state)
    assert with_state.loss == squared_error(model.run(xs, state)[0], targets)[0]
    assert with_state.loss != loss_and_grads(model, xs, targets, squared_error).loss


def test_a_loss_of_ones_own_will_do(rng):
    model = make_model("tanh", rng=rng)
    xs = rng.normal(size=(4, 2, 2))

    def total(ys, targets):
        return float(ys.sum()), np.ones_like(ys)

    value, grads, _ = loss_and_grads(model, xs, None, total)
    assert value == model.run(xs)[0].sum()
    np.testing.assert_allclose(grads.readout.b_y, 8)


@pytest.mark.parametrize("dys", [
    lambda ys: ys.transpose(1, 0, 2),  # as many numbers, in the wrong places
    lambda ys: ys[:2],
    lambda ys: ys[..., :1],
    lambda ys: ys.ravel(),
    lambda ys: 1.0,
], ids=["transposed", "short", "narrow", "flat", "number"])
def test_a_derivative_of_the_wrong_shape_is_named(dys, rng):
    model = make_model("tanh", rng=rng)
    with pytest.raises(ValueError, match=r"dys has shape .*; expected \(T, B, K\)"):
        loss_and_grads(model, rng.normal(size=(4, 2, 2)), None, lambda ys, _: (1.0, dys(ys)))


def test_a_derivative_that_is_nan_is_named(rng):
    model = make_model("tanh", rng=rng)
    with pytest.raises(ValueError, match=r"dys is nan at index \(0, 0, 0\)"):
        loss_and_grads(model, np.ones((4, 2, 2)), None, lambda ys, _: (1.0, np.nan * ys))


@pytest.mark.parametrize(("make", "sentence"), [
    (lambda c, r: Model(c, None), "readout is None; expected a Readout"),
    (lambda c, r: Model(r, r), r"cell is Readout\(W_hy\[3, 2\], b_y\[2\]\); expected a Cell"),
    (lambda c, r: Model(RNN, r), "cell is <class .*; expected a Cell"),
    (lambda c, r: Model(c, r).replace(cell=None), "cell is None; expected a Cell"),
])
def test_a_model_is_made_of_a_cell_and_a_readout(make, sentence, rng):
    with pytest.raises(TypeError, match=sentence):
        make(make_cell("tanh", rng=rng), Readout.init(H=3, K=2, rng=rng))


def test_cell_and_readout_must_fit(rng):
    with pytest.raises(ValueError, match=r"W_hy has shape \(4, 2\); expected \(H, K\) with H = 3"):
        Model(make_cell("tanh", rng=rng), Readout.init(H=4, K=2, rng=rng))


@pytest.mark.parametrize("kind", ["RNN", None, 3, Model])
def test_init_says_what_kinds_there_are(kind, rng):
    with pytest.raises(TypeError, match=r"kind is .*; expected a kind of Cell"):
        Model.init(kind, D=2, H=3, K=2, rng=rng)


@pytest.mark.parametrize("loss", [None, "squared_error", 3.0])
def test_a_loss_that_is_no_function_is_named(loss, rng):
    with pytest.raises(TypeError, match=r"loss is .*; expected a function"):
        loss_and_grads(make_model("tanh", rng=rng), np.ones((2, 1, 2)), None, loss)


def test_a_cell_is_no_model(rng):
    with pytest.raises(TypeError, match=r"model is RNN\(.*; expected a Model"):
        loss_and_grads(make_cell("tanh", rng=rng), np.ones((2, 1, 2)), None, squared_error)


@pytest.mark.parametrize(("answer", "sentence"), [
    (lambda ys: 1.0, r"loss returned 1.0; expected the pair \(value, dys\)"),
    (lambda ys: None, r"loss returned None; expected the pair \(value, dys\)"),
    (lambda ys: ys, r"loss returned an array of shape \(4, 2, 2\) and dtype float64; expected the"),
    (lambda ys: (1.0, ys, ys), r"loss returned a tuple of 3; expected the pair"),
    (lambda ys: (ys.sum(axis=(0, 1)), ys), r"loss returned an array of shape \(2,\).* as its"),
    (lambda ys: ("1", ys), r"loss returned '1' as its value; expected one real number"),
    (lambda ys: (None, ys), r"loss returned None as its value; expected one real number"),
    (lambda ys: (1j, ys), r"loss returned 1j as its value; expected one real number"),
    (lambda ys: (1.0, None), r"loss's dys has dtype object; expected real numbers"),
], ids=["number", "none", "array", "triple", "vector", "word", "no value", "complex", "no dys"])
def test_what_a_loss_returns_is_checked(answer, sentence, rng):
    model = make_model("tanh", rng=rng)
    with pytest.raises(TypeError, match=sentence):
        loss_and_grads(model, rng.normal(size=(4, 2, 2)), None, lambda ys, _: answer(ys))


@pytest.mark.parametrize("one", [1, np.float32(1), np.float64(1), np.array(1.0)], ids=repr)
def test_any_one_number_is_a_value(one, rng):
    found = loss_and_grads(make_model("tanh", rng=rng), rng.normal(size=(4, 2, 2)), None,
                           lambda ys, _: (one, np.ones_like(ys)))
    assert type(found.loss) is float

"""The checker is checked: it passes what is right, and refuses what is a little wrong."""

import dataclasses

import numpy as np
import pytest

from cases import KINDS, make_cell, make_model, make_state
from rnnbook import (
    RNN,
    adam,
    bptt,
    check_gradients,
    cross_entropy,
    fit,
    gradient_norms,
    loss_and_grads,
    squared_error,
    tasks,
    unroll,
)
from rnnbook.losses import last_step
from rnnbook.parameters import Parameters
from rnnbook.through_time import Gradients

T, B, D, H, K = 3, 2, 1, 4, 5  # all different
SCALES = pytest.mark.parametrize("scale", [0.5, None], ids=["weights at 0.5", "initial weights"])
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def ingredients(kind, scale, rng):
    cell = make_cell(kind, D=D, H=H, rng=rng, scale=scale)
    return cell, rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))


def spoiled(grads, name, spoil):
    """Gradients with one array, in the cell or outside, passed through `spoil`."""
    if name == "xs":  # worked out from the rest, so it cannot be replaced
        return type("Spoiled", (Gradients,), {"xs": spoil(grads.xs)})(**vars(grads))
    if name == "hs":
        return dataclasses.replace(grads, **{name: spoil(getattr(grads, name))})
    if name.startswith("state"):
        k = int(name[6])
        state = (*grads.state[:k], spoil(grads.state[k]), *grads.state[k + 1 :])
        return dataclasses.replace(grads, state=state)
    return dataclasses.replace(grads, cell=grads.cell._with(**{name: spoil(
        getattr(grads.cell, name))}))


def names(cell):
    return ["W_xh", "W_hh", "b_h", "xs", *(f"state[{k}]" for k in range(cell.memories))]


@SCALES
@EVERY_KIND
def test_right_gradients_pass(kind, scale, rng):
    cell, xs, dhs = ingredients(kind, scale, rng)
    state, dstate = make_state(cell, B, rng), make_state(cell, B, rng)
    for options in ({}, {"state": state}, {"dstate": dstate}, {"state": state, "dstate": dstate}):
        check = check_gradients(cell, xs, dhs, **options)
        assert check.ok, check
        assert list(check.errors) == names(cell)


@SCALES
@EVERY_KIND
@pytest.mark.parametrize("loss", [squared_error, cross_entropy, last_step(cross_entropy)],
                         ids=["squared_error", "cross_entropy", "last_step"])
def test_right_gradients_of_a_model_pass(kind, scale, loss, rng):
    model = make_model(kind, D=D, H=H, K=K, rng=rng, scale=scale)
    xs, targets = rng.normal(size=(T, B, D)), rng.integers(K, size=(T, B))
    if loss is squared_error:
        targets = rng.normal(size=(T, B, K))
    elif loss is not cross_entropy:
        targets = targets[-1:]
    check = check_gradients(model, xs, targets, loss, state=make_state(model.cell, B, rng))
    assert check.ok, check
    assert list(check.errors) == [name for name, _ in model.leaves()]


@pytest.mark.parametrize("length", [1, 12])
@EVERY_KIND
def test_right_gradients_pass_at_any_length(kind, length, rng):
    cell = make_cell(kind, D=1, H=2, rng=rng)
    check = check_gradients(cell, rng.normal(size=(length, 1, 1)), rng.normal(size=(length, 1, 2)))
    assert check.ok, check


@SCALES
@EVERY_KIND
def test_one_per_cent_in_one_array_fails_and_is_named(kind, scale, rng):
    cell, xs, dhs = ingredients(kind, scale, rng)
    for name in names(cell):
        check = check_gradients(
            cell, xs, dhs, back=lambda *a, name=name: spoiled(bptt(*a), name, lambda d: 1.01 * d))
        assert not check.ok
        assert check.worst == name
        assert check.errors[name] == pytest.approx(0.01, rel=1e-3)
        assert f"wrong: {name}" in repr(check)


def test_one_per_cent_in_one_number_fails(rng):
    cell, xs, dhs = ingredients("lstm", None, rng)

    def spoil(d):
        d = d.copy()
        d.flat[np.abs(d).argmax()] *= 1.01
        return d

    for name in names(cell):
        check = check_gradients(
            cell, xs, dhs, back=lambda *a, name=name: spoiled(bptt(*a), name, spoil))
        assert check.worst == name
        assert not check.ok


def without_transpose(cell):
    """The cell with W_hh transposed, block by block: on the way back W instead of W.T."""
    return cell._with(W_hh=np.hstack([W.T for W in np.split(cell.W_hh, cell.blocks, axis=1)]))


@SCALES
@EVERY_KIND
def test_a_missing_transpose_fails(kind, scale, rng):
    cell, xs, dhs = ingredients(kind, scale, rng)

    def back(cell, trace, dhs, dstate):
        class Broken(type(cell)):
            def step_back(self, dstate, slopes):
                return type(cell).step_back(without_transpose(self), dstate, slopes)

        broken = Broken(**vars(cell))
        grads = bptt(broken, unroll(broken, trace.xs, tuple(s[0] for s in trace.states)), dhs)
        return dataclasses.replace(grads, cell=cell._with(**{
            name: array for name, array in grads.cell.leaves()}))

    check = check_gradients(cell, xs, dhs, back=back)
    assert not check.ok, check
    assert check.errors[check.worst] > 1e-2


@pytest.mark.parametrize("spoil", [
    lambda d: d * np.nan,
    lambda d: d[..., 1:],
    lambda d: d[None],
    lambda d: d.sum(),
    lambda d: None,
    lambda d: np.full_like(d, np.inf),
], ids=["nan", "narrow", "one axis more", "number", "none", "infinite"])
def test_what_is_no_gradient_at_all_fails(spoil, rng):
    cell, xs, dhs = ingredients("lstm", 0.5, rng)
    for name in names(cell):
        check = check_gradients(
            cell, xs, dhs, back=lambda *a, name=name: spoiled(bptt(*a), name, spoil))
        assert not check.ok
        assert check.worst == name
        assert check.errors[name] == np.inf


@pytest.mark.parametrize("kept", [0, 1])
def test_a_forgotten_state_fails(kept, rng):
    cell, xs, dhs = ingredients("lstm", 0.5, rng)

    def back(*args):
        grads = bptt(*args)
        return dataclasses.replace(grads, state=grads.state[:kept])

    check = check_gradients(cell, xs, dhs, back=back)
    assert not check.ok
    assert check.errors["state[1]"] == np.inf


def test_a_wrong_backward_pass_of_a_model_fails(rng):
    model = make_model("gru", D=D, H=H, K=K, rng=rng)
    xs, targets = rng.normal(size=(T, B, D)), rng.integers(K, size=(T, B))

    def back(*args):
        loss, grads, state = loss_and_grads(*args)
        readout = grads.readout._with(b_y=1.01 * grads.readout.b_y)
        return type(loss_and_grads(*args))(loss, grads._with(readout=readout), state)

    assert check_gradients(model, xs, targets, cross_entropy).ok
    assert check_gradients(model, xs, targets, cross_entropy, back=back).worst == "readout.b_y"
    assert not check_gradients(model, xs, targets, cross_entropy, back=back).ok


def test_tolerance_decides(rng):
    cell, xs, dhs = ingredients("tanh", 0.5, rng)

    def back(*args):
        return spoiled(bptt(*args), "b_h", lambda d: 1.01 * d)

    assert check_gradients(cell, xs, dhs, back=back, tolerance=0.02).ok
    assert not check_gradients(cell, xs, dhs, back=back, tolerance=0.005).ok


def test_float32_is_checked_in_float64(rng):
    cell = make_cell("lstm", D=D, H=H, rng=rng, dtype=np.float32)
    xs = rng.normal(size=(T, B, D)).astype(np.float32)
    check = check_gradients(cell, xs, np.ones((T, B, H), np.float32))
    assert check.ok, check


def test_checking_changes_nothing(rng):
    cell, xs, dhs = ingredients("tanh", 0.5, rng)
    state = make_state(cell, B, rng)
    everything = [xs, dhs, *state, *(array for _, array in cell.leaves())]
    before = [array.copy() for array in everything]
    for array in everything:
        array.flags.writeable = False
    check_gradients(cell, xs, dhs, state=state)
    for now, then in zip(everything, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_the_same_array_may_come_in_twice(rng):
    cell = make_cell("tanh", D=3, H=3, rng=rng)
    xs = rng.normal(size=(3, 3, 3))
    check = check_gradients(cell, xs, xs, state=(xs[0],), dstate=(xs[0],))
    assert check.ok, check


def test_repr_says_ok_and_each_error(rng):
    text = repr(check_gradients(*ingredients("tanh", 0.5, rng)))
    assert text.startswith("GradientCheck(ok; W_xh ")
    assert text.endswith("tolerance 1e-07)")


@pytest.mark.parametrize("updates", [100, 3000])
@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm"])
def test_after_training_a_right_gradient_is_ok_and_a_wrong_one_is_not(kind, updates, rng):
    """Most derivatives are then as small as what rounding does to a finite difference."""
    xs, targets, _ = tasks.dogs()
    model = make_model(kind, D=4, H=8, K=4, rng=rng)
    model, _ = fit(model, [(xs, targets)] * updates, cross_entropy, adam(0.05))
    check = check_gradients(model, xs, targets, cross_entropy)
    assert check.ok, check
    assert max(check.limits.values()) < 0.01

    def back(*args):
        found = loss_and_grads(*args)
        cell = found.grads.cell
        grads = found.grads._with(cell=cell._with(W_hh=1.05 * cell.W_hh))
        return found._replace(grads=grads)

    check = check_gradients(model, xs, targets, cross_entropy, back=back)
    assert check.wrong == ("cell.W_hh",), check
    assert check.worst == "cell.W_hh"


def test_where_nothing_can_be_seen_it_says_so(rng):
    """A loss with a large constant in it: its rounding hides all."""
    model = make_model("tanh", D=2, H=3, K=2, rng=rng)
    xs, targets = rng.normal(size=(4, 2, 2)), rng.normal(size=(4, 2, 2))

    def shifted(ys, targets):
        value, dys = squared_error(ys, targets)
        return value + 1e14, dys

    right = check_gradients(model, xs, targets, shifted)
    wrong = check_gradients(
        model, xs, targets, shifted,
        back=lambda *args: loss_and_grads(*args)._replace(grads=0 * model))
    for check in (right, wrong):
        assert not check.ok
        assert not check.wrong
        assert set(check.unseen) == {name for name, _ in model.leaves()}
        assert "can't tell: cell.W_xh, cell.W_hh, cell.b_h" in repr(check)


@pytest.mark.parametrize("distance", [0, 1e-9, 1e-7, 1e-6, 4e-6, 1e-5, 1e-3])
@pytest.mark.parametrize("side", [1, -1])
def test_near_a_kink_a_right_gradient_is_never_called_wrong(distance, side):
    cell = RNN([[1.0, -0.5]], [[0.5, 0.2], [-0.3, 0.4]], [side * distance, 0.7], "relu")
    xs, dhs = np.zeros((2, 1, 1)), np.array([[[1.0, 0.5]], [[0.3, -2.0]]])
    check = check_gradients(cell, xs, dhs)
    assert not check.wrong, check
    if distance:  # a smaller step finds the side that it is on
        assert check.ok or distance < 1e-7, check
    else:
        assert not check.ok
        assert "b_h" in check.unseen

    wrong = check_gradients(cell, xs, dhs, back=lambda *a: spoiled(
        bptt(*a), "W_hh", lambda d: 1.01 * d))
    assert wrong.wrong == ("W_hh",), wrong


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Stack(Parameters):
    """Two layers, the upper one backwards in time; and a number."""

    lower: RNN
    upper: RNN
    scale: np.ndarray

    def loss(self, xs):
        hs = unroll(self.lower, xs).hs
        return float(self.scale * np.sum(unroll(self.upper, hs[::-1]).hs ** 2))

    def grads(self, xs):
        first = unroll(self.lower, xs)
        second = unroll(self.upper, first.hs[::-1])
        above = bptt(self.upper, second, 2 * self.scale * second.hs)
        below = bptt(self.lower, first, above.xs[::-1])
        scale = np.array(np.sum(second.hs**2))
        return Stack(below.cell, above.cell, scale)


@pytest.fixture
def stack(rng):
    cells = make_cell("tanh", rng=rng, scale=0.5), make_cell("gru", D=3, rng=rng, scale=0.5)
    return Stack(*cells, np.array(0.7))


def test_two_layers_in_two_directions(stack, rng):
    xs = rng.normal(size=(4, 2, 2))
    check = check_gradients(stack, forward=lambda s: s.loss(xs), backward=lambda s: s.grads(xs))
    assert check.ok, check
    assert list(check.errors) == [name for name, _ in stack.leaves()]

    def forgets_to_turn(s):
        first = unroll(s.lower, xs)
        second = unroll(s.upper, first.hs[::-1])
        above = bptt(s.upper, second, 2 * s.scale * second.hs)
        return Stack(bptt(s.lower, first, above.xs).cell, above.cell, s.grads(xs).scale)

    check = check_gradients(stack, forward=lambda s: s.loss(xs), backward=forgets_to_turn)
    assert check.wrong == ("lower.W_xh", "lower.W_hh", "lower.b_h"), check


@pytest.mark.parametrize(("options", "sentence"), [
    ({"forward": 3}, "forward is 3; expected a function"),
    ({"backward": None}, "backward is None; expected a function"),
    ({"forward": lambda s: None}, "forward returned None as the loss; expected one real number"),
    ({"forward": lambda s: np.ones(2)}, r"forward returned an array of shape .* as the loss"),
    ({"backward": lambda s: 1.0}, "backward returned 1.0 as gradient; expected Parameters"),
    ({"cell": 3}, "parameters is 3; expected a Parameters"),
    ({"xs": np.ones(3)}, "forward and backward go with parameters alone"),
])
def test_what_the_general_form_is_given_is_checked(options, sentence, stack):
    whole = {"cell": stack, "forward": lambda s: 1.0, "backward": lambda s: s}
    with pytest.raises(TypeError, match=sentence):
        check_gradients(**{**whole, **options})


@pytest.mark.parametrize("answer", [None, 1.0, (1.0,)], ids=repr)
def test_what_back_returns_is_checked(answer, rng):
    cell, xs, dhs = ingredients("tanh", 0.5, rng)
    model = make_model("tanh", D=D, H=H, K=H, rng=rng)
    for call in (lambda: check_gradients(cell, xs, dhs, back=lambda *a: answer),
                 lambda: check_gradients(model, xs, dhs, squared_error, back=lambda *a: answer)):
        with pytest.raises(TypeError, match=r"back returned .*; expected "):
            call()


@pytest.mark.parametrize("call", [
    lambda cell, model, xs, dhs: check_gradients(model, xs, dhs),
    lambda cell, model, xs, dhs: check_gradients(cell, xs, dhs, squared_error),
    lambda cell, model, xs, dhs: check_gradients(None, xs, dhs),
    lambda cell, model, xs, dhs: check_gradients(None, xs, dhs, squared_error),
])
def test_the_two_forms_are_told_apart(call, rng):
    cell, xs, dhs = ingredients("tanh", 0.5, rng)
    model = make_model("tanh", D=D, H=H, K=K, rng=rng)
    with pytest.raises(TypeError, match=r"expected \(cell, xs, dhs\) or \(model, xs, targets, los"):
        call(cell, model, xs, dhs)


def test_a_model_has_no_use_for_dstate(rng):
    model = make_model("tanh", D=D, H=H, K=K, rng=rng)
    with pytest.raises(TypeError, match="dstate"):
        check_gradients(model, rng.normal(size=(T, B, D)), np.zeros((T, B, K)), squared_error,
                        dstate=model.cell.initial_state(B))


@pytest.mark.parametrize(("bad", "sentence"), [
    ({"xs": np.ones((T, D))}, r"xs has shape \(3, 1\); expected \(T, B, D\)"),
    ({"dhs": np.ones((T, B, 1))}, r"dhs has shape \(3, 2, 1\); expected \(T, B, H\)"),
    ({"dhs": np.ones(H)}, r"dhs has shape \(4,\); expected \(T, B, H\)"),
    ({"state": np.ones((B, H))}, r"state is ndarray; expected the tuple \(h,\)"),
    ({"state": (np.ones((B, 1)),)}, r"state\[0\] has shape \(2, 1\); expected \(B, H\)"),
    ({"dstate": np.ones((B, H))}, r"dstate is ndarray; expected the tuple \(h,\)"),
    ({"dstate": (np.ones((1, H)),)}, r"dstate\[0\] has shape \(1, 4\); expected \(B, H\)"),
])
def test_wrong_ingredients_are_named(bad, sentence, rng):
    cell, xs, dhs = ingredients("tanh", 0.5, rng)
    with pytest.raises((TypeError, ValueError), match=sentence):
        check_gradients(**{"cell": cell, "xs": xs, "dhs": dhs, **bad})


def with_hs(hs):
    cell = make_cell("tanh", rng=np.random.default_rng(0))
    return Gradients(cell, trace=None, das=None, hs=hs, state=())


def test_gradient_norms_are_plain_norms(rng):
    cell, xs, dhs = ingredients("gru", 0.5, rng)
    grads = bptt(cell, unroll(cell, xs), dhs)
    norms = gradient_norms(grads)
    assert norms.shape == (T,)
    np.testing.assert_allclose(norms, [np.linalg.norm(dh) for dh in grads.hs], rtol=1e-14)


@pytest.mark.parametrize("size", [1e-300, 1e-250, 1e-160, 1e200, 1e300])
def test_gradient_norms_neither_underflow_nor_overflow(size, rng):
    hs = rng.normal(size=(4, 2, 3))
    plain = np.linalg.norm(hs.reshape(4, -1), axis=1)
    np.testing.assert_allclose(gradient_norms(with_hs(size * hs)), size * plain, rtol=1e-12)


def test_gradient_norms_fall_as_the_gain_says_where_squares_would_underflow(rng):
    cell = make_cell("tanh", D=1, H=4, gain=0.1, rng=rng)
    dhs = np.zeros((251, 1, 4))
    dhs[-1] = 0.5
    norms = gradient_norms(bptt(cell, unroll(cell, np.zeros((251, 1, 1))), dhs))
    assert norms[0] == pytest.approx(1e-250, rel=1e-9, abs=0)


def test_gradient_norms_of_zero_and_infinity():
    hs = np.zeros((3, 2, 3))
    hs[1] = np.inf
    hs[2, 0, 0] = -3
    np.testing.assert_array_equal(gradient_norms(with_hs(hs)), [0, np.inf, 3])


@pytest.mark.parametrize("pick", ["trace", "hs", "cell", None])
def test_gradient_norms_want_what_bptt_returns(pick, rng):
    cell, xs, dhs = ingredients("tanh", 0.5, rng)
    trace = unroll(cell, xs)
    grads = bptt(cell, trace, dhs)
    wrong = {"trace": trace, "hs": grads.hs, "cell": grads.cell, None: None}[pick]
    with pytest.raises(TypeError, match=r"(?s)grads is .*; expected a Gradients"):
        gradient_norms(wrong)

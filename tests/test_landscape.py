"""The error surface with a wall: the same numbers as a real network, one point at a time."""

import re

import numpy as np
import pytest

from rnnbook import RNN, bptt, clip, unroll
from rnnbook.landscape import H0, descend, one_unit_error, wall

TARGET = 0.7


def network(w, b):
    """The same point as a cell of the package, which has a weight for an input of zero too."""
    return RNN(W_xh=[[0.0]], W_hh=[[w]], b_h=[b], activation="sigmoid")


def by_bptt(w, b, T=50):
    cell = network(w, b)
    trace = unroll(cell, np.zeros((T, 1, 1)), (np.array([[H0]]),))
    h = trace.hs[-1]
    dhs = np.zeros((T, 1, 1))
    dhs[-1] = 2 * (h - TARGET)
    return float((h[0, 0] - TARGET) ** 2), bptt(cell, trace, dhs).cell


@pytest.mark.parametrize("seed", range(3))
def test_error_and_gradient_are_those_of_unroll_and_bptt(seed):
    rng = np.random.default_rng(seed)
    w, b = rng.uniform(3, 7, 60), rng.uniform(-3, -1, 60)
    E, dw, db = one_unit_error(w, b)
    for k in range(60):
        error, grads = by_bptt(w[k], b[k])
        # Beside the wall the sum over 50 steps is larger than its rounding allows to compare.
        tolerance = {"rtol": 1e-11 if abs(dw[k]) < 1e3 else 1e-6, "atol": 1e-15}
        np.testing.assert_allclose(E[k], error, **tolerance)
        np.testing.assert_allclose(dw[k], grads.W_hh[0, 0], **tolerance)
        np.testing.assert_allclose(db[k], grads.b_h[0], **tolerance)


def test_gradient_is_the_slope_of_the_error():
    w, b, d = 3.6, -1.9, 1e-6
    _, dw, db = one_unit_error(w, b)
    slope_w = (one_unit_error(w + d, b)[0] - one_unit_error(w - d, b)[0]) / (2 * d)
    slope_b = (one_unit_error(w, b + d)[0] - one_unit_error(w, b - d)[0]) / (2 * d)
    np.testing.assert_allclose([dw, db], [slope_w, slope_b], rtol=1e-7)


def test_a_grid_is_its_points_and_T_h0_and_target_count():
    ws, bs = np.meshgrid(np.linspace(3, 7, 5), np.linspace(-3, -1, 4))
    for whole, part in zip(one_unit_error(ws, bs), one_unit_error(ws[2], bs[2])):
        assert whole.shape == (4, 5)
        assert np.array_equal(whole[2], part)
    assert one_unit_error(3.0, bs)[0].shape == (4, 5)
    E, dw, db = one_unit_error(2.0, 0.5, T=1, h0=0.25, target=0.1)
    h = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(
        [E, dw, db],
        [(h - 0.1) ** 2, 2 * (h - 0.1) * h * (1 - h) * 0.25, 2 * (h - 0.1) * h * (1 - h)])


def test_the_wall_is_where_the_first_state_is_a_fixed_point():
    w = np.array([4.6, 5.0, 5.4])
    E, dw, db = one_unit_error(w, wall(w))
    np.testing.assert_allclose(E, (H0 - TARGET) ** 2, rtol=1e-6)
    np.testing.assert_allclose(dw / db, H0, rtol=1e-6)
    slope = w * H0 * (1 - H0)  # of each step; a geometric sum of them is what reaches E
    reached = 2 * (H0 - TARGET) * H0 * (1 - H0) * (slope**50 - 1) / (slope - 1)
    np.testing.assert_allclose(db, reached, rtol=1e-6)
    below, above = (one_unit_error(w, wall(w) + side)[0] for side in (-0.02, 0.02))
    assert (below > 0.28).all()
    assert (above < 0.03).all()


def test_the_figure_of_the_paper():
    """On a grid of 0.005 the steepest point found is near (4.94, -2.575)."""
    w, b = 4.94, -2.575
    _, dw, _ = one_unit_error(w, b)
    assert dw == pytest.approx(-1754, abs=10)


def test_descent_steps_against_the_gradient():
    path = descend(3.2, -2.2, 0.1, 5)
    assert path.w.shape == (6,)
    np.testing.assert_allclose(np.diff(path.w), -0.1 * path.dw[:-1], rtol=1e-9)
    np.testing.assert_allclose(np.diff(path.b), -0.1 * path.db[:-1], rtol=1e-9)
    assert (np.diff(path.E) < 0).all()
    assert descend(3.2, -2.2, 0.1, 0).E.shape == (1,)


@pytest.mark.parametrize("rule", ["norm", "value"])
@pytest.mark.parametrize("threshold", [0.05, 0.3, 1.0, 20.0])
def test_clipping_is_the_package_s(rule, threshold):
    """Each step of a descent is that of a cell with clipped gradients."""
    path = descend(4.7, -2.0, 0.1, 40, (rule, threshold))
    for k in range(40):
        grads = by_bptt(path.w[k], path.b[k])[1]
        grads = grads.replace(W_xh=np.zeros((1, 1)))
        grads = clip(grads, **{rule: threshold})
        tolerance = {"rtol": 1e-6, "atol": 1e-12}
        np.testing.assert_allclose(
            path.w[k] - path.w[k + 1], 0.1 * grads.W_hh[0, 0], **tolerance)
        np.testing.assert_allclose(path.b[k] - path.b[k + 1], 0.1 * grads.b_h[0], **tolerance)


def test_many_starts_go_their_own_ways():
    w, b = np.array([4.25, 4.7, 3.2]), np.array([-2.75, -2.0, -2.2])
    together = descend(w, b, 0.1, 60, ("norm", 1.0))
    assert together.E.shape == (61, 3)
    for k in range(3):
        alone = descend(w[k], b[k], 0.1, 60, ("norm", 1.0))
        np.testing.assert_allclose(together.w[:, k], alone.w, rtol=1e-6)


def test_the_wall_throws_and_clipping_holds():
    loose = descend(4.25, -2.75, 0.1, 60)
    assert loose.norm.argmax() == 24
    assert loose.norm.max() == pytest.approx(40.2, abs=0.1)
    assert (loose.w[-1], loose.b[-1]) == pytest.approx((6.34, 1.28), abs=0.01)
    assert loose.E[-1] == pytest.approx(0.09, abs=1e-3)
    held = descend(4.25, -2.75, 0.1, 60, ("norm", 1.0))
    assert (held.norm > 1).sum() == 1
    assert held.E[-1] < 1e-8


@pytest.mark.parametrize(
    ("call", "error", "expected"),
    [
        (lambda: one_unit_error([1.0, 2.0], [1.0, 2.0, 3.0]), ValueError,
         "w has shape (2,) and b (3,); expected shapes that broadcast"),
        (lambda: one_unit_error([np.nan], 1.0), ValueError, "w is nan at index (0,)"),
        (lambda: one_unit_error(1.0, "a"), TypeError, "b has dtype"),
        (lambda: one_unit_error(1.0, 1.0, T=0), ValueError, "T is 0; expected a whole number"),
        (lambda: one_unit_error(1.0, 1.0, h0=np.inf), ValueError, "h0 is inf"),
        (lambda: wall(4.0, h0=1.0), ValueError, "h0 is 1.0; expected a number between 0 and 1"),
        (lambda: descend(4.0, -2.0, 0, 3), ValueError, "rate is 0; expected a positive number"),
        (lambda: descend(4.0, -2.0, 1, -1), ValueError, "steps is -1; expected a whole number"),
        (lambda: descend(4.0, -2.0, 1, 3, "norm"), TypeError, "clip is 'norm'; expected None, "),
        (lambda: descend(4.0, -2.0, 1, 3, ("l2", 1)), ValueError, "clip[0] is 'l2'"),
        (lambda: descend(4.0, -2.0, 1, 3, ("norm", 0)), ValueError, "clip[1] is 0; expected"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(call, error, expected):
    with pytest.raises(error, match=re.escape(expected)):
        call()

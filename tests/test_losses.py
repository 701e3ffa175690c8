"""The losses: values worked out by hand, derivatives against differences, extreme outputs."""

import numpy as np
import pytest

from rnnbook import cross_entropy, squared_error
from rnnbook.losses import last_step, softmax


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_squared_error_by_hand():
    ys = np.array([[[1.0, 2.0]], [[3.0, 4.0]]])  # T = 2, B = 1, K = 2
    value, dys = squared_error(ys, np.zeros((2, 1, 2)))
    assert value == (1 + 4 + 9 + 16) / 2
    np.testing.assert_array_equal(dys, ys)


def test_cross_entropy_by_hand():
    ys = np.log([[[1.0, 3.0]], [[1.0, 1.0]]])
    value, dys = cross_entropy(ys, [[0], [1]])
    assert value == pytest.approx((np.log(4) + np.log(2)) / 2, rel=1e-15)
    np.testing.assert_allclose(dys, [[[-0.375, 0.375]], [[0.25, -0.25]]], rtol=1e-14)


def test_guessing_all_alike_costs_ln_K():
    value, _ = cross_entropy(np.full((3, 2, 7), 5.0), np.zeros((3, 2), int))
    assert value == pytest.approx(np.log(7), rel=1e-15)


@pytest.mark.parametrize("loss", [squared_error, cross_entropy, last_step(cross_entropy)])
def test_the_derivative_is_that_of_the_value(loss, rng):
    ys = rng.normal(size=(3, 2, 4))
    targets = rng.normal(size=(3, 2, 4)) if loss is squared_error else rng.integers(4, size=(3, 2))
    if loss not in (squared_error, cross_entropy):
        targets = targets[-1:]
    _, dys = loss(ys, targets)
    for i in np.ndindex(ys.shape):
        up, down = ys.copy(), ys.copy()
        up[i] += 6e-6
        down[i] -= 6e-6
        numerical = (loss(up, targets)[0] - loss(down, targets)[0]) / 12e-6
        assert dys[i] == pytest.approx(numerical, abs=1e-9)


@pytest.mark.parametrize("size", [1e4, 1e100, 1e300])
def test_cross_entropy_of_extreme_outputs_is_finite_and_right(size):
    value, dys = cross_entropy(np.array([[[size, 0.0, -size]]]), [[2]])
    assert value == 2 * size
    np.testing.assert_array_equal(dys, [[[1, 0, -1]]])
    value, dys = cross_entropy(np.array([[[size, 0.0, -size]]]), [[0]])
    assert value == 0
    assert not dys.any()


def test_cross_entropy_keeps_precision_where_the_guess_is_nearly_sure():
    value, _ = cross_entropy(np.array([[[30.0, 0.0]]]), [[0]])
    assert value == pytest.approx(np.log1p(np.exp(-30.0)), rel=1e-2)


def test_softmax_sums_to_one(rng):
    ps = softmax(rng.normal(size=(3, 2, 4), scale=100))
    np.testing.assert_allclose(ps.sum(axis=-1), 1, rtol=1e-14)
    assert (ps >= 0).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.uint64])
def test_any_whole_number_type_names_a_class(dtype, rng):
    ys, targets = rng.normal(size=(3, 2, 4)), rng.integers(4, size=(3, 2))
    assert cross_entropy(ys, targets.astype(dtype))[0] == cross_entropy(ys, targets)[0]


def test_inputs_are_not_changed(rng):
    ys, targets = rng.normal(size=(3, 2, 4)), rng.integers(4, size=(3, 2))
    kept = ys.copy()
    cross_entropy(ys, targets)
    squared_error(ys, ys + 1)
    np.testing.assert_array_equal(ys, kept)


def test_values_are_plain_floats(rng):
    ys = rng.normal(size=(3, 2, 4)).astype(np.float32)
    assert type(squared_error(ys, ys + 1)[0]) is float
    assert type(cross_entropy(ys, np.zeros((3, 2), int))[0]) is float


def test_last_step_asks_only_the_last(rng):
    ys, targets = rng.normal(size=(5, 2, 4)), rng.integers(4, size=(1, 2))
    value, dys = last_step(cross_entropy)(ys, targets)
    alone, dlast = cross_entropy(ys[-1:], targets)
    assert value == alone
    np.testing.assert_array_equal(dys[-1:], dlast)
    assert not dys[:-1].any()
    assert dys.shape == ys.shape

"""The losses: values worked out by hand, derivatives against differences, extreme outputs."""

import numpy as np
import pytest

from rnnbook import (
    GRU,
    Model,
    adam,
    check_gradients,
    cross_entropy,
    fit,
    loss_and_grads,
    squared_error,
)
from rnnbook.losses import last_step, masked, softmax


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


ENDED = np.array([[0, 1], [2, 3], [1, -1]])  # the second sequence has ended before step 3


def test_steps_that_do_not_count_do_not(rng):
    ys = rng.normal(size=(3, 2, 4))
    alone, dalone = cross_entropy(ys[:, :1], ENDED[:, :1])
    other, dother = cross_entropy(ys[:2, 1:], ENDED[:2, 1:])
    value, dys = masked(cross_entropy)(ys, ENDED)
    assert value == pytest.approx((3 * alone + 2 * other) / 5, rel=1e-14)
    np.testing.assert_allclose(dys[:, :1], dalone * 3 / 5, rtol=1e-13)
    np.testing.assert_allclose(dys[:2, 1:], dother * 2 / 5, rtol=1e-13)
    assert (dys[2, 1] == 0).all()


def test_a_mask_serves_any_loss(rng):
    ys, targets, mask = rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 2, 4)), ENDED >= 0
    targets[~mask] = np.nan  # what stands there is not looked at
    value, dys = masked(squared_error)(ys, (targets, mask))
    errors = (ys - targets)[mask]
    assert value == pytest.approx((errors**2).sum() / 5, rel=1e-14)
    np.testing.assert_allclose(dys[mask], 2 * errors / 5, rtol=1e-13)
    assert (dys[~mask] == 0).all()
    for same in (mask.astype(int), mask.astype(float), mask.tolist()):
        assert masked(squared_error)(ys, (targets, same))[0] == value
    with_classes, _ = masked(cross_entropy)(ys, (np.abs(ENDED), mask))
    assert with_classes == masked(cross_entropy)(ys, ENDED)[0]


def test_a_mask_that_is_all_true_changes_nothing(rng):
    ys, targets = rng.normal(size=(3, 2, 4)), rng.integers(4, size=(3, 2))
    value, dys = masked(cross_entropy)(ys, targets)
    plain, dplain = cross_entropy(ys, targets)
    assert value == pytest.approx(plain, rel=1e-14)
    np.testing.assert_allclose(dys, dplain, rtol=1e-13)


def test_padding_does_not_change_what_is_learned(rng):
    """Nor what stands in it: the same gradients as of the two sequences by themselves."""
    model = Model.init(GRU, D=2, H=3, K=4, rng=rng)
    xs = rng.normal(size=(3, 2, 2))
    _, long, _ = loss_and_grads(model, xs[:, :1], ENDED[:, :1], cross_entropy)
    _, short, _ = loss_and_grads(model, xs[:2, 1:], ENDED[:2, 1:], cross_entropy)
    for padding in (0.0, 100.0):
        xs[2, 1] = padding
        _, both, _ = loss_and_grads(model, xs, ENDED, masked(cross_entropy))
        assert (both - (3 * long + 2 * short) / 5).norm < 1e-14
    assert check_gradients(model, xs, ENDED, masked(cross_entropy)).ok
    wanted = (rng.normal(size=(3, 2, 4)), ENDED >= 0)
    for loss, targets in ((masked(cross_entropy), ENDED), (masked(squared_error), wanted)):
        _, losses = fit(model, [(xs, targets)] * 200, loss, adam(0.05))
        assert losses[-1] < losses[0] / 3


def test_the_last_step_may_be_asked_of_some_sequences_only(rng):
    ys = rng.normal(size=(3, 2, 4))
    value, dys = last_step(masked(cross_entropy))(ys, [[1, -1]])
    alone, dalone = cross_entropy(ys[-1:, :1], [[1]])
    assert value == pytest.approx(alone, rel=1e-14)
    np.testing.assert_allclose(dys[-1:, :1], dalone, rtol=1e-13)
    assert not dys[:-1].any()
    assert not dys[-1, 1].any()


@pytest.mark.parametrize(("targets", "error", "sentence"), [
    (np.full((3, 2), -1), ValueError, "no step counts"),
    ((ENDED, np.zeros((3, 2), bool)), ValueError, "no step counts"),
    ((ENDED, np.ones((3, 1), bool)), ValueError, r"mask has shape \(3, 1\); expected \(T, B\)"),
    ((ENDED, ENDED / 2), ValueError, r"mask holds .*; expected True where a step counts"),
    ((ENDED, None), TypeError, "mask has dtype object"),
    ((ENDED[:1], ENDED >= 0), ValueError, r"targets has shape \(1, 2\); expected \(T, B, ...\)"),
    (ENDED[:2], ValueError, r"targets has shape \(2, 2\); expected \(T, B\) with T = 3"),
    (np.ones((3, 2, 4)), TypeError, r"targets has dtype float64; expected classes, -1 where"),
    (np.where(ENDED < 0, -1, 9), ValueError, "targets holds 9; expected classes from 0"),
])
def test_a_mask_that_is_none_is_named(targets, error, sentence, rng):
    with pytest.raises(error, match=sentence):
        masked(cross_entropy)(rng.normal(size=(3, 2, 4)), targets)


def test_the_refusal_of_a_padded_class_says_what_to_do(rng):
    with pytest.raises(ValueError, match=r"targets holds -1; .*; with losses.masked\(loss\), "):
        cross_entropy(rng.normal(size=(3, 2, 4)), ENDED)


@pytest.mark.parametrize("made", [masked, last_step])
@pytest.mark.parametrize("answer", [1.0, None, (1.0,)], ids=repr)
def test_a_loss_inside_another_is_named_too(made, answer, rng):
    with pytest.raises(TypeError, match=r"loss returned .*; expected the pair \(value, dys\)"):
        made(lambda ys, targets: answer)(rng.normal(size=(3, 2, 4)), np.zeros((3, 2), int))

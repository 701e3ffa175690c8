"""The table of all gradients against the plain loop: one `bptt` for each cell and each loss."""

import re
import time

import numpy as np
import pytest

from cases import KINDS, make_cell
from rnnbook import GRU, LSTM, RNN, bptt, gradient_norms, sweeps, unroll
from rnnbook.cells import orthogonal
from rnnbook.sweeps import gradient_table, jacobians, log_bound

LN10 = np.log(10)


def plain_loop(cells, xs, seeds):
    """‖dL_T/dh_t‖ by the book's own functions, forward and back anew for each loss."""
    T_max = len(xs)
    table = np.zeros((len(cells), T_max, T_max))
    for k, cell in enumerate(cells):
        for T in range(1, T_max + 1):
            dhs = np.zeros((T, 1, cell.H))
            dhs[-1, 0] = seeds[T - 1]
            table[k, T - 1, :T] = gradient_norms(bptt(cell, unroll(cell, xs[:T]), dhs))
    return table


def relative_gap(logs, norms):
    """max |10**logs / norms - 1|, where there is a gradient; both must be zero together."""
    there = norms > 0
    assert np.array_equal(there, np.isfinite(logs))
    return np.abs(np.expm1(LN10 * logs[there] - np.log(norms[there]))).max()


def unit_rows(shape, rng):
    rows = rng.normal(size=shape)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [0.5, None], ids=["at 0.5", "initial"])
def test_the_table_is_the_plain_loop_s(kind, scale):
    rng = np.random.default_rng(3)
    T, H, D = 24, 5, 3
    cells = [make_cell(kind, D=D, H=H, rng=rng, scale=scale) for _ in range(3)]
    xs, seeds = rng.normal(size=(T, 1, D)), unit_rows((T, H), rng)
    logs = gradient_table(cells, xs, seeds)
    assert logs.shape == (3, T, T)
    assert relative_gap(logs, plain_loop(cells, xs, seeds)) <= 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_sequence_too(kind):
    """At sizes at which the cells are taken in several groups."""
    rng = np.random.default_rng(4)
    cells = [make_cell(kind, D=8, H=32, rng=np.random.default_rng(0), gain=gain)
             for gain in np.linspace(0.7, 1.3, 7)]  # fmt: skip
    xs, seeds = rng.normal(size=(200, 1, 8)), unit_rows((200, 32), rng)
    logs = gradient_table(cells, xs, seeds)
    for k in (0, 6):
        for T in (1, 2, 77, 200):
            dhs = np.zeros((T, 1, 32))
            dhs[-1, 0] = seeds[T - 1]
            norms = gradient_norms(bptt(cells[k], unroll(cells[k], xs[:T]), dhs))
            assert relative_gap(logs[k, T - 1, :T], norms) <= 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_a_jacobian_is_the_derivative_of_a_step(kind):
    """Column by column, by central differences in the old state."""
    rng = np.random.default_rng(5)
    cell = make_cell(kind, D=2, H=3, rng=rng, scale=0.5)
    xs = rng.normal(size=(11, 1, 2))
    trace = unroll(cell, xs)
    Js = jacobians(cell, trace)
    S = cell.memories * 3
    assert Js.shape == (11, S, S)
    step = 6e-6
    for t in (0, 4, 10):
        old = np.concatenate([s[t, 0] for s in trace.states])
        columns = []
        for j in range(S):
            ends = []
            for sign in (1, -1):
                moved = old.copy()
                moved[j] += sign * step
                state = tuple(part[None] for part in np.split(moved, cell.memories))
                ends.append(np.hstack(unroll(cell, xs[t : t + 1], state).state)[0])
            columns.append((ends[0] - ends[1]) / (2 * step))
        np.testing.assert_allclose(Js[t], np.stack(columns, axis=1), atol=1e-9)


def test_the_gradient_is_the_seed_times_the_product_of_jacobians():
    rng = np.random.default_rng(6)
    cell = make_cell("lstm", H=4, rng=rng, scale=0.5)
    xs, seeds = rng.normal(size=(7, 1, 2)), unit_rows((7, 4), rng)
    row = np.concatenate([seeds[6], np.zeros(4)])
    for J in jacobians(cell, unroll(cell, xs))[:0:-1]:
        row = row @ J
    logs = gradient_table([cell], xs, seeds)
    assert logs[0, 6, 0] == pytest.approx(np.log10(np.linalg.norm(row[:4])), abs=1e-12)


def test_losses_picks_rows_and_seeds_have_a_default():
    rng = np.random.default_rng(7)
    cells, xs = [make_cell("gru", rng=rng)], rng.normal(size=(9, 1, 2))
    whole = gradient_table(cells, xs)
    assert np.array_equal(gradient_table(cells, xs, losses=[2, 5, 9]), whole[:, [1, 4, 8]])
    assert np.array_equal(whole, gradient_table(cells, xs, np.full((9, 3), 3**-0.5)))
    np.testing.assert_allclose(np.diagonal(whole[0]), 0, atol=1e-15)
    assert np.isneginf(whole[0][np.triu_indices(9, 1)]).all()


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "identity"])
@pytest.mark.parametrize("gain", [0.1, 2.0])
def test_tiny_and_huge_norms_are_neither_zero_nor_infinite(activation, gain):
    rng = np.random.default_rng(8)
    cell = RNN.init(D=8, H=32, rng=rng, gain=gain, activation=activation)
    logs = gradient_table([cell], rng.normal(size=(200, 1, 8)))[0]
    lower = logs[np.tril_indices(200)]
    assert np.isfinite(lower).all()
    if gain == 0.1:
        assert logs[199, 0] <= -199 + 1e-9
    if activation == "identity":
        lags = np.subtract.outer(np.arange(200), np.arange(200))[np.tril_indices(200)]
        np.testing.assert_allclose(lower, lags * np.log10(gain), atol=1e-10)


def test_far_beyond_float64_the_slope_is_still_right():
    """1e-130 and 1e130 a step: a hundred steps are far outside what a float64 holds."""
    for gain, log in ((1e-130, -130), (1e130, 130)):
        cell = RNN.init(D=1, H=3, rng=np.random.default_rng(0), gain=gain, activation="identity")
        logs = gradient_table([cell], np.zeros((100, 1, 1)))
        assert logs[0, 99, 0] == pytest.approx(99 * log, rel=1e-12)


def test_at_rest_an_orthogonal_tanh_loses_exactly_the_gain_a_step():
    gains = [0.3, 0.9, 1.0, 1.1, 2.0]
    cells = [RNN.init(D=2, H=16, rng=np.random.default_rng(1), gain=gain) for gain in gains]
    logs = gradient_table(cells, np.zeros((200, 1, 2)), losses=[200])[:, 0]
    steps = np.arange(199, -1, -1)
    np.testing.assert_allclose(logs, np.log10(gains)[:, None] * steps, rtol=0, atol=1e-10)
    for cell, curve in zip(cells, logs, strict=True):
        np.testing.assert_allclose(log_bound(cell, steps), curve, rtol=0, atol=1e-10)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "identity"])
def test_no_gradient_is_above_its_bound(activation):
    rng = np.random.default_rng(9)
    for scale in (0.05, 0.3, 1.0):  # not orthogonal: the largest singular value counts
        cell = make_cell(activation, D=4, H=12, rng=rng, scale=scale)
        xs, seeds = rng.normal(size=(60, 1, 4)), unit_rows((60, 12), rng)
        with np.errstate(over="ignore"):
            logs = gradient_table([cell], xs, seeds)[0]
        lags = np.subtract.outer(np.arange(60), np.arange(60))
        inside = np.tril_indices(60)
        assert (logs[inside] <= log_bound(cell, lags[inside]) + 1e-12).all()


def test_the_bound_in_numbers():
    Q = orthogonal(6, np.random.default_rng(0))
    for activation, gamma in {"tanh": 1, "relu": 1, "identity": 1, "sigmoid": 0.25}.items():
        cell = RNN(np.zeros((1, 6)), 0.8 * Q, np.zeros(6), activation)
        assert log_bound(cell) == pytest.approx(np.log10(0.8 * gamma), abs=1e-14)
        assert log_bound(cell, [0, 3]) == pytest.approx([0, 3 * np.log10(0.8 * gamma)])
    still = RNN(np.zeros((1, 6)), 0 * Q, np.zeros(6))
    assert log_bound(still, [0, 1]).tolist() == [0, -np.inf]
    for kind in ("lstm", "gru"):
        cell = make_cell(kind, rng=np.random.default_rng(0))
        with pytest.raises(TypeError, match="expected an RNN, since gated cells have"):
            log_bound(cell)


def test_a_gradient_that_is_zero_is_minus_infinity_without_a_warning():
    cell = RNN.init(D=2, H=3, rng=np.random.default_rng(0), gain=0.0)
    logs = gradient_table([cell], np.ones((4, 1, 2)))[0]
    assert np.array_equal(np.isfinite(logs), np.eye(4, dtype=bool))


def test_float32_cells_are_swept_in_float64():
    rng = np.random.default_rng(10)
    cell = LSTM.init(D=2, H=3, rng=rng, dtype=np.float32)
    xs = rng.normal(size=(5, 1, 2)).astype(np.float32)
    wide = cell.map(lambda array: array.astype(np.float64))
    assert np.array_equal(gradient_table([cell], xs), gradient_table([wide], xs.astype(float)))


def test_what_does_not_fit_is_named(monkeypatch):
    rng = np.random.default_rng(0)
    one, xs = RNN.init(D=2, H=3, rng=rng), np.zeros((4, 1, 2))
    relu = RNN.init(D=2, H=3, rng=rng, activation="relu")

    def refused(error, words, cells, *args, **options):
        with pytest.raises(error, match=re.escape(words)):
            gradient_table(cells, *args, **options)

    refused(TypeError, "cells is RNN(", one, xs)
    refused(ValueError, "cells is empty", [], xs)
    refused(TypeError, "cells[1] is 3; expected a Cell, such as RNN", [one, 3], xs)
    refused(ValueError, "cells[1] is RNN(", [one, relu], xs)
    gru, pairs = GRU.init(D=2, H=3, rng=rng), np.zeros((4, 2, 2))
    refused(ValueError, "expected the kind and size of cells[0]", [one, gru], xs)
    refused(ValueError, "xs has shape (4, 2, 2); expected (T, B, D) with B = 1", [one], pairs)
    refused(ValueError, "seeds has shape (4, 2); expected (T, H)", [one], xs, np.zeros((4, 2)))
    for losses in ([0], [5], [3, 2], [2, 2], [], [1.5], [[1]]):
        words = "expected steps from 1 to T = 4 in rising order"
        refused(ValueError, words, [one], xs, losses=losses)
    wild = [RNN.init(D=2, H=3, rng=rng, gain=gain, activation="identity") for gain in (1, 1e200)]
    refused(ValueError, "a step of cells[1] has a Jacobian with", wild, xs)
    monkeypatch.setattr(sweeps, "ROOM", 1)  # one cell at a time
    refused(ValueError, "a step of cells[1] has a Jacobian with", wild, xs)

    trace = unroll(one, pairs)
    with pytest.raises(ValueError, match="trace is of 2 sequences"):
        jacobians(one, trace)
    with pytest.raises(ValueError, match="expected the trace of unroll"):
        jacobians(relu, unroll(one, xs))
    with pytest.raises(TypeError, match="expected a Trace"):
        jacobians(one, xs)


def test_the_sweep_is_much_faster_than_the_plain_loop():
    """About a hundred times at the book's size; a tenth of that is asked for here."""
    rng = np.random.default_rng(11)
    cells = [RNN.init(D=8, H=32, rng=rng, gain=gain) for gain in (0.5, 1.0)]
    xs = rng.normal(size=(60, 1, 8))
    gradient_table(cells, xs)
    start = time.process_time()
    for _ in range(5):
        gradient_table(cells, xs)
    sweep = (time.process_time() - start) / 5
    start = time.process_time()
    plain_loop(cells, xs, np.ones((60, 32)))
    assert sweep < (time.process_time() - start) / 3

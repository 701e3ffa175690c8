"""Sequences: `unroll` forward, `bptt` back, and the state handed from piece to piece."""

import numpy as np
import pytest

from cases import KINDS, make_cell, make_state
from rnnbook import bptt, unroll


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("T", "B", "D", "H"), [(1, 1, 1, 1), (1, 3, 2, 4), (5, 1, 3, 2)])
def test_shapes(kind, T, B, D, H, rng):
    cell = make_cell(kind, D=D, H=H, rng=rng)
    trace = unroll(cell, rng.normal(size=(T, B, D)))
    assert trace.hs.shape == (T, B, H)
    assert [s.shape for s in trace.state] == [(B, H)] * cell.memories
    grads = bptt(cell, trace, rng.normal(size=(T, B, H)))
    assert type(grads.cell) is type(cell)
    assert repr(grads.cell) == repr(cell)
    assert grads.xs.shape == (T, B, D)
    assert grads.hs.shape == (T, B, H)
    assert [s.shape for s in grads.state] == [(B, H)] * cell.memories


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_state_it_starts_at_zero(kind, rng):
    cell = make_cell(kind, rng=rng)
    xs = rng.normal(size=(4, 2, 2))
    np.testing.assert_array_equal(
        unroll(cell, xs).hs, unroll(cell, xs, cell.initial_state(2)).hs)


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_at_the_end_starts_with_the_last_h(kind, rng):
    trace = unroll(make_cell(kind, rng=rng), rng.normal(size=(4, 2, 2)))
    np.testing.assert_array_equal(trace.state[0], trace.hs[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_comes_in_is_changed(kind, rng):
    cell = make_cell(kind, rng=rng, scale=0.5)
    xs, dhs = rng.normal(size=(4, 2, 2)), rng.normal(size=(4, 2, 3))
    state, dstate = make_state(cell, 2, rng), make_state(cell, 2, rng)
    everything = [xs, dhs, *state, *dstate, *(array for _, array in cell.leaves())]
    before = [array.copy() for array in everything]
    for array in everything:
        array.flags.writeable = False
    trace = unroll(cell, xs, state)
    hs = trace.hs.copy()
    bptt(cell, trace, dhs, dstate)
    for now, then in zip([*everything, trace.hs], [*before, hs], strict=True):
        np.testing.assert_array_equal(now, then)


def test_the_last_loss_reaches_the_first_input(rng):
    cell = make_cell("tanh", rng=rng)
    dhs = np.zeros((6, 2, 3))
    dhs[-1] = 1
    assert np.abs(bptt(cell, unroll(cell, rng.normal(size=(6, 2, 2))), dhs).xs[0]).min() > 0


def test_a_loss_does_not_reach_later_inputs(rng):
    cell = make_cell("lstm", rng=rng)
    dhs = np.zeros((6, 2, 3))
    dhs[2] = 1
    grads = bptt(cell, unroll(cell, rng.normal(size=(6, 2, 2))), dhs)
    assert not grads.xs[3:].any()
    assert not grads.hs[3:].any()


def test_the_total_derivative_holds_the_direct_one(rng):
    cell = make_cell("gru", rng=rng)
    dhs, dstate = rng.normal(size=(3, 2, 3)), make_state(cell, 2, rng)
    grads = bptt(cell, unroll(cell, rng.normal(size=(3, 2, 2))), dhs, dstate)
    np.testing.assert_allclose(grads.hs[-1], dhs[-1] + dstate[0], rtol=1e-15)


def test_xs_may_be_a_list_of_steps(rng):
    cell = make_cell("tanh", rng=rng)
    xs = rng.normal(size=(4, 2, 2))
    np.testing.assert_array_equal(unroll(cell, list(xs)).hs, unroll(cell, xs).hs)


@pytest.mark.parametrize("dtype", [int, bool, np.uint8])
def test_whole_numbers_are_welcome(dtype, rng):
    cell = make_cell("tanh", rng=rng)
    xs = rng.integers(0, 2, size=(4, 2, 2))
    np.testing.assert_array_equal(
        unroll(cell, xs.astype(dtype)).hs, unroll(cell, xs.astype(float)).hs)


def test_views_and_fortran_order_are_welcome(rng):
    cell = make_cell("lstm", rng=rng)
    xs = rng.normal(size=(2, 4, 2)).transpose(1, 0, 2)
    np.testing.assert_allclose(
        unroll(cell, xs).hs, unroll(cell, np.ascontiguousarray(xs)).hs, rtol=1e-14)
    once = np.broadcast_to(xs[:1], xs.shape)
    assert unroll(cell, once).hs.shape == (4, 2, 3)


def test_traces_and_gradients_compare_as_objects_and_hash(rng):
    cell = make_cell("tanh", rng=rng)
    xs = rng.normal(size=(4, 2, 2))
    trace = unroll(cell, xs)
    grads = bptt(cell, trace, np.ones((4, 2, 3)))
    assert trace == trace
    assert trace != unroll(cell, xs)
    assert len({trace, grads}) == 2


def test_reprs_are_one_stable_line(rng):
    cell = make_cell("tanh", rng=rng)
    trace = unroll(cell, rng.normal(size=(4, 2, 2)))
    grads = bptt(cell, trace, np.ones((4, 2, 3)))
    assert repr(trace) == "Trace(xs[4, 2, 2], hs[4, 2, 3])"
    assert repr(grads) == f"Gradients(cell={cell}, xs[4, 2, 2], hs[4, 2, 3])"


STRANGERS = {
    "another class": make_cell("gru", rng=np.random.default_rng(0)),
    "another class with two memories": make_cell("lstm", rng=np.random.default_rng(0)),
    "another activation": make_cell("relu", rng=np.random.default_rng(0)),
    "another D": make_cell("tanh", D=1, rng=np.random.default_rng(0)),
    "another H": make_cell("tanh", H=4, rng=np.random.default_rng(0)),
    "other weights": make_cell("tanh", rng=np.random.default_rng(9)),
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_bptt_refuses_the_trace_of_another_cell(stranger, rng):
    cell = make_cell("tanh", rng=rng)
    for mine, theirs in ((cell, stranger), (stranger, cell)):
        trace = unroll(theirs, rng.normal(size=(4, 2, theirs.D)))
        with pytest.raises(ValueError, match=r"trace .*made by"):
            bptt(mine, trace, np.ones(trace.hs.shape))

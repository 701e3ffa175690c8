"""The memory lane explorer without a browser: state, numbers, sentences, stand-in."""

import re
from math import inf

import numpy as np
import pytest

from rnnbook import GRU, LSTM, RNN, unroll
from rnnbook.sweeps import jacobians
from rnnbook.widgets import MemoryLaneExplorer
from rnnbook.widgets.memory_lane_explorer import steps


def rng():
    return np.random.default_rng(4)


def test_repr_and_stand_in_are_the_same_each_time():
    assert repr(MemoryLaneExplorer(T=np.int64(7))) == (
        "MemoryLaneExplorer(kind='LSTM', forget_bias=1.0, gain=0.5, input='note', T=7, "
        "measured=False)"
    )
    html = MemoryLaneExplorer().stand_in()
    assert html == MemoryLaneExplorer().stand_in()
    assert all(f"<td>{life}</td>" in html for life in ("1.00", "2.21", "5.46", "14.3", "103"))
    assert re.search(r'data-min-height="\d{3,4}px" data-min-height-narrow="\d{4}px"', html)
    assert not re.search("<script| id=", html)
    assert "gates alone" not in MemoryLaneExplorer(kind="tanh RNN").stand_in().split("<table")[1]


def test_the_drawn_curve_stays_within_the_picture_when_the_derivative_grows():
    explorer = MemoryLaneExplorer(kind="tanh RNN", gain=2, T=30)
    assert explorer.log_full().max() > 0
    (points,) = re.findall('<polyline points="([^"]+)"', explorer.stand_in())
    heights = [float(point.split(",")[1]) for point in points.split()]
    assert min(heights) == 110  # the largest, and 1 below it
    assert max(heights) <= 300
    drawn = np.array(heights[1:])
    fit = np.polyfit(explorer.log_full(), drawn, 1)
    np.testing.assert_allclose(np.polyval(fit, explorer.log_full()), drawn, atol=0.06)


@pytest.mark.parametrize(("bias", "life"), [(0, "1.00"), (1, "2.21"), (2, "5.46"), (3, "14.3"),
                                            (5, "103")])  # fmt: skip
def test_half_lives(bias, life):
    explorer = MemoryLaneExplorer(forget_bias=bias, gain=0, input="rest", T=5)
    assert steps(explorer.half_life()) == life
    assert f"This bias alone halves it every {life} steps." in explorer.sentence()
    per_step = np.diff(explorer.log_direct())
    np.testing.assert_allclose(explorer.half_life() * per_step, np.log10(0.5), rtol=1e-12)


def test_a_gate_that_never_closes_has_no_half_life():
    cell = LSTM.init(D=2, H=3, rng=rng(), forget_bias=1000)
    explorer = MemoryLaneExplorer(cell)
    assert explorer.half_life() == inf
    assert explorer.sentence().endswith("This bias alone never halves it.")
    closed = MemoryLaneExplorer(LSTM.init(D=2, H=3, rng=rng(), forget_bias=-1000), gain=0)
    assert "the gates alone let nothing through to c_40" in closed.sentence()


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("input", ["rest", "note", "symbols", "pulse"])
def test_direct_path_is_the_product_of_the_gates(kind, input):
    explorer = MemoryLaneExplorer(kind=kind, input=input, forget_bias=0.3, T=30)
    product = explorer.gates().cumprod(axis=0)
    size = np.sqrt((product**2).mean(axis=1))
    np.testing.assert_allclose(explorer.log_direct(), np.log10(size), rtol=1e-12)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "tanh RNN"])
def test_all_paths_are_the_product_of_the_jacobians(kind):
    explorer = MemoryLaneExplorer(kind=kind, input="symbols", gain=0.9, T=40)
    cell = explorer.cell
    whole = np.eye(cell.memories * cell.H)
    for t, J in enumerate(jacobians(cell, unroll(cell, explorer.xs, explorer.state))):
        whole = J @ whole
        size = np.linalg.norm(whole[-cell.H :, -cell.H :]) / np.sqrt(cell.H)
        assert explorer.log_full()[t] == pytest.approx(np.log10(size), abs=1e-12)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "tanh RNN"])
def test_all_paths_are_what_a_small_change_of_the_memory_does(kind):
    explorer = MemoryLaneExplorer(kind=kind, input="pulse", gain=0.8, T=15)
    columns = []
    for k in range(8):
        ends = []
        for change in (1e-6, -1e-6):
            state = tuple(part.copy() for part in explorer.state)
            state[-1][0, k] += change
            ends.append(unroll(explorer.cell, explorer.xs, state).state[-1][0])
        columns.append((ends[0] - ends[1]) / 2e-6)
    size = np.linalg.norm(columns) / np.sqrt(8)
    assert 10 ** explorer.log_full()[-1] == pytest.approx(size, rel=1e-5)


def test_sizes_far_below_the_smallest_float_stay_logarithms():
    explorer = MemoryLaneExplorer(RNN.init(D=1, H=4, rng=rng(), gain=1e-3), T=200, input="rest")
    np.testing.assert_allclose(explorer.log_full(), -3.0 * np.arange(1, 201), rtol=1e-9)


def test_sentences():
    assert MemoryLaneExplorer(gain=0, input="rest").sentence() == (
        "LSTM, forget bias 1.0, gain 0.00, T = 40, nothing: of a change of c_0, the gates alone "
        "let 3.6e−6 through to c_40; by all paths it is 3.6e−6. This bias alone halves it every "
        "2.21 steps."
    )
    rnn = MemoryLaneExplorer(kind="tanh RNN", input="rest", gain=1, measured=True).sentence()
    assert rnn == (
        "tanh RNN, gain 1.00, T = 40, nothing: of a change of h_0, 1 is left in h_40, all of it "
        "by way of W_hh. There is no gate and no lane: each step writes h anew. Measured in "
        "Keras: 0.37, then 0.27, and at last 0.0067."
    )
    own = MemoryLaneExplorer(GRU.init(D=2, H=3, rng=rng()), forget_bias=-1)
    assert own.sentence().startswith("your cell, −1.0 added to the bias of z, gain 1.00, T = 40,")


def test_a_reader_s_own_xs_are_read_from_a_zero_state():
    xs = rng().normal(size=(9, 1, 2))
    cell = GRU.init(D=2, H=3, rng=rng())
    explorer = MemoryLaneExplorer(cell, xs=xs)
    assert (explorer.T, explorer.input) == (9, "yours")
    np.testing.assert_array_equal(explorer.memory()[1:], unroll(cell, xs).hs[:, 0])


CELL = LSTM.init(D=2, H=3, rng=rng())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kind": "Elman"}, "kind is 'Elman'; expected one of 'LSTM', 'GRU', 'tanh RNN'"),
        ({"input": "yours"}, "input is 'yours'; expected one of 'rest', 'note', 'symbols'"),
        ({"forget_bias": 7}, "forget_bias is 7; expected a number from -2 to 6"),
        ({"gain": "1"}, "gain is '1'; expected a number from 0 to 2"),
        ({"T": 201}, "T is 201; expected a whole number from 1 to 200"),
        ({"measured": 1}, "measured is 1; expected True or False"),
        ({"cells": 3}, "cells is 3; expected a Cell, such as RNN"),
        ({"cells": {}}, "cells is empty; expected at least one name"),
        ({"cells": {"a": CELL, "b": LSTM.init(D=1, H=3, rng=rng())}}, "reads D = 1 numbers a step"),
        ({"cells": LSTM.init(D=2, H=33, rng=rng())}, "has H = 33 units; expected at most 32"),
        ({"cells": CELL, "xs": np.zeros((5, 2, 2))}, "xs"),
        ({"cells": CELL, "xs": np.zeros((201, 1, 2))}, "xs has 201 steps; expected at most 200"),
        ({"cells": CELL, "xs": np.zeros((5, 1, 2)), "T": 6}, "from 1 to 5, the length of xs"),
    ],
)
def test_what_does_not_fit_is_named(given, says):
    with pytest.raises((TypeError, ValueError), match=re.escape(says)):
        MemoryLaneExplorer(**given)


def test_a_wrong_value_later_is_refused_and_the_last_one_stays():
    explorer = MemoryLaneExplorer(T=9)
    for name, value in (("T", 0), ("kind", 3), ("forget_bias", np.nan), ("input", "noise")):
        before = getattr(explorer, name)
        with pytest.raises(ValueError, match=name):
            setattr(explorer, name, value)
        assert getattr(explorer, name) == before

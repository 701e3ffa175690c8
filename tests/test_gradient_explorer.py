"""The gradient explorer without a browser: its numbers, its sentence, what it takes and refuses."""

import base64
import json
import re

import numpy as np
import pytest

from positions import arriving, random_positions
from rnnbook import GRU, RNN, bptt, gradient_norms, unroll
from rnnbook.widgets import GradientExplorer
from rnnbook.widgets.gradient_explorer import amount, parts


@pytest.mark.parametrize("position", random_positions(60, 0), ids=str)
def test_gradients_are_those_of_bptt(position):
    explorer = GradientExplorer(**position)
    with np.errstate(over="ignore"):
        norms = arriving(explorer)
    logs = explorer.log_norms()
    assert logs.shape == (position["T"],)
    seen = norms > 1e-280  # float64 itself gives out below
    # Each of the two numbers of a quotient is rounded to a thousandth.
    np.testing.assert_allclose(logs[seen], np.log10(norms[seen]), rtol=0, atol=0.00101)
    assert (logs[~seen] < -279.9).all()


def test_gradient_data_is_small_and_made_once():
    first, second = GradientExplorer(), GradientExplorer(T=3)
    page = len(base64.b64encode(first.curves)) + len(json.dumps(first.table))
    assert page <= 300_000
    assert first.curves is second.curves


def test_gradient_bound_is_above_the_curve_and_missing_for_gates():
    for kind in ("tanh", "sigmoid", "relu", "identity"):
        for gain in (0.1, 0.9, 2.1):
            explorer = GradientExplorer(kind=kind, gain=gain, T=200)
            assert (explorer.log_norms() <= explorer.log_bounds() + 0.001).all()
    assert GradientExplorer(kind="GRU").log_bounds() is None
    assert "bound does not hold for gates" in GradientExplorer(kind="LSTM").sentence()


def test_gradient_at_rest_is_the_gain_to_the_power_of_the_steps():
    explorer = GradientExplorer(xs=np.zeros((200, 1, 8)), T=101, gain=0.9)
    np.testing.assert_allclose(explorer.log_norms()[0], 100 * np.log10(0.9), atol=0.001)


def test_gradient_sentences():
    def said(**setting):
        return GradientExplorer(**setting).sentence()

    assert said() == (
        "tanh, gain 0.90, T = 60: the first state gets 3.3e−4 of the last one's gradient, one part "
        "in 3,000. The bound allows 2.0e−3."
    )
    assert "LSTM, forget bias −2, gain" in said(kind="LSTM", forget_bias=-2)
    assert "gets 142." in said(gain=2.0, T=100, pinned={"kind": "LSTM"})
    assert "it grows. The bound allows 1.1e35 times it." in said(kind="relu", gain=1.5, T=200)
    assert "Added to that in float32, it changes nothing." in said(kind="sigmoid")
    assert "about as much." in said(kind="identity", gain=1.0)
    assert "is the last one" in said(T=1)


def test_amounts_have_two_figures():
    shown = {0: "1", -0.3: "0.5", -1: "0.1", -2: "0.01", -2.001: "1.0e−2", -319.097: "8.0e−320",
             0.301: "2.0", 1: "10.0", 2.4: "251", 2.999: "998", 3: "1.0e3", 64.12: "1.3e64",
             -2.0004: "1.0e−2", -np.inf: "nothing"}  # fmt: skip
    assert {log: amount(log) for log in shown} == shown
    counts = {-0.7: "5", -1: "10", -2: "100", -3.301: "2,000", -6: "1 million",
              -7.2: "16 million"}  # fmt: skip
    assert {log: parts(log) for log in counts} == {
        log: f"one part in {count}" for log, count in counts.items()}


def test_a_gain_between_two_is_taken_to_the_nearest():
    explorer = GradientExplorer(gain=0.93)
    assert explorer.gain == 0.95
    explorer.gain = 1
    assert explorer.gain == 1.0
    assert repr(explorer) == (
        "GradientExplorer(T=60, gain=1.0, kind='tanh', forget_bias=1, pinned=None)"
    )


def test_gradient_takes_your_own_cell_and_scales_it():
    rng = np.random.default_rng(0)
    own = GRU.init(D=3, H=5, rng=rng)
    explorer = GradientExplorer(own, gain=0.5, T=9)
    assert explorer.kind == "your cell"
    assert explorer.forget_bias is None
    np.testing.assert_array_equal(explorer.cell.W_hh, 0.5 * own.W_hh)
    dhs = np.zeros((200, 1, 5))
    dhs[-1] = 5**-0.5
    explorer.T = 200
    norms = gradient_norms(bptt(explorer.cell, unroll(explorer.cell, explorer.xs), dhs))
    np.testing.assert_allclose(explorer.log_norms(), np.log10(norms), rtol=0, atol=0.00101)
    assert explorer.sentence().startswith("your cell, gain 0.50, T = 200: ")


def test_gradient_takes_lists_and_dicts_of_your_own_cells():
    rng = np.random.default_rng(0)
    cells = [RNN.init(D=2, H=4, rng=rng, gain=gain) for gain in (0.5, 1, 3)]
    listed = GradientExplorer(cells, xs=np.ones((30, 1, 2)))
    assert (listed.T, listed.kind, listed.gain) == (30, "your cells", 2.0)
    assert listed.cell is cells[1]
    assert "your cells, cell 2 of 3, T = 30" in listed.sentence()
    named = GradientExplorer({"wide": cells, "deep": cells[::-1]}, gains=[1, 2, 4.5], kind="deep")
    named.gain = 4.5
    assert named.cell is cells[0]
    assert named.sentence().startswith("deep, gain 4.5, T = 60: ")
    assert "<script" not in GradientExplorer({"<script>": cells}).stand_in()


def test_a_gradient_that_is_exactly_zero_is_said_to_be():
    rng = np.random.default_rng(0)
    cell = RNN.init(D=2, H=4, rng=rng, gain=0.0)
    explorer = GradientExplorer([cell], T=5)
    assert explorer.log_norms().tolist() == [-np.inf] * 4 + [0]
    assert "gets nothing: the gradient is exactly zero from t = 4 back" in explorer.sentence()
    assert "polyline" in explorer.stand_in()
    resting = GradientExplorer(xs=np.zeros((9, 1, 8)), kind="relu", T=9)
    assert resting.log_norms().tolist() == [-np.inf] * 8 + [0]
    resting.T = 4  # a shorter sequence has a loss of its own
    assert resting.log_norms().tolist() == [-np.inf] * 3 + [0]


@pytest.mark.parametrize(
    ("arguments", "error", "expected"),
    [
        ({"T": 201}, ValueError, "T is 201; expected a whole number from 1 to 200"),
        ({"T": 9, "xs": np.ones((8, 1, 8))}, ValueError, "T is 9; expected a whole number from 1"),
        ({"gain": 3}, ValueError, "gain is 3; expected a number from 0.1 to 2.1"),
        ({"gain": "much"}, ValueError, "gain is 'much'; expected a number from 0.1 to 2.1"),
        ({"kind": "elu"}, ValueError, "kind is 'elu'; expected one of 'tanh', 'sigmoid'"),
        ({"forget_bias": 2}, ValueError, "forget_bias is 2; expected one of -2, 0, 1, 3, 5"),
        ({"pinned": 3}, ValueError, "pinned is 3; expected None or a dict"),
        ({"pinned": {"kind": "elu"}}, ValueError, "kind is 'elu'"),
        ({"pinned": {"T": 0.5}}, ValueError, "T is 0.5"),
        ({"gains": [1]}, ValueError, "gains goes with a list of your own cells"),
        ({"cells": 3}, TypeError, "cells is 3; expected a cell or a list of cells"),
        ({"cells": []}, ValueError, "cells is empty"),
        ({"cells": {}}, ValueError, "cells is empty"),
        ({"cells": {"a": [3]}}, TypeError, "cells['a'][0] is 3"),
        ({"xs": np.ones((201, 1, 8))}, ValueError, "xs has 201 steps; expected at most 200"),
        ({"xs": np.ones((20, 2, 8))}, ValueError, "xs has shape (20, 2, 8)"),
    ],
)
def test_a_wrong_gradient_setting_is_named(arguments, error, expected):
    with pytest.raises(error, match=re.escape(expected)):
        GradientExplorer(**arguments)


def test_cells_that_do_not_fit_together_are_named():
    rng = np.random.default_rng(0)
    one, two = RNN.init(D=2, H=4, rng=rng), RNN.init(D=3, H=4, rng=rng)
    for cells, options, expected in [
        ({"a": [one], "b": [one, one]}, {}, "cells['b'] has 2 positions of the slider"),
        ({"a": one, "b": [one] * 41}, {}, "cells['b'] has 41 positions"),
        ({"a": one, "b": two}, {}, "cells['b'] reads D = 3 numbers a step; expected D = 2"),
        ([one, two], {}, "cells[1] is RNN"),
        (one, {"gains": [1, 2]}, "gains goes with a list of cells"),
        ([one, one], {"gains": [2, 1]}, "gains is [2.0, 1.0]; expected numbers in rising order"),
        ([one, one], {"gains": [1]}, "gains has shape (1,)"),
        ([one], {"forget_bias": 1}, "forget_bias is 1; expected None, since the cells are yours"),
        ([1e-40 * one], {}, "by more than 32 decades in one step"),
    ]:
        with pytest.raises(ValueError, match=re.escape(expected)):
            GradientExplorer(cells, **options)


def test_the_note_is_three_plain_sentences():
    for explorer in (GradientExplorer(), GradientExplorer(RNN.init(
            D=2, H=4, rng=np.random.default_rng(0)))):  # fmt: skip
        note = explorer.table["note"]
        assert len(re.findall(r"[.]( |$)", note)) == 3
        assert len(note.split()) < 60
        assert not re.search(r"[_()]|\de", note)
        assert note in explorer.stand_in()

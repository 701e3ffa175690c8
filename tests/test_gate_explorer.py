"""The gate explorer without a browser: state, arithmetic, sentences, stand-in."""

import re

import numpy as np
import pytest

from gate_settings import random_overrides
from rnnbook import LSTM, bptt, unroll
from rnnbook.cells import sigmoid
from rnnbook.widgets import GateExplorer
from rnnbook.widgets.gate_explorer import GATES, UNIT, T

KEEP = {f"f_{t}": 1 for t in range(1, T + 1)}


def the_cell():
    W_xh, W_hh, b_h = (np.array(UNIT[name]) for name in ("W_xh", "W_hh", "b_h"))
    return LSTM(W_xh[None], W_hh[None], b_h)


def forward(overrides, nudge=None, by=0.0):
    """c and h, written anew; `nudge` = ("c", t) or ("h", t) moves that number by `by`."""
    cell, c, h, cs, hs = the_cell(), 0.0, 0.0, [], []
    for t, x in enumerate(UNIT["xs"]):
        a_i, a_f, a_g, a_o = x * cell.W_xh[0] + h * cell.W_hh[0] + cell.b_h
        free = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        i, f, g, o = (value if row[t] is None else row[t]
                      for row, value in zip(overrides, free, strict=True))  # fmt: skip
        c = f * c + i * g + (by if nudge == ("c", t) else 0)
        h = o * np.tanh(c) + (by if nudge == ("h", t) else 0)
        cs.append(c)
        hs.append(h)
    return np.array(cs), np.array(hs)


# ---- the arithmetic ----


def test_the_free_run_is_rnnbook_s():
    cell, run = the_cell(), GateExplorer().run()
    trace = unroll(cell, np.array(UNIT["xs"])[:, None, None])
    dhs = np.zeros((T, 1, 1))
    dhs[-1] = 1
    gradients = bptt(cell, trace, dhs)

    def close(got, expected):
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)

    close([run[gate] for gate in GATES], trace.kept[:, 0].T)
    close(run["h"], trace.hs[:, 0, 0])
    close(run["c"], trace.states[1][1:, 0, 0])
    close(run["dh"], gradients.hs[:, 0, 0])
    da_g = gradients.das[:, 0, 2]
    close(run["dc"] * run["i"] * (1 - run["g"] ** 2), da_g)
    assert np.abs(da_g).min() > 1e-3


@pytest.mark.parametrize("seed", range(12))
def test_with_overrides_the_gradient_is_the_central_difference(seed):
    overrides = random_overrides(np.random.default_rng(seed))
    run = GateExplorer(overrides).run()
    cs, hs = forward(overrides)
    np.testing.assert_allclose(run["c"], cs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(run["h"], hs, rtol=0, atol=1e-12)
    step = 1e-5
    for name in ("c", "h"):
        found = [(forward(overrides, (name, t), step)[1][-1]
                  - forward(overrides, (name, t), -step)[1][-1]) / (2 * step)
                 for t in range(T)]  # fmt: skip
        np.testing.assert_allclose(run["d" + name], found, rtol=1e-6, atol=1e-8)


def test_f_of_1_carries_the_gradient_untouched_along_the_lane():
    run = GateExplorer(KEEP).run()
    assert np.all(run["lane"] == run["dc"][-1])
    np.testing.assert_allclose(run["c"], np.cumsum(run["i"] * run["g"]), atol=1e-15)


def test_f_of_0_cuts_memory_and_leaves_what_goes_round_through_h():
    run, free = GateExplorer({"f_3": 0}).run(), GateExplorer().free()
    assert run["c"][2] == run["i"][2] * run["g"][2]
    assert np.all(run["lane"][:2] == 0)
    assert np.all(run["lane"][2:] > 0)
    assert 0.03 < run["dc"][0] < free["dc"][0] / 5


def test_i_of_0_writes_nothing_and_o_of_0_hides_the_memory():
    run = GateExplorer({"i_1": 0}).run()
    assert run["c"][0] == run["h"][0] == 0
    run, free = GateExplorer({"o_4": 0}).run(), GateExplorer().free()
    assert run["h"][3] == 0
    assert run["c"][3] == free["c"][3]
    assert run["dc"][3] == run["dc"][4] * run["f"][4]  # the lane alone


def test_a_column_that_is_set_sends_nothing_back_through_h():
    run = GateExplorer({f"{gate}_5": 0.5 for gate in GATES}).run()
    assert run["dh"][3] == 0
    assert run["dh"][4] != 0


# ---- state and words ----


def test_sentences():
    assert GateExplorer().sentence() == (
        "All gates are free: c_8 is 0.59. dL/dc_8 is 0.48; along the lane 0.14 arrives at c_1. "
        "With the ways through h, dL/dc_1 is 0.38."
    )
    assert GateExplorer({"f_3": 0}).sentence() == (
        "f_3 set to 0.00: c_8 is 0.21 instead of 0.59. dL/dc_8 is 0.61 instead of 0.48; along the "
        "lane 0.00 instead of 0.14 arrives at c_1. With the ways through h, dL/dc_1 is 0.05 "
        "instead of 0.38."
    )
    assert GateExplorer(KEEP).sentence().startswith("f set to 1.00 at every step: c_8 is 1.33 ")
    assert GateExplorer(KEEP | {"i_1": 0}).sentence().startswith("9 gates are set by hand: ")
    two = GateExplorer({"o_2": 0.5, "g_1": -0.25}).sentence()
    assert two.startswith("g_1 set to −0.25, o_2 set to 0.50: ")


def test_a_dict_and_rows_say_the_same_and_repr_is_short():
    rows = [[None] * T for _ in GATES]
    rows[1][2] = np.float64(0)
    explorer = GateExplorer(rows, step=np.int64(5))
    assert explorer.overrides == GateExplorer({"f_3": 0, "i_1": None}).overrides
    assert repr(explorer) == "GateExplorer(overrides={'f_3': 0.0}, step=5, gate='f')"
    explorer.overrides = {"g_8": -1}
    assert explorer.get_state()["overrides"][2][7] == -1
    assert explorer.overrides[1][2] is None


def test_stand_in_has_the_numbers_and_marks_what_is_set():
    explorer = GateExplorer({"f_3": 0})
    html = explorer.stand_in()
    assert html.count("<strong>0.00 set</strong>") == 1
    assert explorer.sentence() in html
    assert "no gradient goes into its pre-activation" in html
    run = explorer.run()
    for name in ("c", "h", "dc", "lane", "dh"):
        for number in run[name]:
            assert f"<td>{number:.2f}</td>".replace("-0.00", "0.00").replace("-", "−") in html


def test_the_explorer_s_own_numbers_are_readable():
    for name, numbers in UNIT.items():
        assert [round(number, 1) for number in numbers] == numbers, name


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"overrides": {"f_9": 0}}, "overrides names 'f_9'; expected one of i, f, g, o and a step"),
        ({"overrides": {"c_1": 0}}, "overrides names 'c_1'; expected one of i, f, g, o"),
        ({"overrides": {"f_3": 1.5}}, "overrides has f_3 = 1.5; expected a number from 0 to 1"),
        ({"overrides": {"i_1": -0.1}}, "overrides has i_1 = -0.1; expected a number from 0 to 1"),
        ({"overrides": {"g_1": -2}}, "overrides has g_1 = -2; expected a number from -1 to 1"),
        ({"overrides": {"f_3": True}}, "overrides has f_3 = True; expected a number"),
        ({"overrides": {"f_3": float("nan")}}, "overrides has f_3 = nan; expected a number"),
        ({"overrides": [[None] * 8] * 3}, "expected a dict such as {'f_3': 0} or 4 rows"),
        ({"overrides": "f"}, "overrides is 'f'; expected a dict"),
        ({"step": 9}, "step is 9; expected a whole number from 1 to 8"),
        ({"gate": "c"}, "gate is 'c'; expected one of 'f', 'i', 'g', 'o'"),
    ],
)
def test_a_wrong_argument_is_named(given, expected):
    with pytest.raises(ValueError, match=re.escape(expected)):
        GateExplorer(**given)
    explorer = GateExplorer()
    ((name, value),) = given.items()
    with pytest.raises(ValueError, match=re.escape(expected)):
        setattr(explorer, name, value)
    assert repr(explorer) == repr(GateExplorer())

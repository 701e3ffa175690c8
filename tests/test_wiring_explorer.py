"""The wiring explorer without a browser: routes, sentences, stand-in, refusals."""

import json
import re

import pytest
import sympy as sp

from rnnbook.derive import require_equal
from rnnbook.widgets import WiringExplorer
from rnnbook.widgets.wiring_explorer import NODES, positions
from rnnbook.wirings import WEIGHTS

POSITIONS = list(positions())
CUT = {"hidden": False, "step_2": "forced", "step_3": "forced"}


def shown(explorer, name):
    """What the page filters: the routes of the table whose edges are on."""
    on = set(explorer.wiring.edges)
    return [route for route in explorer.routes[name] if set(route["edges"]) <= on]


def test_the_positions_are_all_that_there_are():
    assert len(POSITIONS) == len({json.dumps(place) for place in POSITIONS}) == 36


@pytest.mark.parametrize("place", POSITIONS, ids=str)
def test_the_list_of_every_position_is_sympys_derivative(place):
    """Each listed term is not zero, their sum is the derivative, and nothing is left out."""
    explorer = WiringExplorer(**place)
    wiring = explorer.wiring
    for name in (*WEIGHTS, *NODES):
        listed = explorer.listed(name)
        table = [(tuple(r["stations"]), tuple(r["factors"])) for r in shown(explorer, name)]
        assert table == [(route.stations, route.factors) for route in listed]
        total = sum((route.value for route in listed), sp.zeros(1, 1))
        derivative = wiring.derivative(name)
        require_equal(name, total[0], derivative[0])
        assert all(sp.expand(route.value[0]) != 0 for route in listed)
        assert (derivative[0] == 0) == (not listed)


@pytest.mark.parametrize("place", POSITIONS[::5], ids=str)
def test_the_factors_that_are_printed_multiply_to_the_term(place):
    """The page prints names; read as symbols, their product is the term that was proved."""
    wiring = WiringExplorer(**place).wiring
    values = {name: table[0] for name, table in wiring.parameters.items()}
    values |= {"ℓ'_3": wiring.error[0], "h_0": wiring.h[0][0]}
    for t in (1, 2, 3):
        values |= {f"φ'_{t}": wiring.slope[t][0], f"x_{t}": wiring.x[t][0],
                   f"h_{t}": wiring.h[t][0], f"y_{t}": wiring.y[t][0], f"d_{t}": wiring.d[t][0]}
    for name in WEIGHTS:
        for route in wiring.routes(name):
            product = sp.prod(values[factor] for factor in route.factors)
            require_equal(repr(route), product, route.value[0])


def test_sentences():
    assert WiringExplorer().sentence() == (
        "Each step reads its input and the state before it; step 2 hears the network's "
        "output y_1, step 3 the network's output y_2. Seven routes lead from L_3 back to W_xh: 1 "
        "at step 3, 2 at step 2, 4 at step 1. No derivative in a state or an output is zero."
    )
    assert WiringExplorer(**CUT).sentence() == (
        "Each step reads its input and no state; step 2 hears the target d_1, step 3 the target "
        "d_2. One route leads from L_3 back to W_xh: 1 at step 3, 0 at step 2, 0 at step 1. "
        "Exactly zero: dL_3/dh_2, dL_3/dh_1, dL_3/dy_2, dL_3/dy_1."
    )
    assert "back to W_hh: its derivative is exactly zero" in (
        WiringExplorer(**CUT, weight="W_hh").sentence())


def test_forcing_leaves_the_states_and_takes_the_outputs():
    explorer = WiringExplorer(step_2="forced", step_3="forced")
    counts = explorer.counts()
    assert (counts["h_1"], counts["h_2"], counts["y_1"], counts["y_2"]) == (1, 1, 0, 0)
    assert [len(explorer.listed(name)) for name in ("W_xh", "W_hy")] == [3, 1]


# ---- what a notebook sees ----


def test_repr_is_what_strict_nbval_can_compare():
    assert repr(WiringExplorer()) == (
        "WiringExplorer(hidden=True, step_2='free', step_3='free', inputs=True, weight='W_xh', "
        "route=0)"
    )


@pytest.mark.parametrize("place", [{}, CUT, {**CUT, "weight": "W_hh"}], ids=str)
def test_the_stand_in_lists_the_routes(place):
    explorer = WiringExplorer(**place)
    assert explorer.stand_in().count("<li>") == len(explorer.listed())


def test_what_travels_is_small():
    assert len(json.dumps(WiringExplorer().routes)) < 20_000


def test_the_stand_ins_table_is_the_two_by_two():
    html = WiringExplorer().stand_in()
    rows = re.findall(r"<tr><th[^>]*>([^<]*)</th>(.*?)</tr>", html)
    numbers = {name: re.findall(r"<td>(\d)</td>", cells) for name, cells in rows}
    assert numbers == {
        "output recurrence only, forced": list("00100"),
        "output recurrence only, free": list("11111"),
        "hidden recurrence, forced": list("11111"),
        "hidden recurrence, free": list("24124"),
    }


# ---- what does not fit ----


@pytest.mark.parametrize(("argument", "value", "expected"), [
    ("hidden", 1, "hidden is 1; expected True or False"),
    ("inputs", "yes", "inputs is 'yes'; expected True or False"),
    ("step_2", "teacher", "step_2 is 'teacher'; expected one of 'free', 'forced', 'none'"),
    ("step_3", None, "step_3 is None; expected one of 'free', 'forced', 'none'"),
    ("weight", "W_x", "weight is 'W_x'; expected one of 'W_xh', 'W_hh'"),
    ("route", 8, "route is 8; expected a whole number from 0 to 7"),
    ("route", True, "route is True; expected a whole number from 0 to 7"),
])
def test_a_wrong_argument_is_named(argument, value, expected):
    with pytest.raises(ValueError, match=re.escape(expected)):
        WiringExplorer(**{argument: value})
    explorer = WiringExplorer()
    before = repr(explorer)
    with pytest.raises(ValueError, match=re.escape(expected)):
        setattr(explorer, argument, value)
    assert repr(explorer) == before

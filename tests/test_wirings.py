"""Wirings: the routes that are listed are sympy's derivative, and what is not listed is zero."""

from itertools import product

import pytest
import sympy as sp

from rnnbook.derive import NotProved
from rnnbook.wirings import FED, WEIGHTS, Route, Wiring

POSITIONS = [
    {"hidden": hidden, "inputs": inputs, "fed": fed}
    for hidden, inputs, fed in product((True, False), (True, False), product(FED, repeat=2))
]


@pytest.mark.parametrize("position", POSITIONS, ids=str)
def test_the_routes_that_are_left_are_the_derivative(position):
    assert Wiring(3, **position).prove().identities == 3 * 2 + 6 * 4


@pytest.mark.parametrize("options", [
    {"T": 1}, {"T": 2, "H": 2, "K": 2}, {"T": 2, "H": 2, "K": 2, "D": 2, "hidden": False},
    {"T": 4, "fed": ("free", "forced", "free")}, {"T": 3, "H": 2, "fed": "forced"},
], ids=str)
def test_other_sizes_and_lengths_too(options):
    assert Wiring(**options).prove().identities > 0


def test_only_one_of_the_four_wirings_cuts_time():
    found = {}
    for hidden, fed in product((False, True), ("forced", "free")):
        wiring = Wiring(3, hidden=hidden, fed=fed)
        found[hidden, fed] = wiring.derivative("h_1"), wiring.derivative("W_xh", use=1)
    zero = [key for key, pair in found.items() if all(m == sp.zeros(1, 1) for m in pair)]
    assert zero == [(False, "forced")]
    assert all(m != sp.zeros(1, 1) for key, pair in found.items() if key not in zero for m in pair)


@pytest.mark.parametrize("coins", list(product(("free", "forced"), repeat=3)), ids=str)
def test_without_hidden_recurrence_a_forced_step_cuts_all_that_lies_before(coins):
    wiring = Wiring(4, hidden=False, fed=coins)
    for t in (1, 2, 3):
        assert bool(wiring.arriving(f"h_{t}")) == ("forced" not in coins[t - 1:])
    with_hidden = Wiring(4, fed=coins)
    assert len(with_hidden.arriving("h_1")) == 2 ** coins.count("free")


def test_forcing_cuts_the_readouts_past_even_with_hidden_recurrence():
    assert [r.stations[-1] for r in Wiring(3, fed="forced").routes("W_hy")] == ["W_hy^(3)"]
    assert len(Wiring(3, fed="free").routes("W_hy")) == 4


def test_a_route_names_its_stations_factors_and_edges():
    (route,) = Wiring(2, hidden=False).routes("W_xh", 1)
    assert repr(route) == "Route(L_2 <- y_2 <- h_2 <- y_1 <- h_1 <- W_xh^(1))"
    assert " ".join(route.factors) == "ℓ'_2 W_hy φ'_2 W_yh W_hy φ'_1 x_1"
    assert route.edges == ("y_1 -> h_2", "x_1 -> h_1")
    assert set(route.edges) <= set(Wiring(2, hidden=False).edges)
    assert Wiring(2, fed="forced", inputs=False).edges == ("h_0 -> h_1", "h_1 -> h_2", "d_1 -> h_2")


def some(wiring, found):
    return found[:-1]


def twice(wiring, found):
    return found + found[:1]


def nothing_more(wiring, found):
    return (*found, Route(("L_3",), (), (), sp.zeros(1, 1)))


@pytest.mark.parametrize("wrong", [some, twice, nothing_more])
def test_a_wrong_list_is_not_proved(wrong):
    class Wrong(Wiring):
        def routes(self, name, use=None):
            found = super().routes(name, use)
            return wrong(self, found) if (name, use) == ("W_xh", 1) else found

    with pytest.raises(NotProved, match="W_xh"):
        Wrong(3).prove()


def test_a_derivative_that_leaks_through_a_forced_step_is_noticed():
    class Leaky(Wiring):
        def derivative(self, name, use=None):
            return Wiring(3, hidden=False, fed="free").derivative(name, use)

    with pytest.raises(NotProved):
        Leaky(3, hidden=False, fed="forced").prove()


@pytest.mark.parametrize(("options", "said"), [
    ({"T": 6}, "T is 6; exact algebra is for 5 steps at the most"),
    ({"T": 0}, "T is 0"),
    ({"H": 4}, "H is 4; exact algebra is for 3 at the most"),
    ({"hidden": 1}, "hidden is 1; expected True or False"),
    ({"inputs": None}, "inputs is None; expected True or False"),
    ({"fed": "teacher"}, "fed is 'teacher'; expected one of 'none', 'free', 'forced'"),
    ({"fed": ("free",)}, "fed has 1 words; expected T - 1 = 2"),
    ({"fed": 3}, "fed is 3; expected"),
], ids=str)
def test_bad_arguments_are_named(options, said):
    with pytest.raises((ValueError, TypeError)) as error:
        Wiring(**options)
    assert said in str(error.value)


@pytest.mark.parametrize("name", ["h_4", "h_0", "x_1", "W", 3, None])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises((ValueError, TypeError), match="name is"):
        Wiring(3).derivative(name)
    with pytest.raises((ValueError, TypeError), match="name is"):
        Wiring(3).arriving(name)


@pytest.mark.parametrize("use", [0, 4, "1", True])
def test_a_use_that_is_none_is_refused(use):
    for ask in (Wiring(3).derivative, Wiring(3).routes, Wiring(3).total):
        with pytest.raises(ValueError, match="use is"):
            ask("W_xh", use)


def test_a_weights_whole_derivative_is_the_sum_of_its_uses():
    wiring = Wiring(3)
    for name in WEIGHTS:
        uses = sum((wiring.derivative(name, t) for t in (1, 2, 3)), sp.zeros(1, 1))
        assert (uses - wiring.derivative(name)).expand() == sp.zeros(1, 1)

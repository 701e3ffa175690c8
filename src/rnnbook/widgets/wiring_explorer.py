"""Switch the edges of an unrolled network, and see which routes back from the loss are left."""

from functools import cache
from itertools import product

import traitlets

from rnnbook.wirings import WEIGHTS, Wiring

from .explorer import Choice, Explorer, Truth, Whole, assembled, stand_in_root, stand_in_table

NODES = ("h_2", "h_1", "y_2", "y_1")
STEPS = (1, 2, 3)
MOST = 7  # routes to one weight
HEARS = {"free": "the network's output y_{}", "forced": "the target d_{}", "none": "nothing"}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven")
HEIGHTS = "1038px", "1411px"  # of the live explorer in a page's column, wide and on a phone


class WiringExplorer(Explorer):
    """Switch the edges of a three-step network; see which derivatives of L_3 are left.

    Parameters
    ----------
    hidden : whether each state reads the state before it
    step_2, step_3 : what the step hears of the step before: "free" (the network's own output),
        "forced" (the target) or "none"
    inputs : whether each state reads its input
    weight : the weight whose derivative is looked at: "W_xh", "W_hh", "W_yh", "b_h", "W_hy", "b_y"
    route : which route is picked out, counted from 1 in the order of the list; 0, or a number for
        which there is none, is all of them

    A value that does not fit is a `ValueError` that names the argument.

    >>> len(WiringExplorer(hidden=False, step_2="forced", step_3="forced").listed())
    1
    """

    _esm = assembled("wiring_explorer.js")
    _css = assembled("wiring_explorer.css")
    _state = ("hidden", "step_2", "step_3", "inputs", "weight", "route")

    hidden = Truth(True)
    step_2 = Choice(*HEARS)
    step_3 = Choice(*HEARS)
    inputs = Truth(True)
    weight = Choice("W_xh", *(name for name in WEIGHTS if name != "W_xh"))
    route = Whole(0, 0, MOST)
    routes = traitlets.Dict(help="every route, with the edges that it needs").tag(sync=True)

    def __init__(self, *, hidden=True, step_2="free", step_3="free", inputs=True, weight="W_xh",
                 route=0):
        super().__init__(hidden=hidden, step_2=step_2, step_3=step_3, inputs=inputs,
                         weight=weight, route=route)
        self.routes = all_routes()

    @property
    def wiring(self) -> Wiring:
        """What the switches stand for, to compute with."""
        return _wiring(self.hidden, self.step_2, self.step_3, self.inputs)

    def listed(self, name=None) -> tuple:
        """The routes that are left, from L_3 to a weight (the chosen one), a state or an output."""
        return _routes(self.wiring, self.weight if name is None else name)

    def counts(self) -> dict:
        """How many routes lead to h_2, h_1, y_2, y_1 and to each use of the chosen weight."""
        ends = [route.stations[-1] for route in self.listed()]
        uses = {use: ends.count(use) for use in (f"{self.weight}^({t})" for t in STEPS)}
        return {name: len(self.listed(name)) for name in NODES} | uses

    def sentence(self) -> str:
        """What the figure says, in words."""
        left, counts = len(self.listed()), self.counts()
        to = f"from L_3 back to {self.weight}"
        if left:
            routes = "route leads" if left == 1 else "routes lead"
            uses = ", ".join(f"{counts[f'{self.weight}^({t})']} at step {t}" for t in (3, 2, 1))
            first = f"{NUMBERS[left].capitalize()} {routes} {to}: {uses}."
        else:
            first = f"No route leads {to}: its derivative is exactly zero."
        zero = [f"dL_3/d{name}" for name in NODES if not counts[name]]
        second = ("Exactly zero: " + ", ".join(zero) if zero else
                  "No derivative in a state or an output is zero")
        return f"{self.hears()} {first} {second}."

    def hears(self) -> str:
        """What each step reads, in words."""
        state = "the state before it" if self.hidden else "no state"
        fed = [HEARS[word].format(t - 1) for t, word in ((2, self.step_2), (3, self.step_3))]
        return (f"Each step reads {'its input and ' if self.inputs else ''}{state}; "
                f"step 2 hears {fed[0]}, step 3 {fed[1]}.")

    def stand_in(self) -> str:
        rows = []
        for hidden, fed in product((False, True), ("forced", "free")):
            wiring = Wiring(3, hidden=hidden, fed=fed)
            rows.append([
                f"{'hidden recurrence' if hidden else 'output recurrence only'}, {fed}",
                *(str(len(wiring.arriving(name))) for name in ("h_2", "h_1")),
                *(str(len(wiring.routes("W_xh", t))) for t in (3, 2, 1)),
            ])  # fmt: skip
        terms = "".join(
            f"<li>{written(route.stations[-1])}: "
            f"{' · '.join(written(factor) for factor in route.factors)}</li>"
            for route in self.listed()
        )
        body = "\n".join([
            "<p><strong>Which routes are left?</strong></p>",
            stand_in_table(
                "How many routes lead from <i>L</i><sub>3</sub> to a state, and to a use of "
                f"{written('W_xh')}; where there is none, the derivative is exactly zero",
                ["", *map(written, ("h_2", "h_1", "W_xh^(3)", "W_xh^(2)", "W_xh^(1)"))],
                rows,
            ),
            f"<p>{said(self.sentence())}</p>",
            f"<ol>{terms}</ol>" if terms else "",
        ])  # fmt: skip
        return stand_in_root("wiring-explorer", "Which routes are left", *HEIGHTS, body)


def positions():
    """Every position of the switches, as keyword arguments; the first has all the routes."""
    for hidden, inputs, two, three in product((True, False), (True, False), HEARS, HEARS):
        yield {"hidden": hidden, "step_2": two, "step_3": three, "inputs": inputs}


@cache
def _wiring(hidden, step_2, step_3, inputs):
    return Wiring(3, hidden=hidden, fed=(step_2, step_3), inputs=inputs)


@cache
def _routes(wiring, name):
    return wiring.routes(name) if name in WEIGHTS else wiring.arriving(name)


@cache
def all_routes() -> dict:
    """The routes of all positions, each once, by where they lead; later uses come first.

    A wiring's own list is the part of this one whose edges it has, in the same order.
    """
    found = {name: {} for name in (*WEIGHTS, *NODES)}
    for place in positions():
        wiring = _wiring(**place)
        for name, routes in found.items():
            for r in _routes(wiring, name):
                routes[r.stations, r.factors] = list(r.edges)
    return {
        name: [
            {"stations": list(stations), "factors": list(factors), "edges": edges}
            for (stations, factors), edges in sorted(routes.items(), key=_use, reverse=True)
        ]
        for name, routes in found.items()
    }


def _use(item):
    """The use that a route ends at, as "(2)"; "" for a state or an output."""
    (stations, _), _ = item
    return stations[-1].partition("^")[2]


def written(name: str) -> str:
    """ "W_xh^(2)" as HTML."""
    stem, _, power = name.partition("^")
    letter, _, index = stem.partition("_")
    return f"<i>{letter}</i><sub>{index}</sub>" + (f"<sup>{power}</sup>" if power else "")


def said(text: str) -> str:
    """A sentence with its names as HTML."""
    words = []
    for word in text.split():
        stem = word.rstrip(".,;:")
        head, slash, tail = stem.rpartition("/d")
        if "_" in stem:
            shown = f"d{written(head[1:])}/d{written(tail)}" if slash else written(stem)
            word = shown + word[len(stem):]
        words.append(word)
    return " ".join(words)

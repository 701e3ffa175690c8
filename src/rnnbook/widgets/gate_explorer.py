"""Turn single gates of an LSTM by hand: what its memory keeps, and what comes back through it."""

from collections.abc import Mapping
from numbers import Real

import numpy as np
import traitlets

from rnnbook.cells import sigmoid

from .explorer import (
    Choice,
    Explorer,
    State,
    Whole,
    assembled,
    fixed,
    stand_in_root,
    stand_in_table,
)

T = 8
GATES = ("i", "f", "g", "o")
LOWEST = {"i": 0, "f": 0, "g": -1, "o": 0}
UNIT = {  # in the blocks i | f | g | o of an LSTM with one unit
    "W_xh": [2.0, -1.0, 2.0, 0.5],
    "W_hh": [0.5, 0.5, 1.0, 0.5],
    "b_h": [-1.5, 1.5, 0.0, 0.5],
    "xs": [1.0, 0.0, 0.0, -0.5, 0.0, 0.0, 0.4, 0.0],
}
HEIGHTS = "903px", "1123px"  # of the live explorer in a page's column, wide and on a phone
CONSTANT = (
    "A gate that is set is a constant: no gradient goes into its pre-activation, "
    "so none goes on from there to h of the step before."
)


class Overrides(State):
    """Four rows i, f, g, o of eight entries: the value that a gate is set to, None if it is free.

    A dict such as {"f_3": 0} says the same.
    """

    def make_dynamic_default(self):
        return [[None] * T for _ in GATES]

    def checked(self, value):
        rows = self.make_dynamic_default()
        for name, entry in _named(value):
            gate, _, step = str(name).partition("_")
            if gate not in GATES or step not in [str(t) for t in range(1, T + 1)]:
                raise ValueError(
                    f"overrides names {name!r}; expected one of i, f, g, o and a step from 1 to "
                    f"{T}, such as 'f_3'"
                )
            if entry is None:
                continue
            low = LOWEST[gate]
            is_number = isinstance(entry, Real) and not isinstance(entry, bool)
            if not (is_number and low <= entry <= 1):
                raise ValueError(
                    f"overrides has {name} = {entry!r}; expected a number from {low} to 1, "
                    "or None for a free gate"
                )
            rows[GATES.index(gate)][int(step) - 1] = float(entry)
        return rows


class GateExplorer(Explorer):
    """Set any gate of an LSTM with one unit by hand; see its memory and the gradient change.

    Parameters
    ----------
    overrides : what is set, such as {"f_3": 0}; all other gates are free. Or four rows i, f, g, o
        of eight numbers, None for a free gate. i, f and o go from 0 to 1, g from -1 to 1
    step, gate : what the slider is at: a step from 1 to 8, and "f", "i", "g" or "o"

    The loss is h_8. What does not fit is a `ValueError` that names the argument.

    >>> GateExplorer({"f_3": 0}).sentence()[:50]
    'f_3 set to 0.00: c_8 is 0.21 instead of 0.59. dL/d'
    """

    _esm = assembled("gate_explorer.js")
    _css = assembled("gate_explorer.css")
    _state = ("overrides", "step", "gate")

    overrides = Overrides()
    step = Whole(3, 1, T)
    gate = Choice("f", "i", "g", "o")
    unit = traitlets.Dict(help="the weights and the inputs").tag(sync=True)

    def __init__(self, overrides=None, *, step=3, gate="f"):
        super().__init__(overrides={} if overrides is None else overrides, step=step, gate=gate)
        self.unit = UNIT

    def run(self, overrides=None) -> dict[str, np.ndarray]:
        """The eight steps forward and back, each entry of shape (8,).

        i, f, g, o : the gates, as set or as computed
        c, h : memory and hidden state
        dc, dh : the total derivatives of L = h_8
        lane : the part of dc that came along the memory lane only: dL/dc_8 times the f between
        """
        rows = self.overrides if overrides is None else overrides
        rows = np.array(rows, dtype=float)  # None becomes nan
        W_xh, W_hh, b_h, xs = (np.array(UNIT[name]) for name in ("W_xh", "W_hh", "b_h", "xs"))
        c, h = np.zeros(T + 1), np.zeros(T + 1)  # at T: what is before the first step
        gates = np.zeros((4, T))
        for t in range(T):
            a = xs[t] * W_xh + h[t - 1] * W_hh + b_h
            free = np.append(sigmoid(a), np.tanh(a[2]))[[0, 1, 4, 3]]
            gates[:, t] = np.where(np.isnan(rows[:, t]), free, rows[:, t])
            i, f, g, o = gates[:, t]
            c[t] = f * c[t - 1] + i * g
            h[t] = o * np.tanh(c[t])

        dc, dh, lane = np.zeros(T), np.zeros(T), np.zeros(T)
        from_c, from_h = 0.0, 1.0
        for t in reversed(range(T)):
            i, f, g, o = gates[:, t]
            m = np.tanh(c[t])
            dh[t] = from_h
            dc[t] = from_c + dh[t] * o * (1 - m * m)
            lane[t] = dc[t] if t == T - 1 else lane[t + 1] * gates[1, t + 1]
            da = np.array([
                dc[t] * g * i * (1 - i), dc[t] * c[t - 1] * f * (1 - f),
                dc[t] * i * (1 - g * g), dh[t] * m * o * (1 - o),
            ])  # fmt: skip
            da = np.where(np.isnan(rows[:, t]), da, 0)  # a constant has no pre-activation
            from_c, from_h = dc[t] * f, da @ W_hh
        found = {"c": c[:T], "h": h[:T], "dc": dc, "lane": lane, "dh": dh}
        return dict(zip(GATES, gates, strict=True)) | found

    def free(self) -> dict[str, np.ndarray]:
        """`run` with no gate set."""
        return self.run([[None] * T for _ in GATES])

    def sentence(self) -> str:
        """What the figure says, in words."""
        now, free = self.run(), self.free()

        def beside(name, t):
            is_now, was = fixed(now[name][t], 2), fixed(free[name][t], 2)
            return is_now if is_now == was else f"{is_now} instead of {was}"

        return (
            f"{_what_is_set(self.overrides)}: c_8 is {beside('c', -1)}. dL/dc_8 is "
            f"{beside('dc', -1)}; along the lane {beside('lane', 0)} arrives at c_1. "
            f"With the ways through h, dL/dc_1 is {beside('dc', 0)}."
        )

    def stand_in(self) -> str:
        now = self.run()
        names = dict(zip(GATES, GATES, strict=True)) | {
            "c": "c, memory", "h": "h", "dc": "dL/dc", "lane": "by the lane alone", "dh": "dL/dh"
        }  # fmt: skip

        def cell(name, t):
            text = fixed(now[name][t], 2)
            is_set = name in GATES and self.overrides[GATES.index(name)][t] is not None
            return f"<strong>{text} set</strong>" if is_set else text

        body = "\n".join([
            "<p><strong>Turn a gate by hand</strong></p>",
            stand_in_table(
                "An LSTM with one unit, eight steps; L = h_8",
                ["", *map(str, range(1, T + 1))],
                [[text, *(cell(name, t) for t in range(T))] for name, text in names.items()],
            ),
            f"<p>{self.sentence()}</p>",
            f"<p>{CONSTANT}</p>",
        ])  # fmt: skip
        return stand_in_root("gate-explorer", "The gates of an LSTM, by hand", *HEIGHTS, body)

    def __repr__(self) -> str:
        given = {name: entry for name, entry in _named(self.overrides) if entry is not None}
        return f"GateExplorer(overrides={given}, step={self.step}, gate={self.gate!r})"


def _named(value):
    """Overrides as pairs such as ("f_3", 0.0)."""
    if isinstance(value, Mapping):
        return list(value.items())
    rows = value.tolist() if isinstance(value, np.ndarray) else value
    right = isinstance(rows, list | tuple) and len(rows) == len(GATES)
    if not (right and all(isinstance(row, list | tuple) and len(row) == T for row in rows)):
        raise ValueError(
            f"overrides is {value!r}; expected a dict such as {{'f_3': 0}} or 4 rows (i, f, g, o) "
            f"of {T} entries"
        )
    return [(f"{gate}_{t}", entry)
            for gate, row in zip(GATES, rows, strict=True) for t, entry in enumerate(row, start=1)]


def _what_is_set(rows):
    given = [(name, entry) for name, entry in _named(rows) if entry is not None]
    if not given:
        return "All gates are free"
    f = rows[GATES.index("f")]
    if len(given) == T and f[0] is not None and f == [f[0]] * T:
        return f"f set to {fixed(f[0], 2)} at every step"
    if len(given) > 3:
        return f"{len(given)} gates are set by hand"
    return ", ".join(f"{name} set to {fixed(entry, 2)}" for name, entry in given)

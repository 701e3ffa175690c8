"""The memory lane of a gated cell: what the forget gates let through, and what comes round."""

import re
from html import escape
from math import exp, floor, inf, log, log1p

import numpy as np
import traitlets

from rnnbook import checks
from rnnbook.cells import GRU, LSTM, RNN, Cell, split
from rnnbook.colours import in_page
from rnnbook.sweeps import jacobians, log10
from rnnbook.through_time import unroll

from .explorer import (
    Between,
    Explorer,
    Truth,
    Whole,
    assembled,
    fixed,
    stand_in_root,
    stand_in_table,
    validates,
)
from .gradient_explorer import amount

# The page gets the cells themselves, some 10 kB, and not a table of results: its own forward pass
# (memory_lane_explorer.js) costs a few milliseconds, and so the sliders can stop anywhere. Tests
# compare it with what is computed here, from `unroll` and `jacobians`.
LONGEST, D, H, MOST_UNITS = 200, 4, 8, 32
PULSE_STEP, PULSE_SIZE = 10, 5.0
NOTE = (1.0, -0.5, 0.5, -1.0)  # c_0, over and over for more units
INPUTS = {
    "rest": "nothing",
    "note": "a note, then nothing",
    "symbols": "a note, then symbols",
    "pulse": "a note, then a pulse",
    "yours": "your xs",
}
SHOWN = 3  # units whose memory is drawn
# What a learner printed on 2 March 2022: dc_t/dc_0 of an LSTM in Keras, in some mean over its units
# (keras-team/keras, issue 16151), to four figures.
MEASURED = (0.3665, 0.2693, 0.1977, 0.1454, 0.1095, 0.08471, 0.06685, 0.05373, 0.04373, 0.03606,
            0.03003, 0.02522, 0.02126, 0.01796, 0.01520, 0.01290, 0.01097, 0.009324, 0.007911,
            0.006707)  # fmt: skip
MEMORY, GATE, GRADIENT, LINE, INK = in_page("memory", "gate", "gradient", "line", "ink")
HEIGHTS = "960px", "1273px"  # of the live explorer in a page's column, wide and on a phone


class MemoryLaneExplorer(Explorer):
    """Dim the memory lane of a cell with the bias of its forget gate; see what is left of c_0.

    Parameters
    ----------
    cells : what to look at in place of the book's three: a cell, or a dict of names and cells that
        read inputs of one size D, with at most 32 units
    xs : a sequence of your own for them, (T, 1, D) with T up to 200; it becomes the input "yours"
    kind : "LSTM", "GRU" or "tanh RNN"; of your own cells, the name
    forget_bias : what is added to b_f of an LSTM or b_z of a GRU, -2 to 6; the book's cells have 0
        there, so it is their forget bias. 1 for the book's cells, 0 for your own
    gain : what W_hh is multiplied by, 0 to 2; in the book's cells each gate's block of it is
        orthogonal. 0.5 for the book's cells, 1 for your own
    input : "rest" for zeros and a zero state; the others start from a note in c_0 and then read
        zeros ("note"), random symbols ("symbols") or one strong input at step 10 ("pulse")
    T : the length of the lane, 1 to 200
    measured : True shows the numbers from keras issue 16151 as well

    Sizes of derivatives are root mean squares, ‖dc_t/dc_0‖ / sqrt(H) with Frobenius' norm: 1 for
    the identity. A GRU's lane is its h, and z keeps; a tanh RNN has no lane. What does not fit is a
    `TypeError` or a `ValueError` that names the argument.

    >>> MemoryLaneExplorer(input="rest", T=2).sentence()[:68]
    'LSTM, forget bias 1.0, gain 0.50, T = 2, nothing: of a change of c_0'
    """

    _esm = assembled("memory_lane_explorer.js")
    _css = assembled("memory_lane_explorer.css")
    _state = ("kind", "forget_bias", "gain", "input", "T", "measured")

    kind = traitlets.Any().tag(sync=True)
    forget_bias = Between(1.0, -2, 6)
    gain = Between(0.5, 0, 2)
    input = traitlets.Any().tag(sync=True)
    T = Whole(40, 1, LONGEST)
    measured = Truth(False)
    table = traitlets.Dict(help="names and sizes of the cells, symbols").tag(sync=True)
    arrays = traitlets.Bytes(help="W_xh, W_hh and b_h of each cell, then xs").tag(sync=True)

    def __init__(self, cells=None, *, xs=None, kind=None, forget_bias=None, gain=None,
                 input=None, T=None, measured=False):
        own = cells is not None
        self._cells = _own(cells) if own else _the_book_s()
        first = next(iter(self._cells.values()))
        self._own_xs = None if xs is None else _own_xs(xs, first.D)
        symbols = np.random.default_rng(1).integers(first.D, size=LONGEST)
        self._symbols = np.eye(first.D)[symbols][:, None]
        inputs = {name: text for name, text in INPUTS.items() if name != "yours" or xs is not None}
        longest = LONGEST if xs is None else len(self._own_xs)
        table = {
            "cells": [
                {"name": name, "kind": type(cell).__name__, "D": cell.D, "H": cell.H,
                 "activation": getattr(cell, "activation", "tanh")}
                for name, cell in self._cells.items()
            ],
            "inputs": inputs,
            "symbols": symbols.tolist(),
            "longest": longest,
            "own": own,
            "note": NOTE,
            "pulse": (PULSE_STEP, PULSE_SIZE),
            "measured": MEASURED,
        }  # fmt: skip
        arrays = [array for cell in self._cells.values() for _, array in cell.leaves()]
        arrays += [] if xs is None else [self._own_xs]
        super().__init__(
            table=table,
            arrays=b"".join(array.astype("<f8").tobytes() for array in arrays),
            kind=next(iter(self._cells)) if kind is None else kind,
            forget_bias=(0.0 if own else 1.0) if forget_bias is None else forget_bias,
            gain=(1.0 if own else 0.5) if gain is None else gain,
            input=("note" if xs is None else "yours") if input is None else input,
            T=min(40, longest) if T is None else T,
            measured=measured,
        )

    @validates("kind")
    def _known_kind(self, value):
        return checks.one_of("kind", value, list(self._cells))

    @validates("input")
    def _known_input(self, value):
        return checks.one_of("input", value, list(self.table["inputs"]))

    @validates("T")
    def _within_the_inputs(self, value):
        if value > self.table["longest"]:
            raise ValueError(f"T is {value}; expected a whole number from 1 to "
                             f"{self.table['longest']}, the length of xs")
        return value

    @property
    def cell(self) -> Cell:
        """The cell that is looked at, with its gain and its forget bias."""
        cell = self._cells[self.kind]
        b_h = cell.b_h.copy()
        if self.gated:
            b_h[cell.H : 2 * cell.H] += self.forget_bias
        return cell.replace(W_hh=self.gain * cell.W_hh, b_h=b_h)

    @property
    def gated(self) -> bool:
        return not isinstance(self._cells[self.kind], RNN)

    @property
    def xs(self) -> np.ndarray:
        """What it reads, (T, 1, D)."""
        if self.input == "yours":
            return self._own_xs[: self.T].copy()
        if self.input == "symbols":
            return self._symbols[: self.T].copy()
        xs = np.zeros((self.T, 1, self._cells[self.kind].D))
        if self.input == "pulse":
            xs[PULSE_STEP - 1 : PULSE_STEP, 0, 0] = PULSE_SIZE
        return xs

    @property
    def state(self) -> tuple:
        """The state before the first step: the note in the memory, unless at rest."""
        state = self.cell.initial_state(1)
        if self.input not in ("rest", "yours"):
            state[-1][:] = np.resize(NOTE, state[-1].shape)
        return state

    def gates(self) -> np.ndarray | None:
        """f_1 ... f_T of an LSTM, z_1 ... z_T of a GRU, (T, H); None for an RNN."""
        if not self.gated:
            return None
        trace = unroll(self.cell, self.xs, self.state)
        blocks = trace.kept[:, 0]
        return split(blocks, 4)[1] if isinstance(self.cell, LSTM) else split(blocks, 3)[1]

    def memory(self) -> np.ndarray:
        """c_0 ... c_T of an LSTM, h_0 ... h_T of the others, (T + 1, H)."""
        return unroll(self.cell, self.xs, self.state).states[-1][:, 0]

    def log_direct(self) -> np.ndarray | None:
        """log10 of the direct path's size, step by step: the product of the gates, (T,)."""
        gates = self.gates()
        if gates is None:
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(gates).cumsum(axis=0)
            most = logs.max(axis=1, keepdims=True)
            size = most[:, 0] + 0.5 * np.log(np.exp(2 * (logs - most)).mean(axis=1))
        return np.where(most[:, 0] == -inf, -inf, size) / log(10)

    def log_full(self) -> np.ndarray:
        """log10 of the size of dc_t/dc_0 by all paths, for t = 1 ... T, (T,)."""
        cell = self.cell
        trace = unroll(cell, self.xs, self.state)
        columns = np.eye(cell.memories * cell.H)[:, -cell.H :]  # of the lane; it stands last
        exponent, found = 0, []
        for J in jacobians(cell, trace):
            columns = J @ columns
            # A power of two changes no digit, and keeps squares from underflow.
            _, size = np.frexp(np.abs(columns).max())
            columns, exponent = np.ldexp(columns, -size), exponent + size
            block = columns[-cell.H :]
            found.append(log10(np.sqrt((block**2).mean() * cell.H)) + exponent * np.log10(2))
        return np.array(found)

    def half_life(self) -> float | None:
        """Steps until half is left, ln 0.5 / ln sigmoid(b_f), for gates that their bias alone
        sets; with the mean of ln sigmoid(b_f) over the units. None for an RNN."""
        if not self.gated:
            return None
        cell = self.cell
        rates = [log1p(exp(-b)) if b > -700 else -b for b in cell.b_h[cell.H : 2 * cell.H]]
        rate = float(np.mean(rates))
        return log(2) / rate if rate else inf

    def sentence(self) -> str:
        """What the figure says, in words."""
        letter = "c" if isinstance(self.cell, LSTM) else "h"
        bias = {LSTM: "forget bias", GRU: "bias of z"}.get(type(self.cell))
        parts = [self.kind]
        if bias:
            size = fixed(self.forget_bias, 1)
            parts.append(f"{size} added to the {bias}" if self.table["own"] else f"{bias} {size}")
        parts += [f"gain {fixed(self.gain, 2)}", f"T = {self.T}", INPUTS[self.input]]
        full = amount(_thousandths(self.log_full()[-1]))
        text = f"{', '.join(parts)}: of a change of {letter}_0, "
        if not self.gated:
            text += (f"{full} is left in {letter}_{self.T}, all of it by way of W_hh. There is no "
                     "gate and no lane: each step writes h anew.")
        else:
            direct, life = amount(_thousandths(self.log_direct()[-1])), self.half_life()
            halves = "never halves it" if life == inf else f"halves it every {steps(life)} steps"
            text += (f"the gates alone let {direct} through to {letter}_{self.T}; by all paths it "
                     f"is {full}. This bias alone {halves}.")
        if self.measured:
            text += (f" Measured in Keras: {fixed(MEASURED[0], 2)}, then {fixed(MEASURED[1], 2)}, "
                     f"and at last {fixed(MEASURED[-1], 4)}.")
        return text

    def stand_in(self) -> str:
        letter = "c" if isinstance(self.cell, LSTM) else "h"
        direct, full = self.log_direct(), self.log_full()
        marks = [t for t in (1, 2, 5, 10, 20, 50, 100, 200) if t < self.T] + [self.T]
        rows = [["by all paths", *(amount(_thousandths(full[t - 1])) for t in marks)]]
        if direct is not None:
            rows.insert(0, ["gates alone",
                            *(amount(_thousandths(direct[t - 1])) for t in marks)])  # fmt: skip
        biases = (-2, 0, 1, 2, 3, 5)
        lives = [["half-life", *(steps(log(2) / log1p(exp(-b))) for b in biases)]]
        body = "\n".join([
            "<p><strong>How long does the lane remember?</strong></p>",
            self._drawn(direct, full),
            f"<p>{_said(self.sentence())}</p>",
            stand_in_table(f"The size of d{_said(letter + '_t')}/d{_said(letter + '_0')}, by step",
                           ["", *map(str, marks)], rows),
            stand_in_table("Half-life of a gate with this bias, in steps",
                           ["bias", *(fixed(b, 0) for b in biases)], lives),
        ])  # fmt: skip
        return stand_in_root(
            "memory-lane-explorer", "How long the memory lane remembers", *HEIGHTS, body)

    def _drawn(self, direct, full):
        """The lane, fading, and the two curves below it, as SVG."""
        left, right, T = 46, 610, self.T
        step = (right - left) / T
        logs = np.concatenate([line for line in (direct, full) if line is not None])
        lowest, highest = max(min(logs.min(), -1), -LONGEST), max(logs.max(), 0)
        scale = 190 / (highest - lowest)
        y = lambda log: 110 + scale * (highest - max(log, lowest))  # noqa: E731
        middle = (left + right) / 2
        empty = f'<text x="{middle}" y="46" text-anchor="middle">no gates, no lane</text>'
        lane = empty if direct is None else "".join(
            f'<rect x="{left + t * step:.1f}" y="20" width="{step:.2f}" height="44" '
            f'fill="{MEMORY}" fill-opacity="{10**value:.3f}"/>'
            for t, value in enumerate([0, *direct[:-1]])
        )
        slats = "" if direct is None else "".join(
            f'<rect x="{left + (t + 1) * step - 1:.1f}" y="20" width="{min(2, step / 2):.1f}" '
            f'height="{44 * (1 - f):.1f}" fill="{GATE}"/>'
            for t, f in enumerate(self.gates().mean(axis=1))
        )

        def curve(line, attributes):
            points = [f"{left + (t + 1) * step:.1f},{y(log):.1f}"
                      for t, log in enumerate(line) if log > -inf]  # fmt: skip
            start = f"{left},{y(0):.1f}"
            return f'<polyline points="{" ".join([start, *points])}" fill="none" {attributes}/>'

        dashed = "" if direct is None else curve(
            direct, f'stroke="{GRADIENT}" stroke-width="2" stroke-dasharray="7 4"')
        top = "" if y(0) < y(highest) + 14 else (
            f'<text x="{left - 6}" y="{y(highest) + 4:.1f}" text-anchor="end">'
            f"{amount(_thousandths(highest))}</text>")
        legend = "by all paths" if direct is None else (
            "solid: by all paths; dashed: the gates alone")
        solid = curve(full, f'stroke="{GRADIENT}" stroke-width="2.5"')
        return (
            f'<svg viewBox="0 0 640 330" role="img" aria-label="{escape(self.sentence())}" '
            f'style="display: block; width: 100%; max-width: 44em; font-size: 12px" fill="{INK}">\n'
            f'<rect x="{left}" y="20" width="{right - left}" height="44" fill="none" '
            f'stroke="{LINE}"/>{lane}{slats}\n'
            f'<line x1="{left}" x2="{right}" y1="{y(0):.1f}" y2="{y(0):.1f}" stroke="{LINE}"/>'
            f'<text x="{left - 6}" y="{y(0) + 4:.1f}" text-anchor="end">1</text>'
            f'<text x="{left - 6}" y="{y(lowest) + 4:.1f}" text-anchor="end">'
            f"{amount(_thousandths(lowest))}</text>{top}\n"
            f"{dashed}\n{solid}\n"
            f'<text x="{left}" y="94">{legend}</text>'
            f'<text x="{left}" y="324">step 0</text>'
            f'<text x="{right}" y="324" text-anchor="end">step {T}</text>\n</svg>'
        )


def _the_book_s():
    def cell(kind, **options):
        return kind.init(D=D, H=H, rng=np.random.default_rng(0), **options)

    return {"LSTM": cell(LSTM, forget_bias=0.0), "GRU": cell(GRU), "tanh RNN": cell(RNN)}


def _own(cells):
    """A reader's cells by name, in float64."""
    named = cells if isinstance(cells, dict) else {"your cell": cells}
    if not named:
        raise ValueError("cells is empty; expected at least one name")
    found = {}
    for name, cell in named.items():
        where = f"cells[{name!r}]" if isinstance(cells, dict) else "cells"
        if not isinstance(cell, Cell):
            raise TypeError(f"{where} is {cell!r}; expected a Cell, such as RNN")
        first = next(iter(found.values()), cell)
        if cell.D != first.D:
            raise ValueError(f"{where} reads D = {cell.D} numbers a step; expected D = {first.D}, "
                             "as all the cells read one sequence")
        if cell.H > MOST_UNITS:
            raise ValueError(f"{where} has H = {cell.H} units; expected at most {MOST_UNITS}")
        for part, array in cell.leaves():
            checks.finite(f"{where}.{part}", array)
        found[str(name)] = cell.map(lambda array: array.astype(np.float64))
    return found


def _own_xs(xs, D):
    xs = checks.array("xs", xs, "T B D", dtype=np.float64, B=1, D=D)
    if len(xs) > LONGEST:
        raise ValueError(f"xs has {len(xs)} steps; expected at most {LONGEST}")
    return xs


def _thousandths(value):
    """A logarithm as it is put into words: what rounding in the last bit cannot change."""
    return value if value == -inf else floor(1000 * value + 0.5) / 1000


def steps(value: float) -> str:
    """A number of steps with three figures: 1.00, 2.21, 14.3, 103."""
    if value >= 99_950:
        return amount(_thousandths(log(value) / log(10)))
    return fixed(value, 2 if value < 9.995 else 1 if value < 99.95 else 0)


def _said(text):
    return re.sub(r"([a-zA-Z])_([a-zA-Z0-9]+)", r"<i>\1</i><sub>\2</sub>", escape(text))

"""Watch a gradient vanish: how much of the loss's gradient reaches each state, cell by cell."""

import re
from functools import cache
from html import escape
from math import inf

import numpy as np
import traitlets

from rnnbook import checks
from rnnbook.cells import GRU, LSTM, RNN, Cell
from rnnbook.colours import in_page
from rnnbook.sweeps import alike, gradient_table, log_bound

from .explorer import Explorer, Whole, assembled, stand_in_root, stand_in_table, validates

# What the page holds is one number for each kind, forget bias, gain and step: 10 x 41 x 200. The
# full table, one for each T as well, would be a hundred times that. One sweep back from the last
# step is enough because of the losses looked at: v_T, the direction in which L_T asks for a change
# of h_T, is the one in which the gradient of the loss at the last step reaches h_T, scaled to
# length 1. So ‖dL_T/dh_t‖ is the quotient of two numbers of that sweep, for every T and every t.
# Logarithms are rounded to 1/1000 and sent as differences from step to step, two bytes each:
# 164 kB, and 219 kB as text in a page.
PER_DECADE = 1000
ZERO = -(2**15)  # in place of a difference: from here back the gradient is exactly zero

LONGEST, D, H, INPUT_SIZE = 200, 8, 32, 0.1
GAINS = tuple(round(0.05 * k, 2) for k in range(2, 43))
BIASES = (-2, 0, 1, 3, 5)
KINDS = {
    **{name: (RNN, {"activation": name}) for name in ("tanh", "sigmoid", "relu", "identity")},
    "LSTM": (LSTM, {}),
    "GRU": (GRU, {}),
}
LOST = float(np.log10(2.0**-24))  # added to 1 in float32, a number below this changes nothing
LEVEL = 0.301  # within a factor of 2: about as much
INK, LINE, GRADIENT = in_page("ink", "line", "gradient")
HEIGHTS = "810px", "1018px"  # of the live explorer in a page's column, wide and on a phone


class GradientExplorer(Explorer):
    """Move the sequence length, the gain and the kind of cell; see what gradient is left.

    Parameters
    ----------
    cells : what to look at in place of the book's cells: a cell, whose W_hh the gain then scales;
        or a list of cells of one kind and size, one for each position of the second slider; or
        a dict of names and such cells or lists
    xs : the sequence they read from a zero state, (T, 1, D) with T up to 200; by default 200
        normal inputs of size 0.1
    gains : what the second slider shows, one number for each cell of a list
    T : the length of the sequence, from 1 to that of `xs`
    gain : a number in the slider's range; the nearest that was computed is taken
    kind : "tanh", "sigmoid", "relu", "identity", "LSTM" or "GRU"; of your own cells, the name
    forget_bias : the LSTM's, one of -2, 0, 1, 3, 5
    pinned : a second setting to compare with, as a dict with some of the keys "T", "gain",
        "kind" and "forget_bias"; those left out are as above

    The loss is L_T = v_T · h_T, where v_T has length 1 and the direction in which the gradient of
    a loss at the last step of `xs` reaches h_T. That loss is the sum of h over sqrt(H). What
    reaches an LSTM's c_T, on the same scale, goes back too. What does not fit is a `TypeError` or a
    `ValueError` that names the argument.

    >>> GradientExplorer(kind="identity", gain=0.5, T=11).sentence()[:68]
    'identity, gain 0.50, T = 11: the first state gets 9.8e−4 of the last'
    """

    _esm = assembled("gradient_explorer.js")
    _css = assembled("gradient_explorer.css")
    _state = ("T", "gain", "kind", "forget_bias", "pinned")

    T = Whole(60, 1, LONGEST)
    gain = traitlets.Any().tag(sync=True)
    kind = traitlets.Any().tag(sync=True)
    forget_bias = traitlets.Any().tag(sync=True)
    pinned = traitlets.Any(None).tag(sync=True)
    table = traitlets.Dict(help="names, gains and bounds of what `curves` holds").tag(sync=True)
    curves = traitlets.Bytes(help="differences of log10 norms, see above").tag(sync=True)

    def __init__(self, cells=None, *, xs=None, gains=None, T=None, gain=None, kind=None,
                 forget_bias=None, pinned=None):
        if cells is None and gains is not None:
            raise ValueError("gains goes with a list of your own cells; the book's have theirs")
        if cells is None and xs is None:
            self._cells, self._xs, table, curves = _the_book_s()
        else:
            groups = _book_cells() if cells is None else _own(cells, gains)
            self._cells, self._xs, table, curves = _computed(
                groups, xs, GAINS if _scaled(cells) else gains, own=cells is not None)
        self._sums = _sums(curves, len(table["marks"]), len(self._xs))
        marks = table["values"]
        own_bias = None if not table["biases"] else 1
        kinds = table["kinds"]
        longest = len(self._xs)
        super().__init__(
            table=table,
            curves=curves,
            T=min(60, longest) if T is None else T,
            gain=(0.9 if 0.9 in marks else marks[len(marks) // 2]) if gain is None else gain,
            kind=kinds[0] if kind is None else kind,
            forget_bias=own_bias if forget_bias is None else forget_bias,
            pinned=pinned,
        )

    @validates("T")
    def _within_the_inputs(self, value):
        if value > len(self._xs):
            raise ValueError(f"T is {value}; expected a whole number from 1 to "
                             f"{len(self._xs)}, the length of xs")
        return value

    @validates("gain")
    def _nearest_gain(self, value):
        return _nearest(self.table, value)

    @validates("kind")
    def _known_kind(self, value):
        return checks.one_of("kind", value, self.table["kinds"])

    @validates("forget_bias")
    def _known_bias(self, value):
        return _bias(self.table, value)

    @validates("pinned")
    def _whole_setting(self, pinned):
        if pinned is None:
            return None
        known = {"T", "gain", "kind", "forget_bias"}
        if not isinstance(pinned, dict) or not set(pinned) <= known:
            raise ValueError(f"pinned is {pinned!r}; expected None or a dict with the keys T, "
                             "gain, kind and forget_bias, or some of them")
        pinned = {name: getattr(self, name) for name in self._state[:4]} | pinned
        T = checks.number("T", pinned["T"], f"a whole number from 1 to {len(self._xs)}",
                          lambda T: T in range(1, len(self._xs) + 1))
        return {
            "T": int(T),
            "gain": _nearest(self.table, pinned["gain"]),
            "kind": checks.one_of("kind", pinned["kind"], self.table["kinds"]),
            "forget_bias": _bias(self.table, pinned["forget_bias"]),
        }

    @property
    def cell(self) -> Cell:
        """The cell that is looked at."""
        setting, place = self._where(self.kind, self.forget_bias, self.gain)
        return self._cells[setting][place]

    @property
    def xs(self) -> np.ndarray:
        """What it reads, (T, 1, D)."""
        return self._xs[: self.T].copy()

    def log_norms(self) -> np.ndarray:
        """What is drawn: log10 ‖dL_T/dh_t‖ for t = 1 ... T, each to 1/1000; -inf for zero."""
        return self._curve(**{name: getattr(self, name) for name in self._state[:4]})

    def log_bounds(self) -> np.ndarray | None:
        """The bound on each of them, or None for gated cells."""
        setting, place = self._where(self.kind, self.forget_bias, self.gain)
        rate = self.table["settings"][setting]["rates"][place]
        if rate is None:
            return None
        steps = np.arange(self.T - 1, -1, -1)
        return np.where(steps == 0, 0.0, steps * np.float64(rate) if rate > ZERO else -inf)

    def sentence(self) -> str:
        """What the figure says, in words."""
        text = f"{self._name(self.kind, self.forget_bias, self.gain)}, T = {self.T}: "
        if self.T == 1:
            text += "the first state is the last one; make T larger."
        else:
            norms, bounds = self.log_norms(), self.log_bounds()
            text += _share(norms)
            if bounds is None:
                text += " The bound does not hold for gates."
            else:
                times = " times it" if bounds[0] > LEVEL else ""
                text += f" The bound allows {amount(bounds[0])}{times}."
        if self.pinned:
            pinned = self.pinned
            name = self._name(pinned["kind"], pinned["forget_bias"], pinned["gain"])
            text += (f" Pinned: {name}, T = {pinned['T']}, where it gets "
                     f"{amount(self._curve(**pinned)[0])}.")
        return text

    def _where(self, kind, forget_bias, gain):
        """Which row of the table: the places of the kind and bias, and of the gain."""
        for place, setting in enumerate(self.table["settings"]):
            if setting["kind"] == kind and setting["bias"] in (None, forget_bias):
                return place, self.table["values"].index(gain)
        raise AssertionError("validated traits are in the table")

    def _curve(self, T, gain, kind, forget_bias):
        sums, zeros = self._sums
        row = self._where(kind, forget_bias, gain)
        sums, zeros = sums[row][:T], zeros[row][:T]
        return np.where(zeros == zeros[-1], (sums - sums[-1]) / PER_DECADE, -inf)

    def _name(self, kind, forget_bias, gain):
        setting, place = self._where(kind, forget_bias, gain)
        bias = self.table["settings"][setting]["bias"]
        forget = "" if bias is None else f", forget bias {_minus(bias)}"
        return f"{kind}{forget}, {self.table['slider']} {self.table['marks'][place]}"

    def stand_in(self) -> str:
        norms, bounds = self.log_norms(), self.log_bounds()
        lengths = sorted({min(n, len(self._xs)) for n in (10, 20, 50, 100, 200)})
        rows = []
        for setting in self.table["settings"]:
            curves = (self._curve(T, self.gain, setting["kind"], setting["bias"]) for T in lengths)
            bias = "" if setting["bias"] is None else f", forget bias {_minus(setting['bias'])}"
            rows.append([escape(setting["kind"]) + bias, *(amount(curve[0]) for curve in curves)])
        _, place = self._where(self.kind, self.forget_bias, self.gain)
        mark = f"{self.table['slider']} {self.table['marks'][place]}"
        body = "\n".join([
            "<p><strong>How far back does a gradient reach?</strong></p>",
            _drawn(norms, bounds, self.sentence()),
            f"<p>{_said(self.sentence())}</p>",
            stand_in_table(
                f"What the first state gets of the last one's gradient, {mark}, by T",
                ["", *map(str, lengths)],
                rows,
            ),
            f"<p>{_said(self.table['note'])}</p>",
            f"<p>{_said(self.table['about'])}</p>",
        ])  # fmt: skip
        return stand_in_root("gradient-explorer", "How far back a gradient reaches", *HEIGHTS, body)


# ---- the table ----


@cache
def _the_book_s():
    """The table of the book's own cells, once for each process."""
    return _computed(_book_cells(), None, GAINS, own=False)


def _book_cells():
    def each_gain(cls, **options):
        return [
            cls.init(D=D, H=H, rng=np.random.default_rng(0), gain=gain, **options)
            for gain in GAINS
        ]

    groups = {}
    for kind, (cls, options) in KINDS.items():
        for bias in BIASES if kind == "LSTM" else [None]:
            forget = {} if bias is None else {"forget_bias": bias}
            groups[kind, bias] = each_gain(cls, **options, **forget)
    return groups


def _scaled(cells):
    """Whether the second slider is the gain of W_hh, and not a number in a reader's list."""
    one = next(iter(cells.values()), None) if isinstance(cells, dict) else cells
    return one is None or isinstance(one, Cell)


def _own(cells, gains):
    """A reader's cells as a dict by (name, None), each a list of one length."""
    named = cells if isinstance(cells, dict) else {"your cell" + "s" * (not _scaled(cells)): cells}
    if not named:
        raise ValueError("cells is empty; expected at least one name")
    groups = {}
    for name, given in named.items():
        where = f"cells[{name!r}]" if isinstance(cells, dict) else "cells"
        if isinstance(given, Cell):
            given = [given.replace(W_hh=(gain * given.W_hh).astype(given.dtype)) for gain in GAINS]
        elif not isinstance(given, list | tuple):
            raise TypeError(f"{where} is {given!r}; expected a cell or a list of cells")
        groups[str(name), None] = alike(given, where)
    count = len(next(iter(groups.values())))
    for (name, _), group in groups.items():
        if len(group) != count or isinstance(named.get(name), Cell) != _scaled(cells):
            raise ValueError(f"cells[{name!r}] has {len(group)} positions of the slider; "
                             f"expected {count}, as the first name has")
    if gains is not None:
        if _scaled(cells):
            raise ValueError("gains goes with a list of cells; a single cell is scaled by the "
                             "explorer's own gains")
        gains = checks.array("gains", gains, "N", N=count)
        if (np.diff(gains) <= 0).any():
            raise ValueError(f"gains is {gains.tolist()}; expected numbers in rising order")
    return groups


def _computed(groups, xs, gains, own):
    """cells by setting, the inputs, the page's table and its curves."""
    first = next(iter(groups.values()))[0]
    if xs is None:
        xs = INPUT_SIZE * np.random.default_rng(1).normal(size=(LONGEST, 1, first.D))
    xs = checks.array("xs", xs, "T B D", B=1, D=first.D)
    if len(xs) > LONGEST:
        raise ValueError(f"xs has {len(xs)} steps; expected at most {LONGEST}")
    for (name, _), cells in groups.items():
        if cells[0].D != first.D:
            raise ValueError(f"cells[{name!r}] reads D = {cells[0].D} numbers a step; expected "
                             f"D = {first.D}, as all the cells read one sequence")
    count = len(next(iter(groups.values())))
    if gains is None:
        values, slider = [float(k) for k in range(1, count + 1)], "cell"
        marks = [f"{k} of {count}" for k in range(1, count + 1)]
    else:
        values, slider = [float(gain) for gain in gains], "gain"
        marks = [_minus(f"{gain:.2f}" if tuple(gains) == GAINS else f"{gain:g}") for gain in gains]
    table = {
        "kinds": list(dict.fromkeys(kind for kind, _ in groups)),
        "biases": [bias for _, bias in groups if bias is not None],
        "settings": [
            {"kind": kind, "bias": bias, "rates": [_rate(cell) for cell in cells],
             "gamma": _gamma(cells[0])}
            for (kind, bias), cells in groups.items()
        ],
        "slider": slider,
        "values": values,
        "marks": marks,
        "T": len(xs),
        "note": _note(first, own),
        "about": _about(len(xs), own,
                        any(isinstance(cells[0], LSTM) for cells in groups.values())),
    }  # fmt: skip
    curves = np.stack([_differences(cells, xs) for cells in groups.values()])
    return list(groups.values()), xs, table, curves.astype("<i2").tobytes()


def _differences(cells, xs):
    """What is sent: steps of the rounded log10 norms, going back; (len(cells), T)."""
    T = len(xs)
    logs = gradient_table(cells, xs, losses=[T])[:, 0]
    steps = np.zeros((len(cells), T), dtype=int)
    for cell, log, step in zip(cells, logs, steps):
        zero = ~np.isfinite(log)
        # Where nothing comes back, shorter sequences need a loss of their own.
        table = gradient_table([cell], xs)[0] if zero.any() else None
        while zero.any():
            last = np.flatnonzero(zero)[-1]
            step[last] = ZERO
            log[: last + 1] = table[last, : last + 1]
            zero[: last + 1] = ~np.isfinite(log[: last + 1])
        rounded = np.rint(PER_DECADE * log).astype(int)
        differences = np.where(step[:-1] == ZERO, 0, rounded[:-1] - rounded[1:])
        if np.abs(differences).max(initial=0) >= -ZERO:
            raise ValueError(f"{cell!r} changes a gradient by more than 32 decades in one step; "
                             "expected less")
        step[:-1] += differences
    return steps


def _sums(curves, count, T):
    """What the page makes of `curves`: thousandths of decades, and how often it came to zero."""
    steps = np.frombuffer(curves, "<i2").reshape(-1, count, T)[..., ::-1].astype(int)
    zeros = (steps == ZERO).cumsum(axis=-1)
    sums = np.where(steps == ZERO, 0, steps).cumsum(axis=-1)
    return sums[..., ::-1], zeros[..., ::-1]


def _rate(cell):
    """The bound's slope in decades a step back, or None; JSON has no infinity."""
    return max(float(log_bound(cell)), float(ZERO)) if isinstance(cell, RNN) else None


def _gamma(cell):
    if not isinstance(cell, RNN):
        return None
    return "1/4" if cell.activation == "sigmoid" else "1"


def _note(cell, own):
    """What must be known to read the picture, in three sentences."""
    read = "All cells read" if own else f"All networks have {cell.H} units and read"
    return (
        "A full cell gets as much gradient as the last one, a half full one a ten-thousandth of "
        "that, and an empty one less than a hundred-millionth. What stands above a cell has grown. "
        f"{read} the same {'inputs' if own else 'faint random inputs'}."
    )


def _about(T, own, any_lstm):
    """How the numbers are made, for those who want to make them again."""
    cells = "" if own else (
        "W_hh is the gain times an orthogonal matrix, in each gate's block; the inputs are normal, "
        f"of size {INPUT_SIZE}. "
    )
    lstm = " (and c_T, of an LSTM)" if any_lstm else ""
    return (
        f"{cells}The first state before the inputs, h_0, is zero. The loss L_T asks h_T for a "
        f"change of length 1, in the direction in which the gradient of a loss at step {T} "
        f"reaches it{lstm}. What stands above a cell ends at a growth of 1e8."
    )


# ---- words ----


def _nearest(table, gain):
    low, high = table["values"][0], table["values"][-1]
    name = table["slider"]
    gain = checks.number("gain", gain, f"a number from {low:g} to {high:g}"
                         + ("" if name == "gain" else ", which of the cells"),
                         lambda gain: low <= gain <= high)  # fmt: skip
    return min(table["values"], key=lambda value: abs(value - gain))


def _bias(table, bias):
    biases = table["biases"]
    if not biases:
        if bias is not None:
            raise ValueError(f"forget_bias is {bias!r}; expected None, since the cells are yours")
        return None
    value = checks.number("forget_bias", bias, f"one of {', '.join(map(str, biases))}",
                          lambda bias: bias in biases)  # fmt: skip
    return int(value)


def _minus(number):
    return str(number).replace("-", "−")


def amount(log):
    """10**log with two figures, plain or as 2.0e−5, from thousandths of a decade."""
    if log == -inf:
        return "nothing"
    if -2 <= log < 3:
        value = 10**log
        return f"{value:.0f}" if log >= 2 else f"{value:.1f}" if log >= 0.3 else f"{value:.2g}"
    exponent = int(np.floor(log + 1e-9))
    figures = f"{10 ** (log - exponent):.1f}"
    if figures == "10.0":
        figures, exponent = "1.0", exponent + 1
    return f"{figures}e{_minus(exponent)}"


def parts(log):
    """ "one part in 5,000", for 10**log below 1."""
    if log <= -6:
        return f"one part in {_two_figures(10 ** (-log - 6)):g} million"
    return f"one part in {_two_figures(10**-log):,g}"


def _two_figures(value):
    return float(f"{value:.2g}")


def _share(norms):
    """What the first state gets, in words."""
    first = norms[0]
    if first == -inf:
        last = np.flatnonzero(norms == -inf)[-1] + 1
        return f"the first state gets nothing: the gradient is exactly zero from t = {last} back."
    gets = f"the first state gets {amount(first)} {_of(first)} the last one's gradient"
    if first < LOST:
        return f"{gets}. Added to that in float32, it changes nothing."
    if first < -LEVEL:
        return f"{gets}, {parts(first)}."
    if first <= LEVEL:
        return f"{gets}, about as much."
    return f"{gets}: it grows."


def _of(log):
    return "of" if log <= LEVEL else "times"


def _said(text):
    """The sentence as HTML: L_T with an index."""
    return re.sub(r"([a-zA-Z])_([a-zA-Z0-9]+)", r"<i>\1</i><sub>\2</sub>", escape(text))


# ---- the picture without a script ----


def _drawn(norms, bounds, sentence):
    """The strip of cells and the curve below it, as SVG."""
    T, left, right = len(norms), 46, 610
    logs = np.maximum(norms, -1e4)
    lines = [logs] if bounds is None else [logs, np.maximum(bounds, -1e4)]
    lowest, highest = min(line.min() for line in lines), max(line.max() for line in lines)
    low, high = -limit(-lowest), limit(highest) if highest > 0.02 else 0
    width = (right - left) / T
    y = lambda log: 104 + 196 * (high - log) / (high - low)  # noqa: E731
    cells = []
    for t, log in enumerate(norms):
        x, w = left + t * width, max(width - (2 if width > 6 else 0), 0.5)
        fill = 40 * min(max(1 + log / 8, 0), 2)
        strength = 0.25 + 0.75 * min(fill / 40, 1)
        cells.append(f'<rect x="{x:.1f}" y="{80 - fill:.1f}" width="{w:.2f}" height="{fill:.1f}" '
                     f'fill="{GRADIENT}" fill-opacity="{strength:.2f}"/>')

    def curve(line, attributes):
        points = " ".join(f"{left + (t + 0.5) * width:.1f},{y(log):.1f}"
                          for t, log in enumerate(line))  # fmt: skip
        return f'<polyline points="{points}" fill="none" {attributes}/>'

    marks = "".join(
        f'<line x1="{left}" x2="{right}" y1="{y(log):.1f}" y2="{y(log):.1f}" stroke="{LINE}"/>'
        f'<text x="{left - 6}" y="{y(log) + 4:.1f}" text-anchor="end">{power(log)}</text>'
        for log in ticks(low, high)
    )
    bound = "" if bounds is None else curve(
        lines[1], f'stroke="{INK}" stroke-width="1.5" stroke-dasharray="4 4"')
    return (
        f'<svg viewBox="0 0 640 330" role="img" aria-label="{escape(sentence)}" style="display: '
        f'block; width: 100%; max-width: 44em; font-size: 12px" fill="{INK}">\n'
        f'<rect x="{left}" y="40" width="{right - left}" height="40" fill="none" '
        f'stroke="{LINE}"/>{"".join(cells)}\n{marks}\n{bound}\n'
        + curve(logs, f'stroke="{GRADIENT}" stroke-width="2.5"')
        + f'\n<text x="{left}" y="324">t = 1</text>'
        f'<text x="{right}" y="324" text-anchor="end">t = {T}</text>\n</svg>'
    )


def limit(decades):
    """The first of 1, 2, 3, 4, 6, 8, 10, 15, 20, ... that is not below; the scale stands still
    between two of them."""
    if decades <= 1:
        return 1
    power = 10 ** int(np.floor(np.log10(decades)))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 6, 8, 10) if step * power >= decades)


def ticks(low, high):
    """Whole decades, at most seven of them, with 0 among them."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
                if (high - low) / step <= 6)  # fmt: skip
    return [k * step for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def power(log):
    if log == 0:
        return "1"
    return f'10<tspan dy="-4" font-size="9">{_minus(log)}</tspan>'

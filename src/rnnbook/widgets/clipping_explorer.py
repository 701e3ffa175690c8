"""Gradient descent at a wall: what clipping by norm and by value change."""

from html import escape
from math import atan2, degrees, hypot
from numbers import Real
from typing import NamedTuple

import numpy as np

from rnnbook import landscape
from rnnbook.colours import in_page

from .explorer import (
    LIMIT,
    Between,
    Choice,
    Explorer,
    Truth,
    Whole,
    assembled,
    fixed,
    stand_in_root,
    stand_in_table,
)

LAST = 60
MAP = (3, 7), (-3, -1)  # w and b
GRADIENT, DATA, INK, LINE, RAISED = in_page("gradient", "data", "ink", "line", "raised")
HEIGHTS = "1104px", "1375px"  # of the live explorer in a page's column, wide and on a phone


class Moment(NamedTuple):
    """One place on a descent and the step that is taken from it."""

    w: float
    b: float
    E: float
    dw: float
    db: float
    step_w: float
    step_b: float
    cut: int  # how many of the gradient's two numbers clipping changed

    @property
    def norm(self) -> float:
        return hypot(self.dw, self.db)

    @property
    def length(self) -> float:
        return hypot(self.step_w, self.step_b)

    @property
    def angle(self) -> float | None:
        """Between the step and minus the gradient, in degrees; None if one has no length."""
        dot = -self.step_w * self.dw - self.step_b * self.db
        cross = self.step_b * self.dw - self.step_w * self.db
        return None if dot == cross == 0 else degrees(atan2(abs(cross), dot))

    @property
    def to(self) -> tuple[float, float]:
        return self.w + self.step_w, self.b + self.step_b


class ClippingExplorer(Explorer):
    """Let gradient descent meet the wall of an error surface, with and without clipping.

    Parameters
    ----------
    threshold : what the gradient is clipped to, 0.01 to 100
    rule : "norm" scales a gradient that is longer than the threshold, "value" cuts each of its
        numbers, "none" leaves it
    rate : the learning rate, 0.001 to 1
    start : (w, b), where the descents start, each from -20 to 20; the map shows w from 3 to 7 and
        b from -3 to -1
    step : how far along the descents, 0 to 60
    close_up : show only the part of the surface that the clipped descent visits

    The surface is that of `rnnbook.landscape`. What does not fit is a `TypeError` or a
    `ValueError` that names the argument.

    >>> ClippingExplorer(step=24).sentence()[:67]
    "Step 24: the gradient's norm is 40.2, clipped to 1. The step is 0.1"
    """

    _esm = assembled("clipping_explorer.js")
    _css = assembled("clipping_explorer.css")
    _state = ("threshold", "rule", "rate", "w0", "b0", "step", "close_up")

    threshold = Between(1.0, 0.01, 100)
    rule = Choice("norm", "value", "none")
    rate = Between(0.1, 0.001, 1)
    w0 = Between(4.25, -LIMIT, LIMIT)
    b0 = Between(-2.75, -LIMIT, LIMIT)
    step = Whole(LAST, 0, LAST)
    close_up = Truth(False)

    def __init__(self, threshold=1.0, rule="norm", rate=0.1, start=(4.25, -2.75), *, step=LAST,
                 close_up=False):
        try:
            w0, b0 = start
        except (TypeError, ValueError):
            raise TypeError(f"start is {start!r}; expected two numbers, (w, b)") from None
        for name, value in (("w", w0), ("b", b0)):
            is_number = isinstance(value, Real) and not isinstance(value, bool)
            if not (is_number and abs(value) <= LIMIT):
                raise ValueError(f"start has {name} = {value!r}; "
                                 f"expected a number from -{LIMIT} to {LIMIT}")
        super().__init__(threshold=threshold, rule=rule, rate=rate, w0=w0, b0=b0, step=step,
                         close_up=close_up)

    def moments(self, rule=None) -> list[Moment]:
        """The descent by the chosen rule, or by another: steps 0 to 60."""
        rule = self.rule if rule is None else rule
        clip = None if rule == "none" else (rule, self.threshold)
        seen = landscape.descend(self.w0, self.b0, self.rate, LAST, clip)
        dw, db = landscape.clipped(seen.dw, seen.db, *(clip or (None, None)))
        cut = (dw != seen.dw).astype(int) + (db != seen.db)
        columns = *seen, -self.rate * dw, -self.rate * db
        return [
            Moment(*(float(column[k]) for column in columns), cut=int(cut[k]))
            for k in range(LAST + 1)
        ]

    def sentence(self) -> str:
        """What the figure says, in words."""
        path, free = self.moments(), self.moments("none")
        at = path[self.step]
        text = f"Step {self.step}: the gradient's norm is {amount(at.norm)}"
        long = amount(at.length)
        if at.cut == 0:
            text += f"; nothing is clipped. The step is {long} long."
        elif self.rule == "norm":
            text += (f", clipped to {amount(self.threshold)}. The step is {long} long and keeps "
                     "the gradient's direction.")
        else:
            which = "both its numbers are" if at.cut == 2 else "one of its two numbers is"
            text += (f"; {which} cut to ±{amount(self.threshold)}. The step is {long} long and "
                     f"{fixed(at.angle, 1)}° off the gradient's direction.")
        loose = thrown(free, self.step)
        if loose is not None:
            who = " Step" if self.rule == "none" else " Without clipping, step"
            text += f"{who} {loose} throws the descent to {place(free[loose].to)}."
        leap = None if self.rule == "none" else thrown(path, self.step)
        if leap is not None:
            text += f" Even clipped, step {leap} throws it to {place(path[leap].to)}."
        return text

    def stand_in(self) -> str:
        path, free = self.moments(), self.moments("none")
        steps = sorted({*range(0, LAST + 1, 10), self.step})
        rows = []
        for k in steps:
            row = [str(k), *(text for at in (free[k], path[k]) for text in (
                amount(at.w), amount(at.b), amount(at.E), amount(at.norm)))]  # fmt: skip
            rows.append(row[:5] if self.rule == "none" else row)
        head = ["step", "<i>w</i>", "<i>b</i>", "<i>E</i>", "norm"]
        caption = "The descent without clipping"
        if self.rule != "none":
            head += ["<i>w</i>, clipped", "<i>b</i>", "<i>E</i>", "norm"]
            caption += f", and clipped by {self.rule} at {amount(self.threshold)}"
        body = "\n".join([
            "<p><strong>What does clipping change?</strong></p>",
            _drawn(free, path if self.rule != "none" else None, self.step, self.sentence()),
            f"<p>{escape(self.sentence())}</p>",
            stand_in_table(f"{caption}; learning rate {amount(self.rate)}", head, rows),
        ])  # fmt: skip
        label = "Gradient descent at a wall, with and without clipping"
        return stand_in_root("clipping-explorer", label, *HEIGHTS, body)


# ---- words; clipping_explorer.js has the same ----


def amount(value: float) -> str:
    """Three figures: 0.0213, 40.2, 1,630; two as 4.3e−6."""
    size, sign = abs(value), "−" if value < 0 else ""
    if size == 0:
        return "0"
    if size < 0.001 or size >= 999500:
        figures, exponent = f"{size:.1e}".split("e")
        return f"{sign}{figures}e{fixed(int(exponent), 0)}"
    rounded = float(f"{size:.3g}")
    return sign + (f"{rounded:g}" if rounded < 1000 else f"{rounded:,.0f}")


def place(point) -> str:
    w, b = point
    return f"w = {amount(w)}, b = {amount(b)}"


def thrown(path: list[Moment], last: int) -> int | None:
    """The first step up to `last` that leaves the map in one leap."""
    return next(
        (k for k, at in enumerate(path[: last + 1]) if at.length > 0.5 and not on_map(at.to)), None
    )


def on_map(point) -> bool:
    return all(low <= x <= high for x, (low, high) in zip(point, MAP))


# ---- the picture without a script ----


def _drawn(free, path, step, sentence):
    """The wall, the valley's floor and the descents, as SVG."""
    left, right, top, bottom = 46, 620, 10, 330
    (w_low, w_high), (b_low, b_high) = MAP
    x = lambda w: left + (right - left) * (w - w_low) / (w_high - w_low)  # noqa: E731
    y = lambda b: bottom - (bottom - top) * (b - b_low) / (b_high - b_low)  # noqa: E731

    def line(points, attributes):
        text = " ".join(f"{x(w):.1f},{y(b):.1f}" for w, b in points)
        return f'<polyline points="{text}" fill="none" {attributes}/>'

    def descent(moments, attributes):
        points = [(at.w, at.b) for at in moments[: step + 1]] + [moments[step].to]
        return line(points, attributes)

    ws = np.array([4.26, 5.63])
    floor = np.array([3.0, 4.48])
    marks = "".join(
        [f'<text x="{x(w):.1f}" y="{bottom + 18}" text-anchor="middle">{w}</text>'
         for w in range(3, 8)]
        + [f'<text x="{left - 6}" y="{y(b) + 4:.1f}" text-anchor="end">{fixed(b, 1)}</text>'
           for b in (-3, -2.5, -2, -1.5, -1)]
    )  # fmt: skip
    parts = [
        f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" '
        f'fill="{RAISED}" stroke="{LINE}"/>',
        marks,
        f'<text x="{right}" y="{bottom + 32}" text-anchor="end" font-style="italic">w</text>'
        f'<text x="4" y="{top + 26}" font-style="italic">b</text>',
        line(zip(ws, landscape.wall(ws)), f'stroke="{INK}" stroke-width="3"'),
        line(zip(floor, np.log(7 / 3) - 0.7 * floor),
             f'stroke="{INK}" stroke-width="1" stroke-dasharray="2 4"'),
        f'<text x="{x(5.3):.1f}" y="{y(-2.62):.1f}">the wall</text>'
        f'<text x="{x(3.7):.1f}" y="{y(-1.6):.1f}">the valley’s floor</text>'
        f'<text x="{x(3.2):.1f}" y="{y(-2.8):.1f}">plateau</text>',
        '<svg x="46" y="10" width="574" height="320" viewBox="46 10 574 320" overflow="hidden">',
        descent(free, f'stroke="{DATA}" stroke-width="2" stroke-dasharray="5 4"'),
        "" if path is None else descent(path, f'stroke="{GRADIENT}" stroke-width="2.5"'),
        "</svg>",
        f'<text x="{left}" y="{bottom + 32}">dashed: without clipping'
        + ("" if path is None else "; solid: clipped") + "</text>",
    ]  # fmt: skip
    return (
        f'<svg viewBox="0 0 640 372" role="img" aria-label="{escape(sentence)}" style="display: '
        f'block; width: 100%; max-width: 44em; font-size: 12px" fill="{INK}">\n'
        + "\n".join(parts)
        + "\n</svg>"
    )

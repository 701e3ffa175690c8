"""An error surface with a wall: one unit, two weights (Pascanu, Mikolov and Bengio 2013).

    h_t = sigmoid(w h_{t-1} + b),   t = 1 ... T,     E(w, b) = (h_T - target)^2

arXiv 1211.5063 writes it as x_t = w sigmoid(x_{t-1}) + b with x_0 = 0.5 and T = 50 (eq. 8,
fig. 6); here h_t = sigmoid(x_t), so h_0 = sigmoid(0.5). In the book's letters it is an `RNN`
with D = H = 1, W_hh = w, b_h = b and no input. Every point of the surface is a network of its
own, which `unroll` takes one at a time; here all of them go through time together.

The wall stands where h_0 is a fixed point, on the line b = `wall(w)`, and as far as that fixed
point is unstable: w h_0 (1 - h_0) > 1, which is w > 4.26. Beside it the state runs up on one side
and down on the other. On it h stays at h_0, so that every step multiplies the gradient by the
same w h_0 (1 - h_0), and dE/dw : dE/db is h_0 : 1, straight across the wall.
"""

from typing import NamedTuple

import numpy as np

from rnnbook import checks
from rnnbook.cells import sigmoid

H0 = float(sigmoid(0.5))


def one_unit_error(w, b, *, T=50, h0=H0, target=0.7):
    """The error E and its gradient at each point: the tuple (E, dE/dw, dE/db).

    w, b: numbers or arrays of shapes that broadcast. The derivatives of h_t in w and b are
    carried forward in time with h_t: two weights need no way back.
    """
    w, b = _points(w, b)
    checks.whole("T", T)
    h = np.full(w.shape, checks.number("h0", h0))
    target = checks.number("target", target)
    h_by_w, h_by_b = np.zeros_like(h), np.zeros_like(h)
    for _ in range(T):
        before, h = h, sigmoid(w * h + b)
        slope = h * (1 - h)
        h_by_w = slope * (before + w * h_by_w)
        h_by_b = slope * (1 + w * h_by_b)
    miss = h - target
    return miss * miss, 2 * miss * h_by_w, 2 * miss * h_by_b


def wall(w, *, h0=H0):
    """The b for which h0 is a fixed point, h0 = sigmoid(w h0 + b): the line of the wall."""
    h0 = checks.number("h0", h0, "a number between 0 and 1", lambda h0: 0 < h0 < 1)
    return np.log(h0 / (1 - h0)) - h0 * checks.numeric("w", w)


class Descent(NamedTuple):
    """What `descend` saw, before each step and once after the last: steps + 1 of each.

    Each is an array of shape (steps + 1, ...), with the shape of the starts behind.
    """

    w: np.ndarray
    b: np.ndarray
    E: np.ndarray
    dw: np.ndarray  # dE/dw, before any clipping
    db: np.ndarray

    @property
    def norm(self):
        """The gradient's norm, before any clipping."""
        return np.hypot(self.dw, self.db)


def descend(w, b, rate, steps, clip=None):
    """Gradient descent on the surface from w, b, numbers or arrays of starts: a Descent.

    clip: None; or ("norm", threshold) or ("value", threshold), with the meaning of `rnnbook.clip`
    for the gradient (dE/dw, dE/db) of each start.
    """
    w, b = _points(w, b)
    rate = checks.positive("rate", rate)
    checks.whole("steps", steps, least=0)
    rule, threshold = _rule(clip)
    seen = []
    for _ in range(steps + 1):
        E, dw, db = one_unit_error(w, b)
        seen.append((w, b, E, dw, db))
        step_w, step_b = clipped(dw, db, rule, threshold)
        w, b = w - rate * step_w, b - rate * step_b
    return Descent(*(np.stack(column) for column in zip(*seen, strict=True)))


def clipped(dw, db, rule, threshold):
    """The gradient after clipping. rule: "norm", "value" or None."""
    if rule == "value":
        return np.clip(dw, -threshold, threshold), np.clip(db, -threshold, threshold)
    if rule == "norm":
        length = np.hypot(dw, db)
        scale = np.where(length > threshold, threshold / np.maximum(length, threshold), 1.0)
        return dw * scale, db * scale
    return dw, db


def _points(w, b):
    w, b = (checks.numeric(name, value).astype(float) for name, value in (("w", w), ("b", b)))
    checks.finite("w", w)
    checks.finite("b", b)
    try:
        return np.broadcast_arrays(w, b)
    except ValueError:
        raise ValueError(f"w has shape {w.shape} and b {b.shape}; "
                         "expected shapes that broadcast") from None


def _rule(clip):
    if clip is None:
        return None, None
    if not isinstance(clip, tuple) or len(clip) != 2:
        raise TypeError(f'clip is {clip!r}; expected None, ("norm", threshold) or '
                        '("value", threshold)')
    rule, threshold = clip
    checks.one_of("clip[0]", rule, ("norm", "value"))
    return rule, checks.positive("clip[1]", threshold)

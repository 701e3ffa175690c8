"""Two questions to put to a gradient: is it right, and how large is it at each step?"""

from dataclasses import dataclass

import numpy as np

from rnnbook import checks
from rnnbook.cells import Cell
from rnnbook.model import Model, loss_and_grads
from rnnbook.through_time import Gradients, bptt, unroll


@dataclass(frozen=True)
class GradientCheck:
    """Relative errors of a gradient, by the name of what it is the derivative in.

    An error is max |dL - numerical| / max |numerical| over one array; where that array's
    derivatives are less than a thousandth of the largest of all, a thousandth of the largest
    stands below instead, because finite differences can't see what has vanished. `ok` says
    whether all errors are within `tolerance`; `worst` is the name of the largest.
    """

    errors: dict
    tolerance: float

    @property
    def worst(self):
        return max(self.errors, key=self.errors.get)

    @property
    def ok(self):
        return self.errors[self.worst] <= self.tolerance

    def __repr__(self):
        verdict = "ok" if self.ok else f"wrong: {self.worst}"
        errors = ", ".join(f"{name} {error:.0e}" for name, error in self.errors.items())
        return f"GradientCheck({verdict}; {errors}; tolerance {self.tolerance:.0e})"


def check_gradients(
    cell, xs, dhs, loss=None, *, state=None, dstate=None, back=None, tolerance=1e-7
):
    """Compare a backward pass with central differences.

    Two forms. `check_gradients(cell, xs, dhs)` checks `bptt` in every parameter, input and first
    state, for the loss sum(dhs * hs), to which `dstate` adds sum(dstate * final state).
    `check_gradients(model, xs, targets, loss)` checks `loss_and_grads` in every parameter. Each
    number is moved up and down by 6e-6 of its size (at least 6e-6) while all others stay, in
    float64 whatever came in.

    back: another backward pass to check instead, with the arguments and the result of `bptt` (or
    of `loss_and_grads`). Returns a GradientCheck; look at its `ok`.
    Check at weights of size 0.5 or so, with at least three units: at very small weights, or with
    a symmetric W_hh (which two orthogonal units may have), a missing transpose hardly shows.
    """
    if not isinstance(cell, Model if loss else Cell):
        raise TypeError("expected (cell, xs, dhs) or (model, xs, targets, loss); "
                        f"got {type(cell).__name__} {'with' if loss else 'without'} a loss")
    if loss and dstate is not None:
        raise TypeError("dstate goes with (cell, xs, dhs); the loss of a model has none")
    xs = np.array(xs, dtype=np.float64)
    what = cell.map(lambda array: array.astype(np.float64))
    inner = what.cell if loss else what
    B = xs.shape[1] if xs.ndim == 3 else 1
    state = inner.initial_state(B) if state is None else state
    unroll(inner, xs, state)  # says what is wrong with xs or state, if anything is
    state = tuple(np.array(s, dtype=np.float64) for s in state)

    if loss:

        def value(what, xs, state):
            ys, _ = what.run(xs, state)
            return loss(ys, dhs)[0]

        grads = (back or loss_and_grads)(what, xs, dhs, loss, state).grads
        analytic = dict(grads.leaves())
    else:
        dhs = np.asarray(dhs, dtype=np.float64)

        def value(what, xs, state):
            trace = unroll(what, xs, state)
            ends = zip(dstate or (), trace.state, strict=False)
            return np.sum(dhs * trace.hs) + sum(np.sum(d * s) for d, s in ends)

        grads = (back or bptt)(what, unroll(what, xs, state), dhs, dstate)
        analytic = dict(grads.cell.leaves()) | {"xs": grads.xs}
        analytic |= {f"state[{k}]": d for k, d in enumerate(grads.state)}

    places = dict(what.leaves()) | {"xs": xs}
    places |= {f"state[{k}]": s for k, s in enumerate(state)}
    if loss:
        places = dict(what.leaves())
    numerical = {
        name: _central(lambda: value(what, xs, state), place) for name, place in places.items()
    }
    floor = 1e-3 * max(np.abs(array).max() for array in numerical.values())
    errors = {
        name: _relative_error(analytic.get(name), array, floor)
        for name, array in numerical.items()
    }
    return GradientCheck(errors, tolerance)


def _central(value, place):
    """d value() / d place, by moving each entry of the array `place` where it stands."""
    result = np.zeros_like(place)
    for i in np.ndindex(place.shape):
        kept = place[i]
        step = 6e-6 * max(1.0, abs(kept))
        place[i] = kept + step
        above = value()
        place[i] = kept - step
        below = value()
        place[i] = kept
        result[i] = (above - below) / (2 * step)
    return result


def _relative_error(derivative, numerical, floor):
    if np.shape(derivative) != numerical.shape:
        return float("inf")
    scale = max(np.abs(numerical).max(), floor, 1e-12)
    error = np.abs(derivative - numerical).max() / scale
    return float(error) if np.isfinite(error) else float("inf")


def gradient_norms(grads):
    """The norm of the loss's total derivative in h_t, for each t: shape (T,).

    grads: what `bptt` returned. The norm is Euclidean over sequences and units together. Entries
    are scaled before they are squared, so a norm as small as 1e-300 does not come out as 0 (in
    float64; float32 itself ends at 1e-45).
    """
    checks.kind("grads", grads, Gradients)
    dhs = grads.hs.reshape(len(grads.hs), -1)
    largest = np.abs(dhs).max(axis=1, keepdims=True)
    safe = np.where((largest == 0) | np.isinf(largest), 1.0, largest)
    return largest[:, 0] * np.linalg.norm(dhs / safe, axis=1)

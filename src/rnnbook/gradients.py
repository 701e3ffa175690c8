"""Two questions to put to a gradient: is it right, and how large is it at each step?"""

from dataclasses import dataclass, field

import numpy as np

from rnnbook import checks
from rnnbook.cells import Cell
from rnnbook.model import Model, loss_and_grads
from rnnbook.parameters import Parameters
from rnnbook.through_time import Gradients, bptt, unroll

STEP = 6e-6  # of a number's size: rounding and curvature are then about as small as each other
OTHER_STEPS = 64.0, 8.0, 1 / 8, 1 / 64  # times STEP, where STEP does not show enough
SHOWS = 0.01  # a fault of one per cent is a fault that shows


@dataclass(frozen=True)
class GradientCheck:
    """Relative errors of a gradient, by the name of what it is the derivative in.

    An error is max |dL - numerical| / max |numerical| over one array; where that array's
    derivatives are less than a thousandth of the largest of all, a thousandth of the largest
    stands below instead, because finite differences can't see what has vanished.

    The loss is rounded, and a step may straddle a kink: `limits` says to what error each array was
    looked at, `tolerance` or what its differences can tell. An array is *wrong* if its error is
    above its limit, and *unseen* if in one of its entries a fault of one per cent would not show.
    `ok`: no array is wrong, and none is unseen. `worst` is the furthest above its limit.
    """

    errors: dict
    tolerance: float
    limits: dict = field(default_factory=dict)
    unseen: tuple = ()

    def _excess(self, name):
        return self.errors[name] / self.limits.get(name, self.tolerance)

    @property
    def worst(self):
        return max(self.errors, key=self._excess)

    @property
    def wrong(self):
        """The names of the arrays whose gradient is wrong."""
        return tuple(name for name in self.errors if not self._excess(name) <= 1)

    @property
    def ok(self):
        return not self.wrong and not self.unseen

    def __repr__(self):
        verdict = f"can't tell: {', '.join(self.unseen)}" if self.unseen else "ok"
        if self.wrong:
            verdict = f"wrong: {self.worst}"
        errors = ", ".join(f"{name} {error:.0e}" for name, error in self.errors.items())
        coarse = "".join(f", {name} {limit:.0e}" for name, limit in self.limits.items()
                         if limit > self.tolerance)
        return f"GradientCheck({verdict}; {errors}; tolerance {self.tolerance:.0e}{coarse})"


def check_gradients(
    cell, xs=None, dhs=None, loss=None, *, state=None, dstate=None, back=None,
    forward=None, backward=None, tolerance=1e-7
):
    """Compare a backward pass with central differences.

    Three forms. `check_gradients(cell, xs, dhs)` checks `bptt` in every parameter, input and first
    state, for the loss sum(dhs * hs), to which `dstate` adds sum(dstate * final state).
    `check_gradients(model, xs, targets, loss)` checks `loss_and_grads` in every parameter.
    `check_gradients(parameters, forward=f, backward=g)` checks a backward pass of yours, through
    two layers or in two directions, say: for any Parameters, f(parameters) is the loss, a number,
    and g(parameters) its gradient, an object of the same class.

    Each number is moved up and down by 6e-6 of its size (at least 6e-6) while all others stay, in
    float64 whatever came in. Half that step, and where it is needed larger and smaller ones, tell
    how far the differences can be trusted: see GradientCheck. After training most derivatives are
    small beside the rounding of the loss, and the limits are wider.

    back: another backward pass to check instead, with the arguments and the result of `bptt` (or
    of `loss_and_grads`). Returns a GradientCheck; look at its `ok`.
    Check at weights of size 0.5 or so, with at least three units: at very small weights, or with
    a symmetric W_hh (which two orthogonal units may have), a missing transpose hardly shows in
    the parameters; in the first state it shows at small weights too.
    """
    if forward is not None or backward is not None:
        if any(thing is not None for thing in (xs, dhs, loss, state, dstate, back)):
            raise TypeError("forward and backward go with parameters alone; expected "
                            "check_gradients(parameters, forward=f, backward=g)")
        value, places, analytic = _of_anything(cell, forward, backward)
    elif not isinstance(cell, Model if loss else Cell):
        raise TypeError("expected (cell, xs, dhs) or (model, xs, targets, loss), or (parameters, "
                        f"forward=f, backward=g); got {type(cell).__name__} "
                        f"{'with' if loss else 'without'} a loss")
    elif loss and dstate is not None:
        raise TypeError("dstate goes with (cell, xs, dhs); the loss of a model has none")
    else:
        of_one = _of_a_model if loss else _of_a_cell
        value, places, analytic = of_one(
            cell.map(_float64), _float64(xs), dhs, loss, state, dstate, back)
    return _compared(value, places, analytic, tolerance)


def _float64(array):
    return np.array(array, dtype=np.float64)


def _first_state(cell, xs, state):
    """The state to begin with, a copy; says what is wrong with xs or state, if anything is."""
    state = cell.initial_state(xs.shape[1] if xs.ndim == 3 else 1) if state is None else state
    unroll(cell, xs, state)
    return tuple(map(_float64, state))


def _of_a_cell(cell, xs, dhs, loss, state, dstate, back):
    """(the loss as a function without arguments, what it depends on by name, the derivatives)."""
    state, dhs = _first_state(cell, xs, state), np.asarray(dhs, dtype=np.float64)

    def value():
        trace = unroll(cell, xs, state)
        ends = zip(dstate or (), trace.state, strict=False)
        return np.sum(dhs * trace.hs) + sum(np.sum(d * s) for d, s in ends)

    grads = (back or bptt)(cell, unroll(cell, xs, state), dhs, dstate)
    if not all(hasattr(grads, part) for part in ("cell", "xs", "state")):
        raise TypeError(f"back returned {checks.brief(grads)}; expected Gradients, as from bptt")
    states = {f"state[{k}]": s for k, s in enumerate(state)}
    analytic = _leaves("back", grads.cell) | {"xs": grads.xs}
    analytic |= {f"state[{k}]": d for k, d in enumerate(grads.state)}
    return value, dict(cell.leaves()) | {"xs": xs} | states, analytic


def _of_a_model(model, xs, targets, loss, state, dstate, back):
    state = _first_state(model.cell, xs, state)

    def value():
        ys, _ = model.run(xs, state)
        return loss(ys, targets)[0]

    found = (back or loss_and_grads)(model, xs, targets, loss, state)
    if not hasattr(found, "grads"):
        raise TypeError(f"back returned {checks.brief(found)}; "
                        "expected LossAndGrads, as from loss_and_grads")
    return value, dict(model.leaves()), _leaves("back", found.grads)


def _of_anything(parameters, forward, backward):
    parameters = checks.kind("parameters", parameters, Parameters).map(_float64)
    checks.function("forward", forward, "parameters -> loss")
    checks.function("backward", backward, "parameters -> its gradient")

    def value():
        return checks.scalar("forward", forward(parameters), "the loss")

    return value, dict(parameters.leaves()), _leaves("backward", backward(parameters))


def _leaves(name, grads):
    if not isinstance(grads, Parameters):
        raise TypeError(f"{name} returned {checks.brief(grads)} as gradient; expected Parameters")
    return dict(grads.leaves())


def _compared(value, places, analytic, tolerance):
    """A GradientCheck of the derivatives `analytic`, against what `value` does in `places`."""
    still = value()
    found = {name: _central(value, place, still, STEP) for name, place in places.items()}
    # What is added up in a loss is rounded with it, so the loss alone does not tell how much. Its
    # second differences do: in most entries there is nothing else in them.
    bends = np.concatenate([bend.ravel() for _, _, bend in found.values()])
    rounding = max(float(np.median(bends)), np.finfo(float).eps * abs(still))
    floor = 1e-3 * max(np.abs(numerical).max() for numerical, _, _ in found.values())
    errors, limits, unseen = {}, {}, []
    for name, place in places.items():
        numerical, doubt, _ = found[name]
        scale = max(np.abs(numerical).max(), floor, 1e-12)
        doubt = np.maximum(doubt, rounding / (2 * _steps(place, STEP)))
        for times in OTHER_STEPS:
            if (poor := doubt > tolerance * scale).any():
                again, less, _ = _central(value, place, still, times * STEP, poor)
                less = np.maximum(less, rounding / (2 * _steps(place, times * STEP)))
                better = poor & (less < doubt)
                numerical, doubt = np.where(better, again, numerical), np.where(better, less, doubt)
        limit = np.maximum(tolerance, doubt / scale)
        error = _errors(analytic.get(name), numerical, scale)
        at = np.unravel_index((error / limit).argmax(), error.shape)
        errors[name], limits[name] = float(error[at]), float(limit[at])
        if not (limit <= max(SHOWS, tolerance)).all():
            unseen.append(name)
    return GradientCheck(errors, tolerance, limits, tuple(unseen))


def _steps(place, step):
    return step * np.maximum(1.0, np.abs(place))


def _central(value, place, still, step, where=True):
    """d value() / d place, by moving each entry of the array `place` where it stands.

    Returns three arrays: the central difference, by how much it may be wrong, and how far the two
    second differences, at this step s and at half of it, are from a parabola's. A kink of strength
    J at a distance d < s makes the first wrong by J (s - d) / 2s. With half the step it differs by
    J d / 2s if d < s/2, and the second differences / 2s from a parabola's by J |3 d - s| / 2s, or
    J (s - d) / 2s beyond: three times the one and the other together are never less.
    """
    slope, doubt, bends = np.zeros_like(place), np.full(place.shape, np.inf), np.zeros_like(place)
    where = np.broadcast_to(where, place.shape)
    for i in np.ndindex(place.shape):
        if not where[i]:
            continue
        kept, s = place[i], step * max(1.0, abs(place[i]))
        sides = []
        for distance in (s, s / 2):
            place[i] = kept + distance
            above = value()
            place[i] = kept - distance
            sides.append((above, value()))
            place[i] = kept
        (above, below), (near_above, near_below) = sides
        slope[i] = (above - below) / (2 * s)
        bends[i] = abs((above - still + below - still)
                       - 4 * (near_above - still + near_below - still))
        half = (near_above - near_below) / s
        doubt[i] = bends[i] / s + 6 * abs(slope[i] - half)  # twice as much, to be sure
    return slope, doubt, bends


def _errors(derivative, numerical, scale):
    """The relative error of each entry; infinite for what is no number, or none at all."""
    if np.shape(derivative) != numerical.shape:
        return np.full(numerical.shape, np.inf)
    error = np.abs(derivative - numerical) / scale
    return np.where(np.isfinite(error), error, np.inf)


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

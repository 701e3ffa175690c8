"""Any cell through time: `unroll` forward, `bptt` back. Written once, for every cell.

    xs   (T, B, D)  inputs            hs   (T, B, H)  hidden states
    dhs  (T, B, H)  what the losses ask of each h_t directly: the immediate derivative dL/dh_t
    das  (T, B, G)  the total derivative dL/da_t: direct, and through every later step

For a loss L_1 + ... + L_T the total derivative is the sum over all later losses; `bptt` collects
it in one sweep, last step first, as in Rumelhart, Hinton and Williams 1986 and Werbos 1990.
"""

from dataclasses import dataclass, replace

import numpy as np

from rnnbook import checks
from rnnbook.cells import GRU, LSTM, RNN, Cell, flat

PROVED = RNN, LSTM, GRU  # what any other class answers is looked at


@dataclass(frozen=True, eq=False)
class Trace:
    """What `unroll` saw: everything that the way back needs."""

    cell: Cell  # the one that was unrolled
    xs: np.ndarray  # (T, B, D)
    states: tuple  # (T + 1, B, H) each: h, and c for the LSTM; index 0 is the state handed in
    kept: np.ndarray  # (T, B, G): the gates, or a_t if the cell has none

    @property
    def hs(self):
        """h_1 ... h_T, shape (T, B, H)."""
        return self.states[0][1:]

    @property
    def state(self):
        """The state after the last step, to hand to the next piece of the sequence."""
        return tuple(s[-1] for s in self.states)

    def __repr__(self):
        return f"Trace(xs{list(self.xs.shape)}, hs{list(self.hs.shape)})"


@dataclass(frozen=True, eq=False)
class Gradients:
    """What `bptt` found: dL/d of everything that went into `unroll`."""

    cell: Cell  # the same class as the cell
    trace: Trace  # what was swept
    das: np.ndarray  # (T, B, G), the total derivative of the loss in each a_t
    hs: np.ndarray  # (T, B, H), the total derivative in each h_t
    state: tuple  # of the state handed in, (B, H) each

    @property
    def xs(self):
        """dL/dx_t, shape (T, B, D), worked out when it is asked for: training never asks."""
        return (flat(self.das) @ self.trace.cell.W_xh.T).reshape(self.trace.xs.shape)

    def __repr__(self):
        xs = list(self.trace.xs.shape)
        return f"Gradients(cell={self.cell}, xs{xs}, hs{list(self.hs.shape)})"


def unroll(cell, xs, state=None):
    """Run `cell` over the sequence `xs` and keep what the way back needs.

    xs: (T, B, D). state: a tuple of (B, H) arrays, h first, as in `trace.state`; zeros if None.
    Returns a Trace. Raises ValueError or TypeError if shapes don't fit or a number isn't finite.
    """
    _check_cell(cell)
    xs = checks.array("xs", xs, "T B D", dtype=cell.dtype, D=cell.D)
    _, B, _ = xs.shape
    state = cell.initial_state(B) if state is None else _check_state(cell, "state", state, B)
    return replace(forward_sweep(_watched(cell), xs, state), cell=cell)


def forward_sweep(cell, xs, state):
    """`unroll` without its checks. `derive` runs it on arrays of symbols."""
    T, B, _ = xs.shape
    a_xs = (flat(xs) @ cell.W_xh + cell.b_h).reshape(T, B, -1)  # does not wait for the past
    states = tuple(np.empty((T + 1, B, cell.H), cell.dtype) for _ in state)
    _put(states, 0, state)
    for t in range(T):
        state, a_xs[t] = cell.step(a_xs[t], state)  # a_x is used up
        _put(states, t + 1, state)
    return Trace(cell, xs, states, kept=a_xs)


def bptt(cell, trace, dhs, dstate=None, *, truncate=None):
    """Back-propagation through time: the gradient of the loss in everything `unroll` was given.

    dhs: (T, B, H), the loss's immediate derivative in each h_t. dstate: the derivative in
    `trace.state` that the next piece of a long sequence sends back; zeros if None. truncate: each
    loss goes back through this many steps at the most (Williams and Peng 1990); all, if None.
    With truncate, dstate counts as part of the last step's loss, whatever its age.
    Returns Gradients. Raises ValueError or TypeError if shapes don't fit.
    """
    _check_cell(cell)
    checks.kind("trace", trace, Trace)
    if trace.cell is not cell:
        raise ValueError(f"trace was made by another cell, {trace.cell}; "
                         f"expected the trace of unroll(cell, xs) with this cell, {cell}")
    T, B, H = trace.hs.shape
    dhs = checks.array("dhs", dhs, "T B H", dtype=cell.dtype, T=T, B=B, H=H)
    dstate = cell.initial_state(B) if dstate is None else _check_state(cell, "dstate", dstate, B)
    if truncate is not None:
        checks.whole("truncate", truncate)
    found = gradients_through_time(_watched(cell), trace, dhs, dstate, truncate)
    return with_own_gradients(found)


def gradients_through_time(cell, trace, dhs, dstate, truncate=None):
    """`bptt` without its checks. `derive` runs it on arrays of symbols, and proves it."""
    before = tuple(s[:-1] for s in trace.states)
    after = tuple(s[1:] for s in trace.states)
    slopes = cell.slopes(before, after, trace.kept)
    if truncate is None:
        das, dhs_total, dstate = sweep_back(cell, slopes, dhs, dstate)
    else:
        das, dhs_total, dstate = truncated_sweep_back(cell, slopes, dhs, dstate, truncate)

    dcell = cell._with(
        W_xh=flat(trace.xs).T @ flat(das),
        W_hh=cell.recurrent_gradient(before[0], das, trace.kept),
        b_h=flat(das).sum(axis=0),
    )
    return Gradients(dcell, trace, das, dhs_total, dstate)


def with_own_gradients(grads):
    """What `gradients_through_time` found, with dL/d of the arrays that only this kind of cell has.

    Raises NotImplementedError, TypeError or ValueError if the cell does not give just these.
    """
    cell, states, kept = grads.trace.cell, grads.trace.states, grads.trace.kept
    names = cell.own_arrays()
    if not names:
        return grads
    before, after = tuple(s[:-1] for s in states), tuple(s[1:] for s in states)
    found = cell.own_gradients(before, after, kept, grads.das, grads.hs)
    where = f"{type(cell).__name__}.own_gradients"
    if not isinstance(found, dict) or set(found) != set(names):
        came = sorted(found) if isinstance(found, dict) else checks.brief(found)
        raise TypeError(f"{where} returned {came}; expected a dict with {', '.join(names)}")
    for name in names:
        _same_shape(f"{where}: dL/d{name}", found[name], getattr(cell, name).shape)
    return replace(grads, cell=grads.cell._with(**found))


def sweep_back(cell, slopes, dhs, dstate):
    """One pass from the last step to the first.

    Returns das, the total dhs, and dL/d of the state before the first step.
    """
    T, B, _ = dhs.shape
    das = np.empty((T, B, len(cell.b_h)), dhs.dtype)
    dhs_total = np.empty_like(dhs)
    for t in reversed(range(T)):
        dhs_total[t] = dstate[0] + dhs[t]
        dstate = (dhs_total[t], *dstate[1:])
        das[t], dstate = cell.step_back(dstate, [slope[t] for slope in slopes])
    return das, dhs_total, dstate


def truncated_sweep_back(cell, slopes, dhs, dstate, K):
    """The same for losses that go back through K steps only, all at once.

    Gradients get an axis of ages in front: entry 0 belongs to the loss of this step,
    entry k to that of k steps later. Each step makes all of them one older, and the
    oldest is let go.
    """
    ages = tuple(np.zeros((K, *s.shape), s.dtype) for s in dstate)
    T, B, _ = dhs.shape
    das = np.empty((T, B, len(cell.b_h)), dhs.dtype)
    dhs_total = np.empty_like(dhs)
    for t in reversed(range(T)):
        newest = (dstate[0] + dhs[t], *dstate[1:])
        ages = tuple(np.stack([new, *age[:-1]]) for new, age in zip(newest, ages))
        dhs_total[t] = ages[0].sum(axis=0)
        das_by_age, ages = cell.step_back(ages, [slope[t] for slope in slopes])
        das[t] = das_by_age.sum(axis=0)
        dstate = tuple(np.zeros_like(s) for s in dstate)
    return das, dhs_total, tuple(a.sum(axis=0) for a in ages)


def _put(states, t, state):
    """Write one step's state into its place in time."""
    for all_steps, one_step in zip(states, state, strict=True):
        all_steps[t] = one_step


def _check_cell(cell):
    if not isinstance(cell, Cell):
        raise TypeError(f"cell is {cell!r}; expected a Cell, such as RNN")
    for name, array in cell.leaves():
        checks.finite(f"{type(cell).__name__}.{name}", array)


def _check_state(cell, name, state, B):
    if not isinstance(state, tuple) or len(state) != cell.memories:
        came = f"a tuple of {len(state)}" if isinstance(state, tuple) else type(state).__name__
        parts = {1: "(h,)", 2: "(h, c)"}.get(cell.memories, f"(h, ...) of {cell.memories}")
        raise TypeError(f"{name} is {came}; expected the tuple {parts} of (B, H) arrays")
    return tuple(
        checks.array(f"{name}[{k}]", part, "B H", dtype=cell.dtype, B=B, H=cell.H)
        for k, part in enumerate(state)
    )


def _watched(cell):
    return cell if type(cell) in PROVED else _Watched(cell)


class _Watched:
    """A reader's cell, its answers looked at: numpy would broadcast many a wrong shape."""

    def __init__(self, cell):
        self._cell, self._name = cell, type(cell).__name__

    def __getattr__(self, name):
        return getattr(self._cell, name)

    def step(self, a_x, state):
        name = f"{self._name}.step"
        answer = _asked(name, self._cell.step, a_x, state)
        after, kept = checks.pair(name, answer, "(state, kept)")
        _same_parts(name, after, state)
        _same_shape(f"{name}: kept", kept, a_x.shape)
        self.step = self._cell.step  # the first answer of a sweep is enough
        return after, kept

    def slopes(self, before, after, kept):
        name, T = f"{self._name}.slopes", len(before[0])
        slopes = _asked(name, self._cell.slopes, before, after, kept)
        if not isinstance(slopes, tuple | list) or any(np.shape(s)[:1] != (T,) for s in slopes):
            raise TypeError(f"{name} returned {checks.brief(slopes)}; expected a tuple of arrays "
                            f"whose first axis is time, T = {T}")
        return slopes

    def step_back(self, dstate, slopes):
        name = f"{self._name}.step_back"
        answer = _asked(name, self._cell.step_back, dstate, slopes)
        da, back = checks.pair(name, answer, "(da, dstate)")
        _same_shape(f"{name}: da", da, (*dstate[0].shape[:-1], len(self.b_h)))
        _same_parts(name, back, dstate)
        self.step_back = self._cell.step_back
        return da, back


def _asked(name, method, *arguments):
    """What a reader's method answers; an error in it is told with the method's name."""
    try:
        return method(*arguments)
    except checks.NotFinite:
        raise
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise type(error)(f"{name} failed: {error}") from error


def _same_parts(name, came, state):
    if not isinstance(came, tuple) or len(came) != len(state):
        raise TypeError(f"{name} returned {checks.brief(came)} as state; "
                        f"expected a tuple of {len(state)}, as it was given")
    for k, (part, given) in enumerate(zip(came, state)):
        _same_shape(f"{name}: state[{k}]", part, given.shape)


def _same_shape(name, came, shape):
    if not isinstance(came, np.ndarray) or came.shape != shape:
        raise ValueError(f"{name} is {checks.brief(came)}; expected an array of shape {shape}")

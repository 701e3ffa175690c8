"""Every gradient at once: ‖dL_T/dh_t‖ for all losses L_T and all steps t, over many cells.

    J_t  (S, S)  one step's Jacobian, d state_t / d state_{t-1}: J_t[i, j] = d state_t[i] / d
                 state_{t-1}[j]. The state of an RNN or a GRU is h, so S = H; an LSTM's is h | c.
    v_T  (H,)    what the loss asks of its own state: L_T = v_T · h_T

A gradient is a row, and a step back is a product with the step's Jacobian:

    dL_T/dh_t = v_T J_T J_{T-1} ... J_{t+1}        (Pascanu et al. 2013, arXiv 1211.5063, eq. 5)

Such products reach 1e-242 in a book's examples, so all norms here are logarithms to the base 10.
"""

import numpy as np

from rnnbook import checks
from rnnbook.cells import RNN, Cell
from rnnbook.through_time import Trace, unroll

STEEPEST = {"tanh": 1.0, "sigmoid": 0.25, "relu": 1.0, "identity": 1.0}  # gamma, max |phi'|
BOUNDLESS = 1e150  # the square of a row times such a Jacobian is still a number
ROOM = 2**22  # how many numbers of Jacobians are held at a time: 32 MB


def jacobians(cell, trace):
    """Each step's Jacobian, d state_t / d state_{t-1}, shape (T, S, S); rows are the new state.

    trace: what `unroll` returned for `cell` and one sequence (B = 1). `step_back` takes a gradient
    to the left of the Jacobian, so the rows of the identity come back as the Jacobian itself.
    """
    checks.kind("cell", cell, Cell)
    checks.kind("trace", trace, Trace)
    T, B, H = trace.hs.shape
    if trace.cell is not cell or B != 1:
        raise ValueError(f"trace is of {B} sequences and {trace.cell}; "
                         f"expected the trace of unroll(cell, xs) with B = 1 and {cell}")
    before = tuple(s[:-1] for s in trace.states)
    after = tuple(s[1:] for s in trace.states)
    slopes = cell.slopes(before, after, trace.kept)
    S = cell.memories * H
    Js = np.empty((T, S, S), cell.dtype)
    for k in range(0, T, 10):  # ten steps at a time, because they fit a processor's cache
        J, some = Js[k : k + 10], [slope[k : k + 10] for slope in slopes]
        rows = np.broadcast_to(np.eye(S, dtype=cell.dtype), J.shape)
        _, back = cell.step_back(tuple(np.split(rows, cell.memories, axis=-1)), some)
        np.concatenate(back, axis=-1, out=J)
    return Js


def gradient_table(cells, xs, seeds=None, *, losses=None):
    """log10 ‖dL_T/dh_t‖ for every loss L_T = v_T · h_T and every t, for each of the cells.

    cells: a list of cells of one kind and size, one for each gain, say. xs: (T, 1, D), the
    sequence that all of them read from a zero state. seeds: (T, H), the v_T; (1, ..., 1)/sqrt(H)
    if None. losses: the steps T whose loss is followed, in rising order; all, if None.

    Returns an array of shape (len(cells), losses, T), in float64 whatever came in: entry
    [k, T - 1, t - 1] belongs to cell k, loss L_T and state h_t. It is -inf where the derivative is
    zero, as for t > T. All losses go back together, one row each, through the same Jacobian.
    """
    cells = [cell.map(lambda array: array.astype(np.float64)) for cell in alike(cells)]
    xs = checks.array("xs", xs, "T B D", dtype=np.float64, B=1, D=cells[0].D)
    T, H = len(xs), cells[0].H
    seeds = np.full((T, H), H**-0.5) if seeds is None else seeds
    seeds = checks.array("seeds", seeds, "T H", dtype=np.float64, T=T, H=H)
    losses = np.arange(1, T + 1) if losses is None else _steps(losses, T)
    few = max(1, ROOM // (T * (cells[0].memories * H) ** 2))
    return np.concatenate([
        log_norms(_all_jacobians(cells[k : k + few], xs, k), seeds, losses)
        for k in range(0, len(cells), few)
    ])


def log_norms(Js, seeds, losses):
    """The sweep itself. Js: (R, T, S, S), one product of Jacobians for each of R cells."""
    R, T, S, _ = Js.shape
    H = seeds.shape[1]
    rows = np.zeros((R, len(losses), S))  # dL_T/d state_t, over 2**exponent
    exponent = np.zeros((R, len(losses)), dtype=int)
    table = np.full((R, len(losses), T), -np.inf)
    for t in range(T, 0, -1):
        later = slice(np.searchsorted(losses, t), None)  # the losses with T >= t
        rows[:, losses == t, :H] = seeds[t - 1]  # L_t joins them
        active = rows[:, later]
        table[:, later, t - 1] = log10(norms(active[..., :H])) + exponent[:, later] * np.log10(2)
        active = active @ Js[:, t - 1]
        # A power of two changes no digit of a row, and keeps its square from underflow.
        _, size = np.frexp(norms(active))
        rows[:, later] = active * np.exp2(-size)[..., None]
        exponent[:, later] += size
    return table


def norms(rows):
    return np.sqrt(np.einsum("...i,...i->...", rows, rows))


def log10(values):
    """log10, and -inf for 0 without a warning."""
    with np.errstate(divide="ignore"):
        return np.log10(values)


def log_bound(cell, steps=1):
    """log10 of what `steps` steps back can multiply a gradient's norm by, at the most.

    For an RNN this is steps * log10(gamma sigma_1): sigma_1 is the largest singular value of W_hh,
    gamma the steepest slope of phi, 1 for tanh, relu and identity and 1/4 for the sigmoid
    (Pascanu et al. 2013, section 2.1). With W_hh `gain` times orthogonal it is log10(gamma gain)
    a step, and tanh at x = 0 and h_0 = 0 meets it exactly. steps: a number or an array of them.

    An LSTM or a GRU has no such bound: their gates carry the state past W_hh.
    """
    if not isinstance(cell, RNN):
        raise TypeError(f"cell is {cell!r}; expected an RNN, since gated cells have no such bound")
    sigma_1 = np.linalg.norm(cell.W_hh.astype(np.float64), 2)
    steps = np.asarray(steps)
    with np.errstate(invalid="ignore"):
        bound = steps * log10(STEEPEST[cell.activation] * sigma_1)
    return np.where(steps == 0, 0.0, bound)[()]


def alike(cells, name="cells"):
    """Return `cells` as a list if they are of one kind and size, or say which one is not."""
    if not isinstance(cells, list | tuple):
        raise TypeError(f"{name} is {cells!r}; expected a list of cells")
    if not cells:
        raise ValueError(f"{name} is empty; expected at least one cell")
    for k, cell in enumerate(cells):
        if not isinstance(cell, Cell):
            raise TypeError(f"{name}[{k}] is {cell!r}; expected a Cell, such as RNN")
        if repr(cell) != repr(cells[0]):  # the class, the activation and the shapes
            raise ValueError(f"{name}[{k}] is {cell!r}; expected the kind and size of "
                             f"{name}[0], {cells[0]!r}")
    return list(cells)


def _all_jacobians(cells, xs, first):
    """(R, T, S, S); `first` is the place of the first of these cells in the reader's list."""
    S = cells[0].memories * cells[0].H
    Js = np.empty((len(cells), len(xs), S, S))
    for k, cell in enumerate(cells):
        with np.errstate(over="ignore", invalid="ignore"):
            Js[k] = jacobians(cell, unroll(cell, xs))
        largest = max(Js[k].max(), -Js[k].min())
        if not largest < BOUNDLESS:
            raise ValueError(f"a step of cells[{first + k}] has a Jacobian with {largest:.1g} in "
                             f"it; expected numbers below {BOUNDLESS:g}")
    return Js


def _steps(losses, T):
    losses = checks.numeric("losses", losses)
    whole = losses.ndim == 1 and losses.size and losses.dtype.kind in "iu"
    if not whole or (np.diff(losses) <= 0).any() or losses[0] < 1 or losses[-1] > T:
        raise ValueError(f"losses is {losses}; expected steps from 1 to T = {T} in rising order")
    return losses

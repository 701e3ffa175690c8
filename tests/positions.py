"""Positions of the gradient explorer's controls, and what the book's own functions say of them."""

import numpy as np

from rnnbook import bptt, gradient_norms, unroll
from rnnbook.widgets import GradientExplorer
from rnnbook.widgets.gradient_explorer import BIASES, GAINS, KINDS


def arriving(explorer):
    """gradient_norms(bptt(...)) for the loss that the explorer looks at, scaled to 1 at h_T.

    The loss at the last step goes back to h_T; what arrives there, scaled to length 1 in h, goes
    back to h_1.
    """
    cell, T = explorer.cell, explorer.T
    trace = unroll(cell, explorer.xs)
    rest = GradientExplorer(T=200).xs[T:]
    if len(rest):
        dhs = np.zeros((len(rest), 1, cell.H))
        dhs[-1] = cell.H**-0.5
        dstate = bptt(cell, unroll(cell, rest, trace.state), dhs).state
        # In two steps: the gradient itself may be too small for its reciprocal.
        dstate = tuple(part / np.abs(dstate[0]).max() for part in dstate)
        dstate = tuple(part / np.linalg.norm(dstate[0]) for part in dstate)
    else:
        dstate = tuple(np.zeros((1, cell.H)) for _ in range(cell.memories))
        dstate = (dstate[0] + cell.H**-0.5, *dstate[1:])
    return gradient_norms(bptt(cell, trace, np.zeros((T, 1, cell.H)), dstate))


def random_positions(count, seed):
    rng = np.random.default_rng(seed)
    kinds, biases, gains = list(KINDS), list(BIASES), list(GAINS)
    return [
        {
            "kind": kinds[k % len(kinds)],
            "forget_bias": biases[rng.integers(len(biases))],
            "gain": gains[rng.integers(len(gains))],
            "T": int(rng.integers(1, 201)),
        }
        for k in range(count)
    ]

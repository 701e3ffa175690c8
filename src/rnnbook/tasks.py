"""The data: small sequence tasks, made on the spot. Inputs are (T, B, D), time first."""

from typing import NamedTuple

import numpy as np

from rnnbook import checks
from rnnbook.cells import RNN
from rnnbook.model import Model, Readout


class Task(NamedTuple):
    """Inputs and what to make of them; unpacks as `xs, targets`."""

    xs: np.ndarray  # (T, B, D)
    targets: np.ndarray


class Dogs(NamedTuple):
    """The word 'dogs' as a task: read d, o, g; say o, g, s."""

    xs: np.ndarray  # (3, 1, 4), one-hot
    targets: np.ndarray  # (3, 1), places in `letters`
    letters: str


def one_hot(classes, K):
    """Whole numbers of any shape -> the same shape with a last axis of K, a single 1 in each row.

    Raises ValueError for a class outside 0 ... K - 1.
    """
    classes, K = checks.numeric("classes", classes), checks.whole("K", K)
    if classes.dtype.kind not in "iu":
        raise TypeError(f"classes has dtype {classes.dtype}; expected integers")
    if classes.size and not 0 <= classes.min() <= classes.max() < K:
        raise ValueError(f"classes holds values from {classes.min()} to {classes.max()}; "
                         f"expected 0 to K - 1 = {K - 1}")
    return np.eye(K)[classes]


def dogs():
    """The smallest language task: after each letter of 'dog', name the next one of 'dogs'."""
    return Dogs(one_hot([[0], [1], [2]], 4), np.array([[1], [2], [3]]), "dogs")


def dogs_model():
    """An untrained model for `dogs()`: one-decimal weights, so that a hand can follow.

    D = K = 4 letters and H = 3 hidden units, as in the example that this book's readers bring.
    """
    cell = RNN(
        W_xh=[[0.5, -0.3, 0.8], [-0.6, 0.9, 0.1], [0.2, 0.4, -0.7], [-0.1, -0.5, 0.6]],
        W_hh=[[0.3, -0.8, 0.2], [0.6, 0.1, -0.4], [-0.5, 0.7, 0.9]],
        b_h=[0.1, 0.0, -0.1],
    )
    readout = Readout(
        W_hy=[[0.7, -0.2, 0.4, -0.9], [-0.3, 0.8, -0.5, 0.1], [0.6, -0.4, -0.1, 0.5]],
        b_y=[0.0, 0.1, 0.0, -0.1],
    )
    return Model(cell, readout)


def sine(*, T, B, rng, period=20.0, noise=0.0):
    """Sine waves from random starting points: (T, B, 1).

    period: steps in a full wave. noise: standard deviation of what is added to each value.
    """
    T, B, rng = checks.whole("T", T), checks.whole("B", B), checks.generator(rng)
    period = checks.positive("period", period)
    noise = checks.number("noise", noise, "a number, at least 0", lambda value: value >= 0)
    start = rng.uniform(0, 2 * np.pi, size=B)
    wave = np.sin(2 * np.pi * np.arange(T)[:, None] / period + start)
    return (wave + noise * rng.normal(size=(T, B)))[..., None]


def echo(*, T, B, delay, rng):
    """Say what came `delay` steps ago: xs (T, B, 1) of -1 and 1, targets (T, B, 1).

    Before anything has come the right answer is 0.
    """
    T, B, rng = checks.whole("T", T), checks.whole("B", B), checks.generator(rng)
    delay = checks.whole("delay", delay, least=0)
    xs = rng.choice([-1.0, 1.0], size=(T, B, 1))
    targets = np.zeros_like(xs)
    targets[delay:] = xs[: max(T - delay, 0)]
    return Task(xs, targets)


def temporal_order(*, T, B, rng):
    """Which came first? xs (T, B, 6) one-hot, targets (1, B): 0 XX, 1 XY, 2 YX, 3 YY.

    One X or Y stands in the second tenth of the sequence and one in the sixth; all else is noise,
    one of four other symbols. The answer is asked for after the last step; by chance the loss is
    ln 4. (Hochreiter and Schmidhuber 1997, task 6a, without its symbols for start and end; the
    tenths as in the code of Pascanu et al. 2013.)
    """
    T, B, rng = checks.whole("T", T, least=10), checks.whole("B", B), checks.generator(rng)
    symbols = rng.integers(2, 6, size=(T, B))
    first, second = rng.integers(0, 2, size=(2, B))
    columns = np.arange(B)
    symbols[rng.integers(T // 10, 2 * T // 10, size=B), columns] = first
    symbols[rng.integers(5 * T // 10, 6 * T // 10, size=B), columns] = second
    return Task(one_hot(symbols, 6), (2 * first + second)[None])

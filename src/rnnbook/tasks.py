"""The data: small sequence tasks, made on the spot. Inputs are (T, B, D), time first."""

from functools import cache
from typing import NamedTuple

import numpy as np

from rnnbook import checks
from rnnbook.cells import RNN
from rnnbook.model import Model, Readout


class Task(NamedTuple):
    """Inputs and what to make of them; unpacks as `xs, targets`."""

    xs: np.ndarray  # (T, B, D)
    targets: np.ndarray


class Word(NamedTuple):
    """A word as a task: after each of its letters, name the next one."""

    xs: np.ndarray  # (T, 1, K), one-hot; T is one less than the word's letters
    targets: np.ndarray  # (T, 1), places in `letters`
    letters: str  # the alphabet: the word's own K letters, in the order in which they come


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


def spelling(word):
    """Read a word letter by letter and name, after each letter, the next one. Returns a Word.

    The alphabet is the word's own letters in the order in which they come: 'dogs' has d, o, g, s
    and 'noon' has n, o. Raises TypeError if word is no string, ValueError if it is shorter than
    two letters.
    """
    if not isinstance(word, str):
        raise TypeError(f"word is {word!r}; expected a string")
    if len(word) < 2:
        raise ValueError(f"word is {word!r}; expected at least two letters")
    letters = "".join(dict.fromkeys(word))
    codes = np.array([[letters.index(letter)] for letter in word])
    return Word(one_hot(codes[:-1], len(letters)), codes[1:], letters)


def dogs():
    """The smallest language task: after each letter of 'dog', name the next one of 'dogs'."""
    return spelling("dogs")


def noon_model():
    """A model made by hand that spells 'noon', a word that can't be spelled without a memory.

    D = K = 2 letters and H = 2 hidden units. The first unit says which letter was read just now
    (n: negative, o: positive), the second which one came before it.
    """
    cell = RNN(
        W_xh=[[-1.5, 0.0], [1.5, 0.0]],
        W_hh=[[0.0, 1.5], [0.0, 0.0]],
        b_h=[0.0, 0.0],
    )
    readout = Readout(W_hy=[[1.0, -1.0], [2.0, -2.0]], b_y=[-1.0, 1.0])
    return Model(cell, readout)


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


def autoregression(*, T, B, rng, a=0.9, noise=1.0):
    """x_{t+1} = a x_t + e_{t+1}, an AR(1): (T, B, 1), all of it in the stationary distribution.

    a: above -1 and below 1. noise: standard deviation s of each e, normal; x has s / sqrt(1 - a^2).
    """
    T, B, rng = checks.whole("T", T), checks.whole("B", B), checks.generator(rng)
    a = checks.number("a", a, "a number above -1 and below 1", lambda a: -1 < a < 1)
    noise = checks.positive("noise", noise)
    xs = noise * rng.normal(size=(T, B, 1))
    xs[0] /= np.sqrt(1 - a * a)
    for t in range(1, T):
        xs[t] += a * xs[t - 1]
    return xs


def logistic(*, T, B, rng):
    """The logistic map u -> 4 u (1 - u) in the coordinate x = 1 - 2 u, from -1 to 1: (T, B, 1).

    In x it is x_{t+1} = 2 x_t^2 - 1. With x_0 = cos(theta) the solution is x_t = cos(2^t theta),
    so theta, drawn evenly, makes every x_t alike, with mean 0 and variance 1/2. (The map: May
    1976, Nature 261, 459.)
    """
    T, B, rng = checks.whole("T", T), checks.whole("B", B), checks.generator(rng)
    xs = np.empty((T, B, 1))
    pair = rng.normal(size=(2, B))  # its angle is even; a uniform draw is a multiple of 2^-53,
    xs[0, :, 0] = pair[0] / np.hypot(*pair)  # and 53 doublings would bring many to 1 at once
    for t in range(1, T):
        xs[t] = 2 * xs[t - 1] ** 2 - 1
    return xs


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


def adding(*, T, B, rng):
    """Add the two marked numbers: xs (T, B, 2), targets (1, B, 1).

    xs[..., 0] is uniform on [0, 1]. xs[..., 1] is 1 twice, once in either
    half, and 0 elsewhere. The sum of the two marked numbers is asked for
    after the last step. Whoever always says 1 has the squared error 1/6.
    (Hochreiter and Schmidhuber 1997, experiment 4; this form, with one mark
    in each half, as in Le et al. 2015, arXiv 1504.00941.)
    """
    T, B = checks.whole("T", T, least=2), checks.whole("B", B)
    rng, columns = checks.generator(rng), np.arange(B)
    numbers, marks = rng.uniform(size=(T, B)), np.zeros((T, B))
    marks[rng.integers(0, T // 2, size=B), columns] = 1
    marks[rng.integers(T // 2, T, size=B), columns] = 1
    sums = (numbers * marks).sum(axis=0)
    return Task(np.stack([numbers, marks], axis=-1), sums[None, :, None])


def copying(*, T, B, rng, length=10, symbols=8):
    """Keep a word for T steps, then repeat it: xs (T + 2 length, B, symbols + 2), one-hot.

    The input is a random word of `length` symbols, T - 1 blanks, one mark that says "now", and
    `length` more blanks. targets (T + 2 length, B): blanks (class `symbols`), and at the end the
    word. Whoever says blank until the mark and then guesses has the cross-entropy
    length ln(symbols) / (T + 2 length). (Arjovsky et al. 2016, arXiv 1511.06464, section 5.1,
    with words of ten symbols out of eight.)
    """
    T, B, rng = checks.whole("T", T), checks.whole("B", B), checks.generator(rng)
    length, symbols = checks.whole("length", length), checks.whole("symbols", symbols, least=2)
    word = rng.integers(0, symbols, size=(length, B))
    blank, mark = symbols, symbols + 1
    said = np.full((T + 2 * length, B), blank)
    said[:length] = word
    said[length + T - 1] = mark
    asked = np.full_like(said, blank)
    asked[-length:] = word
    return Task(one_hot(said, symbols + 2), asked)


def latch(*, T, B, rng, noise=0.0):
    """Keep one bit: xs (T, B, 1), targets (1, B).

    The first input is -1 or 1 (class 0 or 1), all later ones are normal
    noise of standard deviation `noise`. The class is asked for after the
    last step; by chance the loss is ln 2. (After Bengio, Simard and Frasconi
    1994, IEEE Trans. Neural Networks 5, section II, who have the noise.)
    """
    T, B, rng = checks.whole("T", T), checks.whole("B", B), checks.generator(rng)
    noise = checks.number(
        "noise", noise, "a number, at least 0", lambda value: value >= 0)
    xs = noise * rng.normal(size=(T, B, 1))
    bits = rng.integers(0, 2, size=B)
    xs[0, :, 0] = 2 * bits - 1
    return Task(xs, bits[None])


REBER = {  # state: the two symbols that may come, and the state that each leads to
    1: {"T": 2, "P": 3},
    2: {"S": 2, "X": 4},
    3: {"T": 3, "V": 5},
    4: {"X": 3, "S": 6},
    5: {"P": 4, "V": 6},
    6: {"E": None},
}
REBER_SYMBOLS = "BTPSXVE"


def embedded_reber(*, T, B, rng):
    """Say what may come next in a grammar with a long bridge: xs (T - 1, B, 7), one-hot.

    A string of T symbols is B, then T or P, then a string of Reber's grammar (from its B to
    its E), then *the same* T or P again, then E. Inside, each branch has probability 1/2, given
    the length. targets (T - 1, B): after each symbol the next one, places in `REBER_SYMBOLS`.
    All but the last T or P follows from what came shortly before; that one, targets[-2], needs
    the second symbol. T: 9 to 200. (Smith and Zipser 1989; Hochreiter and Schmidhuber 1997,
    experiment 1, with strings of every length.)
    """
    T, B, rng = checks.whole("T", T, least=9), checks.whole("B", B), checks.generator(rng)
    if T > 200:
        raise ValueError(f"T is {T}; expected at most 200")
    strings = np.empty((T, B), dtype=int)
    for b in range(B):
        bit = "TP"[rng.integers(2)]
        string = f"B{bit}B{_reber_walk(T - 5, rng)}{bit}E"
        strings[:, b] = [REBER_SYMBOLS.index(symbol) for symbol in string]
    return Task(one_hot(strings[:-1], 7), strings[1:])


def _reber_walk(steps, rng):
    """A walk of so many symbols from state 1 to the end, with its probability given the length."""
    state, walked = 1, ""
    for left in range(steps, 0, -1):
        branches = list(REBER[state].items())
        ways = [_reber_ways(after, left - 1) for _, after in branches]
        first = rng.uniform() * sum(ways) < ways[0]
        symbol, state = branches[0 if first else -1]
        walked += symbol
    return walked


def reber_entropy(T):
    """The cross-entropy, in nats, summed over the T - 1 steps of an embedded Reber string, of the
    best guesser who sees all that came before and knows T: of this much nobody gets below.

    Whoever has lost the second symbol pays ln 2 more.
    """
    T = checks.whole("T", T, least=9)
    total, here = np.log(2), {1: 1.0}  # the second symbol; where the walk is, how probably
    for left in range(T - 5, 0, -1):
        there = {}
        for state, p in here.items():
            ways = [_reber_ways(after, left - 1) for after in REBER[state].values()]
            for after, way in zip(REBER[state].values(), ways, strict=True):
                branch = way / sum(ways)
                if branch > 0:
                    total -= p * branch * np.log(branch)
                    there[after] = there.get(after, 0) + p * branch
        here = there
    return float(total)


@cache
def _reber_ways(state, steps):
    """The probability that a free walk from `state` ends after exactly so many symbols."""
    if state is None or steps == 0:
        return float(state is None and steps == 0)
    branches = REBER[state].values()
    return sum(_reber_ways(after, steps - 1) for after in branches) / len(branches)

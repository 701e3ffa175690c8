"""A derivative that is cut short can have the wrong sign: influence balancing.

Tallec and Ollivier (2017, arXiv 1702.05043): 23 linear units in a row, 10 pushed up by a number
theta and 13 pushed down by it, and a loss that looks at the first unit only.
"""

from functools import cache
from itertools import accumulate

import numpy as np
import traitlets

from .explorer import Explorer, Truth, Whole, assembled, fixed, stand_in_root, stand_in_table

UNITS, UP = 23, 10
LIMIT = 2 * (UP - (UNITS - UP))  # the derivative that is not cut short
BEST = 1 / LIMIT
START, STEPS, RATE = 0.5, 3000, 1e-4
LONGEST = 100
HEIGHTS = "653px", "1175px"  # of the live explorer in a page's column, wide and on a phone


class TruncationExplorer(Explorer):
    """Cut the derivative off after K steps, and see which way learning goes.

    Parameters
    ----------
    K : steps that the derivative goes back, 1 to 100
    all_terms : show what lies beyond K as well, the true derivative, and whether the sign is right

    A value outside its range is a `ValueError` that names it.

    >>> TruncationExplorer(K=10).derivative()
    10.0
    """

    _esm = assembled("truncation_explorer.js")
    _css = assembled("truncation_explorer.css")
    _state = ("K", "all_terms")

    K = Whole(10, 1, LONGEST)
    all_terms = Truth(False)
    numbers = traitlets.Dict(help="what the page shows, for every K").tag(sync=True)

    def __init__(self, *, K=10, all_terms=False):
        super().__init__(K=K, all_terms=all_terms)
        self.numbers = {
            "terms": [float(f"{term:.6g}") for term in terms()],
            "g": [round(g, 6) for g in derivatives()],
            "ends": [None if abs(end) > 1000 else round(end, 6) for end in ends()],
            "limit": LIMIT,
            "best": round(BEST, 6),
            "start": START,
        }

    def derivative(self, K=None) -> float:
        """g(K), the derivative of the settled h_1 in theta as far as K steps show it."""
        return derivatives()[(self.K if K is None else K) - 1]

    def learned(self, K=None) -> float:
        """Theta after 3,000 steps of online learning with g(K); infinite beyond a million."""
        return ends()[(self.K if K is None else K) - 1]

    def sentence(self) -> str:
        """What the figure says, in words: what K steps show, and if all is shown, the verdict."""
        g, end = self.derivative(), self.learned()
        if not self.all_terms:
            way = "up" if g > 0 else "down"
            return (
                f"K = {self.K}: the truncated derivative is {fixed(g, 2)}. Learning moves θ {way} "
                f"from {START}; after {STEPS:,} steps it is {ended(end)}."
            )
        if g > 0:
            sign, way = "the wrong sign", "away from"
        else:
            off = 100 * abs(g / LIMIT - 1)
            near = "within 1 % of it" if off <= 1 else f"but {off:.1f} % too small"
            sign, way = f"the right sign, {near}", "towards"
        return (
            f"K = {self.K}: the truncated derivative is {fixed(g, 2)}, the true one "
            f"{fixed(LIMIT, 0)}: {sign}. Learning moves θ {way} its best value, {fixed(BEST, 4)}; "
            f"after {STEPS:,} steps it is {ended(end)}."
        )

    def stand_in(self) -> str:
        rows = [
            [f"{K}", fixed(self.derivative(K), 2),
             "up" if self.derivative(K) > 0 else "down", ended(self.learned(K))]
            for K in sorted({1, 10, 20, 30, 40, 41, 50, 60, 100, self.K})
        ]  # fmt: skip
        body = "\n".join([
            "<p><strong>How far back must a derivative go?</strong></p>",
            stand_in_table(
                f"The derivative after K steps back; the true one is {fixed(LIMIT, 0)}",
                ["K", "derivative", "θ goes", f"θ after {STEPS:,} steps"],
                rows,
            ),
            f"<p>{self.sentence()} Learning starts at θ = {START}.</p>",
        ])  # fmt: skip
        return stand_in_root("truncation-explorer", "A truncated derivative", *HEIGHTS, body)


@cache
def terms() -> tuple[float, ...]:
    """(v W_hh^k)_1 for k = 0, 1, …: what the push of k steps ago does to unit 1 now.

    A step halves every unit and adds half of its right neighbour. The halves are kept apart, so
    that the numbers are whole and the only rounding is the last division.
    """
    row, found = [1] * UP + [-1] * (UNITS - UP), []
    for k in range(LONGEST):
        found.append(row[0] / 2**k)
        row = [own + right for own, right in zip(row, [*row[1:], 0], strict=True)]
    return tuple(found)


@cache
def derivatives() -> tuple[float, ...]:
    """g(K) for K = 1, 2, …: the sum of the first K terms."""
    return tuple(accumulate(terms()))


@cache
def ends() -> tuple[float, ...]:
    """Where theta is after 3,000 steps of online learning with g(K), for every K at once."""
    W_hh = 0.5 * np.eye(UNITS) + 0.5 * np.eye(UNITS, k=-1)
    v = np.array([1.0] * UP + [-1.0] * (UNITS - UP))
    g = np.array(derivatives())
    theta = np.full(LONGEST, START)
    settled = np.linalg.solve((np.eye(UNITS) - W_hh).T, START * v)
    h = np.tile(settled, (LONGEST, 1))
    for _ in range(STEPS):
        h = h @ W_hh + np.outer(theta, v)
        theta = theta - RATE * (h[:, 0] - 1) * g
        lost = np.abs(theta) > 1e6  # they would overflow
        theta[lost], g[lost], h[lost] = 0, 0, 0
    theta[g == 0] = np.inf
    return tuple(theta.tolist())


def ended(theta: float) -> str:
    if abs(theta) > 1000:
        return "beyond 1,000"
    return fixed(theta, 4 if abs(theta) < 10 else 1)

"""Exact derivations with sympy: small networks, unrolled, differentiated and compared.

There are two kinds of proof here.

*Of the mathematics.* `Chain` is a small network written out as one nested formula. Its derivative
by sympy is compared with the sum over paths that chapter 4 derives. The activation is tanh, or a
function phi of which nothing is known.

*Of the code.* `prove_step` and `prove_bptt` hand arrays of symbols to the package's own cells and
sweeps. What comes out is compared, entry by entry, with sympy's derivative of what went forward.

A proof is an identity that sympy confirms exactly. To keep it fast, every tanh is given a name
before two sides are compared: tanh(a_t) becomes the symbol h_t, its derivative 1 - h_t^2. Then
both sides are polynomials. (`sympy.simplify` on nested tanh does not come back; it is never used.)
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from rnnbook import checks, extras
from rnnbook.cells import RNN, Cell
from rnnbook.through_time import forward_sweep, gradients_through_time, with_own_gradients

with extras.needed_by(__name__):
    import sympy as sp

T_MAX, UNITS_MAX = 6, 3  # beyond these, exact algebra takes minutes


class NotProved(AssertionError):
    """Two sides of an equation differ; the message says which equation and by what."""


@dataclass(frozen=True)
class Proof:
    """What was proved, and how many separate identities were checked for it."""

    claim: str
    identities: int

    def __repr__(self):
        return f"proved: {self.claim} ({self.identities} identities)"


# --- any activation -------------------------------------------------------------------------------


class phi(sp.Function):
    """An activation of which nothing is known but that it has a derivative."""

    def fdiff(self, argindex=1):
        return dphi(self.args[0])


class dphi(sp.Function):
    """The derivative of phi."""


class ell(sp.Function):
    """A loss ell(t, y_1, ..., y_K) of which nothing is known but that it has derivatives."""

    def fdiff(self, argindex=1):
        return dell(self.args[0], argindex - 1, *self.args[1:])


class dell(sp.Function):
    """dell(t, k, y_1, ..., y_K): the derivative of ell in its k-th output."""


# --- two sides of an equation ---------------------------------------------------------------------


def equal(left, right):
    """Whether two expressions without functions in them are the same polynomial or fraction."""
    difference = sp.expand(left - right)
    return difference == 0 or sp.cancel(difference) == 0


def require_equal(claim, left, right):
    """Raise NotProved, with the difference, unless both sides are the same polynomial."""
    if not equal(left, right):
        raise NotProved(f"{claim}: the two sides differ by {sp.factor(left - right)}")


# --- a chain, written out -------------------------------------------------------------------------


@dataclass(frozen=True)
class Path:
    """One way from a loss back to one use of a weight, and what it contributes.

    `stations` are the LaTeX names passed, from the loss to the weight's copy; `factors` the
    derivative along each piece, as (LaTeX of the derivative, expression in the chain's names).
    """

    stations: tuple
    factors: tuple

    @property
    def term(self):
        """The product of the factors."""
        return sp.prod(factor for _, factor in self.factors)

    @property
    def latex(self):
        """The product as it is printed: one fraction for each piece of the path."""
        return r"\,".join(name for name, _ in self.factors)

    def __repr__(self):
        return f"Path({' <- '.join(self.stations)})"


class Chain:
    """A small RNN with a readout, unrolled over T steps as one exact formula.

        a_t = x_t W_xh + h_{t-1} W_hh + b_h,   h_t = phi(a_t),   y_t = h_t W_hy + b_y

    T: 1 to 6 steps. D, H, K: inputs, units (1 to 3 each) and outputs. activation: "tanh", or
    "phi" for any. loss: "squared_error" (half the squared distance to a target d_t),
    "cross_entropy" (the right class is the first), or "ell" for any function of the outputs.

    Everything has two forms: *nested*, in which only inputs, weights and h_0 occur, and *named*,
    in which h_t, y_t and so on stand as symbols. `named` turns the first into the second.
    """

    def __init__(self, T=3, *, D=1, H=1, K=1, activation="tanh", loss="ell"):
        self.T = checks.whole("T", T)
        for name, size in {"D": D, "H": H, "K": K}.items():
            checks.whole(name, size)
            if size > UNITS_MAX:
                raise ValueError(f"{name} is {size}; exact algebra is for {UNITS_MAX} at the most")
        if T > T_MAX:
            raise ValueError(f"T is {T}; exact algebra is for {T_MAX} steps at the most")
        self.activation = checks.one_of("activation", activation, ("tanh", "phi"))
        self.loss_name = checks.one_of("loss", loss, ("squared_error", "cross_entropy", "ell"))
        self.parameters = {
            "W_xh": matrix("w^{xh}", D, H), "W_hh": matrix("w^{hh}", H, H),
            "b_h": matrix("b^{h}", 1, H), "W_hy": matrix("w^{hy}", H, K),
            "b_y": matrix("b^{y}", 1, K),
        }
        self.x = [None] + [matrix(f"x_{t}", 1, D) for t in range(1, T + 1)]
        self.h = [matrix(f"h_{t}", 1, H) for t in range(T + 1)]
        self.y = [None] + [matrix(f"y_{t}", 1, K) for t in range(1, T + 1)]
        self.target = [None] + [matrix(f"d_{t}", 1, K) for t in range(1, T + 1)]
        self._names = {}
        self.slope, self.error, self.loss = [None], [None], [None]
        nested_h = self.h[0]
        for t in range(1, T + 1):
            nested_h = self._step(t, nested_h)

    def _step(self, t, nested_h):
        """Write down step t, and remember the names of everything in it."""
        p = self.parameters
        a = self.x[t] * p["W_xh"] + nested_h * p["W_hh"] + p["b_h"]
        nested_h = a.applyfunc(sp.tanh if self.activation == "tanh" else phi)
        self._names |= dict(zip(nested_h, self.h[t], strict=True))
        if self.activation == "tanh":
            slope = self.h[t].applyfunc(lambda h: 1 - h**2)
        else:
            slope = matrix(rf"\varphi'_{t}", 1, len(a))
            self._names |= dict(zip(a.applyfunc(dphi), slope, strict=True))
        self.slope.append(slope)

        y = nested_h * p["W_hy"] + p["b_y"]
        K = len(y)
        if self.loss_name == "squared_error":
            self.loss.append(sum((u - d) ** 2 for u, d in zip(y, self.target[t], strict=True)) / 2)
            error = self.h[t] * p["W_hy"] + p["b_y"] - self.target[t]
        elif self.loss_name == "cross_entropy":
            powers = y.applyfunc(sp.exp)
            e = matrix(f"e_{t}", 1, K)  # e^{y_t}, so that p_t = e_t / sum(e_t)
            self._names |= dict(zip(powers, e, strict=True))
            self.loss.append(-y[0] + sp.log(sum(powers)))
            error = e / sum(e) - sp.Matrix([[1] + [0] * (K - 1)])
        else:
            self.loss.append(ell(t, *y))
            error = matrix(rf"\ell'_{t}", 1, K)
            self._names |= {dell(t, k + 1, *y): error[k] for k in range(K)}
        self.error.append(error)
        return nested_h

    def named(self, nested):
        """A nested expression with every h_t, slope and output error replaced by its name."""
        return nested.xreplace(self._names)

    def derivative(self, t, name):
        """dL_t / d(parameter): by sympy, from the nested formula, and only then named."""
        return self.parameters[name].applyfunc(lambda w: self.named(sp.diff(self.loss[t], w)))

    def immediate(self, t, name):
        """What step t contributes to dL_t/d(parameter) by itself: the last use only."""
        return self.term(t, t, name)

    def term(self, t, s, name):
        """The part of dL_t / d(parameter) that goes through its use at step s: a matrix.

        For W_xh, W_hh and b_h: left_s^T [(dL_t/dh_t) diag(slope_t) W_hh^T ... diag(slope_s)],
        with left_s = x_s, h_{s-1} or 1. For W_hy and b_y, which L_t uses at step t only: s = t.
        """
        if name in ("W_hy", "b_y"):
            left = self.h[t].T if name == "W_hy" else sp.Matrix([1])
            return left * self.error[t] if s == t else 0 * self.parameters[name]
        dh = self.error[t] * self.parameters["W_hy"].T
        for j in range(t, s, -1):
            dh = dh.multiply_elementwise(self.slope[j]) * self.parameters["W_hh"].T
        da = dh.multiply_elementwise(self.slope[s])
        left = {"W_xh": self.x[s].T, "W_hh": self.h[s - 1].T, "b_h": sp.Matrix([1])}[name]
        return left * da

    def sum_over_paths(self, t, name):
        """dL_t / d(parameter) as the sum over all its uses s = 1 ... t."""
        return sum((self.term(t, s, name) for s in range(1, t + 1)), 0 * self.parameters[name])

    def paths(self, t, name, entry=(0, 0)):
        """Every path from L_t to one entry of W_xh, W_hh or b_h, through single units."""
        checks.one_of("name", name, ("W_xh", "W_hh", "b_h"))
        row, unit = entry
        found = []
        for s in range(t, 0, -1):
            left = {"W_xh": self.x[s], "W_hh": self.h[s - 1], "b_h": sp.ones(1, 1)}[name][row]
            for units in product(range(self.parameters["W_hh"].rows), repeat=t - s):
                found.append(self._path(t, s, (*units, unit), name, left))
        return found

    def _path(self, t, s, units, name, left):
        W_hh, W_hy = self.parameters["W_hh"], self.parameters["W_hy"]
        h = [sp.latex(self.h[j][i]) for j, i in zip(range(t, s - 1, -1), units, strict=True)]
        weight = rf"{sp.latex(sp.Symbol(name))}^{{({s})}}"
        dh = (self.error[t] * W_hy.T)[units[0]]
        factors = [(_fraction(f"L_{t}", h[0]), dh)]
        for k, j in enumerate(range(t, s, -1)):  # from unit units[k] at step j back to j - 1
            step = self.slope[j][units[k]] * W_hh[units[k + 1], units[k]]
            factors.append((_fraction(h[k], h[k + 1]), step))
        factors.append((_fraction(h[-1], weight), self.slope[s][units[-1]] * left))
        return Path((f"L_{t}", *h, weight), tuple(factors))

    def prove(self, *, total=True):
        """Sum over paths = sympy's derivative, for every parameter and every loss.

        Returns a Proof; raises NotProved with the difference if an identity fails.
        """
        count = 0
        for t in range(1, self.T + 1):
            for name in self.parameters:
                pairs = zip(self.derivative(t, name), self.sum_over_paths(t, name), strict=True)
                for k, (left, right) in enumerate(pairs):
                    require_equal(f"dL_{t}/d{name}[{k}]", left, right)
                    count += 1
        what = "any activation" if self.activation == "phi" else "tanh"
        losses = {"ell": "any loss"}.get(self.loss_name, self.loss_name.replace("_", " "))
        size = f"T = {self.T}, H = {self.h[0].cols}"
        return Proof(f"sum over paths = derivative, {size}, {what}, {losses}", count)


def matrix(name, rows, columns):
    """A matrix of symbols; a single entry is just the name."""
    if rows == columns == 1:
        return sp.Matrix([[sp.Symbol(name)]])
    def entry(i, j):
        return f"{j + 1}" if rows == 1 else f"{i + 1}{j + 1}"
    return sp.Matrix(rows, columns, lambda i, j: sp.Symbol(f"{name}[{entry(i, j)}]"))


def _fraction(above, below):
    return rf"\frac{{\partial {above}}}{{\partial {below}}}"


# --- the package's own code, on symbols -----------------------------------------------------------


class Exact:
    """A number that numpy code can compute with, and that stays an exact expression.

    It knows +, -, *, /, whole powers and tanh: a cell that needs more is beyond this algebra.
    Numbers that the code brings, such as 0.5, are taken as the fractions that they are.
    """

    def __init__(self, expression):
        self.e = expression

    def _with(self, other, operation):
        other = other.e if isinstance(other, Exact) else sp.Rational(float(other))
        return Exact(operation(self.e, other))

    def __add__(self, other):
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other):
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other):
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other):
        return self._with(other, lambda a, b: a * b)

    def __truediv__(self, other):
        return self._with(other, lambda a, b: a / b)

    def __rtruediv__(self, other):
        return self._with(other, lambda a, b: b / a)

    def __neg__(self):
        return Exact(-self.e)

    def __pow__(self, power):
        if isinstance(power, Exact) or power != int(power):
            raise TypeError(f"the power is {power!r}; exact algebra knows whole powers only")
        return Exact(self.e ** int(power))

    __radd__, __rmul__ = __add__, __mul__

    def tanh(self):
        return Exact(sp.tanh(self.e))


def _symbols(name, *shape):
    """An array of Exact symbols, such as h[2,1]."""
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        array[index] = Exact(sp.Symbol(f"{name}[{','.join(map(str, index))}]"))
    return array


def symbolic_cell(kind, *, D, H, activation="tanh"):
    """A cell of the given class, as its `init` makes it, with a symbol for every number in it."""
    labels = {"activation": activation} if issubclass(kind, RNN) else {}
    try:
        cell = kind.init(D=D, H=H, rng=np.random.default_rng(0), **labels)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{kind.__name__}.init(D=, H=, rng=) makes no cell ({error}); expected one "
                        "with all its arrays, to put symbols in their place") from error
    return cell._with(**{name: _symbols(name, *array.shape) for name, array in cell.leaves()})


def prove_bptt(kind, *, T=3, D=1, H=1, activation="tanh", back=None):
    """Run `unroll` and `bptt` on symbols, and compare every derivative with sympy's.

    The loss is sum(dhs * hs) + sum(dstate * final state) with symbols for dhs and dstate, so any
    loss at all is covered. back: another backward pass to put to the test. Returns a Proof;
    raises NotProved, naming the derivative, if the code is wrong.
    """
    cell, xs, state, dhs, dstate = _symbolic_inputs(kind, T, D, H, activation)
    trace = forward_sweep(cell, xs, state)
    loss = _weighted(dhs, trace.hs) + sum(map(_weighted, dstate, trace.state))
    count = 0
    grads = with_own_gradients((back or gradients_through_time)(cell, trace, dhs, dstate))
    for name, places, results in _by_name(cell, xs, state, grads):
        for index in np.ndindex(places.shape):
            left = name_functions(sp.diff(loss, places[index].e))
            right = name_functions(_expression(results[index]))
            require_equal(f"{kind.__name__}: dL/d{name}{list(index)}", left, right)
            count += 1
    for t in range(1, T + 1):
        rest, places, values = _from_step(cell, trace, xs, dhs, dstate, t)
        for k in range(H):
            left = name_functions(sp.diff(rest, places[0][0, k].e).xreplace(values))
            right = name_functions(_expression(grads.hs[t - 1][0, k]))
            require_equal(f"{kind.__name__}: dL/dh_{t}[{k}]", left, right)
            count += 1
    steps = "one step" if T == 1 else f"{T} steps"
    return Proof(f"{kind.__name__}'s backward pass is sympy's derivative, {steps}, H = {H}", count)


def prove_truncated(*, T=3, K=2, kind=RNN, H=2, back=None):
    """`bptt(..., truncate=K)` on symbols: the sum of the derivatives of each loss in which the
    state of K steps before is held still. Returns a Proof or raises NotProved."""
    checks.whole("K", K)
    cell, xs, state, dhs, dstate = _symbolic_inputs(kind, T, 1, H, "tanh")
    trace = forward_sweep(cell, xs, state)
    grads = with_own_gradients((back or gradients_through_time)(cell, trace, dhs, dstate, K))

    def loss_of(t, start):
        """L_t as a function of the state after step `start`, and what that state stands for."""
        still, values = _held_still(trace, start)
        end = forward_sweep(cell, xs[start:t], still).state if start < t else still
        loss = _weighted(dhs[t - 1], end[0])
        return loss + (sum(map(_weighted, dstate, end)) if t == T else 0), still, values

    count = 0
    for name, array in cell.leaves():
        for index in np.ndindex(array.shape):
            kept = 0
            for t in range(1, T + 1):
                loss, _, values = loss_of(t, max(0, t - K))
                kept += sp.diff(loss, array[index].e).xreplace(values)
            result = _expression(dict(grads.cell.leaves())[name][index])
            require_equal(f"truncated dL/d{name}{list(index)}",
                          name_functions(kept), name_functions(result))
            count += 1
    for t, k in product(range(1, T + 1), range(H)):
        kept = 0
        for later in range(t, min(T, t + K - 1) + 1):
            loss, still, values = loss_of(later, t)
            kept += sp.diff(loss, still[0][0, k].e).xreplace(values)
        result = _expression(grads.hs[t - 1][0, k])
        require_equal(f"truncated dL/dh_{t}[{k}]", name_functions(kept), name_functions(result))
        count += 1
    return Proof(f"truncate={K} keeps the last {K} of {T} uses", count)


def _held_still(trace, t):
    """The state after step t as symbols of their own, and what these stand for."""
    still = tuple(_symbols(f"still_{k}", *s[t].shape) for k, s in enumerate(trace.states))
    values = {
        place.e: value.e
        for places, states in zip(still, trace.states, strict=True)
        for place, value in zip(places.flat, states[t].flat, strict=True)
    }
    return still, values


def _from_step(cell, trace, xs, dhs, dstate, t):
    """What the loss still depends on after step t: the losses of t, t + 1, ... as a function of
    the state after step t, which is held still."""
    still, values = _held_still(trace, t)
    last, rest = still, _weighted(dhs[t - 1], still[0])
    if t < len(xs):
        piece = forward_sweep(cell, xs[t:], still)
        last, rest = piece.state, rest + _weighted(dhs[t:], piece.hs)
    return rest + sum(map(_weighted, dstate, last)), still, values


def _symbolic_inputs(kind, T, D, H, activation):
    if not (isinstance(kind, type) and issubclass(kind, Cell)):
        raise TypeError(f"kind is {kind!r}; expected a kind of Cell, such as RNN")
    checks.one_of("activation", activation, ("tanh", "sigmoid", "identity"))
    cell = symbolic_cell(kind, D=D, H=H, activation=activation)
    states = ["h", "c", *(f"s{k}" for k in range(3, kind.memories + 1))][: kind.memories]
    return (
        cell,
        _symbols("x", T, 1, D),
        tuple(_symbols(f"{name}_0", 1, H) for name in states),
        _symbols("dh", T, 1, H),
        tuple(_symbols(f"d{name}_T", 1, H) for name in states),
    )


def _by_name(cell, xs, state, grads):
    """(name, what was put in, its derivative that came out) for everything that was put in."""
    for (name, places), (_, results) in zip(cell.leaves(), grads.cell.leaves(), strict=True):
        yield name, places, results
    yield "xs", xs, grads.xs
    for k, (places, results) in enumerate(zip(state, grads.state, strict=True)):
        yield f"state[{k}]", places, results


def _weighted(weights, values):
    """The sum of weights * values as an expression."""
    pairs = zip(weights.flat, values.flat, strict=True)
    return sum((w.e * v.e for w, v in pairs), sp.Integer(0))


def _expression(value):
    return value.e if isinstance(value, Exact) else sp.sympify(value)


def prove_step(kind, *, D=2, H=2, activation="tanh"):
    """The one-step lemma: `step_back` is the transposed Jacobian of `step`, for every input.

    Incoming gradients are symbols, so by induction over the steps BPTT is right for every T.
    """
    return prove_bptt(kind, T=1, D=D, H=H, activation=activation)


def name_functions(expression):
    """Replace every tanh(...) by a symbol of its own, so that what remains is a polynomial."""
    tanhs = sorted(expression.atoms(sp.tanh), key=sp.default_sort_key)
    return expression.xreplace({f: sp.Symbol(f"tanh_{hash(f)}") for f in tanhs})

"""Which wires carry derivatives? Small networks with switchable edges, differentiated exactly.

A network with one rule for all steps can hear three things besides its input: its own last state
(h_{t-1}), its own last output (y_{t-1}, running free), or what that output should have been
(d_{t-1}, teacher forcing). A `Wiring` is a choice among them. It lists the routes that a derivative
can take back from the last loss, and `prove` compares their sum with sympy's derivative of the
network written out as one nested formula.

The activation is phi and the loss ell, functions of which nothing is known (see `derive`): what is
zero here is zero for every activation, every loss and all weights.
"""

from dataclasses import dataclass

from rnnbook import checks, extras
from rnnbook.derive import UNITS_MAX, NotProved, Proof, dell, dphi, ell, matrix, phi, require_equal

with extras.needed_by(__name__):
    import sympy as sp

T_MAX = 5  # the number of routes doubles with each free step
FED = ("none", "free", "forced")
WEIGHTS = ("W_hh", "W_yh", "W_xh", "b_h", "W_hy", "b_y")


@dataclass(frozen=True)
class Route:
    """One way from the last loss back to a state, an output or one use of a weight.

    stations: the names passed, such as ("L_3", "y_3", "h_3", "W_hh^(3)"). factors: the names of
    the derivatives along the way, and what stands to the left of the weight last. edges: the
    switchable edges that it needs, such as "h_2 -> h_3". value: the product, as a matrix.
    """

    stations: tuple
    factors: tuple
    edges: tuple
    value: sp.Matrix

    def __repr__(self):
        return f"Route({' <- '.join(self.stations)})"


class Wiring:
    """A network of T steps with chosen edges, as one exact formula.

        a_t = b_h  + x_t W_xh      if inputs
                   + h_{t-1} W_hh  if hidden
                   + y_{t-1} W_yh  if step t runs free,  or  + d_{t-1} W_yh  if it is forced
        h_t = phi(a_t),   y_t = h_t W_hy + b_y,   L_T = ell(T, y_T)

    T: 1 to 5 steps. hidden, inputs: whether the state before and the input are read. fed: what
    each step from the second on hears of the step before it: "free", "forced" or "none" for all,
    or a tuple of T - 1 of these words; the first step has none before it. D, H, K: inputs, units,
    outputs (1 to 3 each).

    >>> Wiring(3, hidden=False, fed="forced").arriving("h_1")
    ()
    """

    def __init__(self, T=3, *, hidden=True, fed="free", inputs=True, D=1, H=1, K=1):
        self.T = checks.whole("T", T)
        if T > T_MAX:
            raise ValueError(f"T is {T}; exact algebra is for {T_MAX} steps at the most")
        for name, size in {"D": D, "H": H, "K": K}.items():
            if checks.whole(name, size) > UNITS_MAX:
                raise ValueError(f"{name} is {size}; exact algebra is for {UNITS_MAX} at the most")
        self.hidden, self.inputs = _truth("hidden", hidden), _truth("inputs", inputs)
        if not isinstance(fed, str | tuple | list):
            raise TypeError(f"fed is {fed!r}; expected a word or T - 1 = {T - 1} words")
        words = (fed,) * (T - 1) if isinstance(fed, str) else tuple(fed)
        if len(words) != T - 1:
            raise ValueError(f"fed has {len(words)} words; expected T - 1 = {T - 1}")
        self.fed = (None, "none", *(checks.one_of("fed", word, FED) for word in words))
        shapes = {"W_hh": (H, H), "W_yh": (K, H), "W_xh": (D, H), "b_h": (1, H),
                  "W_hy": (H, K), "b_y": (1, K)}
        self.parameters = {name: matrix(f"{name[0].lower()}^{{{name[2:]}}}", *shape)
                           for name, shape in shapes.items()}
        self.x = [None] + [matrix(f"x_{t}", 1, D) for t in range(1, T + 1)]
        self.d = [None] + [matrix(f"d_{t}", 1, K) for t in range(1, T + 1)]
        self.h = [matrix(f"h_{t}", 1, H) for t in range(T + 1)]
        self.slope = [None] + [matrix(rf"\varphi'_{t}", 1, H) for t in range(1, T + 1)]
        self.error = matrix(rf"\ell'_{T}", 1, K)
        self.y = [None] + [h * self.parameters["W_hy"] + self.parameters["b_y"]
                           for h in self.h[1:]]
        self._names = {}
        self.loss = self._unrolled(lambda name, t: self.parameters[name], names=self._names)

    def __repr__(self):
        fed = self.fed[2] if len(set(self.fed[2:])) == 1 else self.fed[2:]
        inputs = "" if self.inputs else ", inputs=False"
        return f"Wiring({self.T}, hidden={self.hidden}, fed={fed!r}{inputs})"

    @property
    def edges(self):
        """The switchable edges that are on."""
        found = []
        for t in range(1, self.T + 1):
            found += [f"x_{t} -> h_{t}"] * self.inputs
            found += [f"h_{t - 1} -> h_{t}"] * self.hidden
            found += {"free": [f"y_{t - 1} -> h_{t}"], "forced": [f"d_{t - 1} -> h_{t}"],
                      "none": []}[self.fed[t]]
        return tuple(found)

    # --- the network, forwards ---

    def _unrolled(self, weight, held=None, names=None):
        """L_T as a nested formula. weight(name, t): the table that step t uses. held: states or
        outputs that are symbols instead of what they are made from, by name."""
        held, h = held or {}, self.h[0]
        y = None
        for t in range(1, self.T + 1):
            a = weight("b_h", t)
            if self.inputs:
                a = a + self.x[t] * weight("W_xh", t)
            if self.hidden:
                a = a + h * weight("W_hh", t)
            if self.fed[t] != "none":
                a = a + (y if self.fed[t] == "free" else self.d[t - 1]) * weight("W_yh", t)
            h = held.get(f"h_{t}", a.applyfunc(phi))
            y = held.get(f"y_{t}", h * weight("W_hy", t) + weight("b_y", t))
            if names is not None:
                names |= dict(zip(h, self.h[t], strict=True))
                names |= dict(zip(a.applyfunc(dphi), self.slope[t], strict=True))
        if names is not None:
            names |= {dell(self.T, k + 1, *y): e for k, e in enumerate(self.error)}
        return ell(self.T, *y)

    def derivative(self, name, use=None):
        """dL_T / d(what is named), by sympy from the nested formula, only then named.

        name: a weight ("W_hh", ...), a state ("h_1") or an output ("y_1"). use: only through the
        weight's use at this step, as if each step had a copy of its own.
        """
        if name in self.parameters:
            return self._in_weight(name, self._use(use))
        place, value = self._place(name)
        still = matrix(f"still_{name}", *value.shape)
        loss = self._unrolled(lambda weight, t: self.parameters[weight], {name: still})
        # What the symbol stands for is nested too: the outer parts get their names first.
        back = dict(zip(still, self._nested(place, name[0]), strict=True))
        return still.applyfunc(lambda s: sp.diff(loss, s).xreplace(back).xreplace(self._names))

    def _in_weight(self, name, use):
        table = self.parameters[name]
        if use is None:
            return table.applyfunc(lambda w: sp.diff(self.loss, w).xreplace(self._names))
        copy = matrix(f"copy_{name}", *table.shape)
        loss = self._unrolled(
            lambda weight, t: copy if (weight, t) == (name, use) else self.parameters[weight])
        tied = dict(zip(copy, table, strict=True))
        return copy.applyfunc(lambda w: sp.diff(loss, w).xreplace(tied).xreplace(self._names))

    def _nested(self, t, letter):
        """h_t or y_t as a nested formula."""
        named = {symbol: nested for nested, symbol in self._names.items()}
        return (self.h if letter == "h" else self.y)[t].xreplace(named)

    def _place(self, name):
        letter, _, step = str(name).partition("_")
        if letter not in ("h", "y") or step not in map(str, range(1, self.T + 1)):
            raise ValueError(f"name is {name!r}; expected one of {', '.join(WEIGHTS)}, "
                             f"or h_t or y_t with t from 1 to {self.T}")
        return int(step), (self.h if letter == "h" else self.y)[int(step)]

    def _use(self, use):
        if use is not None and checks.whole("use", use) > self.T:
            raise ValueError(f"use is {use}; expected a step from 1 to T = {self.T}")
        return use

    # --- the routes, backwards ---

    def arriving(self, name):
        """All routes from L_T back to a state or an output, such as "h_1"."""
        t, _ = self._place(name)
        if name == f"y_{self.T}":
            return (Route((f"L_{t}", name), (f"ℓ'_{t}",), (), self.error),)
        if name[0] == "y":  # an output is heard by the next step, if that runs free
            if self.fed[t + 1] != "free":
                return ()
            later = self.arriving(f"h_{t + 1}")
            return tuple(self._further(r, t + 1, name, "W_yh") for r in later)
        found = [self._read_out(r, name) for r in self.arriving(f"y_{t}")]
        if self.hidden and t < self.T:
            later = self.arriving(f"h_{t + 1}")
            found += [self._further(r, t + 1, name, "W_hh") for r in later]
        return tuple(found)

    def _read_out(self, route, name):
        """A route to y_t, carried on to h_t, which is called `name`."""
        return Route((*route.stations, name), (*route.factors, "W_hy"), route.edges,
                     route.value * self.parameters["W_hy"].T)

    def _further(self, route, t, name, weight):
        """A route to h_t, carried on through the weight to `name`, which h_t reads."""
        value = route.value.multiply_elementwise(self.slope[t]) * self.parameters[weight].T
        return Route((*route.stations, name), (*route.factors, f"φ'_{t}", weight),
                     (*route.edges, f"{name} -> h_{t}"), value)

    def routes(self, name, use=None):
        """All routes from L_T back to a weight, to its use at one step or to all of them."""
        checks.one_of("name", name, WEIGHTS)
        if use is None:
            return tuple(r for t in range(self.T, 0, -1) for r in self.routes(name, t))
        use = self._use(use)
        end = f"{name}^({use})"
        if name in ("W_hy", "b_y"):
            left, said, edge = (self.h[use], f"h_{use}", None) if name == "W_hy" else _ONE
            return tuple(
                Route((*r.stations, end), (*r.factors, *said.split()), r.edges, left.T * r.value)
                for r in self.arriving(f"y_{use}"))
        left, said, edge = self._left(name, use)
        if left is None:
            return ()
        return tuple(
            Route((*r.stations, end), (*r.factors, f"φ'_{use}", *said.split()),
                  (*r.edges, *([edge] if edge else [])),
                  left.T * r.value.multiply_elementwise(self.slope[use]))
            for r in self.arriving(f"h_{use}"))

    def _left(self, name, t):
        """What the weight is multiplied with at step t, its name and the edge it comes by."""
        if name == "b_h":
            return _ONE
        if name == "W_xh":
            left = (self.x[t], f"x_{t}") if self.inputs else None
        elif name == "W_hh":
            left = (self.h[t - 1], f"h_{t - 1}") if self.hidden else None
        elif self.fed[t] == "free":
            left = self.y[t - 1], f"y_{t - 1}"
        else:
            left = (self.d[t - 1], f"d_{t - 1}") if self.fed[t] == "forced" else None
        return (*left, f"{left[1]} -> h_{t}") if left else (None, "", None)

    def total(self, name, use=None):
        """The sum of the routes: what the derivative ought to be."""
        zero = 0 * (self.parameters[name] if name in self.parameters else self._place(name)[1])
        found = self.routes(name, use) if name in self.parameters else self.arriving(name)
        return sum((route.value for route in found), zero)

    # --- both sides ---

    def prove(self):
        """The sum of the routes = sympy's derivative, for every state, output, weight and use.

        It is zero exactly where there is no route, and no route is zero. Returns a Proof; raises
        NotProved otherwise.
        """
        steps = range(1, self.T + 1)
        wanted = [(f"{letter}_{t}", None) for letter in "hy" for t in steps]
        wanted += [(name, use) for name in WEIGHTS for use in (None, *steps)]
        count = 0
        for name, use in wanted:
            claim = f"{self!r}: dL_{self.T}/d{name}" + (f"^({use})" if use else "")
            derivative, total = self.derivative(name, use), self.total(name, use)
            for left, right in zip(derivative, total, strict=True):
                require_equal(claim, left, right)
                count += 1
            found = self.routes(name, use) if name in self.parameters else self.arriving(name)
            if all(entry == 0 for entry in derivative) != (not found):
                raise NotProved(f"{claim}: zero, but {len(found)} routes lead there")
            for route in found:
                if all(entry == 0 for entry in route.value.expand()):
                    raise NotProved(f"{claim}: {route!r} is zero")
        return Proof(f"{self!r}: routes = derivative", count)


_ONE = (sp.Matrix([1]), "", None)


def _truth(name, value):
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}; expected True or False")
    return value

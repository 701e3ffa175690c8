"""The three cells: RNN, LSTM and GRU. Each knows one step, and the way back through it.

    x_t  (B, D)  input          h_t  (B, H)  hidden state, the note the network keeps to itself
    a_t  (B, G)  pre-activation c_t  (B, H)  memory (LSTM)
    W_xh (D, G)  W_hh (H, G)    b_h  (G,)    with G = H, 3H or 4H: the gates' blocks side by side

The step is split where time comes in. `unroll` computes the input's share x_t W_xh + b_h for all
t at once, because nothing in it waits for the past. `step` adds h_{t-1} W_hh, which does wait,
and returns the new state and what the way back needs of this step: the gates, or a_t if the cell
has none.

On the way back `slopes` computes every local derivative, again for all t at once. What remains
is `step_back`, which is linear: it takes the gradient of the loss in the new state, and returns
the gradient in a_t and in the old state. Every d-name is a derivative of the loss: da is dL/da.
"""

from dataclasses import dataclass, fields

import numpy as np

from rnnbook import checks
from rnnbook.parameters import Parameters


def sigmoid(a):
    """1 / (1 + exp(-a)), written so that it never overflows; exactly 0 below a = -38 or so."""
    return 0.5 + 0.5 * np.tanh(0.5 * a)


ACTIVATIONS = {  # phi(a), and its derivative written in terms of h = phi(a)
    "tanh": (np.tanh, lambda h: 1 - h * h),
    "sigmoid": (sigmoid, lambda h: h * (1 - h)),
    "relu": (lambda a: np.maximum(a, 0), lambda h: (h > 0).astype(h.dtype)),
    "identity": (lambda a: a, np.ones_like),
}


def orthogonal(H, rng):
    """A random (H, H) matrix that keeps every length, uniform over all such matrices.

    QR of a Gaussian matrix; the signs make it uniform (Mezzadri, Notices of the AMS 54, 2007).
    """
    Q, R = np.linalg.qr(rng.normal(size=(H, H)))
    return Q * np.sign(np.diag(R))


@dataclass(frozen=True, repr=False, eq=False)
class Cell(Parameters):
    """What all cells share: three arrays, how these start, and how they are checked.

    A cell of your own says how many `blocks` W_hh has and of how many (B, H) arrays its state is
    made (`memories`), and gives `step`, `slopes` and `step_back`. It gives `recurrent_gradient`
    if anything but h_{t-1} stands to the left of W_hh. Any further array is a field, and then
    `own_gradients` gives its derivative. For nothing it gets `init`, `unroll`, `bptt` (truncated
    too), `Model`, `fit`, `check_gradients`, `gradient_table`, `prove_step`, `save` and `load`.
    """

    W_xh: np.ndarray  # (D, G)
    W_hh: np.ndarray  # (H, G)
    b_h: np.ndarray  # (G,)

    blocks = 1  # G = blocks * H
    memories = 1  # how many (B, H) arrays the state is made of

    def __post_init__(self):
        if type(self) is Cell:
            raise TypeError("Cell is what RNN, GRU and LSTM share; make one of those, "
                            "or a class of your own from it")
        W_hh = checks.array("W_hh", self.W_hh, "H G")
        G = self.blocks * W_hh.shape[0]
        checks.shape("W_hh", W_hh, "H G", G=G)
        W_xh = checks.array("W_xh", self.W_xh, "D G", G=G)
        b_h = checks.array("b_h", self.b_h, "G", G=G)
        dtype = np.result_type(W_xh, W_hh, b_h)
        arrays = {"W_xh": W_xh, "W_hh": W_hh, "b_h": b_h}
        for name in self.own_arrays():
            own = checks.numeric(name, getattr(self, name))
            arrays[name] = checks.array(name, own, " ".join(f"n{k}" for k in range(own.ndim)))
        for name, value in arrays.items():
            object.__setattr__(self, name, value.astype(dtype))

    def own_arrays(self):
        """The names of the arrays that this kind of cell has beside W_xh, W_hh and b_h."""
        return [f.name for f in fields(self)[3:] if f.type in (np.ndarray, "np.ndarray")
                or isinstance(getattr(self, f.name), np.ndarray)]

    @property
    def D(self):
        return self.W_xh.shape[0]

    @property
    def H(self):
        return self.W_hh.shape[0]

    @property
    def dtype(self):
        return self.W_hh.dtype

    @classmethod
    def init(cls, *, D, H, rng, gain=1.0, dtype=np.float64, **options):
        """A cell with random weights, ready to learn.

        Each block of W_hh is `gain` times an orthogonal matrix, so that all the block's
        singular values are `gain` (Saxe et al. 2014, arXiv 1312.6120). W_xh is normal
        with variance 1/D: inputs of size 1 give pre-activations of size 1. b_h is 0.
        """
        D, H, rng = checks.whole("D", D), checks.whole("H", H), checks.generator(rng)
        gain, dtype = checks.number("gain", gain), checks.precision(dtype)
        W_xh = rng.normal(size=(D, cls.blocks * H)) / np.sqrt(D)
        W_hh = np.hstack([gain * orthogonal(H, rng) for _ in range(cls.blocks)])
        arrays = W_xh, W_hh, np.zeros(cls.blocks * H)
        return cls(*(array.astype(dtype) for array in arrays), **options)

    def initial_state(self, B):
        """The state before the first step: zeros, a tuple of (B, H) arrays, h first."""
        shape = checks.whole("B", B), self.H
        return tuple(np.zeros(shape, self.dtype) for _ in range(self.memories))

    def step(self, a_x, state):
        """One step. a_x: (B, G), x_t W_xh + b_h. state: a tuple of (B, H) arrays, h_{t-1} first.

        Returns (the new state, a tuple like the old; kept (B, G), what the way back needs).
        """
        self._missing("step", "(a_x, state) -> (state, kept)")

    def slopes(self, before, after, kept):
        """Every local derivative, for all t at once: a tuple of arrays whose first axis is T.

        before, after: the states, tuples of (T, B, H). kept: (T, B, G).
        """
        self._missing("slopes", "(before, after, kept) -> a tuple of (T, ...) arrays")

    def step_back(self, dstate, slopes):
        """One step back. dstate: dL/d of the new state, a tuple of (B, H). slopes: those of step t.

        Returns (da (B, G); dL/d of the old state, a tuple like dstate). It must be linear in
        dstate and let dstate have axes in front: `bptt(..., truncate=K)` puts K ages there.
        """
        self._missing("step_back", "(dstate, slopes) -> (da, dstate)")

    def recurrent_gradient(self, h_before, das, kept):
        """dL/dW_hh over all steps at once: what stood to the left of W_hh, times dL/da."""
        return flat(h_before).T @ flat(das)

    def own_gradients(self, before, after, kept, das, dhs):
        """dL/d of each of `own_arrays()`, over all steps at once: {name: an array of its shape}.

        before, after, kept: as in `slopes`. das: (T, B, G) and dhs: (T, B, H), the total
        derivatives in each a_t and h_t.
        """
        self._missing("own_gradients", "(before, after, kept, das, dhs) -> {name: dL/d of it}, "
                      f"for {', '.join(self.own_arrays())}")

    def _missing(self, method, expected):
        raise NotImplementedError(f"{type(self).__name__} has no method {method}; "
                                  f"expected {expected}")


def split(array, parts):
    """Blocks that stand side by side -> one view of each. (numpy.split is many times slower.)"""
    size = array.shape[-1] // parts
    return [array[..., k * size : (k + 1) * size] for k in range(parts)]


def flat(arrays):
    """(T, B, N) -> (T B, N): one large product is faster than T small ones."""
    return arrays.reshape(-1, arrays.shape[-1])


@dataclass(frozen=True, repr=False, eq=False)
class RNN(Cell):
    """The simple recurrent network (Elman 1990, Cognitive Science 14, with logistic units).

        h_t = phi(a_t),   a_t = x_t W_xh + h_{t-1} W_hh + b_h

    `activation` names phi: "tanh", "sigmoid", "relu" or "identity".
    """

    activation: str = "tanh"

    def __post_init__(self):
        super().__post_init__()
        checks.one_of("activation", self.activation, ACTIVATIONS)

    def step(self, a_x, state):
        (h,) = state
        phi, _ = ACTIVATIONS[self.activation]
        a = a_x + h @ self.W_hh
        return (phi(a),), a

    def slopes(self, before, after, kept):
        (h,) = after
        _, phi_slope = ACTIVATIONS[self.activation]
        return (phi_slope(h),)  # dh_t / da_t

    def step_back(self, dstate, slopes):
        (dh,), (slope,) = dstate, slopes
        da = dh * slope
        return da, (da @ self.W_hh.T,)


@dataclass(frozen=True, repr=False, eq=False)
class LSTM(Cell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000).

        i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)      a_t = x_t W_xh + h_{t-1} W_hh + b_h
        g       = tanh(a_g)                                     in the blocks i | f | g | o
        c_t     = f * c_{t-1} + i * g
        h_t     = o * tanh(c_t)
    """

    blocks = 4
    memories = 2

    @classmethod
    def init(cls, *, D, H, rng, forget_bias=1.0, **options):
        """As `Cell.init`; `forget_bias` starts b_f, so that the memory is kept at first
        (Gers et al. 2000; Jozefowicz et al. 2015)."""
        cell = super().init(D=D, H=H, rng=rng, **options)
        cell.b_h[H : 2 * H] = checks.number("forget_bias", forget_bias)
        return cell

    def step(self, a_x, state):
        h, c = state
        a = a_x + h @ self.W_hh
        gates = sigmoid(a)
        i, f, g, o = split(gates, 4)
        np.tanh(split(a, 4)[2], out=g)
        c = f * c + i * g
        return (o * np.tanh(c), c), gates

    def slopes(self, before, after, kept):
        (_, c_before), (_, c) = before, after
        i, f, g, o = split(kept, 4)
        c_squashed = np.tanh(c)
        h_by_c = o * (1 - c_squashed * c_squashed)  # dh_t / dc_t
        by_a = np.empty_like(kept)
        c_by_i, c_by_f, c_by_g, h_by_o = split(by_a, 4)
        c_by_i[:] = g * i * (1 - i)  # dc_t / da_i, and so on
        c_by_f[:] = c_before * f * (1 - f)
        c_by_g[:] = i * (1 - g * g)
        h_by_o[:] = c_squashed * o * (1 - o)
        return h_by_c, by_a, f

    def step_back(self, dstate, slopes):
        dh, dc = dstate
        h_by_c, by_a, f = slopes  # by_a: i, f and g through c, o through h
        dc = dc + dh * h_by_c
        da = np.concatenate([dc, dc, dc, dh], axis=-1) * by_a
        return da, (da @ self.W_hh.T, dc * f)


@dataclass(frozen=True, repr=False, eq=False)
class GRU(Cell):
    """The gated recurrent unit, reset before the product (Cho et al. 2014, arXiv 1406.1078 v3).

        r, z = sigmoid(a_r), sigmoid(a_z)     a_r, a_z: blocks of x_t W_xh + h_{t-1} W_hh + b_h
        n    = tanh(a_n)                      a_n = x_t W_xn + (r * h_{t-1}) W_hn + b_n
        h_t  = z * h_{t-1} + (1 - z) * n      blocks r | z | n
    """

    blocks = 3

    def step(self, a_x, state):
        (h,) = state
        W_rz, W_n = self._split(self.W_hh)
        a_rz, a_n = self._split(a_x)
        rz = sigmoid(a_rz + h @ W_rz)
        r, z = split(rz, 2)
        n = np.tanh(a_n + (r * h) @ W_n)
        h = z * h + (1 - z) * n
        return (h,), np.concatenate([rz, n], axis=-1)

    def slopes(self, before, after, kept):
        (h,) = before
        r, z, n = split(kept, 3)
        h_by_z = (h - n) * z * (1 - z)  # dh_t / da_z
        h_by_n = (1 - z) * (1 - n * n)  # dh_t / da_n
        rh_by_r = h * r * (1 - r)  # d(r * h_{t-1}) / da_r
        return h_by_z, h_by_n, rh_by_r, r, z

    def step_back(self, dstate, slopes):
        (dh,) = dstate
        h_by_z, h_by_n, rh_by_r, r, z = slopes
        W_rz, W_n = self._split(self.W_hh)
        da_n = dh * h_by_n
        drh = da_n @ W_n.T
        da = np.concatenate([drh * rh_by_r, dh * h_by_z, da_n], axis=-1)
        da_rz, _ = self._split(da)
        dh = dh * z + drh * r + da_rz @ W_rz.T
        return da, (dh,)

    def recurrent_gradient(self, h_before, das, kept):
        r, _, _ = split(kept, 3)
        das_rz, das_n = self._split(das)
        return np.hstack([flat(h_before).T @ flat(das_rz), flat(r * h_before).T @ flat(das_n)])

    def _split(self, blocks):
        rz = 2 * (blocks.shape[-1] // 3)
        return blocks[..., :rz], blocks[..., rz:]

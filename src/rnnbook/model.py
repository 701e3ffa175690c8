"""A model is a cell with a readout: states become outputs, y_t = h_t W_hy + b_y.

    xs  (T, B, D)  inputs      hs  (T, B, H)  hidden states      ys  (T, B, K)  outputs
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnnbook import checks
from rnnbook.cells import Cell, flat
from rnnbook.parameters import Parameters
from rnnbook.through_time import bptt, unroll


@dataclass(frozen=True, repr=False, eq=False)
class Readout(Parameters):
    """y_t = h_t W_hy + b_y: the same map from state to output at every step."""

    W_hy: np.ndarray  # (H, K)
    b_y: np.ndarray  # (K,)

    def __post_init__(self):
        W_hy = checks.array("W_hy", self.W_hy, "H K")
        b_y = checks.array("b_y", self.b_y, "K", K=W_hy.shape[1])
        dtype = np.result_type(W_hy, b_y)
        object.__setattr__(self, "W_hy", W_hy.astype(dtype))
        object.__setattr__(self, "b_y", b_y.astype(dtype))

    @classmethod
    def init(cls, *, H, K, rng, dtype=np.float64):
        """Normal weights with variance 1/H, so that outputs have about the size of the states."""
        H, K, rng = checks.whole("H", H), checks.whole("K", K), checks.generator(rng)
        dtype = checks.precision(dtype)
        return cls((rng.normal(size=(H, K)) / np.sqrt(H)).astype(dtype), np.zeros(K, dtype))

    def forward(self, hs):
        T, B, _ = hs.shape
        return (flat(hs) @ self.W_hy + self.b_y).reshape(T, B, -1)

    def back(self, hs, dys):
        """Returns (dL/d of the readout, a Readout; dhs, the immediate derivative in each h_t)."""
        dreadout = self._with(W_hy=flat(hs).T @ flat(dys), b_y=flat(dys).sum(axis=0))
        return dreadout, (flat(dys) @ self.W_hy.T).reshape(hs.shape)


@dataclass(frozen=True, repr=False, eq=False)
class Model(Parameters):
    """A cell and a readout. `Model(cell=..., readout=...)`, or `Model.init(GRU, D=..., ...)`."""

    cell: Cell
    readout: Readout

    def __post_init__(self):
        checks.kind("cell", self.cell, Cell)
        checks.kind("readout", self.readout, Readout)
        checks.shape("W_hy", self.readout.W_hy, "H K", H=self.cell.H)

    @classmethod
    def init(cls, kind, *, D, H, K, rng, dtype=np.float64, **options):
        """Random weights. `kind` is RNN, or any Cell; `options` go to its `init`: gain, ..."""
        if not (isinstance(kind, type) and issubclass(kind, Cell)):
            raise TypeError(f"kind is {kind!r}; expected a kind of Cell, such as RNN")
        cell = kind.init(D=D, H=H, rng=rng, dtype=dtype, **options)
        return cls(cell, Readout.init(H=H, K=K, rng=rng, dtype=dtype))

    @property
    def D(self):
        return self.cell.D

    @property
    def K(self):
        return self.readout.W_hy.shape[1]

    def run(self, xs, state=None):
        """Outputs for a whole sequence: returns (ys, trace); `trace.state` is the state at the end.

        xs: (T, B, D). Errors as in `unroll`.
        """
        trace = unroll(self.cell, xs, state)
        return self.readout.forward(trace.hs), trace


class LossAndGrads(NamedTuple):
    """What `loss_and_grads` returns: `loss, grads, state = loss_and_grads(...)`."""

    loss: float
    grads: Model  # dL/d of every parameter
    state: tuple  # after the last step, to hand to the next piece of a long sequence


def loss_and_grads(model, xs, targets, loss, state=None):
    """One forward pass, one backward pass.

    xs: (T, B, D). targets: whatever `loss` expects. loss: `squared_error`, `cross_entropy` or any
    function (ys, targets) -> (value, dys): a number, and its derivative in ys, (T, B, K).
    state: as in `unroll`. Returns LossAndGrads.
    """
    checks.kind("model", model, Model)
    checks.function("loss", loss, "(ys, targets) -> (value, dys)")
    ys, trace = model.run(xs, state)
    value, dys = checks.pair("loss", loss(ys, targets), "(value, dys)")
    value = checks.scalar("loss", value, "its value")
    T, B, K = ys.shape
    dys = checks.array("loss's dys", dys, "T B K", dtype=ys.dtype, T=T, B=B, K=K)
    dreadout, dhs = model.readout.back(trace.hs, dys)
    dcell = bptt(model.cell, trace, dhs).cell
    return LossAndGrads(value, model._with(cell=dcell, readout=dreadout), trace.state)

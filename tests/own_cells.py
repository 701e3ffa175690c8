"""Three cells as a reader would write them: nothing here is known to the package."""

from dataclasses import dataclass

import numpy as np

from rnnbook.cells import Cell, flat, sigmoid, split


@dataclass(frozen=True, repr=False, eq=False)
class Scaled(Cell):
    """h_t = tanh(a_t), a_t = x_t W_xh + p * (h_{t-1} W_hh) + b_h: each unit has a share p (H,)."""

    p: np.ndarray

    @classmethod
    def init(cls, *, D, H, rng, **options):
        return super().init(D=D, H=H, rng=rng, p=np.linspace(0.5, 1.5, H), **options)

    def step(self, a_x, state):
        (h,) = state
        a = a_x + self.p * (h @ self.W_hh)
        return (np.tanh(a),), a

    def slopes(self, before, after, kept):
        (h,) = after
        return (1 - h**2,)

    def step_back(self, dstate, slopes):
        (dh,), (slope,) = dstate, slopes
        da = dh * slope
        return da, ((self.p * da) @ self.W_hh.T,)

    def recurrent_gradient(self, h_before, das, kept):
        return flat(h_before).T @ flat(self.p * das)

    def own_gradients(self, before, after, kept, das, dhs):
        return {"p": (flat(before[0]) @ self.W_hh * flat(das)).sum(axis=0)}


@dataclass(frozen=True, repr=False, eq=False)
class MinimalGated(Cell):
    """The minimal gated unit (Zhou et al. 2016, arXiv 1603.09420), in the blocks f | n:

    f = sigmoid(a_f),   n = tanh(x_t W_xn + (f * h_{t-1}) W_hn + b_n),   h_t = (1 - f) h_{t-1} + f n
    """

    blocks = 2

    def step(self, a_x, state):
        (h,), (W_f, W_n), (a_f, a_n) = state, split(self.W_hh, 2), split(a_x, 2)
        f = sigmoid(a_f + h @ W_f)
        n = np.tanh(a_n + (f * h) @ W_n)
        return ((1 - f) * h + f * n,), np.concatenate([f, n], axis=-1)

    def slopes(self, before, after, kept):
        (h,), (f, n) = before, split(kept, 2)
        by_f = f * (1 - f)
        return f * (1 - n**2), (n - h) * by_f, h * by_f, f

    def step_back(self, dstate, slopes):
        (dh,), (h_by_n, h_by_f, fh_by_f, f) = dstate, slopes
        W_f, W_n = split(self.W_hh, 2)
        da_n = dh * h_by_n
        dfh = da_n @ W_n.T
        da_f = dh * h_by_f + dfh * fh_by_f
        dh = dh * (1 - f) + dfh * f + da_f @ W_f.T
        return np.concatenate([da_f, da_n], axis=-1), (dh,)

    def recurrent_gradient(self, h_before, das, kept):
        f, _ = split(kept, 2)
        das_f, das_n = split(das, 2)
        return np.hstack([flat(h_before).T @ flat(das_f), flat(f * h_before).T @ flat(das_n)])


@dataclass(frozen=True, repr=False, eq=False)
class Peephole(Cell):
    """An LSTM whose gates see the memory (Gers et al. 2002), by p_i, p_f and p_o (H,)."""

    p_i: np.ndarray
    p_f: np.ndarray
    p_o: np.ndarray

    blocks = 4
    memories = 2

    @classmethod
    def init(cls, *, D, H, rng, **options):
        peepholes = dict(zip(("p_i", "p_f", "p_o"), rng.normal(size=(3, H))))
        return super().init(D=D, H=H, rng=rng, **peepholes, **options)

    def step(self, a_x, state):
        h, c = state
        a_i, a_f, a_g, a_o = split(a_x + h @ self.W_hh, 4)
        i, f, g = sigmoid(a_i + self.p_i * c), sigmoid(a_f + self.p_f * c), np.tanh(a_g)
        c = f * c + i * g
        o = sigmoid(a_o + self.p_o * c)
        return (o * np.tanh(c), c), np.concatenate([i, f, g, o], axis=-1)

    def slopes(self, before, after, kept):
        (_, c_before), (_, c), (i, f, g, o) = before, after, split(kept, 4)
        squashed = np.tanh(c)
        return (o * (1 - squashed**2), squashed * o * (1 - o), g * i * (1 - i),
                c_before * f * (1 - f), i * (1 - g**2), f)

    def step_back(self, dstate, slopes):
        (dh, dc), (h_by_c, h_by_o, c_by_i, c_by_f, c_by_g, f) = dstate, slopes
        da_o = dh * h_by_o
        dc = dc + dh * h_by_c + da_o * self.p_o
        da_i, da_f = dc * c_by_i, dc * c_by_f
        da = np.concatenate([da_i, da_f, dc * c_by_g, da_o], axis=-1)
        return da, (da @ self.W_hh.T, dc * f + da_i * self.p_i + da_f * self.p_f)

    def own_gradients(self, before, after, kept, das, dhs):
        da_i, da_f, _, da_o = split(das, 4)
        seen = {"p_i": da_i * before[1], "p_f": da_f * before[1], "p_o": da_o * after[1]}
        return {name: flat(product).sum(axis=0) for name, product in seen.items()}

"""Time one pass forward and back through each cell: make bench."""

import timeit

import numpy as np

from rnnbook import GRU, LSTM, RNN, bptt, unroll


def main(T=200, B=32, D=32, H=64):
    rng = np.random.default_rng(0)
    xs, dhs = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    print(f"T={T} B={B} D={D} H={H}, best of 5")
    for Cell in (RNN, GRU, LSTM):
        cell = Cell.init(D=D, H=H, rng=rng)
        trace = unroll(cell, xs)
        forward = min(timeit.repeat(lambda c=cell: unroll(c, xs), number=1, repeat=5))
        back = min(timeit.repeat(lambda c=cell, t=trace: bptt(c, t, dhs), number=1, repeat=5))
        print(f"{Cell.__name__:5} forward {1e3 * forward:6.1f} ms   back {1e3 * back:6.1f} ms")


if __name__ == "__main__":
    main()

"""Time the inner loops, a training step (beside PyTorch's if that is installed), and the moves
of an explorer: make bench."""

import subprocess
import sys
import time
import timeit
from pathlib import Path

import numpy as np

from rnnbook import GRU, LSTM, RNN, bptt, unroll
from rnnbook.sweeps import gradient_table

ROOT = Path(__file__).resolve().parents[2]


def passes(T=200, B=32, D=32, H=64):
    rng = np.random.default_rng(0)
    xs, dhs = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    print(f"One pass forward and back, T={T} B={B} D={D} H={H}, best of 5\n")
    for Cell in (RNN, GRU, LSTM):
        cell = Cell.init(D=D, H=H, rng=rng)
        trace = unroll(cell, xs)
        forward = min(timeit.repeat(lambda c=cell: unroll(c, xs), number=1, repeat=5))
        back = min(timeit.repeat(lambda c=cell, t=trace: bptt(c, t, dhs), number=1, repeat=5))
        print(f"{Cell.__name__:5} forward {1e3 * forward:6.1f} ms   back {1e3 * back:6.1f} ms")


def tables(T=200, H=32, gains=41):
    xs = np.random.default_rng(1).normal(size=(T, 1, H))
    print(f"\nThe table of all gradients, {gains} gains, all losses and steps, T={T} H={H}\n")
    kinds = {name: (RNN, {"activation": name}) for name in ("tanh", "sigmoid", "relu", "identity")}
    total = 0.0
    for name, (Cell, options) in {**kinds, "LSTM": (LSTM, {}), "GRU": (GRU, {})}.items():
        cells = [Cell.init(D=H, H=H, rng=np.random.default_rng(0), gain=gain, **options)
                 for gain in np.linspace(0.1, 2, gains)]  # fmt: skip
        sweep = min(timeit.repeat(lambda c=cells: gradient_table(c, xs), number=1, repeat=2,
                                  timer=time.process_time))  # fmt: skip
        total += sweep
        print(f"{name:8} {sweep:5.2f} s of CPU time")
    print(f"together {total:5.2f} s\n", flush=True)


if __name__ == "__main__":
    passes()
    tables()
    # a process of its own, because it sets the number of threads before numpy is imported
    steps = subprocess.run([sys.executable, ROOT / "tests/bench/step_time.py", "--quick"])
    moves = subprocess.run([sys.executable, ROOT / "tests/bench/explorer_moves.py"])
    sys.exit(steps.returncode or moves.returncode)

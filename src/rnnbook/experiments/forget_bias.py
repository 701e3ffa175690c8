"""What the forget gate's first bias does (chapter 8): much on the latch, little on adding.

The latch: LSTMs of 10 units, Adam with a learning rate of 0.003, gradients clipped to a norm of 1,
batches of 32, at most 500 updates; solved when fewer than 1 in 100 of 300 test sequences are wrong.
Adding: T = 30, 32 units, at most 3000 updates; solved when the test error is below 0.003.
"""

from functools import reduce

import numpy as np

from rnnbook.cells import LSTM
from rnnbook.experiments import memory
from rnnbook.model import Model
from rnnbook.sweeps import jacobians
from rnnbook.through_time import unroll
from rnnbook.training import adam, fit

UNITS = {"latch": 10, "adding": 32}
UPDATES = {"latch": 500, "adding": 3000}
BIASES = {"latch": (-1.0, 0.0, 1.0, 2.0, 3.0, 5.0), "adding": (-2.0, 0.0, 1.0, 3.0)}
LENGTHS = {"latch": (50, 100, 200), "adding": (30,)}
SEEDS = {"latch": 10, "adding": 5}
SETTINGS = [
    {"task": task, "T": T, "forget_bias": bias, "seed": seed}
    for task in UNITS for T in LENGTHS[task] for bias in BIASES[task] for seed in range(SEEDS[task])
] + [  # the latch once more, with recurrent weights half as large
    {"task": "latch", "T": 100, "forget_bias": bias, "seed": seed, "gain": 0.5}
    for bias in (0.0, 1.0, 2.0, 3.0, 5.0) for seed in range(10)
]


def run(settings):
    """Train once. Returns solved_at (None if it never was), the last test error, and reach.

    reach: log10 of the spectral norm of d(h_T, c_T)/d(h_1, c_1) before training, for one sequence:
    how much of a small change in the first state is left at the end.
    """
    task, T = settings["task"], settings["T"]
    trial = memory.TRIALS[task]
    rng = np.random.default_rng(settings["seed"])
    model = Model.init(LSTM, D=memory.inputs(trial), H=UNITS[task], K=trial.K, rng=rng,
                       forget_bias=settings["forget_bias"], gain=settings.get("gain", 1.0))
    record = {"solved_at": None, "error": None, "reach": reach(model.cell, trial, T)}

    def watch(model, losses):
        if len(losses) % 25 == 0:
            record["error"] = memory.test_error(model, trial, T)
            if record["error"] < trial.solved_below:
                record["solved_at"] = len(losses)
        return record["solved_at"] is not None

    batches = (trial.make(T=T, B=memory.B, rng=rng) for _ in range(UPDATES[task]))
    model, _ = fit(model, batches, trial.loss, adam(0.003), clip_norm=1.0, watch=watch)
    record["norm"] = model.norm
    return record


def reach(cell, trial, T):
    xs, _ = trial.make(T=T, B=1, rng=np.random.default_rng(0))
    product = reduce(np.matmul, jacobians(cell, unroll(cell, xs))[:0:-1])  # J_T ... J_2
    return float(np.log10(np.linalg.norm(product, 2)))

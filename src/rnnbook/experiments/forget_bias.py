"""What the forget gate's first bias does (chapter 8), on the latch and on adding.

The latch: LSTMs of 10 units, Adam with a learning rate of 0.003, gradients clipped to a norm of 1,
batches of 32, at most 500 updates; solved when fewer than 1 in 100 of 300 test sequences are wrong.
Adding: T = 30, 32 units, at most 3000 updates; solved when the test error is below 0.003.

Some settings change one thing more:
    gain     how large the recurrent weights start
    start    the cell starts as in Keras or PyTorch, but for the forget bias
    trained  "readout": the cell stays as it started
    marks    "early": in adding, both marks stand in the first third
"""

from functools import reduce

import numpy as np

from rnnbook import checks
from rnnbook.cells import LSTM
from rnnbook.experiments import memory
from rnnbook.model import Model
from rnnbook.sweeps import jacobians
from rnnbook.tasks import Task
from rnnbook.through_time import unroll
from rnnbook.training import Optimizer, adam, fit

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
] + [  # shorter
    {"task": "latch", "T": T, "forget_bias": bias, "seed": seed}
    for T in (10, 20, 30) for bias in (-1.0, 0.0) for seed in range(10)
] + [  # as two libraries start
    {"task": "latch", "T": T, "forget_bias": 1.0, "seed": seed, "start": start}
    for T in (50, 100) for start in ("Keras", "PyTorch") for seed in range(10)
] + [  # only the readout learns
    {"task": "latch", "T": T, "forget_bias": bias, "seed": seed, "trained": "readout"}
    for T, bias in ((50, 1.0), (100, 1.0), (200, 1.0), (200, 5.0)) for seed in range(10)
] + [  # adding without easy cases
    {"task": "adding", "T": 30, "forget_bias": bias, "seed": seed, "marks": "early"}
    for bias in BIASES["adding"] for seed in range(5)
]


def run(settings):
    """Train once. Returns solved_at (None if it never was), the last test error, and reach.

    reach: log10 of the spectral norm of d(h_T, c_T)/d(h_1, c_1) before training, for one sequence:
    how much of a small change in the first state is left at the end.
    """
    task, T = settings["task"], settings["T"]
    trial = memory.TRIALS[task]
    if settings.get("marks") == "early":
        trial = trial._replace(make=early_adding)
    rng = np.random.default_rng(settings["seed"])
    model = Model.init(LSTM, D=memory.inputs(trial), H=UNITS[task], K=trial.K, rng=rng,
                       forget_bias=settings["forget_bias"], gain=settings.get("gain", 1.0))
    if "start" in settings:
        model = model.replace(cell=library_start(model.cell, settings["start"], rng))
    record = {"solved_at": None, "error": None, "reach": reach(model.cell, trial, T)}

    def watch(model, losses):
        if len(losses) % 25 == 0:
            record["error"] = memory.test_error(model, trial, T)
            if record["error"] < trial.solved_below:
                record["solved_at"] = len(losses)
        return record["solved_at"] is not None

    batches = (trial.make(T=T, B=memory.B, rng=rng) for _ in range(UPDATES[task]))
    optimizer = adam(0.003)
    if settings.get("trained") == "readout":
        optimizer = of_the_readout(optimizer)
    model, _ = fit(model, batches, trial.loss, optimizer, clip_norm=1.0, watch=watch)
    record["norm"] = model.norm
    return record


def library_start(cell, library, rng):
    """The LSTM as a library would start it, with the forget bias that `cell` has.

    "Keras": W_hh is one matrix of H rows that are orthonormal in 4H dimensions, W_xh uniform
    (Glorot), b_h zero (keras.layers.LSTM). "PyTorch": everything uniform within 1 / sqrt(H), and
    b_h the sum of two such draws (torch.nn.LSTM).
    """
    checks.one_of("library", library, ("Keras", "PyTorch"))
    D, H = cell.D, cell.H
    if library == "Keras":
        Q, R = np.linalg.qr(rng.normal(size=(4 * H, H)))
        W_hh = (Q * np.sign(np.diag(R))).T
        limit = np.sqrt(6 / (D + 4 * H))
        return cell.replace(W_hh=W_hh, W_xh=rng.uniform(-limit, limit, size=(D, 4 * H)))
    limit = 1 / np.sqrt(H)
    W_xh, W_hh = (rng.uniform(-limit, limit, size=(rows, 4 * H)) for rows in (D, H))
    b_h = rng.uniform(-limit, limit, size=(2, 4 * H)).sum(axis=0)
    b_h[H : 2 * H] = cell.b_h[H : 2 * H]
    return cell.replace(W_xh=W_xh, W_hh=W_hh, b_h=b_h)


def of_the_readout(optimizer):
    """The same optimiser, except that the cell takes no step."""
    def update(grads, memory):
        step, memory = optimizer.update(grads, memory)
        return step.replace(cell=0.0 * step.cell), memory

    return Optimizer(optimizer.init, update)


def early_adding(*, T, B, rng):
    """`tasks.adding` with both marks in the first third, one in either half of it."""
    numbers, marks, columns = rng.uniform(size=(T, B)), np.zeros((T, B)), np.arange(B)
    marks[rng.integers(0, T // 6, size=B), columns] = 1
    marks[rng.integers(T // 6, T // 3, size=B), columns] = 1
    sums = (numbers * marks).sum(axis=0)
    return Task(np.stack([numbers, marks], axis=-1), sums[None, :, None])


def reach(cell, trial, T):
    xs, _ = trial.make(T=T, B=1, rng=np.random.default_rng(0))
    product = reduce(np.matmul, jacobians(cell, unroll(cell, xs))[:0:-1])  # J_T ... J_2
    return float(np.log10(np.linalg.norm(product, 2)))

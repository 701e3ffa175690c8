"""Does the start decide? Four ways to start W_hh, an echo from 10, 13 or 16 steps ago: chapter 7.

Networks of 32 units under one budget. What is kept is the remaining error, where 1 means that
nothing was learned, and how much of a gradient arrives before training.
"""

import numpy as np

from rnnbook import RNN, Model, adam, fit, squared_error, tasks, unroll
from rnnbook.sweeps import jacobians

STARTS = ("Gaussian, radius 0.9", "orthogonal, gain 0.9", "orthogonal, gain 1", "identity, relu")
DELAYS, SEEDS = (10, 13, 16), range(10)
B, H, UPDATES = 16, 32, 600
SETTINGS = [
    {"delay": delay, "start": start, "seed": seed}
    for delay in DELAYS for start in STARTS for seed in SEEDS
]


def run(settings):
    """Train once: the error of the last 50 updates, the share of a gradient that arrives."""
    delay, start, seed = settings["delay"], settings["start"], settings["seed"]
    rng = np.random.default_rng(seed)
    model = network(start, rng)
    xs, _ = tasks.echo(T=2 * delay, B=1, delay=delay, rng=np.random.default_rng(seed))
    product = np.linalg.multi_dot(jacobians(model.cell, unroll(model.cell, xs))[:-delay - 1:-1])
    arrives = np.linalg.norm(product) / np.sqrt(H)  # of a random row, root mean square
    batches = (tasks.echo(T=2 * delay, B=B, delay=delay, rng=rng) for _ in range(UPDATES))
    _, losses = fit(model, batches, squared_error, adam(0.003), clip_norm=1.0, progress=False)
    error = losses[-50:].mean() / 0.5  # half of the answers are 0: the others' mean square is 1
    return {"error": float(error), "arrives": float(arrives)}


def network(start, rng):
    """A network before training. The identity start reads smaller inputs."""
    gain = 0.9 if "0.9" in start else 1.0
    model = Model.init(RNN, D=1, H=H, K=1, gain=gain, rng=rng)
    cell = model.cell
    if start.startswith("Gaussian"):
        W = rng.normal(size=(H, H))
        cell = cell.replace(W_hh=0.9 * W / np.abs(np.linalg.eigvals(W)).max())
    if start.startswith("identity"):  # a ReLU has no ceiling
        W_xh = 0.1 * cell.W_xh
        cell = cell.replace(W_hh=np.eye(H), W_xh=W_xh, activation="relu")
    return model.replace(cell=cell)

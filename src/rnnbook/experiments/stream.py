"""The echo of a stream that is cut into pieces (chapter 5): how far back must the gradient reach?

RNNs of 16 units, Adam with a learning rate of 0.001, gradients clipped to a norm of 1, 16 streams
side by side, 10,000 updates, one for each piece. Whatever the length of the pieces, the updates are
as many; so longer pieces have read a longer stream.
"""

import numpy as np

from rnnbook.cells import RNN
from rnnbook.losses import squared_error
from rnnbook.model import Model
from rnnbook.tasks import echo
from rnnbook.training import adam, clip, loss_and_grads

B = 16
UPDATES, EVERY = 10_000, 200
PIECES = (  # delay, steps in a piece, state, what is trained
    (3, 2, "reset", "all"),
    (3, 2, "carried", "all"),
    (3, 2, "carried", "readout"),
    (8, 4, "carried", "all"),
    (8, 4, "carried", "readout"),
    (8, 8, "carried", "all"),
    (8, 9, "carried", "all"),
    (8, 9, "reset", "all"),
    (8, 16, "reset", "all"),
)
SETTINGS = [
    {"delay": delay, "piece": piece, "state": state, "trained": trained, "seed": seed}
    for delay, piece, state, trained in PIECES for seed in range(10)
]


def run(settings):
    """Train once. Returns the error on a fresh stream, before training and every 200 updates."""
    errors = []
    for updates, model in enumerate(train(**settings)):
        if updates % EVERY == 0:
            errors.append(fresh_error(model, settings["delay"]))
    return {"errors": errors}


def train(delay, piece, state, trained, seed, updates=UPDATES):
    """Yield the model before training, and after each piece of the stream."""
    rng = np.random.default_rng(seed)
    model = Model.init(RNN, D=1, H=16, K=1, gain=0.8, rng=rng)
    optimiser = adam(0.001)
    xs, targets = echo(T=piece * updates, B=B, delay=delay, rng=rng)
    memory, last = optimiser.init(model), None
    yield model
    for start in range(0, piece * updates, piece):
        steps = slice(start, start + piece)
        before = last if state == "carried" else None
        _, grads, last = loss_and_grads(
            model, xs[steps], targets[steps], squared_error, before)
        if trained == "readout":
            grads = grads.replace(cell=0 * grads.cell)
        step, memory = optimiser.update(clip(grads, norm=1.0), memory)
        model = model - step
        yield model


def fresh_error(model, delay):
    """Mean squared error on an uncut stream that is the same for every network."""
    xs, targets = echo(T=100, B=100, delay=delay, rng=np.random.default_rng(2**20))
    ys, _ = model.run(xs)
    return squared_error(ys[20:], targets[20:])[0]

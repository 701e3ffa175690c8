"""Which network passes which test of memory (chapter 9): six trials, four cells, one budget each.

All cells have 32 units, Adam with a learning rate of 0.003, gradients clipped to a norm of 1, and
batches of 32 fresh sequences. The tests use 300 sequences that are never trained on.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from rnnbook import checks, tasks
from rnnbook.cells import GRU, LSTM, RNN
from rnnbook.losses import cross_entropy, last_step, squared_error
from rnnbook.model import Model
from rnnbook.training import Diverged, adam, fit

B, TESTED, EVERY = 32, 300, 50


class Trial(NamedTuple):
    """A task as it is put to the networks."""

    make: object  # (T=, B=, rng=) -> xs, targets
    K: int  # outputs
    loss: object
    error: object  # (ys, targets) -> what "solved" is measured by
    solved_below: float
    lengths: tuple  # what is trained at
    updates: int


def mean_square(ys, targets):
    return float(np.mean((ys[-1:] - targets) ** 2))


def wrong(steps):
    """The share of wrong answers at these steps."""
    return lambda ys, targets: float(np.mean(ys[steps].argmax(axis=-1) != targets[steps]))


def whole_word(length):
    """All steps count for the loss; the error is asked of the word at the end."""
    make = partial(tasks.copying, length=length)
    return make, 9, cross_entropy, wrong(slice(-length, None))


LAST, BRIDGE = slice(-1, None), slice(-2, -1)
of_last = last_step(cross_entropy)
TRIALS = {
    "adding": Trial(tasks.adding, 1, last_step(squared_error), mean_square, 0.003, (50, 100), 2000),
    "copying 3": Trial(*whole_word(3), 0.01, (10,), 3000),
    "copying 10": Trial(*whole_word(10), 0.01, (20,), 3000),
    "temporal order": Trial(tasks.temporal_order, 4, of_last, wrong(LAST), 0.01, (20, 50), 2000),
    "latch": Trial(tasks.latch, 2, of_last, wrong(LAST), 0.01, (100, 200), 1000),
    "embedded Reber": Trial(
        tasks.embedded_reber, 7, cross_entropy, wrong(BRIDGE), 0.01, (12, 25), 2000),
}
CELLS = "tanh RNN", "identity RNN", "LSTM", "GRU"
SETTINGS = [
    {"task": task, "T": T, "cell": cell, "seed": seed}
    for task, trial in TRIALS.items() for T in trial.lengths for cell in CELLS for seed in range(5)
]


def make_model(cell, *, D, K, rng, H=32, gate_bias=None):
    """A model before training. "identity RNN" is a ReLU network that starts as W_hh = I, with
    a tenth of the usual input weights (after Le et al. 2015, arXiv 1504.00941).

    gate_bias: what the gate that keeps starts from, if not from the package's own: the bias of
    the LSTM's forget gate (1), or of the GRU's update gate (0).
    """
    checks.one_of("cell", cell, CELLS)
    if cell == "identity RNN":
        model = Model.init(RNN, D=D, H=H, K=K, rng=rng, activation="relu")
        return model.replace(cell=model.cell.replace(W_hh=np.eye(H), W_xh=0.1 * model.cell.W_xh))
    model = Model.init({"tanh RNN": RNN, "LSTM": LSTM, "GRU": GRU}[cell], D=D, H=H, K=K, rng=rng)
    if gate_bias is not None:
        model.cell.b_h[H : 2 * H] = gate_bias  # the second block: i | f | g | o, or r | z | n
    return model


def run(settings):
    """Train once. Returns the record that chapter 9 and its explorer read; see `train`."""
    return train(settings)[1]


def train(settings):
    """Train once: the trained model, and the record of the run.

    updates, losses, error: at each mark, the mean training loss since
    the mark before, and the error on the test sequences: the squared
    error (adding), or the share of wrong answers.
    solved_at: the first mark whose error is below solved_below; the
    training ends there. diverged_at: the update whose loss or gradient
    was not finite; it ends there too.
    beyond: the error at other lengths after training. norm: of the
    final model.
    """
    trial, T = TRIALS[settings["task"]], settings["T"]
    rng = np.random.default_rng(settings["seed"])
    model = make_model(settings["cell"], D=inputs(trial), K=trial.K, rng=rng,
                       gate_bias=settings.get("gate_bias"))
    optimizer = adam(settings.get("learning_rate", 0.003))
    record = {"updates": [], "losses": [], "error": [],
              "solved_at": None, "diverged_at": None,
              "solved_below": trial.solved_below,
              "baseline": without_memory(settings["task"], T),
              "budget": trial.updates}

    def watch(model, losses):
        if len(losses) % EVERY == 0:
            record["updates"].append(len(losses))
            error = test_error(model, trial, T)
            record["losses"].append(rounded(np.mean(losses[-EVERY:])))
            record["error"].append(rounded(error))
            if error < trial.solved_below:
                record["solved_at"] = len(losses)
        return record["solved_at"] is not None

    batches = (trial.make(T=T, B=B, rng=rng) for _ in range(trial.updates))
    try:
        model, _ = fit(model, batches, trial.loss, optimizer,
                       clip_norm=1.0, watch=watch)
    except Diverged as fault:
        model, record["diverged_at"] = fault.model, len(fault.losses)
    others = [T, 2 * T, 4 * T]
    if T >= 20:  # no task is asked for less than ten steps
        others = [T // 2, *others]
    errors = [rounded(test_error(model, trial, other)) for other in others]
    record["beyond"] = {"T": others, "error": errors}
    record["norm"] = model.norm
    return model, record


def rounded(value):
    """Four digits: enough for a curve, and a saved run stays small."""
    return float(f"{value:.4g}")


def inputs(trial):
    """D, the size of one input."""
    return trial.make(T=20, B=1, rng=np.random.default_rng(0)).xs.shape[-1]


def test_error(model, trial, T):
    """The error on sequences that are the same for every network, and that none has seen."""
    xs, targets = trial.make(T=T, B=TESTED, rng=np.random.default_rng(2**20))
    ys, _ = model.run(xs)
    return trial.error(ys, targets)


def without_memory(task, T):
    """The loss of the best guesser who has lost what the task is about, and that alone: the
    marked numbers, the word (but not the sign, nor the count of steps), the two symbols, the bit,
    the second symbol (but not the place in the grammar)."""
    if task == "adding":
        return 1 / 6
    if task.startswith("copying"):
        length = int(task.split()[1])
        return length * np.log(8) / (T + 2 * length)
    if task == "embedded Reber":
        return (tasks.reber_entropy(T) + np.log(2)) / (T - 1)
    return np.log({"temporal order": 4, "latch": 2}[task])

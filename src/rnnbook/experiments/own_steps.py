"""Forced or free, same task, same budget: chapter 10 trains a network that draws a curve.

The curve is the mean of two sines, with a little noise. A network of 16 units reads ten true
values, then its own outputs. In training it is forced all the way, or runs free after the ten.
"""

import numpy as np

from rnnbook import (
    RNN,
    Model,
    adam,
    bptt,
    clip,
    free_running,
    loss_and_grads,
    squared_error,
    tasks,
    teacher_forced,
)
from rnnbook.experiments.memory import rounded
from rnnbook.model import Readout

PROMPT, SEEDS = 10, range(10)
TRAININGS = ((20, 0.003), (90, 0.01), (90, 0.003))  # own steps, learning rate
SETTINGS = [
    {"own_steps": own_steps, "rate": rate, "forced": forced, "seed": seed}
    for own_steps, rate in TRAININGS for forced in (True, False) for seed in SEEDS
]


def run(settings):
    """Train once: the errors one step ahead and at each own step, the share of clipped updates."""
    model, clipped = train(**settings)
    one, own = errors(model)
    return {"clipped": clipped, "ahead": float(one), "own": [rounded(e) for e in own]}


def waves(T, B, rng):
    """B curves, shape (T, B, 1): two sines with random phases, noise of size 0.05."""
    slow = tasks.sine(T=T, B=B, rng=rng, period=20.0)
    fast = tasks.sine(T=T, B=B, rng=rng, period=7.0)
    return (slow + fast) / 2 + 0.05 * rng.normal(size=slow.shape)


def train(forced, own_steps, seed, updates=300, rate=0.01):
    """Returns the network, and the share of updates whose gradient was clipped."""
    rng = np.random.default_rng(seed)
    model = Model.init(RNN, D=1, H=16, K=1, rng=rng)
    optimiser, clipped = adam(rate), 0
    memory = optimiser.init(model)
    for _ in range(updates):
        wave = waves(PROMPT + own_steps + 1, 16, rng)
        xs, targets = wave[:-1], wave[1:]
        if forced:
            _, grads, _ = loss_and_grads(model, xs, targets, squared_error)
        else:
            _, grads = free_loss_and_grads(model, xs[:PROMPT], targets)
        clipped += grads.norm > 1.0
        step, memory = optimiser.update(clip(grads, norm=1.0), memory)
        model = model - step
    return model, clipped / updates


def errors(model, own_steps=60):
    """Root mean squared error: one step ahead, and at each own step."""
    wave = waves(PROMPT + own_steps, 200, np.random.default_rng(99))
    truth = wave[PROMPT:]
    ahead = teacher_forced(model, wave)[PROMPT - 1 : -1]
    made = free_running(model, wave[:PROMPT], own_steps)
    one = np.sqrt(np.mean((ahead - truth) ** 2))
    return one, np.sqrt(np.mean((made - truth) ** 2, axis=(1, 2)))


def fold(model):
    """The free-running model as a cell that reads nothing: eq-fold."""
    cell, readout = model.cell, model.readout
    return RNN(
        W_xh=0 * cell.W_xh,
        W_hh=cell.W_hh + readout.W_hy @ cell.W_xh,
        b_h=cell.b_h + readout.b_y @ cell.W_xh,
        activation=cell.activation,
    )


def free_loss_and_grads(model, prompt, targets):
    """Read the prompt (P, B, 1), then run free to the end; targets: (T, B, 1).

    Returns the mean squared error of all T outputs and its whole gradient, a Model.
    """
    cell, readout, P = model.cell, model.readout, len(prompt)
    first, read = model.run(prompt)
    nothing = np.zeros((len(targets) - P, *prompt.shape[1:]))
    folded = Model(fold(model), readout)
    rest, ran = folded.run(nothing, read.state)
    loss, dys = squared_error(np.concatenate([first, rest]), targets)
    dreadout, dhs = readout.back(np.concatenate([read.hs, ran.hs]), dys)

    late = bptt(folded.cell, ran, dhs[P:])
    early = bptt(cell, read, dhs[:P], late.state)
    dW, db = late.cell.W_hh, late.cell.b_h  # of W' and b': eq-fold-back
    dcell = RNN(
        W_xh=early.cell.W_xh + readout.W_hy.T @ dW + np.outer(readout.b_y, db),
        W_hh=early.cell.W_hh + dW,
        b_h=early.cell.b_h + db,
        activation=cell.activation,
    )
    dreadout = Readout(
        W_hy=dreadout.W_hy + dW @ cell.W_xh.T,
        b_y=dreadout.b_y + db @ cell.W_xh.T,
    )
    return loss, Model(dcell, dreadout)

"""A model told the truth at each step, left to run on its own outputs, or something in between.

    truth   (T, B, D)  a true sequence        prompt  (T, B, D)  its beginning
"""

import math

import numpy as np

from rnnbook import checks
from rnnbook.losses import softmax
from rnnbook.model import Model


def teacher_forced(model, truth, state=None):
    """Predictions when every input is the truth: y_t is the guess for truth[t + 1].

    truth: (T, B, D). Returns ys, (T, B, K): one guess per step, the last for what comes next.
    (Williams and Zipser 1989, Neural Computation 1.)
    """
    checks.kind("model", model, Model)
    ys, _ = model.run(checks.array("truth", truth, "T B D", D=model.D), state)
    return ys


def free_running(model, prompt, steps, *, feed=None, state=None):
    """Predictions when each input is the model's own last output.

    prompt: (T, B, D), read first; its last output is the first prediction. steps: how many
    predictions to make. feed: how an output (B, K) becomes the next input (B, D): `greedy`,
    `sampled(rng)` or a function of yours; by default the output itself, which needs K = D.
    Returns the inputs that the model made for itself, (steps, B, D).
    """
    checks.kind("model", model, Model)
    prompt = checks.array("prompt", prompt, "T B D", D=model.D)
    steps, feed = checks.whole("steps", steps), _feed(model, feed)
    ys, trace = model.run(prompt, state)
    B = ys.shape[1]
    x, state, made = feed(ys[-1]), trace.state, []
    for _ in range(steps):
        made.append(checks.array("feed(y)", x, "B D", B=B, D=model.D))
        ys, trace = model.run(made[-1][None], state)
        x, state = feed(ys[-1]), trace.state
    return np.stack(made)


def mixed_inputs(model, truth, rate, *, rng, prompt=1, feed=None, state=None):
    """Training inputs, some true and some the model's own: scheduled sampling.

    truth: (T, B, D). rate: how often the truth is used, 0 to 1; a coin is tossed
    for each step of each sequence. Where it falls the other way, the input is
    what the model, after all the inputs chosen so far, predicts in its place.
    prompt: how many first steps are true whatever the coin. feed: as in
    `free_running`.
    Returns (T, B, D): numbers, with no way back for a gradient.
    (Bengio, Vinyals, Jaitly and Shazeer 2015, arXiv 1506.03099.)
    """
    checks.kind("model", model, Model)
    cell, readout = model.cell, model.readout
    truth = checks.array("truth", truth, "T B D", dtype=cell.dtype, D=model.D)
    T, B, D = truth.shape
    rate, rng = _rate("rate", rate), checks.generator(rng)
    feed, prompt = _feed(model, feed), checks.whole("prompt", prompt)
    if prompt > T:
        raise ValueError(f"prompt is {prompt}; expected at most T = {T}")
    forced = rng.random((T, B, 1)) < rate
    ys, trace = model.run(truth[:prompt], state)
    xs, y, state = truth.copy(), ys[-1], trace.state
    for t in range(prompt, T):
        own = checks.array("feed(y)", feed(y), "B D", B=B, D=D)
        xs[t] = np.where(forced[t], truth[t], own)
        state, _ = cell.step(xs[t] @ cell.W_xh + cell.b_h, state)
        y = state[0] @ readout.W_hy + readout.b_y
    return xs


def scheduled(schedule, *, rng, prompt=1, feed=None):
    """Scheduled sampling for `fit(..., inputs=...)`: `mixed_inputs` each time.

    schedule: the rate as a function of the number i of updates made, such as
    `linear(slope=1 / 2000)`. rng, prompt, feed: as in `mixed_inputs`.
    """
    checks.function("schedule", schedule, "i -> rate")
    options = {"rng": rng, "prompt": prompt, "feed": feed}

    def inputs(model, xs, i):
        return mixed_inputs(model, xs, _rate(f"schedule({i})", schedule(i)), **options)

    return inputs


def linear(*, slope, start=1.0, least=0.0):
    """rate(i) = max(least, start - slope i). (All three: Bengio et al. 2015.)"""
    slope = checks.number("slope", slope, "a number, at least 0", lambda c: c >= 0)
    start, least = _rate("start", start), _rate("least", least)
    return lambda i: max(least, start - slope * i)


def exponential(*, k):
    """rate(i) = k^i, with k below 1."""
    k = checks.number("k", k, "a number above 0 and below 1", lambda k: 0 < k < 1)
    return lambda i: k**i


def inverse_sigmoid(*, k):
    """rate(i) = k / (k + exp(i / k)), with k at least 1: half at i = k ln k."""
    k = checks.number("k", k, "a number, at least 1", lambda k: k >= 1)
    return lambda i: 1 / (1 + math.exp(min(i / k, 700)) / k)  # exp(710) overflows


def _rate(name, value):
    return checks.number(name, value, "a number from 0 to 1", lambda value: 0 <= value <= 1)


def _feed(model, feed):
    """How an output becomes the next input: `feed`, or as it is where the sizes allow that."""
    if feed is None:
        if model.K != model.D:
            raise ValueError(f"the model has K = {model.K} outputs and D = {model.D} inputs; "
                             "to feed outputs back as they are, K must equal D, or pass feed=")
        return lambda y: y
    return checks.function("feed", feed, "y (B, K) -> x (B, D)")


def greedy(y):
    """(B, K) outputs -> (B, K) one-hot rows: the likeliest class each time."""
    return np.eye(y.shape[-1], dtype=y.dtype)[y.argmax(axis=-1)]


def sampled(rng, temperature=1.0):
    """A `feed` that draws each class with its probability softmax(y / temperature).

    temperature: above 0; small is cautious, 1 is as learned, large is wild.
    """
    checks.generator(rng)
    temperature = checks.positive("temperature", temperature)

    def feed(y):
        ps = softmax(y / temperature)
        classes = [rng.choice(y.shape[-1], p=p) for p in ps]
        return np.eye(y.shape[-1], dtype=y.dtype)[classes]

    return feed


def noisy(rng, noise):
    """A `feed` that adds normal noise: a draw, where the output is the mean of what comes next.

    noise: its standard deviation, at least 0.
    """
    checks.generator(rng)
    noise = checks.number("noise", noise, "a number, at least 0", lambda noise: noise >= 0)
    return lambda y: (y + noise * rng.normal(size=y.shape)).astype(y.dtype)

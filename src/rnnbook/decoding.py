"""A trained model at work: told the truth at each step, or left to run on its own outputs.

    truth   (T, B, D)  a true sequence        prompt  (T, B, D)  its beginning
"""

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
    steps = checks.whole("steps", steps)
    if feed is None:
        if model.K != model.D:
            raise ValueError(f"the model has K = {model.K} outputs and D = {model.D} inputs; "
                             "to feed outputs back as they are, K must equal D, or pass feed=")
        feed = _as_is
    checks.function("feed", feed, "y (B, K) -> x (B, D)")
    ys, trace = model.run(prompt, state)
    B = ys.shape[1]
    x, state, made = feed(ys[-1]), trace.state, []
    for _ in range(steps):
        made.append(checks.array("feed(y)", x, "B D", B=B, D=model.D))
        ys, trace = model.run(made[-1][None], state)
        x, state = feed(ys[-1]), trace.state
    return np.stack(made)


def _as_is(y):
    return y


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

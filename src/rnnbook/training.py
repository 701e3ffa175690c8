"""Learning: step against the gradient, again and again.

An optimiser is a pair of pure functions. `init(model)` makes its memory; `update(grads, memory)`
returns the step to take, a thing of the model's class, and the new memory. Then
`model = model - step`.
"""

import os
import sys
import warnings
from collections.abc import Callable, Sized
from typing import NamedTuple

import numpy as np

from rnnbook.model import loss_and_grads


class Optimizer(NamedTuple):
    """Two functions that belong together."""

    init: Callable  # model -> memory
    update: Callable  # (grads, memory) -> (step, memory)


def sgd(learning_rate, momentum=0.0):
    """Gradient descent: step = learning_rate * v, with v = momentum * v + grads."""
    _check_rate("learning_rate", learning_rate)
    _check_decay("momentum", momentum)

    def update(grads, v):
        v = grads if v is None else momentum * v + grads
        return learning_rate * v, v

    return Optimizer(lambda model: None, update)


def adam(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1).

        m = beta1 m + (1 - beta1) g         step = learning_rate * m_hat / (sqrt(v_hat) + epsilon)
        v = beta2 v + (1 - beta2) g^2       m_hat = m / (1 - beta1^n),  v_hat = v / (1 - beta2^n)
    """
    _check_rate("learning_rate", learning_rate)
    _check_decay("beta1", beta1)
    _check_decay("beta2", beta2)

    def init(model):
        zero = model.map(np.zeros_like)
        return 0, zero, zero

    def update(grads, memory):
        n, m, v = memory
        n = n + 1
        m = m.map(lambda m, g: beta1 * m + (1 - beta1) * g, grads)
        v = v.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, grads)
        scale = learning_rate / (1 - beta1**n)
        root = np.sqrt(1 - beta2**n)
        step = m.map(lambda m, v: scale * m / (np.sqrt(v) / root + epsilon), v)
        return step, (n, m, v)

    return Optimizer(init, update)


def clip(grads, *, norm=None, value=None):
    """Shorten a gradient that is too long: by its norm, or each number by itself.

    norm: scale everything so that the norm is at most this; the direction stays
    (Pascanu et al. 2013, algorithm 1). value: cut each number to [-value, value]; the direction
    changes. Exactly one of the two. An infinite gradient has no direction: FloatingPointError.
    """
    if (norm is None) == (value is None):
        raise TypeError("expected one of norm and value; got "
                        + ("neither" if norm is None else "both"))
    if value is not None:
        _check_rate("value", value)
        return grads.map(lambda g: np.clip(g, -value, value))
    _check_rate("norm", norm)
    length = grads.norm
    if not np.isfinite(length):
        raise FloatingPointError(f"the gradient's norm is {length}; it has no direction to keep")
    return grads if length <= norm else grads * (norm / length)


class Diverged(FloatingPointError):
    """The loss or the gradient became NaN or infinite. Nothing learned so far is lost:
    `model` is the last good one, `losses` what was seen until then."""

    def __init__(self, message, model, losses):
        super().__init__(message)
        self.model, self.losses = model, losses


def fit(model, batches, loss, optimizer, *, clip_norm=None, progress=None):
    """Train: one optimiser step for each batch. Returns (model, losses).

    batches: an iterable of (xs, targets). loss: as in `loss_and_grads`. optimizer: `sgd(...)` or
    `adam(...)`. clip_norm: see `clip`. losses: an array, the loss of each batch before its step.
    progress: show a bar on stderr; by default in a terminal or a notebook, where tqdm is
    installed and the environment variable RNNBOOK_PROGRESS isn't 0.

    Raises Diverged if a loss or a gradient stops being finite. Ctrl-C (or the kernel's stop
    button) ends the training early with a warning and returns what has been learned.
    """
    memory, losses = optimizer.init(model), []
    try:
        for xs, targets in _with_bar(batches, losses, progress):
            value, grads, _ = loss_and_grads(model, xs, targets, loss)
            if not np.isfinite(value) or not np.isfinite(grads.norm):
                raise Diverged(
                    f"training diverged at batch {len(losses)}: loss {value}, gradient norm "
                    f"{grads.norm}; try a smaller learning rate or clip_norm",
                    model, np.array(losses),
                )
            if clip_norm is not None:
                grads = clip(grads, norm=clip_norm)
            step, memory = optimizer.update(grads, memory)
            model = model - step
            losses.append(value)
    except KeyboardInterrupt:
        warnings.warn(f"stopped after {len(losses)} batches; returning what was learned so far",
                      stacklevel=2)
    return model, np.array(losses)


def _with_bar(batches, losses, progress):
    """`batches`, with a bar that shows the mean of the last losses and the time left."""
    if progress is None:
        in_notebook = "ipykernel" in sys.modules
        progress = os.environ.get("RNNBOOK_PROGRESS") != "0" and (
            in_notebook or sys.stderr.isatty())
    if progress:
        try:
            from tqdm import tqdm
        except ImportError:
            progress = False
    if not progress:
        yield from batches
        return
    total = len(batches) if isinstance(batches, Sized) else None
    with tqdm(batches, total=total, desc="training", unit="batch") as bar:
        for batch in bar:
            yield batch
            if losses:
                bar.set_postfix_str(f"loss {np.mean(losses[-20:]):.4g}", refresh=False)


def _check_rate(name, value):
    if not (np.isscalar(value) and np.isfinite(value) and value > 0):
        raise ValueError(f"{name} is {value!r}; expected a positive number")


def _check_decay(name, value):
    if not (np.isscalar(value) and 0 <= value < 1):
        raise ValueError(f"{name} is {value!r}; expected a number from 0 up to, not including, 1")

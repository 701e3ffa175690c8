"""Learning: step against the gradient, again and again.

An optimiser is a pair of pure functions. `init(model)` makes its memory; `update(grads, memory)`
returns the step to take, a thing of the model's class, and the new memory. Then
`model = model - step`.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Sized
from typing import NamedTuple

import numpy as np

from rnnbook import checks
from rnnbook.model import Model, loss_and_grads
from rnnbook.parameters import Parameters


class Optimizer(NamedTuple):
    """Two functions that belong together."""

    init: Callable  # model -> memory
    update: Callable  # (grads, memory) -> (step, memory)


def sgd(learning_rate, momentum=0.0):
    """Gradient descent: step = learning_rate * v, with v = momentum * v + grads."""
    learning_rate = checks.positive("learning_rate", learning_rate)
    momentum = _decay("momentum", momentum)

    def update(grads, v):
        v = grads if v is None else momentum * v + grads
        return learning_rate * v, v

    return Optimizer(lambda model: None, update)


def adam(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1).

        m = beta1 m + (1 - beta1) g         step = learning_rate * m_hat / (sqrt(v_hat) + epsilon)
        v = beta2 v + (1 - beta2) g^2       m_hat = m / (1 - beta1^n),  v_hat = v / (1 - beta2^n)
    """
    learning_rate = checks.positive("learning_rate", learning_rate)
    beta1, beta2 = _decay("beta1", beta1), _decay("beta2", beta2)
    epsilon = checks.positive("epsilon", epsilon)

    def init(model):
        zero = model.map(np.zeros_like)
        return 0, zero, zero

    def update(grads, memory):
        n, m, v = memory
        n = n + 1
        m = m.map(lambda m, g: beta1 * m + (1 - beta1) * g, grads)
        v = v.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, grads)
        if not all(np.isfinite(array).all() for _, array in v.leaves()):
            # or every later step would be zero, and nobody would know
            raise FloatingPointError("the square of a gradient is too large for Adam's memory")
        scale = learning_rate / (1 - beta1**n)
        root = float(np.sqrt(1 - beta2**n))
        step = m.map(lambda m, v: scale * m / (np.sqrt(v) / root + epsilon), v)
        return step, (n, m, v)

    return Optimizer(init, update)


def clip(grads, *, norm=None, value=None):
    """Shorten a gradient that is too long: by its norm, or each number by itself.

    norm: scale everything so that the norm is at most this; the direction stays
    (Pascanu et al. 2013, algorithm 1). value: cut each number to [-value, value];
    the direction changes. Exactly one of the two. With `norm` an infinite gradient
    has no direction and is a FloatingPointError; with `value` an infinity becomes
    +-value, and NaN stays NaN.
    """
    if (norm is None) == (value is None):
        raise TypeError("expected one of norm and value; got "
                        + ("neither" if norm is None else "both"))
    checks.kind("grads", grads, Parameters)
    if value is not None:
        value = checks.positive("value", value)
        return grads.map(lambda g: np.clip(g, -value, value))
    norm = checks.positive("norm", norm)
    length = grads.norm
    if not np.isfinite(length):
        raise FloatingPointError(f"the gradient's norm is {length}; "
                                 "it has no direction to keep")
    return grads if length <= norm else grads * (norm / length)


class Diverged(FloatingPointError):
    """The loss or the gradient became NaN or infinite. Nothing learned so far is lost:
    `model` is the last good one, `losses` what was seen until then."""

    def __init__(self, message, model, losses):
        super().__init__(message)
        self.model, self.losses = model, losses


def fit(model, batches, loss, optimizer, *, clip_norm=None, inputs=None, watch=None,
        progress=None):
    """Train: one optimiser step for each batch. Returns (model, losses).

    batches: an iterable of (xs, targets). loss: as in `loss_and_grads`. optimizer: `sgd(...)` or
    `adam(...)`. clip_norm: see `clip`. losses: an array, the loss of each batch before its step.
    inputs: a function (model, xs, i) -> xs that changes the inputs of update i, such as
    `decoding.scheduled(...)`; the gradient takes them as given.
    watch: called after each step as watch(model, losses) with the new model and the losses so
    far, a list; the training ends when it returns True.
    progress: show a bar on stderr; by default in a terminal or a notebook, where tqdm is
    installed and the environment variable RNNBOOK_PROGRESS isn't 0.

    Raises Diverged if a loss or a gradient stops being finite. Ctrl-C (or the kernel's stop
    button) ends the training early with a warning and returns what has been learned.
    """
    checks.kind("model", model, Model)
    checks.function("loss", loss, "(ys, targets) -> (value, dys)")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer is {optimizer!r}; expected sgd(...) or adam(...)")
    if not isinstance(batches, Iterable):
        raise TypeError(f"batches is {batches!r}; expected an iterable of pairs (xs, targets)")
    if clip_norm is not None:
        clip_norm = checks.positive("clip_norm", clip_norm)
    if inputs is not None:
        checks.function("inputs", inputs, "(model, xs, i) -> xs")
    if watch is not None:
        checks.function("watch", watch, "(model, losses) -> whether to stop")
    good, memory, losses = model, optimizer.init(model), []
    try:
        for batch in _with_bar(batches, losses, progress):
            if not (isinstance(batch, tuple | list) and len(batch) == 2):
                raise TypeError(f"batch {len(losses)} is of type {type(batch).__name__}; "
                                "expected a pair (xs, targets)")
            try:
                value, grads = _finite(model, *batch, loss, inputs, len(losses))
                if clip_norm is not None:
                    grads = clip(grads, norm=clip_norm)
                with np.errstate(over="ignore", invalid="ignore"):  # the next batch will tell
                    step, memory = optimizer.update(grads, memory)
                    after = model - step
            except FloatingPointError as error:
                raise Diverged(
                    f"training diverged at batch {len(losses)}: {error}; "
                    "try a smaller learning rate or clip_norm", good, np.array(losses),
                ) from None
            good, model = model, after
            losses.append(value)
            if watch is not None and watch(model, losses):
                break
    except KeyboardInterrupt:
        warnings.warn(f"stopped after {len(losses)} batches; returning what was learned so far",
                      stacklevel=2)
    else:
        if not losses:
            raise ValueError("batches is empty; expected at least one pair (xs, targets)")
    return model, np.array(losses)


def _finite(model, xs, targets, loss, inputs, i):
    """The loss and its gradient, or FloatingPointError if either is NaN or infinite."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            if inputs is not None:
                xs = inputs(model, xs, i)
            value, grads, _ = loss_and_grads(model, xs, targets, loss)
    except checks.NotFinite as error:
        if error.name in ("xs", "truth", "targets"):
            raise  # the data's fault, not the training's
        raise FloatingPointError(str(error)) from None
    if not (np.isfinite(value) and np.isfinite(grads.norm)):
        raise FloatingPointError(f"loss {value}, gradient norm {grads.norm}")
    return value, grads


def _with_bar(batches, losses, progress):
    """`batches`, with a bar that shows the mean of the last losses and the time left."""
    if progress is None:
        in_notebook = type(sys.stderr).__module__.startswith("ipykernel")
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


def _decay(name, value):
    expected = "a number from 0 up to, not including, 1"
    return checks.number(name, value, expected, lambda value: 0 <= value < 1)

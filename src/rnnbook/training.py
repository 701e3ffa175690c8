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

PATIENCE = 1.0  # seconds; a training that is over before it needs no bar


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
    `model` is the last good one, `memory` the optimiser's at that model, `losses` what was seen
    until then."""

    def __init__(self, message, model, losses, memory=None):
        super().__init__(message)
        self.model, self.losses, self.memory = model, losses, memory

    def __reduce__(self):  # with all of it, when another process raised it
        return type(self), (str(self), self.model, self.losses, self.memory)


class Trained(tuple):
    """What `fit` returns. It unpacks as `model, losses`, and `memory` is the optimiser's."""

    def __new__(cls, model, losses, memory):
        trained = super().__new__(cls, (model, losses))
        trained.memory = memory
        return trained

    def __getnewargs__(self):
        return (*self, self.memory)

    @property
    def model(self):
        return self[0]

    @property
    def losses(self):
        return self[1]


def fit(model, batches, loss, optimizer, *, memory=None, clip_norm=None, inputs=None, watch=None,
        progress=None):
    """Train: one optimiser step for each batch. Returns (model, losses), a Trained.

    batches: an iterable of (xs, targets). loss: as in `loss_and_grads`. optimizer: `sgd(...)` or
    `adam(...)`. clip_norm: see `clip`. losses: an array, the loss of each batch before its step.
    inputs: a function (model, xs, i) -> xs that changes the inputs of update i, such as
    `decoding.scheduled(...)`; the gradient takes them as given.
    watch: called after each step as watch(model, losses) with the new model and the losses so
    far, a list; the training ends when it returns True.
    memory: the optimiser's, from an earlier training. Momentum and Adam remember earlier gradients
    and begin afresh without it. Handed on, two trainings are one training, to the last bit:

        first = fit(model, batches[:100], loss, optimizer)
        model, losses = fit(first.model, batches[100:], loss, optimizer, memory=first.memory)

    progress: show a bar. By default a training that takes longer than a second shows one: in a
    terminal on stderr, in a notebook on stdout, where it goes when the training is over; not
    without tqdm, and not where the environment variable RNNBOOK_PROGRESS is 0.

    Raises Diverged if a loss or a gradient stops being finite. Ctrl-C (or the kernel's stop
    button) ends the training early with a warning and returns what was learned. Both keep memory.
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
    checks.function("optimizer.init", optimizer.init, "model -> memory")
    checks.function("optimizer.update", optimizer.update, "(grads, memory) -> (step, memory)")
    memory = optimizer.init(model) if memory is None else _fitting(memory, optimizer, model)
    now, good, losses = (model, memory), (model, memory), []
    try:
        for batch in _with_bar(batches, losses, progress):
            if not (isinstance(batch, tuple | list) and len(batch) == 2):
                raise TypeError(f"batch {len(losses)} is of type {type(batch).__name__}; "
                                "expected a pair (xs, targets)")
            model, memory = now
            try:
                value, grads = _finite(model, *batch, loss, inputs, len(losses))
                if clip_norm is not None:
                    grads = clip(grads, norm=clip_norm)
                with np.errstate(over="ignore", invalid="ignore"):  # the next batch will tell
                    after = _updated(model, optimizer, grads, memory)
            except FloatingPointError as error:
                raise Diverged(
                    f"training diverged at batch {len(losses)}: {error}; "
                    "try a smaller learning rate or clip_norm",
                    good[0], np.array(losses), good[1],
                ) from None
            good, now = now, after
            losses.append(value)
            if watch is not None and _stops(watch(now[0], losses)):
                break
    except KeyboardInterrupt:
        warnings.warn(f"stopped after {len(losses)} batches; returning what was learned so far",
                      stacklevel=2)
    else:
        if not losses:
            raise ValueError("batches is empty; expected at least one pair (xs, targets)")
    return Trained(now[0], np.array(losses), now[1])


def _fitting(memory, optimizer, model):
    """The memory that was handed in, if this optimiser can go on from it with this model."""
    try:
        optimizer.update(0 * model, memory)
    except Exception as error:
        raise TypeError(f"memory is {checks.brief(memory)}; expected the memory of an earlier "
                        f"training of such a model with such an optimizer ({error})") from None
    return memory


def _updated(model, optimizer, grads, memory):
    """The model and the memory after one step."""
    answer = optimizer.update(grads, memory)
    step, memory = checks.pair("optimizer.update", answer, "(step, memory)")
    if not isinstance(step, Parameters) or not model.is_like(step):
        raise TypeError(f"optimizer.update returned {checks.brief(step)} as step; "
                        f"expected a thing like the model, {model!r}")
    return model - step, memory


def _stops(answer):
    """What `watch` said, as True or False."""
    if not isinstance(answer, bool | np.bool_ | None):
        raise TypeError(f"watch returned {checks.brief(answer)}; expected True, or False or None")
    return bool(answer)


def _finite(model, xs, targets, loss, inputs, i):
    """The loss and its gradient, or FloatingPointError if either is NaN or infinite."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            if inputs is not None:
                xs = _changed(inputs, model, xs, i)
            value, grads, _ = loss_and_grads(model, xs, targets, loss)
    except checks.NotFinite as error:
        if error.name in ("xs", "truth", "targets"):
            raise  # the data's fault, not the training's
        raise FloatingPointError(str(error)) from None
    if not (np.isfinite(value) and np.isfinite(grads.norm)):
        raise FloatingPointError(f"loss {value}, gradient norm {grads.norm}")
    return value, grads


def _changed(inputs, model, xs, i):
    """What `inputs` makes of xs: (T, B, D). NaN is its fault, unless it was there before."""
    changed = inputs(model, xs, i)
    try:
        return checks.array(f"inputs(model, xs, {i})", changed, "T B D", D=model.D)
    except checks.NotFinite:
        checks.array("xs", xs, "T B D")
        raise


def _with_bar(batches, losses, progress):
    """`batches`, with a bar that shows the mean of the last losses and the time left."""
    # A notebook keeps what is written to stderr, in red. On stdout the bar can be wiped away.
    in_notebook = type(sys.stdout).__module__.startswith("ipykernel")
    delay = 0 if progress else PATIENCE
    if progress is None:
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
    with tqdm(batches, total=total, desc="training", unit="batch", delay=delay,
              leave=not in_notebook, file=sys.stdout if in_notebook else sys.stderr) as bar:
        for batch in bar:
            yield batch
            if losses:
                bar.set_postfix_str(f"loss {np.mean(losses[-20:]):.4g}", refresh=False)


def _decay(name, value):
    expected = "a number from 0 up to, not including, 1"
    return checks.number(name, value, expected, lambda value: 0 <= value < 1)

"""Losses: how wrong the outputs are, and in which direction. Both come from one call.

    ys  (T, B, K)  outputs          dys  (T, B, K)  the loss's derivative in each of them

Every loss is a mean over time steps and sequences, so that its size does not depend on T or B.
"""

import numpy as np

from rnnbook import checks


def squared_error(ys, targets):
    """Mean over T and B of the squared distance between output and target.

    ys, targets: (T, B, K). Returns (loss, dys). Raises ValueError if the shapes differ.
    """
    ys = checks.array("ys", ys, "T B K")
    T, B, K = ys.shape
    targets = checks.array("targets", targets, "T B K", dtype=ys.dtype, T=T, B=B, K=K)
    errors = ys - targets
    return float((errors * errors).sum() / (T * B)), 2 * errors / (T * B)


def cross_entropy(ys, targets):
    """Mean over T and B of -ln p(target), in nats; p is the softmax of the outputs.

    ys: (T, B, K), any real numbers ("logits"). targets: (T, B), the right classes,
    whole numbers from 0 to K - 1. Returns (loss, dys); dys is the textbook's
    p - onehot(target), divided by T B. Raises TypeError if targets aren't integers,
    ValueError if shapes or values don't fit.
    """
    ys = checks.array("ys", ys, "T B K")
    T, B, K = ys.shape
    targets = checks.classes("targets", targets, T=T, B=B, K=K)
    right = np.arange(K) == targets[..., None]  # (T, B, K), one True in each row
    # ln p from the shifted outputs: p itself may have underflowed to 0
    shifted = ys - ys.max(axis=-1, keepdims=True)
    log_ps = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return float(-log_ps[right].sum() / (T * B)), (softmax(ys) - right) / (T * B)


def softmax(ys):
    """exp(y_k) / sum over k: positive, summing to one along the last axis.

    The largest output is subtracted first: it changes nothing, and exp stays finite.
    """
    e = np.exp(ys - ys.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def last_step(loss):
    """The same loss, asked of the last step only: for tasks with one answer per sequence.

    `last_step(cross_entropy)` takes ys (T, B, K) and targets (1, B); its dys is 0 before step T.
    """

    def loss_of_last(ys, targets):
        value, dys_last = loss(ys[-1:], targets)
        dys = np.zeros_like(ys)
        dys[-1:] = dys_last
        return value, dys

    return loss_of_last

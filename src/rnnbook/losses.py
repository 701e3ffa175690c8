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


def masked(loss):
    """The same loss, asked only of the steps that count: for sequences of unequal length.

    `masked(cross_entropy)` takes ys (T, B, K) and targets (T, B), in which the class -1 marks a
    step that does not count. `masked(loss)` of any loss takes the pair (targets, mask) in place
    of the targets, mask (T, B), True where a step counts. What stands in the targets elsewhere is
    never looked at. The value is the mean over the steps that count, and dys is exactly 0 at all
    others. `loss` must be a mean over steps and sequences, each by itself, as the two above are.
    Where each sequence has one answer at an end of its own, let only that step count.

    Raises ValueError if no step counts or shapes don't fit, TypeError if the mask is none.
    """
    checks.function("loss", loss, "(ys, targets) -> (value, dys)")

    def loss_of_some(ys, targets):
        ys = checks.array("ys", ys, "T B K")
        T, B, _ = ys.shape
        targets, mask = _what_counts(targets, T, B)
        # The steps that count, one after the other, are a batch of one sequence.
        answer = loss(ys[mask][:, None], targets[mask][:, None])
        value, dys_some = checks.pair("loss", answer, "(value, dys)")
        dys = np.zeros_like(ys)
        dys[mask] = checks.array(
            "loss's dys", dys_some, "N B K", N=mask.sum(), B=1, K=ys.shape[2])[:, 0]
        return value, dys

    return loss_of_some


def _what_counts(targets, T, B):
    """(targets, mask) from what `masked` was given; the targets' entries are not checked here."""
    if isinstance(targets, tuple) and len(targets) == 2:
        targets, mask = (checks.numeric(name, part)
                         for name, part in zip(("targets", "mask"), targets))
        checks.shape("mask", mask, "T B", T=T, B=B)
        if not np.isin(mask, (0, 1)).all():
            raise ValueError(f"mask holds {mask[~np.isin(mask, (0, 1))][0]}; expected True where "
                             "a step counts and False where it doesn't")
        mask = mask.astype(bool)
    else:
        targets = checks.numeric("targets", targets)
        if targets.dtype.kind not in "iu":
            raise TypeError(f"targets has dtype {targets.dtype}; expected classes, -1 where a step "
                            "doesn't count, or a pair (targets, mask)")
        mask = targets != -1
        checks.shape("targets", mask, "T B", T=T, B=B)
    if targets.shape[:2] != (T, B):
        raise ValueError(f"targets has shape {targets.shape}; expected (T, B, ...) with "
                         f"T = {T} and B = {B}")
    if not mask.any():
        raise ValueError("no step counts: the mask is False everywhere; expected at least one True")
    return targets, mask


def last_step(loss):
    """The same loss, asked of the last step only: for tasks with one answer per sequence.

    `last_step(cross_entropy)` takes ys (T, B, K) and targets (1, B); its dys is 0 before step T.
    """

    def loss_of_last(ys, targets):
        answer = loss(ys[-1:], targets)
        value, dys_last = checks.pair("loss", answer, "(value, dys)")
        _, B, K = ys.shape
        dys = np.zeros_like(ys)
        dys_last = checks.array("loss's dys", dys_last, "T B K", T=1, B=B, K=K)
        dys[-1:] = dys_last
        return value, dys

    return loss_of_last

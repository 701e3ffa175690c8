"""Which threshold? Gradient descent clipped by norm, for several learning rates: chapter 7.

A tanh network of 32 units learns temporal order (T = 20) by plain gradient descent. `gain` 1.2
makes its gradients long. A threshold of None does not clip.
"""

import numpy as np

from rnnbook import RNN, Model, clip, cross_entropy, loss_and_grads, tasks
from rnnbook.losses import last_step

T, B, H, GAIN, UPDATES = 20, 32, 32, 1.2, 800
THRESHOLDS = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, None)
RATES = (0.1, 0.3, 1.0)
SEEDS = range(4)
SETTINGS = [
    {"rate": rate, "threshold": threshold, "seed": seed}
    for rate in RATES for threshold in THRESHOLDS for seed in SEEDS
]


def run(settings):
    """Train once: the mean loss of the last 100 updates, the mean norm, the share clipped."""
    norms, losses = train(**settings)
    threshold = settings["threshold"]
    return {
        "late_loss": float(losses[-100:].mean()),
        "mean_norm": float(norms.mean()),
        "clipped": 0.0 if threshold is None else float((norms > threshold).mean()),
    }


def train(rate, threshold, seed, updates=UPDATES):
    """Norms of the gradients met on the way, before clipping, and the losses."""
    rng = np.random.default_rng(seed)
    model = Model.init(RNN, D=6, H=H, K=4, gain=GAIN, rng=rng)
    loss, norms, losses = last_step(cross_entropy), [], []
    for _ in range(updates):
        batch = tasks.temporal_order(T=T, B=B, rng=rng)
        value, grads, _ = loss_and_grads(model, *batch, loss)
        norms.append(grads.norm)
        losses.append(value)
        if threshold is not None:
            grads = clip(grads, norm=threshold)
        model = model - rate * grads
    return np.array(norms), np.array(losses)

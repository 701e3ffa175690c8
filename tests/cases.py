"""What several test files need: every kind of cell, at the sizes and weights they ask for."""

import numpy as np

from rnnbook import GRU, LSTM, RNN, Model

KINDS = {
    "tanh": (RNN, {"activation": "tanh"}),
    "sigmoid": (RNN, {"activation": "sigmoid"}),
    "relu": (RNN, {"activation": "relu"}),
    "identity": (RNN, {"activation": "identity"}),
    "lstm": (LSTM, {}),
    "gru": (GRU, {}),
}


def make_cell(kind, *, D=2, H=3, rng, scale=None, **options):
    """A cell at its initial weights, or with every number drawn afresh at `scale`."""
    cls, fixed = KINDS[kind]
    cell = cls.init(D=D, H=H, rng=rng, **fixed, **options)
    if scale is None:
        return cell
    return cell.map(lambda a: (scale * rng.normal(size=a.shape)).astype(a.dtype))


def make_model(kind, *, D=2, H=3, K=2, rng, scale=None, **options):
    cls, fixed = KINDS[kind]
    model = Model.init(cls, D=D, H=H, K=K, rng=rng, **fixed, **options)
    if scale is None:
        return model
    return model.map(lambda a: (scale * rng.normal(size=a.shape)).astype(a.dtype))


def make_state(cell, B, rng):
    return tuple(rng.normal(size=s.shape).astype(s.dtype) for s in cell.initial_state(B))


def gap(ours, theirs):
    """max |a - b| / max |b|."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    return np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-300)


def assert_same(ours, theirs, tolerance=1e-12):
    """Two cells or models agree in every array, or two tuples of arrays do."""
    if not isinstance(ours, tuple):
        ours, theirs = (tuple(a for _, a in p.leaves()) for p in (ours, theirs))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)

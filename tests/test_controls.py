"""What the control runs of chapters 8 and 9 change, and that they change nothing else."""

import numpy as np
import pytest

from rnnbook.cells import LSTM
from rnnbook.experiments import forget_bias, memory
from rnnbook.losses import cross_entropy, last_step
from rnnbook.model import Model
from rnnbook.tasks import latch
from rnnbook.training import adam, fit


def fresh(**options):
    return LSTM.init(D=3, H=40, rng=np.random.default_rng(0), **options)


def test_keras_starts_from_one_matrix_with_orthonormal_rows():
    cell = forget_bias.library_start(fresh(), "Keras", np.random.default_rng(1))
    np.testing.assert_allclose(cell.W_hh @ cell.W_hh.T, np.eye(40), atol=1e-12)
    assert np.abs(cell.W_xh).max() <= np.sqrt(6 / (3 + 160))
    np.testing.assert_array_equal(cell.b_h, fresh().b_h)


def test_pytorch_starts_evenly_within_one_over_the_root_of_H():
    cell = forget_bias.library_start(fresh(forget_bias=2.5), "PyTorch", np.random.default_rng(1))
    limit = 1 / np.sqrt(40)
    for table in (cell.W_xh, cell.W_hh):
        assert 0.95 * limit < np.abs(table).max() <= limit
    assert (cell.b_h[40:80] == 2.5).all()
    others = np.delete(cell.b_h, np.s_[40:80])
    assert limit < np.abs(others).max() <= 2 * limit  # the sum of two draws


def test_another_library_is_named():
    with pytest.raises(ValueError, match="library is 'JAX'; expected"):
        forget_bias.library_start(fresh(), "JAX", np.random.default_rng(1))


def test_a_frozen_cell_stays_and_its_readout_learns():
    rng = np.random.default_rng(0)
    model = Model.init(LSTM, D=1, H=5, K=2, rng=rng)
    batches = (latch(T=6, B=4, rng=rng) for _ in range(3))
    after, _ = fit(model, batches, last_step(cross_entropy), forget_bias.of_the_readout(adam(0.01)))
    for (_, one), (_, two) in zip(model.cell.leaves(), after.cell.leaves(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert (after.readout.W_hy != model.readout.W_hy).all()


def test_early_marks_stand_in_the_first_third():
    xs, targets = forget_bias.early_adding(T=30, B=500, rng=np.random.default_rng(0))
    numbers, marks = xs[..., 0], xs[..., 1]
    assert (marks[:5].sum(axis=0) == 1).all()
    assert (marks[5:10].sum(axis=0) == 1).all()
    assert not marks[10:].any()
    assert marks[:10].any(axis=1).all()
    np.testing.assert_allclose(targets[0, :, 0], (numbers * marks).sum(axis=0))


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_a_gate_bias_changes_the_gate_that_keeps_alone(cell):
    plain, changed = (
        memory.make_model(cell, D=2, K=1, H=4, rng=np.random.default_rng(0), gate_bias=bias)
        for bias in (None, 7.0)
    )
    assert (changed.cell.b_h[4:8] == 7.0).all()
    changed.cell.b_h[4:8] = plain.cell.b_h[4:8]
    for (name, one), (_, two) in zip(plain.leaves(), changed.leaves(), strict=True):
        np.testing.assert_array_equal(one, two, err_msg=name)

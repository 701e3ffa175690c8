"""Cells, readouts and models are vectors: sums, multiples, norms, and no other arithmetic."""

import numpy as np
import pytest

from cases import KINDS, assert_same, make_cell, make_model
from rnnbook import GRU, LSTM, RNN, Model
from rnnbook.model import Readout

ARRAYS = ["cell.W_xh", "cell.W_hh", "cell.b_h", "readout.W_hy", "readout.b_y"]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def cell(rng):
    return make_cell("tanh", rng=rng)


@pytest.fixture
def model(rng):
    return make_model("lstm", rng=rng)


def test_leaves_come_in_order_with_dotted_names(model):
    assert [name for name, _ in model.leaves()] == ARRAYS
    assert dict(model.leaves())["cell.W_hh"] is model.cell.W_hh


def test_map_reaches_every_array_and_keeps_class_and_labels(rng):
    model = make_model("relu", rng=rng)
    ones = model.map(np.ones_like)
    assert isinstance(ones, Model)
    assert ones.cell.activation == "relu"
    assert all((array == 1).all() for _, array in ones.leaves())
    assert [name for name, _ in ones.leaves()] == ARRAYS


def test_map_pairs_arrays_in_the_same_place(model):
    assert_same(model.map(lambda a, b, c: a + b * c, model, model),
                model.map(lambda a: a + a * a))


def test_size_counts_every_number(model):
    D, H, K = 2, 3, 2
    assert model.size == (D + H + 1) * 4 * H + (H + 1) * K
    assert isinstance(model.size, int)


def test_norm_is_that_of_one_long_vector(model):
    everything = np.concatenate([array.ravel() for _, array in model.leaves()])
    assert model.norm == pytest.approx(np.linalg.norm(everything), rel=1e-14)
    assert isinstance(model.norm, float)


@pytest.mark.parametrize("scale", [1e-250, 1e250])
def test_norm_neither_underflows_nor_overflows(model, scale):
    assert (scale * model).norm == pytest.approx(scale * model.norm, rel=1e-12, abs=0)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_norm_of_float32_neither_underflows_nor_overflows(rng, scale):
    model = make_model("gru", rng=rng, dtype=np.float32)
    assert (scale * model).norm == pytest.approx(scale * model.norm, rel=1e-5, abs=0)


@pytest.mark.parametrize("strange", [np.nan, np.inf])
def test_norm_of_a_strange_vector_is_strange(model, strange):
    for name, _ in model.leaves():  # wherever it stands
        broken = model.map(np.copy)
        dict(broken.leaves())[name].flat[0] = strange
        assert not np.isfinite(broken.norm)


def test_the_norm_of_zero_is_zero(model):
    assert (0 * model).norm == 0


def test_a_step_of_descent_reads_as_it_is_printed(model):
    grads = model.map(np.ones_like)
    stepped = model - 0.1 * grads
    assert isinstance(stepped, Model)
    assert_same(stepped, model.map(lambda a: a - 0.1))


def test_arithmetic_leaves_its_operands_alone(model):
    before = model.map(np.copy)
    _ = model + model, 2 * model, -model, model / 3, model - 0.5 * model
    assert_same(model, before, tolerance=0)


@pytest.mark.parametrize("two", [2, 2.0, np.float64(2), np.float32(2), np.int64(2), np.array(2.0)])
def test_any_number_scales_from_either_side(model, two):
    for scaled in (two * model, model * two, model / (1 / two)):
        assert_same(scaled, model + model)


@pytest.mark.parametrize("two", [2, 2.0, np.float64(2), np.int64(2), np.array(2.0)])
def test_scaling_keeps_float32(rng, two):
    model = make_model("lstm", rng=rng, dtype=np.float32)
    for scaled in (two * model, model * two, model / two, -model, model - two * model):
        assert {array.dtype for _, array in scaled.leaves()} == {np.dtype(np.float32)}


NOT_ARITHMETIC = {
    "cell + 1": lambda c, m: c + 1,
    "1 + cell": lambda c, m: 1 + c,
    "cell - 1": lambda c, m: c - 1,
    "1 - cell": lambda c, m: 1 - c,
    "cell + None": lambda c, m: c + None,
    "cell + array": lambda c, m: c + np.zeros(3),
    "array + cell": lambda c, m: np.zeros(3) + c,
    "array - cell": lambda c, m: np.zeros(3) - c,
    "float64 + cell": lambda c, m: np.float64(1) + c,
    "cell * cell": lambda c, m: c * c,
    "cell * array": lambda c, m: c * np.ones(3),
    "array * cell": lambda c, m: np.ones(3) * c,
    "cell * [2]": lambda c, m: c * [2],
    "cell * '2'": lambda c, m: c * "2",
    "cell * None": lambda c, m: c * None,
    "cell * 2j": lambda c, m: c * 2j,
    "cell / cell": lambda c, m: c / c,
    "cell / array": lambda c, m: c / np.ones(3),
    "cell / 'a'": lambda c, m: c / "a",
    "2 / cell": lambda c, m: 2 / c,
    "cell ** 2": lambda c, m: c**2,
    "cell @ cell": lambda c, m: c @ c,
    "tanh(cell)": lambda c, m: np.tanh(c),
    "cell + model": lambda c, m: c + m,
    "model - cell": lambda c, m: m - c,
    "sum of cells": lambda c, m: sum([c, c]),
}


@pytest.mark.parametrize("nonsense", NOT_ARITHMETIC.values(), ids=NOT_ARITHMETIC)
def test_other_arithmetic_is_a_type_error(cell, model, nonsense):
    with pytest.raises(TypeError):
        nonsense(cell, model)


@pytest.mark.parametrize("scale", [None, 2j, "2", [2.0], np.ones(2)])
def test_a_scale_that_is_no_number_is_named(cell, scale):
    for attempt in (lambda: cell * scale, lambda: cell / scale):
        with pytest.raises(TypeError, match=r"cannot scale RNN\(W_xh.* by .*expected a number"):
            attempt()


def test_a_sum_with_a_stranger_names_both(cell):
    with pytest.raises(TypeError, match=r"cannot combine RNN\(W_xh\[2, 3\].*'tanh'\) with 1$"):
        cell + 1


@pytest.mark.parametrize("other", [
    make_cell("relu", rng=np.random.default_rng(0)),
    make_cell("lstm", rng=np.random.default_rng(0)),
    make_cell("gru", rng=np.random.default_rng(0)),
    make_cell("tanh", D=1, rng=np.random.default_rng(0)),
    make_cell("tanh", H=1, rng=np.random.default_rng(0)),
    Readout.init(H=2, K=3, rng=np.random.default_rng(0)),
], ids=repr)
def test_only_things_of_the_same_space_add(cell, other):
    for combine in (lambda: cell + other, lambda: other - cell, lambda: cell.map(np.add, other)):
        with pytest.raises(TypeError, match="cannot combine"):
            combine()


def test_division_by_zero_is_said(cell):
    with pytest.raises(ZeroDivisionError):
        cell / 0


def test_an_exploded_gradient_may_hold_infinity(cell):
    exploded = cell.map(lambda a: np.full_like(a, np.inf))
    assert isinstance(2 * exploded, RNN)


def test_replace_changes_one_field_and_checks_it(cell):
    changed = cell.replace(b_h=[1, 2, 3])
    np.testing.assert_array_equal(changed.b_h, [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(changed.W_hh, cell.W_hh)
    with pytest.raises(ValueError, match=r"b_h has shape \(2,\); expected \(G,\) with G = 3"):
        cell.replace(b_h=[1, 2])


def test_a_replaced_cell_shares_no_memory(cell):
    copy = cell.replace()
    for (_, mine), (_, theirs) in zip(cell.leaves(), copy.leaves(), strict=True):
        assert not np.shares_memory(mine, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_repr_is_one_stable_line(kind, rng):
    shapes = {LSTM: (12, 12), GRU: (9, 9), RNN: (3, 3)}[KINDS[kind][0]]
    text = repr(make_cell(kind, rng=rng))
    assert text.startswith(f"{KINDS[kind][0].__name__}(W_xh[2, {shapes[0]}], W_hh[3, {shapes[1]}]")
    assert "0x" not in text
    assert "\n" not in text


def test_fields_cannot_be_set(cell):
    with pytest.raises(AttributeError):
        cell.b_h = np.zeros(3)

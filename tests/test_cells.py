"""The three cells: how they start, what one step does, and how much code that takes."""

import ast
import inspect
import textwrap

import numpy as np
import pytest

from cases import KINDS, make_cell
from rnnbook import GRU, LSTM, RNN, unroll
from rnnbook.cells import ACTIVATIONS, Cell, flat, orthogonal, sigmoid, split


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def logistic(a):
    return 1 / (1 + np.exp(-a))


def test_three_cells_fit_in_250_lines():
    """README says so, of the code without its docstrings. A further cell does not count."""
    lines = 0
    for part in (sigmoid, orthogonal, Cell, split, flat, RNN, LSTM, GRU):
        tree = ast.parse(textwrap.dedent(inspect.getsource(part)))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                node.body[:1] = [] if node.body[1:] else [ast.Pass()]
        lines += len(ast.unparse(tree).splitlines())
    assert lines < 250


def test_an_rnn_step_is_its_equation(rng):
    cell = make_cell("tanh", rng=rng, scale=0.5)
    x, h = rng.normal(size=(4, 2)), rng.normal(size=(4, 3))
    expected = np.tanh(x @ cell.W_xh + h @ cell.W_hh + cell.b_h)
    np.testing.assert_allclose(unroll(cell, x[None], (h,)).hs[0], expected, rtol=1e-14)


def test_an_lstm_step_is_its_equations(rng):
    cell = make_cell("lstm", rng=rng, scale=0.5)
    x, h, c = rng.normal(size=(4, 2)), rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    a_i, a_f, a_g, a_o = np.split(x @ cell.W_xh + h @ cell.W_hh + cell.b_h, 4, axis=1)
    c_next = logistic(a_f) * c + logistic(a_i) * np.tanh(a_g)
    h_next = logistic(a_o) * np.tanh(c_next)
    last = unroll(cell, x[None], (h, c)).state
    np.testing.assert_allclose(last[0], h_next, rtol=1e-13)
    np.testing.assert_allclose(last[1], c_next, rtol=1e-13)


def test_a_gru_step_resets_before_the_product_and_z_keeps_the_old(rng):
    cell = make_cell("gru", rng=rng, scale=0.5)
    x, h = rng.normal(size=(4, 2)), rng.normal(size=(4, 3))
    W_r, W_z, W_n = np.split(cell.W_hh, 3, axis=1)
    x_r, x_z, x_n = np.split(x @ cell.W_xh + cell.b_h, 3, axis=1)
    r, z = logistic(x_r + h @ W_r), logistic(x_z + h @ W_z)
    n = np.tanh(x_n + (r * h) @ W_n)
    h_next = unroll(cell, x[None], (h,)).hs[0]
    np.testing.assert_allclose(h_next, z * h + (1 - z) * n, rtol=1e-13)


@pytest.mark.parametrize(("name", "phi"), [
    ("tanh", np.tanh),
    ("sigmoid", logistic),
    ("relu", lambda a: a * (a > 0)),
    ("identity", lambda a: a),
])
def test_activation_is_what_its_name_says(name, phi):
    a = np.linspace(-3, 3, 13)
    ours, slope = ACTIVATIONS[name]
    np.testing.assert_allclose(ours(a), phi(a), rtol=1e-14)
    away = a[a != 0]
    numerical = (phi(away + 1e-6) - phi(away - 1e-6)) / 2e-6
    np.testing.assert_allclose(slope(ours(away)), numerical, atol=1e-9)


def test_relu_has_slope_0_at_0():
    _, slope = ACTIVATIONS["relu"]
    assert slope(np.array([0.0])) == 0


def test_sigmoid_never_overflows():
    a = np.array([-1e4, -40.0, 0.0, 40.0, 1e4])
    np.testing.assert_allclose(sigmoid(a), [0, 0, 0.5, 1, 1], atol=1e-16)
    assert sigmoid(np.float32(3) * np.ones(2, np.float32)).dtype == np.float32


@pytest.mark.parametrize("H", [1, 2, 5, 32])
def test_orthogonal_keeps_every_length(H, rng):
    Q = orthogonal(H, rng)
    np.testing.assert_allclose(Q @ Q.T, np.eye(H), atol=1e-13)


def test_orthogonal_draws_both_reflections_and_rotations(rng):
    signs = [np.sign(np.linalg.det(orthogonal(2, rng))) for _ in range(200)]
    assert 70 < signs.count(1.0) < 130
    assert {float(orthogonal(1, rng)[0, 0]) for _ in range(30)} == {-1.0, 1.0}


def test_orthogonal_prefers_no_direction(rng):
    mean = np.mean([orthogonal(3, rng) for _ in range(2000)], axis=0)
    assert np.abs(mean).max() < 0.06  # each entry has variance 1/3, its mean 1/6000


@pytest.mark.parametrize("kind", KINDS)
def test_initial_weights(kind, rng):
    cell = make_cell(kind, D=400, H=5, gain=1.5, rng=rng)
    for block in np.split(cell.W_hh, cell.blocks, axis=1):
        np.testing.assert_allclose(np.linalg.svd(block, compute_uv=False), 1.5, rtol=1e-13)
    assert cell.W_xh.std() == pytest.approx(1 / np.sqrt(400), rel=0.1)
    assert abs(cell.W_xh.mean()) < 0.01
    if kind != "lstm":
        assert not cell.b_h.any()


def test_the_forget_bias_and_only_that_is_set(rng):
    i, f, g, o = np.split(LSTM.init(D=2, H=3, rng=rng).b_h, 4)
    np.testing.assert_array_equal(f, 1.0)
    assert not np.concatenate([i, g, o]).any()
    assert (np.split(LSTM.init(D=2, H=3, rng=rng, forget_bias=-2).b_h, 4)[1] == -2).all()


def test_the_same_generator_gives_the_same_cell_and_then_another():
    first, second = np.random.default_rng(3), np.random.default_rng(3)
    a, b = GRU.init(D=2, H=3, rng=first), GRU.init(D=2, H=3, rng=second)
    np.testing.assert_array_equal(a.W_hh, b.W_hh)
    assert (GRU.init(D=2, H=3, rng=first).W_hh != a.W_hh).any()


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_shapes_and_initial_state(kind, rng):
    cell = make_cell(kind, D=2, H=3, rng=rng)
    G = {"lstm": 12, "gru": 9}.get(kind, 3)
    assert (cell.D, cell.H) == (2, 3)
    assert cell.W_xh.shape == (2, G)
    assert cell.W_hh.shape == (3, G)
    assert cell.b_h.shape == (G,)
    state = cell.initial_state(4)
    assert isinstance(state, tuple)
    assert [s.shape for s in state] == [(4, 3)] * (2 if kind == "lstm" else 1)
    assert not np.any(state)


def test_a_cell_copies_what_it_is_given():
    W = np.ones((3, 3))
    cell = RNN(W_xh=W, W_hh=W, b_h=np.zeros(3))
    W[:] = 7
    assert (cell.W_xh == 1).all()
    assert (cell.W_hh == 1).all()


def test_a_cell_takes_lists_and_whole_numbers_as_float64():
    cell = RNN(W_xh=[[1, 0]], W_hh=[[1, 2], [3, 4]], b_h=[True, False])
    assert {array.dtype for _, array in cell.leaves()} == {np.dtype(np.float64)}


@pytest.mark.parametrize("place", range(3))
def test_mixed_precisions_become_float64_all_round(place):
    arrays = [np.ones((2, 3), np.float32), np.ones((3, 3), np.float32), np.ones(3, np.float32)]
    arrays[place] = arrays[place].astype(np.float64)
    assert {array.dtype for _, array in RNN(*arrays).leaves()} == {np.dtype(np.float64)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", np.float32, np.float64])
def test_init_makes_the_dtype_it_is_asked_for(kind, dtype, rng):
    cell = make_cell(kind, rng=rng, dtype=dtype)
    assert {array.dtype for _, array in cell.leaves()} == {np.dtype(dtype)}
    assert {s.dtype for s in cell.initial_state(2)} == {np.dtype(dtype)}

"""What holds for every cell, every size and every number: identities instead of stored values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import KINDS, assert_same, make_cell, make_model, make_state
from rnnbook import (
    adam,
    bptt,
    clip,
    cross_entropy,
    fit,
    free_running,
    gradient_norms,
    loss_and_grads,
    sgd,
    squared_error,
    tasks,
    teacher_forced,
    unroll,
)
from rnnbook.decoding import greedy
from rnnbook.losses import last_step, softmax

settings.register_profile(
    "rnnbook", deadline=None, max_examples=25, derandomize=True, database=None)
settings.load_profile("rnnbook")

kinds = st.sampled_from(list(KINDS))
sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)
numbers = st.floats(-3, 3).map(lambda x: round(x, 3))


class Case:
    """A cell with everything that goes into `unroll` and `bptt`, of random size and kind."""

    def __init__(self, kind, T, B, D, H, seed):
        self.rng = np.random.default_rng(seed)
        self.cell = make_cell(kind, D=D, H=H, rng=self.rng, scale=0.5)
        self.T, self.B = T, B
        self.xs, self.dhs = self.rng.normal(size=(T, B, D)), self.rng.normal(size=(T, B, H))
        self.state, self.dstate = (make_state(self.cell, B, self.rng) for _ in range(2))
        self.trace = unroll(self.cell, self.xs, self.state)
        self.grads = bptt(self.cell, self.trace, self.dhs, self.dstate)

    def __repr__(self):
        return f"Case({self.cell}, T={self.T}, B={self.B})"


cases = st.builds(Case, kinds, st.integers(1, 6), sizes, sizes, sizes, seeds)


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)


@given(cases)
def test_a_batch_is_a_stack_of_singles(case):
    total = 0 * case.cell
    for b in range(case.B):
        one = np.s_[:, b : b + 1]
        state, dstate = (tuple(s[b : b + 1] for s in g) for g in (case.state, case.dstate))
        trace = unroll(case.cell, case.xs[one], state)
        grads = bptt(case.cell, trace, case.dhs[one], dstate)
        close(trace.hs, case.trace.hs[one])
        close(grads.xs, case.grads.xs[one])
        close(grads.hs, case.grads.hs[one])
        assert_same(trace.state, tuple(s[b : b + 1] for s in case.trace.state))
        assert_same(grads.state, tuple(s[b : b + 1] for s in case.grads.state), 1e-11)
        total = total + grads.cell
    assert_same(total, case.grads.cell, 1e-11)


@given(cases, st.data())
def test_a_whole_is_its_pieces_with_the_state_handed_on_and_the_gradient_back(case, data):
    if case.T == 1:
        return
    cut = data.draw(st.integers(1, case.T - 1))
    first = unroll(case.cell, case.xs[:cut], case.state)
    second = unroll(case.cell, case.xs[cut:], first.state)
    close(np.concatenate([first.hs, second.hs]), case.trace.hs)
    assert_same(second.state, case.trace.state)

    late = bptt(case.cell, second, case.dhs[cut:], case.dstate)
    early = bptt(case.cell, first, case.dhs[:cut], late.state)
    assert_same(early.cell + late.cell, case.grads.cell, 1e-11)
    close(np.concatenate([early.xs, late.xs]), case.grads.xs)
    close(np.concatenate([early.hs, late.hs]), case.grads.hs)
    assert_same(early.state, case.grads.state, 1e-11)


@given(cases, st.integers(1, 8))
def test_truncation_is_each_loss_alone_through_its_last_steps(case, K):
    grads = bptt(case.cell, case.trace, case.dhs, case.dstate, truncate=K)
    total, dxs, dhs = 0 * case.cell, np.zeros_like(case.xs), np.zeros_like(case.dhs)
    dstate = tuple(np.zeros_like(s) for s in case.state)
    for t in range(1, case.T + 1):
        start = max(t - K, 0)
        window = np.s_[start:t]
        piece = unroll(case.cell, case.xs[window], tuple(s[start] for s in case.trace.states))
        only = np.zeros_like(piece.hs)
        only[-1] = case.dhs[t - 1]
        alone = bptt(case.cell, piece, only, case.dstate if t == case.T else None)
        total = total + alone.cell
        dxs[window] += alone.xs
        dhs[window] += alone.hs
        if start == 0:
            reaches_back = t <= K
            dstate = tuple(
                d + reaches_back * a for d, a in zip(dstate, alone.state, strict=True))
    assert_same(grads.cell, total, 1e-11)
    close(grads.xs, dxs)
    close(grads.hs, dhs)
    assert_same(grads.state, dstate, 1e-11)
    if case.T <= K:
        assert_same(grads.cell, case.grads.cell, 1e-11)


@given(cases)
def test_unroll_is_a_loop_of_steps(case):
    state = case.state
    for x, h in zip(case.xs, case.trace.hs, strict=True):
        state, _ = case.cell.step(x @ case.cell.W_xh + case.cell.b_h, state)
        close(state[0], h)
    assert_same(state, case.trace.state)


@given(cases, numbers, numbers)
def test_bptt_is_linear_in_what_the_losses_ask(case, alpha, beta):
    dhs, dstate = case.rng.normal(size=case.dhs.shape), make_state(case.cell, case.B, case.rng)
    other = bptt(case.cell, case.trace, dhs, dstate)
    mixed = bptt(
        case.cell, case.trace, alpha * case.dhs + beta * dhs,
        tuple(alpha * a + beta * b for a, b in zip(case.dstate, dstate, strict=True)),
    )
    assert_same(mixed.cell, alpha * case.grads.cell + beta * other.cell, 1e-10)
    np.testing.assert_allclose(
        mixed.xs, alpha * case.grads.xs + beta * other.xs, rtol=1e-10, atol=1e-11)
    assert_same(mixed.state, tuple(
        alpha * a + beta * b for a, b in zip(case.grads.state, other.state, strict=True)), 1e-10)


@given(cases)
def test_one_total_derivative_is_a_slope_along_a_random_line(case):
    """The directional derivative along everything at once, in one number."""
    rng, epsilon = case.rng, 1e-6
    cell = case.cell
    if getattr(cell, "activation", None) == "relu":
        return  # a kink may lie on the line; the recorded numbers cover it
    dcell = cell.map(lambda a: rng.normal(size=a.shape))
    dxs, dstate = rng.normal(size=case.xs.shape), make_state(cell, case.B, rng)

    def value(step):
        moved = tuple(s + step * d for s, d in zip(case.state, dstate, strict=True))
        trace = unroll(cell + step * dcell, case.xs + step * dxs, moved)
        ends = sum(np.sum(d * s) for d, s in zip(case.dstate, trace.state, strict=True))
        return np.sum(case.dhs * trace.hs) + ends

    slope = sum(
        np.sum(g * d) for (_, g), (_, d) in zip(
            case.grads.cell.leaves(), dcell.leaves(), strict=True))
    slope += np.sum(case.grads.xs * dxs)
    slope += sum(np.sum(g * d) for g, d in zip(case.grads.state, dstate, strict=True))
    numerical = (value(epsilon) - value(-epsilon)) / (2 * epsilon)
    assert abs(slope - numerical) <= 1e-6 * max(1, abs(slope))


@given(kinds, sizes, sizes, sizes, seeds, numbers, numbers)
def test_models_are_a_vector_space(kind, D, H, K, seed, alpha, beta):
    rng = np.random.default_rng(seed)
    a, b, c = (make_model(kind, D=D, H=H, K=K, rng=rng) for _ in range(3))
    zero = a - a
    assert_same((a + b) + c, a + (b + c))
    assert_same(a + b, b + a, tolerance=0)
    assert_same(a + zero, a, tolerance=0)
    assert_same(a + (-a), zero, tolerance=0)
    assert_same(1 * a, a, tolerance=0)
    assert_same(alpha * (a + b), alpha * a + alpha * b)
    assert_same((alpha + beta) * a, alpha * a + beta * a)
    assert_same(alpha * (beta * a), (alpha * beta) * a)
    assert_same(a - b, a + -1 * b, tolerance=0)
    if abs(alpha) >= 1e-3:
        assert_same((alpha * a) / alpha, a)
    assert repr(alpha * a + b) == repr(a)


@given(kinds, sizes, sizes, sizes, seeds, numbers)
def test_the_norm_is_a_norm(kind, D, H, K, seed, alpha):
    rng = np.random.default_rng(seed)
    a, b = (make_model(kind, D=D, H=H, K=K, rng=rng) for _ in range(2))
    assert (alpha * a).norm == pytest.approx(abs(alpha) * a.norm, rel=1e-12)
    assert (a + b).norm <= (a.norm + b.norm) * (1 + 1e-12)
    assert (a - a).norm == 0
    assert a.norm > 0
    inner = ((a + b).norm ** 2 - (a - b).norm ** 2) / 4
    plain = sum(np.sum(x * y) for (_, x), (_, y) in zip(a.leaves(), b.leaves(), strict=True))
    assert inner == pytest.approx(plain, rel=1e-9, abs=1e-9)
    assert a.size == sum(array.size for _, array in a.leaves())


@given(kinds, sizes, sizes, sizes, seeds, st.floats(0.01, 100))
def test_clipping_by_norm_keeps_the_direction(kind, D, H, K, seed, norm):
    model = make_model(kind, D=D, H=H, K=K, rng=np.random.default_rng(seed))
    clipped = clip(model, norm=norm)
    assert clipped.norm <= norm * (1 + 1e-12)
    assert_same(clipped * model.norm, model * min(model.norm, norm), 1e-11)


@given(st.sampled_from(["tanh", "identity"]), st.integers(2, 12), sizes, st.integers(1, 8),
       st.floats(0.3, 2.0), seeds)
def test_the_gain_is_every_singular_value_and_the_rate_of_the_gradient(kind, T, B, H, gain, seed):
    rng = np.random.default_rng(seed)
    cell = make_cell(kind, D=1, H=H, gain=gain, rng=rng)
    np.testing.assert_allclose(np.linalg.svd(cell.W_hh, compute_uv=False), gain, rtol=1e-12)

    dhs = np.zeros((T, B, H))
    dhs[-1] = rng.normal(size=(B, H))
    norms = gradient_norms(bptt(cell, unroll(cell, np.zeros((T, B, 1))), dhs))
    assert norms[0] / norms[-1] == pytest.approx(gain ** (T - 1), rel=1e-10, abs=0)


@given(st.sampled_from([squared_error, cross_entropy, last_step(cross_entropy)]),
       sizes, sizes, sizes, st.integers(2, 4), seeds)
def test_a_loss_does_not_depend_on_how_often_the_batch_is_repeated(loss, T, B, K, n, seed):
    rng = np.random.default_rng(seed)
    ys = rng.normal(size=(T, B, K))
    targets = rng.normal(size=(T, B, K)) if loss is squared_error else rng.integers(K, size=(T, B))
    if loss not in (squared_error, cross_entropy):
        targets = targets[-1:]
    value, dys = loss(ys, targets)
    more, dmore = loss(np.concatenate([ys] * n, axis=1), np.concatenate([targets] * n, axis=1))
    assert more == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(n * dmore[:, :B], dys, rtol=1e-12, atol=1e-15)
    if loss in (squared_error, cross_entropy):
        longer, dlonger = loss(np.concatenate([ys] * n), np.concatenate([targets] * n))
        assert longer == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(n * dlonger[:T], dys, rtol=1e-12, atol=1e-15)


@given(kinds, sizes, sizes, st.integers(2, 4), seeds)
def test_nor_does_its_gradient(kind, T, B, n, seed):
    rng = np.random.default_rng(seed)
    model = make_model(kind, rng=rng)
    xs, targets = rng.normal(size=(2, T, B, 2))
    once = loss_and_grads(model, xs, targets, squared_error)
    often = loss_and_grads(
        model, np.concatenate([xs] * n, axis=1), np.concatenate([targets] * n, axis=1),
        squared_error)
    assert often.loss == pytest.approx(once.loss, rel=1e-12)
    assert_same(often.grads, once.grads, 1e-11)


@given(sizes, sizes, sizes, st.floats(-1e3, 1e3), seeds)
def test_softmax_and_cross_entropy_do_not_see_a_shift(T, B, K, shift, seed):
    rng = np.random.default_rng(seed)
    ys, targets = rng.normal(size=(T, B, K)), rng.integers(K, size=(T, B))
    np.testing.assert_allclose(softmax(ys + shift), softmax(ys), rtol=1e-11)
    value, dys = cross_entropy(ys, targets)
    shifted, dshifted = cross_entropy(ys + shift, targets)
    assert shifted == pytest.approx(value, rel=1e-10, abs=1e-11)
    np.testing.assert_allclose(dshifted, dys, atol=1e-11)
    np.testing.assert_allclose(dys.sum(axis=-1), 0, atol=1e-14)


def dtypes(thing):
    """Every dtype in a nest of arrays, cells and containers."""
    if isinstance(thing, np.ndarray | np.generic):
        return {thing.dtype}
    if isinstance(thing, tuple | list):
        return set().union(*map(dtypes, thing))
    if hasattr(thing, "leaves"):
        return dtypes([array for _, array in thing.leaves()])
    return dtypes(list(vars(thing).values())) if hasattr(thing, "__dict__") else set()


@pytest.mark.parametrize("data", [np.float32, np.float64, np.int64], ids=lambda d: d.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_a_float32_model_stays_float32_everywhere(kind, data):
    """The model decides, not the data: tasks and one-hot rows are float64."""
    rng = np.random.default_rng(0)
    single = {np.dtype(np.float32)}
    model = make_model(kind, D=4, K=4, rng=rng, dtype=np.float32)
    cell = model.cell
    xs = rng.integers(-2, 3, size=(5, 2, 4)).astype(data)
    dhs = np.ones((5, 2, 3), data)
    state = tuple(np.ones((2, 3), data) for _ in range(cell.memories))

    for start in (None, state):
        trace = unroll(cell, xs, start)
        assert dtypes([*trace.states, *trace.kept, trace.hs, *trace.state, trace.xs]) == single
        grads = bptt(cell, trace, dhs, start)
        assert dtypes([grads.cell, grads.xs, grads.hs, *grads.state]) == single
        assert dtypes(gradient_norms(grads)) == single
    ys, _ = model.run(xs)
    assert dtypes(ys) == single
    for loss, targets in ((squared_error, xs), (cross_entropy, np.ones((5, 2), int)),
                          (last_step(cross_entropy), np.ones((1, 2), int))):
        assert dtypes(loss(ys, targets)[1]) == single
        assert dtypes(loss_and_grads(model, xs, targets, loss).grads) == single
        for optimizer in (sgd(0.1, momentum=0.5), adam(0.1)):
            trained, _ = fit(model, [(xs, targets)] * 2, loss, optimizer, clip_norm=0.1)
            assert dtypes(trained) == single
    assert dtypes(teacher_forced(model, xs)) == single
    assert dtypes(free_running(model, xs, 3)) == single
    assert dtypes(free_running(model, xs, 3, feed=greedy)) == single
    assert dtypes([clip(model, norm=0.1), clip(model, value=0.1), 2 * model - model / 3]) == single


@pytest.mark.parametrize("kind", KINDS)
def test_float32_is_close_to_float64(kind):
    rng = np.random.default_rng(0)
    double = make_cell(kind, D=4, H=5, rng=rng, scale=0.5)
    single = double.map(lambda a: a.astype(np.float32))
    xs, dhs = rng.normal(size=(8, 3, 4)), rng.normal(size=(8, 3, 5))
    ours = bptt(single, unroll(single, xs), dhs)
    theirs = bptt(double, unroll(double, xs), dhs)
    for (_, a), (_, b) in zip(ours.cell.leaves(), theirs.cell.leaves(), strict=True):
        assert np.abs(a - b).max() <= 1e-5 * np.abs(b).max()


@given(st.integers(1, 30), sizes, st.integers(0, 40), seeds)
def test_echo_of_an_echo(T, B, delay, seed):
    xs, targets = tasks.echo(T=T, B=B, delay=delay, rng=np.random.default_rng(seed))
    padded = np.concatenate([np.zeros((delay, B, 1)), xs])
    np.testing.assert_array_equal(targets, padded[:T])

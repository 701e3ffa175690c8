"""Cells from outside the package get everything that RNN, LSTM and GRU get, or a clear refusal."""

import inspect
import re

import numpy as np
import pytest

from cases import assert_same, make_state
from own_cells import MinimalGated, Peephole, Scaled
from rnnbook import (
    RNN,
    Model,
    adam,
    bptt,
    check_gradients,
    fit,
    gradient_norms,
    load,
    save,
    squared_error,
    unroll,
)
from rnnbook.sweeps import gradient_table

T, B, D, H = 5, 2, 2, 3
EVERY_CELL = pytest.mark.parametrize("kind", [Scaled, MinimalGated, Peephole])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@EVERY_CELL
def test_it_takes_less_than_60_lines(kind):
    assert len(inspect.getsource(kind).splitlines()) < 60


@EVERY_CELL
def test_its_gradients_are_right(kind, rng):
    cell = kind.init(D=D, H=H, rng=rng).map(lambda a: 0.5 * rng.normal(size=a.shape))
    xs, dhs = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    check = check_gradients(cell, xs, dhs, state=make_state(cell, B, rng),
                            dstate=make_state(cell, B, rng))
    assert check.ok, check
    assert {name for name, _ in cell.leaves()} < set(check.errors)


@EVERY_CELL
def test_truncated_gradients_are_the_sum_of_windows(kind, rng):
    cell, K = kind.init(D=D, H=H, rng=rng), 2
    xs, dhs = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    trace = unroll(cell, xs)
    total = 0 * cell
    for t in range(1, T + 1):
        start = max(0, t - K)
        piece = unroll(cell, xs[start:t], tuple(s[start] for s in trace.states))
        only = np.zeros_like(piece.hs)
        only[-1] = dhs[t - 1]
        total = total + bptt(cell, piece, only).cell
    assert_same(bptt(cell, trace, dhs, truncate=K).cell, total)
    assert_same(bptt(cell, trace, dhs, truncate=T).cell, bptt(cell, trace, dhs).cell)


@EVERY_CELL
def test_it_learns(kind, rng):
    model = Model.init(kind, D=1, H=8, K=1, rng=rng)
    xs = rng.choice([-1.0, 1.0], size=(8, 16, 1))
    targets = np.concatenate([np.zeros((1, 16, 1)), xs[:-1]])
    trained, losses = fit(model, [(xs, targets)] * 200, squared_error, adam(0.02))
    assert losses[-1] < losses[0] / 20
    for (name, now), (_, then) in zip(trained.leaves(), model.leaves(), strict=True):
        assert (now != then).all(), name


@EVERY_CELL
def test_float32_stays_float32(kind, rng):
    model = Model.init(kind, D=D, H=H, K=2, rng=rng, dtype=np.float32)
    xs, targets = rng.normal(size=(2, T, B, D)).astype(np.float32)
    trained, _ = fit(model, [(xs, targets)], squared_error, adam())
    assert {array.dtype for _, array in trained.leaves()} == {np.dtype(np.float32)}


@EVERY_CELL
def test_its_step_is_proved(kind):
    pytest.importorskip("sympy")
    from rnnbook.derive import prove_step

    cell = kind.init(D=1, H=2, rng=np.random.default_rng(0))
    assert prove_step(kind, D=1, H=2).identities == (
        cell.size + 1 + 2 * kind.memories + 2)  # the input, the state before, and dL/dh_1


@EVERY_CELL
def test_its_gradients_can_be_looked_at(kind, rng):
    cell, xs = kind.init(D=D, H=H, rng=rng), rng.normal(size=(T, 1, D))
    table = gradient_table([cell], xs)
    dhs = np.zeros((T, 1, H))
    dhs[-1] = H**-0.5
    norms = gradient_norms(bptt(cell, unroll(cell, xs), dhs))
    np.testing.assert_allclose(table[0, -1], np.log10(norms), atol=1e-9)


@EVERY_CELL
def test_the_explorer_takes_it(kind, rng):
    pytest.importorskip("anywidget")
    from rnnbook.widgets import GradientExplorer

    explorer = GradientExplorer(kind.init(D=1, H=H, rng=rng))
    assert explorer.sentence()


@EVERY_CELL
def test_it_is_kept_on_disk(kind, rng, tmp_path):
    model = Model.init(kind, D=D, H=H, K=2, rng=rng)
    save(tmp_path / "model.npz", model)
    again = load(tmp_path / "model.npz")
    assert type(again.cell) is kind
    assert_same(again, model, tolerance=0)


def without(kind, method, answer=None):
    """The class with one method taken away, or answering something else."""
    replaced = getattr(super(kind, kind), method) if answer is None else answer
    return type("Mine", (kind,), {method: replaced})


def use(kind, rng, truncate=None):
    cell = kind.init(D=D, H=H, rng=rng)
    trace = unroll(cell, rng.normal(size=(T, B, D)))
    return bptt(cell, trace, np.ones((T, B, H)), truncate=truncate)


@pytest.mark.parametrize("method", ["step", "slopes", "step_back", "own_gradients"])
def test_what_is_missing_is_named(method, rng):
    with pytest.raises(NotImplementedError, match=f"Mine has no method {method}; expected "):
        use(without(Scaled, method), rng)


def test_the_array_without_a_gradient_is_named(rng):
    with pytest.raises(NotImplementedError, match=r"own_gradients; expected .* for p$"):
        use(without(Scaled, "own_gradients"), rng)


WRONG = {
    "state is an array": ("step", lambda s, a, h: (h[0], a), "Mine.step returned an array of"),
    "state is a list": ("step", lambda s, a, h: ([h[0]], a), "Mine.step returned a list of 1 as"),
    "two states": ("step", lambda s, a, h: ((h[0], h[0]), a), "Mine.step returned a tuple of 2 as"),
    "only the state": ("step", lambda s, a, h: h, "Mine.step returned a tuple of 1; expected the"),
    "nothing": ("step", lambda s, a, h: None, "Mine.step returned None; expected the pair (state"),
    "state of one": ("step", lambda s, a, h: ((h[0][:1],), a), "Mine.step: state[0] is an array"),
    "kept is a row": ("step", lambda s, a, h: (h, a[:1]), "Mine.step: kept is an array of"),
    "kept is a number": ("step", lambda s, a, h: (h, 0.0), "Mine.step: kept is 0.0; expected an"),
    "shapes that do not fit": (
        "step", lambda s, a, h: (h, a + np.ones(7)), "Mine.step failed: operands could not be"),
    "slopes is an array": (
        "slopes", lambda s, b, a, k: a[0].sum(), "Mine.slopes returned"),
    "slopes of no time": ("slopes", lambda s, b, a, k: (a[0][0],), "Mine.slopes returned a tuple"),
    "da alone": ("step_back", lambda s, d, k: d[0], "Mine.step_back returned an array of shape"),
    "da is narrow": (
        "step_back", lambda s, d, k: (d[0][..., :1], d), "Mine.step_back: da is an array of"),
    "dstate is an array": (
        "step_back", lambda s, d, k: (d[0], d[0]), "Mine.step_back returned an array of"),
    "no gradient": ("own_gradients", lambda s, *a: {}, "returned []; expected a dict with p"),
    "another gradient": (
        "own_gradients", lambda s, *a: {"p": s.p, "q": s.p}, "returned ['p', 'q']; expected a"),
    "a gradient of another shape": (
        "own_gradients", lambda s, *a: {"p": s.p[:1]}, "own_gradients: dL/dp is an array of shape"),
}


@pytest.mark.parametrize(("method", "answer", "sentence"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("truncate", [None, 2])
def test_what_is_misshapen_is_named(method, answer, sentence, truncate, rng):
    with pytest.raises((TypeError, ValueError), match=re.escape(sentence)):
        use(without(Scaled, method, answer), rng, truncate)


def test_a_way_back_that_minds_the_axis_of_ages_is_named(rng):
    def step_back(self, dstate, slopes):
        da, dh = Scaled.step_back(self, dstate, slopes)
        return da.reshape(-1, H), dh

    assert use(without(Scaled, "step_back", step_back), rng)
    with pytest.raises(ValueError, match=r"step_back: da is .*; expected an array of shape \(2, 2"):
        use(without(Scaled, "step_back", step_back), rng, truncate=2)


def test_an_array_of_ones_own_is_checked_like_the_others(rng):
    for bad, error in ((None, TypeError), ([1.0, np.nan, 1.0], ValueError), ("p", TypeError)):
        with pytest.raises(error, match="p "):
            Scaled.init(D=D, H=H, rng=rng).replace(p=bad)
    given = np.ones(H)
    cell = Scaled.init(D=D, H=H, rng=rng).replace(p=given)
    given[:] = 7
    assert (cell.p == 1).all()


def test_a_proof_has_a_symbol_for_every_leaf_or_is_refused():
    pytest.importorskip("sympy")
    from rnnbook.derive import NotProved, prove_step

    def half(self, *args):
        return {"p": Scaled.own_gradients(self, *args)["p"] * 0.5}

    with pytest.raises(NotProved, match="dL/dp"):
        prove_step(without(Scaled, "own_gradients", half))
    bare = type("Bare", (Scaled,), {"init": classmethod(super(Scaled, Scaled).init.__func__)})
    with pytest.raises(TypeError, match=r"Bare.init\(D=, H=, rng=\) makes no cell"):
        prove_step(bare)


class Written(RNN):
    """tanh by negation, powers and division: the same function in other words."""

    def slopes(self, before, after, kept):
        (h,) = after
        return (-(h**2) + 1 / (2 / 2 + 0 * h),)


class Signed(RNN):
    def step_back(self, dstate, slopes):
        da, (dh,) = super().step_back(dstate, slopes)
        return da, (-dh,)


def test_exact_algebra_knows_negation_powers_and_division():
    pytest.importorskip("sympy")
    from rnnbook.derive import NotProved, prove_step

    assert prove_step(Written).identities == 16
    with pytest.raises(NotProved, match="Signed"):
        prove_step(Signed)


def test_its_methods_are_called_once_a_step(rng):
    calls = []

    class Counting(Scaled):
        def step(self, a_x, state):
            calls.append("step")
            return super().step(a_x, state)

        def step_back(self, dstate, slopes):
            calls.append("step_back")
            return super().step_back(dstate, slopes)

    use(Counting, rng)
    assert calls == ["step"] * T + ["step_back"] * T

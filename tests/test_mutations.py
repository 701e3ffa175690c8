"""The tests bite: one broken line in the numeric core does not get past them.

Each row breaks one line of a copy of the package, held in memory. The copy must then fail a
gradient check (weights at 0.5 or initial), differ from PyTorch's recorded numbers, or break one
of a few equivalences. The unbroken copy passes all of them.
"""

import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import rnnbook
from cases import KINDS

SOURCE = Path(rnnbook.__file__).parent
MODULES = ["checks", "parameters", "cells", "through_time", "losses", "model", "gradients"]
RECORDED = json.loads((Path(__file__).parent / "oracle" / "torch.json").read_text())["layers"]

# module, the line's text, what takes its place, and which one if the module holds it twice
MUTATIONS = {
    # activations
    "sigmoid is sigma(2a)": ("cells", "0.5 * np.tanh(0.5 * a)", "0.5 * np.tanh(a)"),
    "tanh's slope": ("cells", "lambda h: 1 - h * h)", "lambda h: 1 - h)"),
    "tanh of tanh in the slope": ("cells", "lambda h: 1 - h * h)", "lambda h: 1 - np.tanh(h)**2)"),
    "sigmoid's slope": ("cells", "lambda h: h * (1 - h))", "lambda h: h)"),
    "relu's slope": ("cells", "(h > 0)", "(h >= 0)"),
    "identity's slope": ("cells", "(lambda a: a, np.ones_like)", "(lambda a: a, np.zeros_like)"),
    # RNN
    "RNN: no transpose": (
        "cells", "return da, (da @ self.W_hh.T,)", "return da, (da @ self.W_hh,)"),
    "RNN: slope forgotten on the way back": ("cells", "da = dh * slope", "da = dh"),
    "RNN: h, not da, goes back": ("cells", "(da @ self.W_hh.T,)", "(dh @ self.W_hh.T,)"),
    # LSTM
    "LSTM: no transpose": (
        "cells", "return da, (da @ self.W_hh.T, dc * f)",
        "return da, (da @ np.vstack(np.split(self.W_hh, 4, axis=1)), dc * f)"),
    "LSTM: c's own past forgotten": ("cells", "dc = dc + dh * h_by_c", "dc = dh * h_by_c"),
    "LSTM: h's way to c forgotten": ("cells", "dc = dc + dh * h_by_c", "dc = dc"),
    "LSTM: forget gate not on the way back": ("cells", "dc * f)", "dc)"),
    "LSTM: no gradient to the old c": ("cells", "dc * f)", "0 * dc)"),
    "LSTM: no gradient to the old h": (
        "cells", "return da, (da @ self.W_hh.T, dc * f)", "return da, (0 * dh, dc * f)"),
    "LSTM: gates swapped on the way back": (
        "cells", "c_by_i, c_by_f, c_by_g, h_by_o =", "c_by_f, c_by_i, c_by_g, h_by_o ="),
    "LSTM: gates swapped on both ways": (
        "cells", "i, f, g, o = split(gates, 4)", "f, i, g, o = split(gates, 4)", 0),
    "LSTM: new c where the old belongs": ("cells", "c_by_f[:] = c_before", "c_by_f[:] = c"),
    "LSTM: no tanh slope at the output": (
        "cells", "h_by_c = o * (1 - c_squashed * c_squashed)", "h_by_c = o"),
    "LSTM: tanh(c) dropped at the output gate": (
        "cells", "h_by_o[:] = c_squashed * o * (1 - o)",
        "h_by_o[:] = o * (1 - o)"),
    "LSTM: slope of i": ("cells", "= g * i * (1 - i)", "= g * i"),
    "LSTM: slope of f": ("cells", "= c_before * f * (1 - f)", "= f * (1 - f)"),
    "LSTM: slope of g": ("cells", "= i * (1 - g * g)", "= i * g * (1 - g)"),
    "LSTM: no tanh on c": ("cells", "return (o * np.tanh(c), c)", "return (o * c, c)"),
    "LSTM: no tanh on c on the way back": (
        "cells", "c_squashed = np.tanh(c)", "c_squashed = c"),
    "LSTM: gates at half their slope": (
        "cells", "np.tanh(split(a, 4)[2], out=g)", "np.tanh(0.5 * split(a, 4)[2], out=g)"),
    # GRU
    "GRU: candidate without transpose": ("cells", "drh = da_n @ W_n.T", "drh = da_n @ W_n"),
    "GRU: gates without transpose": (
        "cells", "da_rz @ W_rz.T", "da_rz @ np.vstack(np.split(W_rz, 2, axis=1))"),
    "GRU: z's copy of h forgotten": (
        "cells", "dh = dh * z + drh * r + da_rz @ W_rz.T", "dh = drh * r + da_rz @ W_rz.T"),
    "GRU: r's way back forgotten": (
        "cells", "dh = dh * z + drh * r + da_rz @ W_rz.T", "dh = dh * z + da_rz @ W_rz.T"),
    "GRU: reset left out on the way back": ("cells", "+ drh * r +", "+ drh +"),
    "GRU: gates' way back forgotten": (
        "cells", "dh = dh * z + drh * r + da_rz @ W_rz.T", "dh = dh * z + drh * r"),
    "GRU: sign of z": ("cells", "h_by_z = (h - n)", "h_by_z = (n - h)"),
    "GRU: slope of n": ("cells", "h_by_n = (1 - z) * (1 - n * n)", "h_by_n = (1 - z) * (1 - n)"),
    "GRU: z for 1 - z": ("cells", "h_by_n = (1 - z)", "h_by_n = z"),
    "GRU: h dropped from r": ("cells", "rh_by_r = h * r * (1 - r)", "rh_by_r = r * (1 - r)"),
    "GRU: r and z swapped on the way back": (
        "cells", "[drh * rh_by_r, dh * h_by_z,", "[dh * h_by_z, drh * rh_by_r,"),
    "GRU: W_n's gradient from h instead of r h": (
        "cells", "flat(r * h_before).T", "flat(h_before).T"),
    "GRU: reset after the product": ("cells", "(r * h) @ W_n", "r * (h @ W_n)"),
    "GRU: z the other way round, both ways": (
        "cells", "r, z = split(rz, 2)", "r, z = split(rz, 2); z = 1 - z", 0),
    # through time
    "input bias dropped": ("through_time", "@ cell.W_xh + cell.b_h)", "@ cell.W_xh)"),
    "later losses dropped": ("through_time", "dstate[0] + dhs[t]", "dhs[t]", 0),
    "direct losses dropped": ("through_time", "dstate[0] + dhs[t]", "dstate[0]", 0),
    "losses in backward order": ("through_time", "+ dhs[t]", "+ dhs[-1 - t]", 0),
    "slopes in backward order": ("through_time", "[slope[t] for", "[slope[-1 - t] for", 0),
    "das left in backward order": ("through_time", "das[t], dstate =", "das[-1 - t], dstate =", 0),
    "dhs left in backward order": ("through_time", "return das, dhs_total,",
                                   "return das, dhs_total[::-1],", 0),
    "first step first": ("through_time", "in reversed(range(T))", "in range(T)", 0),
    # through time, truncated
    "truncated: direct losses dropped": (
        "through_time", "dstate[0] + dhs[t]", "dstate[0]", 1),
    "truncated: das left in backward order": (
        "through_time", "das[t] = das_by_age", "das[-1 - t] = das_by_age"),
    "truncated: dhs left in backward order": (
        "through_time", "dhs_total[t] = ages[0]", "dhs_total[-1 - t] = ages[0]"),
    "truncated: one step too many": (
        "through_time", "tuple(np.zeros((K, *s.shape)", "tuple(np.zeros((K + 1, *s.shape)"),
    "truncated: only the oldest counts": (
        "through_time", "das[t] = das_by_age.sum(axis=0)", "das[t] = das_by_age[-1]"),
    "truncated: the end's gradient at every step": (
        "through_time", "dstate = tuple(np.zeros_like(s) for s in dstate)", "pass"),
    "states written one step late": (
        "through_time", "_put(states, t + 1, state)", "_put(states, t, state)"),
    "gates of the next step": (
        "through_time", "state, a_xs[t] =", "state, a_xs[t - 1] ="),
    "states one step late": (
        "through_time", "before = tuple(s[:-1] for", "before = tuple(s[1:] for"),
    "states one step early": (
        "through_time", "after = tuple(s[1:] for", "after = tuple(s[:-1] for"),
    "hs with the initial state": ("through_time", "self.states[0][1:]", "self.states[0][:-1]"),
    "state before the last": ("through_time", "tuple(s[-1] for", "tuple(s[-2] for"),
    "bias gradient a mean": ("through_time", "flat(das).sum(axis=0)", "flat(das).mean(axis=0)"),
    "recurrent gradient from new states": (
        "through_time", "cell.recurrent_gradient(before[0],", "cell.recurrent_gradient(after[0],"),
    "input gradient by W_hh": (
        "through_time", "self.trace.cell.W_xh.T)", "(0 * self.trace.cell.W_xh).T)"),
    # losses
    "squared error without its 2": ("losses", "2 * errors / (T * B)", "errors / (T * B)"),
    "squared error's sign": ("losses", "2 * errors / (T * B)", "-2 * errors / (T * B)"),
    "squared error a sum over T": (
        "losses", "float((errors * errors).sum() / (T * B))", "float((errors * errors).sum() / B)"),
    "cross-entropy's gradient a sum over B": (
        "losses", "- right) / (T * B)", "- right) / T"),
    "cross-entropy in bits": (
        "losses", "-log_ps[right].sum()", "-log_ps[right].sum() / np.log(2)"),
    "cross-entropy forgets the target": (
        "losses", "(softmax(ys) - right)", "softmax(ys)"),
    "softmax over sequences": (
        "losses", "e / e.sum(axis=-1, keepdims=True)", "e / e.sum(axis=-2, keepdims=True)"),
    "the last step's gradient put first": ("losses", "dys[-1:] = dys_last", "dys[:1] = dys_last"),
    "the last loss asks all steps": ("losses", "loss(ys[-1:], targets)", "loss(ys[:1], targets)"),
    # model
    "readout's bias dropped": ("model", "@ self.W_hy + self.b_y)", "@ self.W_hy)"),
    "readout's bias gradient a mean": ("model", "flat(dys).sum(axis=0)", "flat(dys).mean(axis=0)"),
    "readout's gradient halved": (
        "model", "W_hy=flat(hs).T @ flat(dys)", "W_hy=flat(hs).T @ flat(dys) / 2"),
    "nothing comes back through the readout": (
        "model", "(flat(dys) @ self.W_hy.T)", "(0 * flat(dys) @ self.W_hy.T)"),
    "the state handed in ignored": (
        "model", "ys, trace = model.run(xs, state)", "ys, trace = model.run(xs)"),
    "the cell's gradient left out": (
        "model", "model._with(cell=dcell,", "model._with(cell=0 * dcell,"),
}


def copy_of_package(module=None, old=None, new=None, place=None):
    """The numeric core under another name, with one text replaced in one module."""
    alias = "broken_rnnbook"
    package = ModuleType(alias)
    sys.modules[alias] = package
    try:
        for name in MODULES:
            text = (SOURCE / f"{name}.py").read_text()
            if name == module:
                pieces = text.split(old)
                times = len(pieces) - 1
                assert times == 1 if place is None else place < times, f"{old!r}: {times} times"
                cut = (place or 0) + 1
                text = old.join(pieces[:cut]) + new + old.join(pieces[cut:])
            text = text.replace("from rnnbook", f"from {alias}")
            part = ModuleType(f"{alias}.{name}")
            sys.modules[part.__name__] = part
            setattr(package, name, part)
            exec(compile(text, f"{name}.py", "exec"), vars(part))
    finally:
        for name in (alias, *(f"{alias}.{name}" for name in MODULES)):
            sys.modules.pop(name, None)
    return package


def make(book, kind, rng, scale, K=None):
    """A cell, or a model with K outputs. Not H = 2: a random rotation of the plane may be a mirror
    image, which is its own transpose, and a missing transpose would not show."""
    name = KINDS[kind][0].__name__
    cls, options = getattr(book.cells, name), KINDS[kind][1]
    if K is None:
        thing = cls.init(D=1, H=3, rng=rng, **options)
    else:
        thing = book.model.Model.init(cls, D=1, H=3, K=K, rng=rng, **options)
    return thing if scale is None else thing.map(lambda a: scale * rng.normal(size=a.shape))


def gradients_are_right(book, first):
    T, B, H, K = 3, 2, 3, 4
    squared, cross = book.losses.squared_error, book.losses.cross_entropy
    for kind in sorted(KINDS, key=lambda kind: kind != first):
        for scale in (0.5, None):
            rng = np.random.default_rng(0)
            cell = make(book, kind, rng, scale)
            xs, dhs = rng.normal(size=(T, B, 1)), rng.normal(size=(T, B, H))
            state, dstate = rng.normal(size=(2, cell.memories, B, H))
            check = book.gradients.check_gradients(
                cell, xs, dhs, state=tuple(state), dstate=tuple(dstate))
            yield check.ok
    for kind, loss, targets in (
        ("tanh", squared, rng.normal(size=(T, B, K))),
        ("lstm", cross, rng.integers(K, size=(T, B))),
        ("gru", book.losses.last_step(cross), rng.integers(K, size=(1, B))),
    ):
        model = make(book, kind, rng, None, K)
        state = tuple(rng.normal(size=(model.cell.memories, B, H)))
        yield book.gradients.check_gradients(model, xs, targets, loss, state=state).ok


def same(ours, theirs):
    return np.shape(ours) == np.shape(theirs) and np.allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def values_are_those_recorded(book):
    for case in RECORDED:
        inputs, kind = case["inputs"], case["kind"]
        arrays = [inputs[name] for name in ("W_xh", "W_hh", "b_h")]
        cls = {"lstm": book.cells.LSTM, "gru": book.cells.GRU}.get(kind)
        cell = cls(*arrays) if cls else book.cells.RNN(*arrays, kind)
        trace = book.through_time.unroll(cell, inputs["xs"], tuple(inputs["state"]))
        yield same(trace.hs, case["outputs"]["hs"])
        yield same(trace.state, case["outputs"]["last_state"])


def truncation_is_a_sum_of_windows(through_time, cell, trace, dhs, dstate, K=2):
    """Each loss on its own, through the last K steps, and all that added up."""
    grads = through_time.bptt(cell, trace, dhs, dstate, truncate=K)
    total, dxs, dhs_total = 0 * cell, np.zeros_like(trace.xs), np.zeros_like(dhs)
    for t in range(1, len(dhs) + 1):
        start = max(t - K, 0)
        piece = through_time.unroll(
            cell, trace.xs[start:t], tuple(s[start] for s in trace.states))
        only = np.zeros_like(piece.hs)
        only[-1] = dhs[t - 1]
        alone = through_time.bptt(cell, piece, only, dstate if t == len(dhs) else None)
        total = total + alone.cell
        dxs[start:t] += alone.xs
        dhs_total[start:t] += alone.hs
    return same(grads.xs, dxs) and same(grads.hs, dhs_total) and all(
        same(a, b) for (_, a), (_, b) in zip(grads.cell.leaves(), total.leaves(), strict=True))


def equivalences_hold(book):
    rng = np.random.default_rng(0)
    cell, xs, dhs = make(book, "lstm", rng, 0.5), *rng.normal(size=(2, 5, 2, 3))
    xs, dstate = xs[..., :1], tuple(rng.normal(size=(2, 2, 3)))
    trace = book.through_time.unroll(cell, xs)
    grads = book.through_time.bptt(cell, trace, dhs)
    yield same(grads.hs[-1], dhs[-1])
    yield truncation_is_a_sum_of_windows(book.through_time, cell, trace, dhs, dstate)

    model = make(book, "tanh", rng, 0.5, K=3)
    ys, trace = model.run(xs)
    yield same(ys, trace.hs @ model.readout.W_hy + model.readout.b_y)
    state = (rng.normal(size=(2, 3)),)
    targets = rng.normal(size=(5, 2, 3))
    yield same(book.model.loss_and_grads(model, xs, targets, book.losses.squared_error, state).loss,
               book.losses.squared_error(model.run(xs, state)[0], targets)[0])
    classes = rng.integers(3, size=(5, 2))
    for loss, right in ((book.losses.squared_error, targets), (book.losses.cross_entropy, classes)):
        for axis in (0, 1):
            twice = loss(np.repeat(ys, 2, axis=axis), np.repeat(right, 2, axis=axis))
            yield same(twice[0], loss(ys, right)[0])
    yield same(book.losses.cross_entropy(np.zeros((2, 2, 3)), [[0, 1], [2, 0]])[0], np.log(3))
    yield same(book.losses.last_step(book.losses.squared_error)(ys, ys[-1:])[0], 0)
    yield same(book.losses.softmax(ys).sum(axis=-1), np.ones((5, 2)))


def caught(book, first="tanh"):
    """Whether anything at all is wrong; an exception counts. `first`: the kind to begin with."""
    try:
        with np.errstate(all="ignore"):
            return not (
                all(values_are_those_recorded(book))
                and all(equivalences_hold(book))
                and all(gradients_are_right(book, first))
            )
    except Exception:
        return True


def kind_of(name):
    return {"LSTM": "lstm", "GRU": "gru"}.get(name.partition(":")[0], "tanh")


def test_the_unbroken_copy_passes():
    assert not caught(copy_of_package())


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_line_is_caught(name):
    assert caught(copy_of_package(*MUTATIONS[name]), first=kind_of(name))


BACKWARD = [name for name in MUTATIONS if "LSTM: " in name or "GRU: " in name or "RNN: " in name]
FORWARD = ["reset after", "both ways", "no tanh on c", "half their slope"]


@pytest.mark.parametrize(
    "name", [name for name in BACKWARD if not any(word in name for word in FORWARD)])
@pytest.mark.parametrize("scale", [0.5, None], ids=["at 0.5", "initial"])
def test_the_checker_alone_catches_a_broken_way_back(name, scale):
    """At initial weights too, where a missing transpose hardly shows."""
    book = copy_of_package(*MUTATIONS[name])
    rng = np.random.default_rng(0)
    cell = make(book, kind_of(name), rng, scale)
    check = book.gradients.check_gradients(
        cell, rng.normal(size=(3, 2, 1)), rng.normal(size=(3, 2, 3)))
    assert not check.ok
    assert check.errors[check.worst] > 1e-3

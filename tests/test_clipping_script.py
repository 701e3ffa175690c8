"""The arithmetic of clipping_explorer.js is rnnbook's."""

import numpy as np
import pytest

from in_node import evaluate, module
from rnnbook import RNN, bptt, clip, unroll
from rnnbook.landscape import H0, descend, one_unit_error, wall
from rnnbook.widgets import ClippingExplorer

STARTS = {"plateau": (4.25, -2.75), "valley": (4.7, -2.0), "no wall": (3.2, -2.2)}


def values_of_the_script(w, b):
    found = evaluate(
        """async ([source, ws, bs]) => {
          const { valueAndGradient } = await import(source);
          return ws.map((w, k) => valueAndGradient(w, bs[k])).map(({ E, g }) => [E, ...g]);
        }""",
        [module(ClippingExplorer()), w.tolist(), b.tolist()],
    )
    return np.array(found).T


@pytest.mark.parametrize("seed", range(3))
def test_error_and_gradient_equal_rnnbook(seed):
    rng = np.random.default_rng(seed)
    w, b = rng.uniform(3, 7, 200), rng.uniform(-3, -1, 200)
    expected = np.array(one_unit_error(w, b))
    got = values_of_the_script(w, b)
    calm = np.hypot(*expected[1:]) < 1e3
    np.testing.assert_allclose(got[:, calm], expected[:, calm], rtol=1e-12, atol=1e-13)
    for k in range(0, 200, 20):
        cell = RNN(W_xh=[[0.0]], W_hh=[[w[k]]], b_h=[b[k]], activation="sigmoid")
        trace = unroll(cell, np.zeros((50, 1, 1)), (np.array([[H0]]),))
        miss = trace.hs[-1, 0, 0] - 0.7
        dhs = np.zeros((50, 1, 1))
        dhs[-1] = 2 * miss
        grads = bptt(cell, trace, dhs).cell
        real = [miss**2, grads.W_hh[0, 0], grads.b_h[0]]
        np.testing.assert_allclose(got[:, k], real, rtol=1e-11, atol=1e-13)


def test_beside_the_wall_they_agree_as_far_as_rounding_allows():
    """There a change of 1e-16 in the state comes out 50 steps later times (w h (1 - h))^50."""
    w = np.linspace(4.5, 5.5, 11)
    for side in (0, 1e-4, -1e-4):
        b = wall(w) + side
        expected = np.array(one_unit_error(w, b))
        got = values_of_the_script(w, b)
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("rule", ["norm", "value"])
def test_clip_equals_rnnbook(rule):
    rng = np.random.default_rng(1)
    gradients = rng.normal(size=(60, 2)) * 10.0 ** rng.uniform(-3, 3, (60, 1))
    gradients[0] = [3, -4]
    for threshold in (0.05, 1.0, 5.0):
        got = evaluate(
            """async ([source, gs, rule, threshold]) => {
              const { clip } = await import(source);
              return gs.map((g) => clip(g, rule, threshold));
            }""",
            [module(ClippingExplorer()), gradients.tolist(), rule, threshold],
        )
        for g, one in zip(gradients, got, strict=True):
            cell = RNN(W_xh=[[0.0]], W_hh=[[g[0]]], b_h=[g[1]], activation="sigmoid")
            kept = clip(cell, **{rule: threshold})
            np.testing.assert_allclose(one, [kept.W_hh[0, 0], kept.b_h[0]], rtol=1e-12)


@pytest.mark.parametrize("rule", ["norm", "value", "none"])
@pytest.mark.parametrize("start", STARTS.values())
def test_descents_equal_rnnbook(start, rule):
    for threshold in (0.3, 1.0):
        path = descend(*start, 0.1, 60, None if rule == "none" else (rule, threshold))
        got = evaluate(
            """async ([source, w, b, rule, threshold]) => {
              const { descend } = await import(source);
              return descend(w, b, 0.1, rule, threshold).map((at) => [at.w, at.b, at.E]);
            }""",
            [module(ClippingExplorer()), *start, rule, threshold],
        )
        expected = np.stack(path[:3], axis=1)
        # what was thrown off the map carries the wall's rounding with it
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("rule", ["norm", "value", "none"])
def test_sentence_equals_python_s(rule):
    settings = [
        (threshold, start, step)
        for threshold in (0.05, 1.0, 30.0)
        for start in STARTS.values()
        for step in (0, 24, 41)
    ]
    explorers = [ClippingExplorer(t, rule, start=start, step=n) for t, start, n in settings]
    got = evaluate(
        """async ([source, states]) => {
          const { descend, sentence } = await import(source);
          return states.map(({ threshold, rule, rate, w0, b0, step }) => {
            const free = descend(w0, b0, rate, "none", 1);
            const path = descend(w0, b0, rate, rule, threshold);
            return sentence({ path, free, rule, threshold, step });
          });
        }""",
        [module(explorers[0]), [{name: getattr(e, name) for name in e._state} for e in explorers]],
    )
    assert got == [explorer.sentence() for explorer in explorers]


@pytest.mark.parametrize(("w", "b"), [(4.93, -2.575), (4.95, -2.575), (6.34, 1.28)])
def test_the_unit_s_states_are_those_of_unroll(w, b):
    found = evaluate(
        """async ([source, w, b]) => {
          const { states } = await import(source);
          return states(w, b);
        }""",
        [module(ClippingExplorer()), w, b],
    )
    cell = RNN(W_xh=[[0.0]], W_hh=[[w]], b_h=[b], activation="sigmoid")
    hs = unroll(cell, np.zeros((50, 1, 1)), (np.array([[H0]]),)).hs[:, 0, 0]
    np.testing.assert_allclose(found, [H0, *hs], rtol=1e-12)

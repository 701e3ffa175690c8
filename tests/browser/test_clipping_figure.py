"""The clipping explorer in a browser: its arithmetic against rnnbook, its views.

What it does in its chapter is in tours.py.
"""

import numpy as np
import pytest
from playwright.sync_api import expect

import explorer_page
from explorer_page import module
from rnnbook import RNN, bptt, clip, unroll
from rnnbook.landscape import H0, descend, one_unit_error, wall
from rnnbook.widgets import ClippingExplorer
from tours import said

STARTS = {"plateau": (4.25, -2.75), "valley": (4.7, -2.0), "no wall": (3.2, -2.2)}


def mount(page, explorer=None, model="m", view="v"):
    return explorer_page.mount(page, explorer or ClippingExplorer(), model, view)


def trait(page, name, model="m"):
    return page.evaluate(f"models.{model}.get('{name}')")


def ink(place):
    """The canvas as text, for asking whether it has changed."""
    return place.locator("canvas").evaluate("canvas => canvas.toDataURL()")


# ---- the arithmetic ----


def values_in_the_browser(page, w, b):
    found = page.evaluate(
        """async ([source, ws, bs]) => {
          const { valueAndGradient } = await import(source);
          return ws.map((w, k) => valueAndGradient(w, bs[k])).map(({ E, g }) => [E, ...g]);
        }""",
        [module(ClippingExplorer()), w.tolist(), b.tolist()],
    )
    return np.array(found).T


@pytest.mark.parametrize("seed", range(3))
def test_error_and_gradient_equal_rnnbook(blank, seed):
    rng = np.random.default_rng(seed)
    w, b = rng.uniform(3, 7, 200), rng.uniform(-3, -1, 200)
    expected = np.array(one_unit_error(w, b))
    got = values_in_the_browser(blank, w, b)
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


def test_beside_the_wall_they_agree_as_far_as_rounding_allows(blank):
    """There a change of 1e-16 in the state comes out 50 steps later times (w h (1 - h))^50."""
    w = np.linspace(4.5, 5.5, 11)
    for side in (0, 1e-4, -1e-4):
        b = wall(w) + side
        expected = np.array(one_unit_error(w, b))
        got = values_in_the_browser(blank, w, b)
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("rule", ["norm", "value"])
def test_clip_equals_rnnbook(blank, rule):
    rng = np.random.default_rng(1)
    gradients = rng.normal(size=(60, 2)) * 10.0 ** rng.uniform(-3, 3, (60, 1))
    gradients[0] = [3, -4]
    for threshold in (0.05, 1.0, 5.0):
        got = blank.evaluate(
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
def test_descents_equal_rnnbook(blank, start, rule):
    for threshold in (0.3, 1.0):
        path = descend(*start, 0.1, 60, None if rule == "none" else (rule, threshold))
        got = blank.evaluate(
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
def test_sentence_equals_python_s(blank, rule):
    settings = [
        (threshold, start, step)
        for threshold in (0.05, 1.0, 30.0)
        for start in STARTS.values()
        for step in (0, 24, 41)
    ]
    explorers = [ClippingExplorer(t, rule, start=start, step=n) for t, start, n in settings]
    got = blank.evaluate(
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


# ---- the view ----


def test_the_sentence_the_numbers_and_the_picture_say_the_same(blank):
    place = mount(blank)
    expect(said(place)).to_have_text(ClippingExplorer().sentence())
    numbers = place.locator(".clipping-numbers").inner_text()
    for text in ("(4.323, −2.197)", "40.2", "yes, to 1", "0.1", "0.0°"):
        assert text in numbers
    label = place.get_by_role("img").get_attribute("aria-label")
    assert "At step 24 the one without clipping is at w = 4.32, b = −2.20" in label


def test_everything_moves_by_the_keyboard(blank):
    place = mount(blank)
    place.get_by_role("slider", name="step").press("ArrowRight")
    assert trait(blank, "step") == 25
    expect(said(place)).to_contain_text("Step 25:")
    place.get_by_role("slider", name="step").press("End")
    assert trait(blank, "step") == 60
    place.get_by_role("slider", name="threshold").press("ArrowLeft")
    assert trait(blank, "threshold") == 0.89
    place.get_by_role("slider", name="threshold").press("Home")
    assert trait(blank, "threshold") == 0.01
    place.get_by_role("slider", name="threshold").press("End")
    assert trait(blank, "threshold") == 100
    place.get_by_role("slider", name="learning rate").press("ArrowRight")
    assert trait(blank, "rate") == 0.11
    place.get_by_role("radio", name="by norm").press("ArrowRight")
    assert trait(blank, "rule") == "value"
    place.get_by_role("radio", name="plateau").press("ArrowRight")
    assert (trait(blank, "w0"), trait(blank, "b0")) == STARTS["valley"]
    place.get_by_role("checkbox", name="close-up").press("Space")
    assert trait(blank, "close_up") is True
    place.get_by_role("spinbutton", name="start, w").press("ArrowUp")
    assert trait(blank, "w0") == 4.75
    for name in STARTS:
        expect(place.get_by_role("radio", name=name)).not_to_be_checked()


@pytest.mark.parametrize("close_up", [False, True])
def test_a_click_on_the_map_is_a_start(blank, close_up):
    place = mount(blank, ClippingExplorer(close_up=close_up))
    before = ink(place)
    box = place.locator(".clipping-figure").bounding_box()
    place.locator(".clipping-figure").click(position={"x": box["width"] * 0.6, "y": 100})
    w, b = trait(blank, "w0"), trait(blank, "b0")
    assert (w, b) != (4.25, -2.75)
    assert 3 < w < 7
    assert -3 < b < -1
    expect(place.get_by_role("spinbutton", name="start, w")).to_have_value(f"{w:g}")
    assert ink(place) != before
    kept = blank.evaluate("models.m.saved")
    place.locator(".clipping-figure").click(position={"x": 4, "y": 4})  # beside the map
    assert blank.evaluate("models.m.saved") == kept


def test_an_entry_that_is_no_start_is_refused_and_said(blank):
    place = mount(blank)
    field = place.get_by_role("spinbutton", name="start, b")
    field.fill("-25")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(said(place)).to_contain_text("start, b: −25 is not a number from −20 to 20")
    assert trait(blank, "b0") == -2.75
    hint = place.locator(f"#{field.get_attribute('aria-describedby')}")
    expect(hint).to_contain_text("−2.75 stays")
    field.fill("-2")
    assert trait(blank, "b0") == -2
    expect(place.locator(".rnnbook-hint")).to_contain_text("click on the map")


def test_a_linked_value_moves_the_figure_whatever_it_is(blank):
    place = mount(blank)
    blank.evaluate("models.m.set('step', 12.4)")
    expect(said(place)).to_contain_text("Step 12:")
    blank.evaluate("models.m.set('step', 1000)")
    expect(said(place)).to_contain_text("Step 60:")
    blank.evaluate("models.m.set('threshold', 1e9)")
    expect(place.get_by_role("slider", name="threshold")).to_have_attribute("aria-valuetext", "100")
    blank.evaluate("models.m.set('rule', 'x'); models.m.set('w0', 'x'); models.m.set('step', null)")
    expect(said(place)).to_contain_text("Step 0:")
    assert "NaN" not in place.text_content()


@pytest.mark.parametrize("rule", ["norm", "none"])
def test_without_a_rule_there_is_one_descent(blank, rule):
    place = mount(blank, ClippingExplorer(rule=rule, step=40))
    key = place.locator(".clipping-clipped")
    expect(key).to_contain_text("not shown" if rule == "none" else "clipped by norm at 1")


def test_the_picture_follows_the_theme_and_the_width(blank):
    place = mount(blank)
    light = ink(place)
    blank.evaluate("document.documentElement.dataset.theme = 'dark'")
    blank.wait_for_timeout(150)
    dark = ink(place)
    assert dark != light
    blank.set_viewport_size({"width": 800, "height": 900})
    blank.wait_for_timeout(150)
    canvas = place.locator("canvas")
    assert canvas.evaluate("node => node.width") == round(
        canvas.evaluate("node => node.getBoundingClientRect().width * devicePixelRatio")
    )

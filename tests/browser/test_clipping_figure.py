"""The clipping explorer in a browser: its views.

Its arithmetic is in tests/test_clipping_script.py.

What it does in its chapter is in tours.py.
"""

import pytest
from playwright.sync_api import expect

import explorer_page
from rnnbook.widgets import ClippingExplorer
from tours import said

STARTS = {"plateau": (4.25, -2.75), "valley": (4.7, -2.0), "no wall": (3.2, -2.2)}


def mount(page, explorer=None, model="m", view="v"):
    return explorer_page.mount(page, explorer or ClippingExplorer(), model, view)


def trait(page, name, model="m"):
    return page.evaluate(f"models.{model}.get('{name}')")


def more(place):
    place.get_by_text("More: clip by value").press("Enter")


def ink(place):
    """The canvas as text, for asking whether it has changed."""
    return place.locator("canvas").evaluate("canvas => canvas.toDataURL()")


def test_the_sentence_the_numbers_and_the_picture_say_the_same(blank):
    explorer = ClippingExplorer(step=24)
    place = mount(blank, explorer)
    expect(said(place)).to_have_text(explorer.sentence())
    more(place)
    numbers = place.locator(".clipping-numbers").inner_text()
    for text in ("(4.323, −2.197)", "40.2", "yes, to 1", "0.1", "0.0°"):
        assert text in numbers
    label = place.get_by_role("img").get_attribute("aria-label")
    assert "At step 24 the one without clipping is at w = 4.32, b = −2.20" in label
    assert "without clipping they end at 0.32, with it at 0.32" in label


def test_everything_moves_by_the_keyboard(blank):
    place = mount(blank, ClippingExplorer(step=24))
    more(place)
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
    more(place)
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
    more(place)
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
    blank.wait_for_function(
        "before => document.querySelector('canvas').toDataURL() !== before", arg=light
    )
    blank.set_viewport_size({"width": 800, "height": 900})
    blank.wait_for_function(
        "() => { const c = document.querySelector('canvas'); const wide = c.clientWidth;"
        " return wide > 500 && c.width === Math.round(wide * devicePixelRatio); }"
    )


def test_three_controls_at_first_sight(blank):
    place = mount(blank)
    controls = place.locator("input:visible, button:visible")
    assert controls.count() == 3  # threshold, play, step
    more(place)
    assert controls.count() > 8


def test_play_runs_to_the_end_pauses_and_is_spoken_when_it_rests(blank):
    place = mount(blank)
    heard = said(place).text_content()
    place.get_by_role("button", name="Play").press("Enter")
    pause = place.get_by_role("button", name="Pause")
    blank.wait_for_function("models.m.get('step') >= 3 && models.m.get('step') < 60")
    assert said(place).text_content() == heard  # nothing is said on the way
    pause.press("Space")
    at = trait(blank, "step")
    blank.wait_for_timeout(400)
    assert trait(blank, "step") == at
    expect(said(place)).to_contain_text(f"Step {at}:")
    blank.evaluate("models.m.set('step', 57)")
    place.get_by_role("button", name="Play").click()
    expect(place.get_by_role("button", name="Play")).to_be_visible(timeout=3000)
    assert trait(blank, "step") == 60
    place.get_by_role("button", name="Play").click()
    place.get_by_role("slider", name="step").press("Home")  # a hand on the slider stops it
    expect(place.get_by_role("button", name="Play")).to_be_visible()
    blank.wait_for_timeout(400)
    assert trait(blank, "step") == 0

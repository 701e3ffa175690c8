"""The gate explorer in a browser: JavaScript's numbers are Python's, keyboard, pointer, widths."""

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer_page import module, mount
from gate_settings import random_overrides
from rnnbook.widgets import GateExplorer


def said(place):
    return place.locator("[role=status]")


def entry(page, row, step):
    return page.evaluate(f"models.m.get('overrides')[{row}][{step - 1}]")


def test_30_settings_equal_python_and_so_do_their_sentences(blank):
    rng = np.random.default_rng(0)
    source = module(GateExplorer())
    place = mount(blank, GateExplorer())
    for _ in range(30):
        explorer = GateExplorer(random_overrides(rng))
        got = blank.evaluate(
            "async ([source, unit, set]) => (await import(source)).run(unit, set)",
            [source, explorer.unit, explorer.overrides],
        )
        expected = explorer.run()
        assert got.keys() == expected.keys()
        for name, numbers in expected.items():
            np.testing.assert_allclose(got[name], numbers, rtol=0, atol=1e-12, err_msg=name)
        blank.evaluate("set => models.m.set('overrides', set)", explorer.overrides)
        expect(said(place)).to_have_text(explorer.sentence())
        numbers = place.locator(".gate-number").all_text_contents()
        assert numbers == [f"{abs(n):.2f}" if round(n, 2) == 0 else f"{n:.2f}".replace("-", "−")
                           for row in expected.values() for n in row]  # fmt: skip
        given = sum(value is not None for row in explorer.overrides for value in row)
        assert place.locator(".gate-bar.gate-set").count() == given
        assert place.locator(".gate-number.gate-set").count() == given


def test_by_keyboard(blank):
    place = mount(blank, GateExplorer())
    expect(said(place)).to_have_text(GateExplorer().sentence())
    value = place.get_by_role("slider")
    assert value.get_attribute("aria-valuetext") == "0.84 free"
    value.press("Home")
    assert entry(blank, 1, 3) == 0
    assert value.get_attribute("aria-valuetext") == "0.00 set"
    expect(said(place)).to_have_text(GateExplorer({"f_3": 0}).sentence())
    value.press("ArrowRight")
    assert entry(blank, 1, 3) == 0.01
    loose = place.get_by_role("button", name="set free")
    expect(loose).to_have_attribute("aria-disabled", "false")
    loose.press("Enter")
    assert entry(blank, 1, 3) is None
    expect(loose).to_have_attribute("aria-disabled", "true")
    place.get_by_role("radio", name="f", exact=True).press("ArrowRight")
    place.get_by_role("radio", name="3", exact=True).press("ArrowRight")
    value.press("Home")
    assert entry(blank, 2, 4) == -1  # g goes below zero
    place.get_by_role("radio", name="o", exact=True).check()
    value.press("Home")
    assert entry(blank, 3, 4) == 0
    place.get_by_role("button", name="f = 1 everywhere").press("Space")
    expect(said(place)).to_contain_text("f set to 1.00 at every step: c_8 is 1.33 instead of 0.59.")
    assert entry(blank, 3, 4) is None
    place.get_by_role("button", name="all free").press("Enter")
    expect(said(place)).to_have_text(GateExplorer().sentence())


def test_a_click_in_the_picture_chooses_a_gate(blank):
    place = mount(blank, GateExplorer())
    place.locator("[data-gate=o][data-step='7']").click()
    assert blank.evaluate("[models.m.get('gate'), models.m.get('step')]") == ["o", 7]
    expect(place.get_by_role("radio", name="7", exact=True)).to_be_checked()


def test_whatever_a_link_sends_is_drawn(blank):
    place = mount(blank, GateExplorer())
    for sent in ("null", "[[5, 'x', NaN]]", "7", "[[], [-3]]"):
        blank.evaluate(f"models.m.set('overrides', {sent})")
        assert "NaN" not in place.inner_html()
    blank.evaluate("models.m.set('gate', 'x'); models.m.set('step', 99)")
    expect(place.get_by_role("radio", name="8", exact=True)).to_be_checked()
    expect(place.get_by_role("radio", name="f", exact=True)).to_be_checked()


def test_two_copies_and_two_views(blank):
    one, two = mount(blank, GateExplorer(), "a", "one"), mount(blank, GateExplorer(), "b", "two")
    three = mount(blank, GateExplorer(), "a", "three")
    one.get_by_role("slider").press("Home")
    expect(said(three)).to_contain_text("f_3 set to 0.00:")
    expect(said(two)).to_contain_text("All gates are free:")
    ids = blank.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))


def test_cleanup_leaves_nothing_behind(blank):
    place = mount(blank, GateExplorer())
    assert blank.evaluate("models.m.listeners.length") > 0
    blank.evaluate("cleanups.v()")
    assert blank.evaluate("models.m.listeners.length") == 0
    assert place.inner_html() == ""


@pytest.mark.parametrize("width", [320, 360, 768, 1300])
def test_nothing_stands_out_sideways_and_nothing_below_jumps(blank, width):
    blank.set_viewport_size({"width": width, "height": 900})
    place, heights = mount(blank, GateExplorer()), set()
    rows = [{}, {"i_7": 0.03, "g_4": -0.8, "o_4": 0}]
    rows.append({f"{g}_{t}": -1 if g == "g" else 1 for g in "ifgo" for t in range(1, 9)})
    for setting in rows:
        overrides = GateExplorer(setting).overrides
        blank.evaluate("set => models.m.set('overrides', set)", overrides)
        blank.wait_for_timeout(50)
        assert blank.evaluate("document.documentElement.scrollWidth") <= width
        out = blank.evaluate(
            """() => {
              const root = document.querySelector(".rnnbook-explorer");
              const edge = root.getBoundingClientRect().right;
              return [...root.querySelectorAll("*")].filter((node) =>
                node.getBoundingClientRect().right > edge + 0.5).map((node) => node.outerHTML);
            }"""
        )
        assert out == []
        heights.add(place.bounding_box()["height"])
    if width != 320:
        assert len(heights) == 1

"""The wiring explorer in a browser: its list in every position, the keyboard, two copies."""

import pytest
from playwright.sync_api import expect

from explorer_page import mount, open_blank
from rnnbook.widgets import WiringExplorer
from rnnbook.widgets.wiring_explorer import NODES, positions
from rnnbook.wirings import WEIGHTS

CHAPTER = "notebooks/10_teacher_forcing.html"

READ = """(places) => places.map((place) => {
  for (const [name, value] of Object.entries(place)) models.m.set(name, value);
  const root = document.querySelector(".wiring-explorer");
  const rows = [...root.querySelectorAll(".wiring-term")];
  return {
    rows: rows.map((row) => [row.querySelector(".wiring-use").textContent,
      row.querySelector(".wiring-product").textContent]),
    heading: root.querySelector(".wiring-heading").textContent,
    label: root.querySelector("[role=img]").getAttribute("aria-label"),
    said: root.querySelector(".rnnbook-says").textContent,
    counts: [...root.querySelectorAll("td")].map((cell) => cell.textContent),
    lines: root.querySelectorAll(".wiring-routes line").length,
    ends: root.querySelectorAll(".wiring-routes circle").length,
    off: root.querySelectorAll(".wiring-off").length,
    height: root.getBoundingClientRect().height,
  };
})"""


@pytest.fixture
def blank(browser):
    page = browser.new_page(viewport={"width": 360, "height": 900})
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    open_blank(page)
    yield page
    page.close()
    assert not wrong


def said(place):
    return place.locator("[role=status]")


def plain(name):
    """What is left of "W_hh" when it is set as mathematics."""
    return name.replace("_", "").replace("^", "")


def test_the_page_shows_sympys_list_in_every_position(blank):
    """All 36 positions of the switches with all six weights; what Python lists is proved."""
    mount(blank, WiringExplorer())
    places = [{**place, "weight": weight} for place in positions() for weight in WEIGHTS]
    for place, page in zip(places, blank.evaluate(READ, places), strict=True):
        explorer = WiringExplorer(**place)
        routes, counts = explorer.listed(), explorer.counts()
        assert page["rows"] == [
            [f"step {route.stations[-1][-2]}", " · ".join(map(plain, route.factors))]
            for route in routes
        ]
        assert page["label"] == explorer.sentence()
        assert page["said"] == plain(explorer.sentence())
        assert ("exactly" in page["heading"]) == (not routes)
        assert page["counts"] == [
            "exactly 0" if not n else f"{n} route{'s' if n > 1 else ''}"
            for n in (counts[name] for name in NODES)
        ]
        assert page["lines"] == sum(len(route.stations) - 1 for route in routes)
        assert page["ends"] == len(routes)
        assert page["off"] == 10 - len(explorer.wiring.edges)


@pytest.mark.parametrize("width", [320, 360, 768, 1300])
def test_nothing_stands_out_sideways_and_nothing_below_jumps(blank, width):
    blank.set_viewport_size({"width": width, "height": 900})
    mount(blank, WiringExplorer())
    places = [{**place, "weight": weight} for place in positions() for weight in WEIGHTS]
    heights = {page["height"] for page in blank.evaluate(READ, places)}
    blank.evaluate("models.m.set('hidden', true)")
    blank.evaluate(READ, [{"step_2": "free", "step_3": "free", "weight": "W_xh", "inputs": True}])
    out = blank.evaluate(
        """() => {
          const edge = document.querySelector(".wiring-explorer").getBoundingClientRect().right;
          return [...document.querySelectorAll(".wiring-explorer *")].filter((node) =>
            node.getBoundingClientRect().right > edge + 0.5).map((node) => String(node.className));
        }"""
    )
    assert out == []
    assert blank.evaluate("document.documentElement.scrollWidth") <= width
    if width != 320:
        assert len(heights) == 1


def test_the_keyboard_switches_edges_and_picks_terms(blank):
    place = mount(blank, WiringExplorer())
    hidden = place.get_by_role("checkbox", name="hidden recurrence")
    hidden.focus()
    hidden.press("Space")
    expect(said(place)).to_contain_text("no state")
    step = place.get_by_role("radiogroup", name="Step 3 hears").get_by_role("radio")
    step.first.focus()
    step.first.press("ArrowRight")
    assert blank.evaluate("models.m.get('step_3')") == "forced"
    expect(said(place)).to_contain_text("One route leads from L_3 back to W_xh")
    weight = place.get_by_role("radio", name="Weight W_xh")
    weight.focus()
    weight.press("ArrowRight")
    expect(said(place)).to_contain_text("No route leads from L_3 back to W_hh")
    assert blank.evaluate("models.m.saved") >= 3

    blank.evaluate("models.m.set('hidden', true); models.m.set('weight', 'b_h')")
    terms = place.locator(".wiring-term")
    expect(terms).to_have_count(4)
    terms.nth(1).focus()
    terms.nth(1).press("Enter")
    expect(terms.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(place.locator("circle.wiring-lit")).to_have_count(1)
    expect(place.locator("circle.wiring-faint")).to_have_count(3)
    terms.nth(1).press("Enter")
    expect(place.locator("circle.wiring-lit")).to_have_count(4)


def test_a_click_on_an_arrow_switches_it(blank):
    place = mount(blank, WiringExplorer())
    hits = place.locator(".wiring-hit")
    count = hits.count()
    assert count == 10
    for i in range(count):
        before = set(blank.evaluate("Object.values(models.m.state).map(String)"))
        hits.nth(i).dispatch_event("click")
        assert set(blank.evaluate("Object.values(models.m.state).map(String)")) != before
        hits.nth(i).dispatch_event("click")
    state = {name: blank.evaluate(f"models.m.get('{name}')") for name in ("hidden", "inputs")}
    assert state == {"hidden": True, "inputs": True}
    assert blank.evaluate("models.m.get('step_2')") == "none"  # switched on, then off


def test_wrong_values_from_a_linked_widget_do_no_harm(blank):
    place = mount(blank, WiringExplorer())
    blank.evaluate("models.m.set('route', 99); models.m.set('weight', 'x')")
    blank.evaluate("models.m.set('step_2', null); models.m.set('hidden', 'x')")
    expect(said(place)).to_contain_text("no state; step 2 hears its own output y_1")
    assert "undefined" not in place.inner_html()
    assert "NaN" not in place.inner_html()


def test_two_copies_do_not_disturb_each_other_and_leave_nothing(blank):
    one = mount(blank, WiringExplorer(), model="a", view="one")
    two = mount(blank, WiringExplorer(), model="b", view="two")
    three = mount(blank, WiringExplorer(), model="a", view="three")
    one.get_by_role("radiogroup", name="Step 2 hears").get_by_role("radio").nth(1).check()
    expect(said(three)).to_contain_text("step 2 hears the target d_1")
    expect(said(two)).to_contain_text("step 2 hears its own output y_1")
    ids = blank.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    blank.evaluate("cleanups.one(); cleanups.three()")
    assert blank.evaluate("models.a.listeners.length") == 0
    assert one.inner_html() == three.inner_html() == ""


def test_every_control_has_a_name_and_is_large_enough(blank):
    place = mount(blank, WiringExplorer())
    for control in place.locator("input, button").all():
        box = control.bounding_box()
        label = control.evaluate("node => node.closest('label')?.getBoundingClientRect().height")
        assert max(box["height"], label or 0) >= 24
    snapshot = place.aria_snapshot()
    for name in ("hidden recurrence: ht−1 → ht", "Step 2 hears", "Step 3 hears", "Weight b_y"):
        assert name in snapshot


# ---- in the book ----


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_explorer_in_its_chapter_answers_the_keyboard(open_page, scheme):
    page = open_page(CHAPTER, scheme=scheme)
    place = page.locator(".wiring-explorer").first
    expect(said(place)).to_contain_text("Seven routes lead")
    place.get_by_role("checkbox", name="hidden recurrence").press("Space")
    expect(said(place)).to_contain_text("Three routes lead")
    place.get_by_role("radiogroup", name="Step 3 hears").get_by_role("radio").first.press(
        "ArrowRight")
    expect(said(place)).to_contain_text("One route leads")


@pytest.mark.parametrize("width", [360, 1300])
def test_the_place_that_was_kept_is_the_place_that_is_needed(open_page, width):
    """Otherwise the text below jumps when the explorer comes alive."""
    page = open_page(CHAPTER, width=width)
    slot = page.locator(".explorer-slot:has(.wiring-explorer)").first
    expect(slot.locator(".wiring-explorer")).to_be_visible()
    kept = float(slot.evaluate("node => parseFloat(getComputedStyle(node).minHeight)"))
    needed = slot.locator(".rnnbook-explorer").bounding_box()["height"]
    assert needed - 24 <= kept <= needed + 48


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(open_page, alive, axe, theme):
    page = open_page(CHAPTER, theme=theme, width=360)
    assert alive(page)
    axe.load(page)
    place = page.locator(".wiring-explorer").first

    def faults():
        return page.evaluate(
            "axe.run('.explorer-slot', {resultTypes: ['violations']})"
            ".then((found) => found.violations.map((rule) => rule.id))"
        )

    assert faults() == []
    place.locator(".wiring-term").nth(1).click()
    assert faults() == []
    place.get_by_role("checkbox", name="hidden recurrence").press("Space")
    place.get_by_role("radio", name="Weight W_hh").check()
    assert faults() == []

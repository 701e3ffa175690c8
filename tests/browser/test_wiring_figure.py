"""The wiring explorer in a browser: its list in every position, the keyboard, two copies."""

from playwright.sync_api import expect

from explorer_page import mount
from rnnbook.widgets import WiringExplorer
from rnnbook.widgets.wiring_explorer import NODES, positions
from rnnbook.wirings import WEIGHTS

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
    expect(said(place)).to_contain_text("no state; step 2 hears the network's output y_1")
    assert "undefined" not in place.inner_html()
    assert "NaN" not in place.inner_html()

"""The gate explorer in a browser: JavaScript's numbers are Python's, keyboard, pointer, widths."""

import numpy as np
from playwright.sync_api import expect

from explorer_page import module, mount
from gate_settings import random_overrides
from rnnbook.widgets import GateExplorer


def said(place):
    return place.locator("[role=status]")


def entry(page, row, step):
    return page.evaluate(f"models.m.get('overrides')[{row}][{step - 1}]")


SETTINGS = """async ([source, unit, settings]) => {
  const { run } = await import(source);
  const root = document.querySelector(".gate-explorer");
  const texts = (selector) => [...root.querySelectorAll(selector)].map((n) => n.textContent);
  return settings.map((set) => {
    models.m.set("overrides", set);
    return {
      run: run(unit, set),
      says: root.querySelector(".rnnbook-says").textContent,
      numbers: texts(".gate-number"),
      given: [".gate-bar.gate-set", ".gate-number.gate-set"].map((name) => texts(name).length),
    };
  });
}"""


def test_30_settings_equal_python_and_so_do_their_sentences(blank):
    rng = np.random.default_rng(0)
    place = mount(blank, GateExplorer())
    explorers = [GateExplorer(random_overrides(rng)) for _ in range(30)]
    settings = [explorer.overrides for explorer in explorers]
    found = blank.evaluate(SETTINGS, [module(GateExplorer()), explorers[0].unit, settings])
    for explorer, page in zip(explorers, found, strict=True):
        expected = explorer.run()
        assert page["run"].keys() == expected.keys()
        for name, numbers in expected.items():
            np.testing.assert_allclose(page["run"][name], numbers, rtol=0, atol=1e-12, err_msg=name)
        assert page["says"] == explorer.sentence().replace("_", "")  # set as mathematics
        assert page["numbers"] == [
            f"{abs(n):.2f}" if round(n, 2) == 0 else f"{n:.2f}".replace("-", "−")
            for row in expected.values() for n in row]  # fmt: skip
        given = sum(value is not None for row in explorer.overrides for value in row)
        assert page["given"] == [given, given]
    expect(said(place)).to_have_text(explorers[-1].sentence())


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

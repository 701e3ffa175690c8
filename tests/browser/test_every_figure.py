"""What every explorer has to do in a browser, mounted in a blank page.

What one of them alone does is in its own file; what each does in its chapter is in tours.py.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect

import tours
from every_explorer import EVERY, STATES
from explorer_page import mount, observed
from rnnbook import widgets

every_explorer = pytest.mark.parametrize("name", EVERY)

SHARED = Path(widgets.__file__).with_name("explorer.css").read_text("utf8")

# These draw in the next frame; the others draw at once.
FRAMED = {"gradients", "clipping", "replay"}

# Goes through the states. Says of each how high the explorer is, how wide the page, and what
# stands out of the explorer to the right.
WALK = """async ([states, framed]) => {
  const root = document.querySelector(".rnnbook-explorer");
  const frame = () => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  await frame();  // the page has just become wider
  const found = [];
  for (const state of states) {
    for (const [name, value] of Object.entries(state)) models.m.set(name, value);
    if (framed) await frame();
    const edge = root.getBoundingClientRect().right;
    const out = [...root.querySelectorAll("*")]
      .filter((node) => node.getBoundingClientRect().right > edge + 0.5)
      .map((node) => `${node.getAttribute("class")}: ${node.textContent}`);
    const wide = document.documentElement.scrollWidth;
    found.push([Math.round(root.getBoundingClientRect().height), wide, out]);
  }
  return found;
}"""


def said(place):
    return place.locator("[role=status]").first


@every_explorer
def test_nothing_stands_out_sideways_and_nothing_below_jumps(blank, name):
    mount(blank, EVERY[name]())
    # Of 360 pixels a scrollbar leaves 345; a chapter's column is 704, and wider has the same rules.
    for width in (320, 345, 704):
        blank.set_viewport_size({"width": width, "height": 900})
        found = blank.evaluate(WALK, [STATES[name], name in FRAMED])
        assert [(state, out) for state, (_, _, out) in zip(STATES[name], found) if out] == []
        assert max(wide for _, wide, _ in found) <= width
        if width > 320:  # otherwise the text below jumps
            assert len({height for height, _, _ in found}) == 1


@every_explorer
def test_every_control_has_a_name_and_is_large_enough(blank_page, name):
    place = mount(blank_page(width=360), EVERY[name]())
    controls = place.locator("input, select, button, summary").evaluate_all(
        """(nodes) => nodes.filter((node) => node.checkVisibility()).map((node) => {
          const label = node.labels?.[0] ?? node.closest("label");
          const boxes = [node, label].filter(Boolean).map((one) => one.getBoundingClientRect());
          const named = node.ariaLabel || label?.textContent || node.textContent;
          return [named.trim(), Math.max(...boxes.map((box) => box.height)), node.outerHTML];
        })"""
    )
    assert controls
    for named, height, html in controls:
        assert named, html
        assert height >= 24, html


@every_explorer
def test_copies_do_not_disturb_each_other_and_views_of_one_agree(blank, name):
    one, two = mount(blank, EVERY[name](), "a", "one"), mount(blank, EVERY[name](), "b", "two")
    three = mount(blank, EVERY[name](), "a", "three")
    before = said(two).text_content()
    tours.answers_the_keyboard(one)
    expect(said(three)).to_have_text(said(one).text_content())
    assert said(two).text_content() == before != said(one).text_content()
    ids = blank.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))


@every_explorer
def test_cleanup_leaves_nothing_behind(timed, name):
    one, two = mount(timed, EVERY[name](), view="one"), mount(timed, EVERY[name](), view="two")
    assert timed.evaluate("models.m.listeners.length") > 0
    last = STATES[name][-1]
    timed.evaluate(  # a frame, or a sentence to be spoken, is on its way
        """(state) => {
          for (const [name, value] of Object.entries(state)) models.m.set(name, value);
          cleanups.one(); cleanups.two();
        }""",
        last,
    )
    assert timed.evaluate("models.m.listeners.length") == 0
    assert one.inner_html() == two.inner_html() == ""
    timed.evaluate("document.documentElement.dataset.theme = 'dark'")
    timed.set_viewport_size({"width": 500, "height": 500})
    observed(timed)  # an observer that is still there would fail now,
    timed.clock.run_for(1000)  # and so would what it asks for


@every_explorer
def test_the_style_of_another_explorer_changes_nothing(blank, name):
    """A page has the shared style once for each explorer, in any order with their own."""
    mount(blank, EVERY[name]())
    look = """() => [...document.querySelectorAll(".rnnbook-explorer *")].map((node) => {
      const { x, y, width, height } = node.getBoundingClientRect();
      const { color, backgroundColor, borderColor } = getComputedStyle(node);
      const name = node.outerHTML.slice(0, 80);
      return [name, x, y, width, height, color, backgroundColor, borderColor].join(" ");
    })"""
    before = blank.evaluate(look)
    blank.evaluate(
        """(text) => {
          const sheet = document.createElement("style");
          sheet.textContent = text;
          document.body.append(sheet);
        }""",
        SHARED,
    )
    assert [(old, new) for old, new in zip(before, blank.evaluate(look)) if old != new] == []

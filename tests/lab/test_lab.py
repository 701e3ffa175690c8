"""Explorers in a real JupyterLab (or Notebook 7) do what they do on a page of the book.

The notebook has the cells that construct them in the chapters. Tests of this file run in their
order, on one notebook: the last ones restart its kernel and take cells off the page.
"""

import re

import pytest

from rnnbook import widgets

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


def css(name):
    """ParameterCounter: parameter-counter."""
    return re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()


def cell_of(made, name):
    return 2 + 2 * list(made).index(name)


def go(lab, index):
    lab.page.evaluate("i => panel().content.scrollToItem(i, 'start')", index)
    lab.frames()


def test_every_explorer_is_drawn(lab, made):
    assert set(made) | {"Explorer"} == set(widgets.__all__)
    for name in made:
        lab.explorer(css(name)).wait_for()
    assert lab.page.locator(".rnnbook-explorer").count() == len(made) + 4
    assert lab.page.locator(".rnnbook-canvas canvas").count() == 3 + 4
    assert lab.undrawn() == []
    assert lab.unpainted() == []


def test_every_slider_answers_the_keys(lab, made):
    faults = {name: lab.deaf(lab.explorer(css(name))) for name in made}
    assert {name: found for name, found in faults.items() if found} == {}


def test_a_slider_follows_the_mouse(lab, made):
    for name in made:
        lab.unfold(lab.explorer(css(name)))
        for slider in lab.explorer(css(name)).locator("input[type=range]:not([disabled])").all():
            slider.scroll_into_view_if_needed()
            low, high = (int(slider.get_attribute(side)) for side in ("min", "max"))
            box = slider.bounding_box()
            for share in (0.75, 0.25):
                slider.click(position={"x": share * box["width"], "y": box["height"] / 2})
                assert abs((int(slider.input_value()) - low) / (high - low) - share) < 0.1, name


def test_a_figure_is_clicked_and_dragged(lab):
    clipping = lab.explorer("clipping-explorer")
    said = clipping.locator(".rnnbook-says").inner_text()
    clipping.locator(".clipping-figure").click(position={"x": 200, "y": 150})
    lab.frames()
    assert clipping.locator(".rnnbook-says").inner_text() != said
    assert clipping.locator("input[type=number]").first.input_value() != "4.25"

    replay = lab.explorer("replay-explorer")
    figure = replay.locator(".replay-figure")
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    middle = box["y"] + box["height"] / 2
    lab.page.mouse.move(box["x"] + 0.3 * box["width"], middle)
    lab.page.mouse.down()
    before = replay.locator("input[type=range]").input_value()
    lab.page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=3)
    lab.page.mouse.up()
    assert int(replay.locator("input[type=range]").input_value()) > int(before)
    assert replay.locator("input[type=range]").evaluate("i => i === document.activeElement")


def test_what_is_typed_stays_in_the_explorer(lab):
    before = lab.sources()
    field = lab.explorer("dogs-stepper").locator("input[type=number]").first
    field.fill("")
    field.focus()
    for key in [*"12", "Backspace", "Delete", *"xddabmyz", "ArrowUp", "ArrowUp", "ArrowDown",
                "Home", "End", "ArrowLeft", "Control+a", "Control+x", "Control+z",
                "Control+Backspace"]:  # fmt: skip
        field.press(key)
    field.fill("")
    for key in "1.5":
        field.press(key)
    assert field.input_value() == "1.5"

    slider = lab.explorer("parameter-counter").locator("input[type=range]").first
    slider.focus()
    for key in [*"xddabcvmyz00", "Backspace", "Delete", "PageUp", "PageDown", "Shift+ArrowDown",
                "Control+Shift+ArrowDown", "Control+c", "Control+x", "Control+v", "Control+z",
                "Control+Backspace", "Shift+m", "Enter", "Shift+Space"]:  # fmt: skip
        slider.press(key)
    lab.frames()
    assert lab.sources() == before
    assert slider.evaluate("input => input === document.activeElement")
    assert lab.page.evaluate(
        "panel().content.widgets.every((cell) => ['code', 'markdown'].includes(cell.model.type))"
    )


def test_keys_of_the_notebook_reach_it(lab, made):
    lab.page.evaluate("""() => {
      window.reached = [];
      document.addEventListener("keydown", (event) => reached.push(event.key));
      window.count = (i) => panel().content.widgets[i].model.executionCount;
    }""")
    index = cell_of(made, "ParameterCounter")
    slider = lab.explorer("parameter-counter").locator("input[type=range]").first
    slider.press("Escape")
    assert "Escape" in lab.page.evaluate("reached")

    lab.page.evaluate("panel().context.model.dirty = true")
    slider.press("Control+s")
    lab.page.wait_for_function("!panel().context.model.dirty")

    for keys, active in (("Control+Enter", index), ("Shift+Enter", index + 1)):
        old = lab.page.evaluate("i => count(i)", index)
        slider.click()
        slider.press(keys)
        lab.page.wait_for_function(
            "([i, old]) => typeof count(i) === 'number' && count(i) > old", arg=[index, old]
        )
        assert lab.page.evaluate("panel().content.activeCellIndex") == active
        lab.explorer("parameter-counter").wait_for()
        lab.frames()


def test_a_switch_of_the_theme_repaints_everything(lab):
    look = """() => [...document.querySelectorAll(".rnnbook-explorer")].map((root) => {
      const { color, backgroundColor, colorScheme } = getComputedStyle(root);
      return [color, backgroundColor, colorScheme === "dark"].join(" ");
    })"""
    light = lab.page.evaluate(look)
    assert len(set(light)) == 1
    lab.theme(DARK)
    dark = lab.page.evaluate(look)
    assert len(set(dark)) == 1
    assert dark[0] == "rgb(230, 233, 236) rgb(20, 24, 30) true"
    assert lab.unpainted() == []  # the surface's colour in each corner
    lab.theme(LIGHT)
    assert lab.page.evaluate(look) == light
    assert lab.unpainted() == []


def test_two_views_of_one_explorer_move_together(lab):
    for name in ("gradient-explorer", "clipping-explorer"):
        first, second = lab.page.locator(f".{name}").all()[1:]
        assert lab.deaf(first) == []
        first.locator("input[type=range]").first.press("Home")
        lab.frames()
        said = [view.locator(".rnnbook-says").inner_text() for view in (first, second)]
        assert said[0] == said[1]
    assert lab.unpainted() == []


def test_the_checks_find_a_black_canvas_and_a_deaf_slider(lab):
    canvas = lab.page.locator(".clipping-figure canvas").first
    canvas.evaluate("""(canvas) => {
      window.kept = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      canvas.getContext("2d").resetTransform();
      canvas.getContext("2d").fillStyle = "black";
      canvas.getContext("2d").fillRect(0, 0, canvas.width, canvas.height);
    }""")
    assert len(lab.unpainted()) == 1
    canvas.evaluate("canvas => canvas.getContext('2d').putImageData(kept, 0, 0)")
    assert lab.unpainted() == []

    root = lab.explorer("truncation-explorer")
    root.evaluate("""(root) => {
      window.deafen = (event) => event.preventDefault();
      root.addEventListener("keydown", deafen);
    }""")
    assert len(lab.deaf(root)) == 2  # its place, and its sentence
    root.evaluate("root => root.removeEventListener('keydown', deafen)")
    assert lab.deaf(root) == []

    root.evaluate("root => root.style.display = 'none'")
    assert len(lab.undrawn()) == 1
    root.evaluate("root => root.style.display = ''")


def test_a_restarted_kernel_leaves_them_alive(lab, made):
    lab.page.evaluate("panel().sessionContext.restartKernel()")
    lab.page.wait_for_function(
        "panel().sessionContext.session?.kernel?.status === 'idle'", polling=100
    )
    root = lab.explorer("parameter-counter")
    assert lab.deaf(root) == []
    assert lab.undrawn() == []

    lab.run_all()
    lab.page.wait_for_function(
        "n => document.querySelectorAll('.rnnbook-explorer').length === n", arg=len(made) + 4
    )
    assert lab.undrawn() == []
    assert lab.unpainted() == []
    assert lab.deaf(lab.explorer("gradient-explorer")) == []


@pytest.fixture
def windowed(lab):
    """Cells that are out of sight leave the page."""
    lab.page.evaluate("""() => {
      const { content } = panel();
      content.notebookConfig = { ...content.notebookConfig, windowingMode: "full" };
    }""")
    yield lab
    lab.theme(LIGHT)


@pytest.mark.parametrize(
    "name", ["GradientExplorer", "ClippingExplorer", "GateExplorer", "ReplayExplorer"]
)
def test_out_of_sight_and_back(windowed, made, name):
    """The theme changes while they are away."""
    lab, place = windowed, cell_of(made, name)
    away = 0 if place > len(made) else 2 * len(made)
    cell = f"[data-windowed-list-index='{place}']"
    there = f'document.querySelector("{cell} .rnnbook-explorer")'
    go(lab, place)
    lab.page.wait_for_function(f"{there}?.offsetParent")
    lab.page.evaluate("i => { panel().content.activeCellIndex = i; }", away)  # the active one stays
    go(lab, away)
    lab.page.wait_for_function(f"!{there}?.offsetParent")
    lab.theme(DARK)
    go(lab, place)
    lab.page.wait_for_function(f"{there}?.offsetParent")
    lab.frames()
    assert lab.undrawn(cell) == []
    assert lab.unpainted(cell) == []
    assert lab.deaf(lab.page.locator(cell)) == []

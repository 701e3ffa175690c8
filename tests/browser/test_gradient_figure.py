"""The gradient explorer in a browser: its numbers, what is painted, the keyboard, the pin.

It is mounted in a blank page; what it does in its chapter is in tours.py.
"""

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer_page import module, mount
from positions import random_positions
from rnnbook import RNN
from rnnbook.widgets import GradientExplorer
from rnnbook.widgets.gradient_explorer import amount, limit, parts
from tours import move_to, said, shown, slider

POSITIONS = random_positions(50, 1)


@pytest.fixture
def blank(blank_page):
    return blank_page(width=700, height=1100)


# ---- the numbers ----


def test_the_numbers_are_python_s(blank):
    """Unpacked in the browser, at 50 random positions and all t, they are Python's.

    That Python's are those of `gradient_norms(bptt)` is for tests/test_gradient_explorer.py.
    """
    mount(blank, GradientExplorer())
    found = blank.evaluate(
        """async ([source, positions]) => {
          const { read, unpack } = await import(source);
          const [table, curves] = [models.m.get("table"), models.m.get("curves")];
          const data = unpack(curves, table);
          return positions.map((position) => {
            const { norms, bounds } = read(data, table, position);
            return [[...norms], bounds && [...bounds]];
          });
        }""",
        [module(GradientExplorer()), POSITIONS],
    )
    for position, (logs, bounds) in zip(POSITIONS, found, strict=True):
        explorer = GradientExplorer(**position)
        np.testing.assert_allclose(logs, explorer.log_norms(), rtol=0, atol=1e-12)
        if bounds is None:
            assert explorer.log_bounds() is None
        else:
            np.testing.assert_allclose(bounds, explorer.log_bounds(), rtol=1e-12, atol=1e-12)


def test_sentences_of_50_positions_are_python_s(blank):
    place = mount(blank, GradientExplorer())
    for position in POSITIONS:
        explorer = move_to(place, position)
        assert shown(place) == explorer.sentence()
        label = place.locator("[role=img]").get_attribute("aria-label")
        assert label.startswith(f"{position['T']} cells of the unrolled network")
        assert f"{amount(explorer.log_norms()[0])} at t = 1" in label


def test_words_for_numbers_are_python_s(blank):
    logs = [k / 1000 for k in range(-12_000, 12_001, 7)] + [-319.097, 64.12, -0.0, 2.9996]
    below = [log for log in logs if -8 < log < 0]
    spans = [k / 10 for k in range(1, 4000, 3)]
    found = blank.evaluate(
        """async ([source, logs, below, spans]) => {
          const { tenTo, parts, limit } = await import(source);
          return [logs.map(tenTo), below.map(parts), spans.map(limit)];
        }""",
        [module(GradientExplorer()), logs, below, spans],
    )
    assert found[0] == [amount(log) for log in logs]
    assert found[1] == [parts(log) for log in below]
    np.testing.assert_allclose(found[2], [limit(span) for span in spans], rtol=1e-12)


def test_cells_are_filled_by_what_reaches_them(blank):
    """Pixels: in each cell's middle, as much is orange as its logarithm says."""
    explorer = GradientExplorer(T=8, gain=0.3, kind="identity")
    place = mount(blank, explorer)
    columns = place.locator("canvas").evaluate(
        """(canvas) => {
          const pen = canvas.getContext("2d");
          const [left, right] = [46, canvas.width - 14];
          return Array.from({ length: 8 }, (_, t) => {
            const x = Math.round(left + ((t + 0.5) * (right - left)) / 8);
            const { data } = pen.getImageData(x, 46, 1, 50);
            return Array.from({ length: 50 }, (_, y) => data[4 * y] - data[4 * y + 2]);
          });
        }"""
    )
    for column, log in zip(columns, explorer.log_norms(), strict=True):
        orange = sum(redness > 20 for redness in column)
        assert orange == pytest.approx(50 * max(1 + log / 8, 0), abs=2)


def test_a_reader_s_own_cells_and_a_gradient_of_zero(blank):
    cells = [RNN.init(D=2, H=4, rng=np.random.default_rng(0), gain=gain) for gain in (0, 0.5, 1)]
    explorer = GradientExplorer({"mine": cells, "yours": cells[::-1]}, T=30)
    place = mount(blank, explorer)
    assert place.get_by_role("radio").count() == 2
    for kind, key in (("mine", "Home"), ("yours", "End")):
        place.get_by_role("radio", name=kind).check()
        slider(place, "which cell").press(key)
        explorer.kind, explorer.gain = kind, 1.0 if key == "Home" else 3.0
        assert shown(place) == explorer.sentence()
        assert "gets nothing: the gradient is exactly zero from t = 29 back" in shown(place)
    slider(place, "which cell").press("ArrowLeft")
    assert "yours, cell 2 of 3" in shown(place)


# ---- the controls ----


def test_the_keyboard_works_every_control(blank):
    place = mount(blank, GradientExplorer())
    T, gain = slider(place, "T steps"), slider(place, "gain of W")
    T.press("ArrowRight")
    gain.press("ArrowLeft")
    expect(said(place)).to_contain_text("tanh, gain 0.85, T = 61:")
    assert gain.get_attribute("aria-valuetext") == "0.85"
    T.press("End")
    gain.press("End")
    expect(said(place)).to_contain_text("tanh, gain 2.10, T = 200:")
    place.get_by_role("radio", name="tanh").press("ArrowRight")
    expect(said(place)).to_contain_text("sigmoid, gain 2.10")
    assert blank.evaluate("models.m.get('kind')") == "sigmoid"
    more = place.get_by_text("More: keep a curve")
    more.press("Enter")
    biases = place.get_by_role("radiogroup", name="Forget bias")
    expect(place.get_by_role("button", name="Pin this curve")).to_be_visible()
    expect(biases).to_be_hidden()  # until there is an LSTM
    place.get_by_role("radio", name="LSTM").press("Space")
    expect(biases).to_be_visible()
    place.get_by_role("radio", name="1", exact=True).press("ArrowRight")
    expect(said(place)).to_contain_text("LSTM, forget bias 3, gain 2.10")
    assert blank.evaluate("models.m.get('forget_bias')") == 3


def test_pin_keeps_a_curve_and_unpin_lets_it_go(blank):
    place = mount(blank, GradientExplorer(T=100))
    place.get_by_text("More: keep a curve").click()
    pin = place.get_by_role("button", name="Pin this curve")
    unpin = place.get_by_role("button", name="Unpin")
    assert unpin.get_attribute("aria-disabled") == "true"
    before = place.locator("canvas").screenshot()
    pin.press("Enter")
    assert blank.evaluate("models.m.get('pinned')") == {
        "T": 100, "gain": 0.9, "kind": "tanh", "forget_bias": 1}  # fmt: skip
    place.get_by_role("radio", name="GRU").check()
    explorer = GradientExplorer(T=100, kind="GRU", pinned={"kind": "tanh"})
    assert shown(place) == explorer.sentence()
    assert "Pinned: tanh, gain 0.90, T = 100, where it gets 1.1e−6." in shown(place)
    unpin.press("Space")
    place.get_by_role("radio", name="tanh").check()
    assert shown(place) == GradientExplorer(T=100).sentence()
    assert blank.evaluate("models.m.get('pinned')") is None
    assert place.locator("canvas").screenshot() == before


def test_a_move_is_spoken_once_and_seen_at_once(timed):
    place = mount(timed, GradientExplorer())
    for steps in range(61, 66):
        slider(place, "T steps").press("ArrowRight")
        timed.clock.run_for(130)  # a hand that does not rest
        assert said(place).text_content().startswith("tanh, gain 0.90, T = 60:")
        seen = place.locator("p.rnnbook-says[aria-hidden=true]").text_content()
        assert f"T = {steps}:" in seen
    timed.clock.run_for(50)  # what is drawn is said, and a frame can take 17 ms
    assert said(place).text_content().startswith("tanh, gain 0.90, T = 65:")


def test_a_linked_value_moves_the_figure(blank):
    place = mount(blank, GradientExplorer())
    blank.evaluate("models.m.set('gain', 1.234); models.m.set('T', 1000)")  # a link brings anything
    expect(said(place)).to_contain_text("tanh, gain 1.25, T = 200:")
    blank.evaluate("models.m.set('kind', 'LSTM'); models.m.set('forget_bias', 7)")
    expect(said(place)).to_contain_text("LSTM, forget bias −2,")


@pytest.mark.parametrize("width", [320, 360, 768, 1300])
def test_nothing_stands_out_sideways_and_the_picture_is_sharp(blank, width):
    blank.set_viewport_size({"width": width, "height": 900})
    place = mount(blank, GradientExplorer(kind="LSTM", forget_bias=-2, T=200, gain=1.0,
                                          pinned={"kind": "sigmoid", "gain": 0.1}))  # fmt: skip
    assert blank.evaluate("document.documentElement.scrollWidth") <= width
    box = place.locator("canvas").bounding_box()
    assert place.locator("canvas").evaluate("c => [c.width, c.height]") == [
        round(box["width"]), round(box["height"])]  # fmt: skip
    blank.set_viewport_size({"width": width + 40, "height": 900})
    blank.wait_for_function(
        "before => { const c = document.querySelector('canvas');"
        " return c.width === Math.round(c.getBoundingClientRect().width) && c.width > before; }",
        arg=box["width"],
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_has_the_theme_s_colours(blank, theme):
    place = mount(blank, GradientExplorer())
    blank.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    shown(place)
    corner = place.locator("canvas").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 1, 1).data].slice(0, 3)")
    assert corner == {"light": [255, 255, 255], "dark": [20, 24, 30]}[theme]


def test_three_controls_at_first_sight(blank):
    """A choice of cells and two sliders; the rest stands in a fold, which opens by keyboard."""
    place = mount(blank, GradientExplorer())
    visible = place.locator("input[type=range]:visible, [role=radiogroup]:visible, button:visible")
    assert visible.count() == 3
    place.get_by_text("More: keep a curve").press("Space")
    assert visible.count() == 5

"""The memory lane explorer in a browser: its numbers and words are Python's, the keyboard."""

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer_page import module, mount
from rnnbook import LSTM, RNN
from rnnbook.widgets import MemoryLaneExplorer
from tours import said, slider


def settings():
    rng = np.random.default_rng(2)
    kinds, inputs = ["LSTM", "GRU", "tanh RNN"], ["rest", "note", "symbols", "pulse"]
    return [
        {
            "kind": kinds[k % 3],
            "input": inputs[k % 4],
            "forget_bias": int(rng.integers(-20, 61)) / 10,
            "gain": int(rng.integers(0, 25)) / 20,
            "T": int(rng.integers(1, 201)),
            "measured": k % 2 == 0,
        }
        for k in range(12)
    ]


def in_the_browser(page, explorer, asked):
    return page.evaluate(
        """async ([source, asked]) => {
          const { unpack, settle, lane, sentence } = await import(source);
          const table = models.m.get("table");
          const data = unpack(models.m.get("arrays"), table);
          return asked.map((state) => {
            const now = settle(table, state);
            const found = lane(data, table, now);
            return { ...found, text: sentence(table, now, found) };
          });
        }""",
        [module(explorer), asked],
    )


def compare(found, explorer):
    near = {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(found["memory"], explorer.memory(), **near)
    np.testing.assert_allclose(found["full"], explorer.log_full(), **near)
    if explorer.gated:
        np.testing.assert_allclose(found["gates"], explorer.gates(), **near)
        np.testing.assert_allclose(found["direct"], explorer.log_direct(), **near)
        assert found["halfLife"] == pytest.approx(explorer.half_life(), rel=1e-9)
    else:
        assert found["gates"] is found["direct"] is found["halfLife"] is None
    assert found["text"] == explorer.sentence()


def test_the_numbers_and_the_words_are_python_s(blank):
    mount(blank, MemoryLaneExplorer())
    asked = settings()
    for state, found in zip(asked, in_the_browser(blank, MemoryLaneExplorer(), asked), strict=True):
        compare(found, MemoryLaneExplorer(**state))


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "identity"])
def test_a_reader_s_own_cells_and_xs(blank, activation):
    rng = np.random.default_rng(3)
    cells = {"mine": LSTM.init(D=2, H=5, rng=rng, dtype=np.float32),
             "flat": RNN.init(D=2, H=3, rng=rng, gain=0.9, activation=activation)}  # fmt: skip
    xs = rng.normal(size=(30, 1, 2))
    explorer = MemoryLaneExplorer(cells, xs=xs)
    mount(blank, explorer)
    asked = [{"kind": kind, "input": name, "forget_bias": 0.7, "gain": 1.1, "T": 25}
             for kind in cells for name in ("yours", "note", "pulse")]  # fmt: skip
    for state, found in zip(asked, in_the_browser(blank, explorer, asked), strict=True):
        compare(found, MemoryLaneExplorer(cells, xs=xs, **state))


def test_the_keyboard_works_every_control(blank):
    place = mount(blank, MemoryLaneExplorer())
    state = {}

    def now(**change):
        state.update(change)
        expect(said(place)).to_have_text(MemoryLaneExplorer(**state).sentence())

    now()
    slider(place, "forget bias").press("ArrowRight")
    now(forget_bias=1.1)
    slider(place, "gain of W").press("Home")
    now(gain=0.0)
    slider(place, "T steps").press("End")
    now(T=200)
    place.get_by_role("radio", name="a note, then nothing").press("ArrowRight")
    now(input="symbols")
    place.get_by_role("checkbox").press("Space")
    now(measured=True)
    expect(place.locator(".lane-point")).to_have_count(20)
    place.get_by_role("radio", name="LSTM").press("ArrowRight")
    now(kind="GRU")
    expect(slider(place, "bias of z")).to_be_enabled()
    place.get_by_role("radio", name="GRU").press("ArrowRight")
    now(kind="tanh RNN")
    expect(slider(place, "forget bias")).to_be_disabled()
    assert place.get_by_role("img").get_attribute("aria-label").startswith("No lane; h of unit 1")


def test_a_link_brings_anything_and_two_copies_do_not_disturb_each_other(blank):
    one = mount(blank, MemoryLaneExplorer(), "a", "one")
    two = mount(blank, MemoryLaneExplorer(), "b", "two")
    blank.evaluate("models.a.set('T', 1e9); models.a.set('forget_bias', 'x'); "
                   "models.a.set('kind', 'Elman')")  # fmt: skip
    expect(said(one)).to_contain_text("LSTM, forget bias 0.0, gain 0.50, T = 200")
    assert said(two).text_content() == MemoryLaneExplorer().sentence()
    ids = blank.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))


def test_the_picture_is_what_the_numbers_say(blank):
    place = mount(blank, MemoryLaneExplorer(gain=0, input="rest", T=20))
    expect(place.locator(".lane-gate")).to_have_count(20)
    opacities = [float(rect.get_attribute("fill-opacity"))
                 for rect in place.locator(".lane-memory").all()]  # fmt: skip
    np.testing.assert_allclose(opacities, (1 / (1 + np.exp(-1))) ** np.arange(20), atol=1e-4)
    assert place.locator(".lane-word").text_content() == "half-life 2.21"

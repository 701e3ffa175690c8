"""The horizon explorer in a browser: its numbers against Python's, its controls, two copies."""

import base64
import itertools

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer_page import module, mount, open_blank
from rnnbook.experiments import horizon as saved
from rnnbook.widgets import HorizonExplorer


@pytest.fixture
def blank(browser):
    page = browser.new_page(viewport={"width": 360, "height": 1200})
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    open_blank(page)
    yield page
    page.close()
    assert not wrong


ASK = """async ([source, table, errors, settings]) => {
  const { curve, locate, sentence } = await import(source);
  const raw = Uint8Array.from(atob(errors), (letter) => letter.charCodeAt(0));
  const data = new DataView(raw.buffer);
  return settings.map((setting) => {
    const where = locate(table, setting);
    return [curve(data, table, where), sentence(data, table, where)];
  });
}"""


def test_curves_and_sentences_equal_python_s(blank):
    settings = [
        {"task": task, "schedule": schedule, "rate": rate, "prompt": prompt, "horizon": horizon}
        for task, (schedule, rate), prompt, horizon in itertools.product(
            saved.TASKS,
            [("constant", 1.0), ("constant", 0.75), ("constant", 0.0), ("linear to 3/4", 1.0),
             ("inverse sigmoid", 0.5)],
            (1, 40),
            (1, 6, 20, 100),
        ) if horizon <= (20 if task == "logistic" else 100)
    ]  # fmt: skip
    explorer = HorizonExplorer()
    errors = base64.b64encode(explorer.errors).decode()
    found = blank.evaluate(ASK, [module(explorer), explorer.table, errors, settings])
    for setting, (curve, sentence) in zip(settings, found, strict=True):
        ours = HorizonExplorer(**setting)
        np.testing.assert_allclose(curve, ours.curve(), rtol=1e-12)
        assert sentence == ours.sentence()


def test_anything_that_a_link_sends_finds_a_place(blank):
    odd = [{"task": "x", "schedule": None, "rate": 0.8, "prompt": 13, "horizon": 1e9},
           {"task": "logistic", "schedule": "linear", "rate": "a", "prompt": -1, "horizon": 50}]
    explorer = HorizonExplorer()
    errors = base64.b64encode(explorer.errors).decode()
    for (_, sentence), start in zip(
        blank.evaluate(ASK, [module(explorer), explorer.table, errors, odd]),
        ["noisy sine, 75 % of the inputs true in training, prompt of 10", "logistic, true inputs "],
        strict=True,
    ):
        assert sentence.startswith(start)


def test_controls_move_the_traits_and_the_words(blank):
    view = mount(blank, HorizonExplorer())
    says = view.locator(".rnnbook-says")
    expect(says).to_have_text(HorizonExplorer().sentence())
    view.get_by_label("constant rate").focus()
    blank.keyboard.press("ArrowLeft")
    blank.keyboard.press("ArrowLeft")
    expect(says).to_have_text(HorizonExplorer(rate=0.75).sentence())
    expect(view.get_by_label("constant rate")).to_have_attribute("aria-valuetext", "75 %")
    view.get_by_label("prompt, values").focus()
    blank.keyboard.press("End")
    expect(says).to_have_text(HorizonExplorer(rate=0.75, prompt=40).sentence())
    view.get_by_label("Rate of true inputs").select_option("linear")
    expect(view.get_by_label("constant rate")).to_be_disabled()
    expect(view.locator(".rnnbook-spoken")).to_have_text(
        HorizonExplorer(schedule="linear", prompt=40).sentence())
    view.get_by_label("Series").select_option("logistic")
    assert blank.evaluate("[models.m.get('task'), models.m.get('horizon')]") == ["logistic", 20]
    label = view.get_by_role("img").get_attribute("aria-label")
    assert "at step 20." in label


def test_two_copies_do_not_disturb_each_other_and_cleanup_leaves_nothing(blank):
    one = mount(blank, HorizonExplorer(), model="a", view="one")
    two = mount(blank, HorizonExplorer(task="four sines"), model="b", view="two")
    one.get_by_label("step ahead").focus()
    blank.keyboard.press("Home")
    expect(one.locator(".rnnbook-says")).to_have_text(HorizonExplorer(horizon=1).sentence())
    expect(two.locator(".rnnbook-says")).to_have_text(
        HorizonExplorer(task="four sines").sentence())
    ids = blank.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    blank.evaluate("cleanups.one()")
    assert one.evaluate("node => node.childElementCount") == 0
    assert blank.evaluate("models.a.listeners.length") == 0


@pytest.mark.parametrize("task", saved.TASKS)
def test_it_fits_a_phone_and_keeps_its_height(blank, task):
    view = mount(blank, HorizonExplorer(task=task, rate=0.0))
    heights = set()
    for schedule in HorizonExplorer().table["schedules"]:
        blank.evaluate("([name]) => models.m.set('schedule', name)", [schedule])
        heights.add(view.evaluate("node => node.firstElementChild.offsetHeight"))
    assert len(heights) == 1
    assert blank.evaluate("document.documentElement.scrollWidth") <= 360

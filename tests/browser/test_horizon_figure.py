"""The horizon explorer in a browser: its numbers against Python's, its controls, two copies."""

import base64
import itertools

import numpy as np
from playwright.sync_api import expect

from explorer_page import module, mount
from rnnbook.experiments import horizon as saved
from rnnbook.widgets import HorizonExplorer

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

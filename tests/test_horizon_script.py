"""The curves and sentences of horizon_explorer.js are Python's."""

import base64
import itertools

import numpy as np

from in_node import evaluate, module
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


def test_curves_and_sentences_equal_python_s():
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
    found = evaluate(ASK, [module(explorer), explorer.table, errors, settings])
    for setting, (curve, sentence) in zip(settings, found, strict=True):
        ours = HorizonExplorer(**setting)
        np.testing.assert_allclose(curve, ours.curve(), rtol=1e-12)
        assert sentence == ours.sentence()


def test_anything_that_a_link_sends_finds_a_place():
    odd = [{"task": "x", "schedule": None, "rate": 0.8, "prompt": 13, "horizon": 1e9},
           {"task": "logistic", "schedule": "linear", "rate": "a", "prompt": -1, "horizon": 50}]
    explorer = HorizonExplorer()
    errors = base64.b64encode(explorer.errors).decode()
    for (_, sentence), start in zip(
        evaluate(ASK, [module(explorer), explorer.table, errors, odd]),
        ["noisy sine, 75 % of the inputs true in training, prompt of 10", "logistic, true inputs "],
        strict=True,
    ):
        assert sentence.startswith(start)

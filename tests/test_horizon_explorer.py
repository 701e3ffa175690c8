"""The horizon explorer without a browser: state, numbers, sentences, stand-in."""

import re

import numpy as np
import pytest

from rnnbook import experiments
from rnnbook.experiments import horizon as saved
from rnnbook.widgets import HorizonExplorer
from rnnbook.widgets.horizon_explorer import amount


def test_repr_is_what_strict_nbval_can_compare():
    assert repr(HorizonExplorer()) == (
        "HorizonExplorer(task='noisy sine', schedule='constant', rate=1.0, prompt=20, horizon=40)")
    assert "horizon=20" in repr(HorizonExplorer(task="logistic"))


def test_what_travels_is_small():
    explorer = HorizonExplorer()
    assert len(explorer.errors) < 40_000


@pytest.mark.parametrize("task", saved.TASKS)
def test_stand_in_has_a_row_for_each_way_of_forcing(task):
    assert HorizonExplorer(task=task).stand_in().count("<tr>") == 1 + len(saved.FORCINGS)


@pytest.mark.parametrize(("task", "forcing", "prompt"), [
    ("noisy sine", "1", 20), ("four sines", "0.75", 1), ("logistic", "linear to 3/4", 40)])
def test_curves_are_the_saved_runs(task, forcing, prompt):
    rows = [run.record["error"][saved.PROMPTS.index(prompt)]
            for run in experiments.load("horizon", task=task, forcing=forcing)]
    expected = [np.min(rows, axis=0), np.median(rows, axis=0), np.max(rows, axis=0)]
    curve = HorizonExplorer(task=task, prompt=prompt).curve(forcing)
    np.testing.assert_allclose(curve, expected, rtol=2e-3)


def test_the_sentence_speaks_of_the_saved_numbers():
    explorer = HorizonExplorer(task="noisy sine", rate=0.75, prompt=20, horizon=80)
    k = saved.HORIZONS.index(80)
    low, middle, high = explorer.curve()
    always = explorer.curve("1")[1, k]
    text = explorer.sentence()
    assert "75 % of the inputs true in training, prompt of 20" in text
    assert (f"{amount(middle[k])} at step 80 ({amount(low[k])} to {amount(high[k])} over 5 seeds). "
            f"Always forced: {amount(always)}. Predicting the mean: 0.77.") in text
    assert "Always forced" not in HorizonExplorer().sentence()
    assert "falling from 100 % to 75 %" in HorizonExplorer(schedule="linear to 3/4").sentence()
    chaos = HorizonExplorer(task="logistic")
    half = saved.baseline("logistic") / 2
    step = saved.HORIZONS[int(np.argmax(chaos.curve()[1] >= half))]
    assert chaos.sentence().endswith(f"Half of that is reached at step {step}.")


def test_the_nearest_saved_place_is_taken():
    explorer = HorizonExplorer(rate=0.8, prompt=12, horizon=43)
    assert (explorer.rate, explorer.prompt, explorer.horizon) == (0.75, 10, 40)
    explorer.set_state({"rate": 0.3, "prompt": 33, "horizon": 99})
    assert (explorer.rate, explorer.prompt, explorer.horizon) == (0.25, 40, 100)


def test_a_shorter_picture_takes_the_horizon_down():
    explorer = HorizonExplorer(horizon=100)
    explorer.task = "logistic"
    assert explorer.horizon == 20
    explorer.task = "four sines"
    assert explorer.horizon == 20


@pytest.mark.parametrize(("name", "bad", "sentence"), [
    ("task", "sine", "task is 'sine'; expected one of 'noisy sine', 'four sines', 'logistic'"),
    ("schedule", "fast", "schedule is 'fast'; expected one of 'constant', 'linear to 3/4'"),
    ("rate", 1.5, "rate is 1.5; expected a number from 0 to 1"),
    ("rate", "all", "rate is 'all'; expected a number from 0 to 1"),
    ("prompt", 0, "prompt is 0; expected a number from 1 to 40"),
    ("horizon", 101, "horizon is 101; expected a number from 1 to 100"),
])
def test_wrong_state_is_named_and_leaves_the_old_one(name, bad, sentence):
    explorer = HorizonExplorer()
    before = repr(explorer)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        setattr(explorer, name, bad)
    assert repr(explorer) == before
    with pytest.raises(ValueError, match=re.escape(sentence)):
        HorizonExplorer(**{name: bad})

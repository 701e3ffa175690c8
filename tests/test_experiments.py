"""Saved runs: resumed, never half written, and the same when they are made again."""

import json
import sys
from types import SimpleNamespace

import pytest

from rnnbook import experiments


@pytest.fixture
def made(tmp_path, monkeypatch):
    """An experiment called 'counting'; returns the list of the seeds that it has run."""
    seeds = []

    def run(settings):
        seeds.append(settings["seed"])
        if settings["seed"] in module.fails:
            raise RuntimeError("the power went")
        return {"third": settings["seed"] / 3, "list": [1, 2.5, None]}

    module = SimpleNamespace(SETTINGS=[{"seed": k} for k in range(4)], run=run, fails=set())
    monkeypatch.setitem(sys.modules, "rnnbook.experiments.counting", module)
    monkeypatch.setattr(experiments, "names", lambda: ["counting"])
    monkeypatch.setattr(experiments, "SAVED", tmp_path)
    seeds_and_module = SimpleNamespace(
        seeds=seeds, module=module, file=tmp_path / "counting.jsonl")
    return seeds_and_module


def test_runs_come_back_with_every_digit(made):
    assert experiments.run_all("counting", jobs=1) == 4
    runs = experiments.load("counting")
    assert [run.settings["seed"] for run in runs] == [0, 1, 2, 3]
    assert runs[2].record == {"third": 2 / 3, "list": [1, 2.5, None]}
    assert runs[0].made_with == experiments.made_with()
    assert repr(runs[2]) == "Run(seed=2)"


def test_a_second_time_there_is_nothing_to_do(made):
    experiments.run_all("counting", jobs=1)
    before = made.file.read_bytes()
    assert experiments.run_all("counting", jobs=1) == 0
    assert made.seeds == [0, 1, 2, 3]
    assert made.file.read_bytes() == before
    assert experiments.run_all("counting", jobs=1, fresh=True) == 4
    assert made.file.read_bytes() == before


def test_an_interrupted_one_goes_on(made):
    made.module.fails.add(2)
    with pytest.raises(RuntimeError, match="the power went"):
        experiments.run_all("counting", jobs=1)
    assert [run.settings["seed"] for run in experiments.load("counting")] == [0, 1]
    made.module.fails.clear()
    assert experiments.run_all("counting", jobs=1) == 2
    assert made.seeds == [0, 1, 2, 2, 3]
    assert [run.settings["seed"] for run in experiments.load("counting")] == [0, 1, 2, 3]
    assert list(made.file.parent.iterdir()) == [made.file]  # no half-written file is left


def test_what_is_no_longer_asked_for_goes(made):
    experiments.run_all("counting", jobs=1)
    made.module.SETTINGS = [{"seed": 3}, {"seed": 9}, {"seed": 0}]
    assert experiments.run_all("counting", jobs=1) == 1
    assert [run.settings["seed"] for run in experiments.load("counting")] == [3, 9, 0]


def test_progress_tells_how_many(made):
    seen = []
    experiments.run_all("counting", jobs=1, progress=lambda *line: seen.append(line))
    assert seen[0] == ("counting: 0 of 4 runs are there", 0, 4)
    assert seen[-1] == ("Run(seed=3)", 4, 4)


def test_faults_are_named(made):
    with pytest.raises(ValueError, match=r"no saved run of 'counting' has been made"):
        experiments.load("counting")
    experiments.run_all("counting", jobs=1)
    with pytest.raises(ValueError, match=r"no saved run of 'counting' has {'seed': 7}"):
        experiments.load("counting", seed=7)
    with pytest.raises(ValueError, match=r"name is 'missing'; expected .*counting"):
        experiments.load("missing")
    with pytest.raises(ValueError, match="jobs is 0; expected a whole number, at least 1"):
        experiments.run_all("counting", fresh=True, jobs=0)
    made.module.SETTINGS = [{"seed": 1}, {"seed": 1}]
    with pytest.raises(ValueError, match=r"two of counting.SETTINGS are the same"):
        experiments.run_all("counting", jobs=1)


def test_a_record_is_finite(made):
    made.module.run = lambda settings: {"loss": float("nan")}
    with pytest.raises(ValueError, match="not JSON compliant"):
        experiments.run_all("counting", jobs=1)


@pytest.mark.parametrize("name", experiments.names())
def test_every_run_that_is_asked_for_is_saved(name):
    """The committed files are complete and in order: `make experiments` has nothing to do."""
    module = __import__(f"rnnbook.experiments.{name}", fromlist=["SETTINGS"])
    assert [run.settings for run in experiments.load(name)] == json.loads(
        json.dumps(module.SETTINGS))

"""The replay explorer without a browser: what travels, what is said, what is refused."""

import copy
import re
from types import SimpleNamespace

import numpy as np
import pytest
import traitlets

from made_up_runs import CELLS, LENGTHS, made_up_runs
from rnnbook.widgets import ReplayExplorer
from rnnbook.widgets.replay_explorer import amount, medians, middle, unpacked, written

RUNS = made_up_runs()


def made(**options):
    return ReplayExplorer(RUNS, **options)


def key(run):
    return tuple(run.settings[name] for name in ("task", "T", "cell", "seed"))


# ---- what a notebook sees ----


def test_repr_is_what_strict_nbval_can_compare():
    assert repr(made()) == (
        "ReplayExplorer(task='adding', T=50, "
        "cells=['tanh RNN', 'identity RNN', 'LSTM', 'GRU'], update=2000, view='training')"
    )
    one = made(task="copying", T=np.int64(20), cells=("GRU", "LSTM"), update=300, view="beyond")
    assert repr(one) == ("ReplayExplorer(task='copying', T=20, cells=['LSTM', 'GRU'], "
                         "update=300, view='beyond')")


def test_stand_in_has_a_row_for_each_group_and_a_line_for_each_run():
    html = made(task="adding", T=100).stand_in()
    groups = {key(run)[:3] for run in RUNS}
    assert html.count("<tr><th scope=\"row\"") == len(groups)
    assert html.count("<polyline") == 12 + 4
    assert "latch, T = 100, GRU" in html
    runs = [copy.deepcopy(RUNS[0])]
    runs[0].settings["task"] = "<script>"
    assert "<script" not in ReplayExplorer(runs).stand_in()


# ---- what travels ----


def test_what_travels_is_what_was_recorded():
    explorer = made()
    found = {
        (group["task"], group["T"], group["cell"], run["seed"]): (group, run)
        for group in unpacked(explorer.table, explorer.curves)
        for run in group["runs"]
    }
    assert sorted(found) == sorted(map(key, RUNS))
    for one in RUNS:
        group, run = found[key(one)]
        record = one.record
        assert run["updates"] == record["updates"]
        assert group["baseline"] == record["baseline"]
        assert run["solved_at"] == record["solved_at"]
        assert run["diverged_at"] == record.get("diverged_at")
        assert group["solved_below"] == record.get("solved_below")
        far = record.get("beyond", {"T": [], "error": []})
        assert run["lengths"] == far["T"]
        for logs, values in ((run["losses"], record["losses"]), (run["beyond"], far["error"]),
                             (run["errors"], record.get("error"))):
            if values is None:
                assert logs == [None] * len(record["updates"])
                continue
            # thousandths of a decade
            np.testing.assert_allclose([10.0**log for log in logs], values, rtol=1.2e-3)


def test_no_seed_mark_or_group_is_lost_and_the_table_is_small():
    explorer = made()
    assert len(explorer.curves) == 8 * sum(
        len(run.record["updates"]) + len(run.record.get("beyond", {"T": []})["T"])
        for run in RUNS)
    many = [copy.deepcopy(run) for run in RUNS[:12]]
    large = []
    for k in range(84):  # seven times all cells and seeds, of 60 marks and 4 lengths
        run = copy.deepcopy(many[k % 12])
        run.settings["T"] = 50 + k // 12
        run.record |= {"updates": list(range(1, 61)), "losses": [0.5] * 60, "error": [0.5] * 60,
                       "budget": 60, "solved_at": None,
                       "beyond": {"T": [1, 2, 3, 4], "error": [0.1] * 4}}
        large.append(run)
    assert len(ReplayExplorer(large).curves) < 50_000


def test_zero_and_what_is_out_of_range():
    run = copy.deepcopy(RUNS[0])
    run.record |= {"updates": [1, 2, 3], "losses": [0, 1e-300, 1e300], "error": [0, 0.25, 1]}
    (group,) = ReplayExplorer([run])._groups
    assert group["runs"][0]["losses"] == [-np.inf, -32, 32]
    np.testing.assert_allclose(group["runs"][0]["errors"], [-np.inf, np.log10(0.25), 0],
                               atol=5.1e-4)


def test_a_link_sets_task_and_length_in_any_order():
    explorer = made()
    explorer.set_state({"task": "latch", "T": 200, "update": 150, "cells": ["GRU"]})
    assert (explorer.task, explorer.T, explorer.update) == ("latch", 200, 150)
    explorer.set_state({"T": 20, "task": "copying"})
    assert (explorer.task, explorer.T) == ("copying", 20)


def test_another_task_takes_T_to_its_nearest_length():
    explorer = made(T=100)
    explorer.task = "temporal order"
    assert explorer.T == 50
    explorer.task = "latch"
    assert explorer.T == 100


# ---- what is said ----


def count(update, **where):
    """From the records themselves: solved and all."""
    runs = [run for run in RUNS if all(run.settings[k] == v for k, v in where.items())]
    done = [run.record["solved_at"] for run in runs]
    return sum(at is not None and at <= update for at in done), len(runs)


@pytest.mark.parametrize("update", [0, 1, 400, 850, 1100, 2000])
def test_sentence_counts_the_records(update):
    for task, lengths in LENGTHS.items():
        for T in lengths:
            text = made(task=task, T=T, update=update).sentence()
            for cell in CELLS:
                done, of = count(update, task=task, T=T, cell=cell)
                if of:
                    assert re.search(rf"the {cell}( has solved)? {done or 'none'} of {of}\b", text)
                else:
                    assert cell not in text


def test_sentences():
    runs = [copy.deepcopy(run) for run in RUNS if run.settings["T"] == 50
            and run.settings["task"] == "adding"]  # fmt: skip
    for run in runs:
        solved = {"tanh RNN": None, "identity RNN": 400, "LSTM": (500, 600, 700), "GRU": 900}
        at = solved[run.settings["cell"]]
        run.record["solved_at"] = at[run.settings["seed"]] if isinstance(at, tuple) else at
    explorer = ReplayExplorer(runs, update=600)
    assert explorer.sentence() == (
        "Adding, T = 50, after 600 updates: the tanh RNN has solved none of 3 runs, the identity "
        "RNN 3 of 3, the LSTM 2 of 3, the GRU none of 3; the best guess without remembering has "
        "loss 0.167."
    )
    explorer.view = "test"
    assert explorer.sentence().endswith("3; solved means a test error below 0.003.")
    explorer.cells = ["LSTM"]
    explorer.update = 1
    assert explorer.sentence().startswith(
        "Adding, T = 50, after 1 update: the LSTM has solved none of 3 runs;")
    explorer.cells = []
    assert "no cell is shown" in explorer.sentence()
    assert "before the first update" in made(update=0).sentence()
    assert "the GRU has solved none of 1 run;" in made(
        task="latch", T=100, cells=["GRU"], update=50).sentence()
    lost = {"task": "copying", "T": 20}
    assert made(**lost, update=166).sentence().endswith(
        " Of the identity RNN, 1 run has diverged.")
    assert made(**lost, update=167).sentence().endswith(
        " Of the identity RNN, 2 runs have diverged.")


def test_sentence_on_other_lengths():
    text = made(view="beyond", T=100).sentence()
    assert text.startswith("Adding, trained at T = 100: at T = 800 the median test error is ")
    for cell in CELLS:
        errors = [run.record["beyond"]["error"][-1] for run in RUNS
                  if run.settings["T"] == 100 and run.settings["task"] == "adding"
                  and run.settings["cell"] == cell and "beyond" in run.record]  # fmt: skip
        found = re.search(rf"([\d.]+) for the {cell} \({len(errors)} run", text)
        if errors:
            middle = np.exp(np.median(np.log(errors))) if all(errors) else np.median(errors)
            assert float(found[1]) == pytest.approx(middle, rel=0.06, abs=1e-9)
        else:
            assert found is None
    nothing = made(view="beyond", task="embedded Reber", T=12)  # it was never tested at others
    assert nothing.sentence() == made(task="embedded Reber", T=12).sentence()


def test_medians_hold_what_is_solved_and_count_what_diverged_as_worst():
    def run(updates, losses, diverged_at=None):
        return {"updates": updates, "losses": losses, "diverged_at": diverged_at}

    runs = [run([10, 20, 30, 40], [0, -1, -2, -3]), run([10, 20], [0, -4]),
            run([20, 40], [1, -5])]  # fmt: skip
    assert medians({"runs": runs}, "losses") == [(20, -1), (30, -2), (40, -4)]
    lost = run([10], [-9], diverged_at=25)
    assert medians({"runs": [*runs[:2], lost]}, "losses") == [
        (10, 0), (20, -4), (30, -2), (40, -3)]
    both = [lost, run([], [], diverged_at=5)]
    assert medians({"runs": both}, "losses") == []
    assert medians({"runs": [run([10, 20], [0, -1]), both[1]]}, "losses") == []


def test_middle_and_words():
    assert middle([3, 1, 2]) == 2
    assert middle([1, 2]) == 1.5
    assert middle([-np.inf, 2]) == -np.inf
    assert middle([1, np.inf]) == np.inf
    assert middle([1, 2, np.inf]) == 2
    assert middle([]) is middle([1, None]) is None
    assert [written(log) for log in (None, np.inf, -np.inf, -2)] == ["–", "diverged", "0", "0.01"]
    assert [amount(value) for value in (0.00123, 1.386, 0.9999, 170.2, 2.14e-5, 4e6)] == [
        "0.0012", "1.4", "1", "170", "2.1e−5", "4.0e6"]
    assert amount(1 / 6, 3) == "0.167"


# ---- what does not fit ----


def spoilt(change):
    runs = [copy.deepcopy(run) for run in RUNS[:2]]
    change(runs[1])
    return runs


@pytest.mark.parametrize(("change", "error", "expected"), [
    (lambda run: run.settings.pop("cell"), ValueError, "runs[1].settings has no 'cell'"),
    (lambda run: run.record.pop("baseline"), ValueError, "runs[1].record has no 'baseline'"),
    (lambda run: setattr(run, "record", [1]), TypeError, "expected a run with the dicts settings"),
    (lambda run: run.settings.update(cell="rnn"), ValueError,
     "runs[1].settings['cell'] is 'rnn'; expected one of 'tanh RNN'"),
    (lambda run: run.settings.update(T=2.5), ValueError, "runs[1].settings['T'] is 2.5"),
    (lambda run: run.settings.update(task=7), ValueError, "runs[1].settings['task'] is 7"),
    (lambda run: run.settings.update(seed=-1), ValueError, "runs[1].settings['seed'] is -1"),
    (lambda run: run.settings.update(seed=0), ValueError, "runs[1] and runs[0] are both adding"),
    (lambda run: run.record["losses"].pop(), ValueError,
     "expected one for each of the 40 updates"),
    (lambda run: run.record["error"].append(1.0), ValueError, "runs[1].record['error'] has length"),
    (lambda run: run.record["losses"].__setitem__(3, float("nan")), ValueError,
     "runs[1].record['losses'][3] is nan; expected a finite number, at least 0"),
    (lambda run: run.record["losses"].__setitem__(3, -1.0), ValueError, "['losses'][3] is -1.0"),
    (lambda run: run.record["error"].__setitem__(0, float("inf")), ValueError, "['error'][0] is"),
    (lambda run: run.record["updates"].__setitem__(5, 1), ValueError,
     "runs[1].record['updates'][5] is 1 after 250; expected rising whole numbers up to 2000"),
    (lambda run: run.record["updates"].__setitem__(-1, 2001), ValueError, "is 2001 after 1950"),
    (lambda run: run.record.update(updates=[], losses=[], error=[]), ValueError,
     "runs[1].record['updates'] is empty"),
    (lambda run: run.record.update(updates=None), ValueError, "['updates'][0] is None"),
    (lambda run: run.record.update(losses=3.0), ValueError, "['losses'] is 3.0; expected one for"),
    (lambda run: run.record.update(solved_at=3000), ValueError,
     "runs[1].record['solved_at'] is 3000; expected at most the budget, 2000"),
    (lambda run: run.record.update(solved_at=0), ValueError, "['solved_at'] is 0"),
    (lambda run: run.record.update(baseline=0), ValueError, "['baseline'] is 0; expected a pos"),
    (lambda run: run.record.update(baseline=0.2), ValueError, "runs[1] has baseline 0.2"),
    (lambda run: run.record.update(budget=None), ValueError, "['budget'] is None"),
    (lambda run: run.record.update(solved_below="low"), ValueError, "['solved_below'] is 'low'"),
    (lambda run: run.record.update(beyond=[1]), ValueError, "expected the lists T and error"),
    (lambda run: run.record.update(beyond={"T": [50]}), ValueError, "the lists T and error"),
    (lambda run: run.record.update(beyond={"T": [50], "error": []}), ValueError,
     "runs[1].record['beyond']['error'] has length 0; expected one for each of the 1 lengths"),
])  # fmt: skip
def test_a_wrong_run_is_named(change, error, expected):
    runs = [copy.deepcopy(run) for run in RUNS[:2]]
    for run in runs:  # 40 marks each
        run.record |= {"updates": list(range(50, 2001, 50)), "losses": [0.1] * 40,
                       "error": [0.5] * 40, "solved_at": None}  # fmt: skip
    ReplayExplorer(runs)
    change(runs[1])
    with pytest.raises(error, match=re.escape(expected)):
        ReplayExplorer(runs)


def test_no_runs_at_all():
    with pytest.raises(ValueError, match="runs is empty; expected at least one saved run"):
        ReplayExplorer([])
    with pytest.raises(TypeError, match="runs is 3; expected a list of saved runs"):
        ReplayExplorer(3)
    with pytest.raises(TypeError, match=re.escape("runs[0] is 'a'")):
        ReplayExplorer("ab")


@pytest.mark.parametrize(("trait", "value", "expected"), [
    ("task", "dogs", "task is 'dogs'; expected one of 'adding', 'copying'"),
    ("task", None, "task is"),
    ("T", 51, "T is 51; expected one of 50, 100, the lengths at which 'adding' was run"),
    ("T", "50", "T is '50'; expected one of 50, 100"),
    ("T", True, "T is True"),
    ("cells", ["lstm"], "cells is ['lstm']; expected a list of some of 'tanh RNN'"),
    ("cells", ["LSTM", "LSTM"], "each once"),
    ("cells", "LSTM", "cells is 'LSTM'; expected a list"),
    ("cells", [[]], "cells is [[]]; expected a list"),
    ("update", 2001, "update is 2001; expected a whole number from 0 to 2000"),
    ("update", -1, "update is -1; expected a whole number"),
    ("update", 1.5, "update is 1.5; expected a whole number"),
    ("view", "loss", "view is 'loss'; expected one of 'training', 'test', 'beyond'"),
])  # fmt: skip
def test_a_wrong_argument_is_named_and_the_old_one_stays(trait, value, expected):
    explorer = made()
    before = repr(explorer)
    with pytest.raises(ValueError, match=re.escape(expected)):
        setattr(explorer, trait, value)
    assert repr(explorer) == before
    if value is not None:
        with pytest.raises(ValueError, match=re.escape(expected)):
            made(**{trait: value})


def test_a_wrong_change_from_the_page_is_taken_back():
    explorer = made()
    before = repr(explorer)
    with pytest.raises(traitlets.TraitError):
        explorer.set_state({"task": "copying", "T": 77})
    assert repr(explorer) == before


def test_runs_of_one_task_and_of_numpy_numbers_are_enough():
    settings = {"task": "mine", "T": np.int64(9), "cell": "GRU", "seed": np.int64(3)}
    record = {"updates": np.array([5, 10]), "losses": np.array([1.0, 0.5]), "solved_at": None,
              "baseline": np.float64(0.7), "budget": 10}  # fmt: skip
    explorer = ReplayExplorer([SimpleNamespace(settings=settings, record=record)])
    assert explorer.sentence() == ("Mine, T = 9, after 10 updates: the GRU has solved none of 1 "
                                   "run; the best guess without remembering has loss 0.7.")
    explorer.view = "test"  # there are no such numbers
    assert "without remembering" in explorer.sentence()
    assert "Mine" not in explorer.stand_in().split("<table")[1]

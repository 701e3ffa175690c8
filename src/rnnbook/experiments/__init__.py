"""Long trainings: `make experiments` runs them, saves them, and the chapters read them.

An experiment is a module of this folder, `memory.py` say, with two names:

    SETTINGS       a list of dicts, one for each run: all that decides its outcome, its seed too
    run(settings)  -> the run's record, a dict of plain numbers, strings and lists

Nothing else may have a say in a record: no clock, no global random state. What was run is one line
of JSON in `saved/memory.jsonl`, in the order of SETTINGS, with every digit of every number. Runs
that are there already, with the same settings, are not run again; so an interrupted
`make experiments` goes on where it stopped, and a second one changes nothing.
"""

import importlib
import json
import os
import platform
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnbook import checks

SAVED = Path(__file__).parent / "saved"


@dataclass(frozen=True)
class Run:
    """One saved run: its settings, what came of it, and which arithmetic made it."""

    settings: dict
    record: dict
    made_with: str

    def __repr__(self):
        return f"Run({', '.join(f'{name}={value!r}' for name, value in self.settings.items())})"


def names():
    """The experiments there are, in alphabetical order."""
    modules = (path.stem for path in Path(__file__).parent.glob("*.py"))
    return sorted(name for name in modules if not name.startswith("_"))


def load(name, **settings):
    """The saved runs of an experiment, in the order of its SETTINGS.

    settings: only runs with these, as in `load("memory", task="adding", seed=0)`. Raises
    ValueError if there is no such experiment or no such run.
    """
    checks.one_of("name", name, names())
    runs = [run for run in _read(SAVED / f"{name}.jsonl")
            if all(run.settings.get(key) == value for key, value in settings.items())]
    if not runs:
        raise ValueError(f"no saved run of {name!r} has {settings or 'been made'}; "
                         f"`make experiments` makes those that its SETTINGS name")
    return runs


def run_all(name, *, fresh=False, jobs=None, progress=None):
    """Run what is missing, and save after each run. Returns how many were run.

    fresh: run everything again. jobs: processes at a time, all cores if None. progress: called
    after each run with a line of text, the runs made and the runs that were missing. A saved run
    whose settings are no longer asked for is dropped.
    """
    checks.one_of("name", name, names())
    module = importlib.import_module(f"rnnbook.experiments.{name}")
    wanted = {_key(settings): settings for settings in module.SETTINGS}
    if len(wanted) < len(module.SETTINGS):
        raise ValueError(f"two of {name}.SETTINGS are the same")
    file = SAVED / f"{name}.jsonl"
    done = {} if fresh else {_key(run.settings): run for run in _read(file)}
    missing = [settings for key, settings in wanted.items() if key not in done]
    progress = progress or (lambda line, made, missing: None)
    there = len(wanted) - len(missing)
    progress(f"{name}: {there} of {len(wanted)} runs are there", 0, len(missing))

    def save():
        lines = [json.dumps(vars(done[key])) for key in wanted if key in done]
        beside = file.with_suffix(".part")
        beside.write_text("".join(f"{line}\n" for line in lines))
        os.replace(beside, file)  # the old file or the new one, never half of one

    for made, run in enumerate(_run_each(name, missing, jobs), start=1):
        done[_key(run.settings)] = run
        save()
        progress(str(run), made, len(missing))
    save()
    return len(missing)


def run_one(name, settings):
    """Run one setting from scratch. Returns a Run, as it would read when loaded."""
    module = importlib.import_module(f"rnnbook.experiments.{name}")
    record = module.run(settings)
    return Run(**json.loads(json.dumps(
        {"settings": settings, "record": record, "made_with": made_with()}, allow_nan=False)))


def made_with():
    """The arithmetic that a long training's last digits depend on.

    Two machines with the same answer here give the same bits; others agree at first, and drift
    apart as a training goes on.
    """
    config = np.show_config(mode="dicts")
    blas = config["Build Dependencies"]["blas"]
    simd = config["SIMD Extensions"]
    vectors = (simd.get("found") or simd["baseline"])[-1]
    return (f"numpy {np.__version__}, {blas['name']} {blas['version']}, "
            f"{platform.machine()} {vectors}, {platform.system()}")


def _run_each(name, missing, jobs):
    """Yield each Run as it is done; with one job in this process, or else in several."""
    jobs = os.cpu_count() if jobs is None else checks.whole("jobs", jobs)
    if jobs == 1:
        yield from (run_one(name, settings) for settings in missing)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(run_one, name, settings) for settings in missing]
        try:
            yield from (future.result() for future in as_completed(waiting))
        finally:  # after Ctrl-C or a failure: nothing new is started
            pool.shutdown(cancel_futures=True)


def _key(settings):
    return json.dumps(settings, sort_keys=True)


def _read(file):
    if not file.exists():
        return []
    return [Run(**json.loads(line)) for line in file.read_text().splitlines()]

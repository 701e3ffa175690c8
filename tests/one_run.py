"""A pytest plugin for nbval: run cells as a notebook does, and keep what was run for the build.

nbval runs a chapter's cells and compares their outputs. When each of them has passed, the same
kernel is asked for its widgets' state, and outputs and state go where the book's extension looks
for them (`unrolled.execution`), under the key that it computes. A run that fails, skips a cell or
is cut short is not kept; nor is one during which the notebook or the package changed.
"""

import json
import os
import tempfile
from pathlib import Path

import nbformat
import nbval
import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

from notebooks import STEADY, code_cells
from unrolled import execution

# A kernel that nbval starts is as steady as those of `make notebooks`.
os.environ.update(STEADY)

# What is changed here is inside this release.
assert nbval.__version__ == "0.11.0", "look again at tests/one_run.py: nbval has changed"


def execute_cell_input(self, cell_input, allow_stdin=None):
    # nbval says store_history=False, and IPython then prints a result in spite of a closing
    # semicolon; a notebook's own run says True.
    return self.kc.execute(
        cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False
    )


RunningKernel.execute_cell_input = execute_cell_input

# As nbclient keeps it, for the same widgets: none, and there is no entry.
STATE = """
import json as _json, pathlib as _pathlib
from ipywidgets import Widget as _Widget
_pathlib.Path({path!r}).write_text(_json.dumps(_Widget.get_manager_state()), "utf8")
"""
KIND = "application/vnd.jupyter.widget-state+json"


def place(path):
    """Where a run of this notebook, as it is on disk now, is kept."""
    base = execution.foundation(path.parents[1])
    return execution.stored_at(path, nbformat.read(path, as_version=4), base)


def begin(file):
    """Before nbval collects a notebook."""
    book = (file.path.parents[1] / "_config.yml").exists()
    file.kept_at = place(file.path) if book else None
    file.passed = []


def widgets(kernel):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.json"
        asked = kernel.kc.execute(STATE.format(path=str(path)), silent=True, store_history=False)
        kernel.await_reply(asked, timeout=60)
        state = json.loads(path.read_text("utf8"))
    return {KIND: state} if state["state"] else {}


def note(item, report):
    """After each cell: after the last one of a run without fault, keep the run."""
    file = item.parent
    plain = report.passed and not hasattr(report, "wasxfail")
    # nbval knows no message that changes an output it has already seen.
    if plain and "unhandled iopub msg" not in report.capstdout:
        file.passed.append((item, report.duration))
    cells = code_cells(file.nb)
    if file.kept_at is None or [done.cell for done, _ in file.passed] != cells:
        return
    state = widgets(file.kernel)
    if place(file.path) == file.kept_at:
        execution.save(
            file.kept_at,
            [seconds for _, seconds in file.passed],
            [done.test_outputs for done, _ in file.passed],
            list(range(1, len(cells) + 1)),
            state,
        )


def pytest_collectstart(collector):
    if isinstance(collector, IPyNbFile):
        # Pictures are in no committed notebook: the build draws them.
        collector.skip_compare += ("image/svg+xml",)
        begin(collector)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if isinstance(item, IPyNbCell) and call.when == "call":
        note(item, report)
    return report

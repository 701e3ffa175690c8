"""Execute the notebooks in parallel, and again only when something they stand on has changed.

The stock cache looks at a notebook's cells alone, so it serves a stale page after a change in
the package. Here the key of a stored run is a hash of the cells, of all of src/rnnbook but the
explorers' scripts and sheets, of the lock and of the Python version. MyST-NB itself executes
nothing: it is handed the source with the outputs filled in, and today's scripts and sheets.

`make chapters` leaves each run that passed here as well, under the same key (tests/one_run.py),
so that in `make test` each notebook runs once.
"""

import hashlib
import json
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from sphinx.errors import ExtensionError

from rnnbook.widgets.explorer import assembled

from . import ledger

sys.path.append(str(Path(__file__).parents[2] / "_tools"))
from notebooks import STEADY, code_cells


def say(text):
    """Long steps are reported under `make` too, where Sphinx is asked to be quiet."""
    print(text, flush=True)


# An explorer's script and sheet are no part of what a cell computes: the page gets today's.
PUT_IN = {".js", ".css"}


def foundation(root):
    """A hash of what every notebook stands on."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    files = [p for p in (root / "src/rnnbook").rglob("*") if "__pycache__" not in p.parts]
    files = [p for p in files if not (p.parent.name == "widgets" and p.suffix in PUT_IN)]
    for path in [*sorted(p for p in files if p.is_file()), root / "requirements.txt"]:
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest


def key(notebook, base):
    digest = base.copy()
    for cell in code_cells(notebook):
        digest.update(json.dumps([cell.source, cell.metadata.get("tags", [])]).encode())
    return digest.hexdigest()[:20]


def stored_at(path, notebook, base):
    """Where the outputs of this notebook are kept, for a book whose notebooks/ it is in."""
    folder = path.parents[1] / "_build/executed"
    return folder / f"{path.stem}-{key(notebook, base)}.json"


def save(store, times, outputs, counts, widgets):
    """Keep a run: seconds, outputs and number of each code cell, and the widgets' state."""
    stored = {"seconds": times, "outputs": outputs, "counts": counts, "widgets": widgets}
    store.parent.mkdir(parents=True, exist_ok=True)
    part = store.with_suffix(".part")
    part.write_text(json.dumps(stored), "utf8")
    part.replace(store)


def seconds(times):
    """How long a cell took, from the moments that the kernel's messages carry."""
    start, end = times.get("iopub.execute_input"), times.get("shell.execute_reply")
    if not (start and end):
        return 0.0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def run(path, store, timeout):
    """Execute one notebook; store its outputs, or return what went wrong."""
    notebook = nbformat.read(path, as_version=4)
    start = time.monotonic()
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=True,
        coalesce_streams=True,
        # Newer kernels warn, in each build, that they speak TCP on this machine.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return f"{path.name}: a cell fails.\n\n{error}"
    except Exception as error:
        return f"{path.name}: could not be executed ({type(error).__name__}: {error})"
    cells = code_cells(notebook)
    save(
        store,
        [seconds(cell.metadata.pop("execution", {})) for cell in cells],
        [cell.outputs for cell in cells],
        [cell.execution_count for cell in cells],
        notebook.metadata.get("widgets", {}),
    )
    say(f"  {path.name} ran in {time.monotonic() - start:.0f} s")
    return None


def execute(app):
    root = Path(app.srcdir)
    folder = Path(app.outdir).parent / "executed"
    folder.mkdir(parents=True, exist_ok=True)
    base = foundation(root)
    app.unrolled_runs = {}
    missing = []
    for docname in sorted(app.project.discover(app.config.exclude_patterns)):
        path = Path(app.project.doc2path(docname, absolute=True))
        if path.suffix != ".ipynb":
            continue
        store = stored_at(path, nbformat.read(path, as_version=4), base)
        app.unrolled_runs[docname] = store
        if not store.exists():
            missing.append((path, store))
    for stale in set(folder.glob("*.json")) - set(app.unrolled_runs.values()):
        stale.unlink()
    if not missing:
        return

    say(f"Running {', '.join(path.name for path, _ in missing)} ...")
    os.environ.update(STEADY)
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        timeout = app.config.nb_execution_timeout
        failures = list(pool.map(lambda job: run(*job, timeout), missing))
    report = "\n\n".join(failure for failure in failures if failure)
    (folder / "failures.txt").write_text(report, "utf8")
    if report:
        raise ExtensionError(report)


EXPLORER = re.compile(r"rnnbook\.widgets\.(\w+)\.\w+")


def refresh(widgets):
    """Give the explorers in a stored state the scripts and sheets that the package has now."""
    for kind in widgets.values():
        for model in kind["state"].values():
            state = model["state"]
            if name := EXPLORER.fullmatch(state.get("_anywidget_id", "")):
                state["_esm"], state["_css"] = (assembled(name[1] + end) for end in (".js", ".css"))


VIEW = "application/vnd.jupyter.widget-view+json"
REFERENCE = re.compile(r"IPY_MODEL_(\w+)")


def prune(widgets, cells):
    """Leave out the models that no output shows: a cell may make an explorer to ask it a number,
    and a page would carry the whole of it."""
    outputs = [output for cell in cells for output in cell.outputs]
    views = [output.get("data", {}).get(VIEW, {}).get("model_id") for output in outputs]
    for kind in widgets.values():
        models, reached, todo = kind["state"], set(), [view for view in views if view]
        while todo:
            name = todo.pop()
            if name in models and name not in reached:
                reached.add(name)
                todo += REFERENCE.findall(json.dumps(models[name]["state"]))
        kind["state"] = {name: model for name, model in models.items() if name in reached}


def shown(store):
    """A name for what a page shows: its run, and the explorers' scripts and sheets."""
    names = sorted(set(EXPLORER.findall(store.read_text("utf8"))))
    texts = "".join(assembled(name + end) for name in names for end in (".js", ".css"))
    return f"{store.name} {hashlib.sha256(texts.encode()).hexdigest()}"


def outdated(app, env, added, changed, removed):
    """Read a page again when its outputs are new, though its source is not."""
    before = getattr(env, "unrolled_runs", {})
    env.unrolled_runs = {doc: shown(store) for doc, store in app.unrolled_runs.items()}
    return [doc for doc, name in env.unrolled_runs.items() if before.get(doc) != name]


def fill_in(app, docname, source):
    if docname not in app.unrolled_runs:
        return
    stored = json.loads(app.unrolled_runs[docname].read_text("utf8"))
    notebook = nbformat.reads(source[0], as_version=4)
    cells = code_cells(notebook)
    if len(cells) != len(stored["outputs"]):
        raise ExtensionError(f"{docname} changed while the book was built: build it again")
    for cell, outputs, count in zip(cells, stored["outputs"], stored["counts"], strict=True):
        cell.outputs = [nbformat.from_dict(output) for output in outputs]
        cell.execution_count = count
    prune(stored["widgets"], cells)
    refresh(stored["widgets"])
    notebook.metadata["widgets"] = stored["widgets"]
    ledger.say_what_is_proved(notebook)
    source[0] = nbformat.writes(notebook)


def setup(app):
    app.connect("builder-inited", execute)
    app.connect("env-get-outdated", outdated)
    app.connect("source-read", fill_in)

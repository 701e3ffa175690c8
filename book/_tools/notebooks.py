"""Run the chapters and keep them in one normal form.

    notebooks.py            run each chapter of _toc.yml in a fresh kernel, and write it
    notebooks.py --format   write each in normal form without running it
    notebooks.py --check    say which are not in normal form; change nothing

The normal form keeps what a reviewer reads and nbval compares (sources and text) and drops what
changes by itself: pictures, widget models, times, versions, an editor's settings. Running twice
changes nothing.
"""

import argparse
import copy
import hashlib
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[2]

# Every kernel started here has one thread and draws no progress bar: the same outputs each time.
STEADY = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "RNNBOOK_PROGRESS": "0",
}

# What an editor or a run leaves in a cell's metadata.
PASSING = {
    "ExecuteTime", "collapsed", "colab", "execution", "jupyter", "pycharm", "scrolled", "trusted",
    "vscode",
}  # fmt: skip
KEPT_IN_NOTEBOOK = {"html_meta", "mystnb", "myst"}
COMPARE_TAG = re.compile(r"nbval-(ignore-output|skip|check-output)")
IGNORE_COMMENT = re.compile(r"#\s*(NBVAL_IGNORE_OUTPUT|NBVAL_SKIP|PYTEST_VALIDATE_IGNORE_OUTPUT)")


def chapters(root=ROOT):
    """The notebooks of _toc.yml, in the order of the book."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf8"))
    names = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [root / f"{name}.ipynb" for name in names if name.startswith("notebooks/")]


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


# ---- the normal form ----


def normal_output(output):
    output = copy.deepcopy(output)
    if output.output_type == "error":
        # Paths and colours; nbval does not compare it.
        output.traceback = []
    if "data" in output:
        output.data = {
            kind: value
            for kind, value in output.data.items()
            if not kind.startswith("image/") and "jupyter.widget-" not in kind
        }
        output.metadata = {}
    return output


def joined(outputs):
    """Neighbouring pieces of one stream, as one: how a kernel cuts them is chance."""
    result = []
    for output in map(normal_output, outputs):
        last = result[-1] if result else None
        if output.output_type == "stream" and last and last.get("name") == output.name:
            last.text += output.text
        else:
            result.append(output)
    return result


def normal(notebook):
    """A copy of the notebook in normal form."""
    notebook = copy.deepcopy(notebook)
    kept = {key: notebook.metadata[key] for key in KEPT_IN_NOTEBOOK if key in notebook.metadata}
    notebook.metadata = {
        **kept,
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.cells = [cell for cell in notebook.cells if cell.source.strip()]
    seen = {}
    for cell in notebook.cells:
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip("\n").split("\n"))
        cell.metadata = {k: v for k, v in cell.metadata.items() if k not in PASSING}
        # From the content, so that a new cell leaves the others' ids alone.
        name = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        seen[name] = seen.get(name, 0) + 1
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = cell.execution_count
    return nbformat.from_dict(notebook)


def written(notebook):
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def read(path):
    return nbformat.read(path, as_version=4)


# ---- running ----


def run(path):
    from nbclient import NotebookClient

    notebook = read(path)
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    start = time.monotonic()
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    path.write_text(written(normal(notebook)), "utf8")
    print(f"{path.name}: run in {time.monotonic() - start:.0f} s", flush=True)


def run_all(paths):
    """Run the chapters side by side; the names of those that fail, with their reasons."""

    def attempt(path):
        try:
            run(path)
        except Exception as error:
            return f"{path.name}: not written, because it does not run.\n\n{error}"
        return None

    os.environ.update(STEADY)
    print(f"Running {', '.join(path.name for path in paths)} ...", flush=True)
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return [reason for reason in pool.map(attempt, paths) if reason]


# ---- faults ----


def faults(notebook):
    """What would let a strict comparison pass without comparing anything, or hide a failure."""
    found = []
    for i, cell in enumerate(code_cells(notebook), 1):
        place = f"code cell {i} ({cell.source.splitlines()[0][:50]!r})"
        tags = cell.metadata.get("tags", [])
        if cell.execution_count is None:
            found.append(f"{place} was not run: `make notebooks` runs it")
        elif cell.execution_count != i:
            found.append(f"{place} was run as number {cell.execution_count}: run in order")
        raises = {"raises-exception", "nbval-raises-exception"} & set(tags)
        for output in cell.outputs:
            if output.output_type == "error" and not raises:
                found.append(f"{place} fails with {output.ename}, and has no tag that says so")
            if output.output_type == "stream" and output.name == "stderr":
                found.append(f"{place} writes to stderr: {output.text[:60]!r}")
            text = output.get("data", {}).get("text/plain", "")
            image = cell.metadata.get("mystnb", {}).get("image", {})
            if text.startswith("<Figure") and not image.get("alt", "").strip():
                found.append(f"{place} draws a figure without mystnb.image.alt in its metadata")
            figure = cell.metadata.get("mystnb", {}).get("figure", {})
            if text.startswith("<Figure") and not figure.get("caption", "").strip():
                found.append(f"{place} has no mystnb.figure.caption in its metadata")
        if ignored(cell) and not cell.metadata.get("nbval_reason", "").strip():
            found.append(f"{place} is not compared, and has no nbval_reason in its metadata")
        if "remove-cell" in tags or "remove-output" in tags:
            found.append(f"{place} hides from the reader what it prints ({', '.join(tags)})")
    return found


def ignored(cell):
    tags = cell.metadata.get("tags", [])
    return any(map(COMPARE_TAG.fullmatch, tags)) or bool(IGNORE_COMMENT.search(cell.source))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("numbers", nargs="*", help="chapters, such as 04; all if none is named")
    parser.add_argument("--check", action="store_true", help="say which are not in normal form")
    parser.add_argument("--format", action="store_true", help="write the normal form, run nothing")
    options = parser.parse_args()
    paths = [p for p in chapters() if not options.numbers or p.name[:2] in options.numbers]
    if unknown := set(options.numbers) - {p.name[:2] for p in paths}:
        for number in sorted(unknown):
            for path in sorted((ROOT / "notebooks").glob(f"{number}*.ipynb")):
                sys.exit(f"notebooks/{path.name} is not in _toc.yml: add it there")
        sys.exit(f"no chapter begins with {', '.join(sorted(unknown))}; expected two digits each")
    if options.check:
        wrong = [p.name for p in paths if p.read_text("utf8") != written(normal(read(p)))]
        if wrong:
            sys.exit(f"not in normal form: {', '.join(wrong)} (`make notebooks` mends it)")
    elif options.format:
        for path in paths:
            path.write_text(written(normal(read(path))), "utf8")
    else:
        failures = run_all(paths)
        if failures:
            sys.exit("\n\n".join(failures))


if __name__ == "__main__":
    main()

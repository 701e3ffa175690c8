"""Do what a reader does who has only the site: save chapters, make an environment, run them.

    download_test.py SITE [NUMBER ...]

Copies the chapters and the wheel from the built site into an empty folder outside of it, makes the
environment with the command that the page "How to use" prints, runs each chapter there as it was
saved, and compares what its cells print with what the book's own notebooks have stored. Nothing
that make or this repository sets reaches that folder.
"""

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from notebooks import ROOT, chapters, code_cells, ignored

sys.path.append(str(ROOT / "book/_ext"))
from unrolled import beginning, downloads, packages

# What a reader's shell has; no settings of make, of Python or of this environment.
KEPT = re.compile(r"HOME|USER|TERM|TMPDIR|LANG|LC_\w+|(PIP|SSL|REQUESTS)_\w+|\w+_(proxy|PROXY)")

# Run in the reader's environment, with what JupyterLab has brought there.
RUN = """
import sys, nbformat
from nbclient import NotebookClient
name = sys.argv[1]
notebook = nbformat.read(name, as_version=4)
for cell in notebook.cells:
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
NotebookClient(notebook, timeout=600, kernel_name="python3", coalesce_streams=True).execute()
nbformat.write(notebook, "run-" + name)
"""


def printed_command(site):
    """The lines on the page that make the environment."""
    page = (site / "book/how-to-use.html").read_text("utf8")
    blocks = [html.unescape(re.sub(r"<[^>]+>", "", block)) for block in
              re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)]  # fmt: skip
    (block,) = [block for block in blocks if "-m venv" in block]
    *lines, last = block.strip().splitlines()
    if not last.endswith("-m jupyterlab"):
        raise SystemExit(f"the printed command does not end by opening JupyterLab:\n{block}")
    return "\n".join(lines)


def seen(text):
    """What is left to see of a text: a carriage return goes back to the line's beginning."""
    lines = []
    for line in text.split("\n"):
        shown = ""
        for piece in line.split("\r"):
            shown = piece + shown[len(piece) :]
        lines.append(shown.rstrip())
    return "\n".join(lines)


def printed(cell):
    """What a cell prints, and the text of its results."""
    texts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            texts.append(f"{output.name}: {seen(output.text)}" if output.text.strip() else "")
        elif output.output_type == "error":
            texts.append(f"{output.ename}: {output.evalue}")
        else:
            texts.append(output.get("data", {}).get("text/plain", ""))
    return [text.strip() for text in texts if seen(text).strip()]


def differences(stored, run):
    """Where the printed texts of a run differ from those stored, cell by cell."""
    run = [cell for cell in code_cells(run) if cell.id != beginning.ID]
    stored = code_cells(stored)
    if len(stored) != len(run):
        return [f"{len(run)} code cells; the book's chapter has {len(stored)}"]
    found = []
    for number, (old, new) in enumerate(zip(stored, run, strict=True), 1):
        if not ignored(old) and printed(old) != printed(new):
            found.append(f"code cell {number}: {printed(new)} and not {printed(old)}")
    return found


def first_cell_faults(copy, run):
    """In a made environment the first cell has nothing to do, and says nothing."""
    firsts = [cell for cell in code_cells(run) if cell.id == beginning.ID]
    if not firsts:
        return [f"{copy.name} does not begin with a cell that gets the package"]
    return [f"the first cell says {printed(cell)}" for cell in firsts if cell.outputs]


def test(site, numbers):
    wanted = [path for path in chapters() if not numbers or path.name[:2] in numbers]
    if not wanted:
        raise SystemExit(f"no chapter begins with {', '.join(numbers)}")
    reader = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    # The first of the path is this book's own environment, where there is one.
    own = str(ROOT)
    reader["PATH"] = os.pathsep.join(
        part for part in os.environ["PATH"].split(os.pathsep) if not part.startswith(own)
    )
    faults = {}
    with tempfile.TemporaryDirectory(prefix="a reader's folder ") as folder:
        folder = Path(folder)
        for path in wanted:
            shutil.copy(site / downloads.copy_name(path.stem), folder)
        shutil.copy(site / packages.FOLDER / packages.wheel_name(), folder)
        command = printed_command(site)
        print(command, flush=True)
        start = time.monotonic()
        done = subprocess.run(["sh", "-e", "-c", command], cwd=folder, env=reader,
                              capture_output=True, text=True)  # fmt: skip
        if done.returncode:
            raise SystemExit(f"the printed command fails:\n{done.stderr}")
        print(f"  made in {time.monotonic() - start:.0f} s", flush=True)
        python = folder / beginning.ENVIRONMENT / "bin/python"
        for path in wanted:
            start = time.monotonic()
            done = subprocess.run([python, "-c", RUN, path.name], cwd=folder, env=reader,
                                  capture_output=True, text=True)  # fmt: skip
            if done.returncode:
                found = [done.stderr.strip()[-3000:]]
            else:
                run = nbformat.read(folder / f"run-{path.name}", as_version=4)
                stored = nbformat.read(path, as_version=4)
                found = differences(stored, run) + first_cell_faults(path, run)
            if found:
                faults[path.name] = found
            count = sum(len(printed(c)) for c in code_cells(nbformat.read(path, as_version=4)))
            word = "differs" if found else f"prints the {count} stored texts"
            print(f"  {path.name} {word}, {time.monotonic() - start:.0f} s", flush=True)
    return faults


def main():
    faults = test(Path(sys.argv[1]).resolve(), sys.argv[2:])
    for name, found in faults.items():
        print(f"\n{name}:", *found, sep="\n  ", file=sys.stderr)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()

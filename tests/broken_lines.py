"""Do the chapters notice a broken line? python tests/broken_lines.py [NAME ...]

Each fault of test_mutations.py that is in a cell or in the sweeps is planted in a copy of the
package. The unit tests catch each (that is what test_mutations.py is for). Here chapters 4 and 5
run against the copy, cell by cell, until one fails. Prints a row for each fault; the exit code
tells whether any went unnoticed. Slow (a minute or two), so not part of `make test`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests")]

from test_mutations import MUTATIONS  # noqa: E402

CHAPTERS = ("05_bptt_as_an_algorithm", "04_bptt_by_hand")
# The first cells that prove something are enough for most faults; experiments come later.
RUNNER = """
import sys, nbformat
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
cells = [c for c in nbformat.read(sys.argv[1], 4).cells if c.cell_type == "code"]
for number, cell in enumerate(cells, 1):
    if not shell.run_cell(cell.source, silent=True).success:
        print(f"FAILS {number} {' '.join(cell.metadata.get('proves', ['(no proof cell)']))}")
        sys.exit()
"""


def first_failure(source, chapter):
    """The first cell of a chapter that fails against the package in `source`."""
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, str(ROOT / f"notebooks/{chapter}.ipynb")],
        capture_output=True, text=True, timeout=300,
        env=os.environ | {"PYTHONPATH": str(source), "MPLBACKEND": "agg", "RNNBOOK_PROGRESS": "0"},
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("FAILS")]
    return found[-1][6:] if found else None


def plant(name, folder):
    module, old, new, *place = MUTATIONS[name]
    shutil.copytree(ROOT / "src", folder, dirs_exist_ok=True)
    path = folder / "rnnbook" / f"{module}.py"
    pieces = path.read_text().split(old)
    at = (place[0] if place else 0) + 1
    path.write_text(old.join(pieces[:at]) + new + old.join(pieces[at:]))


def notice(name):
    with tempfile.TemporaryDirectory() as folder:
        plant(name, Path(folder))
        for chapter in CHAPTERS:
            if cell := first_failure(folder, chapter):
                return name, f"chapter {chapter[:2]}, cell {cell}"
    return name, None


def main(names):
    names = names or [n for n, m in MUTATIONS.items() if m[0] in ("cells", "through_time")]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(notice, names))
    for name, where in results:
        print(f"{name:45} {where or 'NOT NOTICED'}")
    sys.exit(any(where is None for _, where in results))


if __name__ == "__main__":
    main(sys.argv[1:])

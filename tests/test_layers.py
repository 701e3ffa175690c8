"""The numeric part imports nothing but numpy and itself, and only from earlier modules."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rnnbook

ROOT = Path(rnnbook.__file__).parent
ORDER = [
    "checks", "parameters", "files", "cells", "through_time", "losses", "model", "gradients",
    "sweeps", "landscape", "training", "decoding", "tasks",
]
PUBLIC = [
    "RNN", "GRU", "LSTM", "Model", "unroll", "bptt", "loss_and_grads", "squared_error",
    "cross_entropy", "check_gradients", "gradient_norms", "fit", "sgd", "adam", "clip",
    "teacher_forced", "free_running", "tasks",
]


def imports(path, top_level_only=False):
    """The dotted names of the modules that a file imports."""
    tree = ast.parse(path.read_text())
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            if node.module == "rnnbook":
                yield from (f"rnnbook.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("name", ORDER)
def test_arrows_point_to_earlier_modules_only(name):
    ours = {m for m in imports(ROOT / f"{name}.py") if m.partition(".")[0] == "rnnbook"}
    earlier = {f"rnnbook.{module}" for module in ORDER[: ORDER.index(name)]}
    assert ours <= earlier


@pytest.mark.parametrize("name", ORDER)
def test_numpy_is_the_only_package(name):
    packages = {m.partition(".")[0] for m in imports(ROOT / f"{name}.py", top_level_only=True)}
    assert packages - {"rnnbook", *sys.stdlib_module_names} <= {"numpy"}


FORBID = """
import sys

class Forbid:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in {"numpy", "rnnbook"} | sys.stdlib_module_names:
            raise ImportError(f"{name} is not numpy")

sys.meta_path.insert(0, Forbid())
for name in ("sympy", "matplotlib", "tqdm", "anywidget", "ipywidgets", "torch"):
    try:
        __import__(name)
    except ImportError:
        pass
    else:
        raise SystemExit(f"the hook let {name} through")

import numpy as np
import rnnbook

for name in rnnbook.__all__:
    getattr(rnnbook, name)
rng = np.random.default_rng(0)
xs, targets, _ = rnnbook.tasks.dogs()
model = rnnbook.Model.init(rnnbook.RNN, D=4, H=3, K=4, rng=rng)
model, losses = rnnbook.fit(
    model, [(xs, targets)] * 3, rnnbook.cross_entropy, rnnbook.adam(), progress=True)
assert len(losses) == 3
"""


def test_numpy_alone_is_enough(tmp_path):
    """In a fresh interpreter that refuses every other package; progress=True has no tqdm then."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent), "PYTHONWARNINGS": "error"}
    run = subprocess.run([sys.executable, "-c", FORBID], capture_output=True, text=True,
                         cwd=tmp_path, env=environment, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_the_public_names_are_those_of_the_book():
    # `derive`, `plots` and `widgets` need more than numpy and are imported by name
    assert set(PUBLIC) <= set(rnnbook.__all__)
    assert len(rnnbook.__all__) == len(set(rnnbook.__all__))
    for name in rnnbook.__all__:
        assert getattr(rnnbook, name).__doc__


def test_the_first_lines_of_the_package_run():
    """The example in the package's docstring does what its comments say."""
    code = "\n".join(
        line[4:] for line in rnnbook.__doc__.splitlines() if line.startswith("    "))
    names = {}
    exec("import numpy as np\nxs, dhs = np.ones((5, 2, 3)), np.ones((5, 2, 8))\n" + code, names)
    assert names["trace"].hs.shape == (5, 2, 8)
    assert names["grads"].cell.W_hh.shape == (8, 8)

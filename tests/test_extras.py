"""Where a part is not installed, the error names the extra that brings it, and the command."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import rnnbook
from rnnbook import extras

ROOT = Path(rnnbook.__file__).parent

WITHOUT = """
import importlib, sys
module, missing = sys.argv[1:]
sys.modules[missing] = None  # as if it were not installed
try:
    importlib.import_module(module)
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("module", "missing", "says"),
    [
        ("rnnbook.plots", "matplotlib", "rnnbook.plots needs matplotlib"),
        ("rnnbook.derive", "sympy", "rnnbook.derive needs sympy"),
        ("rnnbook.wirings", "sympy", "rnnbook.derive needs sympy"),
        ("rnnbook.page", "IPython", "rnnbook.page needs IPython"),
        ("rnnbook.widgets", "anywidget", "rnnbook.widgets.explorer needs anywidget"),
        ("rnnbook.widgets.gate_explorer", "traitlets", "rnnbook.widgets.explorer needs traitlets"),
    ],
)
def test_a_missing_part_names_the_extra(module, missing, says, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    done = subprocess.run([sys.executable, "-c", WITHOUT, module, missing], cwd=tmp_path,
                          env=environment, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.strip() == (
        f"{says}, which is not installed; the extra `chapters` has it: "
        'pip install "rnnbook[chapters]" (in a notebook: %pip install "rnnbook[chapters]")')


def test_a_fault_of_ones_own_is_left_alone():
    here = extras.needed_by("here")
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'rnnbook\.nothing'"), here:
        import rnnbook.nothing  # noqa: F401
    here = extras.needed_by("here")
    with pytest.raises(ImportError, match="cannot import name 'nothing'"), here:
        from json import nothing  # noqa: F401


def foreign(nodes):
    """Packages that these statements import, apart from numpy and Python's own."""
    for node in nodes:
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        yield from {n.partition(".")[0] for n in names} - {"rnnbook", "numpy"} - set(
            sys.stdlib_module_names)


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: p.stem)
def test_each_import_of_more_than_numpy_says_what_is_missing(path):
    """Explorers import traitlets after explorer.py, which says it."""
    bare = set(foreign(ast.parse(path.read_text("utf8")).body))
    assert bare <= ({"traitlets"} if path.parent.name == "widgets" else set())


def test_the_extra_is_light(root):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]
    chapters = project["optional-dependencies"]["chapters"]
    names = {need.split(">=")[0] for need in chapters}
    assert names == {"anywidget", "ipywidgets", "matplotlib", "sympy", "tqdm"}
    assert all(need.count(">=") == 1 and not set("<!~,") & set(need) for need in chapters)

"""What gets the package for a reader of one chapter: the wheel, and the chapter's first cell."""

import importlib.metadata
import importlib.util
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

import rnnbook
from unrolled import beginning, downloads, packages
from unrolled.packages import Sources

WHEEL = packages.wheel_name()
NOWHERE = Sources()
PARTS = ["anywidget", "ipywidgets", "matplotlib", "sympy", "tqdm"]


# ---- the wheel ----


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return packages.build(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_all_of_the_package(wheel, root):
    source = root / "src"
    files = {p.relative_to(source).as_posix(): p.read_bytes() for p in source.rglob("*")
             if p.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(p.parts)
             and not p.is_relative_to(source / "rnnbook.egg-info")}  # fmt: skip
    with zipfile.ZipFile(wheel) as archive:
        held = {n: archive.read(n) for n in archive.namelist() if ".dist-info/" not in n}
        metadata = archive.read(f"rnnbook-{rnnbook.__version__}.dist-info/METADATA").decode()
    assert held == files
    assert {Path(name).suffix for name in held} >= {".py", ".js", ".css", ".jsonl"}
    for need in packages.needs().values():
        assert f"Requires-Dist: {need}; extra == 'chapters'" in metadata
    assert packages.version() == rnnbook.__version__


def test_the_wheel_is_the_same_file_each_time(wheel, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert packages.build(tmp_path).read_bytes() == wheel.read_bytes()


# ---- the first cell ----


class Machine:
    """What is installed, and a pip that installs what its sources have."""

    def __init__(self, installed, version="0.0.1", reachable=()):
        self.installed, self.version, self.reachable = set(installed), version, set(reachable)
        self.asked = []

    def find_spec(self, name):
        return SimpleNamespace() if name in self.installed else None

    def metadata_version(self, name):
        if self.version is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return self.version

    def run(self, command, **options):
        assert command[:5] == [sys.executable, "-m", "pip", "install", "--quiet"]
        wanted = command[5:]
        self.asked.append(wanted)
        for want in wanted:
            if want.startswith(tuple(PARTS)):
                self.installed.add(want.split(">=")[0])
            elif want in self.reachable or Path(want).is_file():
                self.installed.add("rnnbook")
                self.version = packages.version()
            else:
                return SimpleNamespace(returncode=1, stderr=f"ERROR: no {want}\n")
        return SimpleNamespace(returncode=0, stderr="")


@pytest.fixture
def begin(tmp_path, monkeypatch, capsys):
    """begin(machine, sources): run the cell there; what it prints. The folder is tmp_path/a/b."""
    folder = tmp_path / "a/b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)

    def begin(machine, sources=NOWHERE):
        with monkeypatch.context() as patch:
            patch.setattr(importlib.util, "find_spec", machine.find_spec)
            patch.setattr(importlib.metadata, "version", machine.metadata_version)
            patch.setattr(subprocess, "run", machine.run)
            names = {}
            exec(beginning.code_cell(sources).source, names)
        assert names.keys() == {"__builtins__"}
        return capsys.readouterr().out

    return begin


def test_it_does_nothing_where_nothing_is_missing(begin):
    for version in (packages.version(), "99.0", None):
        machine = Machine([*PARTS, "rnnbook"], version)
        assert begin(machine) == ""
        assert machine.asked == []


def test_it_imports_nothing_and_takes_no_time(tmp_path, root):
    code = beginning.code_cell(Sources()).source
    names = ", ".join(map(repr, [*PARTS, "numpy", "rnnbook"]))
    ask = f"\nimport sys\nassert not {{{names}}} & set(sys.modules)"
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code + ask], cwd=tmp_path, capture_output=True,
                          text=True)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - start < 5  # a fresh interpreter on a busy machine


@pytest.mark.parametrize("place", [".", "packages", "../../packages"])
def test_it_takes_the_wheel_beside_the_notebook(begin, place):
    Path(place).mkdir(exist_ok=True)
    wheel = Path(place, WHEEL)
    wheel.touch()
    machine = Machine(["matplotlib", "tqdm"])
    said = begin(machine, Sources(site="https://example.org/book"))
    needs = packages.needs()
    assert machine.asked == [
        [needs["anywidget"], needs["ipywidgets"], needs["sympy"], str(wheel.resolve())]
    ]
    assert said == "Getting anywidget, ipywidgets, sympy, rnnbook ...\n"


def test_an_older_package_is_replaced(begin):
    Path(WHEEL).touch()
    machine = Machine([*PARTS, "rnnbook"], "0.0.9")
    assert begin(machine) == "Getting rnnbook ...\n"
    assert machine.asked == [[str(Path(WHEEL).resolve())]]


def test_what_else_is_missing_needs_no_wheel(begin):
    machine = Machine(["rnnbook", *PARTS[:3], "tqdm"], packages.version())
    begin(machine)
    assert machine.asked == [[packages.needs()["sympy"]]]


def test_without_a_wheel_it_asks_the_addresses_in_turn(begin):
    sources = Sources("https://example.org/book", "https://example.org/us/unrolled")
    site = f"https://example.org/book/packages/{WHEEL}"
    repository = "git+https://example.org/us/unrolled@main"
    machine = Machine(PARTS, reachable=[repository])
    assert begin(machine, sources) == "Getting rnnbook ...\n"
    assert machine.asked == [[site], [repository]]
    machine = Machine(PARTS, reachable=[site, repository])
    begin(machine, sources)
    assert machine.asked == [[site]]


def test_where_there_is_no_way_it_says_what_to_do(begin):
    machine = Machine(PARTS)
    said = begin(machine)
    assert said == (f"rnnbook is not installed: put {WHEEL} beside this notebook (the folder "
                    "packages of the book has it), and run this cell again.\n")  # fmt: skip
    assert machine.asked == []


def test_a_pip_that_fails_breaks_nothing(begin):
    machine = Machine(PARTS)
    said = begin(machine, Sources(repository="https://example.org/us/unrolled"))
    assert "could not be installed:\nERROR: no git+https://example.org/us/unrolled@main" in said
    assert "Traceback" not in said

    def refuse(command, **options):
        raise OSError("no processes here")

    machine.run = refuse
    assert "no processes here" in begin(machine, Sources(repository="https://example.org/a/b"))


def test_the_cells_are_right_for_a_notebook():
    app = SimpleNamespace(config=SimpleNamespace(html_baseurl="", unrolled_repository={}))
    words, code = cells = beginning.cells(app, "notebooks/06_vanishing_gradients")
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.validate(notebook)
    assert WHEEL in words.source
    assert "jupyterlab 06_vanishing_gradients.ipynb" in words.source
    assert "@" not in code.source
    assert code.metadata["jupyter"] == {"source_hidden": True}


# ---- what pages and buttons say ----


def test_where_nothing_is_configured_nothing_points_elsewhere():
    said = downloads.substitutions(Sources())
    assert "//" not in "".join(said.values())
    assert f'install jupyterlab "./{WHEEL}[chapters]"' in said["fresh_environment"]
    assert said["clone"] == "```text\nmake lab\n```"
    assert f'install "./{WHEEL}"' in said["numpy_alone"]
    assert downloads.hosts(Sources(), "notebooks/06_a") == {}


def test_one_address_gives_every_link():
    config = SimpleNamespace(
        html_baseurl="https://example.org/book/",
        unrolled_repository={"url": "https://github.com/us/unrolled.git"},
    )
    sources = Sources.of(config)
    copy = "_sources/notebooks/06_a.ipynb"
    assert downloads.hosts(sources, "notebooks/06_a") == {
        "Binder": f"https://mybinder.org/v2/gh/us/unrolled/gh-pages?urlpath=lab/tree/{copy}",
        "Colab": f"https://colab.research.google.com/github/us/unrolled/blob/gh-pages/{copy}",
    }
    said = downloads.substitutions(sources)
    assert "git clone --branch main https://github.com/us/unrolled\ncd unrolled" in said["clone"]
    at_site = f'"rnnbook[chapters] @ https://example.org/book/packages/{WHEEL}"'
    assert at_site in said["fresh_environment"]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://gitlab.com/us/them/unrolled", "gl/us%2Fthem%2Funrolled"),
        ("https://codeberg.org/us/unrolled", "git/https%3A%2F%2Fcodeberg.org%2Fus%2Funrolled"),
    ],
)
def test_colab_opens_nothing_from_other_hosts(address, kind):
    found = downloads.hosts(Sources(repository=address, pages="site/now"), "notebooks/06_a")
    assert found.keys() == {"Binder"}
    assert f"/v2/{kind}/site%2Fnow?" in found["Binder"]


def test_a_link_to_a_source_saves_it():
    theme = '<a href="../_sources/notebooks/06_a.ipynb" target="_blank"\n class="btn">'
    assert downloads.saving(theme) == (
        '<a href="../_sources/notebooks/06_a.ipynb" download="06_a.ipynb"\n class="btn">')
    other = '<a href="https://example.org/lab/_sources/06_a.ipynb" target="_blank">'
    assert downloads.saving(other) == other

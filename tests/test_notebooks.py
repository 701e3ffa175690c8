"""The chapters hold what a strict comparison needs; and these guards do catch what they should."""

import json
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import notebooks
import one_run
from unrolled import execution

CHAPTERS = notebooks.chapters()
IGNORED_AT_MOST = 3


def ids(paths):
    return [path.stem for path in paths]


@pytest.mark.parametrize("path", CHAPTERS, ids=ids(CHAPTERS))
def test_a_chapter_was_run_whole_and_in_order(path):
    assert notebooks.faults(notebooks.read(path)) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=ids(CHAPTERS))
def test_a_chapter_is_in_normal_form(path):
    text = path.read_text("utf8")
    assert text == notebooks.written(notebooks.normal(notebooks.read(path))), "make notebooks"


def test_the_chapters_on_disk_are_those_of_the_book(root):
    spare = set((root / "notebooks").glob("*.ipynb")) - set(CHAPTERS)
    assert not spare, f"{sorted(path.name for path in spare)}: name them in _toc.yml"


def test_the_intro_lists_every_chapter_and_the_readme_counts_them(root):
    intro = (root / "book/intro.md").read_text("utf8")
    rows = re.findall(r"^\| \{doc\}`\.\./notebooks/(\w+)`", intro, re.MULTILINE)
    assert rows == [path.stem for path in CHAPTERS], "mend the table of chapters in book/intro.md"
    words = {9: "Nine", 10: "Ten", 11: "Eleven", 12: "Twelve"}
    said = f"{words[len(CHAPTERS)]} chapters of twelve are finished: "
    sentence = (root / "README.md").read_text("utf8").partition(said)[2].partition(".\n")[0]
    assert sentence, f"README.md should say: {said}"


def test_few_cells_escape_comparison():
    cells = [cell for path in CHAPTERS for cell in notebooks.code_cells(notebooks.read(path))]
    assert len([cell for cell in cells if notebooks.ignored(cell)]) <= IGNORED_AT_MOST


# ---- the guards themselves ----


def cell(source="1 + 1", count=1, outputs=(), **metadata):
    return new_code_cell(source, execution_count=count, outputs=list(outputs), metadata=metadata)


def notebook(*cells):
    return new_notebook(cells=list(cells))


def figure():
    data = {"text/plain": "<Figure size 640x480 with 1 Axes>", "image/png": "iVBOR"}
    return new_output("display_data", data=data)


CAPTION = {"figure": {"caption": "A line."}}


def test_a_sound_notebook_has_no_faults():
    alt = {"image": {"alt": "A line that rises"}, "figure": {"caption": "A line."}}
    drawn = cell(count=2, outputs=[figure()], mystnb=alt)
    sound = notebook(new_markdown_cell("# 1"), cell(), drawn)
    assert notebooks.faults(sound) == []


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (notebook(cell(count=None)), "was not run"),
        (notebook(cell(count=1), cell(count=3)), "in order"),
        (notebook(cell(outputs=[new_output("error", ename="ValueError")])), "fails with"),
        (notebook(cell(outputs=[new_output("stream", name="stderr", text="?")])), "stderr"),
        (notebook(cell(outputs=[figure()], mystnb=CAPTION)), "mystnb.image.alt"),
        (notebook(cell(outputs=[figure()], mystnb={**CAPTION, "image": {"alt": " "}})),
         "mystnb.image.alt"),
        (notebook(cell(outputs=[figure()], mystnb={"image": {"alt": "A"}})),
         "mystnb.figure.caption"),
        (notebook(cell(tags=["nbval-ignore-output"])), "nbval_reason"),
        (notebook(cell(tags=["nbval-skip"])), "nbval_reason"),
        (notebook(cell("# NBVAL_IGNORE_OUTPUT\n1")), "nbval_reason"),
        (notebook(cell(tags=["remove-output"])), "hides"),
    ],
)
def test_a_bad_notebook_is_caught(bad, fault):
    found = notebooks.faults(bad)
    assert len(found) == 1
    assert fault in found[0]


def test_an_expected_error_and_a_reasoned_escape_are_no_faults():
    error = new_output("error", ename="ValueError")
    assert not notebooks.faults(notebook(cell(outputs=[error], tags=["raises-exception"])))
    reasoned = cell(tags=["nbval-ignore-output"], nbval_reason="the time of day")
    assert not notebooks.faults(notebook(reasoned))


def test_the_normal_form_drops_what_changes_by_itself(tmp_path):
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "random"}}
    run = cell(
        "f(x);  \n",
        outputs=[
            figure(),
            new_output("display_data", data={"text/plain": "Explorer(T=5)", **widget}),
            new_output("stream", name="stdout", text="a"),
            new_output("stream", name="stdout", text="b\n"),
        ],
        tags=["hide-input"],
        execution={"iopub.execute_input": "2026-01-01"},
    )
    book = notebook(run, cell("f(x);", count=2), cell("  ", count=None))
    book.metadata = {"widgets": {"state": 1}, "language_info": {"version": "3.11.7"}}
    form = notebooks.normal(book)

    first, second = form.cells
    assert first.source == "f(x);"
    assert first.metadata == {"tags": ["hide-input"]}
    assert [list(o.data) for o in first.outputs[:2]] == [["text/plain"], ["text/plain"]]
    assert first.outputs[2].text == "ab\n"
    assert second.id == f"{first.id}-2"
    assert "widgets" not in form.metadata
    assert form.metadata.language_info == {"name": "python"}

    path = tmp_path / "book.ipynb"
    path.write_text(notebooks.written(form), "utf8")
    nbformat.validate(notebooks.read(path))
    assert notebooks.written(notebooks.normal(notebooks.read(path))) == path.read_text("utf8")


def test_a_run_twice_changes_nothing(tmp_path):
    path = tmp_path / "one.ipynb"
    nbformat.write(notebook(cell("print(1)\n2", count=None)), path)
    notebooks.run(path)
    once = path.read_bytes()
    notebooks.run(path)
    assert path.read_bytes() == once
    assert notebooks.faults(notebooks.read(path)) == []


# ---- one run for nbval and for the page ----


RICH = (
    "print('one')\n1 + 1",
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()",
    "from rnnbook.widgets import GradientExplorer, TruncationExplorer\nTruncationExplorer(K=7)",
    "import sys\nfor k in range(3):\n    print(k)\n    print(k, file=sys.stderr)",
    "import numpy as np\nfrom rnnbook import RNN\n"
    "GradientExplorer(RNN.init(D=1, H=2, rng=np.random.default_rng(0)), T=5)",
)


def result(printed, count):
    data = {"text/plain": printed}
    return [new_output("execute_result", data=data, execution_count=count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, root):
    """A book of four chapters: with outputs of all kinds, right, with a wrong one, right again."""
    base = tmp_path_factory.mktemp("book")
    for name in ("_config.yml", "requirements.txt", "src"):
        (base / name).symlink_to(root / name)
    folder = base / "notebooks"
    folder.mkdir()
    rich = notebook(*(cell(source, count=None) for source in RICH))
    nbformat.write(rich, folder / "01_rich.ipynb")
    notebooks.run(folder / "01_rich.ipynb")
    for name, four in (("02_right", "4"), ("03_wrong", "5"), ("04_partly", "4")):
        cells = [cell("1 + 1", outputs=result("2", 1)), cell("1 + 1;", count=2),
                 cell("2 + 2", outputs=result(four, 3), count=3)]  # fmt: skip
        nbformat.write(notebooks.normal(notebook(*cells)), folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def under_nbval(folder, root):
    """One run of nbval on it, without a cell of the last chapter: its exit code, and what it says
    of each cell, by chapter."""
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "-rA"]
    command += ["-p", "no:hypothesispytest", "-p", "conftest"]
    command += ["-c", root / "pyproject.toml", "--rootdir", folder, folder]
    command += ["--deselect", "04_partly.ipynb::Cell 0"]
    done = subprocess.run(command, cwd=root / "tests", capture_output=True, text=True)
    line = re.compile(r"^(PASSED|FAILED) .*?(\w+)\.ipynb::Cell (\d+)", re.MULTILINE)
    told = {}
    for verdict, name, number in line.findall(done.stdout):
        told.setdefault(name, {})[int(number)] = verdict
    return done.returncode, told


def test_nbval_compares_strictly(under_nbval):
    """The runner itself: a right output passes, a wrong one fails, a semicolon silences."""
    code, told = under_nbval
    assert code == 1
    assert told["01_rich"] == dict.fromkeys(range(len(RICH)), "PASSED")
    assert told["02_right"] == {0: "PASSED", 1: "PASSED", 2: "PASSED"}
    assert told["03_wrong"] == {0: "PASSED", 1: "PASSED", 2: "FAILED"}
    assert told["04_partly"] == {1: "PASSED", 2: "PASSED"}


def test_only_a_whole_run_is_kept(folder, under_nbval):
    kept = [path.stem for path in folder.glob("*.ipynb") if one_run.place(path).exists()]
    assert sorted(kept) == ["01_rich", "02_right"]


ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


def numbered_ids(stored):
    """The outputs, counts and models of a stored run, each random name replaced by a number.

    The numbers follow the outputs, then what the models there refer to.
    """
    models = stored["widgets"][one_run.KIND]["state"]
    text = json.dumps([stored["outputs"], stored["counts"]])
    names = list(dict.fromkeys(ID.findall(text)))
    for name in names:  # grows on the way
        found = ID.findall(json.dumps(models[name], sort_keys=True))
        names += [other for other in dict.fromkeys(found) if other not in names]
    assert set(names) == set(models)
    text = json.dumps([stored["outputs"], stored["counts"], models], sort_keys=True)
    for number, name in enumerate(names):
        text = text.replace(name, f"model {number}")
    return json.loads(text)


def test_the_page_of_a_run_under_nbval_is_that_of_the_build(folder, under_nbval, tmp_path):
    path = folder / "01_rich.ipynb"
    by_nbval = json.loads(one_run.place(path).read_text("utf8"))
    other = tmp_path / "run.json"
    assert execution.run(path, other, 60) is None
    by_the_build = json.loads(other.read_text("utf8"))
    assert numbered_ids(by_nbval) == numbered_ids(by_the_build)
    assert len(by_nbval["seconds"]) == len(by_the_build["seconds"]) == len(RICH)
    shown = json.dumps(by_the_build["outputs"])
    assert "image/png" in shown
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert "buffers" in json.dumps(by_the_build["widgets"])


def test_a_wrong_output_does_not_change_where_a_run_is_kept(folder):
    """The outputs are no part of the key."""
    base = execution.foundation(folder.parent)
    right, wrong = (execution.key(notebooks.read(folder / f"{name}.ipynb"), base)
                    for name in ("02_right", "03_wrong"))  # fmt: skip
    assert right == wrong

"""The local Sphinx extension: what must stop a build stops it, and each part does as it says."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import notebooks
from rnnbook.widgets import GateExplorer
from unrolled import execution, explorers, figures, mathematics, numbering, reference


@pytest.fixture
def build(tmp_path, root):
    """build(name=cells, ...): a book of these chapters, from the 7th on. Returns the build's exit
    code, what it says, and the chapters' pages by name."""
    if not (root / "book/vendor/node_modules/katex").is_dir():
        pytest.skip("KaTeX is not installed: `make vendor`")
    for name in ("_config.yml", "requirements.txt"):
        shutil.copy(root / name, tmp_path)
    (tmp_path / "src").symlink_to(root / "src")
    (tmp_path / "book").mkdir()
    for name in ("_ext", "_static", "_templates", "vendor", "references.bib"):
        (tmp_path / "book" / name).symlink_to(root / "book" / name)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "index.md").write_text("# A book\n")

    def build(**chapters):
        toc = {"format": "jb-book", "root": "index", "chapters": []}
        for number, (name, cells) in enumerate(chapters.items(), start=7):
            file = f"notebooks/{number:02}_{name}"
            heading = new_markdown_cell(f"# {number}. A chapter")
            notebook = notebooks.normal(new_notebook(cells=[heading, *cells]))
            nbformat.write(notebook, tmp_path / f"{file}.ipynb")
            toc["chapters"].append({"file": file})
        (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
        tool = Path(sys.executable).with_name("jupyter-book")
        command = [tool, "build", tmp_path, "-q", "-W", "-n", "--keep-going"]
        done = subprocess.run(command, capture_output=True, text=True)
        pages = (tmp_path / "_build/html/notebooks").glob("*.html")
        return done.returncode, done.stdout + done.stderr, {p.stem: p.read_text() for p in pages}

    return build


def test_a_wrong_formula_and_a_picture_without_words_stop_the_build(build, tmp_path):
    """And nothing of the chapter before them does, which carries all that a page can."""
    alt = {"mystnb": {"image": {"alt": "A point"}, "figure": {"caption": "One.", "name": "fig"}}}
    draw = "import matplotlib.pyplot as plt\nplt.figure(figsize=(5, 2))\nplt.plot(1, 1)\nplt.show()"
    code, said, pages = build(
        right=[
            new_markdown_cell("## Of $h$\n\n{eq}`e`, {numref}`fig` ($x$, a).\n\n$$h_t = 1$$ (e)"),
            new_code_cell(draw, metadata=alt),
        ],
        wrong=[new_markdown_cell("$$\\frac{1}{$$\n\n$$x_{\\min}$$"), new_code_cell(draw)],
    )
    assert code != 0
    faults = [line for line in said.splitlines() if "WARNING" in line or "ERROR" in line]
    assert faults
    assert all("08_wrong" in line for line in faults), said
    assert "KaTeX parse error" in said
    assert "its MathML has a <msub> of 3 children" in said
    assert "no text alternative" in said

    page = pages["07_right"]
    assert 'href="#equation-e">(7.1)</a>' in page
    assert "Figure 7.1" in page
    assert "<math xmlns" in page
    assert 'alt="A point"' in page
    assert '<span class="picture"><img width="' in page
    assert '<span class="tied">(<span class="math' in page  # no line begins with the comma
    assert "<!--tie" not in page
    assert not re.search(r'href="https?://', page)  # no address is configured
    assert not (tmp_path / "_build/html/.binder").exists()


def test_an_address_in_the_configuration_opens_chapters_elsewhere(build, tmp_path):
    settings = tmp_path / "_config.yml"
    text = settings.read_text()
    assert text.count('unrolled_repository: {url: ""') == 1
    address = "https://github.com/us/unrolled"
    settings.write_text(
        text.replace('unrolled_repository: {url: ""', f'unrolled_repository: {{url: "{address}"'))
    code, said, pages = build(one=[new_code_cell("1 + 1")])
    assert code == 0, said
    found = re.findall(r'<a href="(https://[^"]*)" target="_blank"', pages["07_one"])
    copy = "_sources/notebooks/07_one.ipynb"
    assert found == [
        f"https://mybinder.org/v2/gh/us/unrolled/gh-pages?urlpath=lab/tree/{copy}",
        f"https://colab.research.google.com/github/us/unrolled/blob/gh-pages/{copy}",
    ]
    site = tmp_path / "_build/html"
    (wheel,) = (site / "packages").iterdir()
    with zipfile.ZipFile(site / "unrolled.zip") as book:
        assert book.read(f"unrolled/packages/{wheel.name}") == wheel.read_bytes()
        assert f"unrolled/{copy}" in book.namelist()
    needs = (site / ".binder/requirements.txt").read_text()
    assert needs == f"jupyterlab\n./packages/{wheel.name}[chapters]\n"


def test_a_failing_cell_stops_the_build_and_says_why(build):
    code, said, pages = build(one=[new_code_cell("1 / 0")])
    assert code != 0
    assert "07_one.ipynb: a cell fails" in said
    assert "ZeroDivisionError" in said
    assert not pages


ASKED = """```{predict}
:name: ask-before
What is $x$?

- [ ] One, *perhaps*.

  No: {eq}`e`.

- [x] Two.

  ```python
  x = 2
  ```
```"""


def test_questions_and_folded_proofs_are_in_the_page(build):
    """And one that is badly written stops the build, with its file, its cell and its line."""
    proof = {"proves": ["e"], "how": "exact", "sizes": "two units", "tags": ["hide-cell"]}
    code, said, pages = build(
        right=[
            new_markdown_cell(f"$$x = 2$$ (e)\n\n{ASKED}"),
            new_code_cell("assert 1 + 1 == 2\nprint('so it is')", metadata=proof),
        ],
        wrong=[new_markdown_cell("words"), new_markdown_cell(ASKED.replace("- [ ]", "* [ ]"))],
    )
    assert code != 0
    faults = [line for line in said.splitlines() if "WARNING" in line or "ERROR" in line]
    assert len(faults) == 1, said
    assert "08_wrong.ipynb, cell 3, line 5: {predict}: a choice begins with" in said

    page = pages["07_right"]
    assert '<fieldset aria-labelledby="ask-before-title ask-before-question"' in page
    assert page.count('<input type="radio" name="ask-before"') == 2
    assert '<label for="ask-before-1">One, <em>perhaps</em>.</label>' in page
    assert '<p>No: <a class="reference internal" href="#equation-e">(7.1)</a>.</p>' in page
    assert "You predicted this, and so it is." in page
    folded = page.split('<details class="folded-proof">')[1].split("</details>")[0]
    link = '<a class="reference internal" href="#equation-e">(7.1)</a>'
    assert '<summary class="proved">Proves (7.1) for two units: exact.</summary>' in folded
    assert f'<p class="proved-here">To {link}.</p>' in folded
    assert "so it is" in folded
    assert "Show the code" not in page


def test_a_stored_run_is_for_these_cells_and_this_package(tmp_path):
    package = tmp_path / "src/rnnbook/cells.py"
    package.parent.mkdir(parents=True)
    package.write_text("one = 1")
    (tmp_path / "requirements.txt").write_text("numpy==2")
    cell, note = new_code_cell("1 + 1"), new_markdown_cell("words")
    first = execution.key(new_notebook(cells=[cell]), execution.foundation(tmp_path))
    words = execution.key(new_notebook(cells=[note, cell]), execution.foundation(tmp_path))
    assert words == first
    package.write_text("one = 2")
    second = execution.key(new_notebook(cells=[cell]), execution.foundation(tmp_path))
    more = new_notebook(cells=[cell, new_code_cell("2")])
    other = execution.key(more, execution.foundation(tmp_path))
    assert len({first, second, other}) == 3


def test_a_page_carries_only_the_explorers_that_it_shows():
    view = nbformat.v4.new_output("display_data", {execution.VIEW: {"model_id": "shown"}})
    plain = nbformat.v4.new_output("stream", text="asked\n")
    states = {
        "shown": {"layout": "IPY_MODEL_layout", "children": ["IPY_MODEL_inner"]},
        "layout": {},
        "inner": {"back": "IPY_MODEL_shown"},
        "asked": {"layout": "IPY_MODEL_other"},
        "other": {},
    }
    widgets = {"kind": {"state": {name: {"state": state} for name, state in states.items()}}}
    cells = [new_code_cell(outputs=[plain]), new_code_cell(outputs=[view])]
    execution.prune(widgets, cells)
    assert set(widgets["kind"]["state"]) == {"shown", "layout", "inner"}


def test_a_touched_sheet_runs_nothing_and_is_in_the_page(tmp_path):
    sheet = tmp_path / "src/rnnbook/widgets/gate_explorer.css"
    sheet.parent.mkdir(parents=True)
    (tmp_path / "requirements.txt").write_text("")
    sheet.write_text("a {}")
    before = execution.foundation(tmp_path).hexdigest()
    sheet.write_text("b {}")
    assert execution.foundation(tmp_path).hexdigest() == before
    sheet.with_name("gate_explorer.py").write_text("")
    assert execution.foundation(tmp_path).hexdigest() != before

    explorer = GateExplorer()
    old = explorer.get_state() | {"_esm": "old", "_css": "old"}
    foreign = {"_anywidget_id": "other.Widget", "_esm": "its own"}
    models = {"a": {"state": old}, "b": {"state": foreign}, "c": {"state": {}}}
    execution.refresh({"kind": {"state": models}})
    assert (old["_esm"], old["_css"]) == (explorer._esm, explorer._css)
    assert foreign["_esm"] == "its own"


def test_a_page_with_a_touched_script_is_read_again(tmp_path, monkeypatch):
    store = tmp_path / "06-abc.json"
    store.write_text('{"_anywidget_id": "rnnbook.widgets.gate_explorer.GateExplorer"}')
    before = execution.shown(store)
    assert execution.shown(store) == before
    monkeypatch.setattr(execution, "assembled", lambda name: f"a new {name}")
    assert execution.shown(store) != before


def test_a_place_is_kept_for_an_explorer():
    style = ' style="--explorer-min-height: 400px; --explorer-min-height-narrow: 40rem"'
    html = '<div data-min-height="400px" data-min-height-narrow="40rem"><p data-min-height="1px">'
    assert explorers.reserved(html) == style
    assert explorers.reserved("<p>words</p>") == ""


def test_a_picture_is_as_large_as_its_inches(tmp_path):
    from matplotlib.figure import Figure

    for suffix in ("png", "svg"):
        path = tmp_path / f"figure.{suffix}"
        Figure(figsize=(5, 2), dpi=144).savefig(path)
        width, height = figures.size(path)
        assert abs(width - 480) <= 1
        assert abs(height - 192) <= 1


def test_lines_of_a_display():
    assert mathematics.lines("a = b") == "a = b"
    assert mathematics.lines(r"a \\ b") == r"\begin{split}a \\ b\end{split}"
    assert mathematics.lines("a\n\nb") == r"\begin{gathered}a\\b\end{gathered}"


def test_chapters_number_by_their_file():
    chapter = {"figure": {"b": (9,), "a": (8,)}}
    other = {"displaymath": {"e": (4,)}}
    env = SimpleNamespace(toc_fignumbers={"notebooks/03_x": chapter, "book/notation": other})
    numbering.renumber(None, env)
    assert chapter["figure"] == {"a": (3, 1), "b": (3, 2)}
    assert other["displaymath"] == {"e": (1,)}


def test_docstrings_are_shown_as_written():
    assert reference.prose("`W_xh` is da_ | *") == r"``W_xh`` is da\_ \| \*"

    class Cell:
        """A cell.

        h = tanh(a)
        """

    class Formula:
        """A cell.

            h = tanh(a)
        """

    def shown(obj):
        lines = ["A cell."]
        reference.translate(None, "class", "Cell", obj, None, lines)
        return "code-block" in "\n".join(lines)

    assert not shown(Cell)
    assert shown(Formula)

"""The ledger: no numbered equation without a proof, no proof of nothing. And it bites."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import notebooks
from unrolled import ledger

CHAPTERS = notebooks.chapters()
EQUATION = "Two sides:\n\n$$\na = b\n$$ (eq-one)\n"


def proving(source="assert 1 + 1 == 2", labels=("eq-one",), how="exact algebra"):
    return new_code_cell(source, metadata={"proves": list(labels), "how": how})


def book(*cells):
    return new_notebook(cells=list(cells))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_equation_of_the_chapter_is_proved(path):
    notebook = notebooks.read(path)
    assert ledger.faults(notebook) == []
    assert ledger.equations(notebook)


def test_no_label_is_used_in_two_chapters():
    labels = [label for path in CHAPTERS for label in ledger.equations(notebooks.read(path))]
    assert len(labels) == len(set(labels))


def test_the_page_lists_every_chapter(root):
    page = (root / "book/how-we-know.md").read_text("utf8")
    listed = re.findall(r"\{ledger\} notebooks/(\S+)", page)
    expected = [path.stem for path in CHAPTERS]
    assert listed == expected, "name each chapter, in this order, in book/how-we-know.md"


def test_a_proved_equation_has_no_fault():
    assert ledger.faults(book(new_markdown_cell(EQUATION), proving())) == []


@pytest.mark.parametrize(("cells", "fault"), [
    ([new_markdown_cell(EQUATION)], "equation eq-one has no proof"),
    ([new_markdown_cell(EQUATION), new_code_cell("assert True")], "equation eq-one has no proof"),
    ([proving()], "proves eq-one, which no equation is called"),
    ([new_markdown_cell(EQUATION), proving(labels=["eq-one", "eq-two"])], "proves eq-two, which"),
    ([new_markdown_cell(EQUATION), proving(how="")], "does not say how it proves"),
    ([new_markdown_cell(EQUATION), proving(how="trust me")], "does not say how it proves"),
    ([new_markdown_cell(EQUATION), proving("print('so it is')")], "nothing in it that could fail"),
    ([new_markdown_cell(EQUATION), proving(labels=[])], "its list is empty"),
    ([new_markdown_cell(EQUATION + EQUATION), proving()], "label eq-one stands twice"),
], ids=["no cell", "silent cell", "no equation", "one too many", "no how", "unknown how",
        "nothing checked", "empty", "twice"])
def test_the_ledger_bites(cells, fault):
    assert any(fault in found for found in ledger.faults(book(*cells)))


def test_an_equation_that_a_cell_prints_needs_a_proof_too():
    printed = new_output("execute_result", {"text/markdown": "s = 3:\n\n$$\nx\n$$ (eq-printed)\n"})
    cells = [new_code_cell("show()", outputs=[printed]), new_markdown_cell(EQUATION), proving()]
    assert ledger.faults(book(*cells)) == ["equation eq-printed has no proof"]


def test_an_unnumbered_display_needs_none():
    text = "$$\nx = y\n$$\n\nand then\n\n$$\na = b\n$$ (eq-one)\n"
    assert list(ledger.equations(book(new_markdown_cell(text)))) == ["eq-one"]


def test_an_equation_shown_as_source_is_none():
    assert ledger.equations(book(new_markdown_cell(f"````\n{EQUATION}````\n"))) == {}


def test_the_page_says_below_the_cell_what_it_proved():
    notebook = book(new_markdown_cell(EQUATION), proving(), new_code_cell("1"))
    ledger.say_what_is_proved(notebook)
    assert notebook.cells[2].source == "{.proved}\nProves {eq}`eq-one`: exact algebra."
    assert len(notebook.cells) == 4


@pytest.mark.parametrize("how", ["to 1e-12", "numerical, on 50 networks", "definition"])
def test_what_is_no_proof_is_called_a_check(how):
    cell = proving()
    cell.metadata["how"] = how
    notebook = book(new_markdown_cell(EQUATION), cell)
    ledger.say_what_is_proved(notebook)
    assert notebook.cells[2].source == f"{{.proved}}\nChecks {{eq}}`eq-one`: {how}."

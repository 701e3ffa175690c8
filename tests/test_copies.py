"""The readers' copies: plain Markdown that says what the page says, and a reader's edits stay."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import edited
from test_site import build  # noqa: F401 - a fixture
from unrolled import beginning
from unrolled.copies import Copier, still
from unrolled.plain import LEFT, Plain, Unknown, without_code


class Book:
    """What a book would say, without a book: each answer shows what was asked."""

    def say(self, role, content):
        if content == "nowhere":
            raise LookupError("no such label")
        return f"«{role} {content}»"

    def number(self, label):
        return f"7.{len(label)}"

    def name(self, label):
        return f"Exercise 7.{len(label)}"

    def link(self, words, target):
        return f"[{words}]({target})" if "://" in target else words

    def picture(self, path):
        return f"attachment:{path}"

    def taken_attachments(self):
        return {}

    def value(self, name):
        return f"value of {name}"

    def glued(self, name):
        return f"![{name}](attachment:{name}.png)"

    def bibliography(self):
        return ""


def plain(text):
    return Plain(Book(), "notebooks/07_a.ipynb, cell 3")(text)


ROLES = "eq ref numref prf:ref doc term cite:t cite:p cite:ts cite func class meth py:func any"


@pytest.mark.parametrize("role", ROLES.split())
def test_a_reference_is_what_the_book_says(role):
    assert plain(f"See {{{role}}}`a-b`, and more.") == f"See «{role} a-b», and more."


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{sub}`2` {sup}`th`", "<sub>2</sub> <sup>th</sup>"),
        ("{math}`x_t` {code}`a` {kbd}`Ctrl`", "$x_t$ `a` `Ctrl`"),
        ("{glue}`best` {glue:text}`best:.3f`", "value of best value of best:.3f"),
        ("`{eq}`, ``{ref}`x` ``, $a_{t}$, `x{y}`", "`{eq}`, ``{ref}`x` ``, $a_{t}$, `x{y}`"),
        ("[a word]{.wide} and `f(x)`{l=python}", "a word and `f(x)`"),
        ("[words {eq}`e`](https://a.org/b_(c))", "[words «eq e»](https://a.org/b_(c))"),
        ("[the page](../book/notation.md)", "the page"),
        ("(sec-a)=\n## A heading\n\n% a comment\ntext", "## A heading\n\ntext"),
        ("{.proved .folds}\nProves {eq}`e`.", "Proves «eq e»."),
        ("A note[^1].\n\n[^1]: Below.", "A note<sup>[1]</sup>.\n\n<small>[1] Below.</small>"),
        ("Term\n: What it is.", "- **Term**: What it is."),
        ("![seen](a.svg)", "![seen](attachment:a.svg)"),
        ("```python\nx = {}  # {eq}`e`\n```", "```python\nx = {}  # {eq}`e`\n```"),
    ],
)  # fmt: skip
def test_lines(text, made):
    assert plain(text) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("$$\na = b\n$$ (eq-ab)", "$$\na = b \\tag{7.5}\n$$"),
        ("$$ a = b $$", "$$\na = b\n$$"),
        ("$$\na \\\\\nb\n$$ (e)", "$$\n\\begin{split}a \\\\ b\\end{split} \\tag{7.1}\n$$"),
        ("$$\na\n\nb\n$$", "$$\n\\begin{gathered}a\\\\b\\end{gathered}\n$$"),
        ("```{math}\n:label: eq-x\nx^2\n```", "$$\nx^2 \\tag{7.4}\n$$"),
        ("\\begin{align}\na &= b \\label{eq-y}\n\\end{align}",
         "$$\n\\begin{align*} a &= b \\end{align*} \\tag{7.4}\n$$"),
    ],
)  # fmt: skip
def test_formulas(text, made):
    assert plain(text) == made


def test_a_formula_in_a_quotation_stands_on_one_line():
    """What sets formulas in JupyterLab would set the quotation's marks as well."""
    made = plain(":::{note}\nLook:\n\n$$\na =\nb\n$$ (eq)\n\nSo.\n:::")
    assert made == "> **Note**\n>\n> Look:\n>\n> $$ a = b \\tag{7.2} $$\n>\n> So."


def test_boxes():
    assert plain("```{admonition} Of $h$\nSaid.\n```") == "> **Of $h$**\n>\n> Said."
    assert plain("```{tip} Short.\n```") == "> **Tip**\n>\n> Short."
    assert plain("```{margin}\nAside, {eq}`e`.\n```") == "> Aside, «eq e»."
    shut = plain("````{admonition} An *answer*\n:class: tip dropdown\n\n1. One.\n````")
    assert shut == "<details>\n<summary><b>An <i>answer</i></b></summary>\n\n1. One.\n\n</details>"
    nested = plain("::::{note}\nA.\n:::{tip}\nB, {ref}`x`.\n:::\n::::")
    assert nested == "> **Note**\n>\n> A.\n> > **Tip**\n> >\n> > B, «ref x»."


def test_tables():
    table = "| a | {eq}`e` |\n|---|---|\n| $x$ | [n](../book/n.md) |"
    assert plain(table) == "| a | «eq e» |\n|---|---|\n| $x$ | n |"
    rows = "```{list-table} Sizes\n:header-rows: 1\n* - a\n  - b\n* - $x$\n  - {eq}`e`\n```"
    assert plain(rows) == "**Sizes**\n\n| a | b |\n| --- | --- |\n| $x$ | «eq e» |"


QUIZ = """```{quiz}
:name: quiz-a
:backed: eq-a
What is left
of {eq}`eq-a`?

- [ ] A half,
  or less.

  That is $0.99^{69}$.

  $$ a = b $$
- [x] A 500th.

  $0.9^{59} = 0.0020$, {ref}`x`.
```"""


def test_a_question_has_choices_and_a_folded_answer():
    made = plain(QUIZ)
    asked, answer = made.split("<details>")
    assert " ".join(asked.split()) == (
        "**Question 1** What is left of «eq eq-a»? - **A.** A half, or less. - **B.** A 500th."
    )
    assert "\n\n- **A.** A half" in asked
    assert "\n\n**B** is right.\n\n- **A.** That is $0.99^{69}$." in answer
    assert "- **B.** $0.9^{59} = 0.0020$, «ref x»." in answer
    assert answer.endswith("\n\n</details>")
    foretold = plain(QUIZ.replace("{quiz}", "{predict}"))
    assert foretold.startswith("**Before you read on**\n\nWhat is left")
    both = plain(f"{QUIZ}\n\n{QUIZ.replace('[ ]', '[x]')}")
    assert "**Question 2: choose all that are right**" in both
    assert "**A** and **B** are right." in both
    with pytest.raises(Unknown, match=r"cell 3, line 4: \{quiz\} needs two choices"):
        plain(QUIZ.replace("[x]", "[ ]"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\n\n```{mermaid}\ngraph\n```", r"07_a.ipynb, cell 3, line 3: the directive \{mermaid\}"),
        ("a\n{odd}`b`", r"07_a.ipynb, cell 3, line 2: the role \{odd\} has no plain form"),
        ("see {eq}`nowhere`", r"cell 3, line 1: \{eq\}`nowhere` leads nowhere"),
        ("```{note}\nopen", r"cell 3, line 1: '```\{note\}' is not closed"),
        ("```{note}\na\n\n```{odd}\n```\n```", r"cell 3, line 4: the directive \{odd\}|not closed"),
        ("costs $5\n\n{odd}`b` $", r"line 3: the role \{odd\}"),
        ("{{ word }}", r"line 1: '\{\{ word \}\}' has no plain form"),
        (":::\nb", r"line 1: ':::' opens or closes nothing"),
        ("$$\na", r"line 1: '\$\$' is not closed"),
        ("a\n:class: b", r"':class:' would stand in the plain copy"),
        ("````{tip}\n```{odd} a\n```\n````", r"line 2: the directive \{odd\}"),
        ("- [ ] a `b\n\n  {eq}`c", r"would stand in the plain copy"),
    ],
)
def test_what_is_not_known_is_refused_with_its_place(text, said):
    with pytest.raises(Unknown, match=said):
        plain(text)


# ---- whole notebooks ----


def copied(*cells):
    notebook = new_notebook(cells=list(cells))
    return Copier(notebook, Book(), "07_a.ipynb").made().cells


def exercise(label):
    return f"```{{exercise}} Of {{eq}}`e`\n:label: {label}\n\nShow it.\n```"


def begins(label):
    return f"```{{solution-start}} {label}\n:class: dropdown\n```"


ENDS = "```{solution-end}\n```"


def test_a_solution_of_words_is_folded():
    text = [exercise("ex"), begins("ex"), "By {eq}`e`.", ENDS, "After."]
    cells = copied(new_markdown_cell("\n\n".join(text)))
    assert [cell.source for cell in cells] == [
        "### Exercise 7.2 (Of «eq e»)\n\nShow it.",
        "<details>\n<summary><b>Solution to Exercise 7.2</b></summary>\n\nBy «eq e».\n\n</details>",
        "After.",
    ]
    assert len({cell.id for cell in cells}) == 3


def test_each_of_two_solutions_in_one_cell_has_a_cell_of_its_own():
    text = [part for ex in ("ex-a", "ex-b") for part in (exercise(ex), begins(ex), "A.", ENDS)]
    cells = copied(new_markdown_cell("\n\n".join(text)))
    assert len(cells) == len({cell.id for cell in cells}) == 4


def test_a_solution_with_code_is_a_folded_section():
    cells = copied(
        new_markdown_cell(begins("ex-a")),
        new_code_cell("1 + 1"),
        new_markdown_cell(f"Two.\n\n{ENDS}\n\n{exercise('ex-b')}\n\n{begins('ex-b')}"),
        new_code_cell("2"),
        new_markdown_cell(f"{ENDS}\n\nThis is part of nothing."),
    )
    assert [cell.source.split("\n")[0] for cell in cells] == [
        "#### Solution to Exercise 7.4", "1 + 1", "Two.", "### Exercise 7.4 (Of «eq e»)",
        "#### Solution to Exercise 7.4", "2", "This is part of nothing.",
    ]  # fmt: skip
    folded = [cell.metadata.get("jp-MarkdownHeadingCollapsed", False) for cell in cells]
    # The second would fold what stands below it and is no part of it.
    assert folded == [True] + 6 * [False]


def test_a_solution_without_an_end_is_refused():
    with pytest.raises(Unknown, match="the solution of ex-a has no end"):
        copied(new_markdown_cell(begins("ex-a")), new_code_cell("1"))
    with pytest.raises(Unknown, match="cell 1: a solution ends that has not begun"):
        copied(new_markdown_cell(ENDS))


def test_code_is_folded_as_on_the_page_and_captions_stand_below():
    cells = copied(
        new_code_cell("import numpy", metadata={"tags": ["hide-input"]}),
        new_markdown_cell("{.proved .folds}\nProves {eq}`e`."),
        new_code_cell("assert True", metadata={"proves": ["e"], "how": "exact"}),
        new_code_cell(
            "plot()",
            metadata={"mystnb": {"figure": {"caption": "See {eq}`e`.", "name": "fig"},
                                 "image": {"alt": "A line"}}},
            outputs=[new_output("display_data", {"image/png": "aGk="})],
        ),
    )  # fmt: skip
    first, tick, proof, drawn, caption = cells
    assert first.metadata["jupyter"] == {"source_hidden": True}
    assert tick.source == "Proves «eq e»."
    assert proof.metadata == {"jupyter": {"source_hidden": True, "outputs_hidden": True}}
    assert "jupyter" not in drawn.metadata
    assert drawn.outputs[0].metadata["image/png"]["alt"] == "A line"
    assert caption.source == "**Exercise 7.3.** See «eq e»."


def test_an_equation_that_a_cell_prints_has_its_number():
    output = new_output("execute_result", {"text/markdown": "$$\na\n$$ (eq-a)\n", "text/plain": ""})
    (cell,) = copied(new_code_cell('equation(a, "eq-a", "so:")\nf("eq-b")', outputs=[output]))
    assert cell.source == 'equation(a, "7.4", "so:")\nf("eq-b")'
    assert cell.outputs[0].data["text/markdown"] == "$$\na \\tag{7.4}\n$$"
    from rnnbook.page import equation

    assert equation("a", "7.4", "so:").data == "so:\n\n$$\na \\tag{7.4}\n$$\n"


def test_an_explorer_is_shown_as_its_picture():
    seen = '<p>Seen</p><svg viewBox="0 0 4 2" aria-label="A"><svg x="1"></svg></svg><p>Said</p>'
    output = new_output(
        "execute_result",
        {"application/vnd.jupyter.widget-view+json": {}, "text/html": seen, "text/plain": "E()"},
    )
    (cell,) = copied(new_code_cell("E()", outputs=[output]))
    made = cell.outputs[0].data
    assert set(made) == {"text/html", "text/plain"}
    assert re.fullmatch(
        r'<p>Seen</p><img src="data:image/svg\+xml;base64,[\w+/=]+" width="4" alt="A"><p>Said</p>',
        made["text/html"],
    )
    assert still("<table></table>") == "<table></table>"


# ---- in a build ----


def test_a_book_makes_copies_with_its_own_numbers(build, tmp_path):  # noqa: F811
    """Every kind of reference, as Sphinx resolves it."""
    (tmp_path / "index.md").write_text("# A book\n\n```{bibliography}\n```\n")
    alt = {"mystnb": {"image": {"alt": "A point"}, "figure": {"caption": "One.", "name": "fig"}}}
    draw = "import matplotlib.pyplot as plt\nplt.figure(figsize=(2, 2))\nplt.plot(1, 1)\nplt.show()"
    code, said, pages = build(
        here=[
            new_markdown_cell("(sec-b)=\n## Of length\n\n$$h_t = 1$$ (eq-a)"),
            new_markdown_cell("$$x$$\n\n$$y$$ (eq-b)"),
            new_code_cell(
                "assert True", metadata={"proves": ["eq-a", "eq-b"], "how": "definition"}
            ),
            new_code_cell(draw, metadata=alt),
            new_markdown_cell(
                "{eq}`eq-b` {numref}`fig` {ref}`sec-b` {ref}`ex-a` {cite:t}`pascanu2013`"
                " {cite:p}`pascanu2013` {doc}`08_there` {doc}`elsewhere <08_there>`"
                " [a link](08_there.ipynb) [the book](../index.md) {ref}`words <ex-a>`"
            ),
            new_markdown_cell(f"{exercise('ex-a').replace('{eq}`e`', '$x$')}\n\n{begins('ex-a')}"),
            new_code_cell("2"),
            new_markdown_cell(ENDS),
        ],
        there=[new_markdown_cell("{eq}`eq-b`, {ref}`ex-a`, {ref}`sec-b`, {numref}`fig`")],
    )
    assert code == 0, said
    folder = tmp_path / "_build/html/_sources/notebooks"
    here, there = (nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb")))
    assert [cell.id for cell in here.cells[1:3]] == [beginning.WORDS_ID, beginning.ID]
    del here.cells[1]
    text = "\n\n".join(c.source for c in here.cells if c.cell_type == "markdown")
    assert (
        "(7.2) Figure 7.1 [Of length](#Of-length) Exercise 7.1 Pascanu *et al.* "
        "[[2013](https://arxiv.org/abs/1211.5063)]"
    ) in text
    assert (
        "[8. A chapter](08_there.ipynb) [elsewhere](08_there.ipynb) [a link](08_there.ipynb) "
        "the book words"
    ) in text
    # Word for word what the page says.
    (said,) = re.findall(r"<p>(?:(?!</p>).)*the book.*?</p>", pages["07_here"], re.DOTALL)
    said = html.unescape(re.sub("<[^>]*>", "", said)).split()
    (line,) = (line for line in text.split("\n") if "the book" in line)
    line = re.sub(r"\]\([^)]*\)|[][*]", "", line)
    assert line.split() == [word.strip("[]") for word in said]
    assert "h_t = 1 \\tag{7.1}" in text
    assert "y \\tag{7.2}" in text
    assert "### Exercise 7.1 (Of $x$)" in text
    assert "#### Solution to Exercise 7.1" in text
    assert "Checks (7.1), (7.2): definition." in text
    assert "**Figure 7.1.** One." in text
    assert "## What was cited\n\n- Razvan Pascanu, Tomas Mikolov" in text
    assert LEFT.search(without_code(text)) is None
    assert there.cells[3].source == (
        "[(7.2)](07_here.ipynb), [Exercise 7.1](07_here.ipynb), [Of length](07_here.ipynb), "
        "[Figure 7.1](07_here.ipynb)"
    )
    outputs = [output for cell in here.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 1
    nbformat.validate(here)
    # The lab has the same.
    names = [path.name for path in sorted((tmp_path / "_build/lab").glob("*.ipynb"))]
    assert names == ["07_here.ipynb", "08_there.ipynb"]


def test_an_unknown_directive_stops_the_build_by_name(build):  # noqa: F811
    code, said, _ = build(one=[new_markdown_cell("Text.\n\n```{versionadded} 1\n```")])
    assert code != 0
    assert "notebooks/07_one.ipynb, cell 2, line 3: the directive {versionadded}" in said


# ---- what a reader has changed ----


def book(*sources, outputs=()):
    cells = [new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    for cell in cells:
        cell.outputs = list(outputs)
    return nbformat.writes(new_notebook(cells=cells))


def test_a_copy_that_was_only_run_is_replaced(tmp_path):
    edited.lay(tmp_path, {"a.ipynb": book("1")})
    ran = book("1", "", outputs=[new_output("stream", text="1")])
    (tmp_path / "a.ipynb").write_text(ran)
    assert edited.lay(tmp_path, {"a.ipynb": book("2")}) == []
    assert json.loads((tmp_path / "a.ipynb").read_text())["cells"][0]["source"] in ("2", ["2"])


def test_a_copy_that_was_changed_is_kept_and_the_new_one_lies_beside_it(tmp_path):
    edited.lay(tmp_path, {"a.ipynb": book("1"), "b.ipynb": book("b")})
    mine = tmp_path / "a.ipynb"
    mine.write_text(book("mine"))
    assert edited.lay(tmp_path, {"a.ipynb": book("1"), "b.ipynb": book("b")}) == ["a.ipynb"]
    assert not (tmp_path / "a.new.ipynb").exists()  # the book's is still the one it began with
    assert edited.lay(tmp_path, {"a.ipynb": book("2"), "b.ipynb": book("b")}) == ["a.ipynb"]
    assert mine.read_text() == book("mine")
    assert (tmp_path / "a.new.ipynb").read_text() == book("2")
    # Thrown away, it is replaced, and what lay beside it goes.
    mine.unlink()
    assert edited.lay(tmp_path, {"a.ipynb": book("2"), "b.ipynb": book("b")}) == []
    assert sorted(p.name for p in tmp_path.glob("*.ipynb")) == ["a.ipynb", "b.ipynb"]


def test_a_chapter_that_is_gone_goes_unless_it_is_the_readers(tmp_path):
    edited.lay(tmp_path, {"a.ipynb": book("1"), "b.ipynb": book("b")})
    (tmp_path / "b.ipynb").write_text(book("mine"))
    edited.lay(tmp_path, {})
    assert [p.name for p in tmp_path.glob("*.ipynb")] == ["b.ipynb"]


def test_clean_leaves_what_is_the_readers(tmp_path):
    made = tmp_path / "_build"
    (made / "html").mkdir(parents=True)
    (made / "html/a.html").write_text("a")
    edited.lay(made / "lab", {"a.ipynb": book("1"), "b.ipynb": book("b")})
    (made / "lab/b.ipynb").write_text(book("mine"))
    (made / "lab/notes.txt").write_text("mine")
    assert [p.name for p in edited.clean(made)] == ["b.ipynb", "notes.txt"]
    left = sorted(p.name for p in made.rglob("*") if p.is_file())
    assert left == [".written.json", "b.ipynb", "notes.txt"]
    # And it is still known for what it is.
    edited.lay(made / "lab", {"a.ipynb": book("1"), "b.ipynb": book("b")})
    assert (made / "lab/b.ipynb").read_text() == book("mine")
    (made / "lab/b.ipynb").unlink()
    (made / "lab/notes.txt").unlink()
    assert edited.clean(made) == []
    assert not made.exists()


def test_clean_needs_nothing_but_python():
    tool = Path(edited.__file__)
    imports = f"import sys; sys.path.insert(0, {str(tool.parent)!r}); import edited"
    command = [sys.executable, "-I", "-S", "-c", imports]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stderr == ""

"""How long a chapter's first reading takes, as the build prints it and a test bounds it.

The first reading is everything before the heading `## For the careful`; a chapter without that
heading is counted whole. What is folded is not read: hidden code, proofs behind their ticks,
dropdowns, solutions. Counted are

    words       of the prose, of captions, of questions with their choices and the right reason;
                a formula within a sentence, or a display without a number, is one word
    equations   numbered ones that stand open, those that cells print among them
    lines       of code that stands open, blank ones aside

and a first reading takes words / 180 + equations / 2 + lines / 10 minutes.
"""

import re
from typing import NamedTuple

import nbformat

from . import fences, ledger, quiz
from .execution import say

CAREFUL = re.compile(r"^## For the careful\s*$", re.MULTILINE)
CEILING, EQUATIONS = 30, 8

# Directives whose body is not read as prose.
SILENT = {"solution", "glossary", "bibliography", "math", "raw", "image", "tableofcontents"}
CODE = {"code", "code-block", "code-cell", "sourcecode"}
FOLDED_CODE = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
FOLDED_OUTPUT = {"hide-output", "hide-cell", "remove-output", "remove-cell"}

INLINE = re.compile(r"(?<![\\$])\$(?!\$)(?:\\.|[^$\\])+\$")
ROLE = re.compile(r"\{[\w:-]+\}`[^`]*`")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
# Comments, labels and classes.
NOT_READ = re.compile(r"^(?:%.*|\([\w-]+\)=|\{[.#][^}\n]*\})[ ]*$|<!--[\s\S]*?-->", re.MULTILINE)


class Count(NamedTuple):
    """What a reader of a text has before them."""

    words: int = 0
    equations: int = 0
    lines: int = 0

    def __add__(self, other):
        return Count(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def minutes(self):
        return self.words / 180 + self.equations / 2 + self.lines / 10


def words(text):
    text = NOT_READ.sub("", text)
    for formula in (ledger.DISPLAY, INLINE, ROLE):
        text = formula.sub(" formula ", text)
    return sum(any(map(str.isalnum, word)) for word in LINK.sub(r"\1", text).split())


def prose(text):
    """Of a text without fenced blocks."""
    numbered = sum(bool(ledger.LABELLED.fullmatch(d)) for d in ledger.DISPLAY.findall(text))
    return Count(words(text) - numbered, numbered)


def of_question(lines):
    try:
        text, choices = quiz.taken_apart(lines)
    except quiz.Wrong:  # the directive will say so, with its place
        return prose("\n".join(lines))
    read = [text, *(choice.text for choice in choices)]
    read += [choice.why for choice in choices if choice.right]
    return sum((of_markdown("\n".join(part)) for part in read), Count())


def of_markdown(source):
    total = Count()
    for block in fences.blocks(source):
        if not block.name and not block.language:
            total += prose("\n".join(block.lines))
        elif block.language or block.name in CODE:
            total += Count(lines=sum(bool(line.strip()) for line in block.lines))
        elif block.name in quiz.KINDS:
            total += of_question(block.lines)
        elif not block.folded and block.name not in SILENT:
            title = "" if block.name in ("figure", "exercise-start") else block.argument
            total += of_markdown(f"{title}\n" + "\n".join(block.lines))
    return total


def of_code(cell):
    tags, total = set(cell.metadata.get("tags", [])), Count()
    if not tags & FOLDED_CODE:
        total += Count(lines=sum(bool(line.strip()) for line in cell.source.split("\n")))
    if not tags & FOLDED_OUTPUT:
        total += prose(cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", ""))
        for output in cell.get("outputs", []):
            text = output.get("data", {}).get("text/markdown", "") if "data" in output else ""
            total += of_markdown(text)
    return total


def is_read_twice(notebook):
    """Whether the chapter has a part for the careful."""
    texts = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return any(CAREFUL.search(text) for text in texts)


def first_reading(notebook):
    """The Count of a chapter's first reading."""
    total, solution = Count(), False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            total += Count() if solution else of_code(cell)
            continue
        text, *careful = CAREFUL.split(cell.source, maxsplit=1)
        # A solution is folded, from its start to its end, over several cells.
        for piece in re.split(r"(```\{solution-(?:start|end)\}[^`]*```)", text):
            if piece.startswith("```{solution-"):
                solution = piece.startswith("```{solution-start")
            elif not solution:
                total += of_markdown(piece)
        if careful:
            break
    return total


def table(chapters):
    """Lines of text: each chapter of (name, notebook), and what its first reading holds."""
    lines = [f"{'first reading':30}{'words':>6}{'equations':>11}{'code':>6}{'minutes':>9}"]
    for name, notebook in chapters:
        count = first_reading(notebook)
        row = f"{name:30}{count.words:6}{count.equations:11}{count.lines:6}{count.minutes:9.0f}"
        lines.append(row + ("" if is_read_twice(notebook) else "  (not yet read twice)"))
    return lines


def tell(app):
    chapters = [
        (docname.removeprefix("notebooks/"), nbformat.read(app.env.doc2path(docname), as_version=4))
        for docname in sorted(app.unrolled_runs)
    ]
    if chapters:
        say("\n".join(table(chapters)))


def setup(app):
    # After the notebooks have been executed.
    app.connect("builder-inited", tell, priority=900)

"""Questions that mark themselves: `{quiz}`, and `{predict}` before a figure or an answer.

    ```{quiz}
    :name: quiz-half
    :backed: eq-product
    A weight of 0.9 is passed 59 times. What is left?

    - [ ] About a half.

      Why not.
    - [x] About a five-hundredth.

      Why.
    ```

The reason of a choice shows once it is chosen. A page does this without a script: the choices are
radio buttons (checkboxes, if several are right), and the style sheet shows what follows a checked
one, in a region that screen readers read out when something appears in it. In a prediction the
right choice shows as well, beside the one that was made.

What backs the right answer is `:backed:`, the labels of proved equations, or a code cell of the
same notebook that names the question in its metadata, `"answers": ["quiz-half"]`. A question of
words alone says `:backed: text`. `faults` tells which questions nothing backs.
"""

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from . import fences, ledger

KINDS = ("quiz", "predict")
CHOICE = re.compile(r"- \[([ x])\] (\S.*)")
LIKE_A_CHOICE = re.compile(r"\s{0,3}[-*+] *\[.?\]")
FENCE = re.compile(r"\s*(`{3,}|~{3,}|:{3,})")


class Wrong(Exception):
    """A question that is not written as it should be, and the line of its body (from 0)."""

    def __init__(self, line, message):
        super().__init__(message)
        self.line = line


class Choice(NamedTuple):
    """`text` is what can be chosen, `why` what is said then; each with its first line."""

    right: bool
    text: list
    text_line: int
    why: list
    why_line: int


class Question(NamedTuple):
    """A question of a notebook: `line` is that of its body in the cell, from 1."""

    kind: str
    name: str
    backed: tuple
    text: list
    choices: list
    cell: int
    line: int

    @property
    def right(self):
        """The places of the right choices, from 0."""
        return [i for i, choice in enumerate(self.choices) if choice.right]


def taken_apart(lines):
    """The question's own lines, and its choices. Raises Wrong."""
    text, starts, fence = [], [], ""
    for i, line in enumerate(lines):
        if fence:
            fence = "" if fences.ends(line, fence) else fence
            inside = True
        else:
            inside = bool(match := FENCE.match(line))
            fence = match[1] if match else ""
        if not inside and CHOICE.fullmatch(line.rstrip()):
            starts.append(i)
        elif not inside and LIKE_A_CHOICE.match(line):
            raise Wrong(i, f"a choice begins with '- [ ] ' or '- [x] ', not {line.strip()[:30]!r}")
        elif not starts:
            text.append(line)
        elif line.strip() and not line.startswith("  "):
            raise Wrong(i, f"what belongs to a choice is indented by two spaces: {line[:30]!r}")
    if not any(line.strip() for line in text):
        raise Wrong(0, "there is no question before the choices")
    choices = [
        one_choice(lines[start:end], start)
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    ]
    if len(choices) < 2:
        raise Wrong(0, f"a question needs at least two choices, and has {len(choices)}")
    right = sum(choice.right for choice in choices)
    if right in (0, len(choices)):
        raise Wrong(starts[0], f"{right} of {len(choices)} choices are right; mark with '- [x]'")
    return text, choices


def one_choice(lines, start):
    mark, first = CHOICE.fullmatch(lines[0].rstrip()).groups()
    blank = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    text = [first, *(line.strip() for line in lines[1:blank])]
    why = textwrap.dedent("\n".join(lines[blank:])).split("\n")
    if not any(line.strip() for line in why):
        raise Wrong(start, f"the choice {first[:30]!r} says no reason in a paragraph of its own")
    return Choice(mark == "x", text, start, why, start + blank)


# ---- in the sources ----


def questions(notebook):
    """Every question of a notebook, in order. Raises ValueError where one is badly written."""
    found = []

    def look(source, cell, line):
        for block in fences.blocks(source, line):
            if block.name in KINDS:
                try:
                    text, choices = taken_apart(block.lines)
                except Wrong as wrong:
                    place = f"cell {cell + 1}, line {block.line + wrong.line}"
                    raise ValueError(f"{place}: {wrong}") from None
                backed = tuple(re.split(r"[\s,]+", block.options.get("backed", "").strip()))
                name = block.options.get("name", "")
                found.append(Question(block.name, name, tuple(filter(None, backed)), text,
                                      choices, cell, block.line))  # fmt: skip
            elif block.name:
                look(block.lines, cell, block.line)

    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            look(cell.source, i, 1)
    return found


def proved(notebook):
    """The labels of the equations that this notebook proves."""
    return {label for proof in ledger.proofs(notebook) for label in proof.labels}


def faults(notebook, elsewhere=()):
    """Questions that nothing backs, and cells that answer nothing.

    elsewhere: labels of equations that other chapters prove.
    """
    found, asked = [], questions(notebook)
    known = proved(notebook) | set(elsewhere)
    answers = {}
    for i, cell in enumerate(ledger.code_cells(notebook), 1):
        for name in cell.metadata.get("answers", []):
            answers.setdefault(name, []).append(i)
            if not re.search(r"\bassert\b|\brequire_equal\(|\bprove|\bprint\(", cell.source):
                found.append(f"code cell {i} answers {name}, and neither asserts nor prints")
    names = [question.name for question in asked]
    for question in asked:
        name = question.name or f"the question in cell {question.cell + 1}"
        if not question.name:
            found.append(f"{name} has no :name:")
        if names.count(question.name) > 1:
            found.append(f"{name} is the name of two questions")
        for label in question.backed:
            if label != "text" and label not in known:
                found.append(f"{name} is backed by {label}, which no cell proves")
        if "text" in question.backed and (len(question.backed) > 1 or question.name in answers):
            found.append(f"{name} is backed by more than its text: leave `text` out")
        if not question.backed and question.name not in answers:
            found.append(f"{name} has nothing that backs its answer")
        body = "\n".join([*question.text, *("\n".join(c.text + c.why) for c in question.choices)])
        if ledger.LABELLED.search(body):
            found.append(f"{name} holds a numbered equation, which the ledger does not see there")
    found += [
        f"code cell {cells[0]} answers {name}, which no question is called"
        for name, cells in answers.items()
        if name not in names
    ]
    return found


# ---- on the pages ----


class quiz_block(nodes.General, nodes.Element):
    """A question: `quiz_question`, then each `quiz_choice`."""


class quiz_question(nodes.General, nodes.Element):
    pass


class quiz_choice(nodes.General, nodes.Element):
    """`quiz_label` and `quiz_why`."""


class quiz_label(nodes.General, nodes.TextElement):
    pass


class quiz_why(nodes.General, nodes.Element):
    pass


def place(source, line):
    """Where a line stands: MyST-NB counts cells in ten thousands, and their lines from 2."""
    name = Path(source).name
    if line < 10_000:
        return f"{name}, line {line}"
    return f"{name}, cell {line // 10_000}, line {line % 10_000 - 1}"


class Quiz(SphinxDirective):
    """`{quiz}` and `{predict}`."""

    has_content = True
    option_spec = {"name": directives.unchanged, "backed": directives.unchanged}  # noqa: RUF012

    def line(self, i):
        """The line of the source in which line i of the body stands."""
        return self.lineno + self.content_offset + i + 1

    def run(self):
        try:
            text, choices = taken_apart(list(self.content))
            return [self.made(text, choices)]
        except Wrong as wrong:
            where = place(self.env.doc2path(self.env.docname), self.line(wrong.line))
            raise self.error(f"{where}: {{{self.name}}}: {wrong}") from None

    def made(self, text, choices):
        block = quiz_block(kind=self.name, several=sum(c.right for c in choices) > 1)
        block["number"] = self.env.new_serialno(self.name) + 1
        self.options.setdefault("name", f"{self.name}-{block['number']}")
        self.add_name(block)
        self.set_source_info(block)
        question = quiz_question()
        self.parse(text, 0, question)
        block += question
        for choice in choices:
            one = quiz_choice(right=choice.right)
            holder, why = nodes.Element(), quiz_why()
            self.parse(choice.text, choice.text_line, holder)
            if len(holder) != 1 or not isinstance(holder[0], nodes.paragraph):
                raise Wrong(choice.text_line, "what can be chosen is one paragraph of words")
            self.parse(choice.why, choice.why_line, why)
            one += [quiz_label("", "", *holder[0].children), why]
            block += one
        return block

    def parse(self, lines, i, node):
        self.state.nested_parse(StringList(lines), self.content_offset + i, node)


TITLES = {"quiz": "Question {}", "predict": "Before you read on"}
SEVERAL = ": choose all that are right"
SIGNS = {True: "✓", False: "✗"}
# What is said of a choice: when it was made, and when another was. The last is seen on paper only.
MARKS = {
    ("quiz", True): {"": "Right."},
    ("quiz", False): {"": "Not so."},
    ("predict", True): {" quiz-chosen": "You predicted this, and so it is.",
                        " quiz-not-chosen": "This one is right."},
    ("predict", False): {" quiz-chosen": "You predicted this, and it is not so.",
                         " quiz-not-chosen": "Not so."},
}  # fmt: skip


def visit_block(self, node):
    ident = node["ids"][0]
    title = TITLES[node["kind"]].format(node["number"]) + (SEVERAL if node["several"] else "")
    attributes = {"aria-labelledby": f"{ident}-title {ident}-question"}
    kinds = "quiz quiz-predict" if node["kind"] == "predict" else "quiz"
    self.body.append(self.starttag(node, "fieldset", CLASS=kinds, **attributes))
    self.body.append(f'<legend class="quiz-title" id="{ident}-title">{title}</legend>\n')


def depart_block(self, node):
    self.body.append("</fieldset>\n")


def visit_question(self, node):
    self.body.append(f'<div class="quiz-question" id="{node.parent["ids"][0]}-question">')


def visit_choice(self, node):
    block = node.parent
    name = block["ids"][0]
    ident = f"{name}-{block.index(node)}"
    kind = "checkbox" if block["several"] else "radio"
    which = "quiz-right" if node["right"] else "quiz-wrong"
    self.body.append(
        f'<div class="quiz-choice {which}">'
        f'<input type="{kind}" name="{name}" id="{ident}" autocomplete="off">'
    )


def visit_label(self, node):
    block = node.parent.parent
    ident = f"{block['ids'][0]}-{block.index(node.parent)}"
    self.body.append(f'<label for="{ident}">')


def depart_label(self, node):
    self.body.append("</label>\n")


def visit_why(self, node):
    """A region that is always there and speaks, and in it what appears."""
    right = node.parent["right"]
    self.body.append('<div class="quiz-said" role="status"><div class="quiz-why">')
    sign = f'<span class="quiz-sign" aria-hidden="true">{SIGNS[right]}</span>'
    for which, said in MARKS[node.parent.parent["kind"], right].items():
        self.body.append(f'<p class="quiz-mark{which}">{sign} {said}</p>\n')


def depart_why(self, node):
    self.body.append("</div></div>\n")


def depart_div(self, node):
    self.body.append("</div>\n")


def setup(app):
    app.add_node(quiz_block, html=(visit_block, depart_block))
    app.add_node(quiz_question, html=(visit_question, depart_div))
    app.add_node(quiz_choice, html=(visit_choice, depart_div))
    app.add_node(quiz_label, html=(visit_label, depart_label))
    app.add_node(quiz_why, html=(visit_why, depart_why))
    for kind in KINDS:
        app.add_directive(kind, Quiz)

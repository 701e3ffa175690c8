"""Chapters are read twice: a first reading keeps its budget, its questions mark themselves."""

from collections import Counter

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import notebooks
from unrolled import budget, fences, glossary, ledger, quiz

CHAPTERS = notebooks.chapters()

# Chapters that have no `## For the careful` yet. A chapter that gets it leaves this set.
READ_ONCE = {
    "08",
    "09",
    "10",
    "11",
}

each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def book(*cells):
    return new_notebook(cells=list(cells))


# ---- the budget ----


@each_chapter
def test_a_first_reading_takes_half_an_hour(path):
    notebook = notebooks.read(path)
    if path.stem[:2] in READ_ONCE:
        assert not budget.is_read_twice(notebook), "take this chapter out of READ_ONCE"
        return
    assert budget.is_read_twice(notebook), "the heading `## For the careful` is missing"
    count = budget.first_reading(notebook)
    assert count.minutes <= budget.CEILING, count
    assert count.equations <= budget.EQUATIONS, count


def test_only_chapters_wait_to_be_read_twice():
    assert READ_ONCE <= {path.stem[:2] for path in CHAPTERS}


def counted(*cells):
    return budget.first_reading(book(*cells))


@pytest.mark.parametrize(("text", "words", "equations"), [
    ("# One two\n\nthree, four - five.", 5, 0),
    ("A formula $a + b$ is one word.", 6, 0),
    ("As in {eq}`eq-one` and [a link](address.html).", 6, 0),
    ("(sec-label)=\n## One\n% not read\n<!-- nor\nthis -->two", 2, 0),
    ("Two:\n\n$$\na + b\n$$ (eq-one)\n\nand $$c$$", 3, 1),
    ("```{admonition} A title\nof two\n```", 4, 0),
    ("```{admonition} A title\n:class: dropdown\nof two\n```", 0, 0),
    (":::{note}\nof two\n:::", 2, 0),
    ("```{figure} picture.png\n:name: fig-one\n:alt: Not read\nA caption.\n```", 2, 0),
    ("````{note}\n```{tip}\n:class: toggle\nfolded\n```\nopen\n````", 1, 0),
    ("one\n## For the careful\ntwo three", 1, 0),
    ("a\n```{solution-start} ex\n:class: dropdown\n```\nb c\n```{solution-end}\n```\nd", 2, 0),
])  # fmt: skip
def test_what_is_read_is_counted(text, words, equations):
    assert counted(new_markdown_cell(text)) == (words, equations, 0)


@pytest.mark.parametrize(("tags", "lines", "words", "equations"), [
    ([], 2, 3, 1),
    (["hide-input"], 0, 3, 1),
    (["remove-input"], 0, 3, 1),
    (["hide-output"], 2, 0, 0),
    (["hide-cell"], 0, 0, 0),
])  # fmt: skip
def test_what_is_hidden_is_not_read(tags, lines, words, equations):
    out = new_output("display_data", {"text/markdown": "Printed:\n$$\nx\n$$ (eq-one)"})
    caption = {"figure": {"caption": "A caption."}}
    cell = new_code_cell("a = 1\n\nb = 2", outputs=[out])
    cell.metadata |= {"tags": tags, "mystnb": caption}
    assert counted(cell) == (words, equations, lines)


def test_code_in_the_text_is_code_and_a_question_is_read_with_its_right_answer():
    assert counted(new_markdown_cell("```python\na = 1\n\nb = 2\n```")) == (0, 0, 2)
    assert counted(new_markdown_cell(ASKED)).words == 3 + 1 + 2 + 3


def test_nothing_behind_the_heading_is_counted():
    careful = new_markdown_cell("one\n\n## For the careful")
    cells = [new_code_cell("a = 1"), careful, new_code_cell("b = 2"), new_markdown_cell("two")]
    assert counted(*cells) == (1, 0, 1)
    assert budget.is_read_twice(book(careful))
    assert not budget.is_read_twice(book(new_markdown_cell("### For the careful")))


def test_minutes():
    assert budget.Count(words=360, equations=4, lines=10).minutes == 2 + 2 + 1
    long, short = (book(new_markdown_cell("word " * n)) for n in (900, 90))
    assert budget.table([("long", long), ("short", short)])[1].split()[:5] == [
        "long", "900", "0", "0", "5",
    ]  # fmt: skip


# ---- questions ----

ASKED = """```{quiz}
:name: quiz-one
:backed: text
Is it so?

- [ ] No.

  Not right, this.
- [x] It is.

  Because of that.
```"""

RIGHT = quiz.questions(book(new_markdown_cell(ASKED)))[0]


@each_chapter
def test_every_question_has_an_answer_that_something_backs(path):
    others = [quiz.proved(notebooks.read(other)) for other in CHAPTERS if other != path]
    assert quiz.faults(notebooks.read(path), set().union(*others)) == []


def all_questions():
    return [question for path in CHAPTERS for question in quiz.questions(notebooks.read(path))]


def same_place(questions):
    """The share of questions of one right answer that have it at the most frequent place."""
    places = Counter(question.right[0] for question in questions if len(question.right) == 1)
    return max(places.values(), default=0) / max(places.total(), 1)


@each_chapter
def test_the_right_answer_is_not_always_at_the_same_place(path):
    questions = quiz.questions(notebooks.read(path))
    assert len(questions) < 3 or same_place(questions) < 1


def test_nor_is_it_mostly_at_one_place_in_the_book():
    questions = all_questions()
    assert len(questions) < 10 or same_place(questions) < 0.7


def test_a_question_is_read_from_its_source():
    assert (RIGHT.kind, RIGHT.name, RIGHT.backed) == ("quiz", "quiz-one", ("text",))
    assert (RIGHT.cell, RIGHT.line, RIGHT.right) == (0, 4, [1])
    assert RIGHT.choices[1].text == ["It is."]
    assert "Because of that." in RIGHT.choices[1].why


def test_questions_are_found_inside_other_blocks():
    nested = f"words\n\n:::{{note}}\n{ASKED}\n:::\n\n~~~{{predict}}\nWhat?\n- [x] a\n\n  b\n" \
        "- [ ] c\n\n  d\n~~~"  # fmt: skip
    found = quiz.questions(book(new_markdown_cell(nested)))
    assert [(one.kind, one.line) for one in found] == [("quiz", 7), ("predict", 19)]


def test_code_in_a_question_may_look_like_a_choice():
    lines = "What does it print?\n\n```text\n- [x] a\nb\n```\n\n- [ ] a\n\n  b\n- [x] c\n\n  d"
    text, choices = quiz.taken_apart(lines.split("\n"))
    assert "- [x] a" in text
    assert [choice.right for choice in choices] == [False, True]


BROKEN = [
    ("", 0, "no question before the choices"),
    ("- [ ] a\n\n  b\n- [x] c\n\n  d", 0, "no question before the choices"),
    ("What?\n\n- [x] a\n\n  b", 0, "at least two choices, and has 1"),
    ("What?\n\n- [ ] a\n\n  b\n- [ ] c\n\n  d", 2, "0 of 2 choices are right"),
    ("What?\n\n- [x] a\n\n  b\n- [x] c\n\n  d", 2, "2 of 2 choices are right"),
    ("What?\n\n- [ ] a\n\n  b\n- [x] c", 5, "says no reason"),
    ("What?\n\n- [ ] a\n- [x] c\n\n  d", 2, "says no reason"),
    ("What?\n\n- [ ] a\n\n  b\n- [X] c\n\n  d", 5, "begins with '- [ ] ' or '- [x] '"),
    ("What?\n\n- [ ] a\n\n  b\n* [x] c\n\n  d", 5, "begins with '- [ ] ' or '- [x] '"),
    ("What?\n\n- [ ] a\n\n  b\n-[x] c\n\n  d", 5, "begins with '- [ ] ' or '- [x] '"),
    ("What?\n\n- [ ] a\n\nb\n- [x] c\n\n  d", 4, "is indented by two spaces: 'b'"),
]


@pytest.mark.parametrize(("body", "line", "fault"), BROKEN)
def test_a_badly_written_question_is_named_with_its_line(body, line, fault):
    with pytest.raises(quiz.Wrong, match=fault.replace("[", r"\[")) as caught:
        quiz.taken_apart(body.split("\n"))
    assert caught.value.line == line
    where = f"cell 1, line {line + 4}: "
    with pytest.raises(ValueError, match=where):
        quiz.questions(book(new_markdown_cell(f"words\n\n```{{quiz}}\n{body}\n```")))


def asked(backed="", name="quiz-one"):
    """The question with other options."""
    options = (f":name: {name}\n" if name else "") + (f":backed: {backed}\n" if backed else "")
    return new_markdown_cell(ASKED.replace(":name: quiz-one\n:backed: text\n", options))


def answering(source="print(1)", names=("quiz-one",)):
    return new_code_cell(source, metadata={"answers": list(names)})


EQUATION = new_markdown_cell("$$\na\n$$ (eq-one)")
PROOF = new_code_cell("assert True", metadata={"proves": ["eq-one"], "how": "exact"})


@pytest.mark.parametrize("cells", [
    [asked("text")],
    [asked(), answering()],
    [asked(), answering("assert True")],
    [asked("eq-one"), EQUATION, PROOF],
    [asked("eq-one, eq-elsewhere"), EQUATION, PROOF, answering()],
])  # fmt: skip
def test_what_backs_an_answer(cells):
    assert quiz.faults(book(*cells), {"eq-elsewhere"}) == []


@pytest.mark.parametrize(("cells", "fault"), [
    ([asked()], "quiz-one has nothing that backs its answer"),
    ([asked("eq-one"), EQUATION], "quiz-one is backed by eq-one, which no cell proves"),
    ([asked("eq-one text"), EQUATION, PROOF], "more than its text"),
    ([asked("text"), answering()], "more than its text"),
    ([asked(), answering("1 + 1")], "neither asserts nor prints"),
    ([asked("text"), answering(names=["quiz-two"])], "answers quiz-two, which no question is"),
    ([asked("text", name="")], "the question in cell 1 has no :name:"),
    ([asked("text"), asked("text")], "quiz-one is the name of two questions"),
    ([new_markdown_cell(ASKED.replace("Is it so?", "$$a$$ (eq-a)"))], "holds a numbered equation"),
])  # fmt: skip
def test_a_question_that_nothing_backs_is_found(cells, fault):
    assert any(fault in found for found in quiz.faults(book(*cells))), quiz.faults(book(*cells))


def test_where_a_line_stands():
    assert quiz.place("book/page.md", 12) == "page.md, line 12"
    assert quiz.place("notebooks/03_x.ipynb", 120_006) == "03_x.ipynb, cell 12, line 5"


# ---- fences ----


def test_fences_end_where_markdown_ends_them():
    text = "a\n````{note} Title\n:class: tip dropdown\n:name: n\n```\ncode\n```\n````\nb\n~~~\nc"
    note, code = (block for block in fences.blocks(text) if block.name or block.language)
    assert (note.name, note.argument, note.folded) == ("note", "Title", True)
    assert note.options["name"] == "n"
    assert (note.lines, note.line) == (["```", "code", "```"], 5)
    assert (code.language, code.lines, code.line) == ("code", ["c"], 11)


# ---- folded proofs ----


def folding(**metadata):
    metadata = {"proves": ["eq-one"], "how": "exact", "tags": ["hide-cell"]} | metadata
    return book(EQUATION, new_code_cell("assert True", metadata=metadata))


def test_a_hidden_proof_is_folded_behind_its_tick():
    notebook = folding(sizes="two units and three steps")
    assert ledger.faults(notebook) == []
    ledger.say_what_is_proved(notebook)
    _, line, cell = notebook.cells
    said = "Proves {eq}`eq-one` for two units and three steps: exact."
    assert line.source == "{.proved .folds}\n" + said
    assert cell.metadata["tags"] == []


def test_the_ledger_says_for_which_sizes():
    (proof,) = ledger.proofs(folding(sizes="two units"))
    assert proof.told == "exact, for two units"
    (proof,) = ledger.proofs(folding())
    assert proof.told == "exact"


# ---- the glossary ----


def terms(page):
    """The entries of a glossary, each as its terms in small letters."""
    (block,) = (block for block in fences.blocks(page) if block.name == "glossary")
    entries = "\n".join(block.lines).strip("\n").split("\n\n")
    return [
        [line.lower() for line in entry.split("\n") if not line.startswith(" ")]
        for entry in entries
    ]


def test_the_glossary_is_in_alphabetical_order(root):
    listed = terms((root / "book/glossary.md").read_text("utf8"))
    first = [names[0] for names in listed]
    assert first == sorted(first)
    every = [name for names in listed for name in names]
    assert all(every)
    assert len(every) == len(set(every))


def test_a_term_is_first_used_in_the_first_chapter_that_links_to_it():
    used = {
        "book/four-questions": {"state": "early"},
        "notebooks/10_x": {"state": "late"},
        "notebooks/02_x": {"gate": "there"},
        "notebooks/03_x": {"hidden state": "here", "state": "below"},
    }
    assert glossary.first_use(used, ["Hidden state", "State"]) == ("notebooks/03_x", "here")
    assert glossary.first_use(used, ["Loss"]) is None

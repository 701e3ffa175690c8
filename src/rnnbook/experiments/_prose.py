"""The book's own prose as plain text: what the network of chapter 1 reads (see `letters.py`).

Only sentences are kept. Displayed formulas, tables, code, headings and lists of references go; a
letter of the book between dollars stays as it would be typed, h_t, and a sentence with anything
longer goes as a whole.
"""

import json
import re
from collections import Counter
from pathlib import Path

from rnnbook import checks

CLONE = Path(__file__).parents[3]  # the folder that has notebooks/ and book/
RARE = 20  # a symbol that occurs less often is not worth its column of weights
SHORTEST = 20  # letters of a sentence; shorter ones are mostly labels

# Blocks of a page that hold sentences; all others, such as tables, code and figures, go.
SPOKEN = {"admonition", "note", "tip", "hint", "important", "warning", "margin", "sidebar",
          "exercise", "solution", "quiz", "predict", "dropdown", "grid", "grid-item-card"}
FENCE = re.compile(r"\s*(`{3,}|~{3,}|:{3,})\s*(\{([\w:-]+)\})?")
NO_PROSE = re.compile(r"^\s*(#|\||<|\(\S+\)=|%|\+\+\+|---|:[\w-]+:).*$", re.MULTILINE)
FORMULA = re.compile(r"\$\$.*?\$\$(\s*\([\w-]+\))?", re.DOTALL)
ITEM = re.compile(r"^\s*([-*]|\d+\.|[a-z]\.)\s+(\[[ x]\]\s+)?", re.MULTILINE)
SENTENCE = re.compile(r"[^.?!]+(?:[.?!](?![)\"']*(?:\s|$))[^.?!]*)*[.?!]+[)\"']*(?=\s|$)")
KEPT = re.compile(r"[A-Z(\"'][A-Za-z0-9 ,.;:?!()'\"\-=+_/%]*")
TYPED = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-",
         "\u2212": "-", "\u2026": "...", "\u00d7": "times"}


def text(clone=CLONE):
    """All of it: paragraphs, one a line, of sentences whose symbols all occur often enough.

    Raises FileNotFoundError where the package stands alone, without the book.
    """
    paragraphs = [[sentence for sentence in sentences if KEPT.fullmatch(sentence)]
                  for page in pages(clone) for sentences in sentences_of(page)]
    common = Counter(letter for sentences in paragraphs for s in sentences for letter in s)
    rare = {letter for letter, count in common.items() if count < RARE}
    paragraphs = [[s for s in sentences if not rare & set(s)] for sentences in paragraphs]
    return "\n".join(" ".join(sentences) for sentences in paragraphs if sentences)


def pages(clone=CLONE):
    """The Markdown of each chapter and of each page around them, in the order of their names."""
    chapters = sorted((clone / "notebooks").glob("*.ipynb"))
    if not chapters:
        raise FileNotFoundError(f"no chapters in {clone / 'notebooks'}; the network of chapter 1 "
                                "can be trained in a clone of the book only")
    for path in chapters:
        cells = json.loads(path.read_text("utf8"))["cells"]
        yield "\n\n".join("".join(cell["source"]) for cell in cells
                          if cell["cell_type"] == "markdown")
    for path in sorted((clone / "book").glob("*.md")):
        yield path.read_text("utf8")


def sentences_of(markdown):
    """A page's paragraphs, each a list of its sentences; to be sorted out by `text`."""
    checks.kind("markdown", markdown, str)
    bare = ITEM.sub("\n\n", NO_PROSE.sub("\n", FORMULA.sub("\n\n", _spoken(markdown))))
    for paragraph in re.split(r"\n\s*\n", bare):
        plain = _plain(" ".join(paragraph.split()))
        found = [sentence.strip() for sentence in SENTENCE.findall(plain)]
        yield [sentence for sentence in found if len(sentence) >= SHORTEST]


def _spoken(markdown):
    """Without the blocks that hold no sentences, and without the marks of those that do."""
    lines, inside = [], None
    for line in markdown.splitlines():
        fence = FENCE.match(line)
        if inside:
            if fence and fence[1] == inside and not fence[2]:
                inside = None
        elif fence:
            opens_code = line.strip() != fence[1]  # a name, of a block or of a language
            if opens_code and fence[3] not in SPOKEN:
                inside = fence[1]
            lines.append("")
        else:
            lines.append(line)
    return "\n".join(lines)


def _plain(paragraph):
    """Marks of Markdown read as words."""
    p = re.sub(r",? ?\{eq\}`[^`]*`(?=[,.;:)])", "", paragraph)
    p = re.sub(r"\{eq\}`[^`]*`", "the equation", p)
    p = re.sub(r"\{numref\}`[^`]*`", "the figure", p)
    p = re.sub(r"\{cite(?::\w+)?\}`([a-z]+)[^`]*`", lambda name: name[1].capitalize(), p)
    p = re.sub(r"\{[\w:]+\}`([^`<]*?)\s*<[^`]*>`", r"\1", p)
    p = re.sub(r"\{term\}`([^`]*)`", r"\1", p)
    p = re.sub(r"\{[\w:]+\}`[^`]*`", "\\\\", p)  # a sign that no kept sentence has
    p = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", p)
    p = re.sub(r"\$([^$]*)\$", lambda formula: _typed(formula[1]), p)
    p = re.sub(r"`([^`]*)`", r"\1", p)
    p = re.sub(r"\*+|(?<!\w)_|_(?!\w)", "", p)
    return re.sub(" +", " ", "".join(TYPED.get(letter, letter) for letter in p))


def _typed(formula):
    """$W_{hh}$ as W_hh; what needs more than that keeps a backslash."""
    f = formula.strip().replace("\\,", "").replace("{,}", ",")
    for name in ("theta", "gamma", "sigma", "lambda", "tanh", "times", "dots"):
        f = f.replace(f"\\{name}", "..." if name == "dots" else name)
    return re.sub(r"[{}]", "", f)

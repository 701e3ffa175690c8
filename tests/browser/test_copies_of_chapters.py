"""The chapters' copies that the site offers say what its pages say. No browser is needed for this,
only the built site."""

import html
import re

import nbformat
import pytest

from site_under_test import ROOT, SITE
from unrolled import ledger
from unrolled.plain import LEFT, without_code

CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def words(piece):
    """The words of a piece of HTML, as readers see them."""
    return " ".join(html.unescape(re.sub("<[^>]*>", "", piece)).split())


class Chapter:
    def __init__(self, name):
        self.name = name
        self.copy = nbformat.read(SITE / f"_sources/notebooks/{name}.ipynb", as_version=4)
        self.source = nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4)
        self.page = (SITE / f"notebooks/{name}.html").read_text("utf8")
        cells = self.copy.cells
        self.text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        self.printed = "\n\n".join(
            output.data["text/markdown"]
            for cell in cells
            for output in cell.get("outputs", [])
            if "text/markdown" in output.get("data", {})
        )

    @property
    def words(self):
        """The text without what marks it, as a page has it."""
        text = re.sub(r"\]\((?:[^()\s]|\([^()]*\))*\)", "]", self.text)
        return " ".join(re.sub(r"[][*\\]", "", text).split())


@pytest.fixture(scope="module", params=CHAPTERS)
def chapter(request):
    return Chapter(request.param)


def test_nothing_raw_is_left(chapter):
    for text in (chapter.text, chapter.printed):
        assert LEFT.search(without_code(text)) is None
        assert "\\label" not in text
        assert "$$ (" not in text
    nbformat.validate(chapter.copy)


def test_the_mathematics_is_whole(chapter):
    """As many formulas as the source has, and each dollar has its partner."""
    for cell in chapter.copy.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"```.*?```|(?<!`)`[^`]+`|\\\$", "", cell.source, flags=re.DOTALL)
            assert text.count("$") % 2 == 0, cell.source
            for display in re.findall(r"\$\$(.*?)\$\$", text, re.DOTALL):
                assert "\n\n" not in display, display
                assert display.count("\\begin{") == display.count("\\end{"), display
    texts = "\n".join(ledger.texts(chapter.source))
    labelled = re.findall(r"\$\$\s*\([\w-]+\)", texts)
    assert len(re.findall(r"\\tag\{", chapter.text + chapter.printed)) == len(labelled)


def test_numbers_are_those_of_the_page(chapter):
    numbers = re.findall(r'class="eqno">\(([\d.]+)\)', chapter.page)
    assert numbers
    made = []
    for cell in chapter.copy.cells:
        texts = [cell.source] if cell.cell_type == "markdown" else [
            output.data.get("text/markdown", "") for output in cell.outputs if "data" in output
        ]  # fmt: skip
        for text in texts:
            made += re.findall(r"\\tag\{([\d.]+)\}", text)
    assert made == numbers
    names = [words(name) for name in re.findall(r'"caption-number">(.*?)</span>', chapter.page)]
    ours = re.findall(r"^\*\*(Figure [\d.]+)\.\*\*|^### (Exercise [\d.]+)", chapter.text, re.M)
    assert [figure or exercise for figure, exercise in ours] == names


def test_references_say_what_the_page_says(chapter):
    article = chapter.page[chapter.page.index("<article") : chapter.page.index("</article")]
    said = re.findall(r'<a class="reference internal"[^>]*>(.*?)</a>', article, re.DOTALL)
    assert len(said) > 10
    spoken = chapter.words
    missing = [
        words(piece)
        for piece in said
        if "katex" not in piece and words(piece).strip("[]") not in spoken
    ]
    assert missing == []


def test_code_is_the_sources_code(chapter):
    """All cells in their order; only the labels of equations that a cell prints are numbers."""
    labels = set(ledger.equations(chapter.source))
    ours = [cell for cell in chapter.copy.cells if cell.cell_type == "code"]
    theirs = [cell for cell in chapter.source.cells if cell.cell_type == "code"]
    ours = ours[len(ours) - len(theirs) :]  # one more may come first, which gets the package
    for mine, source in zip(ours, theirs, strict=True):
        text = source.source
        if "equation(" in text:
            for label in labels:
                text = re.sub(rf'"{label}"', '"#"', text)
            assert re.sub(r'"\d+\.\d+"', '"#"', mine.source) == text
        else:
            assert mine.source == text


def test_it_looks_right_before_it_is_run(chapter):
    """Each figure and each explorer is there as a picture or as words, and nothing waits."""
    pictures = 0
    for cell in chapter.copy.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            assert not [kind for kind in data if "jupyter.widget" in kind]
            assert output.get("name") != "stderr"
            if data.get("text/plain", "").startswith("<Figure"):
                assert data["image/png"]
                pictures += 1
            assert "<svg" not in data.get("text/html", "")
    assert pictures == len(re.findall(r"^\*\*Figure", chapter.text, re.M)) > 0


def test_what_is_folded_can_be_opened(chapter):
    """Markdown inside <details> needs empty lines around it; solutions are all folded."""
    for opened in re.findall(r"<details>.*?</details>", chapter.text, re.DOTALL):
        assert re.fullmatch(
            r"<details>\n<summary><b>[^\n]+</b></summary>\n\n.*\S\n\n</details>", opened, re.DOTALL
        )
    solutions = [
        cell for cell in chapter.copy.cells
        if cell.cell_type == "markdown" and cell.source.startswith("#### Solution to")
    ]  # fmt: skip
    assert all(cell.metadata.get("jp-MarkdownHeadingCollapsed") for cell in solutions)
    count = len(solutions) + chapter.text.count("<summary><b>Solution to")
    sources = "\n".join(cell.source for cell in chapter.source.cells)
    assert count == len(re.findall(r"\{solution(?:-start)?\}", sources)) > 0


def test_links_lead_to_notebooks_that_are_there(chapter):
    for target in re.findall(r"\]\(([^()\s]*)\)", chapter.text):
        if target.startswith(("http", "attachment:")):
            continue
        file, _, anchor = target.partition("#")
        assert not file or file.removesuffix(".ipynb") in CHAPTERS, target
        if anchor:
            assert f"# {anchor.replace('-', ' ')}" in chapter.text.replace("-", " ")

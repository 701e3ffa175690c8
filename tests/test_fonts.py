"""The book's own letters: cut from whole fonts, under another name, with all that is needed."""

import io
import re

import pytest
from fontTools.ttLib import TTFont

from rnnbook import widgets
from unrolled import letters

WIDGETS = letters.Path(widgets.__file__).parent


@pytest.fixture
def npm(root):
    npm = root / "book/vendor/node_modules"
    if not (npm / "source-sans").is_dir():
        pytest.skip("the fonts are not installed: `make vendor`")
    return npm


@pytest.mark.parametrize("face", letters.FACES, ids=lambda face: " ".join(map(str, face[:3])))
def test_the_whole_fonts_have_every_letter(npm, face):
    with TTFont(npm / face[-1], lazy=True) as font:
        has = set(map(chr, font.getBestCmap()))
    assert letters.CHARACTERS[face[0]] - has == set()


def test_a_cut_font_has_these_letters_alone_and_another_name(npm):
    family, *_, file = letters.FACES[0]
    data = letters.cut(npm / file, family)
    with TTFont(io.BytesIO(data)) as font:
        cmap = font.getBestCmap()
        assert set(map(chr, cmap)) == letters.CHARACTERS[family]
        names = {name.nameID: str(name) for name in font["name"].names}
        assert "Source" not in names[1] + names[3] + names[4] + names[6]
        assert "Adobe" in names[0]
        assert "Open Font License" in names[13]
        # Numbers below each other stand in columns.
        assert len({font["hmtx"][cmap[ord(digit)]][0] for digit in "0123456789−"}) == 1
    assert len(data) < 20_000


@pytest.mark.parametrize("path", sorted(WIDGETS.glob("*.[jcp][sy]*")), ids=lambda path: path.name)
def test_explorers_write_with_these_letters(path):
    text = path.read_text("utf8")
    assert set(re.sub(r"\s", "", text)) - letters.CHARACTERS[letters.SANS] == set()
    # And bring no font: in a page they have the page's, in a notebook the notebook's.
    for family in re.findall(r"font-family:([^;]*);", text):
        assert family.strip() == "inherit" or family.strip().startswith("KaTeX_Math")
    assert not re.search(r"(sans-)?serif", re.sub(r"KaTeX_Math,[^;]*;", "", text))

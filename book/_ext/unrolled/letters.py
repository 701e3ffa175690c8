"""The book's own letters: one family for text and one for code, the same on every machine.

They are Adobe's Source Sans 3 and Source Code Pro, whole in their npm packages, and cut down here
to what the pages use. Ready-made subsets leave out the arrows, ℓ and ‖, which would then come
from whatever the machine has. The licence keeps the name "Source" for uncut fonts.
"""

import base64
import io
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SHEET = "letters.css"
SANS, CODE = "Unrolled Sans", "Unrolled Code"

# Family, weight, style and file. 500 is drawn as 400, and 650 and 700 as 600; slanted code is rare
# enough to be slanted by the browser.
FACES = [
    (SANS, 400, "normal", "source-sans/WOFF2/TTF/SourceSans3-Regular.ttf.woff2"),
    (SANS, 400, "italic", "source-sans/WOFF2/TTF/SourceSans3-It.ttf.woff2"),
    (SANS, 600, "normal", "source-sans/WOFF2/TTF/SourceSans3-Semibold.ttf.woff2"),
    (CODE, 400, "normal", "source-code-pro/WOFF2/TTF/SourceCodePro-Regular.ttf.woff2"),
    (CODE, 600, "normal", "source-code-pro/WOFF2/TTF/SourceCodePro-Semibold.ttf.woff2"),
]
# A browser unpacks a font when a page first uses it. Asked for in the head, all are there before
# the first line is drawn, and on a canvas.
LOAD = f"""for (const font of ["1em {SANS}", "italic 1em {SANS}", "600 1em {SANS}", "1em {CODE}",
  "600 1em {CODE}"]) document.fonts.load(font);"""

LICENCES = {"source-sans": SANS, "source-code-pro": CODE}

# Source Sans draws its small letters smaller than most: enlarged, they are as high as the usual
# ones in the same line, and beside those of the formulas.
SIZE = {SANS: "106%", CODE: "104%"}

LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x100)]
GREEK = [*range(0x391, 0x3A2), *range(0x3A3, 0x3AA), *range(0x3B1, 0x3CA)]
NAMES = "ćČčěğıłńŁőŒœřśŞşŠšūűŽž"
SIGNS = "–—‖‘’“”•…′ℓ←↑→↓↗∂∆∏∑−√∞≈≠≤≥▸▾✓✗₀₁₂₃₄₅₆₇₈₉⁰⁴⁵⁶⁷⁸⁹⁻"
CHARACTERS = {
    SANS: {*map(chr, LATIN + GREEK), *NAMES, *SIGNS},
    CODE: {*map(chr, LATIN + GREEK), *SIGNS} - {*"✗⁻"},
}


def cut(path, name):
    """The font of a file, of the characters above alone and under another name, as a woff2 file."""
    with TTFont(path, recalcTimestamp=False) as font:
        options = subset.Options()
        options.hinting = False  # for screens of 20 years ago, and a third of the file
        options.layout_features = ["kern", "mark", "mkmk", "ccmp"]
        options.name_IDs = [0, 1, 2, 3, 4, 6, 13, 14]
        subsetter = subset.Subsetter(options)
        subsetter.populate(text="".join(CHARACTERS[name]))
        subsetter.subset(font)
        for record in font["name"].names:
            if record.nameID in (1, 3, 4, 6):
                record.string = name if record.nameID != 6 else name.replace(" ", "")
        font.flavor = "woff2"
        file = io.BytesIO()
        font.save(file)
        return file.getvalue()


def rule(family, weight, style, data):
    """Inside the stylesheet: a font that comes with it moves no line that is drawn already, and a
    page opened as a file needs leave for none from its browser."""
    text = base64.b64encode(data).decode()
    return (
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {style}; '
        f"size-adjust: {SIZE[family]}; "
        f'src: url(data:font/woff2;base64,{text}) format("woff2"); }}\n'
    )


def upright(folder):
    """The rules of the upright text faces alone, from the sheet that `write` has written."""
    own = f'@font-face {{ font-family: "{SANS}"'
    lines = (folder / SHEET).read_text("utf8").splitlines(keepends=True)
    return "".join(line for line in lines if line.startswith(own) and "italic" not in line[:200])


def write(npm, folder):
    """Write letters.css into the folder, and the licences below it."""
    sheet = folder / SHEET
    newest = max(path.stat().st_mtime for path in (npm / ".package-lock.json", Path(__file__)))
    if not sheet.exists() or sheet.stat().st_mtime < newest:
        note = "/* Cut from Source Sans 3 and Source Code Pro; their licences: vendor/letters. */\n"
        sheet.parent.mkdir(parents=True, exist_ok=True)
        rules = (rule(*face, cut(npm / file, face[0])) for *face, file in FACES)
        sheet.write_text(note + "".join(rules), "utf8")
    for package, family in LICENCES.items():
        licence = folder / "vendor/letters" / f"{family.replace(' ', '-').lower()}.txt"
        licence.parent.mkdir(parents=True, exist_ok=True)
        licence.write_bytes((npm / package / "LICENSE.md").read_bytes())


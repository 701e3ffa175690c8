"""A copy of each chapter for whoever reads it as a notebook: plain Markdown, with its figures.

The sources are MyST, which no notebook program shows by itself. From them, and from the outputs of
this build, come the copies in

    _build/html/_sources/notebooks/   what the site offers to download, and
    _build/lab/                       what `make lab` opens: the same without the cells that get
                                      the package. What a reader changes there is kept.

References are words and links (`words`), the rest of MyST is turned into Markdown (`plain`), code
that the page folds is folded, captions stand below their figures, and an explorer is shown as its
picture until the cell is run.
"""

import base64
import json
import re
import sys
from html import escape
from pathlib import Path, PurePosixPath

import nbformat
from nbformat.v4 import new_markdown_cell
from sphinx.errors import ExtensionError

from . import beginning, downloads, execution, ledger
from .plain import CODE, OPENS, Plain, Unknown, fold
from .words import RECORD, Words

sys.path.append(str(Path(__file__).parents[2] / "_tools"))
import edited

VIEW = "jupyter.widget"
FOLDED_SOURCE = {"hide-input", "remove-input", "hide-cell", "remove-cell"}
FOLDED_OUTPUT = {"hide-output", "remove-output", "hide-cell", "remove-cell"}


# ---- solutions, which reach over several cells ----


def pieces(source):
    """A Markdown cell, cut where a solution or an exercise over several cells begins or ends.

    Yields (kind, label, lines, first line): kind is "text", or the directive's name.
    """
    lines, i, start = source.split("\n"), 0, 0
    while i < len(lines):
        match = OPENS.match(lines[i]) or CODE.match(lines[i])
        if not match:
            i += 1
            continue
        close = re.compile(rf"^\s*{re.escape(match['fence'][0])}{{{len(match['fence'])},}}\s*$")
        end = next((k for k in range(i + 1, len(lines)) if close.match(lines[k])), len(lines) - 1)
        name = match.groupdict().get("name")
        if name in ("solution-start", "solution-end"):
            yield "text", "", lines[start:i], start
            yield name, match["rest"].strip(), lines[i : end + 1], i
            start = end + 1
        i = end + 1
    yield "text", "", lines[start:], start


class Copier:
    """Makes the copy of one notebook."""

    def __init__(self, notebook, book, name):
        self.notebook, self.book, self.name = notebook, book, name
        self.plain = Plain(book)
        self.folds = False  # the next code cell is a proof that is folded behind its tick
        self.cells, self.solution, self.after, self.unfold = [], None, None, None
        self.labels = set(ledger.equations(notebook))

    def made(self):
        for number, cell in enumerate(self.notebook.cells, 1):
            place = f"{self.name}, cell {number}"
            if cell.cell_type == "markdown":
                self.text(cell, place)
            elif cell.cell_type == "code":
                self.code(cell, place)
            else:
                self.cells.append(cell)
        if self.solution:
            raise Unknown(f"{self.name}: the solution of {self.solution['label']} has no end")
        if works := self.book.bibliography():
            self.cells.append(new_markdown_cell(f"## What was cited\n\n{works}", id="works"))
        kept = {"kernelspec": self.notebook.metadata.get("kernelspec"),
                "language_info": self.notebook.metadata.get("language_info")}  # fmt: skip
        self.notebook.metadata = {key: value for key, value in kept.items() if value}
        self.notebook.cells = self.cells
        return self.notebook

    def text(self, cell, place):
        count = 0
        self.folds = bool(re.match(r"\{[^}]*\.folds\b", cell.source))
        for kind, label, lines, first in pieces(cell.source):
            if kind == "solution-start":
                if self.solution:
                    raise Unknown(f"{place}: a solution within a solution")
                self.begin(label)
            elif kind == "solution-end":
                if not self.solution:
                    raise Unknown(f"{place}: a solution ends that has not begun")
                self.end()
            elif "".join(lines).strip():
                # Lines before it, so that a refusal names the line of the source.
                made = self.plain("\n" * first + "\n".join(lines), place)
                self.add(made, cell, count)
                count += 1

    def add(self, text, cell, count):
        name = cell.get("id", "text") if not count else f"{cell.get('id', 'text')}-{count}"
        new = new_markdown_cell(text, id=name[:64])
        if pictures := self.book.taken_attachments():
            new["attachments"] = pictures
        self.append(new)

    def append(self, cell):
        # Folded is all from a heading to the next; what belongs to no solution must not be in it.
        after = self.cells and self.cells[-1] is self.after
        if after and not (cell.cell_type == "markdown" and re.match("#{1,4} ", cell.source)):
            self.unfold.metadata.pop("jp-MarkdownHeadingCollapsed", None)
        self.cells.append(cell)

    def begin(self, label):
        """A solution with code is a section that is folded; one of text alone is <details>."""
        self.solution = {"label": label, "at": len(self.cells)}

    def end(self):
        solution, self.solution = self.solution, None
        name = f"Solution to {self.book.name(solution['label'])}"
        inside = self.cells[solution["at"] :]
        identity = f"solution-{solution['label']}"[:64]  # a cell can hold several
        if all(cell.cell_type == "markdown" for cell in inside):
            new = new_markdown_cell(fold(name, "\n\n".join(c.source for c in inside)), id=identity)
            if pictures := {k: v for c in inside for k, v in c.get("attachments", {}).items()}:
                new["attachments"] = pictures
            self.cells[solution["at"] :] = [new]
        else:
            heading = new_markdown_cell(f"#### {name}", id=identity)
            heading.metadata["jp-MarkdownHeadingCollapsed"] = True
            self.cells.insert(solution["at"], heading)
            self.after, self.unfold = self.cells[-1], heading

    def code(self, cell, place):
        meta, tags = cell.metadata, set(cell.metadata.get("tags", []))
        figure = meta.get("mystnb", {}).get("figure", {})
        alt = meta.get("mystnb", {}).get("image", {}).get("alt", "")
        cell.metadata = {"tags": sorted(tags)} if tags else {}
        folded = {}
        if self.folds or tags & FOLDED_SOURCE:
            folded["source_hidden"] = True
        if self.folds or tags & FOLDED_OUTPUT:
            folded["outputs_hidden"] = True
        self.folds = False
        if folded:
            cell.metadata["jupyter"] = folded
        cell.source = self.numbered(cell.source)
        cell.outputs = [
            made for output in cell.get("outputs", []) if (made := self.output(output, alt, place))
        ]
        self.append(cell)
        if caption := figure.get("caption"):
            number = self.book.name(figure["name"]) if figure.get("name") else "Figure"
            self.add(f"**{number}.** {self.plain(caption, f'{place}, caption')}", cell, "caption")

    def numbered(self, source):
        """Where a cell prints an equation, its number stands in for its label."""
        if "equation(" not in source:
            return source
        return re.sub(
            r'"([\w-]+)"',
            lambda m: f'"{self.book.number(m[1])}"' if m[1] in self.labels else m[0],
            source,
        )

    def output(self, output, alt, place):
        output = nbformat.from_dict(output)
        if output.output_type == "stream":
            return output if output.name == "stdout" else None
        if "data" not in output:
            return output
        live = any(VIEW in kind for kind in output.data)
        data = {kind: value for kind, value in output.data.items()
                if VIEW not in kind and not kind.startswith(RECORD)}  # fmt: skip
        if not data:
            return None
        if "text/markdown" in data:
            data["text/markdown"] = self.plain(data["text/markdown"], f"{place}, output")
        if live and "text/html" in data:
            data["text/html"] = still(data["text/html"])
        output.data = data
        output.metadata = {kind: value for kind, value in output.metadata.items() if kind in data}
        if alt and "image/png" in data:
            output.metadata.setdefault("image/png", {})["alt"] = alt
        return output


# ---- the picture of an explorer ----


def still(html):
    """A stand-in whose drawings are images: a notebook that nobody trusts yet shows no <svg>."""

    def image(match):
        svg = re.sub(r"var\(--[\w-]+,\s*([^()]+)\)", r"\1", match[0])
        box = re.search(r'viewBox="([\d.-]+) ([\d.-]+) ([\d.]+) ([\d.]+)"', svg)
        label = re.search(r'aria-label="([^"]*)"', svg)
        x, y, width, height = box.groups()
        head, body = svg.split(">", 1)
        if "xmlns=" not in head:
            head += ' xmlns="http://www.w3.org/2000/svg"'
        head += f' width="{width}" height="{height}" font-family="sans-serif"'
        ground = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#ffffff"/>'
        drawn = base64.b64encode(f"{head}>{ground}{body}".encode()).decode()
        alt = label[1] if label else escape("The explorer's figure")
        return f'<img src="data:image/svg+xml;base64,{drawn}" width="{width}" alt="{alt}">'

    # The outermost ones.
    made, depth, start, end = [], 0, 0, 0
    for tag in re.finditer(r"<(/?)svg\b", html):
        depth += -1 if tag[1] else 1
        if depth == 1 and not tag[1]:
            made.append(html[end : tag.start()])
            start = tag.start()
        elif depth == 0:
            end = html.index(">", tag.start()) + 1
            made.append(re.sub(r"^.*$", image, html[start:end], count=1, flags=re.DOTALL))
    return "".join([*made, html[end:]])


# ---- the build ----


def copies_of(app, docname):
    """The copy of this notebook, as text: to download, and for the lab, which has the package."""
    source = [Path(app.env.doc2path(docname)).read_text("utf8")]
    execution.fill_in(app, docname, source)
    notebook = nbformat.reads(source[0], as_version=4)
    book = Words(app, docname, notebook)
    try:
        notebook = Copier(notebook, book, f"{docname}.ipynb").made()
    except (Unknown, LookupError) as fault:
        raise ExtensionError(f"no plain copy can be made. {fault}") from fault
    in_lab = as_json(notebook)
    notebook.cells[1:1] = beginning.cells(app, docname)
    return as_json(notebook), in_lab


def as_json(notebook):
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write(app, exception):
    if exception or app.builder.name != "html":
        return
    copies, in_lab = {}, {}
    for docname in sorted(app.unrolled_runs):
        name = f"{PurePosixPath(docname).name}.ipynb"
        copies[name], in_lab[name] = copies_of(app, docname)
    folder = Path(app.outdir) / downloads.PLACE
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.glob("*.ipynb")) - {folder / name for name in copies}:
        stale.unlink()
    for name, text in copies.items():
        (folder / name).write_text(text, "utf8")
    for name in edited.lay(Path(app.outdir).parent / "lab", in_lab):
        execution.say(f"  _build/lab/{name} is yours by now, and was left as it is")


def setup(app):
    # Before the book is bound into its zip.
    app.connect("build-finished", write, priority=400)

"""The ledger: every numbered equation, and the cell that proves it.

In a notebook an equation has a label, `$$ ... $$ (eq-name)`, in the text or printed by a cell. The
cell that proves it says so in its metadata: `"proves": ["eq-name"], "how": "exact"`, and, if it is
proved for certain sizes, `"sizes": "two units and three steps"`. From this come

    the tick: a line below a proving cell that names what it proved and for which sizes. If the cell
    has the tag `hide-cell`, cell and output are folded behind this line,
    the table that `{ledger} NOTEBOOK` puts on the page "How we know", and
    `faults`, which the tests and the build call: no equation without a proof, no proof of nothing.
"""

import json
import re
from typing import NamedTuple

import nbformat
from docutils import nodes
from nbformat.v4 import new_markdown_cell
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

# A fenced block may show how an equation is written; it is none.
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
LABELLED = re.compile(r"\$\$\s*(.+?)\s*\$\$[ ]*\(([\w-]+)\)", re.DOTALL)
DISPLAY = re.compile(r"\$\$.+?\$\$(?:[ ]*\([\w-]+\))?", re.DOTALL)

# How sure a proof is, strongest first; a "how" begins with one of these.
PROVED = ("exact", "counted")
CHECKED = ("definition", "to 1e-", "numerical")
HOW = PROVED + CHECKED


class Proof(NamedTuple):
    """A proving cell: its place among the code cells, what it proves, and how."""

    place: int
    labels: tuple
    how: str
    sizes: str = ""

    @property
    def told(self):
        """How it is proved, and for what."""
        return f"{self.how}, for {self.sizes}" if self.sizes else self.how

    @property
    def tick(self):
        names = ", ".join(f"{{eq}}`{label}`" for label in self.labels)
        verb = "Proves" if self.how.startswith(PROVED) else "Checks"
        sizes = f" for {self.sizes}" if self.sizes else ""
        return f"{verb} {names}{sizes}: {self.how}."


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def texts(notebook):
    """Everything in which an equation can stand: the text, and what cells print as Markdown."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield FENCE.sub("", cell.source)
        for output in cell.get("outputs", []):
            yield output.get("data", {}).get("text/markdown", "") if "data" in output else ""


def equations(notebook):
    """Label -> LaTeX of each numbered equation, in order."""
    found = {}
    for text in texts(notebook):
        # Displays one by one, so that an unlabelled one can't reach for the next one's label.
        for display in DISPLAY.findall(text):
            if match := LABELLED.fullmatch(display):
                found.setdefault(match[2], " ".join(match[1].split()))
    return found


def proofs(notebook):
    return [
        Proof(
            place,
            tuple(cell.metadata["proves"]),
            cell.metadata.get("how", ""),
            cell.metadata.get("sizes", ""),
        )
        for place, cell in enumerate(code_cells(notebook))
        if "proves" in cell.metadata
    ]


def faults(notebook):
    """What the ledger could not vouch for."""
    labels, found = equations(notebook), []
    cells, proved = code_cells(notebook), set()
    for proof in proofs(notebook):
        name = f"code cell {proof.place + 1}"
        proved.update(proof.labels)
        if not proof.labels:
            found.append(f"{name} proves nothing: its list is empty")
        for label in proof.labels:
            if label not in labels:
                found.append(f"{name} proves {label}, which no equation is called")
        if not proof.how.startswith(HOW):
            found.append(f"{name} does not say how it proves: {proof.how!r}; one of {HOW}")
        if not re.search(r"\bassert\b|\brequire_equal\(|\bprove", cells[proof.place].source):
            found.append(f"{name} claims a proof but has nothing in it that could fail")
    found += [f"equation {label} has no proof" for label in labels if label not in proved]
    twice = [label for text in texts(notebook) for _, label in LABELLED.findall(text)]
    found += [f"label {label} stands twice" for label in labels if twice.count(label) > 1]
    return found


# ---- on the pages ----


FOLDS = "hide-cell"


def say_what_is_proved(notebook):
    """A line that names the equations, and says if this is a proof: below each proving cell, or
    above one that folds, which then stands open here, for `fold` to put it behind the line."""
    cells, place, told = [], -1, {proof.place: proof for proof in proofs(notebook)}
    for cell in notebook.cells:
        cells.append(cell)
        place += cell.cell_type == "code"
        if cell.cell_type == "code" and place in told:
            tags = cell.metadata.get("tags", [])
            if FOLDS in tags:
                cell.metadata["tags"] = [tag for tag in tags if tag != FOLDS]
                line = new_markdown_cell(f"{{.proved .folds}}\n{told[place].tick}")
                cells.insert(len(cells) - 1, line)
            else:
                cells.append(new_markdown_cell(f"{{.proved}}\n{told[place].tick}"))
    notebook.cells = cells


class folded_proof(nodes.General, nodes.Element):
    """A `folded_tick`, and the cell that is folded behind it."""


class folded_tick(nodes.General, nodes.TextElement):
    pass


def fold(app, doctree):
    for line in list(doctree.findall(nodes.paragraph)):
        if "folds" not in line["classes"]:
            continue
        siblings, i = line.parent.children, line.parent.index(line)
        cell = siblings[i + 1] if i + 1 < len(siblings) else None
        if not isinstance(cell, nodes.container) or cell.get("nb_element") != "cell_code":
            raise ExtensionError(f"{app.env.docname}: no cell follows {line.astext()!r}")
        line.parent.remove(cell)
        line["classes"] = []  # whatever replaces a node is given its classes
        tick = folded_tick("", "", *line.children)
        line.replace_self(folded_proof("", tick, cell))


def links_below_the_tick(app, doctree, docname):
    """What opens a fold holds no links, which would be one control inside another: they stand at
    the head of what is folded."""
    for tick in doctree.findall(folded_tick):
        line = nodes.paragraph("", "To ", classes=["proved-here"])
        for link in list(tick.findall(nodes.reference)):
            link.replace_self(link.children)
            line += [nodes.Text(", ")] if len(line) > 1 else []
            line += link
        line += nodes.Text(".")
        tick.parent.insert(1, line)


def visit_folded(self, node):
    self.body.append(self.starttag(node, "details", CLASS="folded-proof"))


def depart_folded(self, node):
    self.body.append("</details>\n")


def visit_tick(self, node):
    self.body.append('<summary class="proved">')


def depart_tick(self, node):
    self.body.append("</summary>\n")


def notebook_of(app, docname):
    """The notebook as the page shows it, with the outputs of this build."""
    notebook = nbformat.read(app.env.doc2path(docname), as_version=4)
    stored = json.loads(app.unrolled_runs[docname].read_text("utf8"))
    for cell, outputs in zip(code_cells(notebook), stored["outputs"], strict=True):
        cell.outputs = [nbformat.from_dict(output) for output in outputs]
    return notebook, stored["seconds"]


class Ledger(SphinxDirective):
    """`{ledger} notebooks/…`: one chapter's equations, how each is proved, and in what time."""

    required_arguments = 1

    def run(self):
        docname = self.arguments[0]
        app = self.env.app
        if docname not in app.unrolled_runs:
            raise self.error(f"{docname} is no notebook of this book")
        self.env.note_dependency(self.env.doc2path(docname))
        notebook, seconds = notebook_of(app, docname)
        if wrong := faults(notebook):
            raise ExtensionError(f"{docname}: {'; '.join(wrong)}")
        known = {}
        for proof in proofs(notebook):
            for label in proof.labels:
                known.setdefault(label, []).append(proof)
        lines = ["| | equation | how it is proved | time |", "|---|---|---|---|"]
        for label, latex in equations(notebook).items():
            how = "; ".join(dict.fromkeys(proof.told for proof in known[label]))
            time = sum(seconds[proof.place] for proof in known[label])
            latex = latex.replace("|", r"\vert ")
            lines.append(f"| {{eq}}`{label}` | ${latex}$ | {how} | {time:.1f} s |")
        total = sum(seconds[proof.place] for proof in proofs(notebook))
        lines += ["", f"{len(known)} equations; all proofs together took {total:.1f} s."]
        # Sphinx 7.4 and later: in the syntax of the page that asks.
        return self.parse_text_to_nodes("\n".join(lines))


def outdated(app, env, added, changed, removed):
    """The table shows this build's times, so its page is read again with any notebook."""
    docname = "book/how-we-know"
    notebooks_change = any(name in app.unrolled_runs for name in (*added, *changed))
    return [docname] if notebooks_change and docname in env.found_docs else []


def setup(app):
    app.add_directive("ledger", Ledger)
    app.add_node(folded_proof, html=(visit_folded, depart_folded))
    app.add_node(folded_tick, html=(visit_tick, depart_tick))
    app.connect("doctree-read", fold)
    app.connect("doctree-resolved", links_below_the_tick)
    app.connect("env-get-outdated", outdated, priority=900)


"""What a reference says, as words and a link, in a notebook that is read outside the site.

Numbers, names and citations are the site's own: each role is read and resolved by Sphinx, in the
place where it stands, and what comes out is written as Markdown. A link goes to the other chapter's
notebook, which lies beside this one, or to a page of the site where the site has an address.
"""

import base64
import mimetypes
import re
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import quote, urljoin

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.util.docutils import sphinx_domains

RECORD = "application/papermill.record/"
# What must lead somewhere; names of code may be another package's.
LEADS = re.compile(r"eq|ref|numref|doc|prf:ref|math:numref|any|term|cite(:\w+)?")


class Words:
    """The answers of the built book to one of its notebooks."""

    def __init__(self, app, docname, notebook=None):
        self.app, self.env, self.docname = app, app.env, docname
        self.folder = Path(self.env.doc2path(docname)).parent
        self.known, self.attachments, self.cited = {}, {}, {}
        self.values = {}
        for cell in notebook.cells if notebook else []:
            for output in cell.get("outputs", []):
                name = output.get("metadata", {}).get("scrapbook", {}).get("name")
                if name:
                    self.values[name] = output["data"]

    # ---- references ----

    def say(self, role, content):
        """The words of `{role}`content``, with a link where it leads out of this notebook."""
        if (role, content) not in self.known:
            self.known[role, content] = self.said(role, content)
        return self.known[role, content]

    def resolved(self, text):
        """The nodes of this MyST text, as they stand on the page."""
        parser = MystParser()
        parser.set_application(self.app)
        settings = get_default_settings(parser)
        for name, value in self.env.settings.items():
            setattr(settings, name, value)
        settings.env, settings.report_level, settings.halt_level = self.env, 5, 5
        document = new_document(self.env.doc2path(self.docname), settings)
        self.env.prepare_settings(self.docname)
        try:
            with sphinx_domains(self.env):
                parser.parse(text, document)
            document.settings.env = self.env
            self.env.resolve_references(document, self.docname, self.app.builder)
        finally:
            self.env.temp_data.clear()
        return document

    def said(self, role, content):
        document = self.resolved(f"{{{role}}}`{content}`")
        paragraph = next(document.findall(nodes.paragraph), document)
        leads = any("refuri" in n or "refid" in n for n in paragraph.findall(nodes.reference))
        if LEADS.fullmatch(role) and not leads:
            raise LookupError("no such label" if role != "doc" else "no such page")
        return self.written(paragraph).strip()

    def written(self, node):
        """The Markdown of inline nodes."""
        if isinstance(node, nodes.Text):
            return re.sub(r"([*_`$\\])", r"\\\1", node.astext())
        if isinstance(node, nodes.math):
            return f"${node.astext()}$"
        if isinstance(node, nodes.literal):
            return f"`{node.astext()}`"
        if isinstance(node, nodes.system_message):
            raise LookupError(node.astext())
        inside = "".join(map(self.written, node.children))
        if isinstance(node, nodes.reference):
            return self.linked(inside, node)
        if isinstance(node, nodes.emphasis):
            return f"*{inside}*"
        if isinstance(node, nodes.strong):
            return f"**{inside}**"
        return inside

    def linked(self, words, node):
        uri = node.get("refuri")
        if uri is None:  # in this notebook
            return self.heading(words, node.get("refid", ""))
        if "://" in uri:
            return f"[{words}]({uri})"
        here = self.app.builder.get_target_uri(self.docname)
        page, _, anchor = urljoin("/" + here, uri).lstrip("/").partition("#")
        docname = self.page_of(page)
        if work := self.works_by_anchor(docname).get(anchor):
            return self.to_work(words, work)
        if docname == self.docname:
            return self.heading(words, anchor)
        return self.to(words, docname, page, anchor)

    def page_of(self, uri):
        names = {self.app.builder.get_target_uri(name): name for name in self.env.found_docs}
        return names.get(uri)

    def to(self, words, docname, page, anchor=""):
        """A link to a document of the book."""
        if docname and self.is_notebook(docname):
            return f"[{words}]({quote(PurePosixPath(docname).name)}.ipynb)"
        if base := self.app.config.html_baseurl:
            return f"[{words}]({urljoin(base.rstrip('/') + '/', page)}{'#' * bool(anchor)}{anchor})"
        return words

    def is_notebook(self, docname):
        return self.env.doc2path(docname).endswith(".ipynb")

    def heading(self, words, anchor):
        """JupyterLab gives headings, and nothing else, a name."""
        for name, (docname, labelid, title) in self.env.domains["std"].labels.items():
            found = docname == self.docname and anchor in (name, labelid) and title == words
            if found and re.fullmatch(r"[\w ,.?'-]+", title):
                return f"[{words}](#{quote(title.replace(' ', '-'))})"
        return words

    def works_by_anchor(self, docname):
        """Anchor -> key of the works that are listed on this page."""
        return {
            citation.citation_id: citation.key
            for citation in self.env.domains["cite"].citations
            if citation.bibliography_key.docname == docname
        }

    def to_work(self, words, key):
        """A citation leads to the work itself, where that has an address."""
        self.cited[key] = None
        return f"[{words}]({address})" if (address := self.address(key)) else words

    def address(self, key):
        fields = self.entry(key).fields
        if "doi" in fields:
            return "https://doi.org/" + quote(fields["doi"], safe="/")
        if "url" in fields:
            return fields["url"]
        arxiv = re.search(r"arXiv[: ](\S+?)[,.]?$", fields.get("note", ""))
        return f"https://arxiv.org/abs/{arxiv[1]}" if arxiv else None

    def entry(self, key):
        for file in self.env.domains["cite"].bibdata.data.entries.items():
            if file[0].lower() == key.lower():
                return file[1]
        raise LookupError(key)

    # ---- numbers and names ----

    def number(self, label):
        """An equation's number, "6.4"."""
        words = self.say("eq", label)
        return re.search(r"\(([\w.]+)\)", words)[1]

    def name(self, label):
        """What the site calls an exercise, a figure or a theorem: "Exercise 6.1"."""
        role = "numref" if self.is_figure(label) else "ref"
        if label in self.proofs():
            role = "prf:ref"
        words = re.sub(r"\[(.*)\]\([^)]*\)", r"\1", self.say(role, label))
        return re.sub(r"\s*\(.*\)$", "", words)

    def is_figure(self, label):
        docname, labelid, _ = self.env.domains["std"].labels.get(label, (None, None, None))
        return labelid in self.env.toc_fignumbers.get(docname, {}).get("figure", {})

    def proofs(self):
        return getattr(self.env, "proof_list", {})

    # ---- links, pictures, values ----

    def link(self, words, target):
        """`[words](target)`, where target is as the source has it."""
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            return f"[{words}]({target})"
        file, _, anchor = target.partition("#")
        if not file:
            return self.written(self.resolved(f"[{words}](#{anchor})")).strip()
        file = re.sub(r"[.](md|ipynb)$", "", file)
        docname = normpath(f"{PurePosixPath(self.docname).parent}/{file}")
        if docname not in self.env.found_docs:
            raise LookupError(f"[{words}]({target})")
        words = words or self.env.titles[docname].astext()
        return self.to(words, docname, self.app.builder.get_target_uri(docname), anchor)

    def picture(self, path):
        """A picture of the text goes into its cell, as an attachment."""
        if re.match(r"[a-z]+:", path):
            return path
        root = Path(self.app.srcdir) if path.startswith("/") else self.folder
        file = root / path.lstrip("/")
        kind = mimetypes.guess_type(file.name)[0]
        self.attachments[file.name] = {kind: base64.b64encode(file.read_bytes()).decode()}
        return f"attachment:{file.name}"

    def taken_attachments(self):
        """The pictures that were asked for since this was last asked."""
        taken, self.attachments = self.attachments, {}
        return taken

    def value(self, content):
        """What a cell has glued, as text: `name` or `name:.3f`."""
        name, _, form = content.partition(":")
        data = self.values.get(name)
        if data is None:
            raise LookupError(f"{name} is glued by no cell")
        data = {kind.removeprefix(RECORD): value for kind, value in data.items()}
        if "text/latex" in data:
            return data["text/latex"]
        text = data["text/plain"].strip("'\"")
        return format(float(text), form) if form else text

    def glued(self, name):
        """A glued picture (as an attachment) or text."""
        data = {k.removeprefix(RECORD): v for k, v in self.values.get(name, {}).items()}
        for kind in ("image/png", "image/svg+xml"):
            if kind in data:
                drawn = data[kind]
                if kind == "image/svg+xml":
                    drawn = base64.b64encode(drawn.encode()).decode()
                file = f"{name}.{kind[6:9]}"
                self.attachments[file] = {kind: drawn.replace("\n", "")}
                return f"![{name}](attachment:{file})"
        return self.value(name)

    # ---- what was cited ----

    def bibliography(self):
        """The works that this notebook has cited so far, as the site lists them."""
        return "\n".join(f"- {text}" for key, text in self.works().items() if key in self.cited)

    def works(self):
        """Key -> the work in full, in the order of the site's bibliography."""
        works = getattr(self.app, "unrolled_works", None)
        if works is None:
            works = {}
            pages = {c.bibliography_key.docname for c in self.env.domains["cite"].citations}
            for page in sorted(pages):
                ids = self.works_by_anchor(page)
                document = self.env.get_and_resolve_doctree(page, self.app.builder)
                for citation in document.findall(nodes.citation):
                    key = next((ids[i] for i in citation["ids"] if i in ids), None)
                    paragraph = next(citation.findall(nodes.paragraph), None)
                    if key and paragraph is not None:
                        works[key] = " ".join(self.written(paragraph).split())
            self.app.unrolled_works = works
        return works

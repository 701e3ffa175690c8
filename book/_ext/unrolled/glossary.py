"""The glossary links back: below each term, the chapter that first uses it.

A chapter uses a term where it says `{term}`; which is first goes by the order of the chapters.
"""

import re

from docutils import nodes
from sphinx import addnodes

CHAPTER = re.compile(r"notebooks/(\d+)_.*")


def kept(env):
    """Page -> term in small letters -> the section in which the page first uses it."""
    if not hasattr(env, "unrolled_terms"):
        env.unrolled_terms = {}
    return env.unrolled_terms


def note(app, doctree):
    used = {}
    for link in doctree.findall(addnodes.pending_xref):
        if link.get("reftype") != "term":
            continue
        section = link.parent
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        used.setdefault(link["reftarget"].lower(), section["ids"][0] if section else "")
    kept(app.env)[app.env.docname] = used


def forget(app, env, docname):
    kept(env).pop(docname, None)


def merge(app, env, docnames, other):
    kept(env).update({name: kept(other)[name] for name in docnames if name in kept(other)})


def first_use(used, words):
    """The first chapter that uses one of the words, and the section; or None."""
    for docname in sorted(filter(CHAPTER.fullmatch, used)):
        for word in words:
            if word.lower() in used[docname]:
                return docname, used[docname][word.lower()]
    return None


def link_back(app, doctree, docname):
    for listed in doctree.findall(addnodes.glossary):
        for item in listed.findall(nodes.definition_list_item):
            words = [term.astext() for term in item.findall(nodes.term)]
            if not (found := first_use(kept(app.env), words)):
                continue
            chapter, section = found
            uri = app.builder.get_relative_uri(docname, chapter) + (section and f"#{section}")
            number = int(CHAPTER.fullmatch(chapter)[1])
            link = nodes.reference("", f"chapter {number}", internal=True, refuri=uri)
            line = nodes.paragraph("", "First used in ", link, nodes.Text("."))
            line["classes"].append("first-use")
            item[-1] += line


def outdated(app, env):
    """The glossary is written again with any chapter."""
    name = "book/glossary"
    return [name] if name in env.found_docs else []


def setup(app):
    app.connect("doctree-read", note)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", outdated)
    app.connect("doctree-resolved", link_back)

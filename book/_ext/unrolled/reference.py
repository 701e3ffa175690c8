"""Docstrings as they are written, not as reStructuredText.

They are prose for someone who reads the source: `code` in single quotes, formulas with stars and
bars, tables set with spaces. Here prose becomes a paragraph, and what is indented stays as it is.
"""

import inspect
import re
from itertools import groupby


def prose(text):
    pieces = re.split(r"`([^`]+)`", text)
    # Odd pieces stood between backticks.
    return "".join(
        f"``{piece}``" if i % 2 else re.sub(r"([\\*|_])", r"\\\1", piece)
        for i, piece in enumerate(pieces)
    )


def dedented(doc):
    """The docstring's lines without its margin, which its closing quotes stand at.

    The usual rule takes the smallest indentation, and so mistakes a docstring whose only other
    lines are formulas for prose.
    """
    first, *rest = doc.expandtabs().split("\n")
    margin = len(rest[-1]) if rest and not rest[-1].strip() else None
    if margin is None:
        return inspect.cleandoc(doc).split("\n")
    return [first.strip(), *(line[margin:].rstrip() for line in rest)]


def translate(app, what, name, obj, options, lines):
    doc = getattr(obj, "__doc__", None)
    # What has no docstring of its own has been given its parent's, or that of a plain value.
    source = dedented(doc) if doc and doc.split("\n")[0].strip() == lines[0].strip() else lines
    result = []
    for indented, group in groupby(source, key=lambda line: line.startswith(" ")):
        text = "\n".join(group)
        if indented:
            quoted = ["   " + line for line in text.split("\n")]
            result += ["", ".. code-block:: text", "", *quoted, ""]
        else:
            result += prose(text).split("\n")
    lines[:] = result


def setup(app):
    app.connect("autodoc-process-docstring", translate)

"""Three promises about pictures: each has a text alternative, none moves the page, and all can be
read on a phone.

A picture without a text alternative is a warning, and so, with -W, the end of the build. Each
picture's size stands in the page, which therefore has its place ready: an inch of a figure
(`figsize`) is 96 px of the page, however fine its grain. Each stands in a box of its own, in which
it can be moved sideways where the screen is too narrow for its words.
"""

import re
import struct
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

log = logging.getLogger(__name__)


def check(app, doctree):
    for image in doctree.findall(nodes.image):
        if not image.get("alt"):
            log.warning(
                "a picture has no text alternative; in a notebook, give its cell the metadata "
                '{"mystnb": {"image": {"alt": "what the picture shows"}}}',
                location=app.env.docname,
                type="unrolled",
            )


def size(path):
    """Width and height in CSS pixels, or None where the file does not tell."""
    data = path.read_bytes()
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        width, height = struct.unpack(">II", data[16:24])
        at = data.find(b"pHYs", 0, data.find(b"IDAT"))
        if at >= 0:
            per_metre = struct.unpack(">I", data[at + 4 : at + 8])[0]
            scale = 96 / (per_metre * 0.0254)
            width, height = width * scale, height * scale
        return round(width), round(height)
    svg = re.search(rb'<svg[^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"', data[:4000])
    if path.suffix == ".svg" and svg:
        # Matplotlib writes points, of which 72 make an inch.
        scale = 96 / 72 if b'pt"' in svg[0] else 1
        return round(float(svg[1]) * scale), round(float(svg[2]) * scale)
    return None


def reserve(app, pagename, templatename, context, doctree):
    if not doctree or "<img" not in context.get("body", ""):
        return
    files = {name: source for source, name in app.builder.images.items()}

    def with_size(match):
        name = re.search(r'src="[^"]*_images/([^"]+)"', match[0])
        if not name or name[1] not in files or " width=" in match[0] or "width:" in match[0]:
            return match[0]
        known = size(Path(app.srcdir) / files[name[1]])
        if known is None:
            return match[0]
        image = f'<img width="{known[0]}" height="{known[1]}"{match[1]}'
        return f'<span class="picture">{image}</span>'

    context["body"] = re.sub(r"<img( [^>]*>)", with_size, context["body"])


def setup(app):
    app.connect("doctree-read", check)
    app.connect("html-page-context", reserve)

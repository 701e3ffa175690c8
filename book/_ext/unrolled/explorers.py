"""Give each explorer a place in the page that also holds a picture of it.

An output whose bundle has `text/html` beside the widget view shows that HTML where no script
runs, and until the widget has drawn itself. Its root element may carry `data-min-height` and
`data-min-height-narrow` (CSS lengths): the height to keep free, wide and on a phone.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

VIEW = "application/vnd.jupyter.widget-view+json"
FALLBACK = "<p>An interactive figure stands here; it needs JavaScript.</p>"


def raw(html):
    return nodes.raw("", html, format="html")


def reserved(html):
    """The slot's style attribute, from the stand-in's root element."""
    root = re.match(r"\s*<[^>]*>", html)
    heights = re.findall(r'data-min-height(-narrow)?="([\w.%]+)"', root[0]) if root else []
    style = "; ".join(f"--explorer-min-height{which}: {height}" for which, height in heights)
    return f' style="{style}"' if style else ""


class ExplorerSlots(SphinxPostTransform):
    # Before MyST-NB chooses one representation of each output (priority 4).
    default_priority = 3
    formats = ("html",)

    def run(self):
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            kinds = {child["mime_type"]: child.children for child in bundle.children}
            if VIEW not in kinds:
                continue
            html = "".join(node.astext() for node in kinds.get("text/html", [])) or FALLBACK
            bundle.replace_self(
                [
                    raw(f'<div class="explorer-slot"{reserved(html)}>'),
                    raw(f'<div class="explorer-standin">{html}'),
                    raw('</div><div class="explorer-view">'),
                    *kinds[VIEW],
                    raw("</div></div>"),
                ]
            )


def setup(app):
    app.add_post_transform(ExplorerSlots)

"""The page that a host shows for an address that is not in the book: 404.html.

A host shows it at any address and in any subfolder, so it loads nothing: its letters and styles
are in it. Its script finds the book's first folder in the address, because the folders below it
have known names; in an unknown folder it leads up, step by step. Nothing is asked of the host
that may not be there.
"""

import html
from pathlib import Path

from . import letters

ASSETS = Path(__file__).parent / "assets"

PAGE = """<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Not in the book - {book}</title>
<link rel="icon" href="data:,">
<style>
{style}
</style>
<script>
  const chosen = localStorage.getItem("theme");
  document.documentElement.dataset.theme = ["light", "dark"].includes(chosen) ? chosen
    : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
</script>
</head>
<body>
<main>
<h1>This page is not in the book</h1>
<p>The address may have a slip in it, or the page may have moved.</p>
<p id="way" hidden>One folder up: <a></a></p>
<nav id="contents" aria-labelledby="pages" data-folders="{folders}" hidden>
<h2 id="pages">What is in the book</h2>
<ul>
{entries}
</ul>
</nav>
<p id="by-hand">Shorten the address from its end, folder by folder, and you come to the front
page.</p>
</main>
<script>
{script}</script>
</body>
</html>
"""


def contents(app):
    """The documents of the table of contents, in its order."""
    found, waiting = [], [app.config.root_doc]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting[:0] = app.env.toctree_includes.get(name, [])
    return found


def write(app, exception):
    if exception or app.builder.name != "html":
        return
    root = Path(app.srcdir)
    names = contents(app)
    entry = '<li><a data-to="{}">{}</a></li>'.format
    text = letters.upright(Path(app.outdir).parent / "vendored")
    sheets = (root / "src/rnnbook/tokens.css", ASSETS / "not-found.css")
    folders = sorted(path.name for path in Path(app.outdir).iterdir() if path.is_dir())
    page = PAGE.format(
        book=html.escape(app.config.html_title),
        style=text + "\n".join(sheet.read_text("utf8") for sheet in sheets),
        folders=" ".join(folders),
        entries="\n".join(
            entry(app.builder.get_target_uri(name), html.escape(app.env.titles[name].astext()))
            for name in names
        ),
        script=(ASSETS / "not-found.js").read_text("utf8"),
    )
    (Path(app.outdir) / "404.html").write_text(page, "utf8")


def setup(app):
    # When all folders are there, and before the whole is packed.
    app.connect("build-finished", write, priority=850)

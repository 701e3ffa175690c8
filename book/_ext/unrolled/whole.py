"""The book as a whole: its front door, and one file that opens offline."""

import html
import zipfile
from pathlib import Path

from sphinx.util import logging

log = logging.getLogger(__name__)

DOOR = """<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta http-equiv="refresh" content="0; url={url}">
</head>
<body><main><h1>{title}</h1><p><a href="{url}">Open the book</a></p></main></body>
</html>
"""


def bind(app, exception):
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    url = app.builder.get_target_uri(app.config.root_doc)
    (site / "index.html").write_text(
        DOOR.format(title=html.escape(app.config.html_title), url=url), "utf8"
    )
    target = site / "unrolled.zip"
    target.unlink(missing_ok=True)
    files = sorted(p for p in site.rglob("*") if p.is_file() and p.name != ".buildinfo")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            # No dates and no owners: the same pages make the same file.
            entry = zipfile.ZipInfo(f"unrolled/{path.relative_to(site).as_posix()}")
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    log.info("the whole book, to open offline: unrolled.zip, %.1f MB", target.stat().st_size / 1e6)


def setup(app):
    # After every other part of the build has written its files.
    app.connect("build-finished", bind, priority=900)

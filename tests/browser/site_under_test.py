"""The built site, a browser to look at it with, and what both need."""

import contextlib
import functools
import http.server
import os
import shutil
import threading
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("SITE", ROOT / "_build/html"))
AXE = ROOT / "book/vendor/node_modules/axe-core/axe.min.js"

# No sandbox, because CI runs as root in a container; no talk with the browser's makers.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def browser_path():
    """The browser named by BROWSER, or the first that is installed; else None."""
    named = os.environ.get("BROWSER")
    if named:
        return shutil.which(named)
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def pages():
    """Every page of the built site, as paths below it."""
    found = (path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    return sorted(p for p in found if not p.startswith(("_static/", "_sources/")))


class Quiet(http.server.SimpleHTTPRequestHandler):
    refused: ClassVar = []  # what was asked for and is not there

    def log_message(self, *args):
        pass

    def send_error(self, code, *args, **kwargs):
        self.refused.append(f"{self.path}: {code}")
        super().send_error(code, *args, **kwargs)

    def handle(self):
        with contextlib.suppress(ConnectionError):  # a page that closes hangs up
            super().handle()


class Subfolder(Quiet):
    """The site below /unrolled/, as a project's pages are; any other address shows its 404.html."""

    def send_head(self):
        if not self.path.startswith("/unrolled/"):
            return self.not_found()
        self.path = self.path.removeprefix("/unrolled")
        path = Path(self.translate_path(self.path))
        if path.is_file() or (path / "index.html").is_file():
            return super().send_head()
        return self.not_found()

    def not_found(self):
        self.refused.append(self.path)
        page = (SITE / "404.html").open("rb")
        self.send_response(404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(os.fstat(page.fileno()).st_size))
        self.end_headers()
        return page


def serve(kind=Quiet):
    """Serve the site from a free port of this machine; returns its address."""
    handler = functools.partial(kind, directory=SITE)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"

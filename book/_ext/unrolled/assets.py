"""Serve every script, style and font from the book itself: no page asks another host.

The files are npm packages, locked in book/vendor/package-lock.json. The few that pages need
are copied to `_build/vendored/`, which becomes one more static folder. They must not lie in
`book/_static`: Jupyter Book would put each script that it finds there on every page.
"""

import base64
import re
import shutil
from pathlib import Path

from sphinx.errors import ExtensionError

from . import letters

OURS = Path(__file__).parent / "assets"


def copy(source, target):
    if not target.exists() or source.stat().st_mtime > target.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def katex_css(dist):
    """KaTeX's stylesheet with its fonts inside.

    Fonts that arrive with the stylesheet never change the width of a line once it is drawn,
    and a browser that refuses fonts from a parent folder on file:// has nothing to refuse.
    """
    css = (dist / "katex.min.css").read_text("utf8")
    css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)', "", css)

    def inline(match):
        font = base64.b64encode((dist / match[1]).read_bytes()).decode()
        return f"url(data:font/woff2;base64,{font})"

    css, count = re.subn(r"url\((fonts/[^)]*\.woff2)\)", inline, css)
    if not count or "url(fonts/" in css:
        raise ExtensionError("KaTeX's stylesheet has changed its form: look at katex_css")
    return css


def collect(app, config):
    root = Path(app.srcdir)
    npm = root / "book/vendor/node_modules"
    if not (npm / "katex").is_dir():
        raise ExtensionError(
            "The page's scripts and fonts are not installed. `make vendor` installs them "
            "(npm ci in book/vendor, with the npm of the book's environment)."
        )
    static = Path(app.outdir).parent / "vendored"
    vendor = static / "vendor"
    widgets = npm / "@jupyter-widgets/html-manager/dist"

    copy(npm / "requirejs/require.js", vendor / "require.js")
    copy(OURS / "widgets-config.js", vendor / "widgets-config.js")
    copy(widgets / "embed-amd.js", vendor / "embed-amd.js")
    copy(npm / "anywidget/dist/index.js", vendor / "anywidget.js")
    # Two chunks of html-manager look for the same icon font in two places.
    for font in widgets.glob("*.woff2"):
        copy(font, vendor / "@jupyter-widgets" / font.name)
        copy(font, vendor / "@jupyter-widgets/html-manager/dist" / font.name)

    (vendor / "katex.css").write_text(katex_css(npm / "katex/dist"), "utf8")
    copy(root / "src/rnnbook/tokens.css", static / "tokens.css")
    letters.write(npm, static)

    config.html_static_path.append(str(static))
    # Before unrolled.css, which uses its variables.
    config.html_css_files[:0] = ["letters.css", "tokens.css"]
    config.html_js_files.append((None, {"body": letters.LOAD}))


def setup(app):
    app.connect("config-inited", collect)

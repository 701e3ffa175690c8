"""The button that saves a chapter as a notebook, and the ways to open one elsewhere.

A link with `download` saves the file whatever the server calls it. Opened as a file, a page is
taken to the notebook all the same, which a browser then shows as text; so each notebook lies there
a second time as a script, and unrolled.js saves that.

"Open in" links stand beside it as soon as _config.yml has the repository's address; they open the
copies in the branch that holds the built site.
"""

import json
import re
from html import escape
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

from sphinx.errors import ExtensionError

from . import beginning, packages

# Where a chapter's copy for readers lies in the site: where Sphinx puts its source, and instead.
PLACE = "_sources/notebooks"


def copy_name(docname):
    """The path of a chapter's copy, below the site's root."""
    return f"{PLACE}/{PurePosixPath(docname).name}.ipynb"


def hosts(sources, docname):
    """Names and addresses of hosted notebooks that open this chapter's copy."""
    if not sources.repository:
        return {}
    repository = urlsplit(sources.repository)
    path, branch = repository.path.strip("/"), quote(sources.pages, safe="")
    copy = quote(copy_name(docname))
    kind = {"github.com": f"gh/{path}", "gitlab.com": f"gl/{quote(path, safe='')}"}.get(
        repository.netloc, f"git/{quote(sources.repository, safe='')}"
    )
    found = {"Binder": f"https://mybinder.org/v2/{kind}/{branch}?urlpath=lab/tree/{copy}"}
    if repository.netloc == "github.com":
        blob = f"{path}/blob/{branch}/{copy}"
        found["Colab"] = f"https://colab.research.google.com/github/{blob}"
    return found


def saving(html):
    """Header buttons, with each link to a source of this site made one that saves it."""

    def save(match):
        name = escape(PurePosixPath(match[1]).name)
        return f'<a href="{match[1]}" download="{name}"'

    return re.sub(r'<a href="((?!\w+:)[^"]*_sources/[^"]*)" target="_blank"', save, html)


def add(app, pagename, templatename, context, doctree):
    context["saving"] = saving
    if context.get("page_source_suffix") != ".ipynb":
        return
    groups = [b for b in context.get("header_buttons", []) if b.get("label") == "download-buttons"]
    if len(groups) != 1:
        raise ExtensionError("the theme has changed its download buttons: look at downloads.add")
    buttons = groups[0]["buttons"]
    for button in buttons:
        if button["label"] == "download-source-button":
            up = context["pathto"]("", 1)
            button["url"] = f"{up.rstrip('/')}/{copy_name(pagename)}"
            button["tooltip"] = "Download this chapter as a notebook"
    sources = packages.Sources.of(app.config)
    for name, url in hosts(sources, pagename).items():
        buttons.append(
            {
                "type": "link",
                "url": url,
                "text": name,
                "tooltip": f"Open this chapter in {name}",
                "label": f"open-in-{name.lower()}",
            }
        )


# ---- the notebooks as scripts ----


def as_scripts(app, exception):
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir) / PLACE
    copies = sorted(folder.glob("*.ipynb"))
    for stale in set(folder.glob("*.ipynb.js")) - {Path(f"{copy}.js") for copy in copies}:
        stale.unlink()
    for copy in copies:
        text = json.dumps(copy.read_text("utf8"), ensure_ascii=False)
        script = f"unrolledSave({json.dumps(copy.name)}, {text});\n"
        Path(f"{copy}.js").write_text(script, "utf8")


# ---- words for pages ----


def fenced(code):
    # As text: colours would cut the command into pieces that nobody finds by searching.
    return f"```text\n{code}\n```"


def substitutions(sources):
    """What a page of the book's own can say with {{ name }}."""
    wheel = packages.wheel_name()
    saved = f'<a href="../{packages.FOLDER}/{wheel}" download="{wheel}"><code>{wheel}</code></a>'
    clone = "make lab"
    if sources.repository:
        name = PurePosixPath(urlsplit(sources.repository).path).name
        clone = f"git clone --branch {sources.branch} {sources.repository}\ncd {name}\nmake lab"
    return {
        "wheel": saved,
        "fresh_environment": fenced(beginning.command(sources)),
        "numpy_alone": fenced(f'python3 -m pip install "{sources.requirement}"'
                              .replace("[chapters]", "")),
        "hosted": fenced(f'%pip install "{sources.requirement}"'),
        "clone": fenced(clone),
    }  # fmt: skip


def configure(app, config):
    config.myst_substitutions.update(substitutions(packages.Sources.of(config)))


# ---- for Binder, which reads the branch that holds the site ----


def binder(app, exception):
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir) / ".binder"
    needs, runtime = folder / "requirements.txt", folder / "runtime.txt"
    if packages.Sources.of(app.config).repository:
        folder.mkdir(exist_ok=True)
        wheel = f"./{packages.FOLDER}/{packages.wheel_name()}"
        needs.write_text(f"jupyterlab\n{wheel}[chapters]\n", "utf8")
        runtime.write_text("python-3.11\n", "utf8")
    else:
        needs.unlink(missing_ok=True)
        runtime.unlink(missing_ok=True)


def setup(app):
    app.connect("config-inited", configure)
    # After the theme has made its buttons (priority 501).
    app.connect("html-page-context", add, priority=600)
    app.connect("build-finished", binder, priority=600)
    # After the copies have been put in place.
    app.connect("build-finished", as_scripts, priority=600)

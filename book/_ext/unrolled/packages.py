"""The package beside the pages: a wheel of `rnnbook`, for readers who have only the site.

It is made in each build, in the folder `packages` of the site, and is the same file each time.
Whatever a page or a chapter says about getting the package, it says with the words made here:
the wheel's name, the site's address and the repository's, where _config.yml has them.
"""

import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parents[3]
FOLDER = "packages"
# 1 January 2026: the date of every file in the wheel, so that the same files make the same wheel.
DATE = "1767225600"


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]


def version():
    return project()["version"]


def wheel_name():
    """The file's name, which is fixed before there is a file."""
    return f"rnnbook-{version()}-py3-none-any.whl"


def needs():
    """What the chapters import, by the module's name: `{"sympy": "sympy>=1.12", ...}`."""
    specifiers = project()["optional-dependencies"]["chapters"]
    return {re.match(r"[\w-]+", text)[0].replace("-", "_"): text for text in specifiers}


def build(folder):
    """Make the wheel in this folder; returns its path."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        env={**os.environ, "SOURCE_DATE_EPOCH": DATE},
        capture_output=True,
        text=True,
    )
    wheel = Path(folder) / wheel_name()
    if done.returncode or not wheel.exists():
        raise ExtensionError(f"the wheel of rnnbook was not built:\n{done.stdout}{done.stderr}")
    return wheel


@dataclass(frozen=True)
class Sources:
    """Where the book and its package can be had, from _config.yml; an empty address is none.

    site: where the pages are served. repository: `https://github.com/owner/name`, say. branch: the
    one that holds the book. pages: the one that holds the built site.
    """

    site: str = ""
    repository: str = ""
    branch: str = "main"
    pages: str = "gh-pages"

    @classmethod
    def of(cls, config):
        named = config.unrolled_repository
        return cls(
            site=(config.html_baseurl or "").rstrip("/"),
            repository=(named.get("url") or "").rstrip("/").removesuffix(".git"),
            branch=named.get("branch") or cls.branch,
            pages=named.get("pages") or cls.pages,
        )

    @property
    def requirement(self):
        """What pip is asked for in a fresh environment: the site's wheel, or the file at hand."""
        if self.site:
            return f"rnnbook[chapters] @ {self.site}/{FOLDER}/{wheel_name()}"
        return f"./{wheel_name()}[chapters]"

    @property
    def addresses(self):
        """Where pip finds the package, the best first; none where nothing is configured."""
        found = [f"{self.site}/{FOLDER}/{wheel_name()}"] if self.site else []
        return found + ([f"git+{self.repository}@{self.branch}"] if self.repository else [])


def put_beside_the_pages(app, exception):
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir) / FOLDER
    for old in folder.glob("*.whl"):
        old.unlink()
    build(folder)


def setup(app):
    app.add_config_value("unrolled_repository", {}, "env", types=(dict,))
    # Before the book is bound into one file.
    app.connect("build-finished", put_beside_the_pages, priority=600)

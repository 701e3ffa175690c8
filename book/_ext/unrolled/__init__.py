"""What this book asks of Sphinx beyond Jupyter Book: a few small parts, one file each."""

import hashlib
from pathlib import Path

from . import (
    assets,
    budget,
    copies,
    downloads,
    execution,
    explorers,
    figures,
    glossary,
    ledger,
    mathematics,
    not_found,
    numbering,
    packages,
    quiz,
    reference,
    roles,
    whole,
)

PARTS = (
    assets, copies, downloads, execution, budget, explorers, figures, glossary, ledger,
    mathematics, not_found, numbering, packages, quiz, reference, roles, whole,
)  # fmt: skip


def own_hash():
    book = Path(__file__).parents[2]
    files = [*book.glob("_ext/**/*.*"), *book.glob("_templates/**/*.*")]
    code = [path.read_bytes() for path in sorted(files) if path.suffix != ".pyc"]
    return hashlib.sha256(b"".join(code)).hexdigest()


def setup(app):
    for part in PARTS:
        part.setup(app)
    # A change in this code or in the templates is a change in every page.
    app.add_config_value("unrolled_code", own_hash(), "env")
    # Jupyter Book always sets this option of sphinx-comments, which the book leaves out.
    app.add_config_value("comments_config", {}, "")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}

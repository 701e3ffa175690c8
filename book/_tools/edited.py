"""The reader's copies of the chapters in _build/lab, and what a reader has changed in them.

    edited.py    empty _build, and leave in it what a reader has written

A copy counts as changed when a cell's text is another than the one the book wrote; running it,
which changes outputs alone, is no change. Needs nothing but Python, so that `make clean` always
works.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = ".written.json"
PASSING = {".ipynb_checkpoints", "__pycache__"}
NEW = ".new"  # 06_name.new.ipynb lies beside a 06_name.ipynb that a reader has changed


def written(text):
    """A name for what the cells of a notebook say. Text that is no notebook has one too."""
    try:
        cells = [[c["cell_type"], "".join(c["source"])] for c in json.loads(text)["cells"]]
        # What a notebook program leaves at the end while one looks: an empty cell.
        text = json.dumps([cell for cell in cells if cell[1].strip()])
    except (ValueError, KeyError, TypeError):
        pass
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def listed(folder):
    """File name -> what the book wrote there last."""
    path = folder / LIST
    return json.loads(path.read_text("utf8")) if path.exists() else {}


def changed(folder):
    """The files that are the reader's: copies with other words in them, and whatever is new."""
    known = listed(folder)
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name != LIST
        and not PASSING & set(path.parts)
        and known.get(path.name) != written(path.read_text("utf8", errors="replace"))
    ]


def lay(folder, copies):
    """Write the copies {file name: text}, but over nothing of the reader's.

    Beside a changed copy the book's lies as 06_name.new.ipynb, where it is another than the one
    that the reader began with. Returns the names of the copies that were left as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known, theirs = listed(folder), {path.name for path in changed(folder)}
    kept = []
    for name, text in copies.items():
        beside = name.replace(".ipynb", f"{NEW}.ipynb")
        if name not in theirs:
            put(folder / name, text)
            known[name] = written(text)
            if beside in known and beside not in theirs:
                (folder / beside).unlink(missing_ok=True)
                del known[beside]
            continue
        kept.append(name)
        if known.get(name) != written(text) and beside not in theirs:
            put(folder / beside, text)
            known[beside] = written(text)
    for name in set(known) - set(copies):
        base = name.replace(f"{NEW}.ipynb", ".ipynb")
        # A chapter that is no longer in the book.
        if base not in copies and name not in theirs:
            (folder / name).unlink(missing_ok=True)
            del known[name]
    (folder / LIST).write_text(json.dumps(known, indent=1, sort_keys=True), "utf8")
    return kept


def put(path, text):
    """Write, where that changes anything: a lab that has the file open asks about it otherwise."""
    if not path.exists() or path.read_text("utf8") != text:
        path.write_text(text, "utf8")


def clean(build):
    """Remove all of `build` but the reader's files in build/lab; returns these."""
    lab = build / "lab"
    kept = changed(lab) if lab.is_dir() else []
    for path in sorted(build.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path in mine.parents for mine in kept):
                shutil.rmtree(path)
        elif path.exists() and path not in kept and not (kept and path == lab / LIST):
            path.unlink()
    if build.is_dir() and not kept:
        shutil.rmtree(build)
    return kept


def main():
    kept = clean(ROOT / "_build")
    for path in kept:
        print(f"kept, because it is yours: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())

"""What stands first in each downloaded chapter: how to get the package, in words and as a cell.

Where everything is there, the cell does nothing, prints nothing, and imports none of what it looks
for. Otherwise it takes the wheel that lies beside the notebook, or where the unpacked book has it,
or else asks the site's address and the repository's, as far as _config.yml has them.
"""

import json
import re
import textwrap
from pathlib import PurePosixPath

from nbformat.v4 import new_code_cell, new_markdown_cell

from . import packages

WORDS_ID = "about-this-notebook"
ID = "get-the-package"
ENVIRONMENT = "rnn-env"

WORDS = """
This notebook is a chapter of the book *Unrolled*. Run the folded cell below first: where the \
package `rnnbook` or something else that the chapter imports is missing, it gets it{}. Or make a \
fresh environment, in the folder of this notebook:

```bash
{}
```
"""
BESIDE = ", from the file `{}` if that lies beside the notebook"

CODE = '''
# Gets rnnbook and what this chapter imports, if they are missing; otherwise does nothing.
def get_the_package():
    import re, subprocess, sys
    from importlib import invalidate_caches, metadata, util
    from pathlib import Path

    parts = @PARTS@

    def there(name):
        if not util.find_spec(name):
            return False
        try:
            version = metadata.version(name) if name == "rnnbook" else ""
        except metadata.PackageNotFoundError:
            return True  # it is imported from a folder
        return not version or [*map(int, re.findall(r"\\d+", version))] >= @VERSION@

    def missing():
        return [name for name in [*parts, "rnnbook"] if not there(name)]

    if not missing():
        return
    wheel = "@WHEEL@"
    files = [Path(folder, wheel).resolve() for folder in @FOLDERS@]
    sources = [str(file) for file in files if file.is_file()] + @ADDRESSES@
    if "rnnbook" in missing() and not sources:
        print(f"rnnbook is not installed: put {wheel} beside this notebook (the folder "
              "packages of the book has it), and run this cell again.")
        return
    print("Getting", ", ".join(missing()), "...")
    why = ""
    for source in sources or [""]:
        wanted = [parts.get(name, source) for name in missing()]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", *wanted]
        try:
            why = subprocess.run(pip, capture_output=True, text=True).stderr
        except OSError as error:
            why = str(error)
        invalidate_caches()
        if not missing():
            return
    print("They could not be installed:", why.strip(), sep="\\n")


get_the_package()
del get_the_package
'''

def command(sources, notebook=""):
    """The lines that make a fresh environment with all that a chapter needs, and open it there."""
    python = f"{ENVIRONMENT}/bin/python -m"
    return (
        f"python3 -m venv {ENVIRONMENT}\n"
        f'{python} pip install jupyterlab "{sources.requirement}"\n'
        f"{python} jupyterlab {notebook}"
    ).rstrip()


def words_cell(sources, notebook):
    """A cell of Markdown that says what the code cell does, with the command to type instead."""
    beside = "" if sources.addresses else BESIDE.format(packages.wheel_name())
    text = WORDS.strip().format(beside, command(sources, notebook))
    return new_markdown_cell(text, id=WORDS_ID)


def code_cell(sources):
    """The code cell, not run yet; its id is `ID`. Without addresses it knows only files."""
    parts = "".join(f'    "{name}": "{need}",\n' for name, need in packages.needs().items())
    # A copy lies in _sources/notebooks of the unpacked book, or where its reader saved it.
    folders = [".", packages.FOLDER, f"../../{packages.FOLDER}"]
    filled = {
        "@PARTS@": textwrap.indent(f"{{\n{parts}}}", "    ").lstrip(),
        "@VERSION@": str([int(part) for part in re.findall(r"\d+", packages.version())]),
        "@FOLDERS@": json.dumps(folders),
        "@ADDRESSES@": json.dumps(sources.addresses),
        "@WHEEL@": packages.wheel_name(),
    }
    code = CODE.strip()
    for mark, text in filled.items():
        code = code.replace(mark, text)
    folded = {"jupyter": {"source_hidden": True}, "cellView": "form", "tags": ["hide-input"]}
    return new_code_cell(code, id=ID, metadata=folded)


def cells(app, docname):
    """Both cells for the copy of this chapter."""
    sources = packages.Sources.of(app.config)
    return [words_cell(sources, f"{PurePosixPath(docname).name}.ipynb"), code_cell(sources)]

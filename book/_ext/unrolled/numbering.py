"""Number by chapter: in notebooks/03_… stand equation (3.1), Figure 3.1 and Exercise 3.1.

Sphinx can do so only for numbered toctrees, whose first chapter would have to be 1. Chapters
here carry their number in their title and in their file's name, so it is taken from there.
Other pages count from 1.
"""

import re

from sphinx.util import logging

log = logging.getLogger(__name__)


def renumber(app, env):
    for docname, kinds in env.toc_fignumbers.items():
        chapter = re.fullmatch(r"notebooks/(\d+)_.*", docname)
        prefix = (int(chapter[1]),) if chapter else ()
        for numbers in kinds.values():
            ordered = sorted(numbers, key=numbers.get)
            numbers.update({name: (*prefix, i) for i, name in enumerate(ordered, 1)})


def setup(app):
    # After Sphinx's own numbering, which listens to the same event.
    app.connect("env-get-updated", lambda app, env: renumber(app, env) or [], priority=900)

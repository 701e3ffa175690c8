"""What the chapters need to put the package's own source on the page."""

import inspect
import textwrap

from rnnbook import extras

with extras.needed_by(__name__):
    from IPython.display import Markdown


def show_source(*things):
    """The source of functions, methods or classes, as one block of code.

    The chapter shows the code that runs, not a copy that could grow stale.
    """
    blocks = [textwrap.dedent(inspect.getsource(thing)).rstrip() for thing in things]
    return Markdown("```python\n" + "\n\n".join(blocks) + "\n```")


def equation(latex, label, lead=""):
    """A numbered equation, printed from the object that was proved; `lead` stands before it.

    `label` is its label in the book's sources. In a reader's copy it is the number itself, "4.9".
    """
    if label[0].isdigit():
        return Markdown(f"{lead}\n\n$$\n{latex} \\tag{{{label}}}\n$$\n".lstrip("\n"))
    return Markdown(f"{lead}\n\n$$\n{latex}\n$$ ({label})\n".lstrip("\n"))

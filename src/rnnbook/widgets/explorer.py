"""What all explorers share: state that is checked, a stable repr, a static stand-in.

An explorer is an `anywidget.AnyWidget`. Its state lives in synced traits, so that it can be linked
to any other widget (`ipywidgets.jslink((explorer, "T"), (slider, "value"))`), in a live notebook
and in the static page.
"""

from collections.abc import Sequence
from contextlib import contextmanager
from functools import wraps
from html import escape
from importlib.resources import files
from numbers import Integral, Real

import numpy as np

from rnnbook import checks, extras

with extras.needed_by(__name__):
    import anywidget
    import traitlets

LIMIT = 20  # the largest magnitude of a number that a reader can type


def assembled(name: str) -> str:
    """The text of an explorer's script or style sheet, together with what all explorers share.

    `assembled("dogs_stepper.js")` is `dogs_stepper.js` and then `explorer.js`: one ES module that
    imports nothing, because a static page has no place to import from. It bears the name of the
    explorer's own file, and has that file's line numbers. A style sheet comes after the tokens
    and the shared sheet, to have its way.
    """
    package, widgets = files("rnnbook"), files("rnnbook.widgets")
    if name.endswith(".css"):
        parts = [package / "tokens.css", widgets / "explorer.css", widgets / name]
        return "\n".join(part.read_text(encoding="utf-8") for part in parts)
    parts = [widgets / name, widgets / "explorer.js"]
    text = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    return f"{text}//# sourceURL={name}\n"


class Refused(ValueError, traitlets.TraitError):
    """A state that does not fit.

    A TraitError too: of a change of several traits, such as a link makes, traitlets then takes
    back all.
    """


@contextmanager
def refusing():
    try:
        yield
    except (TypeError, ValueError) as error:
        raise Refused(str(error)) from None


def validates(name: str):
    """For a method (self, value) that returns what the trait `name` becomes, or raises."""

    def decorate(method):
        @traitlets.validate(name)
        @wraps(method)
        def checked(self, proposal):
            with refusing():
                return method(self, proposal["value"])

        return checked

    return decorate


class State(traitlets.TraitType):
    """A synced trait that `checked(value)` returns as it is kept, or refuses."""

    def __init__(self, *default):
        super().__init__(*default)
        self.tag(sync=True)

    def validate(self, owner, value):
        with refusing():
            return self.checked(value)

    def checked(self, value):
        raise NotImplementedError


class Whole(State):
    """A whole number from `low` to `high`, both included."""

    def __init__(self, default: int, low: int, high: int):
        super().__init__(default)
        self.low, self.high = low, high

    def checked(self, value):
        right = isinstance(value, Real) and value == value // 1 and not isinstance(value, bool)
        if not (right and self.low <= value <= self.high):
            raise ValueError(
                f"{self.name} is {_short(value)}; "
                f"expected a whole number from {self.low} to {self.high}"
            )
        return int(value)


class Between(State):
    """A number from `low` to `high`, both included."""

    def __init__(self, default: float, low: float, high: float):
        super().__init__(default)
        self.low, self.high = low, high

    def checked(self, value):
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if not (is_number and self.low <= value <= self.high):
            raise ValueError(f"{self.name} is {_short(value)}; "
                             f"expected a number from {self.low} to {self.high}")
        return float(value)


class Choice(State):
    """One of a few words; the first is the default."""

    def __init__(self, *words: str):
        super().__init__(words[0])
        self.words = words

    def checked(self, value):
        return checks.one_of(self.name, value, self.words)


class Truth(State):
    """True or False, and nothing that merely looks like it."""

    def checked(self, value):
        if not isinstance(value, bool):
            raise ValueError(f"{self.name} is {_short(value)}; expected True or False")
        return value


class Numbers(State):
    """An array of the named axes as a nested list of floats, each at most 20 in magnitude.

    `Numbers("D H", D=4, H=3)` takes a numpy array or lists of shape (4, 3); what is kept is a
    nested list, because that is what travels to the page. Where the sizes are not fixed, `first`
    is the value to begin with.
    """

    def __init__(self, axes: str, *, first=None, **sizes: int):
        super().__init__()
        self.axes, self.first, self.sizes = axes, first, sizes

    def make_dynamic_default(self):
        if self.first is not None:
            return np.array(self.first, dtype=float).tolist()
        return np.zeros([self.sizes[axis] for axis in self.axes.split()]).tolist()

    def checked(self, value):
        array = checks.array(self.name, value, self.axes, **self.sizes)
        if np.abs(array).max() > LIMIT:
            where = tuple(int(i) for i in np.unravel_index(np.abs(array).argmax(), array.shape))
            raise ValueError(
                f"{self.name} is {float(array[where])} at index {where}; "
                f"expected numbers from -{LIMIT} to {LIMIT}"
            )
        return array.tolist()


class Explorer(anywidget.AnyWidget):
    """An interactive figure. A subclass names its state and draws its static stand-in.

    A subclass sets `_esm` and `_css` with `assembled`, lists in `_state` the traits that its
    `repr` shows, and writes `stand_in`.
    """

    _state: tuple[str, ...] = ()

    def stand_in(self) -> str:
        """The same numbers as static HTML, for where no script runs: print, a viewer, a slow page.

        The same state gives the same text, so that strict nbval can compare it.
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        state = ", ".join(f"{name}={_short(getattr(self, name))}" for name in self._state)
        return f"{type(self).__name__}({state})"

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | {"text/html": self.stand_in()}, metadata


def stand_in_root(name: str, label: str, wide: str, narrow: str, body: str) -> str:
    """The outer element of a stand-in.

    `wide` and `narrow` are the live explorer's heights above and below 600 px of width; a page
    that reserves them does not shift when the explorer comes alive.
    """
    return (
        f'<div class="rnnbook rnnbook-stand-in rnnbook-{name}-stand-in" role="group" '
        f'aria-label="{escape(label)}" data-min-height="{wide}" data-min-height-narrow="{narrow}" '
        f'style="overflow-x: auto">\n{body}\n</div>'
    )


def stand_in_table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column heads its rows. Cells are HTML already; numbers go right."""

    def heading(scope: str, side: str, text: str) -> str:
        style = f"text-align: {side}; font-weight: normal"
        return f'<th scope="{scope}" style="{style}">{text}</th>'

    columns = "".join(heading("col", "right", text) for text in head[1:])
    lines = [
        heading("row", "left", row[0]) + "".join(f"<td>{text}</td>" for text in row[1:])
        for row in rows
    ]
    return (
        '<table style="margin: 0 0 0.8em; border-collapse: separate; border-spacing: 0.5em 0.1em; '
        "font-size: 0.9375em; line-height: 1.4; text-align: right; "
        'font-variant-numeric: tabular-nums">\n'
        f'<caption style="text-align: left; caption-side: top">{caption}</caption>\n'
        f"<thead><tr><td>{head[0]}</td>{columns}</tr></thead>\n<tbody>\n"
        + "\n".join(f"<tr>{line}</tr>" for line in lines)
        + "\n</tbody>\n</table>"
    )


def fixed(value: float, digits: int = 3) -> str:
    """A number with fixed decimals and a true minus; what rounds to zero has no sign."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def _short(value) -> str:
    if isinstance(value, Integral) and not isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list) and np.size(value) > 4:
        return "[" + " x ".join(map(str, np.shape(value))) + " numbers]"
    return repr(value)

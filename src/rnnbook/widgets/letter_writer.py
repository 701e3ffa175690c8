"""A network that writes letter by letter: its state, and what it expects next."""

import base64
from html import escape
from itertools import pairwise

import numpy as np
import traitlets

from rnnbook import checks, experiments
from rnnbook.cells import GRU, LSTM, RNN
from rnnbook.colours import in_page
from rnnbook.decoding import softmax
from rnnbook.experiments import letters as saved
from rnnbook.model import Model
from rnnbook.through_time import unroll

from .explorer import (
    Between,
    Explorer,
    Whole,
    assembled,
    fixed,
    stand_in_root,
    stand_in_table,
    validates,
)

LONGEST, MOST = 60, 400  # letters of a prompt; letters that are written after it
LARGEST = 512  # units whose squares can still be told apart
BARS = 8  # next letters that are shown
ACROSS = 16  # squares in a row of the state
NAMES = {" ": "space", "\n": "new paragraph", ",": "comma", ".": "full stop", ";": "semicolon",
         ":": "colon", "'": "apostrophe", '"': "quotation mark", "(": "opening bracket",
         ")": "closing bracket", "-": "hyphen", "_": "underscore", "?": "question mark",
         "!": "exclamation mark", "/": "slash", "=": "equals sign", "+": "plus sign"}  # fmt: skip
(FORWARD,) = in_page("forward")
HEIGHTS = "718px", "933px"  # of the live explorer in a page's column, wide and on a phone


class LetterWriter(Explorer):
    """Give a network the beginning of a text; watch it write on, letter by letter.

    Parameters
    ----------
    model : a Model of an RNN, an LSTM or a GRU that reads letter k of the alphabet as the k-th
        unit vector and answers with an output for each letter (D = K = the alphabet's length);
        the network that has read this book if None
    alphabet : its letters, a string or a list of single letters, none twice
    prompt : what it reads first, at most 60 letters of the alphabet
    temperature : from 0.1 to 2; outputs are divided by it before the softmax
    seed : a whole number; the k-th letter that is written hangs on the k-th draw of this seed
    text : what it has written after the prompt, at most 400 letters; if None, it writes the
        first 200 itself
    unit : the unit whose value colours the text, counted from 1; 0 for none

    A value that does not fit is a `ValueError` or a `TypeError` that names the argument.

    >>> len(LetterWriter(prompt="The state ").write(20))
    220
    """

    _esm = assembled("letter_writer.js")
    _css = assembled("letter_writer.css")
    _state = ("prompt", "temperature", "seed", "text", "unit")

    prompt = traitlets.TraitType("").tag(sync=True)
    temperature = Between(0.5, 0.1, 2.0)
    seed = Whole(0, 0, 2**31)
    text = traitlets.TraitType("").tag(sync=True)
    unit = Whole(0, 0, LARGEST)
    network = traitlets.Dict(help="kind, sizes, alphabet, and where each array is").tag(sync=True)
    weights = traitlets.Bytes(help="the arrays, one after the other").tag(sync=True)

    def __init__(self, model=None, alphabet=None, *, prompt=None, temperature=0.5, seed=0,
                 text=None, unit=0):
        if (model is None) != (alphabet is None):
            given = "alphabet" if model is None else "model"
            raise TypeError(f"only {given} was given; expected a model with its alphabet, or "
                            "neither for the network that has read this book")
        if model is None:
            record = experiments.load("letters")[0].record
            self._model, alphabet = saved.network()
            self._alphabet = list(alphabet)
            arrays = [(name.split(".")[1], part["shape"], part["scales"],
                       base64.b64decode(part["bytes"]))
                      for name, part in record["weights"].items()]
        else:
            self._model, self._alphabet = _checked(model, alphabet)
            arrays = [(name.split(".")[1], list(array.shape), None, array.astype("<f8").tobytes())
                      for name, array in self._model.leaves()]
        cell = self._model.cell
        self._places = {letter: k for k, letter in enumerate(self._alphabet)}
        if prompt is None:
            prompt = "The network " if model is None else self._alphabet[0]
        super().__init__(
            network={
                "kind": type(cell).__name__,
                "activation": getattr(cell, "activation", ""),
                "H": cell.H,
                "alphabet": self._alphabet,
                "arrays": [{"name": name, "shape": shape, "scales": scales}
                           for name, shape, scales, _ in arrays],
            },
            weights=b"".join(data for *_, data in arrays),
            prompt=prompt, temperature=temperature, seed=seed, text=text or "", unit=unit,
        )
        if text is None:
            self.write(200)

    @validates("prompt")
    def _letters_that_it_reads(self, value):
        return self._letters("prompt", value, LONGEST)

    @validates("text")
    def _letters_that_it_writes(self, value):
        return self._letters("text", value, MOST)

    @validates("unit")
    def _one_of_its_units(self, value):
        H = self._model.cell.H
        if value > H:
            raise ValueError(f"unit is {value}; expected 0 or one of its {H} units")
        return value

    def _letters(self, name, value, most):
        if not isinstance(value, str):
            raise TypeError(f"{name} is {checks.brief(value)}; expected a text")
        strange = [letter for letter in value if letter not in self._places]
        if strange:
            raise ValueError(f"{name} has {strange[0]!r}; expected letters of the alphabet "
                             f"{''.join(self._alphabet)!r}")
        if len(value) > most:
            raise ValueError(f"{name} has {len(value)} letters; expected at most {most}")
        return value

    # ---- what the page computes too ----

    def states(self):
        """h after each letter of prompt and text: (letters, H); (0, H) before the first."""
        places = [self._places[letter] for letter in self.prompt + self.text]
        if not places:
            return np.zeros((0, self._model.cell.H))
        return unroll(self._model.cell, self._ones()[places, None]).hs[:, 0]

    def probabilities(self):
        """Of each letter of the alphabet to come next, at the temperature: (K,)."""
        hs, readout = self.states(), self._model.readout
        h = hs[-1] if len(hs) else np.zeros(self._model.cell.H)
        return softmax((h @ readout.W_hy + readout.b_y) / self.temperature)

    def write(self, letters):
        """Write this many letters more, up to 400 in all. Returns the text after the prompt."""
        letters = min(checks.whole("letters", letters), MOST - len(self.text))
        cell, readout, ones = self._model.cell, self._model.readout, self._ones()
        state = cell.initial_state(1)
        if self.prompt + self.text:
            places = [self._places[letter] for letter in self.prompt + self.text]
            state = unroll(cell, ones[places, None]).state
        text = self.text
        for _ in range(letters):
            ys = state[0][0] @ readout.W_hy + readout.b_y
            place = drawn(softmax(ys / self.temperature), chance(self.seed, len(text)))
            text += self._alphabet[place]
            state, _ = cell.step(ones[None, place] @ cell.W_xh + cell.b_h, state)
        self.text = text
        return text

    def _ones(self):
        return np.eye(len(self._alphabet), dtype=self._model.cell.dtype)

    def likeliest(self):
        """The likeliest next letters and their probabilities, at most eight."""
        ps = self.probabilities()
        order = sorted(range(len(ps)), key=lambda k: (-ps[k], k))[:BARS]
        return [(self._alphabet[k], float(ps[k])) for k in order]

    def sentence(self) -> str:
        """What the figure says, in words."""
        read = (self.prompt + self.text).replace("\n", "¶")
        after = f"After “{'…' if len(read) > 20 else ''}{read[-20:]}”" if read else "At the start"
        listed = [f"{named(letter)} ({percent(p)})" for letter, p in self.likeliest()[:3]]
        words = f"{', '.join(listed[:-1])} and {listed[-1]}" if len(listed) > 1 else listed[0]
        states = self.states()
        value = states[-1][self.unit - 1] if self.unit and len(states) else 0.0
        beside = f" Unit {self.unit} is at {fixed(value, 2)}." if self.unit else ""
        return (f"{after}, at temperature {self.temperature:.1f}, the likeliest next letters are "
                f"{words}. It has written {len(self.text)} of {MOST} letters.{beside}")

    # ---- without a script ----

    def stand_in(self) -> str:
        text = escape(self.text).replace("\n", " ¶ ")
        body = "\n".join([
            "<p><strong>A network writes</strong></p>",
            f"<p><strong>{escape(self.prompt)}</strong>{text}</p>",
            self._drawn(),
            stand_in_table(
                f"What comes next, at temperature {self.temperature:.1f}", ["letter", "chance"],
                [[escape(named(letter)), percent(p)] for letter, p in self.likeliest()]),
            f"<p>{escape(self.sentence())}</p>",
        ])  # fmt: skip
        return stand_in_root("letter-writer", "A network writes letter by letter", *HEIGHTS, body)

    def _drawn(self):
        """The state as SVG: a square for each unit."""
        states = self.states()
        h = states[-1] if len(states) else np.zeros(self._model.cell.H)
        rows = -(-len(h) // ACROSS)
        squares = []
        for k, value in enumerate(h):
            side = 18 * np.sqrt(min(1, abs(value)))
            x, y = 20 * (k % ACROSS) + 10 - side / 2, 20 * (k // ACROSS) + 10 - side / 2
            fill = FORWARD if value > 0 else "none"
            squares.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{side:.1f}" '
                           f'fill="{fill}"/>')
        return (f'<svg viewBox="0 0 {20 * ACROSS} {20 * rows}" role="img" '
                f'aria-label="The state, a square for each of {len(h)} units" '
                f'style="display: block; width: 100%; max-width: 22em" stroke="{FORWARD}">\n'
                + "\n".join(squares) + "\n</svg>")

    def __repr__(self) -> str:
        return (f"LetterWriter(prompt={self.prompt!r}, temperature={self.temperature:.1f}, "
                f"seed={self.seed}, text={len(self.text)} letters, unit={self.unit})")


def chance(seed: int, k: int) -> float:
    """The k-th draw of a seed, from 0 up to 1. The page has the same, so both write the same text.

    Thirty-two bits, mixed as at the end of MurmurHash3 (Appleby 2011).
    """
    bits = (seed * 0x9E3779B1 + k * 0x85EBCA77 + 1) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        bits ^= bits >> shift
        bits = bits * factor & 0xFFFFFFFF
    return bits / 2**32


def drawn(ps, u) -> int:
    """The first place at which the probabilities up to there add to more than u."""
    total = 0.0
    for place, p in enumerate(ps):
        total += p
        if u < total:
            return place
    return int(np.argmax(ps))  # rounding has left the sum below u


def named(letter: str) -> str:
    """A letter as it is said."""
    return NAMES.get(letter, letter)


def percent(p: float) -> str:
    return f"{int(np.floor(100 * p + 0.5))} %" if p >= 0.005 else "under 1 %"


def _checked(model, alphabet):
    """A model that the page can run, and its letters as a list."""
    checks.kind("model", model, Model)
    if type(model.cell) not in (RNN, LSTM, GRU):
        raise TypeError(f"model has a cell of the class {type(model.cell).__name__}; expected an "
                        "RNN, an LSTM or a GRU, which the page's script knows")
    if model.cell.H > LARGEST:
        raise ValueError(f"model has H = {model.cell.H} units; expected at most {LARGEST}")
    if not isinstance(alphabet, str | list | tuple):
        raise TypeError(f"alphabet is {checks.brief(alphabet)}; expected a string or a list of "
                        "letters")
    letters = list(alphabet)
    for k, letter in enumerate(letters):
        if not isinstance(letter, str) or len(letter) != 1:
            raise ValueError(f"alphabet[{k}] is {checks.brief(letter)}; expected a single letter")
    twice = [a for a, b in pairwise(sorted(letters)) if a == b]
    if twice:
        raise ValueError(f"alphabet has {twice[0]!r} twice; expected each letter once")
    if not model.D == model.K == len(letters):
        raise ValueError(f"model has D = {model.D} and K = {model.K}, alphabet has {len(letters)} "
                         "letters; expected all three to be equal")
    return model, letters

"""The forward pass of a tiny network that spells a word, letter by letter."""

import numpy as np
import traitlets

from rnnbook import checks, tasks
from rnnbook.cells import RNN
from rnnbook.losses import cross_entropy, softmax
from rnnbook.model import Model, Readout

from .explorer import (
    Choice,
    Explorer,
    Numbers,
    Whole,
    assembled,
    fixed,
    refusing,
    stand_in_root,
    stand_in_table,
)

WEIGHTS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
HEIGHTS = "830px", "890px"  # of the live explorer in a page's column, wide and on a phone

MODELS = {"dogs": tasks.dogs_model, "noon": tasks.noon_model}
AXES = {"W_xh": "D H", "W_hh": "H H", "b_h": "H", "W_hy": "H K", "b_y": "K", "h0": "H"}
SIZES = {
    word: {"D": model().D, "H": model().cell.H, "K": model().K} for word, model in MODELS.items()
}


def arrays(model: Model, h0=None) -> dict[str, list]:
    """What the traits hold of a model, as nested lists."""
    values = {name: getattr(model.cell, name) for name in ("W_xh", "W_hh", "b_h")}
    values |= {name: getattr(model.readout, name) for name in ("W_hy", "b_y")}
    values["h0"] = np.zeros(model.cell.H) if h0 is None else h0
    return {name: np.asarray(value).tolist() for name, value in values.items()}


FIRST = arrays(tasks.dogs_model())


class DogsStepper(Explorer):
    """Walk through the forward pass of a word, number by number, and edit every weight.

    Parameters
    ----------
    model : a `Model` of an `RNN` with tanh and the word's sizes: D = 4, H = 3, K = 4 for 'dogs',
        D = 2, H = 2, K = 2 for 'noon'; `tasks.dogs_model()` or `tasks.noon_model()` if None
    word : "dogs", which reads d, o, g, or "noon", which reads n, o, o
    t : the step that is shown first, 1 to 3
    stage : what is shown of it: 1 the item and the old state, 2 the pre-activation a_t, 3 the
        state h_t, 4 the outputs y_t, 5 the probabilities and the loss
    h0 : the state before the first step; zeros if None

    Weights are numbers from -20 to 20. What does not fit is a `TypeError` or a `ValueError` that
    names the argument. A new `word` brings its own weights. "Reset weights" brings back those that
    the explorer started with.

    >>> DogsStepper(word="noon", t=2).word
    'noon'
    """

    _esm = assembled("dogs_stepper.js")
    _css = assembled("dogs_stepper.css")
    _state = ("word", "t", "stage", *WEIGHTS, "h0")

    word = Choice(*MODELS)
    t = Whole(1, 1, 3)
    stage = Whole(1, 1, 5)
    # Their sizes go with the word: see `_fits_the_word`.
    W_xh = Numbers("D H", first=FIRST["W_xh"])
    W_hh = Numbers("H H", first=FIRST["W_hh"])
    b_h = Numbers("H", first=FIRST["b_h"])
    W_hy = Numbers("H K", first=FIRST["W_hy"])
    b_y = Numbers("K", first=FIRST["b_y"])
    h0 = Numbers("H", first=FIRST["h0"])
    start = traitlets.Dict(help="for each word, what 'Reset weights' brings back").tag(sync=True)

    def __init__(self, model=None, *, word="dogs", t=1, stage=1, h0=None):
        word = checks.one_of("word", word, tuple(MODELS))
        model = MODELS[word]() if model is None else model
        if not isinstance(model, Model):
            raise TypeError(f"model is {model!r}; expected a Model")
        if not isinstance(model.cell, RNN) or model.cell.activation != "tanh":
            raise ValueError(f"model has the cell {model.cell!r}; expected an RNN with tanh")
        values = arrays(model, h0)
        super().__init__(word=word, t=t, stage=stage, **values)
        own = {name: getattr(self, name) for name in values}
        self.start = {one: arrays(make()) for one, make in MODELS.items()} | {word: own}

    @traitlets.validate(*AXES)
    def _fits_the_word(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        with refusing():
            checks.shape(name, np.asarray(value), AXES[name], **SIZES[self.word])
        return value

    @traitlets.observe("word")
    def _bring_its_weights(self, change):
        if len(self.W_hh) != SIZES[self.word]["H"]:
            for name, value in self.start[self.word].items():
                setattr(self, name, value)

    @property
    def model(self) -> Model:
        """The network as it is now, with the reader's weights."""
        cell = RNN(W_xh=self.W_xh, W_hh=self.W_hh, b_h=self.b_h)
        return Model(cell, Readout(W_hy=self.W_hy, b_y=self.b_y))

    def stand_in(self) -> str:
        xs, targets, letters = tasks.spelling(self.word)
        units = [str(unit + 1) for unit in range(len(self.b_h))]
        ys, trace = self.model.run(xs, (np.array([self.h0]),))
        ps, loss = softmax(ys), cross_entropy(ys, targets)[0]
        hs = trace.hs[:, 0]
        guesses, rights = ps[:, 0].argmax(axis=-1), targets[:, 0]
        losses = -np.log(ps[range(3), 0, rights])
        steps = [
            ["reads", *(letters[x.argmax()] for x in xs[:, 0])],
            *numbers([f"<i>h</i>, entry {unit}" for unit in units], hs.T),
            *numbers([f"<i>y</i>, {letter}" for letter in letters], ys[:, 0].T),
            *numbers([f"<i>p</i>, {letter}" for letter in letters], ps[:, 0].T),
            ["guess", *(letters[guess] for guess in guesses)],
            ["right letter", *(letters[right] for right in rights)],
            *numbers(["loss"], [losses]),
        ]
        tables = [
            stand_in_table("The three steps", ["", "1", "2", "3"], steps),
            "<div>",
            stand_in_table(
                f"{name('W_xh')}, {name('b_h')} and {name('h_0')}",
                ["", *units],
                numbers([*letters, name("b_h"), name("h_0")], [*self.W_xh, self.b_h, self.h0]),
            ),
            stand_in_table(name("W_hh"), ["", *units], numbers(units, self.W_hh)),
            stand_in_table(
                f"{name('W_hy')} and {name('b_y')}",
                ["", *letters],
                numbers([*units, name("b_y")], [*self.W_hy, self.b_y]),
            ),
            "</div>",
        ]
        body = "\n".join([
            f"<p><strong>What comes next?</strong> The network reads "
            f"{', '.join(self.word[:-1])} and "
            f"should say {', '.join(self.word[1:])}. Its mean loss over the three steps is "
            f"{fixed(loss)}.</p>",
            '<div style="display: flex; flex-wrap: wrap; gap: 0 2em; align-items: flex-start">',
            *tables,
            "</div>",
        ])  # fmt: skip
        return stand_in_root(
            "dogs-stepper", f"The forward pass of {self.word}, all numbers", *HEIGHTS, body
        )


def name(symbol: str) -> str:
    letter, index = symbol.split("_")
    return f"<i>{letter}</i><sub>{index}</sub>"


def numbers(heads, rows) -> list[list[str]]:
    return [[head, *map(fixed, row)] for head, row in zip(heads, rows, strict=True)]

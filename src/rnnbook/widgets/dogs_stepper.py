"""The forward pass of a tiny network that reads d, o, g and should say o, g, s."""

import numpy as np
import traitlets

from rnnbook import tasks
from rnnbook.cells import RNN
from rnnbook.losses import cross_entropy, softmax
from rnnbook.model import Model, Readout

from .explorer import (
    Explorer,
    Numbers,
    Whole,
    assembled,
    fixed,
    stand_in_root,
    stand_in_table,
)

WEIGHTS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
HEIGHTS = "1200px", "1940px"  # of the live explorer in a page's column, wide and on a phone


class DogsStepper(Explorer):
    """Walk through the forward pass of 'dogs', number by number, and edit every weight.

    Parameters
    ----------
    model : a `Model` of an `RNN` with tanh and the sizes D = 4, H = 3, K = 4;
        `tasks.dogs_model()` if None
    t : the step that is shown first, 1 to 3
    stage : what is shown of it: 1 the inputs, 2 the pre-activation a_t, 3 the state h_t,
        4 the outputs y_t, 5 the probabilities and the loss
    h0 : the state before the first step, three numbers; zeros if None

    Weights are numbers from -20 to 20. What does not fit is a `TypeError` or a `ValueError` that
    names the argument. "Reset weights" brings back the weights that the explorer started with.

    >>> DogsStepper(t=2).t
    2
    """

    _esm = assembled("dogs_stepper.js")
    _css = assembled("dogs_stepper.css")
    _state = ("t", "stage", *WEIGHTS, "h0")

    t = Whole(1, 1, 3)
    stage = Whole(1, 1, 5)
    W_xh = Numbers("D H", D=4, H=3)
    W_hh = Numbers("H H", H=3)
    b_h = Numbers("H", H=3)
    W_hy = Numbers("H K", H=3, K=4)
    b_y = Numbers("K", K=4)
    h0 = Numbers("H", H=3)
    start = traitlets.Dict(help="what 'Reset weights' brings back").tag(sync=True)

    def __init__(self, model=None, *, t=1, stage=1, h0=None):
        model = tasks.dogs_model() if model is None else model
        if not isinstance(model, Model):
            raise TypeError(f"model is {model!r}; expected a Model")
        if not isinstance(model.cell, RNN) or model.cell.activation != "tanh":
            raise ValueError(f"model has the cell {model.cell!r}; expected an RNN with tanh")
        super().__init__(
            t=t,
            stage=stage,
            W_xh=model.cell.W_xh,
            W_hh=model.cell.W_hh,
            b_h=model.cell.b_h,
            W_hy=model.readout.W_hy,
            b_y=model.readout.b_y,
            h0=np.zeros(3) if h0 is None else h0,
        )
        self.start = {name: getattr(self, name) for name in (*WEIGHTS, "h0")}

    @property
    def model(self) -> Model:
        """The network as it is now, with the reader's weights."""
        cell = RNN(W_xh=self.W_xh, W_hh=self.W_hh, b_h=self.b_h)
        return Model(cell, Readout(W_hy=self.W_hy, b_y=self.b_y))

    def stand_in(self) -> str:
        xs, targets, letters = tasks.dogs()
        ys, trace = self.model.run(xs, (np.array([self.h0]),))
        ps, loss = softmax(ys), cross_entropy(ys, targets)[0]
        hs = trace.hs[:, 0]
        guesses, rights = ps[:, 0].argmax(axis=-1), targets[:, 0]
        losses = -np.log(ps[range(3), 0, rights])
        steps = [
            ["reads", *(letters[x.argmax()] for x in xs[:, 0])],
            *numbers([f"<i>h</i>, entry {unit}" for unit in "123"], hs.T),
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
                ["", *"123"],
                numbers([*letters, name("b_h"), name("h_0")], [*self.W_xh, self.b_h, self.h0]),
            ),
            stand_in_table(name("W_hh"), ["", *"123"], numbers("123", self.W_hh)),
            stand_in_table(
                f"{name('W_hy')} and {name('b_y')}",
                ["", *letters],
                numbers([*"123", name("b_y")], [*self.W_hy, self.b_y]),
            ),
            "</div>",
        ]
        body = "\n".join([
            "<p><strong>What comes after d, o, g?</strong> The network reads d, o, g and should "
            f"say o, g, s. Its mean loss over the three steps is {fixed(loss)}.</p>",
            '<div style="display: flex; flex-wrap: wrap; gap: 0 2em; align-items: flex-start">',
            *tables,
            "</div>",
        ])  # fmt: skip
        return stand_in_root(
            "dogs-stepper", "The forward pass of dogs, all numbers", *HEIGHTS, body
        )


def name(symbol: str) -> str:
    letter, index = symbol.split("_")
    return f"<i>{letter}</i><sub>{index}</sub>"


def numbers(heads, rows) -> list[list[str]]:
    return [[head, *map(fixed, row)] for head, row in zip(heads, rows, strict=True)]

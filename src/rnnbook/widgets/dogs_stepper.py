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
    vector,
)

WEIGHTS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


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
        steps = []
        for t, (h, y, p, target) in enumerate(
            zip(trace.hs[:, 0], ys[:, 0], ps[:, 0], targets[:, 0], strict=True), start=1
        ):
            guess = letters[p.argmax()]
            verdict = "right" if guess == letters[target] else f"wrong, {letters[target]}"
            steps.append([
                f"{t}, reads {letters[xs[t - 1, 0].argmax()]}",
                vector(h),
                vector(y),
                vector(p),
                f"{guess} ({verdict})",
                fixed(-np.log(p[target])),
            ])  # fmt: skip

        def weights(caption, rows, columns, values):
            return stand_in_table(
                caption,
                ["", *columns],
                [[row, *map(fixed, line)] for row, line in zip(rows, values, strict=True)],
            )

        into, units = "<i>h</i><sub>{}</sub>", "123"
        columns = [into.format(unit) for unit in units]
        body = "\n".join([
            stand_in_table(
                "The network reads d, o, g and should say o, g, s.",
                ["step", "h", "y", "p for d, o, g, s", "guess", "loss"],
                steps,
            ),
            f"<p>h_0 = {vector(self.h0)}. Mean loss over the three steps: {fixed(loss)}.</p>",
            weights("W_xh and b_h", [*letters, "b_h"], columns, [*self.W_xh, self.b_h]),
            weights("W_hh", columns, columns, self.W_hh),
            weights("W_hy and b_y", [*columns, "b_y"], letters, [*self.W_hy, self.b_y]),
        ])  # fmt: skip
        return stand_in_root(
            "dogs-stepper", "The forward pass of dogs, all numbers", "0px", "0px", body
        )

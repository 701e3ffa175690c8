"""From a loss back to one use of a weight: the path, its term in the gradient, the term's size."""

import numpy as np
import traitlets

from rnnbook import tasks
from rnnbook.cells import RNN
from rnnbook.losses import cross_entropy
from rnnbook.model import Model

from .explorer import (
    Choice,
    Explorer,
    Whole,
    assembled,
    fixed,
    stand_in_root,
    stand_in_table,
    validates,
)

WEIGHTS = ("W_hh", "W_xh", "b_h")
STEPS = (1, 2, 3)
COUNTED = (
    "L_t is the share of step t in the loss, a third of that step's own. The size of a "
    "table is the square root of the sum of its squared entries. Sizes do not add up: terms can "
    "point against each other."
)
HEIGHTS = "1083px", "1322px"  # of the live explorer in a page's column, wide and on a phone


class PathExplorer(Explorer):
    """Pick a path from a loss back to a use of a weight; see its term in the gradient.

    Parameters
    ----------
    model : a `Model` of an `RNN` with tanh and the sizes D = 4, H = 3, K = 4, which reads 'dogs';
        `tasks.dogs_model()` if None
    weight : "W_hh", "W_xh" or "b_h"
    loss : the step whose loss is looked at, 1 to 3
    use : the step at which the weight is used, 1 to `loss`, since no later one can matter.
        A smaller `loss` takes `use` down with it

    The loss is the cross-entropy of 'dogs', the mean over its three steps; L_t is step t's share.
    What does not fit is a `TypeError` or a `ValueError` that names the argument.

    >>> PathExplorer(loss=3, use=2).sentence()[:83]
    'The loss of step 3, through the use of W_hh at step 2: a term of size 0.1552 on its'
    """

    _esm = assembled("path_explorer.js")
    _css = assembled("path_explorer.css")
    _state = ("weight", "loss", "use")

    weight = Choice(*WEIGHTS)
    loss = Whole(3, 1, 3)
    use = Whole(2, 1, 3)
    terms = traitlets.Dict(help="what the page shows, by weight, loss and use").tag(sync=True)

    def __init__(self, model=None, *, weight="W_hh", loss=3, use=None):
        model = tasks.dogs_model() if model is None else model
        if not isinstance(model, Model):
            raise TypeError(f"model is {model!r}; expected a Model")
        if not isinstance(model.cell, RNN) or model.cell.activation != "tanh":
            raise ValueError(f"model has the cell {model.cell!r}; expected an RNN with tanh")
        sizes = model.cell.D, model.cell.H, model.readout.W_hy.shape[1]
        if sizes != (4, 3, 4):
            raise ValueError(f"model has (D, H, K) = {sizes}; expected (4, 3, 4)")
        # A loss that is no step gets its own sentence, not one about the use.
        use = (min(2, loss) if loss in STEPS else 1) if use is None else use
        super().__init__(weight=weight, loss=loss, use=use)
        self._lefts, self._das = factors(model)
        self.terms = {name: self._table(name) for name in WEIGHTS}

    @validates("use")
    def _not_after_the_loss(self, value):
        if value > self.loss:
            raise ValueError(f"use is {value}; expected a step from 1 to loss = {self.loss}")
        return value

    @traitlets.observe("loss")
    def _take_use_down(self, change):
        self.use = min(self.use, self.loss)

    def term(self, weight=None, loss=None, use=None) -> np.ndarray:
        """The part of dL_loss/d(weight) that goes through one use, exactly; of what is chosen.

        The shape is the weight's own.
        """
        weight = self.weight if weight is None else weight
        loss, use = self.loss if loss is None else loss, self.use if use is None else use
        da = self._das[loss, use]
        return da if weight == "b_h" else np.outer(self._lefts[weight][use - 1], da)

    def together(self, weight=None, loss=None) -> np.ndarray:
        """The sum of the terms of one loss: dL_loss/d(weight)."""
        weight, loss = weight or self.weight, loss or self.loss
        return sum(self.term(weight, loss, s) for s in range(1, loss + 1))

    def whole(self, weight=None) -> np.ndarray:
        """The sum of the terms of all three losses: dL/d(weight)."""
        return sum(self.together(weight, t) for t in STEPS)

    def _table(self, weight):
        """What the page shows of one weight, rounded to more digits than it shows."""

        def rounded(array):
            return (np.round(array, 7) + 0.0).tolist()  # + 0.0: no -0.0

        def use(t, s):
            left = self._lefts[weight][s - 1]
            term = np.atleast_2d(self.term(weight, t, s))
            return {
                "left": rounded(left),
                "da": rounded(self._das[t, s]),
                "term": rounded(term),
                "size": rounded(np.linalg.norm(term)),
                "nothing": not left.any(),  # what stands to the left is zero, hence the term
            }

        return {
            "losses": [
                {
                    "uses": [use(t, s) for s in range(1, t + 1)],
                    "together": rounded(np.linalg.norm(self.together(weight, t))),
                }
                for t in STEPS
            ],
            "whole": rounded(np.linalg.norm(self.whole(weight))),
        }

    def sentence(self) -> str:
        """What the figure says, in words."""
        table = self.terms[self.weight]
        loss = table["losses"][self.loss - 1]
        use = loss["uses"][self.use - 1]
        if use["nothing"]:
            alone = f"zero, because h_{self.use - 1} is zero."
        else:
            alone = f"a term of size {size(use['size'])} on its own."
        terms = {1: "It is the only term of this loss", 2: "The two terms of this loss together",
                 3: "The three terms of this loss together"}[self.loss]  # fmt: skip
        has = "." if self.loss == 1 else f" have size {size(loss['together'])}."
        return (
            f"The loss of step {self.loss}, through the use of {self.weight} at step {self.use}: "
            f"{alone} {terms}{has} The gradient of the whole loss has size {size(table['whole'])}."
        )

    def stand_in(self) -> str:
        sizes = []
        for weight, table in self.terms.items():
            for t, loss in enumerate(table["losses"], 1):
                shown = [size(use["size"]) for use in loss["uses"]] + ["–"] * (3 - t)
                head = f"{written(weight)}, {written(f'L_{t}')}"
                sizes.append([head, *shown, size(loss["together"])])
            sizes.append([f"{written(weight)}, all", "", "", "", size(table["whole"])])
        use = self.terms[self.weight]["losses"][self.loss - 1]["uses"][self.use - 1]
        left = {"W_hh": f"h_{self.use - 1}", "W_xh": f"x_{self.use}", "b_h": ""}[self.weight]
        heads = {"W_hh": "123", "W_xh": tasks.dogs().letters, "b_h": " "}[self.weight]
        numbers = [
            ["arrives", "", *(fixed(entry, 4) for entry in use["da"])],
            *(
                [head, fixed(entry, 4), *(fixed(number, 4) for number in row)]
                for head, entry, row in zip(heads, use["left"], use["term"], strict=True)
            ),
        ]
        body = "\n".join([
            "<p><strong>One path, one term</strong></p>",
            stand_in_table(
                "The size of each term, by weight, loss and use",
                ["", "step 1", "step 2", "step 3", "together"],
                sizes,
            ),
            stand_in_table(
                f"The term of {written(self.weight)} from {written(f'L_{self.loss}')} through its "
                f"use at step {self.use}: each entry is the number to its left times the number "
                "that arrives above it",
                ["", written(left) if left else "1", "unit 1", "unit 2", "unit 3"],
                numbers,
            ),
            f"<p>{said(self.sentence())} {said(COUNTED)}</p>",
        ])  # fmt: skip
        return stand_in_root("path-explorer", "The terms of the gradient", *HEIGHTS, body)


def factors(model):
    """What stands to the left at each use, by weight; and what arrives, by loss and use."""
    xs, targets, _ = tasks.dogs()
    ys, trace = model.run(xs)
    _, dys = cross_entropy(ys, targets)
    hs, W_hh = trace.hs[:, 0], model.cell.W_hh
    lefts = {"W_hh": trace.states[0][:-1, 0], "W_xh": xs[:, 0], "b_h": np.ones((len(xs), 1))}
    das = {}
    for t in STEPS:
        dh = dys[t - 1, 0] @ model.readout.W_hy.T
        for s in range(t, 0, -1):
            das[t, s] = dh * (1 - hs[s - 1] ** 2)
            dh = das[t, s] @ W_hh.T
    return lefts, das


def size(value: float) -> str:
    """Four decimals, as in the chapter's tables; what is not zero never looks like it."""
    if value == 0:
        return "0"
    return "below 0.0001" if value < 0.0001 else fixed(value, 4)


def written(name: str) -> str:
    letter, index = name.split("_")
    return f"<i>{letter}</i><sub>{index}</sub>"


def said(text: str) -> str:
    return " ".join(written(word) if "_" in word and word[-1].isalnum() else word
                    for word in text.split())  # fmt: skip

"""How many numbers are learned? Five networks that read the same T inputs."""

from html import escape
from typing import NamedTuple

from rnnbook.colours import in_page

from .explorer import Explorer, Truth, Whole, assembled, stand_in_root

NOT_COUNTED = "Counted: the recurrent or hidden layer alone, without the readout."
(DATA,) = in_page("data")
HEIGHTS = "540px", "785px"  # of the live explorer in a page's column, wide and on a phone


class Row(NamedTuple):
    key: str
    name: str
    count: int
    formula: str  # the letters, then the numbers put in


class ParameterCounter(Explorer):
    """Count what an RNN, the same chain untied, a window MLP, a GRU and an LSTM learn.

    Parameters
    ----------
    D : inputs per step, 1 to 512
    H : hidden units, 1 to 512
    T : steps, 1 to 100
    second_bias : count two biases for each sum, as PyTorch has them; the window MLP keeps its one
    gated : show the GRU and the LSTM as well

    A value outside its range is a `ValueError` that names it.

    >>> ParameterCounter(D=100, H=100, T=20).counts()["rnn"]
    20100
    """

    _esm = assembled("parameter_counter.js")
    _css = assembled("parameter_counter.css")
    _state = ("D", "H", "T", "second_bias", "gated")

    D = Whole(100, 1, 512)
    H = Whole(100, 1, 512)
    T = Whole(20, 1, 100)
    second_bias = Truth(False)
    gated = Truth(False)

    def __init__(self, *, D=100, H=100, T=20, second_bias=False, gated=False):
        super().__init__(D=D, H=H, T=T, second_bias=second_bias, gated=gated)

    def counts(self) -> dict[str, int]:
        """The five counts: `rnn`, `untied`, `window`, `gru`, `lstm`. The readout is left out."""
        return {row.key: row.count for row in self.rows()}

    def rows(self) -> list[Row]:
        """The figure's five rows, in its order."""
        D, H, T = self.D, self.H, self.T
        biases = 2 if self.second_bias else 1
        gate = D * H + H * H + biases * H  # one affine map of (x_t, h_{t-1})
        bias = "2·H" if self.second_bias else "H"
        bias_n = f"2·{H}" if self.second_bias else f"{H}"
        letters, numbers = f"D·H + H·H + {bias}", f"{D}·{H} + {H}·{H} + {bias_n}"

        def row(key, name, count, letters, numbers):
            return Row(key, name, count, f"{letters} = {numbers} = {count:,}")

        return [
            row("rnn", "RNN", gate, letters, numbers),
            row("untied", "Untied chain", T * gate, f"T·({letters})", f"{T}·({numbers})"),
            row("window", "Window MLP", T * D * H + H,
                "T·D·H + H", f"{T}·{D}·{H} + {H}"),
            row("gru", "GRU", 3 * gate, f"3·({letters})", f"3·({numbers})"),
            row("lstm", "LSTM", 4 * gate, f"4·({letters})", f"4·({numbers})"),
        ]  # fmt: skip

    def sentence(self) -> str:
        """What the figure says, in words."""
        numbers = {key: f"{count:,}" for key, count in self.counts().items()}
        gates = f" The GRU learns {numbers['gru']}, the LSTM {numbers['lstm']}."
        biases = " Two biases for each sum, as in PyTorch."
        return (
            f"D = {self.D}, H = {self.H}, T = {self.T}. The RNN learns {numbers['rnn']} numbers, "
            f"the untied chain {numbers['untied']}, the window MLP {numbers['window']}."
            f"{gates if self.gated else ''}{biases if self.second_bias else ''}"
        )

    def stand_in(self) -> str:
        rows = [row for row in self.rows() if self.gated or row.key not in ("gru", "lstm")]
        longest = max(row.count for row in rows)
        bars = "\n".join(
            f'<li style="margin: 0 0 0.8em"><strong>{row.name}</strong>: {row.count:,} numbers'
            f'<div aria-hidden="true" style="height: 0.7em; min-width: 2px; margin: 0.2em 0; '
            f"width: {100 * row.count / longest:.2f}%; "
            f'background: {DATA}"></div>'
            f"<small>{row.formula}</small></li>"
            for row in rows
        )
        body = (
            "<p><strong>How many numbers are learned?</strong></p>\n"
            f'<ul style="list-style: none; padding: 0; margin: 0">\n{bars}\n</ul>\n'
            f"<p>{escape(self.sentence())} {NOT_COUNTED} "
            f"All bars have one scale; the longest is {longest:,}.</p>"
        )
        return stand_in_root("parameter-counter", "How many numbers are learned", *HEIGHTS, body)

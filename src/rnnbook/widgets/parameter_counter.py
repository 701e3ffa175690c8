"""How many numbers are learned? Five networks that read the same T inputs."""

from html import escape
from typing import NamedTuple

from rnnbook.colours import in_page

from .explorer import Explorer, Truth, Whole, assembled, stand_in_root

NOT_COUNTED = "Counted: the recurrent or hidden layer alone, without the readout."
(DATA,) = in_page("data")
HEIGHTS = "768px", "1240px"  # of the live explorer in a page's column, wide and on a phone


class Row(NamedTuple):
    key: str
    name: str
    depends_on_T: bool
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

    A value outside its range is a `ValueError` that names it.

    >>> ParameterCounter(D=100, H=100, T=20).counts()["rnn"]
    20100
    """

    _esm = assembled("parameter_counter.js")
    _css = assembled("parameter_counter.css")
    _state = ("D", "H", "T", "second_bias")

    D = Whole(100, 1, 512)
    H = Whole(100, 1, 512)
    T = Whole(20, 1, 100)
    second_bias = Truth(False)

    def __init__(self, *, D=100, H=100, T=20, second_bias=False):
        super().__init__(D=D, H=H, T=T, second_bias=second_bias)

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

        def row(key, name, depends_on_T, count, letters, numbers):
            return Row(key, name, depends_on_T, count, f"{letters} = {numbers} = {count:,}")

        return [
            row("rnn", "RNN", False, gate, letters, numbers),
            row("untied", "Untied chain", True, T * gate, f"T·({letters})", f"{T}·({numbers})"),
            row("window", "Window MLP", True, T * D * H + H,
                "T·D·H + H", f"{T}·{D}·{H} + {H}"),
            row("gru", "GRU", False, 3 * gate, f"3·({letters})", f"3·({numbers})"),
            row("lstm", "LSTM", False, 4 * gate, f"4·({letters})", f"4·({numbers})"),
        ]  # fmt: skip

    def sentence(self) -> str:
        """What the figure says, in words."""
        counts = self.counts()
        rnn, untied, window = counts["rnn"], counts["untied"], counts["window"]
        biases = " Two biases for each sum, as in PyTorch." if self.second_bias else ""
        return (
            f"D = {self.D}, H = {self.H}, T = {self.T}. The RNN learns {rnn:,} numbers. "
            f"With its own weights at every step it would be {untied:,}, "
            f"{times(untied, rnn)}; a window MLP needs {window:,}, {times(window, rnn)}.{biases}"
        )

    def stand_in(self) -> str:
        rows = self.rows()
        longest, rnn = max(row.count for row in rows), rows[0].count
        bars = "\n".join(
            f'<li style="margin: 0 0 0.8em"><strong>{row.name}</strong>: {row.count:,} numbers, '
            f"{ratio(row.count, rnn)} × the RNN; "
            f"{'grows with T' if row.depends_on_T else 'the same for every T'}"
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


def ratio(count: int, reference: int) -> str:
    """How many times the reference: whole when it is whole, otherwise three figures."""
    if count % reference == 0:
        return str(count // reference)
    return f"{count / reference:#.3g}".rstrip(".")


def times(count: int, reference: int) -> str:
    return "just as many" if count == reference else f"{ratio(count, reference)} times as many"

"""`derive` proves what is right and refuses what is wrong."""

import numpy as np
import pytest
import sympy as sp

from rnnbook import GRU, LSTM, RNN
from rnnbook.derive import Chain, NotProved, prove_bptt, prove_step, prove_truncated, require_equal

CHAINS = [
    {"T": 3},
    {"T": 3, "activation": "phi"},
    {"T": 3, "H": 2, "D": 2, "activation": "phi"},
    {"T": 2, "K": 2, "loss": "cross_entropy"},
    {"T": 2, "K": 2, "loss": "squared_error"},
    {"T": 1},
]


@pytest.mark.parametrize("options", CHAINS, ids=str)
def test_the_sum_over_paths_is_sympys_derivative(options):
    chain = Chain(**options)
    sizes = sum(matrix.shape[0] * matrix.shape[1] for matrix in chain.parameters.values())
    assert chain.prove().identities == chain.T * sizes


@pytest.mark.parametrize("name", ["W_xh", "W_hh", "b_h"])
def test_paths_through_single_units_add_up_to_the_term(name):
    chain = Chain(3, H=2, D=2)
    rows = chain.parameters[name].rows
    for entry in [(row, unit) for row in range(rows) for unit in range(2)]:
        total = sum(path.term for path in chain.paths(3, name, entry))
        require_equal("paths", total, chain.sum_over_paths(3, name)[entry])


def test_there_is_one_path_for_each_choice_of_units():
    assert len(Chain(3, H=2).paths(3, "W_hh")) == 1 + 2 + 4


def test_a_path_prints_one_fraction_for_each_piece():
    last = Chain(3).paths(3, "W_hh")[-1]
    assert last.latex.count(r"\frac") == len(last.factors) == 4
    assert repr(last) == r"Path(L_3 <- h_{3} <- h_{2} <- h_{1} <- W_{hh}^{(1)})"


@pytest.mark.parametrize("wrong", [
    lambda chain, t, s, name: int(s == t) * Chain.term(chain, t, s, name),
    lambda chain, t, s, name: Chain.term(chain, t, max(s - 1, 1), name),
    lambda chain, t, s, name: -Chain.term(chain, t, s, name),
], ids=["immediate for total", "one step off", "sign"])
def test_a_wrong_sum_is_not_proved(wrong):
    class Wrong(Chain):
        def term(self, t, s, name):
            return wrong(self, t, s, name)

    with pytest.raises(NotProved, match="dL_"):
        Wrong(3).prove()


def test_the_immediate_derivative_is_the_last_use():
    chain = Chain(2, activation="phi")
    assert chain.immediate(2, "W_hh") == chain.term(2, 2, "W_hh")
    with pytest.raises(NotProved):
        require_equal("d", chain.immediate(2, "W_hh")[0], chain.derivative(2, "W_hh")[0])


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "identity"])
def test_the_rnns_step_is_proved(activation):
    assert prove_step(RNN, activation=activation).identities == 16


@pytest.mark.parametrize(("kind", "partials"), [(GRU, 36), (LSTM, 48)])
def test_the_gated_cells_steps_are_proved(kind, partials):
    assert prove_step(kind).identities == partials


def test_three_steps_of_bptt_are_proved():
    assert prove_bptt(RNN, T=3, H=2).identities == 19


class NoTranspose(RNN):
    def step_back(self, dstate, slopes):
        da = dstate[0] * slopes[0]
        return da, (da @ self.W_hh,)


class TwiceTanh(RNN):
    def slopes(self, before, after, kept):
        return super().slopes(before, tuple(np.tanh(h) for h in after), kept)


class NoFlow(RNN):
    def step_back(self, dstate, slopes):
        da, (dh,) = super().step_back(dstate, slopes)
        return da, (0 * dh,)


class ForgetfulLSTM(LSTM):
    def step_back(self, dstate, slopes):
        da, (dh, dc) = super().step_back(dstate, slopes)
        return da, (dh, dstate[1] * slopes[2])


class LeakyGRU(GRU):
    def recurrent_gradient(self, h_before, das, kept):
        return RNN.recurrent_gradient(self, h_before, das, kept)


@pytest.mark.parametrize("kind", [NoTranspose, TwiceTanh, NoFlow, ForgetfulLSTM, LeakyGRU])
def test_a_broken_cell_is_not_proved(kind):
    with pytest.raises(NotProved, match=kind.__name__):
        prove_step(kind)


def test_a_single_unit_hides_a_missing_transpose():
    assert prove_step(NoTranspose, D=1, H=1)


@pytest.mark.parametrize("K", [1, 2, 3])
def test_truncation_is_proved(K):
    assert prove_truncated(T=3, K=K).identities == 14


def test_truncation_elsewhere_is_not_proved():
    from rnnbook.through_time import gradients_through_time

    def one_more(cell, trace, dhs, dstate, K):
        return gradients_through_time(cell, trace, dhs, dstate, K + 1)

    with pytest.raises(NotProved, match="truncated"):
        prove_truncated(T=3, K=2, back=one_more)


@pytest.mark.parametrize(("call", "sentence"), [
    (lambda: Chain(0), "T is 0; expected a whole number, at least 1"),
    (lambda: Chain(7), "T is 7; exact algebra is for 6 steps at the most"),
    (lambda: Chain(2, H=4), "H is 4; exact algebra is for 3 at the most"),
    (lambda: Chain(2, activation="relu"), "activation is 'relu'; expected one of 'tanh', 'phi'"),
    (lambda: Chain(2).paths(2, "W_hy"), "name is 'W_hy'; expected one of"),
    (lambda: prove_bptt(RNN, activation="relu"), "activation is 'relu'"),
    (lambda: prove_truncated(K=0), "K is 0"),
])
def test_errors_name_what_came(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_something_that_is_no_cell_is_refused():
    with pytest.raises(TypeError, match=r"kind is 3; expected a kind of Cell"):
        prove_step(3)


def test_a_proof_says_what_it_proved():
    assert repr(prove_step(RNN)) == (
        "proved: RNN's backward pass is sympy's derivative, one step, H = 2 (16 identities)"
    )


def test_require_equal_shows_the_difference():
    x = sp.Symbol("x")
    require_equal("square", (x + 1) ** 2, x**2 + 2 * x + 1)
    with pytest.raises(NotProved, match="square: the two sides differ by 2"):
        require_equal("square", (x + 1) ** 2, x**2 + 2 * x - 1)

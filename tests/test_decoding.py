"""A trained model at work: teacher forcing, free running, drawing symbols."""

import numpy as np
import pytest

from cases import make_cell, make_model, make_state
from rnnbook import Model, free_running, teacher_forced
from rnnbook.cells import RNN
from rnnbook.decoding import greedy, sampled
from rnnbook.losses import softmax
from rnnbook.model import Readout


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def model(rng):
    return make_model("gru", D=3, H=4, K=3, rng=rng)


@pytest.fixture
def prompt(rng):
    return rng.normal(size=(5, 2, 3))


def test_teacher_forcing_is_a_plain_run(model, prompt, rng):
    np.testing.assert_array_equal(teacher_forced(model, prompt), model.run(prompt)[0])
    state = make_state(model.cell, 2, rng)
    np.testing.assert_array_equal(teacher_forced(model, prompt, state), model.run(prompt, state)[0])


def test_free_running_is_a_loop_of_single_steps(model, prompt, rng):
    start = make_state(model.cell, 2, rng)
    made = free_running(model, prompt, 4, state=start)
    ys, trace = model.run(prompt, start)
    x, state = ys[-1], trace.state
    for ours in made:
        np.testing.assert_allclose(ours, x, rtol=1e-13)
        ys, trace = model.run(x[None], state)
        x, state = ys[-1], trace.state
    assert made.shape == (4, 2, 3)


def test_a_model_that_adds_one_counts():
    cell = RNN(W_xh=[[1.0]], W_hh=[[0.0]], b_h=[1.0], activation="identity")
    model = Model(cell, Readout(W_hy=[[1.0]], b_y=[0.0]))
    made = free_running(model, np.array([[[7.0]]]), 3)
    np.testing.assert_array_equal(made.ravel(), [8, 9, 10])


def test_fed_on_its_own_outputs_it_agrees_with_teacher_forcing(model, prompt):
    made = free_running(model, prompt, 4)
    forced = teacher_forced(model, np.concatenate([prompt, made[:-1]]))
    np.testing.assert_allclose(made, forced[len(prompt) - 1 :], rtol=1e-12)


def test_greedy_takes_the_likeliest():
    y = np.array([[0.1, 3.0, -1.0], [5.0, 4.0, 4.9]])
    np.testing.assert_array_equal(greedy(y), [[0, 1, 0], [1, 0, 0]])


def test_greedy_feeds_one_hot_rows(model, prompt):
    made = free_running(model, prompt, 6, feed=greedy)
    assert set(np.unique(made)) == {0.0, 1.0}
    np.testing.assert_array_equal(made.sum(axis=-1), 1)


def test_sampling_follows_the_softmax(rng):
    y = np.array([1.0, 0.0, -1.0])
    for temperature in (0.5, 1.0, 3.0):
        drawn = sampled(rng, temperature)(np.tile(y, (4000, 1)))
        assert set(np.unique(drawn)) == {0.0, 1.0}
        np.testing.assert_allclose(drawn.mean(axis=0), softmax(y / temperature), atol=0.03)


def test_a_low_temperature_is_greedy(rng):
    y = rng.normal(size=(50, 4))
    np.testing.assert_array_equal(sampled(rng, 1e-6)(y), greedy(y))


def test_sampling_repeats_with_its_generator(model, prompt):
    first, again = (
        free_running(model, prompt, 9, feed=sampled(np.random.default_rng(5))) for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("feed", [None, greedy, sampled(np.random.default_rng(0))])
def test_float32_stays(feed, rng):
    model = make_model("lstm", D=3, H=4, K=3, rng=rng, dtype=np.float32)
    made = free_running(model, rng.normal(size=(5, 2, 3)).astype(np.float32), 3, feed=feed)
    assert made.dtype == np.float32


def test_outputs_that_do_not_fit_as_inputs_are_named(rng, prompt):
    model = make_model("tanh", D=3, K=2, rng=rng)
    with pytest.raises(ValueError, match=r"K = 2 outputs and D = 3 inputs; .* or pass feed="):
        free_running(model, prompt, 2)
    widened = free_running(model, prompt, 2, feed=lambda y: np.c_[y, np.ones(2)])
    assert widened.shape == (2, 2, 3)


@pytest.mark.parametrize(("feed", "sentence"), [
    (greedy, r"feed\(y\) has shape \(2, 2\); expected \(B, D\) with B = 2 and D = 3"),
    (lambda y: np.ones(3), r"feed\(y\) has shape \(3,\); expected \(B, D\)"),
    (lambda y: np.full((2, 3), np.nan), r"feed\(y\) is nan at index \(0, 0\)"),
    (lambda y: None, r"feed\(y\) has dtype object"),
    ("greedy", "feed is 'greedy'; expected a function"),
], ids=["narrow", "one row", "nan", "none", "name"])
def test_a_wrong_feed_is_named(rng, prompt, feed, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        free_running(make_model("tanh", D=3, K=2, rng=rng), prompt, 2, feed=feed)


@pytest.mark.parametrize("steps", [0, -1, 2.0, "2", None, True])
def test_steps_is_a_whole_number(model, prompt, steps):
    with pytest.raises(ValueError, match=r"steps is .*; expected a whole number, at least 1"):
        free_running(model, prompt, steps)


@pytest.mark.parametrize("temperature", [0, -1, np.nan, "1", None, [1.0], 1j], ids=repr)
def test_temperature_is_above_zero(rng, temperature):
    with pytest.raises(ValueError, match=r"temperature is .*; expected a .*number"):
        sampled(rng, temperature)


def test_sampled_wants_a_generator():
    with pytest.raises(TypeError, match=r"rng is 0; expected a numpy.random.Generator"):
        sampled(0)


@pytest.mark.parametrize(("name", "call"), [
    ("prompt", lambda model, xs: free_running(model, xs, 2)),
    ("truth", teacher_forced),
])
@pytest.mark.parametrize("xs", [np.ones((2, 3)), np.ones((0, 2, 3)), np.ones((5, 2, 1))],
                         ids=lambda xs: str(xs.shape))
def test_the_argument_is_called_by_its_own_name(model, name, call, xs):
    with pytest.raises(ValueError, match=f"^{name} has shape"):
        call(model, xs)


@pytest.mark.parametrize("call", [lambda m, xs: free_running(m, xs, 2), teacher_forced])
def test_a_cell_is_no_model(call, prompt, rng):
    with pytest.raises(TypeError, match=r"model is RNN\(.*; expected a Model"):
        call(make_cell("tanh", D=3, rng=rng), prompt)

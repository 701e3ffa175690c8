"""Teacher forcing, free running, what lies between, and drawing symbols."""

import numpy as np
import pytest

from cases import assert_same, make_cell, make_model, make_state
from rnnbook import Model, fit, free_running, sgd, squared_error, teacher_forced
from rnnbook.cells import RNN
from rnnbook.decoding import (
    exponential,
    greedy,
    inverse_sigmoid,
    linear,
    mixed_inputs,
    noisy,
    sampled,
    scheduled,
)
from rnnbook.losses import softmax
from rnnbook.model import Readout
from rnnbook.training import Diverged


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


# ---- some inputs true, some the model's own ----


@pytest.fixture(params=["tanh", "gru", "lstm"])
def square(request, rng):
    """A model of each kind whose outputs can be fed back."""
    return make_model(request.param, D=3, H=4, K=3, rng=rng)


def test_at_rate_1_the_inputs_are_the_truth(square, rng):
    truth = rng.normal(size=(7, 4, 3))
    np.testing.assert_array_equal(mixed_inputs(square, truth, 1.0, rng=rng), truth)


@pytest.mark.parametrize("prompt", [1, 3])
def test_at_rate_0_the_inputs_are_a_free_run(square, rng, prompt):
    truth, state = rng.normal(size=(7, 4, 3)), make_state(square.cell, 4, rng)
    xs = mixed_inputs(square, truth, 0.0, rng=rng, prompt=prompt, state=state)
    np.testing.assert_array_equal(xs[:prompt], truth[:prompt])
    free = free_running(square, truth[:prompt], 7 - prompt, state=state)
    np.testing.assert_allclose(xs[prompt:], free, rtol=1e-13)


def test_what_is_not_true_is_predicted_from_the_mixed_inputs_before_it(square, rng):
    truth = rng.normal(size=(12, 5, 3))
    xs = mixed_inputs(square, truth, 0.5, rng=rng)
    predicted = teacher_forced(square, xs)  # of x_{t+1}, from the mixed x_1 ... x_t
    forced = (xs == truth).all(axis=-1)
    assert 0.2 < forced[1:].mean() < 0.8
    np.testing.assert_allclose(xs[1:][~forced[1:]], predicted[:-1][~forced[1:]], rtol=1e-13)


def test_each_step_of_each_sequence_has_its_own_coin(rng):
    model, truth = make_model("tanh", D=1, H=2, K=1, rng=rng), rng.normal(size=(201, 200, 1))
    forced = (mixed_inputs(model, truth, 0.7, rng=rng) == truth)[1:, :, 0]
    n = forced.size
    assert abs(forced.mean() - 0.7) < 5 * np.sqrt(0.21 / n)  # how often
    centred = (forced - forced.mean()) / forced.std()
    neighbours = centred[1:] * centred[:-1], centred[:, 1:] * centred[:, :-1]
    for product in neighbours:  # no memory from step to step, nor from sequence to sequence
        assert abs(product.mean()) < 5 / np.sqrt(n)
    assert forced.mean(axis=0).std() < 2 * np.sqrt(0.21 / 200)  # no coin for a whole sequence
    assert forced.mean(axis=1).std() < 2 * np.sqrt(0.21 / 200)  # nor for a step of all


def test_mixed_inputs_repeat_with_their_generator_and_leave_the_truth_alone(model, prompt):
    before = prompt.copy()
    first, again = (mixed_inputs(model, prompt, 0.5, rng=np.random.default_rng(5)) for _ in "12")
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(prompt, before)
    assert not np.shares_memory(first, prompt)


def test_mixed_inputs_of_symbols(model, rng):
    truth = np.eye(3)[rng.integers(0, 3, size=(20, 8))]
    xs = mixed_inputs(model, truth, 0.4, rng=rng, feed=sampled(rng))
    assert set(np.unique(xs)) == {0.0, 1.0}
    assert (xs.sum(axis=-1) == 1).all()
    assert (xs != truth).any()


def test_mixed_inputs_keep_float32(rng):
    model = make_model("lstm", D=3, H=4, K=3, rng=rng, dtype=np.float32)
    truth = rng.normal(size=(5, 2, 3)).astype(np.float32)
    assert mixed_inputs(model, truth, 0.5, rng=rng).dtype == np.float32
    assert noisy(rng, 0.1)(truth[0]).dtype == np.float32


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"rate": 1.5}, "rate is 1.5; expected a number from 0 to 1"),
    ({"rate": -0.1}, "rate is -0.1; expected a number from 0 to 1"),
    ({"rate": None}, "rate is None; expected a number from 0 to 1"),
    ({"prompt": 0}, "prompt is 0; expected a whole number, at least 1"),
    ({"prompt": 6}, "prompt is 6; expected at most T = 5"),
    ({"rng": 0}, "rng is 0; expected a numpy.random.Generator"),
    ({"feed": "greedy"}, "feed is 'greedy'; expected a function"),
    ({"feed": lambda y: y[:, :1]}, r"feed\(y\) has shape \(2, 1\); expected \(B, D\) with B = 2"),
    ({"truth": np.ones((5, 2))}, r"truth has shape \(5, 2\); expected \(T, B, D\)"),
], ids=range(9))  # fmt: skip
def test_wrong_arguments_of_mixed_inputs_are_named(model, prompt, rng, changes, sentence):
    given = {"truth": prompt, "rate": 0.5, "rng": rng} | changes
    with pytest.raises((TypeError, ValueError), match=sentence):
        mixed_inputs(model, **given)


def test_mixed_inputs_need_outputs_that_fit(rng, prompt):
    with pytest.raises(ValueError, match=r"K = 2 outputs and D = 3 inputs; .* or pass feed="):
        mixed_inputs(make_model("tanh", D=3, K=2, rng=rng), prompt, 1.0, rng=rng)


def test_the_published_schedules():
    falls = linear(slope=0.25, start=0.9, least=0.1)
    assert [falls(i) for i in range(5)] == pytest.approx([0.9, 0.65, 0.4, 0.15, 0.1])
    assert [exponential(k=0.5)(i) for i in range(4)] == [1, 0.5, 0.25, 0.125]
    bends = inverse_sigmoid(k=20)
    assert bends(0) == pytest.approx(20 / 21)
    assert bends(20 * np.log(20)) == pytest.approx(0.5)
    for i in (0, 1, 50, 300):
        assert bends(i) == pytest.approx(20 / (20 + np.exp(i / 20)), rel=1e-12)
    assert 0 <= bends(10**9) < 1e-300


@pytest.mark.parametrize(("make", "sentence"), [
    (lambda: linear(slope=-1), "slope is -1; expected a number, at least 0"),
    (lambda: linear(slope=0.1, start=1.5), "start is 1.5; expected a number from 0 to 1"),
    (lambda: linear(slope=0.1, least=-1), "least is -1; expected a number from 0 to 1"),
    (lambda: exponential(k=1), "k is 1; expected a number above 0 and below 1"),
    (lambda: inverse_sigmoid(k=0.5), "k is 0.5; expected a number, at least 1"),
    (lambda: noisy(np.random.default_rng(0), -1), "noise is -1; expected a number, at least 0"),
])  # fmt: skip
def test_wrong_schedules_are_named(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_scheduled_follows_its_schedule(model, prompt, rng):
    asked = []

    def schedule(i):
        asked.append(i)
        return float(i < 2)

    inputs = scheduled(schedule, rng=rng)
    batches = [(prompt, prompt)] * 4
    changed = []

    def watched(model, xs, i):
        changed.append((inputs(model, xs, i) != xs).any())
        return xs

    fit(model, batches, squared_error, sgd(1e-3), inputs=watched)
    assert asked == [0, 1, 2, 3]
    assert changed == [False, False, True, True]


def test_the_gradient_takes_mixed_inputs_as_given(square, rng):
    """The update is the one of plain training on the mixed inputs, whatever made them."""
    xs, targets = rng.normal(size=(2, 6, 4, 3))
    mixed = mixed_inputs(square, xs, 0.5, rng=np.random.default_rng(1))
    ours, _ = fit(square, [(xs, targets)], squared_error, sgd(0.1),
                  inputs=scheduled(lambda i: 0.5, rng=np.random.default_rng(1)))
    plain, _ = fit(square, [(mixed, targets)], squared_error, sgd(0.1))
    assert_same(ours, plain)


def test_noisy_adds_noise_of_its_size(rng):
    y = rng.normal(size=(20_000, 1))
    drawn = noisy(rng, 0.3)(y) - y
    assert abs(drawn.mean()) < 0.01
    assert abs(drawn.std() - 0.3) < 0.01
    np.testing.assert_array_equal(noisy(rng, 0)(y), y)


@pytest.mark.parametrize("optimizer", [sgd(1e300), sgd(1e150), sgd(1e3)], ids=["300", "150", "3"])
def test_a_model_that_diverges_on_its_own_outputs_says_so(rng, optimizer):
    model = make_model("relu", D=3, H=4, K=3, rng=rng)
    batch = rng.normal(size=(2, 9, 2, 3))
    with pytest.raises(Diverged, match="training diverged at batch") as caught:
        fit(model, [batch.tolist()] * 50, squared_error, optimizer,
            inputs=scheduled(lambda i: 0.2, rng=rng))
    assert np.isfinite(caught.value.model.norm)
    batch[0, 3, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"truth is nan at index \(3, 0, 0\)"):
        fit(model, [tuple(batch)], squared_error, optimizer,
            inputs=scheduled(lambda i: 0.2, rng=rng))


@pytest.mark.parametrize("rate", [None, 2.0, "1", np.ones(2), np.nan], ids=repr)
def test_what_a_schedule_returns_is_checked(rate):
    model = Model.init(RNN, D=1, H=3, K=1, rng=np.random.default_rng(0))
    inputs = scheduled(lambda i: rate, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"schedule\(4\) is .*; expected a number from 0 to 1"):
        inputs(model, np.ones((5, 2, 1)), 4)


@pytest.mark.parametrize("x", [None, 1.0, "a"], ids=repr)
def test_what_a_feed_returns_is_checked(x):
    model = Model.init(RNN, D=1, H=3, K=1, rng=np.random.default_rng(0))
    with pytest.raises((TypeError, ValueError), match=r"feed\(y\) has .*; expected"):
        free_running(model, np.ones((5, 2, 1)), 3, feed=lambda y: x)

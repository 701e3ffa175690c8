"""Error against horizon: the experiment measures what it says, and its saved runs are its own."""

import numpy as np
import pytest

from cases import assert_same
from rnnbook import (
    RNN,
    Model,
    adam,
    experiments,
    fit,
    free_running,
    squared_error,
    teacher_forced,
)
from rnnbook.experiments import horizon, horizon_controls


@pytest.fixture
def model():
    return Model.init(RNN, D=1, H=4, K=1, rng=np.random.default_rng(0))


def test_every_setting_has_its_saved_run():
    runs = experiments.load("horizon")
    assert [run.settings for run in runs] == horizon.SETTINGS
    shapes = {np.shape(run.record["error"]) for run in runs}
    assert shapes == {(len(horizon.PROMPTS), len(horizon.HORIZONS))}
    assert (experiments.SAVED / "horizon.jsonl").stat().st_size < 200_000


def test_a_saved_run_can_be_had_again():
    """To the last bit on the machine that made it; elsewhere nearly, where errors are small."""
    (run,) = experiments.load("horizon", task="logistic", forcing="1", seed=0)
    again = horizon.run(run.settings)
    if run.made_with == experiments.made_with():
        assert again == run.record
    np.testing.assert_allclose(again["error"][3][:3], run.record["error"][3][:3], rtol=0.5)


def test_forced_training_is_plain_training():
    data, start = np.random.default_rng([3, 1]), np.random.default_rng([3, 0])
    plain = Model.init(RNN, D=1, H=horizon.H, K=1, rng=start)
    batches = horizon.batches("four sines", 5, data)
    plain, _ = fit(plain, batches, squared_error, adam(0.003), clip_norm=1.0)
    assert_same(horizon.train("four sines", "1", seed=3, updates=5), plain)
    mixed = horizon.train("four sines", "0.5", seed=3, updates=5)
    assert (mixed - plain).norm > 1e-6


@pytest.mark.parametrize("task", horizon.TASKS)
def test_batches_predict_the_next_value(task):
    pairs = list(horizon.batches(task, 40, np.random.default_rng(0)))
    for xs, targets in pairs:
        assert xs.shape == targets.shape == (horizon.T, horizon.B, 1)
        np.testing.assert_array_equal(xs[1:], targets[:-1])
    different = {column.tobytes() for xs, _ in pairs for column in xs[:, :, 0].T}
    assert len(different) == horizon.FEW.get(task, 40 * horizon.B)


@pytest.mark.parametrize("task", horizon.TASKS)
def test_the_baseline_is_the_spread_of_the_series(task):
    xs = horizon.series(task, 20, 5_000, np.random.default_rng(0))
    assert abs(xs.mean()) < 0.02
    assert xs.std() == pytest.approx(horizon.baseline(task), rel=0.01)


def test_errors_are_those_of_a_free_run(model):
    xs = horizon.series("noisy sine", 105, horizon.TESTED, np.random.default_rng(1000))
    made = free_running(model, xs[:5], 100)
    expected = [np.sqrt(((made[k - 1] - xs[4 + k]) ** 2).mean()) for k in horizon.HORIZONS]
    errors = horizon.errors(model, "noisy sine", 5)
    np.testing.assert_allclose(errors, expected, rtol=1e-12)
    one_step = teacher_forced(model, xs)[4] - xs[5]  # the first step is one-step prediction
    assert errors[0] == pytest.approx(np.sqrt((one_step**2).mean()))


def test_schedules_fall_within_the_training():
    for name, schedule in horizon.FALLING.items():
        rates = [schedule(i) for i in range(horizon.UPDATES + 1)]
        assert rates == sorted(rates, reverse=True)
        assert rates[0] > 0.99
        assert rates[-1] == pytest.approx(0.75 if name == "linear to 3/4" else 0, abs=0.011)
    assert [horizon.schedule(name)(7) for name in horizon.CONSTANT] == [1, 0.9, 0.75, 0.5, 0.25, 0]



def test_controls_have_their_saved_runs_and_differ_in_what_they_say():
    runs = experiments.load("horizon_controls")
    assert [run.settings for run in runs] == horizon_controls.SETTINGS
    assert (experiments.SAVED / "horizon_controls.jsonl").stat().st_size < 100_000
    plain = horizon.train("four sines", "1", seed=3, updates=5)
    noised = horizon.train("four sines", "1", seed=3, updates=5, noise=0.3)
    assert (noised - plain).norm > 1e-6
    mixed = horizon.train("four sines", "0", seed=3, updates=5)
    read = horizon.train("four sines", "0", seed=3, updates=5, prompt=20)
    assert (mixed - read).norm > 1e-6
    assert_same(horizon.train("four sines", "0", seed=3, updates=5, prompt=horizon.T), plain)
    late = horizon.schedule(horizon.LATE)
    assert (late(horizon.UPDATES - 1), late(horizon.UPDATES)) == (1, 0.5)


def test_a_saved_control_can_be_had_again():
    (run,) = experiments.load("horizon_controls", updates=horizon_controls.STOP, seed=0)
    again = horizon.run(run.settings)
    if run.made_with == experiments.made_with():
        assert again == run.record
    np.testing.assert_allclose(again["error"][4][0], run.record["error"][4][0], rtol=0.5)

"""The data: what each task says it holds, it holds."""

import numpy as np
import pytest

from rnnbook import cross_entropy, tasks
from rnnbook.tasks import one_hot


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_one_hot_has_a_single_one_where_it_should():
    np.testing.assert_array_equal(one_hot([[2], [0]], 3), [[[0, 0, 1]], [[1, 0, 0]]])
    assert one_hot(1, 2).tolist() == [0, 1]


@pytest.mark.parametrize(("classes", "K", "error", "sentence"), [
    ([3], 3, ValueError, r"classes holds .*3.*expected.* 0 to K - 1 = 2"),
    ([-1], 3, ValueError, r"classes holds .*-1.*expected.* 0 to K - 1 = 2"),
    ([0.5], 3, TypeError, "classes has dtype float64; expected integers"),
    ([True], 3, TypeError, "classes has dtype bool; expected integers"),
    ([None], 3, TypeError, "classes has dtype object; expected"),
    ("dog", 3, TypeError, "classes has dtype <U3; expected"),
    ([[0], [1, 2]], 3, ValueError, "classes is ragged"),
    ([0], 0, ValueError, "K is 0; expected a whole number, at least 1"),
    ([0], 2.0, ValueError, "K is 2.0; expected a whole number, at least 1"),
])
def test_one_hot_says_what_is_wrong(classes, K, error, sentence):
    with pytest.raises(error, match=sentence):
        one_hot(classes, K)


def test_dogs_reads_dog_and_says_ogs():
    xs, targets, letters = tasks.dogs()
    assert xs.shape == (3, 1, 4)
    assert "".join(letters[x.argmax()] for x in xs[:, 0]) == "dog"
    assert "".join(letters[k] for k in targets.ravel()) == "ogs"


def test_dogs_model_can_be_followed_by_hand():
    model = tasks.dogs_model()
    assert (model.D, model.cell.H, model.K) == (4, 3, 4)
    for _, array in model.leaves():
        np.testing.assert_array_equal(array, array.round(1))
    assert cross_entropy(model.run(tasks.dogs().xs)[0], tasks.dogs().targets)[0] > 1


def test_each_dogs_model_is_its_own():
    tasks.dogs_model().cell.W_hh[:] = 7
    assert not (tasks.dogs_model().cell.W_hh == 7).any()


def test_sine_is_a_sine(rng):
    waves = tasks.sine(T=41, B=3, rng=rng)
    assert waves.shape == (41, 3, 1)
    np.testing.assert_allclose(waves[:21], waves[20:], atol=1e-12)
    np.testing.assert_allclose(waves[:-10], -waves[10:], atol=1e-12)
    assert len(set(waves[0].ravel())) == 3


def test_period_is_the_steps_in_a_wave(rng):
    waves = tasks.sine(T=30, B=2, rng=rng, period=7)
    np.testing.assert_allclose(waves[7:], waves[:-7], atol=1e-12)
    assert np.abs(waves[6:] - waves[:-6]).max() > 0.1


def test_noise_is_a_standard_deviation():
    clean, noisy = (
        tasks.sine(T=2000, B=2, rng=np.random.default_rng(1), noise=noise) for noise in (0, 0.3))
    assert (noisy - clean).std() == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize(("options", "sentence"), [
    ({"period": 0}, "period is 0; expected a positive number"),
    ({"period": -5}, "period is -5; expected a positive number"),
    ({"period": [1, 2]}, r"period is \[1, 2\]; expected a positive number"),
    ({"period": "20"}, "period is '20'; expected a positive number"),
    ({"noise": -1}, "noise is -1; expected a number, at least 0"),
    ({"noise": np.nan}, "noise is nan; expected a number, at least 0"),
    ({"noise": np.ones(2)}, "noise is array.*; expected a number, at least 0"),
])
def test_sine_says_what_is_wrong(options, sentence, rng):
    with pytest.raises(ValueError, match=sentence):
        tasks.sine(T=3, B=2, rng=rng, **options)


@pytest.mark.parametrize("delay", [0, 1, 4, 5, 9])
def test_echo_says_what_came_before(delay, rng):
    xs, targets = tasks.echo(T=5, B=2, delay=delay, rng=rng)
    assert set(np.unique(xs)) == {-1.0, 1.0}
    for t in range(5):
        np.testing.assert_array_equal(targets[t], xs[t - delay] if t >= delay else 0)


@pytest.mark.parametrize("delay", [-1, 1.5, "2", None])
def test_echo_wants_a_whole_delay(delay, rng):
    with pytest.raises(ValueError, match=r"delay is .*; expected a whole number, at least 0"):
        tasks.echo(T=5, B=2, delay=delay, rng=rng)


@pytest.mark.parametrize("T", [10, 25, 100])
def test_temporal_order_puts_two_symbols_in_their_tenths(T, rng):
    xs, targets = tasks.temporal_order(T=T, B=200, rng=rng)
    assert xs.shape == (T, 200, 6)
    assert targets.shape == (1, 200)
    np.testing.assert_array_equal(xs.sum(axis=-1), 1)
    for b in range(200):
        (t1, t2), symbols = np.nonzero(xs[:, b, :2])
        assert T // 10 <= t1 < 2 * T // 10
        assert 5 * T // 10 <= t2 < 6 * T // 10
        assert targets[0, b] == 2 * symbols[0] + symbols[1]
    assert set(targets.ravel()) == {0, 1, 2, 3}
    np.testing.assert_array_equal(np.unique(xs.argmax(axis=-1)), np.arange(6))


def test_temporal_order_needs_ten_steps(rng):
    with pytest.raises(ValueError, match="T is 9; expected a whole number, at least 10"):
        tasks.temporal_order(T=9, B=1, rng=rng)


MAKERS = {
    "sine": lambda **o: tasks.sine(**{"T": 10, "B": 2, **o}),
    "echo": lambda **o: tasks.echo(**{"T": 10, "B": 2, "delay": 1, **o}),
    "temporal_order": lambda **o: tasks.temporal_order(**{"T": 10, "B": 2, **o}),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_same_generator_makes_the_same_data(make):
    one, two = (make(rng=np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one[0], two[0])


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("name", ["T", "B"])
@pytest.mark.parametrize("bad", [0, -3, 2.0, True, None])
def test_sizes_are_whole_numbers(make, name, bad, rng):
    with pytest.raises(ValueError, match=f"{name} is {bad}; expected a whole number, at least"):
        make(**{name: bad}, rng=rng)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("bad", [0, None, np.random])
def test_rng_is_a_generator(make, bad):
    with pytest.raises(TypeError, match=r"rng is .*; expected a numpy.random.Generator"):
        make(rng=bad)

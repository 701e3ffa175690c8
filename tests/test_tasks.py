"""The data: what each task says it holds, it holds."""

import re
from collections import Counter

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


def test_a_word_is_read_and_its_next_letters_are_asked_for():
    xs, targets, letters = tasks.spelling("noon")
    assert letters == "no"
    assert xs.shape == (3, 1, 2)
    assert "".join(letters[x.argmax()] for x in xs[:, 0]) == "noo"
    assert "".join(letters[k] for k in targets.ravel()) == "oon"


@pytest.mark.parametrize(("word", "error", "sentence"), [
    (4, TypeError, "word is 4; expected a string"),
    ("", ValueError, "word is ''; expected at least two letters"),
    ("n", ValueError, "word is 'n'; expected at least two letters"),
])
def test_a_word_that_is_none_is_refused(word, error, sentence):
    with pytest.raises(error, match=sentence):
        tasks.spelling(word)


def test_noon_model_spells_noon_and_needs_its_memory_for_it():
    model, (xs, targets, _) = tasks.noon_model(), tasks.spelling("noon")
    assert (model.run(xs)[0].argmax(axis=-1) == targets).all()
    forgetful = model.replace(cell=model.cell.replace(W_hh=np.zeros((2, 2))))
    ys, _ = forgetful.run(xs)
    np.testing.assert_array_equal(ys[1], ys[2])  # the second o is the first one again


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


def test_adding_marks_one_number_in_each_half(rng):
    xs, targets = tasks.adding(T=9, B=300, rng=rng)
    numbers, marks = xs[..., 0], xs[..., 1]
    assert targets.shape == (1, 300, 1)
    assert ((0 <= numbers) & (numbers < 1)).all()
    assert set(np.unique(marks)) == {0.0, 1.0}
    np.testing.assert_array_equal(marks[:4].sum(axis=0), 1)
    np.testing.assert_array_equal(marks[4:].sum(axis=0), 1)
    assert (marks.sum(axis=1) > 0).all()  # every place is used
    for b in range(300):
        first, second = np.flatnonzero(marks[:, b])
        assert targets[0, b, 0] == numbers[first, b] + numbers[second, b]


def test_the_variance_of_the_sum_is_a_sixth():
    _, targets = tasks.adding(T=2, B=200_000, rng=np.random.default_rng(5))
    assert abs(np.mean((targets - 1) ** 2) - 1 / 6) < 2e-3


def test_copying_wants_the_word_back(rng):
    xs, targets = tasks.copying(T=5, B=50, rng=rng, length=3, symbols=4)
    said = xs.argmax(axis=-1)
    assert xs.shape == (11, 50, 6)
    np.testing.assert_array_equal(xs.sum(axis=-1), 1)
    np.testing.assert_array_equal(said[:3], targets[-3:])
    np.testing.assert_array_equal(said[3:7], 4)  # T - 1 blanks
    np.testing.assert_array_equal(said[7], 5)  # now
    np.testing.assert_array_equal(said[8:], 4)
    np.testing.assert_array_equal(targets[:-3], 4)
    assert set(np.unique(targets[-3:])) == {0, 1, 2, 3}


def test_copying_is_by_default_ten_of_eight_symbols(rng):
    xs, targets = tasks.copying(T=20, B=2, rng=rng)
    assert xs.shape == (40, 2, 10)
    assert targets.shape == (40, 2)


def test_latch_shows_the_bit_once(rng):
    xs, targets = tasks.latch(T=30, B=100, rng=rng)
    np.testing.assert_array_equal(xs[0, :, 0], 2 * targets[0] - 1)
    assert set(np.unique(targets)) == {0, 1}
    assert not xs[1:].any()
    noisy, _ = tasks.latch(T=30, B=1000, rng=rng, noise=0.2)
    assert abs(noisy[1:].std() - 0.2) < 0.01
    assert set(np.unique(noisy[0])) == {-1.0, 1.0}


@pytest.mark.parametrize("bad", [-0.1, np.nan, "a"])
def test_latch_wants_a_noise(bad, rng):
    with pytest.raises(ValueError, match=r"noise is .*; expected a number, at least 0"):
        tasks.latch(T=3, B=1, rng=rng, noise=bad)


REBER = re.compile(  # the grammar as a regular expression, written down apart from its table
    r"B(?:T S*X (?:X (?:T*VPX)* T*V(?:V|PS) | S) | P (?:T*VPX)* T*V(?:V|PS)) E", re.VERBOSE)


@pytest.mark.parametrize("T", [9, 10, 11, 16, 30])
def test_embedded_reber_holds_a_string_of_the_grammar(T, rng):
    xs, targets = tasks.embedded_reber(T=T, B=60, rng=rng)
    assert xs.shape == (T - 1, 60, 7)
    np.testing.assert_array_equal(xs[1:].argmax(axis=-1), targets[:-1])
    strings = ["".join(tasks.REBER_SYMBOLS[k] for k in column)
               for column in np.vstack([xs[:1].argmax(axis=-1), targets]).T]
    for string in strings:
        assert string[0] + string[-1] == "BE"
        assert string[1] == string[-2]
        assert REBER.fullmatch(string[2:-2]), string
    assert {string[1] for string in strings} == {"T", "P"}


def test_embedded_reber_has_the_probabilities_of_free_walks():
    """At T = 11 there are few strings; each must come as often as a free walk would make it."""
    _, targets = tasks.embedded_reber(T=11, B=6000, rng=np.random.default_rng(2))
    inner = Counter("".join(tasks.REBER_SYMBOLS[k] for k in column) for column in targets[2:-2].T)
    expected = {}
    for string in inner:
        state, p = 1, 1.0
        for symbol in string:
            p, state = p / len(tasks.REBER[state]), tasks.REBER[state][symbol]
        expected[string] = p
    assert expected["TSSXSE"] == 2**-5
    total = sum(expected.values())
    for string, p in expected.items():
        n, mean = inner[string], 6000 * p / total
        assert abs(n - mean) < 5 * np.sqrt(mean), string


@pytest.mark.parametrize(("T", "message"), [
    (8, "T is 8; expected a whole number, at least 9"), (201, "T is 201; expected at most 200")])
def test_embedded_reber_has_its_lengths(T, message, rng):
    with pytest.raises(ValueError, match=message):
        tasks.embedded_reber(T=T, B=1, rng=rng)


MAKERS = {
    "adding": lambda **o: tasks.adding(**{"T": 10, "B": 2, **o}),
    "copying": lambda **o: tasks.copying(**{"T": 10, "B": 2, **o}),
    "latch": lambda **o: tasks.latch(**{"T": 10, "B": 2, "noise": 0.1, **o}),
    "embedded_reber": lambda **o: tasks.embedded_reber(**{"T": 10, "B": 2, **o}),
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


@pytest.mark.parametrize("T", [9, 10, 13])
def test_the_entropy_of_embedded_reber_is_that_of_all_its_strings(T):
    def walks(state, steps, p):
        if steps == 0 or state is None:
            if steps == 0 and state is None:
                yield p
            return
        for after in tasks.REBER[state].values():
            yield from walks(after, steps - 1, p / len(tasks.REBER[state]))

    ps = np.array(list(walks(1, T - 5, 1.0)))
    ps = np.concatenate([ps, ps]) / ps.sum() / 2  # with T and with P
    assert tasks.reber_entropy(T) == pytest.approx(-(ps * np.log(ps)).sum(), rel=1e-12)


def test_the_entropy_wants_a_length():
    with pytest.raises(ValueError, match="T is 8; expected a whole number, at least 9"):
        tasks.reber_entropy(8)


# ---- series to predict ----


def test_autoregression_is_stationary_and_has_its_own_noise(rng):
    xs = tasks.autoregression(T=30, B=20_000, rng=rng, a=0.8, noise=0.5)
    assert xs.shape == (30, 20_000, 1)
    errors = xs[1:] - 0.8 * xs[:-1]
    np.testing.assert_allclose(errors.std(axis=1), 0.5, rtol=0.03)
    np.testing.assert_allclose(xs.std(axis=1), 0.5 / 0.6, rtol=0.03)  # from the first step on
    assert abs((errors * xs[:-1]).mean()) < 0.01


@pytest.mark.parametrize("a", [1, -1, 1.5, None])
def test_autoregression_wants_a_stationary_coefficient(rng, a):
    with pytest.raises(ValueError, match=r"a is .*; expected a number above -1 and below 1"):
        tasks.autoregression(T=3, B=1, rng=rng, a=a)


def test_logistic_is_the_logistic_map(rng):
    xs = tasks.logistic(T=60, B=5_000, rng=rng)
    u = (1 - xs) / 2
    np.testing.assert_allclose(u[1:], 4 * u[:-1] * (1 - u[:-1]), atol=1e-14)
    assert np.abs(xs).max() <= 1
    np.testing.assert_allclose(xs.mean(axis=1), 0, atol=0.05)
    np.testing.assert_allclose(xs.var(axis=1), 0.5, atol=0.04)
    theta = np.arccos(xs[0])
    np.testing.assert_allclose(xs[10], np.cos(2**10 * theta), atol=1e-9)

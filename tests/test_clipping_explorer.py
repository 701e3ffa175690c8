"""The clipping explorer without a browser: state, sentences, stand-in."""

import re

import numpy as np
import pytest

from rnnbook.landscape import descend
from rnnbook.widgets.clipping_explorer import ClippingExplorer, amount, on_map, thrown


def test_repr_is_what_strict_nbval_can_compare():
    assert repr(ClippingExplorer()) == (
        "ClippingExplorer(threshold=1.0, rule='norm', rate=0.1, w0=4.25, b0=-2.75, step=60, "
        "close_up=False)"
    )
    numpy_s = ClippingExplorer(np.float64(2), start=np.array([4, -2]), step=np.int64(3))
    assert repr(numpy_s).startswith("ClippingExplorer(threshold=2.0, rule='norm', rate=0.1, w0=4.0")


@pytest.mark.parametrize("rule", ["norm", "value", "none"])
def test_stand_in_has_a_second_descent_only_if_there_is_a_rule(rule):
    html = ClippingExplorer(rule=rule).stand_in()
    assert ("solid: clipped" in html) == (rule != "none")


def test_stand_in_has_the_descent_s_numbers():
    explorer = ClippingExplorer(threshold=0.3, rule="value", start=(4.7, -2.0), step=33)
    path, free = explorer.moments(), explorer.moments("none")
    html = explorer.stand_in()
    for k in (0, 10, 33, 60):
        for at in (path[k], free[k]):
            for value in (at.w, at.b, at.E, at.norm):
                assert f"<td>{amount(value)}</td>" in html
    assert explorer.sentence().replace("'", "&#x27;") in html


# ---- the numbers ----


@pytest.mark.parametrize("rule", ["norm", "value", "none"])
def test_moments_are_landscape_s_descent(rule):
    explorer = ClippingExplorer(threshold=0.2, rule=rule, rate=0.08, start=(4.6, -2.4))
    path = descend(4.6, -2.4, 0.08, 60, None if rule == "none" else (rule, 0.2))
    moments = explorer.moments()
    assert [at.E for at in moments] == path.E.tolist()
    np.testing.assert_allclose([at.to[0] for at in moments[:-1]], path.w[1:], rtol=1e-12)
    lengths = [at.length / 0.08 for at in moments]
    if rule == "norm":
        np.testing.assert_allclose(lengths, np.minimum(path.norm, 0.2), rtol=1e-12)
        assert max(at.angle for at in moments) < 1e-5
        assert [at.cut for at in moments] == [2 * (n > 0.2) for n in path.norm]
    elif rule == "value":
        assert max(map(abs, [at.step_w for at in moments])) <= 0.08 * 0.2 + 1e-15
        assert max(at.angle for at in moments) > 5
    else:
        assert not any(at.cut for at in moments)


def test_the_story_of_the_defaults():
    explorer = ClippingExplorer()
    path, free = explorer.moments(), explorer.moments("none")
    assert thrown(free, 60) == 24
    assert thrown(path, 60) is None
    assert free[60].E == pytest.approx(0.09, abs=1e-3)
    assert path[60].E < 1e-8
    assert sum(at.cut > 0 for at in path) == 1
    for threshold in (0.3, 0.5, 2.0, 3.0):
        assert ClippingExplorer(threshold).moments()[60].E < 1e-6


@pytest.mark.parametrize(
    ("start", "at_step"), [((4.25, -2.75), 24), ((4.7, -2.0), 33), ((3.2, -2.2), None)]
)
def test_the_three_starts(start, at_step):
    explorer = ClippingExplorer(start=start)
    assert thrown(explorer.moments("none"), 60) == at_step
    assert all(on_map((at.w, at.b)) for at in explorer.moments())
    if at_step is None:  # the paths are one
        assert explorer.moments() == explorer.moments("none")


# ---- words ----


def test_sentences():
    assert ClippingExplorer(step=24).sentence() == (
        "Step 24: the gradient's norm is 40.2, clipped to 1. The step is 0.1 long and keeps the "
        "gradient's direction. Without clipping, step 24 throws the descent to w = 6.34, b = 1.28."
    )
    assert ClippingExplorer(rule="value", step=24).sentence() == (
        "Step 24: the gradient's norm is 40.2; both its numbers are cut to ±1. The step is 0.141 "
        "long and 14.8° off the gradient's direction. Without clipping, step 24 throws the descent "
        "to w = 6.34, b = 1.28."
    )
    assert ClippingExplorer(rule="none", step=24).sentence() == (
        "Step 24: the gradient's norm is 40.2; nothing is clipped. The step is 4.02 long. "
        "Step 24 throws the descent to w = 6.34, b = 1.28."
    )
    assert "nothing is clipped" in ClippingExplorer(step=3).sentence()
    assert "Without clipping, step 24 throws" in ClippingExplorer().sentence()
    assert "throws" not in ClippingExplorer(step=23).sentence()
    assert "Even clipped, step 24 throws it" in ClippingExplorer(threshold=30, step=24).sentence()
    one = ClippingExplorer(rule="value", threshold=0.1, step=0).sentence()
    assert "one of its two numbers is cut to ±0.1." in one


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (40.23, "40.2"), (1630.4, "1,630"), (-0.02134, "−0.0213"), (4.3e-6, "4.3e−6"),
     (0.001, "0.001"), (999.6, "1,000"), (999499, "999,000"), (2.5e7, "2.5e7"), (100.0, "100")],
)  # fmt: skip
def test_amounts(value, text):
    assert amount(value) == text


# ---- what does not fit ----


@pytest.mark.parametrize(
    ("argument", "value", "error", "expected"),
    [
        ("threshold", 0, ValueError, "threshold is 0; expected a number from 0.01 to 100"),
        ("threshold", "1", ValueError, "threshold is '1'; expected a number from 0.01 to 100"),
        ("threshold", float("nan"), ValueError, "threshold is nan; expected a number"),
        ("rate", 2, ValueError, "rate is 2; expected a number from 0.001 to 1"),
        ("rate", True, ValueError, "rate is True; expected a number from 0.001 to 1"),
        ("rule", "l2", ValueError, "rule is 'l2'; expected one of 'norm', 'value', 'none'"),
        ("step", 61, ValueError, "step is 61; expected a whole number from 0 to 60"),
        ("close_up", 1, ValueError, "close_up is 1; expected True or False"),
        ("start", 3, TypeError, "start is 3; expected two numbers, (w, b)"),
        ("start", (1, 2, 3), TypeError, "start is (1, 2, 3); expected two numbers, (w, b)"),
        ("start", (4, -21), ValueError, "start has b = -21; expected a number from -20 to 20"),
        ("start", ("a", -2), ValueError, "start has w = 'a'; expected a number from -20 to 20"),
    ],
)
def test_a_wrong_argument_is_named(argument, value, error, expected):
    with pytest.raises(error, match=re.escape(expected)):
        ClippingExplorer(**{argument: value})
    if argument != "start":
        explorer = ClippingExplorer()
        before = repr(explorer)
        with pytest.raises(error, match=re.escape(expected)):
            setattr(explorer, argument, value)
        assert repr(explorer) == before


def test_a_start_that_is_set_later_is_checked_too():
    explorer = ClippingExplorer()
    with pytest.raises(ValueError, match=re.escape("w0 is 30; expected a number from -20 to 20")):
        explorer.w0 = 30
    assert explorer.w0 == 4.25

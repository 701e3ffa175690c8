"""The arithmetic of the parameter counter and of the stepper is rnnbook's."""

import numpy as np
import pytest

from in_node import evaluate, module
from rnnbook import cross_entropy, tasks
from rnnbook.losses import softmax
from rnnbook.widgets import DogsStepper, ParameterCounter
from steppers import random_stepper


@pytest.mark.parametrize("seed", range(3))
def test_counts_formulas_and_sentence_equal_python(seed):
    rng = np.random.default_rng(seed)
    settings = [(1, 1, 1), (512, 512, 100), (100, 100, 20)]
    settings += [tuple(int(n) for n in rng.integers(1, (513, 513, 101))) for _ in range(20)]
    for D, H, T in settings:
        for second_bias, gated in ((False, False), (True, True)):
            counter = ParameterCounter(D=D, H=H, T=T, second_bias=second_bias, gated=gated)
            rows, sentence = evaluate(
                """async ([source, gated, ...sizes]) => {
                  const { rows, sentence } = await import(source);
                  return [rows(...sizes), sentence(...sizes, gated)];
                }""",
                [module(counter), gated, D, H, T, second_bias],
            )
            assert [tuple(row.values()) for row in rows] == [tuple(r) for r in counter.rows()]
            assert sentence == counter.sentence()


def forward_of_the_script(stepper):
    weights = {name: getattr(stepper, name) for name in stepper.start[stepper.word]}
    return evaluate(
        """async ([source, weights, word]) => {
          const { forward, meanLoss } = await import(source);
          const steps = forward(weights, word);
          return [steps, meanLoss(steps)];
        }""",
        [module(stepper), weights, stepper.word],
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("word", ["dogs", "noon"])
def test_forward_pass_equals_rnnbook(word, scale, seed):
    stepper = random_stepper(scale, np.random.default_rng(seed), word)
    steps, mean = forward_of_the_script(stepper)
    xs, targets, _ = tasks.spelling(word)
    h0 = np.array([stepper.h0])
    ys, trace = stepper.model.run(xs, (h0,))

    def close(name, expected):
        got = np.array([step[name] for step in steps])
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12, err_msg=name)

    close("x", xs[:, 0])
    before = np.concatenate([h0, trace.hs[:-1, 0]])
    close("before", before)
    close("a", xs[:, 0] @ stepper.W_xh + before @ stepper.W_hh + stepper.b_h)
    close("h", trace.hs[:, 0])
    close("y", ys[:, 0])
    close("p", softmax(ys)[:, 0])
    close("guess", ys[:, 0].argmax(axis=-1))
    close("target", targets[:, 0])
    losses = [cross_entropy(ys[t : t + 1], targets[t : t + 1])[0] for t in range(3)]
    close("loss", losses)
    assert mean == pytest.approx(cross_entropy(ys, targets)[0], rel=1e-12)


def test_softmax_and_loss_survive_the_largest_weights():
    W_hy = np.zeros((3, 4))
    W_hy[:, 0], W_hy[:, 1] = 20, -20
    stepper = DogsStepper()
    stepper.W_xh, stepper.W_hy = np.full((4, 3), 20.0), W_hy
    steps, mean = forward_of_the_script(stepper)
    xs, targets, _ = tasks.dogs()
    ys, _ = stepper.model.run(xs)
    assert mean == pytest.approx(cross_entropy(ys, targets)[0], rel=1e-12)
    assert steps[0]["loss"] > 100
    assert sum(steps[0]["p"]) == pytest.approx(1, abs=1e-12)
    p = evaluate(
        "async (source) => (await import(source)).softmax([1000, 1000, -1000])", module(stepper)
    )
    assert p == [0.5, 0.5, 0]  # without care exp(1000) is infinite

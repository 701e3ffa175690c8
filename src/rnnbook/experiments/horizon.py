"""How far does a trained network run free? Error against horizon, after training with more and
with less forcing: chapter 11.

A tanh network of 24 units learns to predict the next value of a series. In training its inputs are
true at a certain rate, and its own predictions otherwise (`decoding.scheduled`). Then it reads a
prompt from fresh series and runs free; what is kept is the root mean square error of the
prediction made 1, 2, ... steps after the prompt.
"""

import numpy as np

from rnnbook import RNN, Model, adam, fit, free_running, squared_error, tasks
from rnnbook.decoding import exponential, inverse_sigmoid, linear, scheduled

T, B, H, UPDATES = 40, 16, 24, 1500
TASKS = ("noisy sine", "four sines", "logistic")
NOISE = 0.3  # of the sines; the logistic map has none
FEW = {"four sines": 4}  # so many series to learn from; elsewhere, new ones for each update
CONSTANT = ("1", "0.9", "0.75", "0.5", "0.25", "0")
FALLING = {
    "linear to 3/4": linear(slope=0.25 / UPDATES),
    "linear": linear(slope=1 / UPDATES),
    "exponential": exponential(k=0.01 ** (1 / UPDATES)),
    "inverse sigmoid": inverse_sigmoid(k=150),
}  # the last three fall from about 1 to about 0
FORCINGS = (*CONSTANT, *FALLING)
LATE = "1, then 0.5"  # after UPDATES updates; see horizon_controls
PROMPTS = (1, 2, 5, 10, 20, 40)
HORIZONS = (*range(1, 9), *range(10, 21, 2), 25, 30, 35, 40, 50, 60, 70, 80, 90, 100)
SEEDS = range(5)
TESTED, TEST_SEED = 200, 1000  # how many fresh series, the same for all runs

SETTINGS = [
    {"task": task, "forcing": forcing, "seed": seed}
    for task in TASKS for forcing in FORCINGS for seed in SEEDS
]


def run(settings):
    """Train once, then measure: {"error": a row for each of PROMPTS, one number a horizon}."""
    model = train(**settings)
    return {"error": [
        [float(f"{value:.3g}") for value in errors(model, settings["task"], prompt)]
        for prompt in PROMPTS
    ]}


def train(task, forcing, seed, *, updates=UPDATES, prompt=1, noise=0):
    """The network after training. A seed has the same data whatever the rest.

    prompt: how many first inputs are true in any case. noise: the standard
    deviation of noise on the inputs, if all of them are true.
    """
    start, data, coins = (np.random.default_rng([seed, k]) for k in range(3))
    model = Model.init(RNN, D=1, H=H, K=1, rng=start)
    if forcing != "1":
        inputs = scheduled(schedule(forcing), rng=coins, prompt=prompt)
    elif noise:
        def inputs(model, xs, i):
            return xs + noise * coins.normal(size=xs.shape)
    else:
        inputs = None
    model, _ = fit(
        model, batches(task, updates, data), squared_error, adam(0.003),
        clip_norm=1.0, inputs=inputs, progress=False)
    return model


def schedule(forcing):
    """The rate of true inputs, as a function of the update: constant, or falling."""
    if forcing == LATE:
        return lambda i: 1.0 if i < UPDATES else 0.5
    return FALLING[forcing] if forcing in FALLING else lambda i: float(forcing)


def batches(task, updates, rng):
    few = series(task, T + 1, FEW[task], rng) if task in FEW else None
    for _ in range(updates):
        if few is None:
            xs = series(task, T + 1, B, rng)
        else:
            xs = few[:, rng.integers(0, few.shape[1], size=B)]
        yield xs[:-1], xs[1:]


def series(task, T, B, rng):
    """(T, B, 1). Sines of period 20 with noise, or the logistic map."""
    if task == "logistic":
        return tasks.logistic(T=T, B=B, rng=rng)
    return tasks.sine(T=T, B=B, rng=rng, noise=NOISE)


def errors(model, task, prompt):
    """Running free: the root mean square error over fresh series, at HORIZONS."""
    rng = np.random.default_rng(TEST_SEED)
    xs = series(task, prompt + HORIZONS[-1], TESTED, rng)
    made = free_running(model, xs[:prompt], HORIZONS[-1])
    squares = ((made - xs[prompt:]) ** 2).mean(axis=(1, 2))
    return np.sqrt(squares[np.array(HORIZONS) - 1])


def baseline(task):
    """The error of predicting the mean, which is 0: the standard deviation of the series."""
    return float(np.sqrt(0.5 + (0 if task == "logistic" else NOISE**2)))

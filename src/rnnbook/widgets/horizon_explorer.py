"""How far does a trained network run free? Error against horizon, from the saved runs."""

from html import escape

import numpy as np
import traitlets

from rnnbook import checks, experiments
from rnnbook.colours import in_page
from rnnbook.experiments import horizon as saved

from .explorer import Choice, Explorer, assembled, stand_in_root, stand_in_table, validates

# What the page holds: log10 of the error in thousandths, two bytes each, for every task, forcing,
# prompt and horizon; the least, the median and the greatest of the seeds.
PER_DECADE = 1000
LONGEST = {"logistic": 20}  # where the picture ends; elsewhere at the last horizon
SCHEDULES = ("constant", *saved.FALLING)
RATES = tuple(float(rate) for rate in reversed(saved.CONSTANT))
HEIGHTS = "721px", "970px"  # of the live explorer in a page's column, wide and on a phone
INK, LINE, DATA, FORWARD = in_page("ink", "line", "data", "forward")


class HorizonExplorer(Explorer):
    """Choose a series, how often the training's inputs were true, and a prompt; see the error grow.

    Parameters
    ----------
    task : "noisy sine", "four sines" or "logistic"
    schedule : how the rate of true inputs went during training: "constant", "linear to 3/4",
        "linear", "exponential" or "inverse sigmoid"
    rate : that rate, if constant: 0, 0.25, 0.5, 0.75, 0.9 or 1; the nearest is taken
    prompt : how many true values are read first: 1, 2, 5, 10, 20 or 40; the nearest is taken
    horizon : the step after the prompt that the sentence speaks of, 1 to 100, or to 20 for
        "logistic"; the nearest that was saved is taken; 40 or 20 if None

    Errors are root mean squares over 200 fresh series, the median of five seeds; see
    `rnnbook.experiments.horizon`. What does not fit is a `ValueError` that names the argument.

    >>> HorizonExplorer(task="logistic", horizon=4).sentence()[:40]
    'logistic, all inputs true in training, p'
    """

    _esm = assembled("horizon_explorer.js")
    _css = assembled("horizon_explorer.css")
    _state = ("task", "schedule", "rate", "prompt", "horizon")

    task = Choice(*saved.TASKS)
    schedule = Choice(*SCHEDULES)
    rate = traitlets.Any(1.0).tag(sync=True)
    prompt = traitlets.Any(20).tag(sync=True)
    horizon = traitlets.Any(40).tag(sync=True)
    table = traitlets.Dict(help="names and axes of what `errors` holds").tag(sync=True)
    errors = traitlets.Bytes(help="log10 of the errors, see above").tag(sync=True)

    def __init__(self, *, task="noisy sine", schedule="constant", rate=1.0, prompt=20,
                 horizon=None):
        if horizon is None:
            horizon = min(40, _end(task))
        self._logs = logs(experiments.load("horizon"))
        table = {
            "tasks": list(saved.TASKS),
            "baselines": [round(saved.baseline(task), 6) for task in saved.TASKS],
            "ends": [_end(task) for task in saved.TASKS],
            "ranges": [_range(self._logs[k], task) for k, task in enumerate(saved.TASKS)],
            "schedules": list(SCHEDULES),
            "rates": list(RATES),
            "prompts": list(saved.PROMPTS),
            "horizons": list(saved.HORIZONS),
            "seeds": len(saved.SEEDS),
        }
        super().__init__(table=table, errors=self._logs.astype("<i2").tobytes(), task=task,
                         schedule=schedule, rate=rate, prompt=prompt, horizon=horizon)

    @validates("rate")
    def _nearest_rate(self, value):
        return _nearest("rate", value, RATES)

    @validates("prompt")
    def _nearest_prompt(self, value):
        return _nearest("prompt", value, saved.PROMPTS)

    @validates("horizon")
    def _nearest_horizon(self, value):
        steps = [k for k in saved.HORIZONS if k <= _end(self.task)]
        return _nearest("horizon", value, steps)

    @traitlets.observe("task")
    def _take_horizon_down(self, change):
        self.horizon = min(self.horizon, _end(self.task))

    def curve(self, forcing=None):
        """(3, horizons): the least, the median and the greatest error of the five seeds."""
        forcing = self._forcing() if forcing is None else forcing
        where = (saved.TASKS.index(self.task), saved.FORCINGS.index(forcing),
                 saved.PROMPTS.index(self.prompt))
        return 10 ** (self._logs[where] / PER_DECADE)

    def _forcing(self):
        return f"{self.rate:g}" if self.schedule == "constant" else self.schedule

    def sentence(self) -> str:
        """What the figure says, in words."""
        low, middle, high = self.curve()
        always = self.curve("1")[1]
        k, end = saved.HORIZONS.index(self.horizon), _end(self.task)
        base = saved.baseline(self.task)
        steps = [step for step, error in zip(saved.HORIZONS, middle, strict=True)
                 if error >= base / 2 and step <= end]  # fmt: skip
        half = (f"Half of that is reached at step {steps[0]}." if steps
                else f"Half of that is not reached within {end} steps.")
        beside = "" if self._forcing() == "1" else f" Always forced: {amount(always[k])}."
        return (
            f"{self.task}, {trained(self.schedule, self.rate)}, prompt of {self.prompt}: the "
            f"error is {amount(middle[0])} one step ahead and {amount(middle[k])} at step "
            f"{self.horizon} ({amount(low[k])} to {amount(high[k])} over {len(saved.SEEDS)} "
            f"seeds).{beside} Predicting the mean: {amount(base)}. {half}"
        )

    def stand_in(self) -> str:
        steps = [k for k in (1, 2, 4, 6, 10, 20, 40, 100) if k <= _end(self.task)]
        rows = []
        for forcing in saved.FORCINGS:
            middle = self.curve(forcing)[1]
            name = f"rate {forcing}" if forcing in saved.CONSTANT else forcing
            rows.append([name, *(amount(middle[saved.HORIZONS.index(k)]) for k in steps)])
        body = "\n".join([
            "<p><strong>How fast do a model's own mistakes grow?</strong></p>",
            self._drawn(),
            f"<p>{escape(self.sentence())}</p>",
            stand_in_table(
                f"Median error by step, {self.task}, prompt of {self.prompt}, by training",
                ["", *map(str, steps)],
                rows,
            ),
        ])  # fmt: skip
        return stand_in_root("horizon-explorer", "Error against horizon", *HEIGHTS, body)

    def _drawn(self):
        """The curves as SVG."""
        task = saved.TASKS.index(self.task)
        (low, high), end = self.table["ranges"][task], _end(self.task)
        steps = [k for k in saved.HORIZONS if k <= end]
        x = lambda k: 46 + 564 * (k - 1) / (end - 1)  # noqa: E731
        y = lambda error: 10 + 250 * (high - np.log10(error)) / (high - low)  # noqa: E731

        def points(values):
            return [f"{x(k):.1f},{y(error):.1f}" for k, error in zip(steps, values, strict=False)]

        least, middle, greatest = self.curve()
        band = " ".join(points(least) + points(greatest)[::-1])
        marks = "".join(
            f'<line x1="46" x2="610" y1="{y(10.0**log):.1f}" y2="{y(10.0**log):.1f}" '
            f'stroke="{LINE}"/><text x="40" y="{y(10.0**log) + 4:.1f}" text-anchor="end">'
            f"{10.0**log:g}</text>"
            for log in range(int(np.ceil(low)), int(np.floor(high)) + 1))
        base = y(saved.baseline(self.task))
        return (
            f'<svg viewBox="0 0 640 290" role="img" aria-label="{escape(self.sentence())}" '
            f'style="display: block; width: 100%; max-width: 44em; font-size: 12px" '
            f'fill="{INK}">\n{marks}\n'
            f'<polygon points="{band}" fill="{FORWARD}" fill-opacity="0.2"/>'
            f'<polyline points="{" ".join(points(self.curve("1")[1]))}" fill="none" '
            f'stroke="{DATA}" stroke-width="2" stroke-dasharray="7 4"/>'
            f'<polyline points="{" ".join(points(middle))}" fill="none" stroke="{FORWARD}" '
            f'stroke-width="2.5"/>'
            f'<line x1="46" x2="610" y1="{base:.1f}" y2="{base:.1f}" stroke="{INK}" '
            f'stroke-dasharray="2 3"/><text x="610" y="{base - 5:.1f}" text-anchor="end">'
            f"predicting the mean</text>\n"
            f'<text x="46" y="282">step 1</text><text x="610" y="282" text-anchor="end">'
            f"step {end} after the prompt</text>\n</svg>"
        )


def logs(runs):
    """The saved runs as thousandths of decades: (task, forcing, prompt, 3, horizon)."""
    found = {tuple(run.settings.values()): run.record["error"] for run in runs}
    errors = np.array([
        [[found[task, forcing, seed] for seed in saved.SEEDS] for forcing in saved.FORCINGS]
        for task in saved.TASKS
    ])  # (task, forcing, seed, prompt, horizon)
    three = np.stack([errors.min(axis=2), np.median(errors, axis=2), errors.max(axis=2)], axis=3)
    return np.rint(PER_DECADE * np.log10(three)).astype(int)


def trained(schedule, rate):
    """How the training was forced, in words."""
    if schedule == "linear to 3/4":
        return "true inputs falling from 100 % to 75 % in training"
    if schedule != "constant":
        return f"true inputs falling from about 100 % to about 0 in training ({schedule})"
    if rate in (0, 1):
        return f"{'all' if rate else 'no'} inputs true in training" + ("" if rate else " but one")
    return f"{100 * rate:.0f} % of the inputs true in training"


def amount(error) -> str:
    """Two figures."""
    return f"{error:.2g}"


def _end(task):
    return LONGEST.get(task, saved.HORIZONS[-1])


def _range(logs, task):
    """The vertical axis, in decades: all of the task's curves as far as its picture goes."""
    count = sum(k <= _end(task) for k in saved.HORIZONS)
    shown = logs[..., :count] / PER_DECADE
    return [float(np.floor(10 * shown.min()) / 10), float(np.ceil(10 * shown.max()) / 10)]


def _nearest(name, value, values):
    low, high = min(values), max(values)
    value = checks.number(name, value, f"a number from {low:g} to {high:g}",
                          lambda value: low <= value <= high)  # fmt: skip
    return min(values, key=lambda one: abs(one - value))

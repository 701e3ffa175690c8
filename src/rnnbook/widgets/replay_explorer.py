"""Memory on trial: training runs that were saved once, replayed update by update."""

from html import escape
from itertools import pairwise
from math import inf
from statistics import median

import numpy as np
import traitlets

from rnnbook import checks
from rnnbook.colours import in_page

from .explorer import Choice, Explorer, Whole, assembled, stand_in_root, stand_in_table, validates

CELLS = ("tanh RNN", "identity RNN", "LSTM", "GRU")

# A run travels as rows of eight bytes: a row for each mark, then one for each length beyond the
# training length. `at` is the update, or the length. A loss or an error is its log10, to 1/1000;
# what lies outside 1e-32 ... 1e32 is taken as the nearest of these. 80 runs of 60 marks: 38 kB.
ROW = np.dtype([("at", "<u4"), ("loss", "<i2"), ("error", "<i2")])
PER_DECADE = 1000
ZERO, MISSING = -(2**15), -(2**15) + 1

INK, LINE, FORWARD, GRADIENT, MEMORY, GATE = in_page(
    "ink", "line", "forward", "gradient", "memory", "gate"
)
# a colour and a dash for each cell; replay_explorer.js and .css have the same
STROKES = {
    "tanh RNN": (FORWARD, ""),
    "identity RNN": (GRADIENT, "9 4"),
    "LSTM": (MEMORY, "2 3"),
    "GRU": (GATE, "10 3 2 3"),
}
NOTE = (
    "Both axes are logarithmic. The dashed line is the best guess without remembering what the "
    "task asks for. A loss is the mean since the mark before; whether a run is solved is asked of "
    "its test error, so a fast learner stops at a high loss. A thin line is one run, from one "
    "seed; a thick line is the median of a cell's runs. A run stops when it is solved, and counts "
    "as it is then from there on; a run that has diverged counts as worse than any other."
)
HEIGHTS = "977px", "1214px"  # of the live explorer in a page's column, wide and on a phone


class ReplayExplorer(Explorer):
    """Replay saved training runs, update by update; see which cells solve which task.

    Parameters
    ----------
    runs : saved runs, each with two dicts.
        `settings`: "task" (words), "T" (the length in training), "cell" ("tanh RNN",
        "identity RNN", "LSTM" or "GRU"), "seed".
        `record`: "updates" (rising) and "losses" (the mean training loss since the update
        before), the "baseline" (loss of the best guess without remembering), "budget" (of updates),
        "solved_at" (an update or None); and, where there are such, "error" (of the test, one
        for each update), "solved_below" (the error under which a run counts as solved),
        "diverged_at" (an update) and "beyond" (after training): {"T": lengths, "error": errors}.
        Other keys are left alone.
    task : one of the runs' tasks; the first by default
    T : one of the lengths at which the task was run; the first of them by default. Another task
        takes T to its nearest length
    cells : which cells are shown, a list of names; all by default
    update : how far the runs are replayed; to their end by default
    view : "training" shows the training loss against updates, "test" the test error against
        updates, "beyond" the test error against length; where there are no such numbers, the loss

    Runs of one task, T and cell differ in their seeds. What does not fit is a `TypeError` or a
    `ValueError` that names the run and the key, or the argument.
    """

    _esm = assembled("replay_explorer.js")
    _css = assembled("replay_explorer.css")
    _state = ("task", "T", "cells", "update", "view")

    task = traitlets.TraitType("").tag(sync=True)
    T = traitlets.TraitType(1).tag(sync=True)
    cells = traitlets.TraitType([]).tag(sync=True)
    update = Whole(0, 0, 2**31)
    view = Choice("training", "test", "beyond")
    table = traitlets.Dict(help="what `curves` holds, in its order").tag(sync=True)
    curves = traitlets.Bytes(help="the marks of all runs, as rows of ROW").tag(sync=True)

    def __init__(self, runs, *, task=None, T=None, cells=CELLS, update=None, view="training"):
        groups = _grouped([_checked(f"runs[{k}]", run) for k, run in enumerate(_listed(runs))])
        self._longest = max(group["budget"] for group in groups)
        table, curves = packed(groups)
        self._groups = unpacked(table, curves)  # what is said is what the page shows
        task = groups[0]["task"] if task is None else task
        super().__init__(
            table=table,
            curves=curves,
            task=task,
            T=next((group["T"] for group in groups if group["task"] == task), 1)
            if T is None
            else T,
            cells=cells,
            update=self._longest if update is None else update,
            view=view,
        )

    # ---- the state ----

    @property
    def tasks(self) -> dict[str, list[int]]:
        """The tasks and the lengths at which each was run."""
        tasks = {}
        for group in self._groups:
            lengths = tasks.setdefault(group["task"], [])
            if group["T"] not in lengths:
                lengths.append(group["T"])
        return tasks

    @validates("task")
    def _a_task_that_was_run(self, value):
        self._lengths(value)
        return value

    @validates("T")
    def _a_length_that_was_run(self, T):
        lengths = self._lengths(self.task)
        if isinstance(T, bool) or T not in lengths:
            raise ValueError(f"T is {T!r}; expected one of {', '.join(map(str, lengths))}, the "
                             f"lengths at which {self.task!r} was run")
        return int(T)

    @traitlets.observe("task")
    def _take_T_along(self, change):
        lengths = self._lengths(self.task)
        if self.T not in lengths:
            self.T = nearest(self.T, lengths)

    def _lengths(self, task):
        known = self.tasks
        if not isinstance(task, str) or task not in known:
            raise ValueError(f"task is {task!r}; expected one of {', '.join(map(repr, known))}")
        return known[task]

    @validates("cells")
    def _known_cells(self, cells):
        fits = isinstance(cells, list | tuple) and all(cell in CELLS for cell in cells)
        if not fits or len(set(cells)) < len(cells):
            raise ValueError(f"cells is {cells!r}; expected a list of some of "
                             f"{', '.join(map(repr, CELLS))}, each once")
        return [cell for cell in CELLS if cell in cells]

    @validates("update")
    def _within_the_longest_budget(self, value):
        if value > self._longest:
            raise ValueError(f"update is {value}; expected a whole number from 0 to "
                             f"{self._longest}, the largest budget")
        return value

    # ---- what is seen ----

    @property
    def chosen(self) -> list[dict]:
        """The groups of runs of the chosen task and length, one for each cell."""
        return [g for g in self._groups if g["task"] == self.task and g["T"] == self.T]

    def sentence(self) -> str:
        """What the figure says, in words."""
        return self._said(self.view)

    def _said(self, view):
        chosen = self.chosen
        view = view if view in views(chosen) else "training"
        shown = [group for group in chosen if group["cell"] in self.cells]
        task = self.task[0].upper() + self.task[1:]
        if view == "beyond":
            return f"{task}, trained at T = {self.T}: {_further(shown, beyond(chosen))}"
        update = min(self.update, budget(chosen))
        text = f"{task}, T = {self.T}, {after(update)}: "
        clauses = []
        for group in shown:
            count, of = solved(group, update), len(group["runs"])
            has = "" if clauses else " has solved"
            runs = "" if clauses else " run" if of == 1 else " runs"
            clauses.append(f"the {group['cell']}{has} {count or 'none'} of {of}{runs}")
        text += ", ".join(clauses) or "no cell is shown"
        if view == "training":
            guess = amount(chosen[0]["baseline"], 3)
            text += f"; the best guess without remembering has loss {guess}."
        else:
            below = chosen[0]["solved_below"]
            text += f"; solved means a test error below {amount(below)}." if below else "."
        for group in shown:
            count = diverged(group, update)
            if count:
                have = "run has" if count == 1 else "runs have"
                text += f" Of the {group['cell']}, {count} {have} diverged."
        return text

    def stand_in(self) -> str:
        rows = []
        for group in self._groups:
            end, last = group["budget"], max(group["lengths"], default=None)
            losses = [level(run, end, "losses") for run in group["runs"]]
            far = [] if last is None else errors_at(group, last)
            rows.append([
                f"{escape(group['task'])}, T = {group['T']}, {group['cell']}",
                f"{solved(group, end)} of {len(group['runs'])}",
                written(middle(losses)),
                amount(group["baseline"], 3),
                f"{written(middle(far))} at {last}" if far else "–",
            ])  # fmt: skip
        body = "\n".join([
            "<p><strong>Which networks pass which test?</strong></p>",
            self._drawn(),
            f"<p>{escape(self.sentence())}</p>",
            stand_in_table(
                "At the end of the runs: how many are solved, and medians over the seeds",
                ["", "solved", "loss", "guess without remembering", "error at the longest T"],
                rows,
            ),
            f"<p>{NOTE}</p>",
        ])  # fmt: skip
        return stand_in_root("replay-explorer", "Saved training runs", *HEIGHTS, body)

    def _drawn(self):
        """The runs of the chosen task and length, as SVG: losses against updates."""
        chosen, update = self.chosen, min(self.update, budget(self.chosen))
        left, right, top, bottom = 50, 530, 18, 300
        start, end = updates_shown(chosen)
        low, high = losses_shown(chosen)
        x = lambda at: left + (right - left) * np.log(at / start) / np.log(end / start)  # noqa: E731
        y = lambda log: (  # noqa: E731
            bottom - (bottom - top) * (min(max(log, low), high) - low) / (high - low))

        def line(points, attributes):
            text = " ".join(f"{x(at):.1f},{y(log):.1f}" for at, log in points)
            return f'<polyline points="{text}" fill="none" {attributes}/>'

        parts = [
            f'<line x1="{left}" x2="{right}" y1="{y(log):.1f}" y2="{y(log):.1f}" '
            f'stroke="{LINE}"/><text x="{left - 6}" y="{y(log) + 4:.1f}" text-anchor="end">'
            f"{amount(10.0**log)}</text>"
            for log in range(int(np.ceil(low)), int(np.floor(high)) + 1)
        ]
        ends = []
        for group in chosen:
            if group["cell"] not in self.cells:
                continue
            colour, dash = STROKES[group["cell"]]
            for run in group["runs"]:
                points = [(at, log) for at, log in zip(run["updates"], run["losses"])
                          if at <= update]  # fmt: skip
                if points:
                    parts.append(line(points, f'stroke="{colour}" stroke-opacity="0.5"'))
            points = [(at, log) for at, log in medians(group, "losses") if at <= update]
            if points:
                parts.append(line(
                    points, f'stroke="{colour}" stroke-width="3" stroke-dasharray="{dash}"'))
                ends.append([y(points[-1][1]) + 4, x(points[-1][0]) + 7, group["cell"], colour])
        guess = chosen[0]["baseline"]
        at = y(np.log10(guess))
        parts.append(f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" '
                     f'stroke="{INK}" stroke-dasharray="6 4"/>')
        ends.append([at + 4, right + 7, f"guess: {amount(guess, 3)}", INK])
        ends.sort()
        for above, below in pairwise(ends):
            below[0] = max(below[0], above[0] + 14)
        parts.append(f'<text x="4" y="{top - 4}">training loss</text>')
        parts += [f'<text x="{right_of:.1f}" y="{at:.1f}" fill="{colour}">{name}</text>'
                  for at, right_of, name, colour in ends]  # fmt: skip
        label = escape(self._said("training"))
        return (
            f'<svg viewBox="0 0 640 340" role="img" aria-label="{label}" '
            'style="display: block; width: 100%; max-width: 44em; font-size: 12px" '
            f'fill="{INK}">\n' + "\n".join(parts)
            + f'\n<text x="{left}" y="{bottom + 20}">{start}</text><text x="{right}" '
            f'y="{bottom + 20}" text-anchor="end">{end:,} updates</text>\n</svg>'
        )  # fmt: skip


# ---- what comes in ----


def _listed(runs):
    try:
        runs = list(runs)
    except TypeError:
        raise TypeError(f"runs is {runs!r}; expected a list of saved runs") from None
    if not runs:
        raise ValueError("runs is empty; expected at least one saved run")
    return runs


def _checked(name, run):
    """One run as a flat dict of what is needed of it, or a sentence on what is wrong with it."""
    settings, record = getattr(run, "settings", None), getattr(run, "record", None)
    if not (isinstance(settings, dict) and isinstance(record, dict)):
        raise TypeError(f"{name} is {run!r}; expected a run with the dicts settings and record")
    for part, given, needed in (
        ("settings", settings, ("task", "T", "cell", "seed")),
        ("record", record, ("updates", "losses", "solved_at", "baseline", "budget")),
    ):
        for key in needed:
            if key not in given:
                raise ValueError(f"{name}.{part} has no {key!r}; expected {', '.join(needed)}")
    task = settings["task"]
    if not isinstance(task, str) or not task:
        raise ValueError(f"{name}.settings['task'] is {task!r}; expected the task's name")
    budget = checks.whole(f"{name}.record['budget']", record["budget"])

    def update(key, least):
        value = record.get(key)
        if value is None:
            return None
        value = checks.whole(f"{name}.record[{key!r}]", value, least=least)
        if value > budget:
            raise ValueError(f"{name}.record[{key!r}] is {value}; expected at most the budget, "
                             f"{budget}")
        return value

    diverged_at = update("diverged_at", least=0)
    updates = _rising(f"{name}.record['updates']", record["updates"], budget,
                      may_be_empty=diverged_at is not None)  # fmt: skip
    marks = f"one for each of the {len(updates)} updates"
    error = record.get("error")
    beyond = record.get("beyond") or {"T": [], "error": []}
    if not isinstance(beyond, dict) or set(beyond) < {"T", "error"}:
        raise ValueError(f"{name}.record['beyond'] is {beyond!r}; expected the lists T and error")
    lengths = _rising(f"{name}.record['beyond']['T']", beyond["T"], 2**31, may_be_empty=True)
    solved_below = record.get("solved_below")
    return {
        "task": task,
        "T": checks.whole(f"{name}.settings['T']", settings["T"]),
        "cell": checks.one_of(f"{name}.settings['cell']", settings["cell"], CELLS),
        "seed": checks.whole(f"{name}.settings['seed']", settings["seed"], least=0),
        "solved_below": None if solved_below is None else checks.positive(
            f"{name}.record['solved_below']", solved_below),
        "baseline": checks.positive(f"{name}.record['baseline']", record["baseline"]),
        "budget": budget,
        "solved_at": update("solved_at", least=1),
        "diverged_at": diverged_at,
        "updates": updates,
        "losses": _amounts(f"{name}.record['losses']", record["losses"], len(updates), marks),
        "errors": None if error is None else _amounts(
            f"{name}.record['error']", error, len(updates), marks),
        "lengths": lengths,
        "beyond": _amounts(f"{name}.record['beyond']['error']", beyond["error"], len(lengths),
                           f"one for each of the {len(lengths)} lengths"),
        "name": name,
    }  # fmt: skip


def _rising(name, values, most, may_be_empty=False):
    values = list(values) if isinstance(values, list | tuple | np.ndarray) else [values]
    if not values and not may_be_empty:
        raise ValueError(f"{name} is empty; expected at least one")
    before = 0
    for k, value in enumerate(values):
        value = checks.whole(f"{name}[{k}]", value)
        if not before < value <= most:
            raise ValueError(f"{name}[{k}] is {value} after {before}; expected rising whole "
                             f"numbers up to {most}")
        before = value
    return [int(value) for value in values]


def _amounts(name, values, count, expected):
    """Finite numbers of at least 0, `count` of them."""
    if not isinstance(values, list | tuple | np.ndarray) or len(values) != count:
        came = len(values) if isinstance(values, list | tuple | np.ndarray) else repr(values)
        raise ValueError(f"{name} has length {came}; expected {expected}"
                         if isinstance(came, int) else f"{name} is {came}; expected {expected}")
    return [
        checks.number(f"{name}[{k}]", value, "a finite number, at least 0", lambda v: v >= 0)
        for k, value in enumerate(values)
    ]


def _grouped(runs):
    """Groups of runs that differ in the seed only: by task and T as they come, then by cell."""
    groups, same = {}, {}
    for run in runs:
        place = run["task"], run["T"]
        first = same.setdefault(place, run)
        where = f"{run['task']}, T = {run['T']}"
        if abs(run["baseline"] - first["baseline"]) > 1e-9 * first["baseline"]:
            raise ValueError(f"{run['name']} has baseline {run['baseline']} and {first['name']} "
                             f"{first['baseline']}; expected one for {where}")
        group = groups.setdefault((*place, run["cell"]), [])
        for other in group:
            if other["seed"] == run["seed"]:
                raise ValueError(f"{run['name']} and {other['name']} are both {where}, "
                                 f"{run['cell']}, seed {run['seed']}; expected different seeds")
        group.append(run)
    tasks = list(dict.fromkeys(run["task"] for run in runs))
    order = sorted(groups, key=lambda key: (tasks.index(key[0]), key[1], CELLS.index(key[2])))
    return [
        {
            "task": key[0],
            "T": key[1],
            "cell": key[2],
            "baseline": same[key[:2]]["baseline"],
            "solved_below": _agreed(run["solved_below"] for run in runs
                                    if (run["task"], run["T"]) == key[:2]),
            "budget": max(run["budget"] for run in groups[key]),
            "runs": sorted(groups[key], key=lambda run: run["seed"]),
        }
        for key in order
    ]  # fmt: skip


def _agreed(values):
    """The one value, or None if there are several: no one line can then be drawn."""
    values = set(values)
    return values.pop() if len(values) == 1 else None


# ---- how it travels ----


def packed(groups):
    """The groups as an index for JSON and rows of ROW, run by run."""
    rows, index = [], []
    for group in groups:
        runs = []
        for run in group["runs"]:
            marks, far = len(run["updates"]), len(run["lengths"])
            part = np.full(marks + far, MISSING, dtype=ROW)
            part["at"] = run["updates"] + run["lengths"]
            part["loss"][:marks] = _levels(run["losses"])
            if run["errors"] is not None:
                part["error"][:marks] = _levels(run["errors"])
            part["error"][marks:] = _levels(run["beyond"])
            rows.append(part.tobytes())
            kept = {key: run[key] for key in ("seed", "solved_at", "diverged_at")}
            runs.append(kept | {"marks": marks, "lengths": far})
        index.append({key: value for key, value in group.items() if key != "runs"})
        index[-1]["runs"] = runs
    return {"groups": index}, b"".join(rows)


def _levels(values):
    values = np.asarray(values, dtype=np.float64)
    with np.errstate(divide="ignore"):
        levels = np.round(PER_DECADE * np.clip(np.log10(values), -32, 32))
    return np.where(values == 0, ZERO, levels).astype(np.int16)


def unpacked(table, curves):
    """The groups again. Losses and errors are log10, -inf for zero, None for what is missing."""

    def logs(levels):
        return [None if k == MISSING else -inf if k == ZERO else k / PER_DECADE
                for k in levels.tolist()]  # fmt: skip

    rows, start, groups = np.frombuffer(curves, dtype=ROW), 0, []
    for entry in table["groups"]:
        runs = []
        for run in entry["runs"]:
            marks, end = start + run["marks"], start + run["marks"] + run["lengths"]
            runs.append(run | {
                "updates": rows["at"][start:marks].tolist(),
                "losses": logs(rows["loss"][start:marks]),
                "errors": logs(rows["error"][start:marks]),
                "lengths": rows["at"][marks:end].tolist(),
                "beyond": logs(rows["error"][marks:end]),
            })  # fmt: skip
            start = end
        groups.append(entry | {"runs": runs})
        groups[-1]["lengths"] = sorted({T for run in runs for T in run["lengths"]})
    return groups


# ---- what is read off; replay_explorer.js has the same ----


def nearest(T, lengths):
    return min(lengths, key=lambda length: (abs(length - T), length))


def budget(groups):
    return max(group["budget"] for group in groups)


def solved(group, update):
    """How many of a group's runs are solved by then."""
    return sum(run["solved_at"] is not None and run["solved_at"] <= update
               for run in group["runs"])  # fmt: skip


def diverged(group, update):
    return sum(run["diverged_at"] is not None and run["diverged_at"] <= update
               for run in group["runs"])  # fmt: skip


def level(run, update, what):
    """A run's last "losses" or "errors" up to an update, as log10; None before the first mark.

    A run that has ended keeps its last one, or is infinitely bad if it has diverged.
    """
    updates = run["updates"]
    if run["diverged_at"] is not None and update >= run["diverged_at"]:
        return inf
    count = sum(at <= update for at in updates)
    return run[what][count - 1] if count else None


def middle(values):
    """The median of logarithms; None if there are none, or if one is missing."""
    values = list(values)
    if not values or None in values:
        return None
    values.sort()
    if values[len(values) // 2] == inf:
        return inf
    return -inf if values[(len(values) - 1) // 2] == -inf else median(values)


def medians(group, what):
    """The thick line: (update, log10 of the median), from where every run has a mark."""
    marks = sorted({at for run in group["runs"] for at in run["updates"]})
    points = ((at, middle(level(run, at, what) for run in group["runs"])) for at in marks)
    return [(at, log) for at, log in points if log is not None and log < inf]


def views(groups):
    """Which pictures there are numbers for."""
    runs = [run for group in groups for run in group["runs"]]
    tested = any(log is not None for run in runs for log in run["errors"])
    return ["training"] + ["test"] * tested + ["beyond"] * bool(beyond(groups))


def beyond(groups):
    """The lengths at which any of the groups was tested."""
    return sorted({T for group in groups for T in group["lengths"]})


def errors_at(group, T):
    """What the group's runs get at one length, as log10; those that were not tested are left
    out."""
    return [run["beyond"][run["lengths"].index(T)] for run in group["runs"]
            if T in run["lengths"]]  # fmt: skip


def updates_shown(groups):
    """The ends of the axis of updates."""
    first = min(at for group in groups for run in group["runs"]
                for at in [*run["updates"][:1], group["budget"]])  # fmt: skip
    last = budget(groups)
    return (first, last) if first < last else (max(1, last // 2), max(2, last))


def losses_shown(groups):
    """The ends of the axis of losses, as log10: at most two decades above the guess without
    memory, eight below it."""
    guess = float(np.log10(groups[0]["baseline"]))
    logs = [guess] + [log for group in groups for run in group["runs"] for log in run["losses"]]
    low, high = max(min(logs), guess - 8), min(max(logs), guess + 2)
    air = 0.05 * (high - low) + 0.05
    return low - air, high + air


def _further(shown, lengths):
    """The sentence on lengths beyond training, at the longest."""
    T = lengths[-1]
    clauses = []
    for group in shown:
        errors = errors_at(group, T)
        if errors:
            clauses.append(f"{written(middle(errors))} for the {group['cell']} "
                           f"({len(errors)} run{'' if len(errors) == 1 else 's'})")  # fmt: skip
    if not clauses:
        return f"no network that is shown was tested at T = {T}."
    return f"at T = {T} the median test error is {', '.join(clauses)}."


def after(update):
    if update == 0:
        return "before the first update"
    return f"after {update:,} update{'' if update == 1 else 's'}"


def written(log):
    """A logarithm as an amount; "–" for none."""
    if log is None:
        return "–"
    return "diverged" if log == inf else "0" if log == -inf else amount(10**log)


def amount(value, figures=2):
    """0.0021, 1.4, 170; or 2.1e−5."""
    if 0.001 <= value < 999.5:
        return f"{float(f'{value:.{figures}g}'):g}"
    digits, exponent = f"{value:.{figures - 1}e}".split("e")
    return f"{digits}e{int(exponent)}".replace("-", "−")

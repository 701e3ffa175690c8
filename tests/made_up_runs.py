"""Saved runs as the replay explorer takes them, made up: all that real ones may have."""

from types import SimpleNamespace

import numpy as np

CELLS = "tanh RNN", "identity RNN", "LSTM", "GRU"
LENGTHS = {
    "adding": (50, 100),
    "copying": (10, 20),
    "temporal order": (20, 50),
    "latch": (100, 200),
    "embedded Reber": (12, 20),
}
GUESS = {
    "adding": lambda T: 1 / 6,
    "copying": lambda T: 10 * np.log(8) / (T + 20),
    "temporal order": lambda T: np.log(4),
    "latch": lambda T: np.log(2),
    "embedded Reber": lambda T: 0.31,
}


def made_up_runs(seed=0, every=50, budget=2000):
    """Runs of five tasks at two lengths each, of four cells and one to three seeds."""
    rng = np.random.default_rng(seed)
    runs = []
    for task, lengths in LENGTHS.items():
        for T in lengths:
            guess = GUESS[task](T)
            for c, cell in enumerate(CELLS):
                for s in range(3 if (task, cell) != ("latch", "GRU") else 1):
                    runs.append(one(rng, task, T, cell, s, guess, c, every, budget))
    # one group is missing; one's runs have all diverged, the first of them before any mark
    gone = ("embedded Reber", 20, "GRU")
    runs = [r for r in runs if tuple(r.settings[k] for k in ("task", "T", "cell")) != gone]
    for run in runs:
        where = tuple(run.settings[key] for key in ("task", "T", "cell"))
        if where == ("copying", 20, "identity RNN"):
            keep = 150 * run.settings["seed"] // every
            for key in ("updates", "losses", "error"):
                run.record[key] = run.record[key][:keep]
            run.record |= {"solved_at": None, "diverged_at": keep * every + 17}
            run.record.pop("beyond", None)
    return runs


def one(rng, task, T, cell, seed, guess, c, every, budget):
    turn = budget * rng.uniform(0.15, 1.6 if c == 0 else 0.8)
    updates = np.arange(every, budget + 1, every)
    losses = guess * (1 + 2 * np.exp(-updates / (2 * every)))
    losses *= np.where(updates > turn, np.exp(-(updates - turn) / (2.5 * every)), 1)
    losses *= np.exp(0.05 * rng.normal(size=len(updates)))
    solved = np.flatnonzero(losses < 0.02 * guess)
    record = {"baseline": float(guess), "budget": budget, "solved_at": None}
    if len(solved):
        updates, losses = updates[: solved[0] + 1], losses[: solved[0] + 1]
        record["solved_at"] = int(updates[-1])
    record |= {"updates": updates.tolist(), "losses": losses.tolist()}
    record["error"] = np.maximum(0, 0.6 * losses / guess - 0.02).round(3).tolist()
    if len(solved) and task != "embedded Reber":
        far = np.array([T, 2 * T, 4 * T, 8 * T])
        wrong = np.maximum(0, 0.002 * (far / T) ** rng.uniform(0.2, 2.5) - 0.003 * c).round(4)
        record["beyond"] = {"T": far.tolist(), "error": wrong.tolist()}
    settings = {"task": task, "T": T, "cell": cell, "seed": seed, "updates": budget}
    if task != "latch":
        record["solved_below"] = 0.003 if task == "adding" else 0.01
    elif T == 200:
        record.pop("error")
    return SimpleNamespace(settings=settings, record=record)

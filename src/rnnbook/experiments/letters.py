"""A network that has read this book (chapter 1): a GRU of 128 units that guesses the next letter.

It reads the prose of the chapters and pages (`_prose.py`), one paragraph in twenty kept back, in 16
places at once and 64 letters a piece, with the state carried over; dropout at the readout, Adam
with a rate that falls to zero and weights that decay, gradients clipped to a norm of 1. What was
best on the paragraphs kept back is saved, each weight as one byte. `network()` brings it back as a
Model and its alphabet.

The text has a say in the record, unlike in every other experiment: the record has its digest. Prose
that has changed since does not spoil what was learned; `make experiments FRESH=1 NAMES=letters`
trains anew, on the book as it is then (about 3 min of one core).
"""

import base64
import hashlib
import os
import pickle
from collections import Counter, defaultdict

import numpy as np

from rnnbook import checks, experiments
from rnnbook.cells import GRU
from rnnbook.experiments import _prose
from rnnbook.losses import cross_entropy
from rnnbook.model import Model, Readout
from rnnbook.through_time import bptt, unroll
from rnnbook.training import adam, clip

B, T = 16, 64
RATE, DECAY = 0.004, 0.05  # Adam's first rate; what is taken off each weight, times the rate
KEEP = 0.5  # the share of the units that the readout sees in training
EVERY = 250  # updates between two looks at the paragraphs kept back
WINDOWS = range(11)  # letters that a table of windows looks at
SETTINGS = [{"H": 128, "updates": 4_000, "seed": 0}]


def run(settings):
    """Train on the book's prose. Losses are in bits a letter."""
    text = _prose.text()
    train, kept_back = parted(text)
    alphabet = "".join(sorted(set(text)))
    best, curve = trained(train, kept_back, alphabet, **settings)
    weights = packed(best)
    return {
        "digest": hashlib.sha256(text.encode()).hexdigest(), "letters": len(text),
        "alphabet": alphabet, "kept_back": kept_back,
        "curve": curve,
        "bits": bits(unpacked(weights), alphabet, kept_back),
        "windows": [[k, *window_bits(train, kept_back, k, len(alphabet))] for k in WINDOWS],
        "weights": weights,
    }


def network(**settings):
    """The saved network: (model, alphabet). Letter k of the alphabet is input k and output k."""
    record = experiments.load("letters", **settings)[0].record
    return unpacked(record["weights"]), record["alphabet"]


def parted(text):
    """The paragraphs to train on, and every twentieth."""
    paragraphs = text.split("\n")
    back = slice(10, None, 20)
    kept_back = "\n".join(paragraphs[back])
    del paragraphs[back]
    return "\n".join(paragraphs), kept_back


def numbers(text, alphabet):
    """Each letter's place in the alphabet. Raises ValueError for a letter that is not in it."""
    places = {letter: place for place, letter in enumerate(alphabet)}
    strange = sorted(set(text) - places.keys())
    if strange:
        raise ValueError(f"text has {strange[0]!r}; expected letters of the alphabet {alphabet!r}")
    return np.array([places[letter] for letter in text], dtype=int)


def bits(model, alphabet, text):
    """Mean of -log2 p(next letter) as the model reads `text`, from an empty state."""
    letters = numbers(text, alphabet)
    xs = np.eye(model.D, dtype=model.cell.dtype)[letters[:-1], None]
    ys, _ = model.run(xs)
    return cross_entropy(ys, letters[1:, None])[0] / np.log(2)


def trained(train, kept_back, alphabet, H, updates, seed):
    """The best model by what was kept back, and the curve, rows [updates made, mean loss in
    training since the row before, loss on what was kept back].

    What is half done is kept in a file, so that an interrupted training goes on.
    """
    file = experiments.SAVED / "letters.half"
    task = hashlib.sha256(repr((train, kept_back, H, updates, seed)).encode()).hexdigest()
    letters, D = numbers(train, alphabet), len(alphabet)
    eye, optimiser = np.eye(D, dtype=np.float32), adam(1.0)
    now = _half_done(file, task)
    if now is None:
        rng = np.random.default_rng(seed)
        model = Model.init(GRU, D=D, H=H, K=D, rng=rng, dtype=np.float32)
        now = {"task": task, "rng": rng, "model": model, "memory": optimiser.init(model),
               "places": rng.integers(len(letters), size=B), "state": None,
               "best": model, "curve": []}
    for start in range(len(now["curve"]) * EVERY, updates, EVERY):
        losses = []
        for i in range(start, start + EVERY):
            piece = letters[(now["places"] + np.arange(T + 1)[:, None]) % len(letters)]
            now["places"] = (now["places"] + T) % len(letters)
            loss, grads, now["state"] = loss_and_grads(
                now["model"], eye[piece[:-1]], piece[1:], now["state"], now["rng"])
            step, now["memory"] = optimiser.update(clip(grads, norm=1.0), now["memory"])
            rate = RATE * (1 - i / updates)
            now["model"] = (1 - rate * DECAY) * now["model"] - rate * step
            losses.append(loss)
        held = bits(now["model"], alphabet, kept_back)
        if held < min((row[2] for row in now["curve"]), default=np.inf):
            now["best"] = now["model"]
        now["curve"].append([start + EVERY, float(np.mean(losses) / np.log(2)), float(held)])
        _save_half(file, now)
    file.unlink(missing_ok=True)
    return now["best"], now["curve"]


def loss_and_grads(model, xs, targets, state, rng):
    """As in `rnnbook.model`, with dropout: the readout sees a random part of the units."""
    trace = unroll(model.cell, xs, state)
    mask = (rng.random(trace.hs.shape) < KEEP).astype(xs.dtype) / np.float32(KEEP)
    loss, dys = cross_entropy(model.readout.forward(trace.hs * mask), targets)
    readout, dhs = model.readout.back(trace.hs * mask, dys)
    cell = bptt(model.cell, trace, dhs * mask).cell
    return loss, model.replace(cell=cell, readout=readout), trace.state


def packed(model):
    """Each weight as a whole number from -127 to 127, times a scale for each column."""
    found = {}
    for name, array in model.leaves():
        columns = array.reshape(-1, array.shape[-1]) if array.ndim == 2 else array[:, None]
        scales = [float(f"{most / 127:.6g}") or 1.0 for most in np.abs(columns).max(axis=0)]
        whole = np.clip(np.rint(columns / np.array(scales)), -127, 127).astype(np.int8)
        found[name] = {"shape": list(array.shape), "scales": scales,
                       "bytes": base64.b64encode(whole.tobytes()).decode()}
    return found


def unpacked(weights):
    """The Model that `packed` made small: a GRU and its readout, in float64."""
    arrays = {}
    for name, part in weights.items():
        whole = np.frombuffer(base64.b64decode(part["bytes"]), dtype=np.int8)
        columns = whole.reshape(-1, len(part["scales"])) * np.array(part["scales"])
        arrays[name] = columns.reshape(part["shape"])
    cell = GRU(*(arrays[f"cell.{name}"] for name in ("W_xh", "W_hh", "b_h")))
    return Model(cell, Readout(arrays["readout.W_hy"], arrays["readout.b_y"]))


def window_bits(train, test, k, D):
    """A guesser that has only a table of what followed each window of k letters in `train`.

    Where a window was seldom seen, the table of the window that is one letter shorter has a say
    (Witten and Bell 1991). Returns (bits a letter on `test`, how many windows the table has).
    """
    checks.whole("k", k, least=0)
    tables = []
    for length in range(k + 1):
        table = defaultdict(Counter)
        for t in range(length, len(train)):
            table[train[t - length : t]][train[t]] += 1
        tables.append(table)
    total = 0.0
    for t in range(1, len(test)):
        p = 1 / D
        for length in range(min(k, t) + 1):
            seen = tables[length].get(test[t - length : t])
            if not seen:
                break
            n, kinds = seen.total(), len(seen)
            p = (seen[test[t]] + kinds * p) / (n + kinds)
        total -= np.log2(p)
    return float(total / (len(test) - 1)), len(tables[k])


def _half_done(file, task):
    """What an interrupted training left, if it was this one."""
    try:
        now = pickle.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    return now if now["task"] == task else None


def _save_half(file, now):
    beside = file.with_suffix(".half.part")
    beside.write_bytes(pickle.dumps(now))
    os.replace(beside, file)

"""Controls for chapter 9: a few of its trials once more, with one thing changed.

gate_bias: the gate that keeps starts from another bias. learning_rate: 0.01 instead of 0.003.
further: the identity RNN on adding, tested at 8 and 16 times its length as well.
"""

import numpy as np

from rnnbook.experiments import memory

SETTINGS = [
    {"task": "latch", "T": T, "cell": cell, "gate_bias": bias, "seed": seed}
    for cell, bias, T in (("GRU", 2.0, 100), ("GRU", 2.0, 200), ("LSTM", 0.0, 100))
    for seed in range(5)
] + [
    {"task": "copying 3", "T": 10, "cell": cell, "learning_rate": 0.01, "seed": seed}
    for cell in memory.CELLS for seed in range(5)
] + [
    {"task": "adding", "T": 50, "cell": "identity RNN", "further": [400, 800], "seed": seed}
    for seed in range(5)
]


def run(settings):
    """Train once. Returns solved_at, and with `further` the test errors at these lengths and the
    spectral radius of the trained W_hh: the largest absolute value of its eigenvalues."""
    model, full = memory.train(settings)
    record = {"solved_at": full["solved_at"], "error": full["error"][-1]}
    if "further" in settings:
        trial = memory.TRIALS[settings["task"]]
        lengths = full["beyond"]["T"] + settings["further"]
        errors = [memory.rounded(memory.test_error(model, trial, T)) for T in lengths]
        record["beyond"] = {"T": lengths, "error": errors}
        record["radius"] = float(np.abs(np.linalg.eigvals(model.cell.W_hh)).max())
    return record

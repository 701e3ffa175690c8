"""All explorers, for what each of them has to do: how each is made, and states to see it in.

A state is what traits are set to, one after the other. The states of an explorer are its longest
words and largest numbers, and whatever could make it higher or wider.
"""

from itertools import product

import numpy as np

from made_up_runs import LENGTHS, made_up_runs
from rnnbook.experiments import horizon
from rnnbook.widgets import (
    ClippingExplorer,
    DogsStepper,
    GateExplorer,
    GradientExplorer,
    HorizonExplorer,
    LetterWriter,
    MemoryLaneExplorer,
    ParameterCounter,
    PathExplorer,
    ReplayExplorer,
    TruncationExplorer,
    WiringExplorer,
)
from rnnbook.widgets.gate_explorer import GATES
from rnnbook.widgets.wiring_explorer import positions
from rnnbook.wirings import WEIGHTS

RUNS = made_up_runs()
LSTM_SETTINGS = [
    {},
    {"i_7": 0.03, "g_4": -0.8, "o_4": 0},
    {f"{gate}_{t}": -1 if gate == "g" else 1 for gate in GATES for t in range(1, 9)},
]


def replay(**options):
    return ReplayExplorer(RUNS, **options)


EVERY = {
    "writer": LetterWriter,
    "counter": ParameterCounter,
    "stepper": DogsStepper,
    "paths": PathExplorer,
    "truncation": TruncationExplorer,
    "gradients": GradientExplorer,
    "clipping": ClippingExplorer,
    "gates": GateExplorer,
    "lane": MemoryLaneExplorer,
    "replay": replay,
    "wirings": WiringExplorer,
    "horizon": HorizonExplorer,
}


def every(**choices):
    """The product of what each trait can be."""
    return [dict(zip(choices, values)) for values in product(*choices.values())]


STATES = {
    "writer": [
        {"prompt": "W" * 60, "text": "W" * 400, "temperature": 2.0, "unit": 128},
        {"prompt": "", "text": "", "temperature": 0.1, "unit": 0},
        *({"prompt": "A closing bracket is ), and ", "text": "((\n)_" * k, "temperature": 0.1,
           "unit": 100} for k in (1, 40, 80)),
    ],
    "counter": [
        {"D": 512, "H": 512, "T": 100, "second_bias": True},
        {"D": 1, "H": 1, "T": 1, "second_bias": False},
    ],
    "stepper": [
        {"t": 1, "stage": 1},
        {"t": 3, "stage": 5},
        {"t": 2, "stage": 2},
        {"t": 2, "stage": 4},
        {"W_xh": np.full((4, 3), -20.0).tolist(), "W_hy": np.full((3, 4), -20.0).tolist()},
    ],
    "paths": [
        {"weight": weight, "loss": t, "use": s}
        for weight in ("W_hh", "W_xh", "b_h") for t in (1, 2, 3) for s in range(1, t + 1)
    ],
    "truncation": every(K=(1, 10, 20, 40, 41, 45, 61, 62, 100), all_terms=(False, True)),
    "gradients": [
        *every(kind=("tanh", "relu", "LSTM"), T=(1, 200), gain=(0.1, 2.1)),
        {"kind": "LSTM", "forget_bias": -2, "T": 200, "gain": 1.0,
         "pinned": {"kind": "sigmoid", "gain": 0.1, "T": 100, "forget_bias": 1}},
    ],
    "clipping": [
        {"threshold": 0.011, "w0": 4.7, "b0": -2.0},
        *every(step=(0, 33, 60), rule=("norm", "value", "none")),
        {"w0": 4.25, "b0": -2.75, "rate": 0.0011, "step": 24},
        {"rate": 0.1, "rule": "norm", "threshold": 14.0},
        {"rule": "value", "threshold": 13.0},  # thrown out of the map with clipping too
    ],
    "gates": [{"overrides": GateExplorer(setting).overrides} for setting in LSTM_SETTINGS],
    "lane": [
        {"kind": kind, "input": what, "forget_bias": bias, "gain": gain, "T": T, "measured": T > 1}
        for kind in ("LSTM", "GRU", "tanh RNN")
        for what, bias, gain, T in (
            ("rest", -2, 0, 1), ("symbols", 6, 1.2, 200), ("pulse", 1, 0.5, 40))
    ],
    "replay": [
        {"task": task, "T": T, "view": view, "update": update}
        for task, lengths in LENGTHS.items() for T in lengths
        for view, update in (("training", 0), ("training", 2000), ("test", 400), ("beyond", 400))
    ] + [{"cells": []}],
    "wirings": [place | {"weight": weight} for place in positions() for weight in WEIGHTS],
    "horizon": [
        {"task": task, "rate": 0.0, "schedule": schedule}
        for task in horizon.TASKS for schedule in HorizonExplorer().table["schedules"]
    ],
}  # fmt: skip

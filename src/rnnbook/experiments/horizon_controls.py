"""What else could the runs of `horizon` mean? Trainings that differ from them in one thing each.

Noisy sine: mixtures trained with the prompt of 20 that they are tested with. Four sines: true
inputs, but fewer updates, or plain noise on the inputs. Logistic: twice the updates, all of them
forced, or the second half with half of the inputs true. Settings and records as in `horizon`.
"""

from rnnbook.experiments import horizon
from rnnbook.experiments.horizon import FORCINGS, LATE, SEEDS, UPDATES

STOP = 200  # updates: early stopping, on four sines
KINDS = [
    *({"task": "noisy sine", "forcing": forcing, "prompt": 20}
      for forcing in FORCINGS if forcing != "1"),
    {"task": "four sines", "forcing": "1", "updates": STOP},
    {"task": "four sines", "forcing": "1", "noise": horizon.NOISE},
    {"task": "logistic", "forcing": "1", "updates": 2 * UPDATES},
    {"task": "logistic", "forcing": LATE, "updates": 2 * UPDATES},
]  # fmt: skip
SETTINGS = [{**kind, "seed": seed} for kind in KINDS for seed in SEEDS]

run = horizon.run

"""Steppers with weights at random."""

from rnnbook import RNN, Model
from rnnbook.model import Readout
from rnnbook.widgets import DogsStepper


def random_stepper(scale, rng, word="dogs"):
    D, H = {"dogs": (4, 3), "noon": (2, 2)}[word]
    cell = RNN(
        W_xh=scale * rng.uniform(-1, 1, (D, H)),
        W_hh=scale * rng.uniform(-1, 1, (H, H)),
        b_h=scale * rng.uniform(-1, 1, H),
    )
    readout = Readout(scale * rng.uniform(-1, 1, (H, D)), scale * rng.uniform(-1, 1, D))
    return DogsStepper(Model(cell, readout), word=word, h0=rng.uniform(-1, 1, H))

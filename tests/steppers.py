"""Steppers with weights at random."""

from rnnbook import RNN, Model
from rnnbook.model import Readout
from rnnbook.widgets import DogsStepper


def random_stepper(scale, rng):
    cell = RNN(
        W_xh=scale * rng.uniform(-1, 1, (4, 3)),
        W_hh=scale * rng.uniform(-1, 1, (3, 3)),
        b_h=scale * rng.uniform(-1, 1, 3),
    )
    readout = Readout(scale * rng.uniform(-1, 1, (3, 4)), scale * rng.uniform(-1, 1, 4))
    return DogsStepper(Model(cell, readout), h0=rng.uniform(-1, 1, 3))

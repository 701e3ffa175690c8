"""rnnbook: recurrent networks small enough to read, and checked against their own derivatives.

    from rnnbook import RNN, unroll, bptt

    cell = RNN.init(D=3, H=8, rng=np.random.default_rng(0))
    trace = unroll(cell, xs)                 # xs: (T, B, D)
    grads = bptt(cell, trace, dhs)           # dhs: (T, B, H), grads.cell.W_hh: (H, H)

Rows are vectors, time is the first axis, and the letters are those of the book's notation page.
"""

from rnnbook import tasks
from rnnbook.cells import GRU, LSTM, RNN
from rnnbook.decoding import free_running, teacher_forced
from rnnbook.gradients import check_gradients, gradient_norms
from rnnbook.losses import cross_entropy, squared_error
from rnnbook.model import Model, loss_and_grads
from rnnbook.through_time import bptt, unroll
from rnnbook.training import adam, clip, fit, sgd

__version__ = "0.1.0"

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Model",
    "adam",
    "bptt",
    "check_gradients",
    "clip",
    "cross_entropy",
    "fit",
    "free_running",
    "gradient_norms",
    "loss_and_grads",
    "sgd",
    "squared_error",
    "tasks",
    "teacher_forced",
    "unroll",
]

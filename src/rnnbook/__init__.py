"""rnnbook: recurrent networks small enough to read, and checked against their own derivatives.

    from rnnbook import RNN, unroll, bptt

    cell = RNN.init(D=3, H=8, rng=np.random.default_rng(0))
    trace = unroll(cell, xs)                 # xs: (T, B, D)
    grads = bptt(cell, trace, dhs)           # dhs: (T, B, H), grads.cell.W_hh: (H, H)

Rows are vectors, time is the first axis, and the letters are those of the book's notation page.
"""

import numpy as np

from rnnbook import tasks
from rnnbook.cells import GRU, LSTM, RNN
from rnnbook.decoding import free_running, teacher_forced
from rnnbook.files import load, save
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
    "load",
    "loss_and_grads",
    "save",
    "sgd",
    "squared_error",
    "tasks",
    "teacher_forced",
    "unroll",
]

# glibc gives freed memory back to the system and fetches it again page by page, in each training
# step. It keeps pieces up to the size of the largest it has seen freed, 32 MB at the most (man
# mallopt, M_MMAP_THRESHOLD), so let it see one. It is never written to, so it costs nothing.
np.empty(31 * 2**20, np.uint8)

"""The book's explorers: figures that answer back, with a kernel or without one.

Each is one class with three files: `name.py`, `name.js`, `name.css`.
"""

from .clipping_explorer import ClippingExplorer
from .dogs_stepper import DogsStepper
from .explorer import Explorer
from .gate_explorer import GateExplorer
from .gradient_explorer import GradientExplorer
from .parameter_counter import ParameterCounter
from .path_explorer import PathExplorer
from .replay_explorer import ReplayExplorer
from .truncation_explorer import TruncationExplorer

__all__ = [
    "ClippingExplorer",
    "DogsStepper",
    "Explorer",
    "GateExplorer",
    "GradientExplorer",
    "ParameterCounter",
    "PathExplorer",
    "ReplayExplorer",
    "TruncationExplorer",
]

"""The book's explorers: figures that answer back, with a kernel or without one.

Each is one class with three files: `name.py`, `name.js`, `name.css`.
"""

from .clipping_explorer import ClippingExplorer
from .dogs_stepper import DogsStepper
from .explorer import Explorer
from .gate_explorer import GateExplorer
from .gradient_explorer import GradientExplorer
from .horizon_explorer import HorizonExplorer
from .letter_writer import LetterWriter
from .memory_lane_explorer import MemoryLaneExplorer
from .parameter_counter import ParameterCounter
from .path_explorer import PathExplorer
from .replay_explorer import ReplayExplorer
from .truncation_explorer import TruncationExplorer
from .wiring_explorer import WiringExplorer

__all__ = [
    "ClippingExplorer",
    "DogsStepper",
    "Explorer",
    "GateExplorer",
    "GradientExplorer",
    "HorizonExplorer",
    "LetterWriter",
    "MemoryLaneExplorer",
    "ParameterCounter",
    "PathExplorer",
    "ReplayExplorer",
    "TruncationExplorer",
    "WiringExplorer",
]

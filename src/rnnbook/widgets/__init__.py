"""The book's explorers: figures that answer back, with a kernel or without one.

Each is one class with three files: `name.py`, `name.js`, `name.css`.
"""

from .dogs_stepper import DogsStepper
from .explorer import Explorer
from .parameter_counter import ParameterCounter

__all__ = ["DogsStepper", "Explorer", "ParameterCounter"]

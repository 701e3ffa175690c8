"""Parameters form a vector space: they can be added and scaled, and nothing else.

A cell, a readout and a model are each a frozen dataclass that *is* the collection of its arrays.
A gradient is an object of the same class, so a step of gradient descent reads as it is printed:

    model - 0.1 * grads

Adding a number to all weights has no meaning here, so `cell + 1` is an error.
"""

import dataclasses

import numpy as np


class Parameters:
    """What cells, readouts and models share. Subclasses are frozen dataclasses.

    Fields that are arrays or Parameters are the vector; any other field (the name of an
    activation, say) is a label that both sides of a sum must have in common.
    """

    __array_ufunc__ = None  # so that np.float64(2) * model asks the model, not numpy

    def map(self, f, *others):
        """Apply `f` to each array, and to the arrays in the same place of `others`."""
        for other in others:
            self._require_same_space(other)
        return self._map(f, others)

    def _map(self, f, others):
        results = {}
        for name, mine in vars(self).items():
            theirs = [getattr(other, name) for other in others]
            if isinstance(mine, Parameters):
                results[name] = mine._map(f, theirs)
            elif isinstance(mine, np.ndarray):
                results[name] = f(mine, *theirs)
        return self._with(**results)

    def leaves(self, prefix=""):
        """Yield (name, array) for each array, in order, names dotted as in `cell.W_hh`."""
        for name, value in vars(self).items():
            if isinstance(value, Parameters):
                yield from value.leaves(f"{prefix}{name}.")
            elif isinstance(value, np.ndarray):
                yield prefix + name, value

    @property
    def size(self):
        """How many numbers there are in all the arrays together."""
        return sum(array.size for _, array in self.leaves())

    @property
    def norm(self):
        """The Euclidean norm of all the numbers taken as one vector.

        They are scaled before they are squared, so a norm of 1e-300 does not come out as 0.
        """
        arrays = [array for _, array in self.leaves()]
        largest = float(np.max([np.abs(array).max() for array in arrays]))
        if largest == 0 or not np.isfinite(largest):
            return largest
        return largest * float(np.sqrt(sum(np.sum((a / largest) ** 2) for a in arrays)))

    def replace(self, **changes):
        """The same, with some fields changed and checked: `cell.replace(b_h=np.ones(3))`."""
        return dataclasses.replace(self, **changes)

    def _with(self, **arrays):
        # Results of arithmetic skip the constructor's checks: they have the right shapes, and
        # an exploded gradient must be allowed to hold an infinity so that one can look at it.
        result = object.__new__(type(self))
        vars(result).update(vars(self), **arrays)
        return result

    def is_like(self, other):
        """Whether `other` is of the same class, labels and shapes, so that the two can be added."""
        return _alike(self, other)

    def _require_same_space(self, other):
        if not self.is_like(other):
            raise TypeError(f"cannot combine {_outline(self)} with {_outline(other)}")

    def _number(self, scale):
        if np.ndim(scale) != 0 or np.asarray(scale).dtype.kind not in "iuf":
            raise TypeError(f"cannot scale {_outline(self)} by {scale!r}; expected a number")
        return float(scale)  # numpy's float64(2), unlike 2.0, would make float32 arrays float64

    def __add__(self, other):
        return self.map(np.add, other)

    def __sub__(self, other):
        return self.map(np.subtract, other)

    def __mul__(self, scale):
        scale = self._number(scale)
        return self.map(lambda array: array * scale)

    __rmul__ = __mul__

    def __truediv__(self, scale):
        return self * (1 / self._number(scale))

    def __neg__(self):
        return self * -1

    def __repr__(self):
        return _outline(self)


def _alike(mine, theirs):
    """Whether the outlines are equal, found out without writing them down: each step asks this."""
    if isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray):
        return mine.shape == theirs.shape
    if isinstance(mine, Parameters) and isinstance(theirs, Parameters):
        one, two = vars(mine), vars(theirs)
        same = type(mine).__name__ == type(theirs).__name__ and one.keys() == two.keys()
        return same and all(map(_alike, one.values(), map(two.get, one)))
    return type(mine) is type(theirs) and mine == theirs


def _outline(value):
    """The class, its labels and its arrays' shapes, or the value itself if it is a stranger."""
    if not isinstance(value, Parameters):
        return repr(value)
    fields = (
        f"{name}{list(field.shape)}" if isinstance(field, np.ndarray) else f"{name}={field!r}"
        for name, field in vars(value).items()
    )
    return f"{type(value).__name__}({', '.join(fields)})"

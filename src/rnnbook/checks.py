"""The sentences that bad input gets, at the public doors and nowhere else.

Each names the argument, what came and what was expected; nothing is broadcast silently.
"""

import numpy as np

FLOATS = (np.float32, np.float64)


def array(name, value, axes, dtype=None, **sizes):
    """Return `value` as a float array, or say what is wrong with it.

    `axes` names the axes, such as "T B D"; `sizes` fixes some of them, such as `D=3`.
    Integers and booleans become float64; float32 and float64 stay, unless `dtype` says which
    is wanted. Bytes may come in either order. Raises TypeError for other types, ValueError for a
    wrong shape, an axis of length 0, NaN or infinity.
    """
    value = numeric(name, value)
    if value.dtype.kind in "iub":
        value = value.astype(np.float64)
    if value.dtype not in FLOATS:
        raise TypeError(f"{name} has dtype {value.dtype}; expected float64 or float32")
    shape(name, value, axes, **sizes)
    finite(name, value)
    return value if dtype is None else value.astype(dtype, copy=False)


def numeric(name, value):
    """Return `value` as an array of numbers in this machine's byte order, or say it is none."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array; expected a plain one, without gaps")
    try:
        value = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} is ragged: its rows differ in length") from None
    if value.dtype.kind not in "iubf":
        raise TypeError(f"{name} has dtype {value.dtype}; expected real numbers")
    return value if value.dtype.isnative else value.astype(value.dtype.newbyteorder("="))


def shape(name, value, axes, **sizes):
    """Raise ValueError unless `value` has the named axes, with the given sizes, none empty."""
    letters = axes.split()
    wrong = value.ndim != len(letters) or any(
        got != sizes.get(letter, got)
        for letter, got in zip(letters, value.shape, strict=False)
    )
    if wrong:
        known = " and ".join(f"{k} = {v}" for k, v in sizes.items() if k in letters)
        comma = "," if len(letters) == 1 else ""
        expected = f"({', '.join(letters)}{comma})" + (f" with {known}" if known else "")
        raise ValueError(f"{name} has shape {value.shape}; expected {expected}")
    for letter, got in zip(letters, value.shape, strict=True):
        if got == 0:
            raise ValueError(f"{name} has shape {value.shape}; {letter} must be at least 1")


class NotFinite(ValueError):
    """Something is NaN or infinite; `name` says what."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = name

    def __reduce__(self):  # an error that is raised in another process is sent here as a pickle
        return type(self), (self.name, str(self))


def finite(name, value):
    """Raise NotFinite, a ValueError, with the first entry that is NaN or infinite."""
    if not np.isfinite(value).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
        raise NotFinite(
            name, f"{name} is {value[where]} at index {where}; expected finite numbers"
        )


def classes(name, value, *, T, B, K):
    """Return `value` if it is a (T, B) array of whole numbers from 0 to K - 1."""
    value = numeric(name, value)
    if value.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {value.dtype}; expected integers, the right classes")
    shape(name, value, "T B", T=T, B=B)
    if value.min() < 0 or value.max() >= K:
        wrong = value[(value < 0) | (value >= K)][0]
        hint = "; with losses.masked(loss), steps of class -1 don't count" if wrong == -1 else ""
        raise ValueError(
            f"{name} holds {wrong}; expected classes from 0 to K - 1 = {K - 1}{hint}")
    return value


def whole(name, value, least=1):
    """Return `value` as an int of at least `least`, or say what came instead."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise ValueError(f"{name} is {value!r}; expected a whole number, at least {least}")
    return int(value)


def number(name, value, expected="a finite number", fits=lambda value: True):
    """Return `value` as a float if it is one real number that `fits`, or say what came instead."""
    is_real = isinstance(value, int | float | np.integer | np.floating)
    if not is_real or isinstance(value, bool) or not (np.isfinite(value) and fits(value)):
        raise ValueError(f"{name} is {value!r}; expected {expected}")
    return float(value)


def positive(name, value):
    """Return `value` as a float if it is above 0, or say what came instead."""
    return number(name, value, "a positive number", lambda value: value > 0)


def precision(dtype):
    """Return the dtype if it is float64 or float32, or say what came instead."""
    try:
        known = np.dtype(dtype).newbyteorder("=")
    except TypeError:
        known = None
    if known not in FLOATS:
        raise TypeError(f"dtype is {dtype!r}; expected numpy.float64 or numpy.float32")
    return known


def kind(name, value, kind):
    """Return `value` if it is a `kind`, or say what it is instead."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r}; expected a {kind.__name__}")
    return value


def function(name, value, expected):
    """Return `value` if it can be called, or say what was `expected`."""
    if not callable(value):
        raise TypeError(f"{name} is {value!r}; expected a function {expected}")
    return value


def pair(name, value, expected):
    """Return what the function `name` returned if that is a pair, or say what came instead."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{name} returned {brief(value)}; expected the pair {expected}")
    return value


def scalar(name, value, expected):
    """Return one real number as a float (it may be NaN), or say what the function returned."""
    array = np.asarray(value) if np.isscalar(value) or hasattr(value, "dtype") else None
    if array is None or array.ndim or array.dtype.kind not in "iubf":
        raise TypeError(f"{name} returned {brief(value)} as {expected}; expected one real number")
    return float(array)


def brief(value):
    """What came, in a few words."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    kind, text = type(value).__name__, repr(value)
    if isinstance(value, tuple | list):
        return f"a {kind} of {len(value)}"
    return text if len(text) <= 80 else f"something of type {kind}"


def generator(rng):
    """Return `rng` if it is a numpy.random.Generator; a seed alone would hide shared state."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}; expected a numpy.random.Generator, "
                        "such as np.random.default_rng(0)")
    return rng


def one_of(name, value, choices):
    """Return `value` if it is among `choices`, or list them."""
    if not isinstance(value, str | type) or value not in choices:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, choices))}")
    return value

"""The sentences that bad input gets, at the public doors and nowhere else.

Each names the argument, what came and what was expected; nothing is broadcast silently.
"""

import numpy as np

FLOATS = (np.float32, np.float64)


def array(name, value, axes, **sizes):
    """Return `value` as a float array, or say what is wrong with it.

    `axes` names the axes, such as "T B D"; `sizes` fixes some of them, such as `D=3`.
    Integers and booleans become float64; float32 and float64 stay. Raises TypeError for
    other types, ValueError for a wrong shape, an axis of length 0, NaN or infinity.
    """
    value = numeric(name, value)
    if value.dtype.kind in "iub":
        value = value.astype(np.float64)
    if value.dtype not in FLOATS:
        raise TypeError(f"{name} has dtype {value.dtype}; expected float64 or float32")
    shape(name, value, axes, **sizes)
    finite(name, value)
    return value


def numeric(name, value):
    """Return `value` as an array of numbers, or say that it is none."""
    try:
        value = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} is ragged: its rows differ in length") from None
    if value.dtype.kind not in "iubf":
        raise TypeError(f"{name} has dtype {value.dtype}; expected real numbers")
    return value


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


def finite(name, value):
    """Raise ValueError that names the first entry that is NaN or infinite."""
    if not np.isfinite(value).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
        raise ValueError(f"{name} is {value[where]} at index {where}; expected finite numbers")


def whole(name, value, least=1):
    """Return `value` as an int of at least `least`, or say what came instead."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise ValueError(f"{name} is {value!r}; expected a whole number, at least {least}")
    return int(value)


def generator(rng):
    """Return `rng` if it is a numpy.random.Generator; a seed alone would hide shared state."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}; expected a numpy.random.Generator, "
                        "such as np.random.default_rng(0)")
    return rng


def one_of(name, value, choices):
    """Return `value` if it is among `choices`, or list them."""
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, choices))}")
    return value

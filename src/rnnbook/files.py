"""A model on disk: `save` writes any Parameters into one .npz file, `load` brings them back.

The file is numpy's own, a zip of arrays under the names of `leaves()`, and can be read with
`numpy.load` alone. One more entry, `rnnbook`, is a line of JSON: the version of the format, and
the classes and labels, such as the name of an activation, that the arrays belong to. Nothing in
the file is ever run.
"""

import json
import os
from pathlib import Path

import numpy as np

from rnnbook import checks
from rnnbook.parameters import Parameters

FORMAT = 1
OUTLINE = "rnnbook"  # the entry beside the arrays; no leaf can have this name, as it is no field


def save(path, parameters):
    """Write a model, a cell or any other Parameters, to be read by `load`.

    path: ends in .npz; a file that is there is replaced once the new one is complete, so that
    never half a model is found. parameters: labels must be words, numbers, True, False or None.
    Raises TypeError or ValueError for a label that is none of these, a number that is not
    finite, or another ending.
    """
    path = _npz(path)
    checks.kind("parameters", parameters, Parameters)
    arrays = dict(parameters.leaves())
    for name, array in arrays.items():
        checks.finite(name, array)
    outline = json.dumps({"format": FORMAT, "outline": _outline(parameters, "")})
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            np.savez(file, **arrays, **{OUTLINE: np.array(outline)})
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def load(path):
    """Read what `save` wrote: the same class, arrays and labels, to the bit.

    A class of your own must be defined before; it is found by its name. Raises ValueError if the
    file is damaged, is another kind of file or comes from a newer rnnbook; TypeError if its class
    is not known.
    """
    path = _npz(path)
    with open(path, "rb") as opened:
        try:
            with np.lib.npyio.NpzFile(opened) as file:
                arrays = {name: file[name] for name in file.files}
        except Exception as error:  # whatever zipfile, zlib and numpy make of wrong bytes
            raise ValueError(f"{path} is damaged, or no .npz file: {error}; "
                             "expected a file written by rnnbook.save") from error
    try:
        outline = json.loads(str(arrays.pop(OUTLINE)))
        version, outline = outline["format"], outline["outline"]
    except (KeyError, TypeError, json.JSONDecodeError):
        raise ValueError(f"{path} was not written by rnnbook.save; "
                         "expected a file that was") from None
    if version != FORMAT:
        raise ValueError(f"{path} is of format {version}, from another release of rnnbook; "
                         f"this one reads format {FORMAT}")
    try:
        return _rebuilt(outline, arrays, "")
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} does not hold what its class needs: {error}") from error


def _npz(path):
    if not isinstance(path, str | os.PathLike) or Path(path).suffix != ".npz":
        raise ValueError(f"path is {path!r}; expected a file's name that ends in .npz")
    return Path(path)


def _outline(parameters, prefix):
    """The class, and for each field the part, the word "array" or the label."""
    fields = {}
    for name, value in vars(parameters).items():
        if isinstance(value, Parameters):
            fields[name] = {"part": _outline(value, f"{prefix}{name}.")}
        elif isinstance(value, np.ndarray):
            fields[name] = {"array": True}
        elif type(value) in (str, int, float, bool, type(None)):
            fields[name] = {"label": value}
        else:
            raise TypeError(f"{prefix}{name} is {checks.brief(value)}; expected an array, "
                            "Parameters, or a label: a word, a number, True, False or None")
    kind = type(parameters)
    return {"module": kind.__module__, "class": kind.__qualname__, "fields": fields}


def _rebuilt(outline, arrays, prefix):
    fields = {}
    for name, field in outline["fields"].items():
        if "part" in field:
            fields[name] = _rebuilt(field["part"], arrays, f"{prefix}{name}.")
        else:
            fields[name] = arrays[prefix + name] if "array" in field else field["label"]
    kind = _class(outline["module"], outline["class"])
    try:
        return kind(**fields)
    except TypeError as error:
        raise TypeError(f"the file's {kind.__name__} has the fields {', '.join(fields)}, which are "
                        f"not those of {kind}: {error}") from error


def _class(module, name):
    """The class of that name; the one of that module, and the one defined last, come first."""
    known = [kind for kind in _kinds(Parameters) if kind.__qualname__ == name]
    if not known:
        raise TypeError(f"the file holds a {name} of {module}, which is not defined; expected its "
                        "class to be defined or imported before load")
    return max(enumerate(known), key=lambda pair: (pair[1].__module__ == module, pair[0]))[1]


def _kinds(kind):
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)

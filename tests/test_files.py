"""Models on disk: they come back to the bit, and what is no such file gets a sentence."""

import os
import zipfile
from dataclasses import dataclass, make_dataclass

import numpy as np
import pytest

from cases import KINDS, assert_same, make_cell, make_model
from rnnbook import RNN, files, load, save, unroll
from rnnbook.parameters import Parameters


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a model, wörtlich.npz"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_back_to_the_bit(kind, dtype, rng, path):
    model = make_model(kind, rng=rng, dtype=dtype)
    for thing in (model, model.cell, model.readout):
        save(path, thing)
        again = load(str(path))
        assert type(again) is type(thing)
        assert repr(again) == repr(thing)
        assert_same(again, thing, tolerance=0)
        assert {a.dtype for _, a in again.leaves()} == {np.dtype(dtype)}


def test_the_activation_comes_back(rng, path):
    cell, xs = make_cell("relu", rng=rng), rng.normal(size=(4, 1, 2))
    save(path, cell)
    np.testing.assert_array_equal(unroll(load(path), xs).hs, unroll(cell, xs).hs)


def test_numpy_alone_reads_the_arrays(rng, path):
    model = make_model("gru", rng=rng)
    save(path, model)
    with np.load(path) as file:
        assert set(file.files) == {name for name, _ in model.leaves()} | {"rnnbook"}
        np.testing.assert_array_equal(file["cell.W_hh"], model.cell.W_hh)


@dataclass(frozen=True, repr=False, eq=False)
class Stack(Parameters):
    lower: RNN
    upper: RNN
    scale: float = 2.0
    deep: bool = True
    name: str = "two"
    note: object = None


def test_any_parameters_with_any_labels(rng, path):
    stack = Stack(make_cell("relu", rng=rng), make_cell("sigmoid", D=3, rng=rng))
    save(path, stack)
    again = load(path)
    assert repr(again) == repr(stack)
    assert_same(again, stack, tolerance=0)


def test_a_label_that_cannot_be_written_is_named(rng, path):
    stack = Stack(make_cell("relu", rng=rng), make_cell("tanh", D=3, rng=rng), note=("a", 1))
    with pytest.raises(TypeError, match="note is a tuple of 2; expected an array, Parameters, or"):
        save(path, stack)
    assert not path.exists()


def test_of_two_classes_of_a_name_the_last_defined_is_meant(rng, path):
    class Mine(RNN):
        pass

    cell = Mine.init(D=2, H=3, rng=rng)
    save(path, cell)

    class Mine(RNN):
        """As after a notebook's cell was run again."""

    assert type(load(path)) is Mine


def changed(path, change):
    """The same file with its outline passed through `change`."""
    with np.load(path) as file:
        entries = dict(file)
    change(entries)
    np.savez(path, **entries)


def test_a_class_that_is_not_defined_is_named(rng, path):
    save(path, make_cell("tanh", rng=rng))
    changed(path, lambda e: e.update(rnnbook=np.array(str(e["rnnbook"]).replace("RNN", "Lost"))))
    with pytest.raises(TypeError, match=r"holds a Lost of rnnbook\.cells, which is not defined"):
        load(path)


def test_a_class_with_other_fields_is_named(rng, path):
    kind = make_dataclass("Changed", [("a", np.ndarray), ("b", np.ndarray)], bases=(Parameters,),
                          frozen=True, eq=False, repr=False)
    save(path, kind(np.ones(2), np.ones(2)))
    kind.__qualname__ = "Elsewhere"
    make_dataclass("Changed", [("a", np.ndarray)], bases=(Parameters,), frozen=True, eq=False)
    kept = files._class("types", "Changed")  # held, or it would be gone
    with pytest.raises(TypeError, match="has the fields a, b, which are not those of"):
        load(path)
    assert kept is not kind


def test_a_file_of_another_format_is_named(rng, path):
    save(path, make_cell("tanh", rng=rng))
    changed(path, lambda e: e.update(
        rnnbook=np.array(str(e["rnnbook"]).replace('"format": 1', '"format": 2'))))
    with pytest.raises(ValueError, match="is of format 2, from another release of rnnbook"):
        load(path)


@pytest.mark.parametrize("change", [
    lambda e: e.pop("rnnbook"),
    lambda e: e.update(rnnbook=np.array("{")),
    lambda e: e.update(rnnbook=np.array("[]")),
    lambda e: e.update(rnnbook=np.ones(3)),
], ids=["without", "half", "list", "numbers"])
def test_a_foreign_file_is_named(change, rng, path):
    save(path, make_cell("tanh", rng=rng))
    changed(path, change)
    with pytest.raises(ValueError, match=r"was not written by rnnbook\.save"):
        load(path)


@pytest.mark.parametrize("change", [
    lambda e: e.pop("b_h"), lambda e: e.update(b_h=np.ones(7)), lambda e: e.update(b_h=np.nan)],
    ids=["missing", "longer", "nan"])
def test_arrays_that_do_not_fit_are_named(change, rng, path):
    save(path, make_cell("tanh", rng=rng))
    changed(path, change)
    with pytest.raises(ValueError, match=r"does not hold what its class needs: .*b_h"):
        load(path)


def test_every_damaged_byte_is_refused_or_harmless(rng, path):
    cell = make_cell("tanh", rng=rng)
    save(path, cell)
    whole = path.read_bytes()
    for damaged in (b"", b"no zip at all", whole[: len(whole) // 2], whole[:-30]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"is damaged, or no \.npz file"):
            load(path)
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            again = load(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
        else:
            assert_same(again, cell, tolerance=0)


def test_a_pickle_is_not_opened(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("rnnbook.npy", np.lib.format.magic(1, 0) + b"no header")
    with pytest.raises(ValueError, match=r"is damaged"):
        load(path)
    np.savez(path, rnnbook=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"is damaged, or no \.npz file: .*pickle"):
        load(path)


def test_the_old_file_stays_until_the_new_one_is_whole(rng, path, monkeypatch):
    cell = make_cell("tanh", rng=rng)
    save(path, cell)

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space"):
        save(path, 2 * cell)
    assert_same(load(path), cell, tolerance=0)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("bad", ["model", "model.npy", None, 3], ids=repr)
def test_the_path_ends_in_npz(bad, rng):
    for call in (lambda: save(bad, make_cell("tanh", rng=rng)), lambda: load(bad)):
        with pytest.raises(ValueError, match=r"path is .*; expected a file's name that ends in"):
            call()


def test_only_finite_parameters_are_written(rng, path):
    with pytest.raises(ValueError, match=r"W_xh is nan at index \(0, 0\)"):
        save(path, np.nan * make_cell("tanh", rng=rng))
    with pytest.raises(TypeError, match="parameters is 3; expected a Parameters"):
        save(path, 3)
    with pytest.raises(FileNotFoundError, match="wörtlich"):
        load(path)

"""What crosses a process boundary: errors that a worker raises, and models that it is given."""

import importlib
import pickle
import pkgutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import rnnbook
from cases import KINDS, assert_same, make_cell, make_model
from rnnbook import adam, bptt, fit, sgd, squared_error, unroll
from rnnbook.checks import NotFinite
from rnnbook.training import Diverged


def errors():
    """Every exception class that the package defines, wherever it stands."""
    found = set()
    for module in pkgutil.walk_packages(rnnbook.__path__, "rnnbook."):
        if module.name.endswith("__main__"):
            continue
        for thing in vars(importlib.import_module(module.name)).values():
            if isinstance(thing, type) and issubclass(thing, BaseException):
                found.add(thing)
    return sorted((kind for kind in found if kind.__module__.startswith("rnnbook")),
                  key=lambda kind: kind.__name__)


MODEL = make_model("relu", rng=np.random.default_rng(0))
ARGUMENTS = {  # of those that want more than a sentence
    NotFinite: ("xs", "xs is nan at index (0,)"),
    Diverged: ("at batch 3", MODEL, np.ones(3), (3, MODEL, MODEL)),
}


def test_all_errors_are_found():
    pytest.importorskip("anywidget")
    pytest.importorskip("sympy")
    assert {"Diverged", "NotFinite", "NotProved", "Refused"} <= {e.__name__ for e in errors()}


def test_every_error_arrives_as_it_was_sent():
    pytest.importorskip("anywidget")
    pytest.importorskip("sympy")
    for kind in errors():
        sent = kind(*ARGUMENTS.get(kind, ("a sentence",)))
        got = pickle.loads(pickle.dumps(sent))
        assert type(got) is kind
        assert str(got) == str(sent)
        assert vars(got).keys() == vars(sent).keys()
        if kind is Diverged:
            assert_same(got.model, MODEL, tolerance=0)
            np.testing.assert_array_equal(got.losses, sent.losses)
            assert got.memory[0] == 3
        if kind is NotFinite:
            assert got.name == "xs"


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_arrive_as_they_were_sent(kind):
    model = make_model(kind, rng=np.random.default_rng(0))
    got = pickle.loads(pickle.dumps(model))
    assert repr(got) == repr(model)
    assert_same(got, model, tolerance=0)
    xs = np.ones((3, 1, 2))
    np.testing.assert_array_equal(got.run(xs)[0], model.run(xs)[0])


def test_what_functions_return_arrives_too():
    cell = make_cell("lstm", rng=np.random.default_rng(0))
    trace = unroll(cell, np.ones((3, 1, 2)))
    grads = bptt(cell, trace, np.ones((3, 1, 3)))
    got = pickle.loads(pickle.dumps(grads))
    np.testing.assert_array_equal(got.xs, grads.xs)
    trained = fit(MODEL, [(np.ones((3, 1, 2)), np.ones((3, 1, 2)))], squared_error, adam())
    got = pickle.loads(pickle.dumps(trained))
    assert_same(got.model, trained.model, tolerance=0)
    assert got.memory[0] == 1


def train(learning_rate):
    model = make_model("identity", rng=np.random.default_rng(0))
    batch = np.ones((4, 2, 2)), np.zeros((4, 2, 2))
    return fit(model, [batch] * 500, squared_error, sgd(learning_rate))


def test_a_training_that_diverges_elsewhere_is_heard_of_here():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        good, bad = pool.submit(train, 0.01), pool.submit(train, 1e200)
        assert len(good.result(timeout=60)[1]) == 500
        with pytest.raises(Diverged, match="training diverged at batch") as info:
            bad.result(timeout=60)
    assert np.isfinite(info.value.model.norm)

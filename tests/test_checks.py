"""Bad input gets a sentence: the argument, what came, what was expected."""

import re

import numpy as np
import pytest

from cases import KINDS, make_cell, make_model
from rnnbook import GRU, LSTM, RNN, Model, bptt, cross_entropy, squared_error, unroll
from rnnbook.cells import Cell
from rnnbook.losses import last_step
from rnnbook.model import Readout

T, B, D, H, K = 5, 2, 3, 4, 6
RNG = np.random.default_rng(0)
CELL = make_cell("tanh", D=D, H=H, rng=RNG)
MEMORY = make_cell("lstm", D=D, H=H, rng=RNG)
TRACE = unroll(CELL, np.ones((T, B, D)))
MEMORY_TRACE = unroll(MEMORY, np.ones((T, B, D)))
W_XH, W_HH, B_H = np.ones((D, H)), np.ones((H, H)), np.ones(H)
W_HY, B_Y = np.ones((H, K)), np.ones(K)

# Every public place that takes an array: its name there, its good shape, and a call that uses it.
DOORS = {
    "RNN W_xh": ("W_xh", "D G", (D, H), lambda a: RNN(a, W_HH, B_H)),
    "RNN W_hh": ("W_hh", "H G", (H, H), lambda a: RNN(W_XH, a, B_H)),
    "RNN b_h": ("b_h", "G", (H,), lambda a: RNN(W_XH, W_HH, a)),
    "Readout W_hy": ("W_hy", "H K", (H, K), lambda a: Readout(a, B_Y)),
    "Readout b_y": ("b_y", "K", (K,), lambda a: Readout(W_HY, a)),
    "unroll xs": ("xs", "T B D", (T, B, D), lambda a: unroll(CELL, a)),
    "unroll state": ("state[0]", "B H", (B, H), lambda a: unroll(CELL, TRACE.xs, (a,))),
    "unroll c": (
        "state[1]", "B H", (B, H), lambda a: unroll(MEMORY, TRACE.xs, (np.ones((B, H)), a))),
    "bptt dhs": ("dhs", "T B H", (T, B, H), lambda a: bptt(CELL, TRACE, a)),
    "bptt dstate": (
        "dstate[0]", "B H", (B, H), lambda a: bptt(CELL, TRACE, np.ones((T, B, H)), (a,))),
    "bptt dc": ("dstate[1]", "B H", (B, H), lambda a: bptt(
        MEMORY, MEMORY_TRACE, np.ones((T, B, H)), (np.ones((B, H)), a))),
    "squared_error ys": (
        "ys", "T B K", (T, B, K), lambda a: squared_error(a, np.ones((T, B, K)))),
    "squared_error targets": (
        "targets", "T B K", (T, B, K), lambda a: squared_error(np.ones((T, B, K)), a)),
    "cross_entropy ys": (
        "ys", "T B K", (T, B, K), lambda a: cross_entropy(a, np.zeros((T, B), int))),
}
EVERY_DOOR = pytest.mark.parametrize(("name", "axes", "shape", "call"), DOORS.values(), ids=DOORS)


@EVERY_DOOR
def test_what_is_right_passes(name, axes, shape, call):
    call(np.ones(shape))
    call(np.ones(shape, int))
    call(np.ones(shape, bool))
    call(np.ones(shape).tolist())
    call(np.ones(shape, np.float32))


@EVERY_DOOR
@pytest.mark.parametrize("dtype", [">f8", "<f8", ">f4", "<f4", ">i4", ">i2", "<u8"])
def test_bytes_may_come_in_either_order(name, axes, shape, call, dtype):
    call(np.ones(shape, dtype))


@pytest.mark.parametrize("order", "<>")
def test_the_order_of_bytes_changes_nothing(order):
    xs = np.random.default_rng(0).normal(size=(T, B, D))
    np.testing.assert_array_equal(unroll(CELL, xs.astype(f"{order}f8")).hs, unroll(CELL, xs).hs)
    dhs = np.random.default_rng(1).normal(size=(T, B, H))
    ours = bptt(CELL, TRACE, dhs.astype(f"{order}f8")).xs
    np.testing.assert_array_equal(ours, bptt(CELL, TRACE, dhs).xs)
    ys, targets = np.ones((T, B, K)), np.arange(T * B).reshape(T, B) % K
    swapped = cross_entropy(ys, targets.astype(f"{order}i8"))
    np.testing.assert_array_equal(swapped[1], cross_entropy(ys, targets)[1])
    state = (np.full((B, H), 0.5),)
    np.testing.assert_array_equal(
        unroll(CELL, xs, (state[0].astype(f"{order}f8"),)).hs, unroll(CELL, xs, state).hs)
    single = RNN(*(a.astype(f"{order}f4") for a in (W_XH, W_HH, B_H)))
    for array in (single.W_xh, unroll(single, xs.astype(f"{order}f4")).hs):
        assert array.dtype == np.float32
        assert array.dtype.isnative
    made = RNN.init(D=2, H=3, rng=np.random.default_rng(0), dtype=f"{order}f4")
    assert made.W_hh.dtype.isnative


@EVERY_DOOR
def test_a_wrong_number_of_axes_is_named(name, axes, shape, call):
    expected = f"({', '.join(axes.split())}"
    for bad in ((), shape[1:], (1, *shape), (*shape, 1)):
        sentence = f"{name} has shape {bad}; expected {expected}"
        with pytest.raises(ValueError, match=re.escape(sentence)):
            call(np.ones(bad))


@pytest.mark.parametrize(("door", "bad"), [
    ("RNN W_xh", (D, H + 1)),
    ("RNN W_xh", (D, 1)),
    ("RNN W_hh", (H, H + 1)),
    ("RNN b_h", (1,)),
    ("Readout b_y", (K + 1,)),
    ("Readout b_y", (1,)),
    ("unroll xs", (T, B, D + 1)),
    ("unroll xs", (T, B, 1)),
    ("unroll state", (1, H)),
    ("unroll state", (B, 1)),
    ("unroll c", (1, H)),
    ("unroll c", (B, H + 1)),
    ("bptt dhs", (1, B, H)),
    ("bptt dhs", (T + 1, B, H)),
    ("bptt dhs", (T, 1, H)),
    ("bptt dhs", (T, B, 1)),
    ("bptt dstate", (1, H)),
    ("bptt dstate", (B, 1)),
    ("bptt dc", (1, H)),
    ("squared_error targets", (1, B, K)),
    ("squared_error targets", (T, 1, K)),
    ("squared_error targets", (T, B, 1)),
], ids=str)
def test_nothing_is_broadcast(door, bad):
    name, axes, _, call = DOORS[door]
    with pytest.raises(ValueError, match=re.escape(f"{name} has shape {bad}; expected (")) as info:
        call(np.ones(bad))
    assert f"({', '.join(axes.split())}" in str(info.value)
    assert " with " in str(info.value)


@EVERY_DOOR
def test_an_empty_axis_is_named(name, axes, shape, call):
    for axis in range(len(shape)):
        bad = (*shape[:axis], 0, *shape[axis + 1 :])
        with pytest.raises(ValueError, match=r" has shape .*0.*; "):
            call(np.ones(bad))


@EVERY_DOOR
@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_a_strange_number_is_named_with_its_place(name, axes, shape, call, strange):
    array = np.ones(shape)
    array[(-1,) * len(shape)] = strange
    where = tuple(n - 1 for n in shape)
    sentence = f"{name} is {strange} at index {where}; expected finite numbers"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        call(array)


BAD_TYPES = {
    "complex": lambda shape: np.ones(shape, complex),
    "float16": lambda shape: np.ones(shape, np.float16),
    "longdouble": lambda shape: np.ones(shape, np.longdouble),
    "object": lambda shape: np.ones(shape, object),
    "strings": lambda shape: np.full(shape, "1"),
    "dates": lambda shape: np.zeros(shape, "datetime64[s]"),
    "nothing": lambda shape: None,
    "word": lambda shape: "xs",
    "dict": lambda shape: {},
    "generator": lambda shape: (x for x in np.ones(shape)),
}


@EVERY_DOOR
@pytest.mark.parametrize("bad", BAD_TYPES.values(), ids=BAD_TYPES)
def test_a_wrong_type_is_named(name, axes, shape, call, bad):
    with pytest.raises(TypeError, match=rf"{re.escape(name)} has dtype .*; expected"):
        call(bad(shape))


@EVERY_DOOR
def test_a_masked_array_is_named(name, axes, shape, call):
    with pytest.raises(TypeError, match=rf"{re.escape(name)} .*masked"):
        call(np.ma.masked_array(np.ones(shape), mask=True))


@EVERY_DOOR
def test_a_ragged_list_is_named(name, axes, shape, call):
    with pytest.raises(ValueError, match=rf"{re.escape(name)} is ragged: its rows differ in leng"):
        call([[1.0, 2.0], [3.0]])


@pytest.mark.parametrize(("call", "error", "sentence"), [
    # the whole sentence, where a reader meets it most
    (lambda: unroll(CELL, np.ones((20, 3))), ValueError,
     "xs has shape (20, 3); expected (T, B, D) with D = 3"),
    (lambda: unroll(CELL, np.ones((5, 2, 1))), ValueError,
     "xs has shape (5, 2, 1); expected (T, B, D) with D = 3"),
    (lambda: unroll(CELL, np.ones((0, 2, 3))), ValueError,
     "xs has shape (0, 2, 3); T must be at least 1"),
    (lambda: unroll(CELL, np.ones((5, 0, 3))), ValueError,
     "xs has shape (5, 0, 3); B must be at least 1"),
    (lambda: unroll(CELL, []), ValueError, "xs has shape (0,); expected (T, B, D) with D = 3"),
    (lambda: unroll(CELL, None), TypeError, "xs has dtype object; expected real numbers"),
    (lambda: unroll(CELL, TRACE.xs, (np.ones((1, 4)),)), ValueError,
     "state[0] has shape (1, 4); expected (B, H) with B = 2 and H = 4"),
    (lambda: bptt(CELL, TRACE, np.ones((4, 2, 4))), ValueError,
     "dhs has shape (4, 2, 4); expected (T, B, H) with T = 5 and B = 2 and H = 4"),
    (lambda: RNN(W_XH, np.ones((4, 3)), B_H), ValueError,
     "W_hh has shape (4, 3); expected (H, G) with G = 4"),
    (lambda: RNN(W_XH, W_HH, np.ones(5)), ValueError,
     "b_h has shape (5,); expected (G,) with G = 4"),
    (lambda: LSTM(W_XH, W_HH, B_H), ValueError,
     "W_hh has shape (4, 4); expected (H, G) with G = 16"),
    (lambda: GRU(W_XH, W_HH, B_H), ValueError,
     "W_hh has shape (4, 4); expected (H, G) with G = 12"),
    (lambda: squared_error(np.ones((5, 2, 3)), np.ones((5, 2, 1))), ValueError,
     "targets has shape (5, 2, 1); expected (T, B, K) with T = 5 and B = 2 and K = 3"),
])
def test_the_whole_sentence(call, error, sentence):
    with pytest.raises(error) as info:
        call()
    assert str(info.value) == sentence


@pytest.mark.parametrize(("state", "sentence"), [
    (np.ones((B, H)), "state is ndarray; expected the tuple (h,) of (B, H) arrays"),
    ([np.ones((B, H))], "state is list; expected the tuple (h,) of (B, H) arrays"),
    (0, "state is int; expected the tuple (h,) of (B, H) arrays"),
    ((), "state is a tuple of 0; expected the tuple (h,) of (B, H) arrays"),
    (MEMORY.initial_state(B), "state is a tuple of 2; expected the tuple (h,) of (B, H) arrays"),
    (TRACE, "state is Trace; expected the tuple (h,) of (B, H) arrays"),
], ids=["array", "list", "number", "empty", "of an LSTM", "trace"])
def test_a_state_is_a_tuple(state, sentence):
    with pytest.raises(TypeError, match=re.escape(sentence)):
        unroll(CELL, TRACE.xs, state)
    with pytest.raises(TypeError, match=re.escape("d" + sentence)):
        bptt(CELL, TRACE, np.ones((T, B, H)), state)


def test_an_lstm_wants_h_and_c():
    with pytest.raises(TypeError, match=re.escape("expected the tuple (h, c) of (B, H) arrays")):
        unroll(MEMORY, TRACE.xs, CELL.initial_state(B))


@pytest.mark.parametrize("cell", [None, RNN, "RNN", 3, make_model("tanh", rng=RNG)], ids=repr)
def test_what_is_no_cell_is_named(cell):
    for call in (lambda: unroll(cell, TRACE.xs), lambda: bptt(cell, TRACE, np.ones((T, B, H)))):
        with pytest.raises(TypeError, match=r"cell is .*; expected a Cell, such as RNN"):
            call()


@pytest.mark.parametrize("trace", [None, TRACE.xs, TRACE.hs, CELL], ids=type)
def test_what_is_no_trace_is_named(trace):
    with pytest.raises(TypeError, match=r"(?s)trace is .*; expected a Trace"):
        bptt(CELL, trace, np.ones((T, B, H)))


@pytest.mark.parametrize("bad", [0, -1, 2.0, True, "2", [2]], ids=repr)
def test_truncate_is_a_whole_number(bad):
    with pytest.raises(ValueError, match=r"truncate is .*; expected a whole number, at least 1"):
        bptt(CELL, TRACE, np.ones((T, B, H)), truncate=bad)


@pytest.mark.parametrize("kind", KINDS)
def test_a_strange_weight_is_named(kind):
    for name in ("W_xh", "W_hh", "b_h"):
        cell = make_cell(kind, D=D, H=H, rng=RNG)
        trace = unroll(cell, TRACE.xs)
        getattr(cell, name).flat[1] = np.nan
        sentence = rf"{type(cell).__name__}\.{name} is nan at index \((0, )?1,?\)"
        with pytest.raises(ValueError, match=sentence):
            unroll(cell, TRACE.xs)
        with pytest.raises(ValueError, match=sentence):
            bptt(cell, trace, np.ones((T, B, H)))


@pytest.mark.parametrize("activation", ["Tanh", "", None, np.tanh, ["tanh"], np.ones(2)], ids=repr)
def test_the_activations_are_listed(activation):
    sentence = "; expected one of 'tanh', 'sigmoid', 'relu', 'identity'"
    for call in (
        lambda: RNN(W_XH, W_HH, B_H, activation),
        lambda: RNN.init(D=D, H=H, rng=np.random.default_rng(0), activation=activation),
    ):
        with pytest.raises(ValueError, match=r"activation is .*" + sentence):
            call()


MAKERS = {
    "RNN": lambda **o: RNN.init(**{"D": 2, "H": 3, "rng": RNG, **o}),
    "LSTM": lambda **o: LSTM.init(**{"D": 2, "H": 3, "rng": RNG, **o}),
    "GRU": lambda **o: GRU.init(**{"D": 2, "H": 3, "rng": RNG, **o}),
    "Model": lambda **o: Model.init(RNN, **{"D": 2, "H": 3, "K": 2, "rng": RNG, **o}),
}
EVERY_MAKER = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@EVERY_MAKER
@pytest.mark.parametrize("name", ["D", "H"])
@pytest.mark.parametrize("bad", [0, -1, 2.0, True, "3", None, [3], np.array(3)], ids=repr)
def test_sizes_are_whole_numbers(make, name, bad):
    with pytest.raises(ValueError, match=rf"^{name} is .*; expected a whole number, at least 1$"):
        make(**{name: bad})


@pytest.mark.parametrize("bad", [0, 2.0, None])
def test_K_is_a_whole_number(bad):
    for call in (lambda: MAKERS["Model"](K=bad), lambda: Readout.init(H=2, K=bad, rng=RNG)):
        with pytest.raises(ValueError, match=f"K is {bad}; expected a whole number, at least 1"):
            call()


@pytest.mark.parametrize("bad", [0, -1, 2.5, None, True])
def test_an_initial_state_is_for_a_whole_number_of_sequences(bad):
    with pytest.raises(ValueError, match=f"B is {bad}; expected a whole number, at least 1"):
        CELL.initial_state(bad)


def test_numpys_whole_numbers_are_whole_numbers():
    assert RNN.init(D=np.int64(2), H=np.uint8(3), rng=RNG).H == 3


@EVERY_MAKER
@pytest.mark.parametrize("bad", [0, None, np.random, np.random.RandomState(0)], ids=type)
def test_rng_is_a_generator(make, bad):
    with pytest.raises(TypeError, match=r"rng is .*; expected a numpy.random.Generator, such as"):
        make(rng=bad)


@EVERY_MAKER
def test_rng_has_no_default_and_all_is_by_name(make):
    for cls in (RNN, LSTM, GRU):
        with pytest.raises(TypeError, match="rng"):
            cls.init(D=2, H=3)
        with pytest.raises(TypeError, match="positional"):
            cls.init(2, 3, RNG)


@EVERY_MAKER
@pytest.mark.parametrize("bad", ["a", None, np.nan, np.inf, [1, 2], [1, 2, 3], 1j], ids=repr)
def test_gain_is_a_number(make, bad):
    with pytest.raises(ValueError, match=r"^gain is .*; expected a finite number"):
        make(gain=bad)


@pytest.mark.parametrize("bad", ["a", None, np.nan, np.inf, [1, 2], [1, 2, 3], 1j], ids=repr)
def test_forget_bias_is_a_number(bad):
    with pytest.raises(ValueError, match=r"^forget_bias is .*; expected a finite number"):
        MAKERS["LSTM"](forget_bias=bad)


@EVERY_MAKER
@pytest.mark.parametrize("bad", [int, complex, np.float16, "int32", "bogus", 3], ids=repr)
def test_dtype_is_one_of_two(make, bad):
    with pytest.raises(TypeError, match=r"dtype .*expected .*float64"):
        make(dtype=bad)


@EVERY_MAKER
def test_an_unknown_option_is_named(make):
    with pytest.raises(TypeError, match="sise"):
        make(sise=3)


def test_the_bare_cell_is_not_for_use():
    for call in (
        lambda: Cell(W_XH, W_HH, B_H),
        lambda: Cell.init(D=2, H=3, rng=RNG),
        lambda: Model.init(Cell, D=2, H=3, K=2, rng=RNG),
    ):
        with pytest.raises(TypeError, match=r"RNN, GRU (and|or) LSTM"):
            call()


@pytest.mark.parametrize(("targets", "error", "sentence"), [
    (np.zeros((T, B)), TypeError, "targets has dtype float64; expected integers"),
    (np.zeros((T, B), bool), TypeError, "targets has dtype bool; expected integers"),
    (np.zeros((T, B), object), TypeError, "targets has dtype object; expected"),
    (None, TypeError, "targets has dtype object; expected"),
    ("dogs", TypeError, "targets has dtype <U4; expected"),
    ([[0, 1], [0]], ValueError, "targets is ragged"),
    (np.zeros((T, B, K), int), ValueError,
     "targets has shape (5, 2, 6); expected (T, B) with T = 5 and B = 2"),
    (np.zeros((1, B), int), ValueError,
     "targets has shape (1, 2); expected (T, B) with T = 5 and B = 2"),
    (np.zeros(B, int), ValueError, "targets has shape (2,); expected (T, B)"),
    (0, ValueError, "targets has shape (); expected (T, B)"),
    (np.full((T, B), K), ValueError, "targets holds 6; expected classes from 0 to K - 1 = 5"),
    (np.full((T, B), -1), ValueError, "targets holds -1; expected classes from 0 to K - 1 = 5"),
    (np.ma.masked_array(np.zeros((T, B), int), mask=True), TypeError, "masked"),
])
def test_classes_are_whole_numbers_in_range(targets, error, sentence):
    with pytest.raises(error, match=re.escape(sentence)):
        cross_entropy(np.ones((T, B, K)), targets)


@pytest.mark.parametrize("targets", [np.zeros((T, B), int), np.zeros(B, int)])
def test_one_answer_per_sequence_has_one_row(targets):
    with pytest.raises(ValueError, match=re.escape("expected (T, B) with T = 1 and B = 2")):
        last_step(cross_entropy)(np.ones((T, B, K)), targets)


def test_the_errors_of_a_run_are_those_of_unroll():
    model = make_model("tanh", D=D, H=H, rng=RNG)
    with pytest.raises(ValueError, match=re.escape("xs has shape (2, 3); expected (T, B, D)")):
        model.run(np.ones((2, 3)))
    with pytest.raises(TypeError, match="state is int"):
        model.run(TRACE.xs, 0)

"""RNN, LSTM and GRU equal PyTorch: values and every gradient, to 1e-12 relative in float64.

The numbers were recorded by `oracle/record.py`; where PyTorch is installed they are
asked for again.
"""

import ast
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from cases import gap
from rnnbook import GRU, LSTM, RNN, adam, bptt, cross_entropy, sgd, squared_error, unroll
from rnnbook.model import Readout

ROOT = Path(__file__).parents[1]
ORACLE = Path(__file__).parent / "oracle"
RECORDED = json.loads((ORACLE / "torch.json").read_text())
TOLERANCE = 1e-12


def layer_name(case):
    T, B, D = np.shape(case["inputs"]["xs"])
    return f"{case['kind']} T={T} B={B} D={D} H={len(case['inputs']['W_hh'])}"


def ours(case):
    """Our numbers for a recorded layer, by the names that the record gives them."""
    inputs = case["inputs"]
    arrays = {name: inputs[name] for name in ("W_xh", "W_hh", "b_h")}
    kind = case["kind"]
    cell = {"lstm": LSTM, "gru": GRU}[kind](**arrays) if kind in ("lstm", "gru") else RNN(
        **arrays, activation=kind)
    trace = unroll(cell, inputs["xs"], tuple(inputs["state"]))
    grads = bptt(cell, trace, inputs["dhs"], tuple(inputs["dstate"]))
    return {
        "hs": trace.hs,
        "last_state": trace.state,
        "dstate_in": grads.state,
        "dxs": grads.xs,
        **{f"d{name}": array for name, array in grads.cell.leaves()},
    }


def gaps(case, outputs):
    return {name: gap(ours, outputs[name]) for name, ours in ours(case).items()}


@pytest.mark.parametrize("case", RECORDED["layers"], ids=layer_name)
def test_layer_equals_the_recorded_one(case):
    found = gaps(case, case["outputs"])
    assert set(found) == set(case["outputs"])
    assert max(found.values()) <= TOLERANCE, found


def test_the_record_holds_every_kind_and_a_size_of_ones():
    shapes = {
        (case["kind"], *np.shape(case["inputs"]["xs"]), len(case["inputs"]["W_hh"]))
        for case in RECORDED["layers"]
    }
    for kind in ("tanh", "relu", "lstm", "gru"):
        assert (kind, 1, 1, 1, 1) in shapes
        assert len([shape for shape in shapes if shape[0] == kind]) >= 4


def test_the_record_is_small():
    assert (ORACLE / "torch.json").stat().st_size < 200_000


def test_a_recorded_number_that_is_a_little_off_is_seen():
    case = RECORDED["layers"][-1]
    outputs = {**case["outputs"], "dW_hh": np.array(case["outputs"]["dW_hh"]) * (1 + 1e-11)}
    assert gaps(case, outputs)["dW_hh"] > TOLERANCE


@pytest.mark.parametrize(
    ("loss", "targets"), [(squared_error, "targets"), (cross_entropy, "classes")]
)
def test_loss_equals_the_recorded_one(loss, targets):
    record = RECORDED["losses"]
    value, dys = loss(record["ys"], record[targets])
    assert gap(value, record[loss.__name__]) <= TOLERANCE
    assert gap(dys, record[f"{loss.__name__}_dys"]) <= TOLERANCE


@pytest.mark.parametrize("name", RECORDED["optimizers"]["paths"])
def test_optimizer_takes_the_recorded_path(name):
    record = RECORDED["optimizers"]
    path = record["paths"][name]
    optimizer = (adam if name == "adam" else sgd)(**path["options"])
    place = Readout(*record["start"])
    memory = optimizer.init(place)
    for gradients, expected in zip(record["gradients"], path["path"], strict=True):
        step, memory = optimizer.update(Readout(*gradients), memory)
        place = place - step
        assert gap(place.W_hy, expected[0]) <= TOLERANCE
        assert gap(place.b_y, expected[1]) <= TOLERANCE


@pytest.fixture(scope="module")
def record():
    """The recording script itself, where PyTorch is installed."""
    pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("record", ORACLE / "record.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_torch_still_says_what_was_recorded(record):
    def compare(now, then):
        if isinstance(now, dict):
            assert set(now) == set(then)
            for name in now:
                compare(now[name], then[name])
        elif isinstance(now, list):
            assert len(now) == len(then)
            for a, b in zip(now, then, strict=True):
                compare(a, b)
        elif isinstance(now, float):
            assert now == pytest.approx(then, rel=1e-12, abs=1e-14)
        else:
            assert now == then

    now = record.plain(record.everything())
    compare({**now, "torch": RECORDED["torch"]}, RECORDED)


@pytest.mark.parametrize("kind", ["tanh", "relu", "lstm", "gru"])
def test_layer_equals_torch_live(record, kind):
    rng = np.random.default_rng(1)
    for T, B, D, H in [(30, 4, 5, 8), (2, 16, 1, 7), (12, 1, 6, 1)]:
        inputs = record.layer_inputs(kind, T, B, D, H, rng)
        found = gaps({"kind": kind, "inputs": inputs}, record.layer(kind, inputs))
        assert max(found.values()) <= TOLERANCE, (T, B, D, H, found)


def test_the_numbers_that_chapter_8_prints_are_pytorch_s():
    """`torch_says` in the notebook, asked again where PyTorch is installed."""
    torch = pytest.importorskip("torch")
    notebook = json.loads((ROOT / "notebooks" / "08_gated_cells.ipynb").read_text("utf8"))
    (source,) = ("".join(cell["source"]) for cell in notebook["cells"]
                 if "torch_says = {" in "".join(cell["source"]))
    (node,) = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign)
               and getattr(node.targets[0], "id", "") == "torch_says")
    says = {name: torch.tensor(value, dtype=torch.float64)
            for name, value in ast.literal_eval(node.value).items()}
    D, H = says["W_xh"].shape[0], says["W_hh"].shape[0]
    gru = torch.nn.GRU(D, H, dtype=torch.float64)
    with torch.no_grad():
        gru.weight_ih_l0[:], gru.weight_hh_l0[:] = says["W_xh"].T, says["W_hh"].T
        gru.bias_ih_l0[:] = says["b_h"]
        gru.bias_hh_l0[:] = torch.cat([torch.zeros(2 * H), says["b_hn"]])
        hs, _ = gru(says["xs"])
    assert gap(hs.numpy(), says["hs"].numpy()) <= TOLERANCE

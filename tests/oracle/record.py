"""Record PyTorch's numbers, so that the tests can compare with them and need no PyTorch.

Run it with PyTorch and NumPy installed, after a change to what is recorded:

    python tests/oracle/record.py

It writes `torch.json` beside itself; the same PyTorch on the same machine writes the same bytes.
Floats are printed so that reading them gives back every bit. All is float64.

What is recorded: `torch.nn.RNN` (tanh and relu), `torch.nn.LSTM`, and the GRU of this book
written out in tensors, because `torch.nn.GRU` resets after the product; two losses; two
optimisers. Weights are kept in this book's layout, which is PyTorch's transposed.
"""

import json
from pathlib import Path

import numpy as np
import torch

FILE = Path(__file__).with_name("torch.json")
SIZES = [(1, 1, 1, 1), (1, 2, 3, 4), (5, 1, 2, 3), (4, 3, 1, 2), (7, 2, 4, 3)]  # T, B, D, H
GATES = {"tanh": 1, "relu": 1, "lstm": 4, "gru": 3}
WEIGHT_SCALE = 0.5


def numbers(rng, *shape, scale=1.0):
    """Normal numbers with three decimals, which are short to write down."""
    return (scale * rng.normal(size=shape)).round(3)


def layer_inputs(kind, T, B, D, H, rng):
    """Everything that goes into a layer and its way back, as numpy arrays by name."""
    G = GATES[kind] * H
    states = 2 if kind == "lstm" else 1
    return {
        "W_xh": numbers(rng, D, G, scale=WEIGHT_SCALE),
        "W_hh": numbers(rng, H, G, scale=WEIGHT_SCALE),
        "b_h": numbers(rng, G, scale=WEIGHT_SCALE),
        "xs": numbers(rng, T, B, D),
        "state": [numbers(rng, B, H) for _ in range(states)],
        "dhs": numbers(rng, T, B, H),
        "dstate": [numbers(rng, B, H) for _ in range(states)],
    }


def gru(xs, h, W_xh, W_hh, b_h):
    """The GRU of Cho et al. 2014 (v3): reset before the product, z keeps the old state."""
    H, hs = h.shape[-1], []
    for a_x in xs @ W_xh + b_h:
        r, z = torch.sigmoid(a_x[:, : 2 * H] + h @ W_hh[:, : 2 * H]).chunk(2, dim=-1)
        n = torch.tanh(a_x[:, 2 * H :] + (r * h) @ W_hh[:, 2 * H :])
        h = z * h + (1 - z) * n
        hs.append(h)
    return torch.stack(hs), (h,)


def layer(kind, inputs):
    """PyTorch's values and gradients for the loss sum(dhs * hs) + sum(dstate * last state)."""
    leaf = {
        name: torch.tensor(inputs[name], dtype=torch.float64, requires_grad=True)
        for name in ("W_xh", "W_hh", "b_h", "xs")
    }
    state = [torch.tensor(s, dtype=torch.float64, requires_grad=True) for s in inputs["state"]]
    if kind == "gru":
        hs, last = gru(leaf["xs"], state[0], leaf["W_xh"], leaf["W_hh"], leaf["b_h"])
    else:
        D, H = len(inputs["W_xh"]), len(inputs["W_hh"])
        if kind == "lstm":
            net = torch.nn.LSTM(D, H, dtype=torch.float64)
        else:
            net = torch.nn.RNN(D, H, nonlinearity=kind, dtype=torch.float64)
        weights = {
            "weight_ih_l0": leaf["W_xh"].T,
            "weight_hh_l0": leaf["W_hh"].T,
            "bias_ih_l0": leaf["b_h"],
            "bias_hh_l0": torch.zeros_like(leaf["b_h"]),
        }
        first = tuple(s[None] for s in state)
        first = first if kind == "lstm" else first[0]
        hs, last = torch.func.functional_call(net, weights, (leaf["xs"], first))
        last = tuple(s[0] for s in (last if kind == "lstm" else (last,)))

    value = (torch.tensor(inputs["dhs"]) * hs).sum()
    for d, s in zip(inputs["dstate"], last, strict=True):
        value = value + (torch.tensor(d) * s).sum()
    value.backward()
    return {
        "hs": hs.detach().numpy(),
        "last_state": [s.detach().numpy() for s in last],
        "dstate_in": [s.grad.numpy() for s in state],
        **{f"d{name}": tensor.grad.numpy() for name, tensor in leaf.items()},
    }


def losses(rng):
    T, B, K = 3, 2, 4
    ys, targets = numbers(rng, T, B, K, scale=3), numbers(rng, T, B, K)
    classes = rng.integers(K, size=(T, B))
    y = torch.tensor(ys, requires_grad=True)
    squared = ((y - torch.tensor(targets)) ** 2).sum() / (T * B)
    (d_squared,) = torch.autograd.grad(squared, y)
    cross = torch.nn.functional.cross_entropy(y.reshape(-1, K), torch.tensor(classes).reshape(-1))
    (d_cross,) = torch.autograd.grad(cross, y)
    return {
        "ys": ys, "targets": targets, "classes": classes,
        "squared_error": squared.item(), "squared_error_dys": d_squared.numpy(),
        "cross_entropy": cross.item(), "cross_entropy_dys": d_cross.numpy(),
    }


OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {"lr": 0.1}, {"learning_rate": 0.1}),
    "momentum": (
        torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}, {"learning_rate": 0.1, "momentum": 0.9},
    ),
    "adam": (
        torch.optim.Adam, {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-6},
        {"learning_rate": 0.01, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6},
    ),
}


def optimizers(rng):
    """Where a (2, 3) matrix and a (3,) vector go in five steps along given gradients."""
    W, b = numbers(rng, 2, 3), numbers(rng, 3)
    gradients = [(numbers(rng, 2, 3), numbers(rng, 3)) for _ in range(5)]
    paths = {}
    for name, (kind, torch_options, options) in OPTIMIZERS.items():
        places = [torch.tensor(p, requires_grad=True) for p in (W, b)]
        optimizer, path = kind(places, **torch_options), []
        for step in gradients:
            for place, gradient in zip(places, step, strict=True):
                place.grad = torch.tensor(gradient)
            optimizer.step()
            path.append([place.detach().numpy().copy() for place in places])
        paths[name] = {"options": options, "path": path}
    return {"start": [W, b], "gradients": gradients, "paths": paths}


def everything():
    rng = np.random.default_rng(0)
    layers = []
    for kind in GATES:
        for T, B, D, H in SIZES:
            inputs = layer_inputs(kind, T, B, D, H, rng)
            layers.append({"kind": kind, "inputs": inputs, "outputs": layer(kind, inputs)})
    return {
        "torch": torch.__version__,
        "layers": layers,
        "losses": losses(rng),
        "optimizers": optimizers(rng),
    }


def plain(value):
    if isinstance(value, dict):
        return {name: plain(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


if __name__ == "__main__":
    torch.set_num_threads(1)
    FILE.write_text(json.dumps(plain(everything()), separators=(",", ":")) + "\n")
    print(f"wrote {FILE.name}, {FILE.stat().st_size / 1000:.0f} kB")

"""How long one step takes, and how that compares with PyTorch where it is installed.

    python tests/bench/step_time.py            # every size
    python tests/bench/step_time.py --quick    # the small sizes, few rounds

Two jobs, each for RNN, LSTM and GRU in float64 on one thread:

* backward: `unroll` and `bptt` with gradients of everything, against `torch.nn`;
* training: a model's forward pass, loss, gradients and one step of Adam.

Both sides run in turn within each round, in an order that alternates; what is compared is the
median over rounds of the ratio within a round, in CPU time, so that other work on the machine
disturbs both alike. `torch.nn.GRU` resets after the product: nearly the same work, not the same
numbers.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is imported

import argparse  # noqa: E402
import statistics  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402

from rnnbook import GRU, LSTM, RNN, Model, adam, bptt, loss_and_grads, squared_error, unroll  # noqa: E402

try:
    import torch
except ImportError:
    torch = None
else:
    torch.set_num_threads(1)

SIZES = {  # T, B, D, H and the goal for ours / torch
    (100, 1, 8, 16): 0.25,
    (25, 1, 65, 100): 0.3,
    (50, 16, 32, 32): 0.5,
    (100, 32, 64, 64): 1.0,
    (100, 64, 128, 128): 1.5,
    (200, 32, 256, 256): 1.4,
}
QUICK = list(SIZES)[:3]
TRAINING = (50, 16, 32, 32)  # the size at which a training step has the goal as well
KINDS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}


def ours_backward(kind, T, B, D, H):
    rng = np.random.default_rng(0)
    cell = KINDS[kind].init(D=D, H=H, rng=rng)
    xs, dhs = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    return lambda: bptt(cell, unroll(cell, xs), dhs)


def ours_training(kind, T, B, D, H):
    rng = np.random.default_rng(0)
    xs, targets = rng.normal(size=(2, T, B, D))
    model, optimizer = Model.init(KINDS[kind], D=D, H=H, K=D, rng=rng), adam(1e-3)
    memory = optimizer.init(model)

    def run():
        nonlocal model, memory
        _, grads, _ = loss_and_grads(model, xs, targets, squared_error)
        step, memory = optimizer.update(grads, memory)
        model = model - step

    return run


def torch_backward(kind, T, B, D, H):
    torch.manual_seed(0)
    net = getattr(torch.nn, kind)(D, H, dtype=torch.float64)
    xs = torch.randn(T, B, D, dtype=torch.float64, requires_grad=True)
    dhs = torch.randn(T, B, H, dtype=torch.float64)

    def run():
        net.zero_grad()
        xs.grad = None
        hs, _ = net(xs)
        hs.backward(dhs)

    return run


def torch_training(kind, T, B, D, H):
    torch.manual_seed(0)
    net = getattr(torch.nn, kind)(D, H, dtype=torch.float64)
    readout = torch.nn.Linear(H, D, dtype=torch.float64)
    xs, targets = torch.randn(2, T, B, D, dtype=torch.float64)
    optimizer = torch.optim.Adam([*net.parameters(), *readout.parameters()], lr=1e-3)

    def run():
        optimizer.zero_grad()
        hs, _ = net(xs)
        ((readout(hs) - targets) ** 2).sum().div(T * B).backward()
        optimizer.step()

    return run


JOBS = {"backward": (ours_backward, torch_backward), "training": (ours_training, torch_training)}


def cpu_time(run, times):
    start = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - start) / times


def measure(runs, rounds):
    """CPU seconds of each run in each round, in turn; odd rounds go the other way round."""
    for run in runs:
        run()
    times = [max(1, int(0.03 / max(cpu_time(run, 1), 1e-6))) for run in runs]
    table = [[0.0] * len(runs) for _ in range(rounds)]
    for k, row in enumerate(table):
        order = range(len(runs)) if k % 2 == 0 else reversed(range(len(runs)))
        for i in order:
            row[i] = cpu_time(runs[i], times[i])
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the small sizes, few rounds")
    parser.add_argument("--rounds", type=int, help="rounds for each number (9, or 5 with --quick)")
    options = parser.parse_args()
    rounds = options.rounds or (5 if options.quick else 9)

    version = f"torch {torch.__version__}" if torch else "no torch"
    print(f"numpy {np.__version__}, {version}, float64, 1 thread, {rounds} rounds\n")
    print("| job | cell | T, B, D, H | ours ms | torch ms | ours / torch | goal |")
    print("|---|---|---|---|---|---|---|")
    for size in QUICK if options.quick else SIZES:
        for job, makers in JOBS.items():
            for kind in KINDS:
                runs = [make(kind, *size) for make in makers[: 2 if torch else 1]]
                table = measure(runs, rounds)
                ours = statistics.median(row[0] for row in table) * 1e3
                line = f"| {job} | {kind} | {', '.join(map(str, size))} | {ours:.2f} |"
                if torch:
                    theirs = statistics.median(row[1] for row in table) * 1e3
                    ratio = statistics.median(row[0] / row[1] for row in table)
                    goal = f"{SIZES[size]}" if job == "backward" or size == TRAINING else ""
                    line += f" {theirs:.2f} | {ratio:.2f} | {goal} |"
                else:
                    line += "  |  |  |"
                print(line, flush=True)


if __name__ == "__main__":
    main()

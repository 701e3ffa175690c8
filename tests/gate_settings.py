"""Settings of the gate explorer, at random."""

from rnnbook.widgets.gate_explorer import GATES, LOWEST, T


def random_overrides(rng):
    """No gate, some or all set to hundredths, as the slider sets them."""
    share = rng.choice([0, 0.05, 0.3, 1])
    return [
        [None if rng.random() >= share else round(float(rng.uniform(LOWEST[gate], 1)), 2)
         for _ in range(T)]
        for gate in GATES
    ]  # fmt: skip

"""What gate_explorer.js computes and says is what Python does."""

import numpy as np

from gate_settings import random_overrides
from in_node import evaluate, module
from rnnbook.widgets import GateExplorer

ASK = """async ([source, unit, settings]) => {
  const { run, sentence } = await import(source);
  return settings.map((set) => [run(unit, set), sentence(unit, set)]);
}"""


def test_30_settings_equal_python_and_so_do_their_sentences():
    rng = np.random.default_rng(0)
    explorers = [GateExplorer(random_overrides(rng)) for _ in range(30)]
    settings = [explorer.overrides for explorer in explorers]
    found = evaluate(ASK, [module(explorers[0]), explorers[0].unit, settings])
    for explorer, (numbers, sentence) in zip(explorers, found, strict=True):
        expected = explorer.run()
        assert numbers.keys() == expected.keys()
        for name, row in expected.items():
            np.testing.assert_allclose(numbers[name], row, rtol=0, atol=1e-12, err_msg=name)
        assert sentence == explorer.sentence()

"""What letter_writer.js computes, writes and says is what rnnbook does."""

import base64

import numpy as np
import pytest

from in_node import evaluate, module
from rnnbook import GRU, LSTM, RNN, Model
from rnnbook.widgets import LetterWriter
from rnnbook.widgets.letter_writer import chance

ASK = """async ([source, network, weights, settings]) => {
  const { unpack, reader, probabilities, writeOn, sentence } = await import(source);
  const bytes = Uint8Array.from(atob(weights), (letter) => letter.charCodeAt(0));
  const net = unpack(network, new DataView(bytes.buffer));
  const { read } = reader(net);  // one for all: each text is read from where it parts from the last
  return settings.map((now) => {
    const states = [...read(now.prompt + now.text)];
    const ps = probabilities(net, states.at(-1), now.temperature);
    return { ps: [...ps], h: states.map(({ h }) => [...h]).slice(1),
      text: writeOn(net, read, now, 120), says: sentence(net, states, now) };
  });
}"""
NOW = ("prompt", "text", "temperature", "seed", "unit")


def asked(writers):
    """What the script answers for each of these states of one network."""
    weights = base64.b64encode(writers[0].weights).decode()
    settings = [{name: getattr(writer, name) for name in NOW} for writer in writers]
    return evaluate(ASK, [module(writers[0]), writers[0].network, weights, settings])


def require_equal(writers, atol=1e-12):
    for writer, found in zip(writers, asked(writers), strict=True):
        expected = writer.probabilities()
        assert expected.sum() == pytest.approx(1)
        np.testing.assert_allclose(found["ps"], expected, rtol=0, atol=atol)
        np.testing.assert_allclose(np.reshape(found["h"], writer.states().shape), writer.states(),
                                   rtol=0, atol=atol)
        assert found["says"] == writer.sentence()
        assert found["text"] == writer.write(120)


def test_the_network_that_has_read_this_book():
    writers = [
        LetterWriter(prompt=prompt, temperature=temperature, seed=seed, text=text, unit=unit)
        for prompt, temperature, seed, text, unit in (
            ("The network ", 0.7, 0, "is ", 0), ("The network ", 0.7, 0, "is a state", 17),
            ("Why", 0.1, 1, "", 128), ("", 1.0, 2**31, "", 1), ("h_t = tanh(", 2.0, 3, "\n", 5),
            ("The gradient of the loss", 1.0, 12345, "", 0))
    ]
    require_equal(writers)


@pytest.mark.parametrize(("kind", "options"), [
    (GRU, {}), (LSTM, {}), *((RNN, {"activation": name})
                             for name in ("tanh", "sigmoid", "relu", "identity"))])
def test_a_readers_own_model(kind, options):
    rng = np.random.default_rng(0)
    alphabet = ["a", "b", "é", "\n", " "]
    model = Model.init(kind, D=5, H=7, K=5, gain=0.9, rng=rng, **options)
    model = model.replace(cell=model.cell.replace(b_h=rng.normal(size=model.cell.b_h.shape)))
    writers = [LetterWriter(model, alphabet, prompt=prompt, temperature=temperature, text="é a")
               for prompt, temperature in (("", 1.0), ("ab\nab", 0.3), ("é", 2.0))]
    require_equal(writers)


def test_the_draws_are_the_same_and_even():
    ask = """async ([source, asked]) => {
      const { chance } = await import(source);
      return asked.map(([seed, k]) => chance(seed, k));
    }"""
    pairs = [(seed, k) for seed in (0, 1, 2, 99, 2**31) for k in range(400)]
    us = [chance(seed, k) for seed, k in pairs]
    assert evaluate(ask, [module(LetterWriter()), pairs]) == us
    counts, _ = np.histogram(us, bins=10, range=(0, 1))
    assert counts.sum() == 2000
    assert counts.min() > 150
    pairs = np.array(us[:-1]), np.array(us[1:])
    assert abs(np.corrcoef(*pairs)[0, 1]) < 0.1


def test_what_a_browser_might_send_is_drawn_within_the_alphabet():
    ask = """async ([source, ps]) => {
      const { drawn } = await import(source);
      return [0, 0.2999, 0.3, 0.9999999, 1].map((u) => drawn(ps, u));
    }"""
    assert evaluate(ask, [module(LetterWriter()), [0.3, 0, 0.5, 0.2]]) == [0, 0, 2, 3, 2]

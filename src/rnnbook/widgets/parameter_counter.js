/* How many numbers are learned? The arithmetic first; tests compare it with parameter_counter.py. */

export function rows(D, H, T, secondBias) {
  const gate = D * H + H * H + (secondBias ? 2 * H : H);
  const letters = `D·H + H·H + ${secondBias ? "2·H" : "H"}`;
  const numbers = `${D}·${H} + ${H}·${H} + ${secondBias ? `2·${H}` : H}`;
  const row = (key, name, count, left, right) => ({
    key, name, count, formula: `${left} = ${right} = ${thousands(count)}`,
  });
  return [
    row("rnn", "RNN", gate, letters, numbers),
    row("untied", "Untied chain", T * gate, `T·(${letters})`, `${T}·(${numbers})`),
    row("window", "Window MLP", T * D * H + H, "T·D·H + H", `${T}·${D}·${H} + ${H}`),
    row("gru", "GRU", 3 * gate, `3·(${letters})`, `3·(${numbers})`),
    row("lstm", "LSTM", 4 * gate, `4·(${letters})`, `4·(${numbers})`),
  ];
}

export function sentence(D, H, T, secondBias, gated) {
  const [rnn, untied, window, gru, lstm] = rows(D, H, T, secondBias)
    .map((row) => thousands(row.count));
  return (
    `D = ${D}, H = ${H}, T = ${T}. The RNN learns ${rnn} numbers, the untied chain ${untied}, ` +
    `the window MLP ${window}.` +
    (gated ? ` The GRU learns ${gru}, the LSTM ${lstm}.` : "") +
    (secondBias ? " Two biases for each sum, as in PyTorch." : "")
  );
}

/* The first of 1, 2, 5, 10, 20, 50, … that is not below the value. */
export function niceCeiling(value) {
  let power = 1;
  while (10 * power < value) power *= 10;
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

const EXPLANATION = {
  rnn: "one set of weights, used at every step",
  untied: "its own weights at every step",
  window: "one hidden layer that sees all T inputs at once",
  gru: "three sums like the RNN's",
  lstm: "four sums like the RNN's",
};

const GATED = ["gru", "lstm"];

function barRow(key) {
  const parts = {
    name: element("span", { class: "counter-name" }),
    count: element("span", { class: "counter-count" }),
    bar: element("div", { class: "counter-bar" }),
    formula: element("span", { class: "counter-formula" }),
  };
  const node = element("li", { class: `counter-row counter-${key}` },
    element("div", { class: "counter-head" },
      parts.name, element("span", { class: "counter-what" }, EXPLANATION[key]),
      parts.count),
    element("div", { class: "counter-track", "aria-hidden": "true" }, parts.bar),
    element("div", { class: "counter-foot" }, parts.formula));
  return { node, ...parts };
}

export default {
  render({ model, el }) {
    const D = slider(model, "D", "inputs per step", 1, 512);
    const H = slider(model, "H", "hidden units", 1, 512);
    const T = slider(model, "T", "steps", 1, 100);
    const bias = checkbox(model, "second_bias", "second bias, as in PyTorch");
    const gates = checkbox(model, "gated", "the gated cells of chapter 8");
    const live = liveRegion();
    const bars = rows(1, 1, 1, false).map((row) => barRow(row.key));
    const ticks = [0, 1, 2].map(() => element("span"));
    const note = element("p", { class: "rnnbook-note" });

    const root = explorerRoot("parameter-counter",
      element("p", { class: "rnnbook-title" }, "How many numbers are learned?"),
      element("div", { class: "counter-controls", role: "group", "aria-label": "Sizes" },
        D.node, H.node, T.node),
      element("ul", { class: "counter-rows", "aria-label": "Numbers learned by each network" },
        ...bars.map((bar) => bar.node)),
      element("div", { class: "counter-axis", "aria-hidden": "true" }, ...ticks),
      live.node,
      fold("More", element("div", { class: "counter-more" }, gates.node, bias.node), note));

    function draw() {
      const sizes = [whole(model.get("D"), 1, 512), whole(model.get("H"), 1, 512),
        whole(model.get("T"), 1, 100)];
      const secondBias = Boolean(model.get("second_bias"));
      const gated = Boolean(model.get("gated"));
      const now = rows(...sizes, secondBias);
      // From D and H alone, so that only what depends on T moves with T.
      const scale = niceCeiling(24 * rows(sizes[0], sizes[1], 1, false)[0].count);
      [D, H, T].forEach((control, i) => control.show(sizes[i]));
      bias.show(secondBias);
      gates.show(gated);
      now.forEach((row, i) => {
        const bar = bars[i];
        bar.name.textContent = row.name;
        bar.count.textContent = thousands(row.count);
        bar.bar.style.width = `${Math.min(100, (100 * row.count) / scale)}%`;
        bar.bar.classList.toggle("counter-beyond", row.count > scale);
        bar.node.hidden = !gated && GATED.includes(row.key);
        bar.formula.textContent = row.formula;
      });
      root.style.setProperty("--rnn-share", now[0].count / scale);
      ticks.forEach((tick, i) => (tick.textContent = thousands((scale * i) / 2)));
      note.textContent =
        `All bars have one linear scale, from 0 to ${thousands(scale)} numbers; one that goes on ` +
        "beyond it ends in a point. The dashed line marks the RNN. " +
        "Counted: the recurrent or hidden layer alone, without the readout.";
      live.say(sentence(...sizes, secondBias, gated));
    }

    el.append(root);
    return cleanup(root, live, follow(model, ["D", "H", "T", "second_bias", "gated"], draw));
  },
};

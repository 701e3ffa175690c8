/* How long a memory lane remembers. memory_lane_explorer.py sends the cells; the forward pass and
   the derivatives are computed here, so that the sliders can stop anywhere. */

const GATES = { LSTM: 4, GRU: 3, RNN: 1 };
const SHOWN = 3;
const BIAS = { LSTM: "forget bias", GRU: "bias of z" };

const sigmoid = (a) => 0.5 + 0.5 * Math.tanh(0.5 * a);

const PHI = { // phi(a), and its derivative written in terms of h = phi(a)
  tanh: [Math.tanh, (h) => 1 - h * h],
  sigmoid: [sigmoid, (h) => h * (1 - h)],
  relu: [(a) => Math.max(a, 0), (h) => (h > 0 ? 1 : 0)],
  identity: [(a) => a, () => 1],
};

/* The cells' weights and the reader's xs, from one run of little-endian float64. */
export function unpack(arrays, table) {
  let at = 0;
  const take = (count) => Float64Array.from({ length: count }, () => {
    at += 8;
    return arrays.getFloat64(at - 8, true);
  });
  const cells = table.cells.map((cell) => {
    const { D, H } = cell;
    const G = GATES[cell.kind] * H;
    return { ...cell, G, W_xh: take(D * G), W_hh: take(H * G), b_h: take(G) };
  });
  const xs = "yours" in table.inputs ? take(table.longest * cells[0].D) : null;
  return { cells, xs };
}

/* Whatever a linked widget sent, made into a state that the explorer has. */
export function settle(table, asked) {
  const kinds = table.cells.map((cell) => cell.name);
  const inputs = Object.keys(table.inputs);
  return {
    kind: kinds.includes(asked.kind) ? asked.kind : kinds[0],
    input: inputs.includes(asked.input) ? asked.input : inputs[0],
    forget_bias: between(asked.forget_bias, -2, 6, 0),
    gain: between(asked.gain, 0, 2, 1),
    T: whole(asked.T, 1, table.longest),
    measured: Boolean(asked.measured),
  };
}

/* row vector times the columns from..to of W, which is (rows, G) */
function times(row, { W_hh, H, G }, gain, from = 0, to = G) {
  const out = new Float64Array(to - from);
  for (let k = 0; k < H; k += 1) {
    const left = row[k] * gain;
    for (let j = from; j < to; j += 1) out[j - from] += left * W_hh[k * G + j];
  }
  return out;
}

/* One step, { h, c, gate }, and `tangent`: how a change (dh, dc) of the old state goes on. */
function stepOf(cell, gain, a_x, h, c) {
  const { H, kind } = cell;
  const units = Array.from({ length: H }, (_, k) => k);
  if (kind === "RNN") {
    const [phi, slope] = PHI[cell.activation];
    const a = times(h, cell, gain);
    const after = units.map((k) => phi(a_x[k] + a[k]));
    return { h: after, gate: null, tangent: ({ dh }) => {
      const da = times(dh, cell, gain);
      return { dh: units.map((k) => slope(after[k]) * da[k]) };
    } };
  }
  if (kind === "GRU") {
    const a = times(h, cell, gain, 0, 2 * H);
    const r = units.map((k) => sigmoid(a_x[k] + a[k]));
    const z = units.map((k) => sigmoid(a_x[H + k] + a[H + k]));
    const a_n = times(units.map((k) => r[k] * h[k]), cell, gain, 2 * H);
    const n = units.map((k) => Math.tanh(a_x[2 * H + k] + a_n[k]));
    const after = units.map((k) => z[k] * h[k] + (1 - z[k]) * n[k]);
    return { h: after, gate: z, tangent: ({ dh }) => {
      const da = times(dh, cell, gain, 0, 2 * H);
      const drh = units.map((k) => r[k] * dh[k] + h[k] * r[k] * (1 - r[k]) * da[k]);
      const da_n = times(drh, cell, gain, 2 * H);
      return { dh: units.map((k) => z[k] * dh[k] + (h[k] - n[k]) * z[k] * (1 - z[k]) * da[H + k] +
        (1 - z[k]) * (1 - n[k] * n[k]) * da_n[k]) };
    } };
  }
  const a = times(h, cell, gain);
  const block = (b, phi) => units.map((k) => phi(a_x[b * H + k] + a[b * H + k]));
  const [i, f, g, o] = [block(0, sigmoid), block(1, sigmoid), block(2, Math.tanh), block(3, sigmoid)];
  const after = units.map((k) => f[k] * c[k] + i[k] * g[k]);
  const squashed = after.map(Math.tanh);
  return { h: units.map((k) => o[k] * squashed[k]), c: after, gate: f, tangent: ({ dh, dc }) => {
    const da = times(dh, cell, gain);
    const dcs = units.map((k) => f[k] * dc[k] + c[k] * f[k] * (1 - f[k]) * da[H + k] +
      g[k] * i[k] * (1 - i[k]) * da[k] + i[k] * (1 - g[k] * g[k]) * da[2 * H + k]);
    return { dc: dcs, dh: units.map((k) => o[k] * (1 - squashed[k] ** 2) * dcs[k] +
      squashed[k] * o[k] * (1 - o[k]) * da[3 * H + k]) };
  } };
}

/* All that is shown, for one settled state: gates and memory by step, log10 of the sizes. */
export function lane(data, table, { kind, input, forget_bias: bias, gain, T }) {
  const place = table.cells.findIndex((cell) => cell.name === kind);
  const cell = data.cells[place];
  const { H, D, G } = cell;
  const gated = cell.kind !== "RNN";
  const letter = cell.kind === "LSTM" ? "c" : "h";
  const b_h = cell.b_h.map((b, k) => (gated && k >= H && k < 2 * H ? b + bias : b));
  const read = (t, d) => {
    if (input === "yours") return data.xs[t * D + d];
    if (input === "symbols") return table.symbols[t] === d ? 1 : 0;
    return input === "pulse" && t === table.pulse[0] - 1 && d === 0 ? table.pulse[1] : 0;
  };
  const start = Array.from({ length: H }, (_, k) =>
    (input === "rest" || input === "yours" ? 0 : table.note[k % table.note.length]));
  const zeros = start.map(() => 0);
  let state = cell.kind === "LSTM" ? { h: zeros, c: start } : { h: start };
  let columns = start.map((_, j) => {
    const unit = start.map((__, k) => (k === j ? 1 : 0));
    return letter === "c" ? { dh: zeros, dc: unit } : { dh: unit };
  });
  let exponent = 0;
  const sums = zeros.slice();
  const found = { cell, gated, letter, gates: gated ? [] : null, memory: [start],
    direct: gated ? [] : null, full: [] };
  for (let t = 0; t < T; t += 1) {
    const a_x = b_h.slice();
    for (let d = 0; d < D; d += 1) {
      const x = read(t, d);
      if (x) for (let j = 0; j < G; j += 1) a_x[j] += x * cell.W_xh[d * G + j];
    }
    const { h, c, gate, tangent } = stepOf(cell, gain, a_x, state.h, state.c);
    state = { h, c };
    found.memory.push(letter === "c" ? c : h);
    columns = columns.map(tangent);
    const largest = Math.max(...columns.flatMap(({ dh, dc = [] }) => [...dh, ...dc].map(Math.abs)));
    const size = largest > 0 ? Math.floor(Math.log2(largest)) + 1 : 0;
    const scale = 2 ** -size; // changes no digit, and keeps squares from underflow
    columns = columns.map(({ dh, dc }) =>
      ({ dh: dh.map((x) => x * scale), dc: dc && dc.map((x) => x * scale) }));
    exponent += size;
    const square = columns.flatMap(({ dh, dc = dh }) => dc).reduce((sum, x) => sum + x * x, 0);
    found.full.push(Math.log10(Math.sqrt(square / H)) + exponent * Math.log10(2));
    if (gated) {
      found.gates.push(gate);
      gate.forEach((value, k) => { sums[k] += Math.log(value); });
      const most = Math.max(...sums);
      const mean = sums.reduce((sum, x) => sum + Math.exp(2 * (x - most)), 0) / H;
      found.direct.push(most === -Infinity ? most : (most + 0.5 * Math.log(mean)) / Math.LN10);
    }
  }
  const rates = [...b_h.slice(H, 2 * H)].map((b) => (b > -700 ? Math.log1p(Math.exp(-b)) : -b));
  found.halfLife = gated ? Math.LN2 / (rates.reduce((sum, x) => sum + x, 0) / H) : null;
  return found;
}

const inWords = (log) => tenTo(Math.floor(1000 * log + 0.5) / 1000);

export function steps(value) {
  if (value >= 99950) return inWords(Math.log10(value));
  return fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

export function sentence(table, now, found) {
  const { cell, gated, letter, halfLife } = found;
  const bias = fixed(now.forget_bias, 1);
  const name = BIAS[cell.kind];
  const parts = [now.kind];
  if (gated) parts.push(table.own ? `${bias} added to the ${name}` : `${name} ${bias}`);
  parts.push(`gain ${fixed(now.gain, 2)}`, `T = ${now.T}`, table.inputs[now.input]);
  const full = inWords(found.full[now.T - 1]);
  let text = `${parts.join(", ")}: of a change of ${letter}_0, `;
  if (gated) {
    const halves = halfLife === Infinity ? "never halves it"
      : `halves it every ${steps(halfLife)} steps`;
    text += `the gates alone let ${inWords(found.direct[now.T - 1])} through to ` +
      `${letter}_${now.T}; by all paths it is ${full}. This bias alone ${halves}.`;
  } else {
    text += `${full} is left in ${letter}_${now.T}, all of it by way of W_hh. There is no gate ` +
      "and no lane: each step writes h anew.";
  }
  if (now.measured) {
    const points = table.measured;
    text += ` Measured in Keras: ${fixed(points[0], 2)}, then ${fixed(points[1], 2)}, and at ` +
      `last ${fixed(points.at(-1), 4)}.`;
  }
  return text;
}

/* ---- the picture ---- */

/* The first of 1, 2, 3, 4, 6, 8, 10, … that is not below: the scale stands still while a slider moves. */
function roomFor(value) {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 3, 4, 6, 8, 10].map((step) => step * power).find((room) => room >= value * (1 - 1e-9));
}

function paintLane(box, { gated, gates, direct }, T) {
  const { bar, word } = units([0, T], [0, 1]);
  if (!gated) {
    box.show("", [word("lane-none", "no gates, no lane", T / 2, 0.5)]);
    return;
  }
  const wide = Math.min(0.3, T / 150);
  box.show(gates.map((gate, t) => {
    const open = gate.reduce((sum, f) => sum + f, 0) / gate.length;
    return bar("lane-memory", [t, t + 1.02], [0, 1], t ? 10 ** Math.min(direct[t - 1], 0) : 1) +
      bar("lane-gate", [t + 1 - wide, t + 1], [open, 1]);
  }).join(""), []);
}

function paintMemory(box, memory, T) {
  const count = Math.min(SHOWN, memory[0].length);
  const all = memory.flatMap((row) => row.slice(0, count).map(Math.abs));
  const high = roomFor(Math.max(...all, 0.1));
  const { line, word } = units([0, T], [-1.1 * high, 1.1 * high]);
  box.show(line("lane-line", [[0, 0], [T, 0]]) + Array.from({ length: count }, (_, k) =>
    line(`lane-unit lane-unit-${k + 1}`, memory.map((row, t) => [t, row[k]]))).join(""),
  [["−", -high], ["", 0], ["", high]].map(([sign, at]) =>
    word("rnnbook-y", `${sign}${Math.abs(at)}`, 0, at)));
}

function paintSizes(box, found, T, measured) {
  const { direct, full, halfLife } = found;
  const points = measured.slice(0, T).map((value, k) => [k + 1, Math.log10(value)]);
  const lines = [full, direct ?? [], points.map(([, log]) => log)];
  const seen = lines.flat().filter((log) => log > -Infinity);
  const low = -roomFor(Math.min(200, Math.max(1, -Math.min(0, ...seen))));
  const high = Math.max(0, ...seen) > 0.02 ? roomFor(Math.max(0.1, ...seen)) : 0;
  const air = 0.08 * (high - low);
  const trail = (logs) => {
    const end = logs.findIndex((log) => log === -Infinity);
    return [[0, 0], ...(end < 0 ? logs : logs.slice(0, end)).map((log, k) => [k + 1, log])];
  };
  const { line, word } = units([0, T], [low - air, high + air]);
  const marks = [...new Set([low, low / 2, 0, high])].filter(Number.isInteger);
  const halved = halfLife !== null && halfLife <= T;
  box.show(marks.map((log) => line("lane-line", [[0, log], [T, log]])).join("") +
    (halved ? line("lane-half", [[halfLife, low - air], [halfLife, high + air]]) : "") +
    line("lane-full", trail(full)) + (direct ? line("lane-direct", trail(direct)) : ""),
  [...marks.map((log) =>
    word("rnnbook-y", log === 0 ? "1" : tenTo(log).replace(/^1\.0e/, "1e"), 0, log)),
  ...(halved ? [word(`lane-word ${halfLife > 0.6 * T ? "lane-before" : ""}`,
    `half-life ${steps(halfLife)}`, halfLife, high + 0.5 * air)] : []),
  ...points.map(([t, log]) => word("lane-point", "", t, log))]);
}

function description({ gated, gates, memory, letter, direct, full }, T) {
  const marks = [...new Set([1, Math.ceil(T / 2), T])];
  const at = marks.map((t) => `${inWords(full[t - 1])} at step ${t}` +
    (gated ? ` (gates alone ${inWords(direct[t - 1])})` : ""));
  const mean = (gate) => fixed(gate.reduce((sum, f) => sum + f, 0) / gate.length, 2);
  return `${gated ? `A lane of ${T} steps, with gates at ${mean(gates[0])} at step 1 and ` +
    `${mean(gates[T - 1])} at step ${T}` : "No lane"}; ${letter} of unit 1 goes from ` +
    `${fixed(memory[0][0], 2)} to ${fixed(memory[T][0], 2)}; the size of d${letter}_t/d${letter}_0 ` +
    `is ${at.join(", ")}.`;
}

export default {
  render({ model, el }) {
    const table = model.get("table");
    const data = unpack(model.get("arrays"), table);
    const change = (trait) => (value) => setTraits(model, { [trait]: value });
    const names = table.cells.map((cell) => cell.name);
    const inputs = Object.keys(table.inputs);
    const kinds = radioRow("Cell", names, names, change("kind"));
    const input = radioRow("Input", inputs, Object.values(table.inputs), change("input"));
    const bias = decimalSlider(["forget bias"],
      { low: -2, high: 6, step: 0.1, digits: 1, change: change("forget_bias") });
    const gain = decimalSlider(["gain of ", math("W_hh")],
      { low: 0, high: 2, step: 0.05, digits: 2, change: change("gain") });
    const T = slider(model, "T", "steps", 1, table.longest);
    const measured = checkbox(model, "measured", "what a learner measured in Keras");
    const live = liveRegion();
    const [road, memory, sizes] = ["lane-road", "lane-memories", "lane-sizes"]
      .map((name) => stretchedPlot(`lane-box ${name}`));
    const [key, units, heading, end] = ["p", "p", "p", "span"].map((tag) => element(tag, {}));
    const figure = element("div", { class: "lane-figure", role: "img" },
      key, road.node, units, memory.node, heading, sizes.node,
      element("div", { class: "lane-steps" }, element("span", {}, "step 0"), end));
    const root = explorerRoot("memory-lane-explorer",
      element("p", { class: "rnnbook-title" }, "How long does the lane remember?"),
      names.length > 1 ? kinds.node : "", input.node,
      element("div", { class: "lane-sliders", role: "group", "aria-label": "Bias, gain and length" },
        bias.node, gain.node, T.node),
      measured.node,
      live.node,
      figure,
      element("p", { class: "rnnbook-note" }, "Sizes are root mean squares: 1 is all of it. The " +
        "measured points (keras issue 16151) are some mean over units; compare how they fall."));

    function draw() {
      const now = settle(table, getTraits(model, TRAITS));
      const found = lane(data, table, now);
      const { gated, letter, cell } = found;
      kinds.show(now.kind);
      input.show(now.input);
      bias.name.textContent = BIAS[cell.kind] ?? "forget bias";
      bias.input.disabled = !gated;
      bias.show(now.forget_bias, gated ? undefined : "none");
      gain.show(now.gain);
      T.show(now.T);
      measured.show(now.measured);
      key.replaceChildren(element("b", {}, "The lane"),
        gated ? ", dimmed by its gates; green: how far each is shut" : "");
      units.replaceChildren(element("b", {}, "Memory"), " ", math(`${letter}_t`),
        ` of ${cell.H > 1 ? `units 1 to ${Math.min(SHOWN, cell.H)}` : "the unit"}`,
        cell.H > 1 ? " (solid, dashed, dotted)" : "");
      heading.replaceChildren(element("b", {}, "Size of "), "d", math(`${letter}_t`), "/d",
        math(`${letter}_0`), gated ? ": all paths solid, gates alone dashed" : ": all paths");
      end.textContent = `step ${now.T}`;
      paintLane(road, found, now.T);
      paintMemory(memory, found.memory, now.T);
      paintSizes(sizes, found, now.T, now.measured ? table.measured : []);
      figure.setAttribute("aria-label", description(found, now.T));
      live.say(sentence(table, now, found));
    }

    el.append(root);
    return cleanup(root, live, follow(model, TRAITS, draw));
  },
};

const TRAITS = ["kind", "forget_bias", "gain", "input", "T", "measured"];

/* Turn single gates of an LSTM by hand. The same arithmetic is in gate_explorer.py. */

const T = 8;
const GATES = ["i", "f", "g", "o"];
const STEPS = Array.from({ length: T }, (_, t) => t + 1);
const allFree = () => GATES.map(() => Array(T).fill(null));

/* Eight steps forward and back. `set` has four rows of eight: a number, or null for a free gate.
   dc and dh are the total derivatives of L = h_8; lane is what came along the memory lane only. */
export function run({ W_xh, W_hh, b_h, xs }, set) {
  const sigmoid = (a) => 0.5 + 0.5 * Math.tanh(0.5 * a);
  const found = { i: [], f: [], g: [], o: [], c: [], h: [], dc: [], lane: [], dh: [] };
  const before = (name, t) => (t > 0 ? found[name][t - 1] : 0);
  for (let t = 0; t < T; t += 1) {
    const [i, f, g, o] = GATES.map((gate, k) => {
      const a = xs[t] * W_xh[k] + before("h", t) * W_hh[k] + b_h[k];
      found[gate][t] = set[k][t] ?? (gate === "g" ? Math.tanh(a) : sigmoid(a));
      return found[gate][t];
    });
    found.c[t] = f * before("c", t) + i * g;
    found.h[t] = o * Math.tanh(found.c[t]);
  }
  let fromC = 0;
  let fromH = 1;
  for (let t = T - 1; t >= 0; t -= 1) {
    const [i, f, g, o] = GATES.map((gate) => found[gate][t]);
    const m = Math.tanh(found.c[t]);
    const dh = fromH;
    const dc = fromC + dh * o * (1 - m * m);
    found.dh[t] = dh;
    found.dc[t] = dc;
    found.lane[t] = t === T - 1 ? dc : found.lane[t + 1] * found.f[t + 1];
    const da = [dc * g * i * (1 - i), dc * before("c", t) * f * (1 - f), dc * i * (1 - g * g),
      dh * m * o * (1 - o)];
    fromC = dc * f;
    fromH = da.reduce((sum, d, k) => sum + (set[k][t] === null ? d * W_hh[k] : 0), 0);
  }
  return found;
}

function whatIsSet(set) {
  const given = GATES.flatMap((gate, k) => set[k].flatMap((value, t) =>
    (value === null ? [] : [`${gate}_${t + 1} set to ${fixed(value, 2)}`])));
  const f = set[1];
  if (given.length === 0) return "All gates are free";
  if (given.length === T && f[0] !== null && f.every((value) => value === f[0])) {
    return `f set to ${fixed(f[0], 2)} at every step`;
  }
  return given.length > 3 ? `${given.length} gates are set by hand` : given.join(", ");
}

export function sentence(unit, set) {
  const [now, free] = [run(unit, set), run(unit, allFree())];
  const beside = (name, t) => {
    const [is, was] = [fixed(now[name][t], 2), fixed(free[name][t], 2)];
    return is === was ? is : `${is} instead of ${was}`;
  };
  return `${whatIsSet(set)}: c_8 is ${beside("c", T - 1)}. dL/dc_8 is ` +
    `${beside("dc", T - 1)}; along the lane ${beside("lane", 0)} arrives at c_1. ` +
    `With the ways through h, dL/dc_1 is ${beside("dc", 0)}.`;
}

/* What a linked widget sent: numbers in their range stay, all else is free. */
export function legal(rows) {
  return GATES.map((gate, k) => STEPS.map((step) => {
    const value = rows?.[k]?.[step - 1];
    return typeof value !== "number" ? null : between(value, gate === "g" ? -1 : 0, 1, null);
  }));
}

/** @type {{ head?: string, sub?: string, name?: string, kind?: string, label?: string[] }[]} */
const ROWS = [
  { head: "Gates" },
  ...GATES.map((gate) => ({ name: gate, kind: "gate", label: [gate] })),
  { head: "Forward →" },
  { name: "c", kind: "memory", label: ["c"] },
  { name: "h", kind: "forward", label: ["h"] },
  { head: "← Backward, L = h", sub: "8" },
  { name: "dc", kind: "gradient", label: ["dL/d", "c"] },
  { name: "lane", kind: "gradient gate-lane", label: ["by lane"] },
  { name: "dh", kind: "gradient", label: ["dL/d", "h"] },
];
const [LEFT, HEAD, ROW, BAR] = [50, 26, 46, 28];
const HEIGHT = ROWS.reduce((sum, row) => sum + (row.head ? HEAD : ROW), 18);

/* The picture, as wide as its box, so that letters keep their size. */
function art(width, now, free, set, step, gate) {
  const cell = (width - LEFT) / T;
  const parts = STEPS.map((t) => `<text class="gate-step" x="${LEFT + (t - 0.5) * cell}" y="12">` +
    `${t}</text>`);
  const rect = (kind, x, y, w, h) => `<rect class="${kind}" x="${x.toFixed(1)}" ` +
    `y="${y.toFixed(1)}" width="${w.toFixed(1)}" height="${h.toFixed(1)}"/>`;
  const line = (kind, x, y, w) => `<path class="${kind}" d="M${x.toFixed(1)} ${y.toFixed(1)}h` +
    `${w.toFixed(1)}"/>`;
  let top = 18;
  for (const { head, sub, name, kind, label } of ROWS) {
    if (head) {
      parts.push(`<text class="gate-head" x="0" y="${top + 18}">${head}` +
        `${sub ? `<tspan class="gate-sub" dy="3">${sub}</tspan>` : ""}</text>`);
      top += HEAD;
      continue;
    }
    const alike = name === "dc" || name === "lane" ? ["dc", "lane"] : [name]; // one scale
    const values = alike.flatMap((row) => [...now[row], ...free[row]]);
    const low = name === "g" ? -1 : Math.min(0, ...values);
    const high = kind === "gate" ? 1 : Math.max(0.8 + low, 0, ...values); // a span of 0.8 at least
    const scale = BAR / (high - low);
    const zero = top + 15 + scale * high;
    const words = label.map((word) => (word.length === 1 ? `<tspan class="gate-letter">${word}` +
      "</tspan>" : word)).join("");
    parts.push(`<text class="gate-name gate-${kind}" x="0" y="${top + 33}">${words}</text>`);
    STEPS.forEach((t) => {
      const x = LEFT + (t - 1) * cell;
      const k = GATES.indexOf(name);
      const isSet = k >= 0 && set[k][t - 1] !== null;
      const wide = Math.min(24, cell - 8);
      const at = x + (cell - wide) / 2;
      const size = scale * now[name][t - 1];
      const ghost = zero - scale * free[name][t - 1];
      if (name === gate && t === step) parts.push(rect("gate-chosen", x + 1, top, cell - 2, ROW - 1));
      parts.push(line("gate-zero", x + 2, zero, cell - 4),
        rect(`gate-bar gate-${kind}${isSet ? " gate-set" : ""}`, at, zero - Math.max(0, size), wide,
          Math.max(isSet ? 0.1 : 0, Math.abs(size)))); // what is set to 0 stays visible
      if (Math.abs(ghost - zero + size) > 0.5) parts.push(line("gate-ghost", at - 3, ghost, wide + 6));
      parts.push(`<text class="gate-number gate-${kind}${isSet ? " gate-set" : ""}" ` +
        `x="${x + cell / 2}" y="${top + 11}">${fixed(now[name][t - 1], 2)}</text>`);
      if (k >= 0) {
        parts.push(`<rect class="gate-hit" data-gate="${name}" data-step="${t}" x="${x}" ` +
          `y="${top}" width="${cell}" height="${ROW}"/>`);
      }
    });
    top += ROW;
  }
  return parts.join("");
}

export default {
  render({ model, el }) {
    const unit = model.get("unit");
    const free = run(unit, allFree());
    const chosen = () => [whole(model.get("step"), 1, T),
      GATES.includes(model.get("gate")) ? model.get("gate") : "f"];
    const change = (values) => setTraits(model, values);
    const put = (value) => {
      const [step, gate] = chosen();
      const set = legal(model.get("overrides"));
      set[GATES.indexOf(gate)][step - 1] = value;
      change({ overrides: set });
    };
    const button = (text, act) => {
      const node = element("button", { type: "button" }, ...formula(text));
      node.addEventListener("click", act);
      return node;
    };
    const steps = radioRow("Step", STEPS, STEPS.map(String), (step) => change({ step }));
    const gates = radioRow("Gate", GATES, GATES.map(math), (gate) => change({ gate }));
    const slide = decimalSlider(["value"], { low: 0, high: 1, step: 0.01, digits: 2, change: put });
    const loose = button("set free", () => put(null));
    const live = liveRegion();
    const svg = drawing(`<svg class="gate-art" aria-hidden="true" height="${HEIGHT}"></svg>`);
    const picture = element("div", { class: "gate-picture", role: "img" }, svg);
    const hold = button("f = 1 everywhere", () => {
      const set = allFree();
      set[1].fill(1);
      change({ overrides: set });
    });
    const root = explorerRoot("gate-explorer",
      element("p", { class: "rnnbook-title" }, "Turn a gate by hand"),
      element("div", { class: "gate-controls" }, steps.node, gates.node,
        element("div", { class: "gate-value" }, slide.node, loose),
        element("div", { class: "gate-buttons" }, hold,
          button("all free", () => change({ overrides: allFree() })))),
      live.node,
      picture,
      element("p", { class: "rnnbook-note" }, "Hollow bar, underlined number: set by hand. Dashed " +
        "line: where the bar ends when all gates are free. By lane: the part of ",
      "dL/d", math("c_t"), " that came along the memory lane alone, ", "dL/d", math("c_8"),
      " times the ", math("f"), " between. A gate that is set is a constant: no gradient goes into " +
        "its pre-activation, so none goes on from there to ", math("h"), " of the step before."));

    function draw() {
      const set = legal(model.get("overrides"));
      const [step, gate] = chosen();
      const now = run(unit, set);
      const value = set[GATES.indexOf(gate)][step - 1];
      steps.show(step);
      gates.show(gate);
      slide.name.replaceChildren(math(`${gate}_${step}`));
      slide.input.min = gate === "g" ? -100 : 0;
      const size = now[gate][step - 1];
      slide.show(size, `${fixed(size, 2)} ${value === null ? "free" : "set"}`);
      loose.setAttribute("aria-disabled", String(value === null));
      svg.innerHTML = art(Math.max(260, picture.clientWidth), now, free, set, step, gate);
      picture.setAttribute("aria-label", "Bars over eight steps. " + ROWS.filter((row) => row.name)
        .map(({ name }) => `${{ lane: "dL/dc by the lane alone", dc: "dL/dc", dh: "dL/dh" }[name] ??
          name}: ${now[name].map((number) => fixed(number, 2)).join(", ")}.`).join(" "));
      live.say(sentence(unit, set));
    }

    svg.addEventListener("click", ({ target }) => {
      const { gate, step } = target.dataset;
      if (gate) change({ gate, step: Number(step) });
    });
    el.append(root);
    const unfollow = follow(model, ["overrides", "step", "gate"], draw);
    const watch = new ResizeObserver(draw);
    watch.observe(picture);
    return cleanup(root, live, unfollow, () => watch.disconnect());
  },
};

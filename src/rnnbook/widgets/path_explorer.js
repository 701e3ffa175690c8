/* From a loss back to one use of a weight. All numbers come from path_explorer.py. */

const WEIGHTS = ["W_hh", "W_xh", "b_h"];
const STEPS = [1, 2, 3];
const LETTERS = [..."dogs"];
const UNITS = ["1", "2", "3"];

/* Four decimals, as in the chapter's tables; what is not zero never looks like it. */
export function size(value) {
  if (value === 0) return "0";
  return value < 0.0001 ? "below 0.0001" : fixed(value, 4);
}

export function sentence(terms, weight, t, s) {
  const loss = terms[weight].losses[t - 1];
  const use = loss.uses[s - 1];
  const alone = use.nothing ? `zero, because h_${s - 1} is zero.`
    : `a term of size ${size(use.size)} on its own.`;
  const together = t === 1 ? "It is the only term of this loss."
    : `The ${t === 2 ? "two" : "three"} terms of this loss together have size ` +
      `${size(loss.together)}.`;
  return `The loss of step ${t}, through the use of ${weight} at step ${s}: ${alone} ${together} ` +
    `The gradient of the whole loss has size ${size(terms[weight].whole)}.`;
}

/* The derivatives along a path, [of what, in what], from the loss to the weight's copy. */
export function factors(weight, t, s) {
  const states = Array.from({ length: t - s + 1 }, (_, i) => `h_${t - i}`);
  const stations = [`L_${t}`, ...states, `${weight}^(${s})`];
  return stations.slice(1).map((station, i) => [stations[i], station]);
}

/* The first of 0.1, 0.2, … 0.9, 1, 2, … that is not below the value. */
export function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return Number((Math.ceil(value / power - 1e-9) * power).toPrecision(1));
}

function fraction(above, below, d = "∂") {
  const part = (name, end) => element("span", { class: end }, d, math(name));
  return element("span", { class: "path-fraction" },
    part(above, "path-above"), part(below, "path-below"));
}

/* The unrolled network. Columns are shares of the width, rows are pixels, so that nothing but the
   distances changes with the width. The way back runs beside the arrows, a little up and left. */
const X = [10, 36, 62, 88];
const ROW = { L: 18, y: 76, h: 156, x: 246 };
const ASIDE = 9;
const MIDDLE = 201; // between h and x

function network(choose) {
  const line = (className, x1, y1, x2, y2) =>
    `<line class="${className}" x1="${x1}%" y1="${y1}" x2="${x2}%" y2="${y2}"/>`;
  const at = (x, y, inner) => `<svg class="path-at" x="${x}%" y="${y}">${inner}</svg>`;
  const up = '<path class="path-head" d="M0 0 L-5 9 L5 9 Z"/>';
  const right = '<path class="path-head" d="M0 0 L-9 -5 L-9 5 Z"/>';
  const between = (s) => (X[s - 1] + X[s]) / 2;
  const forward = STEPS.map((t) =>
    line("path-forward", X[t - 1], ROW.h, X[t], ROW.h) + at(X[t], ROW.h, `<g transform="translate(-23 0)">${right}</g>`) +
    line("path-forward", X[t], ROW.x, X[t], ROW.h) + at(X[t], ROW.h + 18, up) +
    line("path-forward", X[t], ROW.h, X[t], ROW.y) + at(X[t], ROW.y + 18, up) +
    line("path-forward", X[t], ROW.y, X[t], ROW.L) + at(X[t], ROW.L + 14, up)).join("");
  const bias = STEPS.map((s) => at(X[s], ROW.h + 18,
    `<g class="path-bias" transform="translate(-12 0)"><path class="path-forward" d="M0 8 V20"/>${up}</g>`)).join("");
  const piece = (names, inner, ends = "") =>
    `<g class="path-piece" data-piece="${names}"${ends}>${inner}</g>`;
  const dot = (x, y) => `<circle cx="${x}%" cy="${y}" r="4.5"/>`;
  const back = STEPS.map((t) =>
    piece(`loss-${t}`, line("", X[t], ROW.L + ASIDE, X[t], ROW.h)) +
    (t < 3 ? piece(`chain-${t}`, line("", X[t + 1], ROW.h, X[t], ROW.h)) : "") +
    piece(`W_hh-${t}`, line("", X[t], ROW.h, between(t), ROW.h) + dot(between(t), ROW.h)) +
    piece(`W_xh-${t}`, line("", X[t], ROW.h, X[t], MIDDLE + ASIDE) + dot(X[t], MIDDLE + ASIDE)) +
    piece(`b_h-${t}`, at(X[t], 0, `<g transform="translate(-13 0)"><path d="M0 ${ROW.h} V${MIDDLE - 3}"/>` +
      `<circle r="4.5" cy="${MIDDLE - 3}"/></g>`))).join("");
  const hits = STEPS.map((s) =>
    `<g data-hit="W_hh-${s}">${line("path-hit", X[s - 1], ROW.h, X[s], ROW.h)}</g>` +
    `<g data-hit="W_xh-${s}">${line("path-hit", X[s], ROW.h, X[s], ROW.x)}</g>`).join("");
  const svg = drawing(`<svg aria-hidden="true" width="100%" height="270">` +
    `${forward}${bias}<g transform="translate(${-ASIDE} ${-ASIDE})">${back}</g>${hits}</svg>`);

  const node = (name, t, kind) => element("span", {
    class: `rnnbook-node path-node path-node-${kind}`, "aria-hidden": "true",
    style: `left: ${X[t]}%; top: ${ROW[kind === "first" ? "h" : kind]}px`,
  }, math(name));
  const nodes = [node("h_0", 0, "first"), ...STEPS.flatMap((t) =>
    [node(`x_${t}`, t, "x"), node(`h_${t}`, t, "h"), node(`y_${t}`, t, "y")])];
  const plain = STEPS.flatMap((s) => [["W_hh", between(s)], ["W_xh", X[s]]].map(([weight, x]) =>
    element("span", { class: `path-plain path-plain-${weight}`, "aria-hidden": "true",
      style: `left: ${x}%` }, math(weight))));

  const losses = radioRow("Loss", STEPS, STEPS.map((t) => math(`L_${t}`)),
    (loss) => choose({ loss }), "path-losses");
  const uses = radioRow("Use of the weight", STEPS, STEPS.map(() => ""),
    (use) => choose({ use }), "path-uses");
  for (const { value, node, input } of losses.items) {
    node.style.setProperty("--x", X[value]);
    input.setAttribute("aria-label", `Loss L_${value} of step ${value}`);
  }
  for (const { value, node } of uses.items) {
    node.style.setProperty("--x", X[value]);
    node.style.setProperty("--between", between(value));
  }
  const stage = element("div", { class: "rnnbook-network path-stage" }, svg, ...nodes, ...plain,
    losses.node, uses.node);
  stage.addEventListener("click", (event) => {
    const hit = event.target.closest?.("[data-hit]")?.dataset.hit;
    if (hit) {
      const [weight, use] = hit.split("-");
      choose({ weight, use: Number(use) });
    }
  });
  nodes.forEach((node) => node.addEventListener("click", () => {
    const [letter, t] = node.textContent;
    if (letter === "y") choose({ loss: Number(t) });
    if (letter !== "y" && t !== "0") choose({ use: Number(t) });
  }));

  return {
    node: stage,
    show(weight, t, s) {
      stage.dataset.weight = weight;
      losses.show(t);
      uses.show(s, STEPS.filter((step) => step > t));
      for (const { value, input, text } of uses.items) {
        input.setAttribute("aria-label", `Use of ${weight} at step ${value}`);
        text.replaceChildren(math(`${weight}^(${value})`));
      }
      const lit = [`loss-${t}`, `${weight}-${s}`];
      for (let j = s; j < t; j++) lit.push(`chain-${j}`);
      for (const piece of [...svg.querySelectorAll(".path-piece")]) {
        piece.classList.toggle("path-lit", lit.includes(piece.dataset.piece));
        if (lit.includes(piece.dataset.piece)) piece.parentNode.append(piece); // above the faint ones
      }
    },
  };
}

/* The terms of one loss, the latest use first, each a button with its product and its size. */
function sum(choose) {
  const rows = [3, 2, 1].map((s) => {
    const product = element("span", { class: "path-product", "aria-hidden": "true" });
    const spoken = element("span", { class: "rnnbook-spoken" });
    const bar = element("span", { class: "path-bar" });
    const number = element("span", { class: "path-size" });
    const button = element("button", { type: "button", class: "path-term" },
      element("span", { class: "path-step" },
        element("span", { class: "path-mark", "aria-hidden": "true" }, "▸"), `use ${s}`),
      product, spoken, element("span", { class: "path-track" }, bar), number);
    const none = element("p", { class: "path-none" });
    button.addEventListener("click", () => choose({ use: s }));
    return { s, product, spoken, bar, number, button, none,
      node: element("li", { class: "path-row" }, button, none) };
  });
  const total = (name) => {
    const label = element("span", { class: "path-label" });
    const bar = element("span", { class: "path-bar" });
    const number = element("span", { class: "path-size" });
    return { label, bar, number, node: element("li", { class: `path-row path-total ${name}` },
      label, element("span", { class: "path-track", "aria-hidden": "true" }, bar), number) };
  };
  const together = total("path-together");
  const whole = total("path-whole");
  const head = element("p", { class: "path-equation" });
  const axis = element("p", { class: "path-axis", "aria-hidden": "true" });
  return {
    nodes: [head,
      element("ul", { class: "path-rows", "aria-label": "The terms and their sizes" },
        ...rows.map((row) => row.node), together.node, whole.node), axis],
    show(terms, weight, t, chosen, top) {
      const loss = terms[weight].losses[t - 1];
      const share = (value) => `${(100 * value) / top}%`;
      head.replaceChildren(fraction(`L_${t}`, weight, "d"),
        element("span", {}, t === 1 ? " = one term:" : ` = the sum of ${t} terms:`));
      for (const { s, product, spoken, bar, number, button, none } of rows) {
        const use = loss.uses[s - 1];
        button.hidden = !use;
        none.hidden = Boolean(use);
        none.replaceChildren(element("span", {}, ...formula(`use ${s} comes after L_${t}: no term`)));
        button.setAttribute("aria-pressed", s === chosen);
        if (!use) continue;
        const steps = factors(weight, t, s);
        product.replaceChildren(...steps.flatMap(([above, below], i) =>
          [i ? element("span", { class: "path-dot" }, "·") : "", fraction(above, below)]));
        spoken.textContent = ": " +
          `${steps.map(([above, below]) => `d ${above} by d ${below}`).join(", times ")}; size `;
        bar.style.width = share(use.size);
        button.classList.toggle("path-nothing", use.nothing);
        number.replaceChildren(...formula(
          use.nothing ? `0, because h_${s - 1} is zero` : size(use.size)));
      }
      together.label.replaceChildren(t === 1 ? "this term" : "these terms together");
      together.bar.style.width = share(loss.together);
      together.number.textContent = size(loss.together);
      whole.label.replaceChildren("all three losses together");
      whole.bar.style.width = share(terms[weight].whole);
      whole.number.textContent = size(terms[weight].whole);
      axis.replaceChildren(element("span", {}, "0"), element("span", {}, String(top)));
    },
  };
}

/* The chosen term: each entry is the number to its left times the number above it. */
function product() {
  const caption = element("caption");
  const leftHead = element("td", { class: "path-left" });
  const arrives = element("th", { scope: "row" });
  const above = UNITS.map(() => element("td"));
  const body = element("tbody");
  const node = element("table", { class: "path-table" }, caption,
    element("thead", {},
      element("tr", {}, element("td"), element("td"),
        ...UNITS.map((unit) => element("th", { scope: "col" }, `unit ${unit}`)))),
    element("tbody", {}, element("tr", { class: "path-arrives" }, arrives, leftHead, ...above)),
    body);
  return {
    node: element("div", { class: "path-numbers" }, node),
    show(terms, weight, t, s) {
      const use = terms[weight].losses[t - 1].uses[s - 1];
      const left = { W_hh: `h_${s - 1}`, W_xh: `x_${s}`, b_h: "1" }[weight];
      const heads = { W_hh: UNITS.map((unit) => `unit ${unit}`), W_xh: LETTERS, b_h: ["bias"] }[weight];
      caption.replaceChildren("This term in numbers: ", ...formula(left),
        " to the left, ", ...formula(`dL_${t}/da_${s}`), " arriving from above");
      leftHead.replaceChildren(...formula(left));
      arrives.replaceChildren(...formula(`dL_${t}/da_${s}`));
      above.forEach((cell, j) => (cell.textContent = fixed(use.da[j], 4)));
      const plain = weight === "W_hh" ? (value) => fixed(value, 4) : String;
      body.replaceChildren(...use.term.map((row, i) => element("tr", {},
        element("th", { scope: "row" }, heads[i]),
        element("td", { class: "path-left" }, use.nothing ? "0" : plain(use.left[i])),
        ...row.map((entry) => element("td", { class: entry === 0 ? "path-zero" : null },
          entry === 0 ? "0" : fixed(entry, 4))))));
    },
  };
}

const NOTE = "All bars have one linear scale, the same for the three weights. L_t is the share of step t in the loss, " +
  "a third of that step's own. The size of a table is the square root of the sum of its squared " +
  "entries. Sizes do not add up: terms can point against each other.";

export default {
  render({ model, el }) {
    const at = () => {
      const weight = WEIGHTS.includes(model.get("weight")) ? model.get("weight") : WEIGHTS[0];
      const loss = whole(model.get("loss"), 1, 3);
      return { weight, loss, use: whole(model.get("use"), 1, loss) };
    };
    const choose = (change) => {
      const next = { ...at(), ...change };
      if (change.use > next.loss) return; // no path leads there
      next.use = Math.min(next.use, next.loss);
      // Python refuses a use after the loss, also for a moment.
      const order = next.loss < at().loss ? ["use", "loss"] : ["loss", "use"];
      setTraits(model, Object.fromEntries(["weight", ...order].map((name) => [name, next[name]])));
    };

    const live = liveRegion();
    const weights = radioRow("Weight", WEIGHTS, WEIGHTS.map(math), (weight) => choose({ weight }),
      "path-weights");
    for (const { value, input } of weights.items) {
      input.setAttribute("aria-label", `Weight ${value}`);
    }
    const net = network(choose);
    const terms = sum(choose);
    const numbers = product();
    const root = explorerRoot("path-explorer",
      element("p", { class: "rnnbook-title" }, "One path, one term"),
      element("p", { class: "path-task" }, "Pick a weight, then a loss and a use in the picture."),
      weights.node,
      net.node,
      live.node,
      ...terms.nodes,
      numbers.node,
      element("p", { class: "rnnbook-note" }, ...formula(NOTE)));

    function draw() {
      const { weight, loss, use } = at();
      const all = model.get("terms");
      const top = ceiling(Math.max(...WEIGHTS.flatMap((name) => [all[name].whole,
        ...all[name].losses.flatMap((l) => [l.together, ...l.uses.map((u) => u.size)])])));
      weights.show(weight);
      net.show(weight, loss, use);
      terms.show(all, weight, loss, use, top);
      numbers.show(all, weight, loss, use);
      live.say(sentence(all, weight, loss, use));
    }

    el.append(root);
    return cleanup(root, live, follow(model, ["weight", "loss", "use", "terms"], draw));
  },
};

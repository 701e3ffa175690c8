/* The forward pass of 'dogs', number by number. The arithmetic first, in the book's letters; tests
   compare it with rnnbook to 1e-12. */

const LETTERS = [..."dogs"];
const LIMIT = 20;
const NAMES = ["W_xh", "W_hh", "b_h", "W_hy", "b_y", "h0"];

export function add(u, v) {
  return u.map((entry, i) => entry + v[i]);
}

/* A row vector times a matrix. */
export function times(row, matrix) {
  return matrix[0].map((_, j) => row.reduce((sum, entry, i) => sum + entry * matrix[i][j], 0));
}

/* The largest output is subtracted first: it changes nothing and keeps exp from overflowing. */
export function softmax(y) {
  const largest = Math.max(...y);
  const e = y.map((entry) => Math.exp(entry - largest));
  const sum = e.reduce((total, entry) => total + entry, 0);
  return e.map((entry) => entry / sum);
}

/* All steps; `inputs` and `targets` are places in the alphabet. Index 0 is step t = 1. */
export function forward({ W_xh, W_hh, b_h, W_hy, b_y, h0 }, inputs = [0, 1, 2], targets = [1, 2, 3]) {
  let before = h0;
  return inputs.map((input, t) => {
    const x = W_xh.map((_, i) => (i === input ? 1 : 0));
    const from_x = times(x, W_xh);
    const from_h = times(before, W_hh);
    const a = add(add(from_x, from_h), b_h);
    const h = a.map(Math.tanh);
    const read = times(h, W_hy);
    const y = add(read, b_y);
    const p = softmax(y);
    const step = {
      input, target: targets[t], x, before, from_x, from_h, a, h, read, y, p,
      guess: p.indexOf(Math.max(...p)), loss: -Math.log(p[targets[t]]),
    };
    before = h;
    return step;
  });
}

export function meanLoss(steps) {
  return steps.reduce((sum, step) => sum + step.loss, 0) / steps.length;
}

export function sentence(steps, t, stage) {
  const s = steps[t - 1];
  const reading = `Step ${t} of ${steps.length}, reading ${LETTERS[s.input]}. `;
  const said = [
    `The network reads x_${t} = (${s.x.join(", ")}) and its own note, h_${t - 1} = ${vector(s.before)}.`,
    `Row ${LETTERS[s.input]} of W_xh, h_${t - 1} W_hh and b_h add up to a_${t} = ${vector(s.a)}.`,
    `The new note is h_${t} = tanh(a_${t}) = ${vector(s.h)}.`,
    `The outputs are y_${t} = ${vector(s.y)}, one for each letter.`,
    `h_${t} = ${vector(s.h)}. The network's guess is ${LETTERS[s.guess]} with probability ` +
      `${fixed(s.p[s.guess])}; the right letter is ${LETTERS[s.target]}. ` +
      `Loss of this step ${fixed(s.loss)}.`,
  ][stage - 1];
  return `${reading}${said} Mean loss over the three steps ${fixed(meanLoss(steps))}.`;
}

/* One number: three decimals to see, all of them in the title. A dot keeps the place of what has
   not been computed yet. */
function show(cell, value, known = true) {
  cell.textContent = known ? fixed(value, Math.abs(value) < 10 ? 3 : 2) : "·";
  if (known) cell.title = String(value);
  else cell.removeAttribute("title");
}

/* A small table of row vectors over named columns. */
function vectors(columns, count) {
  const rows = Array.from({ length: count }, () => {
    const label = element("th", { scope: "row" });
    const cells = columns.map(() => element("td"));
    return { node: element("tr", {}, label, ...cells), label, cells };
  });
  const head = element("thead", {}, element("tr", {}, element("td"),
    ...columns.map((column) => element("th", { scope: "col" }, column))));
  const node = element("table", { class: `dogs-vectors dogs-by-${columns.length}` }, head,
    element("tbody", {}, ...rows.map((row) => row.node)));
  return {
    node,
    head: head.querySelectorAll("th"),
    rows,
    show(i, text, values, known = true) {
      rows[i].label.replaceChildren(...formula(text));
      rows[i].cells.forEach((cell, j) => show(cell, values[j], known));
    },
  };
}

/* A product written out, for a hand that checks it. */
function terms(columns) {
  const lines = columns.map(() => element("li"));
  const name = element("summary", {});
  const node = element("details", { class: "dogs-terms" }, name, element("ul", {}, ...lines));
  const signed = (value) => (value < 0 ? `(${fixed(value)})` : fixed(value));
  return {
    node,
    show(text, row, matrix) {
      name.replaceChildren(...formula(text), " term by term");
      const product = times(row, matrix);
      columns.forEach((column, j) => {
        const sum = row.map((entry, i) => `${signed(entry)}·${signed(matrix[i][j])}`).join(" + ");
        lines[j].textContent = `${column}: ${sum} = ${fixed(product[j])}`;
      });
    },
  };
}

function stageItem(number, ...body) {
  const title = element("span", { class: "dogs-formula" });
  const now = element("span", { class: "dogs-now" }, "now");
  const node = element("li", { class: "dogs-stage" },
    element("p", { class: "dogs-stage-head" },
      element("span", { class: "dogs-number" }, String(number)), title, now),
    element("div", { class: "dogs-stage-body" }, ...body));
  return {
    show(text, stage) {
      title.replaceChildren(...formula(text));
      node.classList.toggle("dogs-current", stage === number);
      node.classList.toggle("dogs-future", stage < number);
      if (stage === number) node.setAttribute("aria-current", "step");
      else node.removeAttribute("aria-current");
    },
    node,
  };
}

/* The strip: h_0 and three linked cells, each with its input below and its output above. */
function strip(choose) {
  const group = freshId();
  const note = () => {
    const name = element("span", { class: "dogs-name" });
    const entries = [0, 1, 2].map(() => element("span", { class: "dogs-entry" }));
    return { node: element("div", { class: "dogs-note" }, name, ...entries), name, entries };
  };
  const arrow = (sign, className, weight) => element("span",
    { class: `dogs-arrow ${className}`, "aria-hidden": "true" },
    element("span", {}, sign), weight ? math(weight) : "");
  const first = note();
  first.name.append(math("h_0"));
  first.node.classList.add("dogs-first");
  const steps = [1, 2, 3].map((t) => {
    const radio = element("input", { type: "radio", name: group, value: t });
    const guess = element("span", { class: "dogs-letter" });
    const verdict = element("span", { class: "dogs-verdict" });
    const letter = element("span", { class: "dogs-letter" });
    const cell = note();
    cell.name.append(math(`h_${t}`));
    radio.addEventListener("change", () => choose(t));
    const node = element("div", { class: "dogs-column" },
      element("div", { class: "dogs-output" }, guess, verdict),
      arrow("↑", "dogs-up", "W_hy"),
      cell.node,
      arrow("↑", "dogs-up", "W_xh"),
      element("div", { class: "dogs-input" }, math(`x_${t}`), " ", letter),
      element("label", { class: "dogs-choice" }, radio, element("span", {}, `step ${t}`)));
    node.addEventListener("click", (event) => {
      if (!event.target.closest("label")) choose(t);
    });
    return { node, radio, guess, verdict, letter, cell };
  });
  const node = element("div", { class: "dogs-net", role: "radiogroup",
    "aria-label": "The unrolled network; choose a step" },
    first.node, ...steps.flatMap((step) => [arrow("→", "dogs-right", "W_hh"), step.node]));
  return {
    node,
    show(all, h0, t) {
      first.entries.forEach((entry, i) => show(entry, h0[i]));
      steps.forEach((step, i) => {
        const s = all[i];
        step.letter.textContent = LETTERS[s.input];
        step.cell.entries.forEach((entry, j) => show(entry, s.h[j]));
        step.guess.textContent = LETTERS[s.guess];
        step.verdict.textContent =
          s.guess === s.target ? "✓ right" : `✗ not ${LETTERS[s.target]}`;
        step.radio.checked = i + 1 === t;
        step.node.classList.toggle("dogs-current", i + 1 === t);
      });
    },
  };
}

/* The editable numbers. A vector is shown as a matrix of one row. */
function weights(model, hint) {
  const units = ["1", "2", "3"];
  const grids = [
    { name: "W_xh", rows: LETTERS, columns: units, what: "from the letter into the note" },
    { name: "W_hh", rows: units, columns: units, what: "from note to note" },
    { name: "b_h", rows: null, columns: units, what: "the note's bias" },
    { name: "h0", rows: null, columns: units, what: "the note before step 1" },
    { name: "W_hy", rows: units, columns: LETTERS, what: "from the note to the outputs" },
    { name: "b_y", rows: null, columns: LETTERS, what: "the outputs' bias" },
  ];
  for (const grid of grids) {
    const symbol = grid.name === "h0" ? "h_0" : grid.name;
    grid.heads = (grid.rows || [math(symbol)]).map((row) => element("th", { scope: "row" },
      element("span", { class: "dogs-mark", "aria-hidden": "true" }, "▸"), row));
    grid.fields = (grid.rows || [null]).map((row, i) => grid.columns.map((column, j) => numberField({
      name: row === null ? `${symbol}, column ${column}` : `${symbol}, row ${row}, column ${column}`,
      limit: LIMIT,
      step: 0.1,
      hint,
      change(value) {
        const now = structuredClone(model.get(grid.name));
        if (row === null) now[j] = value;
        else now[i][j] = value;
        setTraits(model, { [grid.name]: now });
      },
    })));
    grid.node = element("table", { class: `dogs-grid ${grid.rows ? "dogs-matrix" : "dogs-row"}` },
      element("caption", {}, math(symbol), " ", element("span", {}, grid.what)),
      element("thead", {}, element("tr", {}, element("td"),
        ...grid.columns.map((column) => element("th", { scope: "col" }, column)))),
      element("tbody", {}, ...grid.fields.map((line, i) => element("tr", {},
        grid.heads[i],
        ...line.map((field) => element("td", {}, field.node))))));
  }
  const each = (values, act) => grids.forEach((grid) => grid.fields.forEach((line, i) =>
    line.forEach((field, j) => {
      const value = values[grid.name];
      act(field, grid.rows ? value[i][j] : value[j]);
    })));
  return {
    nodes: grids.map((grid) => grid.node),
    show(values, used, input) {
      each(values, (field, value) => field.show(value));
      for (const grid of grids) {
        grid.node.classList.toggle("dogs-used", used.includes(grid.name));
        if (!grid.rows) grid.heads[0].parentNode.classList.toggle("dogs-marked", used.includes(grid.name));
      }
      grids[0].heads.forEach((head, i) =>
        head.parentNode.classList.toggle("dogs-marked", i === input));
    },
    reset(values) {
      each(values, (field, value) => field.put(value));
    },
  };
}

const HINT = "Edit any number. The arrow keys ↑ and ↓ change it by 0.1.";

export default {
  render({ model, el }) {
    const change = (values) => setTraits(model, values);
    const at = () => ({ t: whole(model.get("t"), 1, 3), stage: whole(model.get("stage"), 1, 5) });
    const walk = (by) => {
      const { t, stage } = at();
      const place = 5 * (t - 1) + stage - 1 + by;
      if (place >= 0 && place < 15) change({ t: Math.floor(place / 5) + 1, stage: (place % 5) + 1 });
    };

    const live = liveRegion();
    const net = strip((t) => change({ t }));
    const back = element("button", { type: "button" }, "Back");
    const next = element("button", { type: "button" }, "Next");
    const place = element("span", { class: "dogs-place" });
    back.addEventListener("click", () => walk(-1));
    next.addEventListener("click", () => walk(1));

    const units = [1, 2, 3].map(String);
    const readX = vectors(LETTERS, 1);
    const readH = vectors(units, 1);
    const sum = vectors(units, 4);
    const sumTerms = terms(units);
    const squash = vectors(units, 1);
    const output = vectors(LETTERS, 3);
    const outputTerms = terms(LETTERS);
    const chances = vectors(LETTERS, 1);
    const bars = LETTERS.map(() => element("div", { class: "dogs-bar" }));
    chances.node.tBodies[0].append(element("tr", { class: "dogs-bars", "aria-hidden": "true" },
      element("td"), ...bars.map((bar) => element("td", {}, bar))));
    const verdict = element("p", { class: "dogs-loss" });
    sum.rows[3].node.classList.add("dogs-total");
    output.rows[2].node.classList.add("dogs-total");
    const stages = [
      stageItem(1, readX.node, readH.node),
      stageItem(2, sum.node, sumTerms.node),
      stageItem(3, squash.node),
      stageItem(4, output.node, outputTerms.node),
      stageItem(5, chances.node, verdict),
    ];

    const hint = fieldHint(HINT, live);
    const grid = weights(model, hint);
    const reset = element("button", { type: "button" }, "Reset weights");
    reset.addEventListener("click", () => {
      const start = model.get("start");
      grid.reset(start);
      change(start);
    });

    const root = explorerRoot("dogs-stepper",
      element("p", { class: "rnnbook-title" }, "What comes after d, o, g?"),
      net.node,
      element("div", { class: "dogs-walk" }, back, next, place),
      live.node,
      element("div", { class: "dogs-panes" },
        element("ol", { class: "dogs-stages", "aria-label": "The stages of this step" },
          ...stages.map((stage) => stage.node)),
        element("div", { class: "dogs-weights", role: "group", "aria-label": "Weights" },
          element("div", { class: "dogs-weights-head" },
            element("p", { class: "dogs-weights-title" }, "The weights"), reset),
          hint.node,
          ...grid.nodes)));

    function draw() {
      const { t, stage } = at();
      const values = getTraits(model, NAMES);
      const steps = forward(values);
      const s = steps[t - 1];
      const letter = LETTERS[s.input];

      net.show(steps, values.h0, t);
      back.setAttribute("aria-disabled", t === 1 && stage === 1);
      next.setAttribute("aria-disabled", t === 3 && stage === 5);
      place.textContent = `Step ${t} of 3, stage ${stage} of 5`;

      stages[0].show(`read x_${t} and h_${t - 1}`, stage);
      readX.show(0, `x_${t} (${letter})`, s.x);
      s.x.forEach((entry, i) => (readX.rows[0].cells[i].textContent = entry));
      readH.show(0, `h_${t - 1}`, s.before);

      stages[1].show(`a_${t} = x_${t} W_xh + h_${t - 1} W_hh + b_h`, stage);
      sum.show(0, `x_${t} W_xh (row\u00a0${letter})`, s.from_x, stage >= 2);
      sum.show(1, `+ h_${t - 1} W_hh`, s.from_h, stage >= 2);
      sum.show(2, "+ b_h", values.b_h, stage >= 2);
      sum.show(3, `= a_${t}`, s.a, stage >= 2);
      sumTerms.show(`h_${t - 1} W_hh`, s.before, values.W_hh);

      stages[2].show(`h_${t} = tanh(a_${t})`, stage);
      squash.show(0, `h_${t}`, s.h, stage >= 3);

      stages[3].show(`y_${t} = h_${t} W_hy + b_y`, stage);
      output.show(0, `h_${t} W_hy`, s.read, stage >= 4);
      output.show(1, "+ b_y", values.b_y, stage >= 4);
      output.show(2, `= y_${t}`, s.y, stage >= 4);
      outputTerms.show(`h_${t} W_hy`, s.h, values.W_hy);

      stages[4].show(`p_${t} = softmax(y_${t})`, stage);
      chances.show(0, `p_${t}`, s.p, stage >= 5);
      bars.forEach((bar, i) => {
        bar.style.height = `${100 * s.p[i]}%`;
        bar.classList.toggle("dogs-target", i === s.target);
      });
      const right = s.guess === s.target;
      verdict.textContent = `Guess ${LETTERS[s.guess]}, right letter ${LETTERS[s.target]} (outlined) ` +
        `${right ? "✓" : "✗"}. Loss −ln ${fixed(s.p[s.target])} = ${fixed(s.loss)}.`;
      verdict.title = String(s.loss);

      const used = [["h0"].filter(() => t === 1), ["W_xh", "W_hh", "b_h"], [], ["W_hy", "b_y"], []];
      grid.show(values, used[stage - 1], s.input);
      live.say(sentence(steps, t, stage));
    }

    el.append(root);
    return cleanup(root, live, follow(model, [...NAMES, "t", "stage"], draw));
  },
};

/* The forward pass of a word, number by number. The arithmetic first, in the book's letters; tests
   compare it with rnnbook to 1e-12. */

const WORDS = {
  dogs: { letters: [..."dogs"], inputs: [0, 1, 2], targets: [1, 2, 3], units: 3 },
  noon: { letters: [..."no"], inputs: [0, 1, 1], targets: [1, 1, 0], units: 2 },
};
const LIMIT = 20;
const NAMES = ["W_xh", "W_hh", "b_h", "W_hy", "b_y", "h0"];
const STAGES = ["read", "add", "squash", "score", "guess"];

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
export function forward({ W_xh, W_hh, b_h, W_hy, b_y, h0 }, word = "dogs") {
  const { inputs, targets } = WORDS[word];
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

/* `all`: whether the reader has been at the end, so that the mean loss is no secret. */
export function sentence(steps, t, stage, word, all) {
  const s = steps[t - 1];
  const { letters } = WORDS[word];
  const reading = `Step ${t} of ${steps.length}, reading ${letters[s.input]}. `;
  const said = [
    `The item is x_${t} = (${s.x.join(", ")}), the old state h_${t - 1} = ${vector(s.before)}.`,
    `Row ${letters[s.input]} of W_xh, h_${t - 1} W_hh and b_h add up to a_${t} = ${vector(s.a)}.`,
    `The new state is h_${t} = tanh(a_${t}) = ${vector(s.h)}.`,
    `The scores are y_${t} = ${vector(s.y)}, one for each letter.`,
    `The guess is ${letters[s.guess]}, with probability ${fixed(s.p[s.guess])}; the right letter ` +
      `is ${letters[s.target]}. Loss of this step ${fixed(s.loss)}.`,
  ][stage - 1];
  return reading + said + (all ? ` Mean loss ${fixed(meanLoss(steps))}.` : "");
}

/* One number: three decimals to see, all of them in the title. A dot keeps the place of what has
   not been computed yet. */
function show(cell, value, known = true) {
  cell.textContent = known ? fixed(value, Math.abs(value) < 10 ? 3 : 2) : "·";
  if (known) cell.title = String(value);
  else cell.removeAttribute("title");
}

/* A small table of row vectors over named columns. `editable` holds, for some rows, fields. */
function vectors(columns, count, editable = {}) {
  const rows = Array.from({ length: count }, (_, i) => {
    const label = element("th", { scope: "row" });
    const cells = columns.map((_, j) =>
      element("td", {}, ...(editable[i] ? [editable[i][j].node] : [])));
    return { node: element("tr", {}, label, ...cells), label, cells };
  });
  const head = element("thead", {}, element("tr", {}, element("td"),
    ...columns.map((column) => element("th", { scope: "col" }, column))));
  const node = element("table", { class: `dogs-vectors dogs-by-${columns.length}` }, head,
    element("tbody", {}, ...rows.map((row) => row.node)));
  return {
    node,
    rows,
    show(i, text, values) {
      rows[i].label.replaceChildren(...formula(text));
      rows[i].cells.forEach((cell, j) => {
        if (editable[i]) editable[i][j].show(values[j]);
        else show(cell, values[j]);
      });
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

/* The strip: h_0 and three linked cells, each with its input below and its output above. */
function strip({ letters, inputs, units }, choose) {
  const group = freshId();
  const note = () => {
    const name = element("span", { class: "dogs-name" });
    const entries = Array.from({ length: units }, () =>
      element("span", { class: "dogs-entry" }));
    return { node: element("div", { class: "dogs-note" }, name, ...entries), name, entries };
  };
  const arrow = (sign, className, weight) => element("span",
    { class: `dogs-arrow ${className}`, "aria-hidden": "true" },
    element("span", {}, sign), math(weight));
  const first = note();
  first.name.append(math("h_0"));
  first.node.classList.add("dogs-first");
  const steps = inputs.map((input, i) => {
    const t = i + 1;
    const radio = element("input", { type: "radio", name: group, value: t });
    const guess = element("span", { class: "dogs-letter" });
    const verdict = element("span", { class: "dogs-verdict" });
    const cell = note();
    cell.name.append(math(`h_${t}`));
    radio.addEventListener("change", () => choose(t));
    const node = element("div", { class: "dogs-column" },
      element("div", { class: "dogs-output" }, guess, verdict),
      arrow("↑", "dogs-up", "W_hy"),
      cell.node,
      arrow("↑", "dogs-up", "W_xh"),
      element("label", { class: "dogs-choice" }, radio,
        element("span", {}, element("span", { class: "dogs-step" }, "step "), `${t}: `,
          element("b", {}, letters[input]))));
    node.addEventListener("click", (event) => {
      if (!event.target.closest("label")) choose(t);
    });
    return { node, radio, guess, verdict, cell };
  });
  const node = element("div", { class: "dogs-net", role: "radiogroup",
    "aria-label": "The unrolled network; choose a step" },
    first.node, ...steps.flatMap((step) => [arrow("→", "dogs-right", "W_hh"), step.node]));
  return {
    node,
    /* `reached`: the furthest stage of all that the reader has been at, from 0. */
    show(all, h0, t, reached) {
      first.entries.forEach((entry, i) => show(entry, h0[i]));
      steps.forEach((step, i) => {
        const s = all[i];
        const guessed = reached >= 5 * i + 4;
        step.cell.entries.forEach((entry, j) => show(entry, s.h[j], reached >= 5 * i + 2));
        step.guess.textContent = guessed ? letters[s.guess] : "?";
        step.verdict.textContent =
          !guessed ? "" : s.guess === s.target ? "✓ right" : `✗ not ${letters[s.target]}`;
        step.radio.checked = i === t - 1;
        step.node.classList.toggle("dogs-current", i === t - 1);
      });
    },
  };
}

/* Fields for all weights. `change(name, now)` gets an array as it is then. */
function weights(word, model, hint) {
  const { letters, units } = WORDS[word];
  const count = Array.from({ length: units }, (_, i) => String(i + 1));
  const fields = {};
  const of = (name, rows, columns) => {
    const symbol = name === "h0" ? "h_0" : name;
    fields[name] = (rows || [null]).map((row, i) => columns.map((column, j) => numberField({
      name: row === null ? `${symbol}, column ${column}` : `${symbol}, row ${row}, column ${column}`,
      limit: LIMIT,
      step: 0.1,
      hint,
      change(value) {
        const now = structuredClone(model.get(name));
        if (row === null) now[j] = value;
        else now[i][j] = value;
        setTraits(model, { [name]: now });
      },
    })));
  };
  of("W_xh", letters, count);
  of("W_hh", count, count);
  of("b_h", null, count);
  of("h0", null, count);
  of("W_hy", count, letters);
  of("b_y", null, letters);

  const grid = (name, rows, columns, ...more) => {
    const heads = rows.map((row) => element("th", { scope: "row" },
      element("span", { class: "dogs-mark", "aria-hidden": "true" }, "▸"), row));
    const node = element("table", { class: "dogs-grid" },
      element("caption", {}, math(name), ...more),
      element("thead", {}, element("tr", {}, element("td"),
        ...columns.map((column) => element("th", { scope: "col" }, column)))),
      element("tbody", {}, ...fields[name].map((line, i) => element("tr", {}, heads[i],
        ...line.map((field) => element("td", {}, field.node))))));
    return { node, heads };
  };
  const each = (values, act) => {
    for (const [name, lines] of Object.entries(fields)) {
      lines.forEach((line, i) => line.forEach((field, j) => {
        const value = values[name];
        act(field, Array.isArray(value[i]) ? value[i][j] : value[j]);
      }));
    }
  };
  return {
    fields,
    letters,
    count,
    grid,
    show: (values) => each(values, (field, value) => field.show(value)),
    put: (values) => each(values, (field, value) => field.put(value)),
  };
}

/* The stages of a step, each with its numbers and with the weights that it uses. All lie in one
   place, so that the figure is as high at each of them. */
function panel(word, model, live, reset) {
  const hint = fieldHint("Type another number, or press ↑ and ↓ to change it by 0.1.", live);
  const all = weights(word, model, hint);
  const { fields, letters, count } = all;
  const readX = vectors(letters, 1);
  const first = vectors(count, 1, { 0: fields.h0[0] });
  const later = vectors(count, 1);
  const sum = vectors(count, 4, { 2: fields.b_h[0] });
  const sumTerms = terms(count);
  const squash = vectors(count, 2);
  const output = vectors(letters, 3, { 1: fields.b_y[0] });
  const outputTerms = terms(letters);
  const chances = vectors(letters, 1);
  const bars = letters.map(() => element("div", { class: "dogs-bar" }));
  chances.node.tBodies[0].append(element("tr", { class: "dogs-bars", "aria-hidden": "true" },
    element("td"), ...bars.map((bar) => element("td", {}, bar))));
  const verdict = element("p", { class: "dogs-loss" });
  sum.rows[3].node.classList.add("dogs-total");
  output.rows[2].node.classList.add("dogs-total");

  const forget = element("button", { type: "button", class: "dogs-forget" }, "all 0");
  forget.setAttribute("aria-label", "Set all of W_hh to 0");
  forget.addEventListener("click", () =>
    setTraits(model, { W_hh: model.get("W_hh").map((row) => row.map(() => 0)) }));
  const W_xh = all.grid("W_xh", letters, count);
  const W_hh = all.grid("W_hh", count, count, forget);
  const W_hy = all.grid("W_hy", count, letters);

  const heads = STAGES.map(() => element("p", { class: "dogs-formula" }));
  const bodies = [
    [readX.node, first.node, later.node],
    [sum.node, element("div", { class: "dogs-grids" }, W_xh.node, W_hh.node), sumTerms.node],
    [squash.node],
    [output.node, element("div", { class: "dogs-grids" }, W_hy.node), outputTerms.node],
    [chances.node, verdict],
  ];
  const stages = bodies.map((body, i) =>
    element("div", { class: "dogs-stage" }, heads[i], ...body));
  const names = STAGES.map((name, i) => element("li", {}, `${i + 1} ${name}`));
  const node = element("div", {},
    element("ol", { class: "dogs-names", "aria-label": "The stages of a step" }, ...names),
    element("div", { class: "dogs-stages" }, ...stages),
    element("div", { class: "dogs-under" }, hint.node, reset));
  return {
    node,
    put: all.put,
    show(values, s, t, stage) {
      const letter = letters[s.input];
      [`Read x_${t} and h_${t - 1}`, `a_${t} = x_${t} W_xh + h_${t - 1} W_hh + b_h`,
        `h_${t} = tanh(a_${t})`, `y_${t} = h_${t} W_hy + b_y`, `p_${t} = softmax(y_${t})`,
      ].forEach((text, i) => heads[i].replaceChildren(...formula(text)));
      stages.forEach((one, i) => one.classList.toggle("dogs-now", i === stage - 1));
      names.forEach((name, i) => {
        if (i === stage - 1) name.setAttribute("aria-current", "step");
        else name.removeAttribute("aria-current");
      });
      all.show(values);

      readX.show(0, `x_${t} (${letter})`, s.x);
      s.x.forEach((entry, i) => (readX.rows[0].cells[i].textContent = entry));
      first.node.hidden = t > 1;
      later.node.hidden = t === 1;
      first.show(0, "h_0", values.h0);
      later.show(0, `h_${t - 1}`, s.before);

      sum.show(0, `x_${t} W_xh (row\u00a0${letter})`, s.from_x);
      sum.show(1, `+ h_${t - 1} W_hh`, s.from_h);
      sum.show(2, "+ b_h", values.b_h);
      sum.show(3, `= a_${t}`, s.a);
      sumTerms.show(`h_${t - 1} W_hh`, s.before, values.W_hh);
      W_xh.heads.forEach((head, i) =>
        head.parentNode.classList.toggle("dogs-marked", i === s.input));

      squash.show(0, `a_${t}`, s.a);
      squash.show(1, `h_${t}`, s.h);

      output.show(0, `h_${t} W_hy`, s.read);
      output.show(1, "+ b_y", values.b_y);
      output.show(2, `= y_${t}`, s.y);
      outputTerms.show(`h_${t} W_hy`, s.h, values.W_hy);

      chances.show(0, `p_${t}`, s.p);
      bars.forEach((bar, i) => {
        bar.style.height = `${100 * s.p[i]}%`;
        bar.classList.toggle("dogs-target", i === s.target);
      });
      verdict.textContent = `Guess ${letters[s.guess]}, right letter ${letters[s.target]} ` +
        `(outlined) ${s.guess === s.target ? "✓" : "✗"}. ` +
        `Loss −ln ${fixed(s.p[s.target])} = ${fixed(s.loss)}.`;
      verdict.title = String(s.loss);
    },
  };
}

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
    const words = Object.keys(WORDS);
    const choice = radioRow("Word", words, words.map((word) => `'${word}'`),
      (word) => change({ t: 1, stage: 1, word, ...model.get("start")[word] }));
    const back = element("button", { type: "button" }, "Back");
    const next = element("button", { type: "button" }, "Next");
    const reset = element("button", { type: "button" }, "Reset weights");
    const mean = element("span", { class: "dogs-mean" });
    back.addEventListener("click", () => walk(-1));
    next.addEventListener("click", () => walk(1));
    reset.addEventListener("click", () => {
      const start = model.get("start")[model.get("word")];
      parts.panel.put(start);
      change(start);
    });

    const place = element("div");
    const under = element("div");
    const root = explorerRoot("dogs-stepper",
      element("p", { class: "rnnbook-title" }, "What comes next?"),
      choice.node,
      place,
      element("div", { class: "dogs-walk" }, back, next, mean),
      under,
      live.node);
    let parts = { word: null };
    let reached = 0;

    function draw() {
      const { t, stage } = at();
      const word = model.get("word");
      const values = getTraits(model, NAMES);
      // Of a change to the other word this may be the middle.
      const { units, letters } = WORDS[word];
      const sizes = NAMES.map((name) => values[name].length);
      const expected = [letters.length, units, units, units, letters.length, units];
      if (sizes.some((size, i) => size !== expected[i])) return;
      if (parts.word !== word) {
        parts = {
          word,
          net: strip(WORDS[word], (t) => change({ t })),
          panel: panel(word, model, live, reset),
        };
        place.replaceChildren(parts.net.node);
        under.replaceChildren(parts.panel.node);
        reached = 0;
      }
      reached = Math.max(reached, 5 * (t - 1) + stage - 1);
      const steps = forward(values, word);
      choice.show(word);
      parts.net.show(steps, values.h0, t, reached);
      parts.panel.show(values, steps[t - 1], t, stage);
      back.setAttribute("aria-disabled", t === 1 && stage === 1);
      next.setAttribute("aria-disabled", t === 3 && stage === 5);
      const all = reached === 14;
      mean.textContent = all ? `mean loss ${fixed(meanLoss(steps))}` : `step ${t} of 3`;
      live.say(sentence(steps, t, stage, word, all));
    }

    el.append(root);
    return cleanup(root, live, follow(model, [...NAMES, "word", "t", "stage"], draw));
  },
};

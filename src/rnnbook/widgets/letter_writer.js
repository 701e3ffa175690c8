/* A network writes letter by letter. The same arithmetic is in rnnbook: cells.py, model.py and
   letter_writer.py. */

const [LONGEST, MOST, BARS] = [60, 400, 8];
const [WIDE, NARROW] = [16, 10];  // squares in a row of the state
const RATE = 30;  // letters a second
const AT_ONCE = 15;  // letters between two pictures, at most: a slow screen keeps the pace
const NAMES = { " ": "space", "\n": "new paragraph", ",": "comma", ".": "full stop",
  ";": "semicolon", ":": "colon", "'": "apostrophe", '"': "quotation mark",
  "(": "opening bracket", ")": "closing bracket", "-": "hyphen", "_": "underscore",
  "?": "question mark", "!": "exclamation mark", "/": "slash", "=": "equals sign",
  "+": "plus sign" };

/* ---- the network ---- */

/* The arrays as numbers. With scales an entry is one byte, times the scale of its column; without,
   it is eight bytes, a double. Arrays are rows, one after the other. */
export function unpack({ kind, activation, H, alphabet, arrays }, weights) {
  const net = { kind, activation, H, letters: alphabet };
  let start = 0;
  for (const { name, shape, scales } of arrays) {
    const from = start;
    const length = shape.reduce((product, size) => product * size, 1);
    net[name] = scales
      ? Float64Array.from({ length }, (_, i) => weights.getInt8(from + i) * scales[i % scales.length])
      : Float64Array.from({ length }, (_, i) => weights.getFloat64(from + 8 * i, true));
    start += (scales ? 1 : 8) * length;
  }
  return net;
}

const sigmoid = (a) => 0.5 + 0.5 * Math.tanh(0.5 * a);
const ACTIVATIONS = { tanh: Math.tanh, sigmoid, relu: (a) => Math.max(a, 0), identity: (a) => a };

/* Adds row W to a, for the columns from `first` up to `last`. */
function addProduct(a, row, W, first, last) {
  const width = a.length;
  for (let j = 0; j < row.length; j += 1) {
    const factor = row[j];
    if (factor === 0) continue;
    for (let g = first, k = j * width + first; g < last; g += 1, k += 1) a[g] += factor * W[k];
  }
}

export function emptyState({ kind, H }) {
  return { h: new Float64Array(H), c: new Float64Array(kind === "LSTM" ? H : 0) };
}

/* The state after one more letter, given by its place in the alphabet. */
export function step(net, { h, c }, place) {
  const { kind, H, W_xh, W_hh, b_h } = net;
  const G = b_h.length;
  const a = b_h.map((bias, g) => bias + W_xh[place * G + g]);
  if (kind === "GRU") {
    addProduct(a, h, W_hh, 0, 2 * H);
    addProduct(a, h.map((value, j) => sigmoid(a[j]) * value), W_hh, 2 * H, G);
    const next = h.map((value, j) => {
      const z = sigmoid(a[H + j]);
      return z * value + (1 - z) * Math.tanh(a[2 * H + j]);
    });
    return { h: next, c };
  }
  addProduct(a, h, W_hh, 0, G);
  if (kind === "LSTM") {
    const kept = c.map((value, j) =>
      sigmoid(a[H + j]) * value + sigmoid(a[j]) * Math.tanh(a[2 * H + j]));
    return { h: kept.map((value, j) => sigmoid(a[3 * H + j]) * Math.tanh(value)), c: kept };
  }
  return { h: a.map(ACTIVATIONS[net.activation]), c };
}

/* The chance of each letter to come next. */
export function probabilities({ W_hy, b_y }, { h }, temperature) {
  const ys = Float64Array.from(b_y);
  addProduct(ys, h, W_hy, 0, ys.length);
  const most = ys.reduce((high, y) => Math.max(high, y), -Infinity);
  const es = ys.map((y) => Math.exp((y - most) / temperature));
  const sum = es.reduce((total, e) => total + e, 0);
  return es.map((e) => e / sum);
}

/* The k-th draw of a seed, from 0 up to 1: as in letter_writer.py. */
export function chance(seed, k) {
  let bits = (Math.imul(seed, 0x9e3779b1) + Math.imul(k, 0x85ebca77) + 1) >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b) >>> 0;
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35) >>> 0;
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

export function drawn(ps, u) {
  let total = 0;
  for (let place = 0; place < ps.length; place += 1) {
    total += ps[place];
    if (u < total) return place;
  }
  return ps.indexOf(Math.max(...ps));
}

/* What the network remembers of a text: the state after each of its letters. A text that begins as
   the last one did is read from where they part. */
export function reader(net) {
  const places = new Map(net.letters.map((letter, place) => [letter, place]));
  let known = [];
  const states = [emptyState(net)];
  return {
    knows: (letter) => places.has(letter),
    /* One state more than there are letters; the first is empty. */
    read(text) {
      const letters = [...text];
      let same = 0;
      while (same < known.length && known[same] === letters[same]) same += 1;
      states.length = same + 1;
      for (const letter of letters.slice(same)) {
        states.push(step(net, states.at(-1), places.get(letter)));
      }
      known = letters;
      return states;
    },
  };
}

/* The text with `count` letters more. */
export function writeOn(net, read, { prompt, text, temperature, seed }, count) {
  let written = text;
  for (let k = 0; k < count && written.length < MOST; k += 1) {
    const ps = probabilities(net, read(prompt + written).at(-1), temperature);
    written += net.letters[drawn(ps, chance(seed, written.length))];
  }
  return written;
}

/* ---- words ---- */

export function likeliest(net, state, temperature) {
  const ps = probabilities(net, state, temperature);
  return Array.from(ps, (p, k) => ({ letter: net.letters[k], p, k }))
    .sort((one, other) => other.p - one.p || one.k - other.k).slice(0, BARS);
}

const named = (letter) => NAMES[letter] ?? letter;
const percent = (p) => (p >= 0.005 ? `${Math.floor(100 * p + 0.5)} %` : "under 1 %");

export function sentence(net, states, { prompt, text, temperature, unit }) {
  const read = (prompt + text).replaceAll("\n", "¶");
  const after = read ? `After “${read.length > 20 ? "…" : ""}${read.slice(-20)}”` : "At the start";
  const listed = likeliest(net, states.at(-1), temperature).slice(0, 3)
    .map(({ letter, p }) => `${named(letter)} (${percent(p)})`);
  const words = listed.length > 1 ? `${listed.slice(0, -1).join(", ")} and ${listed.at(-1)}`
    : listed[0];
  const beside = unit ? ` Unit ${unit} is at ${fixed(states.at(-1).h[unit - 1], 2)}.` : "";
  return `${after}, at temperature ${temperature.toFixed(1)}, the likeliest next letters are ` +
    `${words}. It has written ${text.length} of ${MOST} letters.${beside}`;
}

/* ---- pictures ---- */

/* A square for each unit, as large as its value; filled above 0, hollow below. */
function stateFigure(H, choose) {
  let shown = { h: new Float64Array(H), unit: 0 };
  const grid = (width, height) => {  // the style sheet decides which of the two it is
    const across = width > 1.5 * height * NARROW ** 2 / H ? WIDE : NARROW;
    return [across, Math.min(width / across, height / Math.ceil(H / across))];
  };
  const figure = canvasFigure("letter-state", ["surface", "forward", "line", "ink"], () => {
    const pen = figure.pen();
    const [across, cell] = grid(figure.width, figure.height);
    shown.h.forEach((value, k) => {
      const [x, y] = [(k % across + 0.5) * cell, (Math.floor(k / across) + 0.5) * cell];
      const side = (cell - 3) * Math.sqrt(Math.min(1, Math.abs(value)));
      pen.fillStyle = pen.strokeStyle = figure.colours.forward;
      pen.lineWidth = 1.2;
      if (value > 0) pen.fillRect(x - side / 2, y - side / 2, side, side);
      else pen.strokeRect(x - side / 2, y - side / 2, side, side);
      if (k === shown.unit - 1) {
        pen.strokeStyle = figure.colours.ink;
        pen.lineWidth = 2;
        pen.strokeRect(x - cell / 2 + 1, y - cell / 2 + 1, cell - 2, cell - 2);
      }
    });
  });
  for (const [name, across] of [["wide", WIDE], ["narrow", NARROW]]) {
    figure.node.style.setProperty(`--letter-${name}`, `${across} / ${Math.ceil(H / across)}`);
  }
  figure.node.addEventListener("click", (event) => {
    const box = figure.node.getBoundingClientRect();
    const [across, cell] = grid(box.width, box.height);
    const [column, row] = [event.clientX - box.left, event.clientY - box.top]
      .map((place) => Math.floor(place / cell));
    const unit = row * across + column + 1;
    if (column < across && unit <= H) choose(unit === shown.unit ? 0 : unit);
  });
  return {
    ...figure,
    show(h, unit) {
      shown = { h, unit };
      const [up, down] = [h.filter((value) => value > 0.5), h.filter((value) => value < -0.5)];
      figure.node.setAttribute("aria-label", `The state: ${up.length} of ${H} units are above ` +
        `one half, ${down.length} below minus one half.`);
      figure.ask();
    },
  };
}

/* A bar for each of the likeliest next letters. */
function barFigure() {
  const rows = Array.from({ length: BARS }, () => {
    const [letter, bar, number] = ["letter", "bar", "number"].map((part) =>
      element("span", { class: `letter-bar-${part}` }));
    return { letter, bar, number,
      node: element("div", { class: "letter-bar-row" }, letter,
        element("span", { class: "letter-bar-room" }, bar), number) };
  });
  const node = element("div", { class: "letter-bars", role: "img" },
    ...rows.map((row) => row.node));
  return {
    node,
    show(next) {
      rows.forEach(({ letter, bar, number, node: row }, k) => {
        row.classList.toggle("letter-gone", k >= next.length);
        if (k >= next.length) return;
        const { letter: shown, p } = next[k];
        letter.textContent = { " ": "space", "\n": "¶" }[shown] ?? shown;
        bar.style.width = `${(100 * p).toFixed(2)}%`;
        number.textContent = percent(p).replace("under ", "<");
      });
      node.setAttribute("aria-label", `The next letter: ${next.map(({ letter, p }) =>
        `${named(letter)} ${percent(p)}`).join(", ")}.`);
    },
  };
}

/* Prompt and text, a piece for each letter, coloured by one unit if one is chosen. */
function page() {
  const lines = element("p", { class: "letter-lines" });
  const node = element("div", { class: "letter-page" }, lines);
  let shown = [];
  const pieces = [];
  return {
    node,
    show(prompt, text, states, unit) {
      const letters = [...prompt + text];
      let same = 0;
      while (same < shown.length && shown[same] === letters[same]) same += 1;
      for (const piece of pieces.splice(same)) piece.remove();
      for (const letter of letters.slice(same)) {
        pieces.push(element("span", {}, letter === "\n" ? "¶ " : letter));
      }
      lines.append(...pieces.slice(same));
      shown = letters;
      pieces.forEach((piece, k) => {
        const value = unit ? states[k + 1].h[unit - 1] : 0;
        const size = Math.min(1, Math.abs(value));
        const kind = [k < prompt.length ? "letter-given" : "",
          size < 0.05 ? "" : value > 0 ? "letter-up" : "letter-down"].join(" ").trim();
        if (piece.className !== kind) piece.className = kind;
        const strength = `${Math.round(40 * size)}%`;
        if (unit) piece.style.setProperty("--letter-strength", strength);
      });
    },
  };
}

export default {
  render({ model, el }) {
    const net = unpack(model.get("network"), model.get("weights"));
    const memory = reader(net);
    const NOW = ["prompt", "text", "temperature", "seed", "unit"];
    const live = liveRegion();
    const legal = () => {
      const now = getTraits(model, NOW);
      const known = (text, most) => [...String(text ?? "")].filter(memory.knows).slice(0, most).join("");
      return { prompt: known(now.prompt, LONGEST), text: known(now.text, MOST),
        temperature: between(now.temperature, 0.1, 2, 0.5), seed: whole(now.seed, 0, 2 ** 31),
        unit: whole(now.unit, 0, net.H) };
    };

    // ---- writing ----
    let frame = 0;
    let [last, owed] = [0, 0];
    const write = (time) => {
      owed = Math.min(AT_ONCE, owed + (RATE * (time - last)) / 1000);
      last = time;
      const count = Math.floor(owed);
      owed -= count;
      if (count > 0) {
        const now = legal();
        model.set("text", writeOn(net, memory.read, now, count));
      }
      if (model.get("text").length >= MOST) pause();
      else frame = requestAnimationFrame(write);
    };
    const start = () => {
      const { text, seed } = legal();
      if (text.length >= MOST) setTraits(model, { text: "", seed: (seed + 1) % 2 ** 31 });
      [last, owed] = [performance.now(), 0];
      frame = requestAnimationFrame(write);
      draw();
      live.announce("Writing.");
    };
    function pause() {
      cancelAnimationFrame(frame);
      frame = 0;
      model.save_changes();
      draw();
    }

    // ---- controls ----
    const hint = fieldHint("Type your own beginning, then press Enter.", live);
    const id = freshId();
    const field = element("input", { id, class: "letter-prompt", type: "text", maxlength: LONGEST,
      autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      "data-jp-suppress-context-menu": "" });
    field.addEventListener("input", () => {
      const strange = [...field.value].find((letter) => !memory.knows(letter));
      if (strange) {
        field.setAttribute("aria-invalid", "true");
        hint.refuse(field, `The network has never seen ${strange}; the prompt before it stays.`);
        return;
      }
      field.removeAttribute("aria-invalid");
      hint.forgive(field);
      if (frame) pause();
      setTraits(model, { prompt: field.value, text: "" });
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !frame && !isForTheHost(event)) start();
    });
    const heat = decimalSlider(["temperature"], { low: 0.1, high: 2, step: 0.1, digits: 1,
      change: (temperature) => setTraits(model, { temperature }) });
    const button = element("button", { type: "button", class: "letter-write" });
    button.addEventListener("click", () => (frame ? pause() : start()));
    const choose = (unit) => setTraits(model, { unit });
    const unit = placeSlider(["unit"], 0, net.H, choose);

    const text = page();
    const state = stateFigure(net.H, choose);
    const bars = barFigure();
    const root = explorerRoot("letter-writer",
      element("p", { class: "rnnbook-title" }, "A network writes"),
      element("div", { class: "letter-controls" },
        element("div", { class: "letter-field" }, element("label", { for: id }, "prompt"), field),
        heat.node, button),
      hint.node,
      text.node,
      element("div", { class: "letter-figures" },
        element("div", {}, element("p", { class: "letter-head" }, "its state, ", math("h")),
          state.node),
        element("div", {}, element("p", { class: "letter-head" }, "what comes next?"), bars.node)),
      live.node,
      element("details", { class: "letter-more" },
        element("summary", {}, "Colour the text by one unit"), unit.node,
        element("p", { class: "rnnbook-note" }, "Or choose a square of the state. A letter is " +
          "shaded where the unit is above 0 once it has been read, and underlined where it is " +
          "below.")),
      element("p", { class: "rnnbook-note" }, "One square is one unit of the state: the larger, " +
        "the further from 0, at most 1. A filled square is above 0, a hollow one below. The bars " +
        "are the chances of the next letter, at this temperature."));

    function draw() {
      const now = legal();
      const states = memory.read(now.prompt + now.text);
      if (field.value !== now.prompt && !field.hasAttribute("aria-invalid")) {
        field.value = now.prompt;
      }
      heat.show(now.temperature);
      unit.show(now.unit, now.unit ? String(now.unit) : "none");
      button.textContent = frame ? "Pause" : now.text.length >= MOST ? "Write again" : "Write";
      text.show(now.prompt, now.text, states, now.unit);
      state.show(states.at(-1).h, now.unit);
      bars.show(likeliest(net, states.at(-1), now.temperature));
      const says = sentence(net, states, now);
      if (frame) live.seen.replaceChildren(says); // spoken when it rests
      else live.say(says);
    }

    el.append(root);
    state.start();
    const unfollow = follow(model, NOW, draw);
    return cleanup(root, live, unfollow, () => cancelAnimationFrame(frame), state.stop);
  },
};

/* How far back a gradient reaches. All numbers come from gradient_explorer.py, which says how they
   are packed; here they are unpacked once, and a move of a slider picks a row and draws it. */

const ZERO = -32768;
const LOST = Math.log10(2 ** -24);
const LEVEL = 0.301;

/* curves -> thousandths of decades against the last step, and how often the way back was zero. */
export function unpack(curves, table) {
  const { T } = table;
  const count = table.settings.length * table.marks.length;
  const sums = new Int32Array(count * T);
  const zeros = new Uint8Array(count * T);
  for (let row = 0; row < count; row += 1) {
    let sum = 0;
    let zero = 0;
    for (let k = (row + 1) * T - 1; k >= row * T; k -= 1) {
      const step = curves.getInt16(2 * k, true);
      if (step === ZERO) zero += 1;
      else sum += step;
      sums[k] = sum;
      zeros[k] = zero;
    }
  }
  return { sums, zeros };
}

/* Where a kind, its forget bias and a gain stand in the table. Anything may come from a link. */
export function locate(table, { kind, forget_bias: bias, gain }) {
  const found = table.settings.findIndex((setting) =>
    setting.kind === kind && (setting.bias === null || setting.bias === bias));
  const same = table.settings.findIndex((setting) => setting.kind === kind);
  const setting = Math.max(found >= 0 ? found : same, 0);
  return { setting, place: nearestPlace(table.values, gain) };
}

/* log10 of the norms for t = 1 … T. */
export function logNorms({ sums, zeros }, table, { setting, place }, T) {
  const start = (setting * table.marks.length + place) * table.T;
  const end = start + T - 1;
  return Float64Array.from({ length: T }, (_, t) =>
    zeros[start + t] === zeros[end] ? (sums[start + t] - sums[end]) / 1000 : -Infinity);
}

export function logBounds(table, { setting, place }, T) {
  const rate = table.settings[setting].rates[place];
  if (rate === null) return null;
  return Float64Array.from({ length: T }, (_, t) => {
    const steps = T - 1 - t;
    if (steps === 0) return 0;
    return rate > ZERO ? steps * rate : -Infinity;
  });
}

/* "one part in 5,000", for 10**log below 1. */
export function parts(log) {
  if (log <= -6) return `one part in ${Number((10 ** (-log - 6)).toPrecision(2))} million`;
  const value = Number((10 ** -log).toPrecision(2));
  return `one part in ${value < 100 ? value : thousands(value)}`;
}

function share(norms) {
  const first = norms[0];
  if (first === -Infinity) {
    return "the first state gets nothing: the gradient is exactly zero from " +
      `t = ${norms.lastIndexOf(-Infinity) + 1} back.`;
  }
  const gets = `the first state gets ${tenTo(first)} ${first <= LEVEL ? "of" : "times"} ` +
    "the last one's gradient";
  if (first < LOST) return `${gets}. Added to that in float32, it changes nothing.`;
  if (first < -LEVEL) return `${gets}, ${parts(first)}.`;
  if (first <= LEVEL) return `${gets}, about as much.`;
  return `${gets}: it grows.`;
}

export function name(table, { setting, place }) {
  const { kind, bias } = table.settings[setting];
  const forget = bias === null ? "" : `, forget bias ${String(bias).replace("-", "−")}`;
  return `${kind}${forget}, ${table.slider} ${table.marks[place]}`;
}

/* now and pinned: { where, T, norms, bounds }, as `read` makes them. */
export function sentence(table, now, pinned) {
  let text = `${name(table, now.where)}, T = ${now.T}: `;
  if (now.T === 1) {
    text += "the first state is the last one; make T larger.";
  } else {
    text += share(now.norms);
    if (now.bounds === null) {
      text += " The bound does not hold for gates.";
    } else {
      const [bound] = now.bounds;
      text += ` The bound allows ${tenTo(bound)}${bound > LEVEL ? " times it" : ""}.`;
    }
  }
  if (pinned) {
    text += ` Pinned: ${name(table, pinned.where)}, T = ${pinned.T}, where it gets ` +
      `${tenTo(pinned.norms[0])}.`;
  }
  return text;
}

export function read(data, table, setting) {
  const where = locate(table, setting);
  const T = whole(setting.T, 1, table.T);
  return {
    where, T, norms: logNorms(data, table, where, T), bounds: logBounds(table, where, T),
  };
}

/* ---- the picture ---- */

/* The first of 1, 1.5, 2, 3, 4, 6, 8, 10, 15, … that is not below: between two of them the scale
   stands still while a slider moves. */
export function limit(decades) {
  if (decades <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(decades));
  return [1, 1.5, 2, 3, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= decades);
}

function ticks(low, high, most, steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]) {
  const step = steps.find((size) => (high - low) / size <= most) ?? high - low;
  const all = [];
  for (let k = Math.ceil(low / step); k * step <= high; k += 1) all.push(k * step);
  return all;
}

const STRIP = { top: 46, height: 50, above: 26, decades: 8 }; // above: room for what grows
const PLOT = { top: 128, bottom: 40 };

const ROLES = ["forward", "gradient", "data", "ink", "surface", "raised", "line"];

function paint(figure, table, now, pinned) {
  const { width, height, font } = figure;
  const colours = { ...figure.colours, small: `13px ${font}`, tiny: `10px ${font}` };
  const pen = figure.pen();
  pen.textBaseline = "alphabetic";
  pen.font = colours.small;

  const left = 46;
  const right = width - 14;
  const longest = Math.max(now.T, pinned ? pinned.T : 1);
  const step = (right - left) / longest;
  const x = (t) => left + (t - 0.5) * step; // t = 1 is the first cell's middle
  strip(pen, colours, now, { left, step, x, right });

  const drawn = [now.norms, now.bounds, pinned?.norms].filter(Boolean);
  let low = 0;
  let high = 0;
  for (const line of drawn) {
    for (const log of line) {
      if (log > -Infinity && log < low) low = log;
      if (log > high) high = log;
    }
  }
  low = low < 0 ? -limit(-low) : 0;
  high = high > 0.02 ? limit(high) : 0;
  if (low === high) low = -1;
  const air = 0.06 * (high - low); // beyond the outermost ticks
  const bottom = height - PLOT.bottom;
  const y = (log) => PLOT.top + ((bottom - PLOT.top) * (high + air - log)) / (high - low + 2.5 * air);
  if (now.bounds && now.T > 1) above(pen, colours, now.bounds, { x, y });
  axes(pen, colours, { left, right, bottom, low, high, x, y, longest, step });
  curves(pen, colours, table, now, pinned, { left, right, bottom, x, y });
}

/* The unrolled network. A cell is a vessel, full where the gradient is as large as the last one's
   and empty below 1e-8; what is larger than the last one's stands above the rim. */
function strip(pen, colours, { T, norms }, { left, step, x }) {
  const { top, height, above, decades } = STRIP;
  const rim = top;
  const base = top + height;
  const end = left + T * step;
  const gap = step >= 26 ? 14 : step >= 7 ? 2 : step >= 4 ? 1 : 0;
  const wide = Math.min(step - gap, 64);

  // Cells too thin for a gap meet on whole pixels, or seams would show.
  const from = (t) => (gap ? x(t) - wide / 2 : Math.round(left + (t - 1) * step));
  const across = (t) => (gap ? wide : from(t + 1) - from(t));
  pen.fillStyle = colours.raised;
  for (let t = 1; t <= T; t += 1) pen.fillRect(from(t), rim, across(t), height);
  pen.fillStyle = colours.gradient;
  for (let t = 1; t <= T; t += 1) {
    const level = Math.min(Math.max(1 + norms[t - 1] / decades, 0), 2);
    if (level === 0) continue;
    const full = Math.min(level, 1);
    pen.globalAlpha = 0.15 + 0.85 * full;
    pen.fillRect(from(t), base - full * height, across(t), full * height);
    if (level > 1) {
      const tall = (level - 1) * above;
      pen.fillRect(from(t), rim - 2 - tall, across(t), tall);
    }
  }
  pen.globalAlpha = 1;

  pen.strokeStyle = gap === 0 ? colours.line : colours.forward;
  pen.lineWidth = gap >= 14 ? 1.5 : 1;
  pen.beginPath();
  if (gap === 0) {
    pen.rect(left + 0.5, rim + 0.5, end - left - 1, height - 1);
  } else if (gap >= 2) {
    for (let t = 1; t <= T; t += 1) {
      pen.roundRect(x(t) - wide / 2, rim, wide, height, gap >= 14 ? 5 : 1.5);
    }
  }
  pen.stroke();
  if (gap >= 14) {
    pen.fillStyle = colours.forward;
    pen.beginPath();
    for (let t = 1; t < T; t += 1) {
      const to = x(t + 1) - wide / 2;
      const middle = rim + height / 2;
      trace(pen, [[x(t) + wide / 2, middle], [to - 5, middle]]);
      trace(pen, [[to, middle], [to - 7, middle - 4], [to - 7, middle + 4]]);
      pen.closePath();
    }
    pen.fill();
    pen.stroke();
  }

  pen.fillStyle = colours.data;
  pen.textAlign = "right";
  exponent(pen, colours, 0, left - 6, rim + 9);
  exponent(pen, colours, -decades / 2, left - 6, rim + height / 2 + 5);
  exponent(pen, colours, -decades, left - 6, base + 2);
  comesIn(pen, colours, x(T), left, rim);
}

/* The loss comes in at the last cell, and its gradient goes back. */
function comesIn(pen, colours, last, left, rim) {
  const far = Math.max(last - 120, left + 8);
  const goesBack = last - far > 70;
  pen.fillStyle = colours.gradient;
  pen.strokeStyle = colours.gradient;
  pen.lineWidth = 1.5;
  pen.textAlign = last + 14 > left + 60 ? "right" : "left";
  pen.fillText("loss", pen.textAlign === "right" ? last + 14 : last - 3, 12);
  pen.beginPath();
  trace(pen, [[last, 17], [last, rim - 8]]);
  if (goesBack) trace(pen, [[last - 20, 8], [far + 8, 8]]);
  pen.stroke();
  pen.beginPath();
  trace(pen, [[last, rim - 3], [last - 4.5, rim - 11], [last + 4.5, rim - 11]]);
  if (goesBack) trace(pen, [[far, 8], [far + 9, 3.5], [far + 9, 12.5]]);
  pen.fill();
}

function axes(pen, colours, { left, right, bottom, low, high, x, y, longest, step }) {
  pen.lineWidth = 1;
  pen.textAlign = "right";
  for (const log of ticks(low, high, 5)) {
    const at = Math.round(y(log)) + 0.5;
    pen.strokeStyle = log === 0 ? colours.data : colours.line;
    pen.beginPath();
    pen.moveTo(left, at);
    pen.lineTo(right, at);
    pen.stroke();
    pen.fillStyle = colours.data;
    exponent(pen, colours, log, left - 6, at + 4);
  }
  pen.fillStyle = colours.data;
  pen.textAlign = "center";
  const room = Math.max(2, Math.floor((right - left) / 60));
  const numbers = ticks(1, longest, room, [1, 2, 5, 10, 20, 25, 50, 100]);
  const shown = new Set([1, longest]);
  for (const t of numbers) {
    if ((t - 1) * step > 24 && (longest - t) * step > 30) shown.add(t);
  }
  for (const t of shown) pen.fillText(String(t), x(t), bottom + 16);
  pen.textAlign = "left";
  pen.fillText("step t", left, bottom + 34);
  pen.fillText("gradient at step t, relative to the last", left, PLOT.top - 12);
}

/* A power of ten, set right. */
function exponent(pen, colours, log, x, y) {
  if (log === 0) {
    pen.fillText("1", x, y);
    return;
  }
  const text = String(log).replace("-", "−");
  pen.font = colours.tiny;
  pen.fillText(text, x, y - 5);
  const wide = pen.measureText(text).width;
  pen.font = colours.small;
  pen.fillText("10", x - wide - 1, y);
}

/* A curve's points, from the last step back to where it becomes zero. */
function backwards(line, { x, y }) {
  const points = Array.from(line, (log, k) => [x(k + 1), y(log)]);
  return points.slice(line.lastIndexOf(-Infinity) + 1).reverse();
}

function trail(pen, line, scale) {
  pen.beginPath();
  trace(pen, backwards(line, scale));
  pen.stroke();
}

/* No gradient of this cell gets above its bound. */
function above(pen, colours, bounds, scale) {
  pen.fillStyle = colours.raised;
  pen.beginPath();
  trace(pen, [[scale.x(bounds.length), PLOT.top], ...backwards(bounds, scale),
    [scale.x(1), PLOT.top]]);
  pen.fill();
}

function curves(pen, colours, table, now, pinned, scale) {
  const { x, y } = scale;
  const lines = [];
  pen.lineJoin = "round";
  if (now.bounds && now.T > 1) {
    const most = 10 ** table.settings[now.where.setting].rates[now.where.place];
    lines.push({ text: `bound: × ${Number(most.toPrecision(3))} a step`, line: now.bounds,
      colour: colours.ink });
    pen.strokeStyle = colours.ink;
    pen.lineWidth = 1.5;
    pen.setLineDash([4, 4]);
    trail(pen, now.bounds, scale);
  }
  if (pinned) {
    lines.push({ text: `pinned: ${name(table, pinned.where)}`, line: pinned.norms,
      colour: colours.data });
    pen.strokeStyle = colours.data;
    pen.lineWidth = 2;
    pen.setLineDash([10, 5]);
    trail(pen, pinned.norms, scale);
  }
  pen.setLineDash([]);
  lines.unshift({ text: name(table, now.where), line: now.norms, colour: colours.gradient });
  pen.strokeStyle = colours.gradient;
  pen.fillStyle = colours.gradient;
  pen.lineWidth = 2.5;
  trail(pen, now.norms, scale);
  pen.beginPath();
  for (const t of now.T === 1 ? [1] : [1, now.T]) {
    if (now.norms[t - 1] === -Infinity) continue;
    pen.moveTo(x(t) + 4, y(now.norms[t - 1]));
    pen.arc(x(t), y(now.norms[t - 1]), 4, 0, 2 * Math.PI);
  }
  pen.fill();
  labels(pen, colours, lines, scale);
}

/* Each curve's name beside it, in the first of a few places that is free of curves and names. */
const PLACES = [0.3, 0.5, 0.15, 0.7, 0.05, 0.9].flatMap((along) =>
  [[1, -1], [-1, -1], [1, 1], [-1, 1]].map(([aside, up]) => ({ along, aside, up })));

const ENDS = [1, -1].map((up) => ({ along: 0, aside: 1, up }));

function labels(pen, colours, lines, { left, right, bottom, x, y }) {
  const taken = [];
  pen.font = colours.small;
  pen.textAlign = "left";
  const ends = [{ text: tenTo(lines[0].line[0]), line: lines[0].line, colour: lines[0].colour,
    places: ENDS }];
  for (const { text, line, colour, places = PLACES } of lines[0].line.length > 1 ? [...ends, ...lines] : lines) {
    const wide = pen.measureText(text).width;
    let best = null;
    let least = Infinity;
    for (const { along, aside, up } of places) {
      const t = 1 + Math.round(along * (line.length - 1));
      if (line[t - 1] === -Infinity) continue;
      const fromX = aside > 0 ? x(t) + 8 : x(t) - 8 - wide;
      const fromY = up < 0 ? y(line[t - 1]) + 6 : y(line[t - 1]) - 20;
      const box = { x0: fromX - 2, x1: fromX + wide + 2, y0: fromY, y1: fromY + 14 };
      let cost = 0;
      if (box.x0 < left + 2 || box.x1 > right || box.y0 < PLOT.top - 8 || box.y1 > bottom) cost += 200;
      for (const other of taken) {
        if (box.x0 < other.x1 && box.x1 > other.x0 && box.y0 < other.y1 && box.y1 > other.y0) {
          cost += 100;
        }
      }
      for (const other of lines) cost += crossings(other.line, box, x, y);
      if (cost < least) {
        least = cost;
        best = box;
      }
      if (cost === 0) break;
    }
    if (!best) continue;
    taken.push(best);
    seamedText(pen, colours, text, best.x0 + 2, best.y1 - 3, colour);
  }
}

/* How many pieces of a curve run through a box. */
function crossings(line, box, x, y) {
  let count = 0;
  for (let t = 1; t < line.length; t += 1) {
    const a = y(line[t - 1]);
    const b = y(line[t]);
    if (x(t) <= box.x1 && x(t + 1) >= box.x0 && Math.min(a, b) <= box.y1 && Math.max(a, b) >= box.y0) {
      count += 1;
    }
  }
  return count;
}

/* What the picture shows, for those who don't see it. */
function description({ T, norms, bounds }) {
  const steps = [...new Set([0, 0.25, 0.5, 0.75, 1].map((part) => 1 + Math.round(part * (T - 1))))];
  const at = steps.map((t) => `${tenTo(norms[t - 1])} at t = ${t}`);
  return `${T} cells of the unrolled network, and below them the curve of the gradient that ` +
    `reaches each, against the last one's: ${at.join(", ")}.` +
    (bounds ? " A dashed line above it is the bound." : "");
}

/* ---- the controls ---- */

/* "h_T": here T is an index too. */
function written(text) {
  return text.split(/([a-zA-Z]_T\b)/).flatMap((part, i) => (i % 2
    ? [element("span", { class: "rnnbook-math" }, element("i", {}, part[0]),
      element("sub", {}, element("i", {}, "T")))]
    : formula(part)));
}

const FORMULA = {
  tanh: "h_t = tanh(a_t)", sigmoid: "h_t = sigmoid(a_t)", relu: "h_t = max(a_t, 0)",
  identity: "h_t = a_t", LSTM: "h_t = o * tanh(c_t)", GRU: "h_t = z * h_{t-1} + (1 - z) * n",
};

export default {
  render({ model, el }) {
    const table = model.get("table");
    const change = (values) => setTraits(model, values);
    const asked = () => getTraits(model, ["T", "gain", "kind", "forget_bias"]);

    const kinds = radioRow("Cell", table.kinds, table.kinds, (kind) => change({ kind }),
      "gradient-kinds");
    const biases = radioRow("Forget bias", table.biases,
      table.biases.map((bias) => String(bias).replace("-", "−")),
      (bias) => change({ forget_bias: bias }), "gradient-biases");
    const rule = element("p", { class: "gradient-rule" });
    const T = slider(model, "T", "steps", 1, table.T);
    const gain = placeSlider(table.slider === "gain" ? ["gain of ", math("W_hh")] : ["which cell"],
      0, table.values.length - 1, (place) => change({ gain: table.values[place] }));
    const pin = element("button", { type: "button" }, "Pin this curve");
    const unpin = element("button", { type: "button" }, "Unpin");
    const live = liveRegion();
    const figure = canvasFigure("gradient-figure", ROLES, draw);
    const root = explorerRoot("gradient-explorer",
      element("p", { class: "rnnbook-title" }, "How far back does a gradient reach?"),
      table.kinds.length > 1 ? kinds.node : "",
      rule,
      element("div", { role: "group", "aria-label": "Length and gain" }, T.node, gain.node),
      figure.node,
      live.node,
      element("p", { class: "rnnbook-note" }, table.note),
      fold(table.biases.length ? "More: keep a curve, the LSTM’s forget bias, how it is computed"
        : "More: keep a curve, how it is computed",
        element("div", { class: "gradient-pins" }, pin, unpin),
        table.biases.length ? biases.node : "",
        element("p", { class: "rnnbook-note" }, ...written(table.about))));

    pin.addEventListener("click", () => {
      const { where, T: length } = read(data, table, asked());
      const { kind, bias } = table.settings[where.setting];
      change({ pinned: { T: length, gain: table.values[where.place], kind,
        forget_bias: bias ?? model.get("forget_bias") } });
    });
    unpin.addEventListener("click", () => {
      if (model.get("pinned")) change({ pinned: null });
    });

    let data = unpack(model.get("curves"), table);

    function draw() {
      const now = read(data, table, asked());
      const kept = model.get("pinned");
      const pinned = kept ? read(data, table, kept) : null;
      const { kind, bias } = table.settings[now.where.setting];
      kinds.show(kind);
      biases.show(bias);
      biases.node.hidden = bias === null;
      const { gamma } = table.settings[now.where.setting];
      const steepest = gamma === null ? "gates carry the state past W_hh: no bound"
        : `steepest slope γ = ${gamma}`;
      const text = table.biases.length && FORMULA[kind] ? `${FORMULA[kind]}, ${steepest}` : steepest;
      if (rule.dataset.text !== text) {
        rule.dataset.text = text;
        rule.replaceChildren(...formula(text));
      }
      T.show(now.T);
      gain.show(now.where.place, table.marks[now.where.place]);
      unpin.setAttribute("aria-disabled", !kept);
      live.say(sentence(table, now, pinned));
      figure.node.setAttribute("aria-label", description(now));
      if (figure.width) paint(figure, table, now, pinned);
    }

    el.append(root);
    figure.start();
    const unlisten = listen(model, ["T", "gain", "kind", "forget_bias", "pinned"], figure.ask);
    const unlistenCurves = listen(model, ["curves"], () => {
      data = unpack(model.get("curves"), table);
      figure.ask();
    });
    return cleanup(root, live, unlisten, unlistenCurves, figure.stop);
  },
};

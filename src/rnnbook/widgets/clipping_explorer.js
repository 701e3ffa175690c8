/* Gradient descent at a wall. The arithmetic first; tests compare it with rnnbook. Next to the wall
   the surface itself enlarges a rounding error by as much as it enlarges a step, so there the two
   agree less closely. */

const T = 50;
const TARGET = 0.7;
const LAST = 60;
const LIMIT = 20;
const MAP = { left: 3, right: 7, low: -3, high: -1 };

/* Written as in rnnbook. */
export function sigmoid(a) {
  return 0.5 + 0.5 * Math.tanh(0.5 * a);
}

const H0 = sigmoid(0.5);

/* h_t = sigmoid(w h_{t-1} + b), E = (h_50 - 0.7)²: E and its gradient. */
export function valueAndGradient(w, b) {
  let h = H0;
  let byW = 0;
  let byB = 0;
  for (let t = 0; t < T; t += 1) {
    const before = h;
    h = sigmoid(w * h + b);
    const slope = h * (1 - h);
    byW = slope * (before + w * byW);
    byB = slope * (1 + w * byB);
  }
  const miss = h - TARGET;
  return { E: miss * miss, g: [2 * miss * byW, 2 * miss * byB] };
}

/* h_0 ... h_50. */
export function states(w, b) {
  const hs = [H0];
  for (let t = 0; t < T; t += 1) hs.push(sigmoid(w * hs[t] + b));
  return hs;
}

/* By norm: the whole vector becomes as long as the threshold, if it is longer. By value: each
   number is cut. */
export function clip(g, rule, threshold) {
  if (rule === "value") return g.map((entry) => Math.min(threshold, Math.max(-threshold, entry)));
  const length = Math.hypot(...g);
  if (rule === "none" || length <= threshold) return g;
  return g.map((entry) => entry * (threshold / length));
}

/* Each entry is a place and the step that is taken from it. */
export function descend(w, b, rate, rule, threshold, steps = LAST) {
  const path = [];
  for (let k = 0; k <= steps; k += 1) {
    const { E, g } = valueAndGradient(w, b);
    const kept = clip(g, rule, threshold);
    const step = kept.map((entry) => -rate * entry);
    const to = [w + step[0], b + step[1]];
    path.push({
      w, b, E, g, step, to,
      norm: Math.hypot(...g),
      length: Math.hypot(...step),
      cut: kept.filter((entry, i) => entry !== g[i]).length,
      angle: angle(step, [-g[0], -g[1]]),
    });
    [w, b] = to;
  }
  return path;
}

/* Between two directions, in degrees; null if one of them has no length. */
export function angle(u, v) {
  const dot = u[0] * v[0] + u[1] * v[1];
  const cross = u[0] * v[1] - u[1] * v[0];
  if (dot === 0 && cross === 0) return null;
  return (Math.atan2(Math.abs(cross), dot) * 180) / Math.PI;
}

/* The first step up to `last` that leaves the map in one leap, or -1. */
export function thrown(path, last) {
  const outside = ([w, b]) => w < MAP.left || w > MAP.right || b < MAP.low || b > MAP.high;
  return path.findIndex((at, k) => k <= last && at.length > 0.5 && outside(at.to));
}

/* ---- words; clipping_explorer.py has the same ---- */

/* Three figures: 0.0213, 40.2, 1,630; two as 4.3e−6. */
export function amount(value) {
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size === 0) return "0";
  if (size < 0.001 || size >= 999500) return sign + size.toExponential(1).replace("+", "").replace("-", "−");
  const rounded = Number(size.toPrecision(3));
  return sign + (rounded < 1000 ? String(rounded) : thousands(rounded));
}

function place([w, b]) {
  return `w = ${amount(w)}, b = ${amount(b)}`;
}

export function sentence({ path, free, rule, threshold, step }) {
  const at = path[step];
  const norm = amount(at.norm);
  const long = amount(at.length);
  let text = `Step ${step}: the gradient's norm is ${norm}`;
  if (at.cut === 0) {
    text += `; nothing is clipped. The step is ${long} long.`;
  } else if (rule === "norm") {
    text += `, clipped to ${amount(threshold)}. The step is ${long} long and keeps the gradient's ` +
      "direction.";
  } else {
    const which = at.cut === 2 ? "both its numbers are" : "one of its two numbers is";
    text += `; ${which} cut to ±${amount(threshold)}. The step is ${long} long and ` +
      `${fixed(at.angle, 1)}° off the gradient's direction.`;
  }
  const loose = thrown(free, step);
  if (loose >= 0) {
    text += `${rule === "none" ? " " : " Without clipping, "}` +
      `${rule === "none" ? "Step" : "step"} ${loose} throws the descent to ${place(free[loose].to)}.`;
  }
  const leap = rule === "none" ? -1 : thrown(path, step);
  if (leap >= 0) text += ` Even clipped, step ${leap} throws it to ${place(path[leap].to)}.`;
  return text;
}

function end(at) {
  return states(at.w, at.b)[T];
}

function description({ path, free, rule, threshold, step }, view) {
  const where = (at) => `w = ${fixed(at.w, 2)}, b = ${fixed(at.b, 2)}, where E is ${amount(at.E)}`;
  const edges = `w from ${fixed(view.left, 2)} to ${fixed(view.right, 2)}, ` +
    `b from ${fixed(view.low, 2)} to ${fixed(view.high, 2)}`;
  const lies = view === MAP ? ": a plateau at the lower left, a low valley beside it, and between " +
    "them a wall along a straight line down to the right" : "";
  const who = rule === "none" ? "The descent starts" : "Both descents start";
  const surface = `The error seen from above, ${edges}${lies}. ${who} at ${where(free[0])}. ` +
    `At step ${step} the one without clipping is at ${where(free[step])}`;
  if (rule === "none") return `${surface}.`;
  return `${surface}; the one clipped by ${rule} at ${amount(threshold)} is at ${where(path[step])}.` +
    " Below, how long the gradient was at each step, and the unit's states at both places: without " +
    `clipping they end at ${fixed(end(free[step]), 2)}, with it at ${fixed(end(path[step]), 2)}.`;
}

/* ---- the surface ---- */

/* √E at the middles of a grid over the view, row by row from the top. Where neighbours differ much
   a cell is the mean of sixteen, or the wall would look like stairs. */
function raster(view, columns, rows) {
  const heights = new Float32Array(columns * rows);
  const height = (i, j) => {
    const w = view.left + (i * (view.right - view.left)) / columns;
    const b = view.high - (j * (view.high - view.low)) / rows;
    let h = H0;
    for (let t = 0; t < T; t += 1) h = sigmoid(w * h + b);
    return Math.abs(h - TARGET);
  };
  for (let k = 0; k < heights.length; k += 1) {
    heights[k] = height((k % columns) + 0.5, Math.floor(k / columns) + 0.5);
  }
  const steep = [...heights.keys()].filter((k) =>
    [-1, 1, -columns, columns].some((by) => Math.abs(heights[k + by] - heights[k]) > 0.08));
  for (const k of steep) {
    let sum = 0;
    for (let part = 0; part < 16; part += 1) {
      sum += height((k % columns) + ((part % 4) + 0.5) / 4,
        Math.floor(k / columns) + (Math.floor(part / 4) + 0.5) / 4);
    }
    heights[k] = sum / 16;
  }
  return heights;
}

/* One hue with lightness in equal steps of OKLab (Ottosson 2020), so that equal differences look
   equal; more error stands out more from the page. */
function ramp(dark) {
  const [from, to] = dark ? [[0.22, 0.012], [0.56, 0.075]] : [[0.985, 0.006], [0.68, 0.085]];
  const hue = (250 * Math.PI) / 180;
  const curve = (x) => (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);
  return Array.from({ length: 256 }, (_, k) => {
    const mix = (i) => from[i] + ((to[i] - from[i]) * k) / 255;
    const L = mix(0);
    const a = mix(1) * Math.cos(hue);
    const b = mix(1) * Math.sin(hue);
    const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
    return [
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
      -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
    ].map((x) => Math.round(255 * curve(Math.min(1, Math.max(0, x)))));
  });
}

function isDark(colour) {
  const probe = element("canvas").getContext("2d");
  probe.fillStyle = colour;
  return parseInt(probe.fillStyle.slice(3, 5), 16) < 128; // the green of #rrggbb
}

const HIGHEST = 0.65; // √E of the plateau's far corner

function shade(heights, columns, rows, dark) {
  const colours = ramp(dark);
  const picture = element("canvas", { width: columns, height: rows });
  const pen = picture.getContext("2d");
  const image = pen.createImageData(columns, rows);
  heights.forEach((height, k) => {
    const [r, g, b] = colours[Math.min(255, Math.round((255 * height) / HIGHEST))];
    image.data.set([r, g, b, 255], 4 * k);
  });
  pen.putImageData(image, 0, 0);
  return picture;
}

/* ---- the picture ---- */

const ROLES = ["forward", "gradient", "data", "ink", "surface", "line"];
const STRIP = 92;
const BELOW = 62; // the map's numbers and the strips' names

function frame({ width, height }) {
  const strip = { top: height - STRIP - 24, bottom: height - 24, split: 46 + 0.55 * (width - 56) };
  return { left: 46, right: width - 10, top: 8, bottom: strip.top - BELOW, strip };
}

/* What the map shows: the whole surface, or what the clipped descent needs of it. */
export function shown(path, closeUp, shape) {
  if (!closeUp) return MAP;
  const ws = path.map((at) => at.w);
  const bs = path.map((at) => at.b);
  const [left, right, low, high] = [Math.min(...ws), Math.max(...ws), Math.min(...bs), Math.max(...bs)];
  const ratio = (shape.right - shape.left) / (shape.bottom - shape.top);
  // to steps of a tenth, so that it stands still while a slider moves a little
  const tall = Math.ceil(12 * Math.max(high - low, (right - left) / ratio, 0.05)) / 10;
  const [w, b] = [(left + right) / 2, (low + high) / 2].map((x) => Math.round(20 * x) / 20);
  return {
    left: w - (tall * ratio) / 2, right: w + (tall * ratio) / 2, low: b - tall / 2, high: b + tall / 2,
  };
}

function ticks(low, high, most) {
  const size = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
    .find((step) => (high - low) / step <= most) ?? high - low;
  const all = [];
  for (let k = Math.ceil(low / size - 1e-9); k * size <= high + 1e-9; k += 1) all.push(k * size);
  return { all, digits: size < 0.1 ? 2 : size < 1 ? 1 : 0 };
}

function paint(figure, state, view, { picture }) {
  const { colours } = figure;
  const pen = figure.pen();
  const box = frame(figure);
  pen.font = `12px ${figure.font}`;

  const x = (w) => box.left + ((w - view.left) / (view.right - view.left)) * (box.right - box.left);
  const y = (b) => box.bottom - ((b - view.low) / (view.high - view.low)) * (box.bottom - box.top);
  pen.drawImage(picture, box.left, box.top, box.right - box.left, box.bottom - box.top);
  mapAxes(pen, colours, view, box, x, y);
  places(pen, colours, box, x, y);

  const { path, free, rule, step } = state;
  trail(pen, colours, free, step, box, x, y, { colour: colours.data, dash: [5, 4], cross: true });
  if (rule !== "none") {
    trail(pen, colours, path, step, box, x, y, { colour: colours.gradient, dash: [], cross: false });
  }
  const drawn = (rule === "none" ? [free] : [free, path]).map((some) =>
    [...some.slice(0, step + 1).map((at) => [at.w, at.b]), some[step].to].map(([w, b]) => [x(w), y(b)]));
  const full = drawn.flatMap((points) => dotted(points, box));
  departure(pen, colours, free, step, drawn[0], box, colours.data, "", full);
  if (rule !== "none") {
    departure(pen, colours, path, step, drawn[1], box, colours.gradient, "clipped, ", full);
  }
  norms(pen, colours, state, box);
  unit(pen, colours, state, box);
}

function mapAxes(pen, colours, view, box, x, y) {
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  pen.strokeRect(box.left - 0.5, box.top - 0.5, box.right - box.left + 1, box.bottom - box.top + 1);
  pen.fillStyle = colours.data;
  pen.textAlign = "center";
  pen.beginPath();
  const across = ticks(view.left, view.right, Math.max(4, (box.right - box.left) / 70));
  for (const w of across.all) {
    pen.moveTo(x(w), box.bottom);
    pen.lineTo(x(w), box.bottom + 5);
    pen.fillText(fixed(w, across.digits), x(w), box.bottom + 18);
  }
  pen.textAlign = "right";
  const up = ticks(view.low, view.high, Math.max(4, (box.bottom - box.top) / 50));
  for (const b of up.all) {
    pen.moveTo(box.left, y(b));
    pen.lineTo(box.left - 5, y(b));
    pen.fillText(fixed(b, up.digits), box.left - 8, y(b) + 4);
  }
  pen.strokeStyle = colours.data;
  pen.stroke();
  pen.fillStyle = colours.ink;
  const upright = pen.font;
  pen.font = `italic ${upright}`;
  pen.textAlign = "right";
  pen.fillText("w", box.right, box.bottom + 32);
  pen.textAlign = "left";
  pen.fillText("b", 2, box.top + 10);
  pen.font = upright;
}

/* The wall is the line w h_0 + b = 0.5, and the valley's floor is where 0.7 is a fixed point. */
function places(pen, colours, box, x, y) {
  const along = (text, w, line, aside) => {
    const [x0, y0, x1, y1] = [x(w), y(line(w)), x(w + 0.1), y(line(w + 0.1))];
    const turn = Math.atan2(y1 - y0, x1 - x0);
    const half = pen.measureText(text).width / 2 + 6;
    const clear = x0 - half > box.left && x0 + half < box.right && y0 - half > box.top &&
      y0 + half < box.bottom;
    if (!clear) return;
    pen.save();
    pen.translate(x0, y0);
    pen.rotate(turn);
    seamedText(pen, colours, text, 0, aside, colours.ink);
    pen.restore();
  };
  pen.textAlign = "center";
  along("the wall", 5.25, (w) => 0.5 - H0 * w, -6);
  along("valley", 3.75, (w) => Math.log(7 / 3) - TARGET * w, -8);
  along("plateau", 3.55, () => -2.78, 4);
}

function trail(pen, colours, path, last, box, x, y, { colour, dash, cross }) {
  const points = [...path.slice(0, last + 1).map((at) => [at.w, at.b]), path[last].to];
  const inside = ([w, b]) =>
    x(w) >= box.left && x(w) <= box.right && y(b) >= box.top && y(b) <= box.bottom;
  pen.save();
  pen.beginPath();
  pen.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  pen.clip();
  const line = () => {
    pen.beginPath();
    trace(pen, points.map(([w, b]) => [x(w), y(b)]));
    pen.stroke();
  };
  pen.lineJoin = "round";
  pen.strokeStyle = colours.surface;
  pen.lineWidth = 4;
  line();
  pen.strokeStyle = colour;
  pen.lineWidth = 1.75;
  pen.setLineDash(dash);
  line();
  pen.setLineDash([]);
  points.slice(0, -1).forEach((point, k) => {
    const size = k === last ? (cross ? 9 : 7) : cross ? 4 : 2.4;
    if (inside(point)) mark(pen, x(point[0]), y(point[1]), cross, size, colour, colours);
  });
  pen.restore();
}

/* A dot or a cross; the present one is large, with a ring of the page's colour around it. */
function mark(pen, x, y, cross, size, colour, colours) {
  const large = size > 4;
  const draw = () => {
    pen.beginPath();
    if (cross) {
      for (const side of [-1, 1]) trace(pen, [[x - size, y - side * size], [x + size, y + side * size]]);
    } else {
      pen.arc(x, y, size, 0, 2 * Math.PI);
    }
  };
  if (large) {
    draw();
    pen.strokeStyle = colours.surface;
    pen.lineWidth = cross ? 6 : 4;
    pen.stroke();
  }
  draw();
  pen.strokeStyle = colour;
  pen.fillStyle = colour;
  pen.lineWidth = large ? 2.5 : 1.5;
  if (cross) pen.stroke();
  else pen.fill();
  if (large && !cross) {
    pen.beginPath();
    pen.arc(x, y, 2.5, 0, 2 * Math.PI);
    pen.fillStyle = colours.surface;
    pen.fill();
  }
}

/* Points every few pixels along what is drawn of a descent: what a label should not cover. */
function dotted(points, box) {
  const dots = [];
  for (let k = 1; k < points.length; k += 1) {
    const [[ax, ay], [bx, by]] = [points[k - 1], points[k]];
    const share = Math.min(1, reach(ax, bx, box.left, box.right), reach(ay, by, box.top, box.bottom));
    const count = Math.ceil((share * Math.hypot(bx - ax, by - ay)) / 5);
    for (let part = 0; part <= count; part += 1) {
      const along = count ? (share * part) / count : 0;
      dots.push([ax + along * (bx - ax), ay + along * (by - ay)]);
    }
  }
  return dots;
}

/* The share of the way from one coordinate to another that lies before the edge. */
function reach(from, to, low, high) {
  if (to === from) return Infinity;
  return Math.max(0, ((to > from ? high : low) - from) / (to - from));
}

/* Where a descent has left the map for good: an arrow at the edge, and where it went. `full` are
   the points that the text should not cover; its own are added. */
function departure(pen, colours, path, last, points, box, colour, who, full) {
  const inside = ([px, py]) =>
    px >= box.left && px <= box.right && py >= box.top && py <= box.bottom;
  if (inside(points.at(-1))) return;
  const first = points.findLastIndex(inside);
  if (first < 0) return; // the start is not on the map either
  const [[ax, ay], [bx, by]] = [points[first], points[first + 1]];
  const share = Math.min(reach(ax, bx, box.left, box.right), reach(ay, by, box.top, box.bottom));
  const [ex, ey] = [ax + share * (bx - ax), ay + share * (by - ay)];
  pen.save();
  pen.translate(ex, ey);
  pen.rotate(Math.atan2(by - ay, bx - ax));
  pen.beginPath();
  trace(pen, [[3, 0], [-11, -7], [-11, 7]]);
  pen.closePath();
  pen.strokeStyle = colours.surface;
  pen.lineWidth = 3;
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
  pen.restore();

  const leap = thrown(path, last) === first;
  const text = `${who}${leap ? "thrown" : "on"} to ${place((leap ? path[first] : path[last]).to)}`;
  const whole = pen.measureText(text).width < 0.45 * (box.right - box.left);
  const lines = whole ? [text] : text.split(/ (?=w =|b =)/);
  const wide = Math.max(...lines.map((some) => pen.measureText(some).width));
  const tall = 16 * lines.length;
  const [left, top] = freePlace([ex, ey], wide, tall, box, full);
  pen.textAlign = "left";
  lines.forEach((some, k) => seamedText(pen, colours, some, left, top + 12 + 16 * k,
    colour === colours.data ? colours.ink : colour));
  for (let px = 0; px <= wide; px += 5) {
    for (let py = 0; py <= tall; py += 5) full.push([left + px, top + py]);
  }
}

/* Where beside a point a text covers the fewest of the points that are taken. */
function freePlace([ex, ey], wide, tall, box, full) {
  let best = null;
  for (const left of [ex + 16, ex - 16 - wide]) {
    for (const down of [0, 20, 40, 70, 100, -30, -60]) {
      const top = Math.min(Math.max(ey - 4 + down, box.top + 4), box.bottom - tall - 4);
      const out = left < box.left + 4 || left + wide > box.right - 4;
      const covered = full.filter(([px, py]) =>
        px > left - 6 && px < left + wide + 6 && py > top - 4 && py < top + tall + 4).length;
      const cost = covered + Math.abs(down) / 50 + (out ? 1000 : 0);
      if (!best || cost < best.cost) best = { cost, left, top };
    }
  }
  return [Math.min(Math.max(best.left, box.left + 4), box.right - wide - 4), best.top];
}

/* How long the gradient is at each step, on a logarithmic axis, and where it is clipped. */
function norms(pen, colours, { path, free, rule, step, threshold }, box) {
  const { top, bottom, split } = box.strip;
  const x = (k) => box.left + (k / LAST) * (split - box.left);
  const y = (norm) => {
    const log = Math.min(Math.max(Math.log10(norm), -3), 2.5); // of 0, too
    return bottom - ((log + 3) / 5.5) * (bottom - top);
  };
  pen.lineWidth = 1;
  pen.textAlign = "right";
  for (const norm of [0.01, 1, 100]) {
    pen.strokeStyle = colours.line;
    pen.beginPath();
    trace(pen, [[box.left, y(norm)], [split, y(norm)]]);
    pen.stroke();
    pen.fillStyle = colours.data;
    pen.fillText(String(norm), box.left - 6, y(norm) + 4);
  }
  pen.textAlign = "center";
  for (let k = 0; k <= LAST; k += 20) pen.fillText(String(k), x(k), bottom + 17);
  pen.textAlign = "left";
  pen.fillText(split - box.left > 220 ? "length of the gradient at each step" : "gradient's length",
    2, top - 10);
  pen.strokeStyle = colours.data;
  pen.beginPath();
  trace(pen, [[x(step), top - 4], [x(step), bottom]]);
  pen.stroke();

  if (rule !== "none") {
    pen.strokeStyle = colours.ink;
    pen.setLineDash([2, 3]);
    pen.beginPath();
    trace(pen, [[box.left, y(threshold)], [split, y(threshold)]]);
    pen.stroke();
    pen.setLineDash([]);
    pen.textAlign = "right";
    seamedText(pen, colours, "threshold", split, y(threshold) - 4, colours.ink);
  }
  const curve = (some, colour, dash, cross) => {
    pen.strokeStyle = colour;
    pen.lineWidth = 1.75;
    pen.setLineDash(dash);
    pen.beginPath();
    trace(pen, some.slice(0, step + 1).map((at, k) => [x(k), y(at.norm)]));
    pen.stroke();
    pen.setLineDash([]);
    mark(pen, x(step), y(some[step].norm), cross, cross ? 5 : 5.5, colour, colours);
  };
  curve(free, colours.data, [5, 4], true);
  if (rule !== "none") curve(path, colours.gradient, [], false);
}

/* What the unit does at the present places: its states from h_0 to h_50, and the target. */
function unit(pen, colours, { path, free, rule, step }, box) {
  const { top, bottom, split } = box.strip;
  const left = split + 44;
  const x = (t) => left + (t / T) * (box.right - left);
  const y = (h) => bottom - h * (bottom - top);
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  pen.strokeRect(left - 0.5, top - 0.5, box.right - left + 1, bottom - top + 1);
  pen.fillStyle = colours.data;
  pen.textAlign = "right";
  for (const h of [0, 0.7, 1]) pen.fillText(String(h), left - 6, y(h) + 4);
  pen.textAlign = "center";
  for (const t of [0, 25, 50]) pen.fillText(String(t), x(t), bottom + 17);
  pen.textAlign = "left";
  pen.fillText(box.right - left > 190 ? "the unit's 50 states, here" : "states here", left - 12, top - 10);
  pen.strokeStyle = colours.data;
  pen.setLineDash([2, 3]);
  pen.beginPath();
  trace(pen, [[left, y(TARGET)], [box.right, y(TARGET)]]);
  pen.stroke();
  const curve = (at, colour, dash) => {
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    pen.setLineDash(dash);
    pen.beginPath();
    trace(pen, states(at.w, at.b).map((h, t) => [x(t), y(h)]));
    pen.stroke();
  };
  curve(free[step], colours.data, [5, 4]);
  if (rule !== "none") curve(path[step], colours.forward, []);
  pen.setLineDash([]);
}

/* ---- the controls ---- */

const STARTS = {
  plateau: { w0: 4.25, b0: -2.75 },
  valley: { w0: 4.7, b0: -2 },
  "no wall": { w0: 3.2, b0: -2.2 },
};
const RULES = { norm: "by norm", value: "by value", none: "none" };

/* A slider with 20 values for each factor of ten, of two figures each. */
function logSlider(text, low, high, choose) {
  const per = 20;
  const places = placeSlider([text], 0, Math.round(per * Math.log10(high / low)),
    (place) => choose(Number((low * 10 ** (place / per)).toPrecision(2))));
  return {
    node: places.node,
    show: (value) => places.show(Math.round(per * Math.log10(value / low)), amount(value)),
  };
}

const HINT = "Type a start, or click on the map. The arrow keys ↑ and ↓ change a number by 0.05.";

function swatch(cross) {
  const shape = cross
    ? '<path d="M2 7h28" stroke-dasharray="5 4"/><path d="M13 4l6 6m0-6l-6 6"/>'
    : '<path d="M2 7h28"/><circle cx="16" cy="7" r="3.2"/>';
  return drawing(`<svg class="clipping-swatch" width="32" height="14" aria-hidden="true">${shape}</svg>`);
}

export default {
  render({ model, el }) {
    const change = (values) => setTraits(model, values);
    const live = liveRegion();
    const rules = radioRow("Clip", Object.keys(RULES), Object.values(RULES),
      (rule) => change({ rule }));
    const starts = radioRow("Start", Object.keys(STARTS), Object.keys(STARTS),
      (name) => change(STARTS[name]));
    const threshold = logSlider("threshold", 0.01, 100, (value) => change({ threshold: value }));
    const rate = logSlider("learning rate", 0.001, 1, (value) => change({ rate: value }));
    const step = placeSlider(["step"], 0, LAST, (place) => {
      playing(false);
      change({ step: place });
    });
    const play = element("button", { type: "button", class: "clipping-play" }, "Play");
    let clock = 0;
    // A key or a press that changes nothing (Home at step 0) stops it too.
    const MOVES = /^(Arrow|Home$|End$|Page)/;
    step.input.addEventListener("keydown", (event) => MOVES.test(event.key) && playing(false));
    step.input.addEventListener("pointerdown", () => playing(false));
    const playing = (on) => {
      clearInterval(clock);
      clock = on ? setInterval(next, 150) : 0;
      play.textContent = on ? "Pause" : "Play";
    };
    const next = () => {
      const place = whole(model.get("step"), 0, LAST);
      if (place < LAST) change({ step: place + 1 });
      else {
        playing(false);
        figure.ask(); // and now it is spoken
      }
    };
    play.addEventListener("click", () => {
      if (clock) {
        playing(false);
        figure.ask();
        return;
      }
      if (whole(model.get("step"), 0, LAST) === LAST) change({ step: 0 });
      playing(true);
    });
    const closeUp = checkbox(model, "close_up", "close-up of the clipped descent");

    const hint = fieldHint(HINT, live);
    const field = (trait) => numberField({
      name: `start, ${trait[0]}`, limit: LIMIT, step: 0.05, hint,
      change: (value) => change({ [trait]: value }),
    });
    const fields = { w0: field("w0"), b0: field("b0") };

    const figure = canvasFigure("clipping-figure", ROLES, draw);
    const clippedName = element("span", {});
    const clippedKey = element("span", { class: "clipping-key clipping-clipped" },
      swatch(false), clippedName);
    const names = ["place (w, b)", "error E", "gradient of E", "its norm", "step", "its length",
      "clipped", "angle to −gradient"];
    const cells = names.map(() => element("span", { class: "clipping-number" }));
    const root = explorerRoot("clipping-explorer",
      element("p", { class: "rnnbook-title" }, "What does clipping change?"),
      threshold.node,
      element("div", { class: "clipping-keys" },
        element("span", { class: "clipping-key" }, swatch(true), "without clipping"), clippedKey),
      figure.node,
      element("div", { class: "clipping-transport" }, play, step.node),
      live.node,
      element("p", { class: "rnnbook-note" },
        "The map shows the error: the stronger the shade, the more. The large mark is where the " +
        "step is taken, and the line beyond it is that step."),
      fold("More: clip by value, another start, the learning rate, all numbers",
        element("div", { class: "clipping-controls" },
          element("div", {}, rules.node, starts.node,
            element("div", { class: "clipping-start" },
              element("label", {}, math("w"), " ", fields.w0.node),
              element("label", {}, math("b"), " ", fields.b0.node), closeUp.node)),
          rate.node),
        hint.node,
        element("ul", { class: "clipping-numbers", "aria-label": "The present step" },
          ...names.map((name, i) => element("li", {},
            element("span", { class: "clipping-name" }, name), " ", cells[i]))),
        element("p", { class: "rnnbook-note" },
          "One unit, ", math("h_t"), " = sigmoid(", math("w"), " ", math("h_{t-1}"), " + ", math("b"),
          "), ", math("h_0"), " = sigmoid(0.5), 50 steps; ", math("E"), " = (", math("h_50"),
          " − 0.7)². The surface of Pascanu, Mikolov and Bengio (2013, figure 6); its shades follow " +
          "the root of ", math("E"), ".")));

    let view = MAP;
    let kept = { key: "" };

    /* Kept while the map and the theme stay. */
    const surface = () => {
      const box = frame(figure);
      const columns = Math.min(240, Math.max(1, Math.round((box.right - box.left) / 2)));
      const rows = Math.min(160, Math.max(1, Math.round((box.bottom - box.top) / 2)));
      const key = [...Object.values(view), columns, rows].join();
      const theme = figure.colours.surface;
      if (kept.key !== key) kept = { key, heights: raster(view, columns, rows) };
      if (kept.theme !== theme) {
        const dark = isDark(theme);
        kept = { ...kept, theme, dark, picture: shade(kept.heights, columns, rows, dark) };
      }
      return kept;
    };

    function draw() {
      const rule = Object.keys(RULES).includes(model.get("rule")) ? model.get("rule") : "norm";
      const state = {
        rule,
        threshold: between(model.get("threshold"), 0.01, 100, 1),
        rate: between(model.get("rate"), 0.001, 1, 0.1),
        step: whole(model.get("step"), 0, LAST),
        w0: between(model.get("w0"), -LIMIT, LIMIT, STARTS.plateau.w0),
        b0: between(model.get("b0"), -LIMIT, LIMIT, STARTS.plateau.b0),
      };
      state.free = descend(state.w0, state.b0, state.rate, "none", 1);
      state.path = rule === "none" ? state.free
        : descend(state.w0, state.b0, state.rate, rule, state.threshold);

      rules.show(rule);
      starts.show(Object.keys(STARTS).find((name) =>
        STARTS[name].w0 === state.w0 && STARTS[name].b0 === state.b0));
      threshold.show(state.threshold);
      threshold.node.classList.toggle("clipping-unused", rule === "none");
      rate.show(state.rate);
      step.show(state.step, String(state.step));
      closeUp.show(model.get("close_up"));
      fields.w0.show(state.w0);
      fields.b0.show(state.b0);
      clippedKey.classList.toggle("clipping-unused", rule === "none");
      clippedName.textContent = rule === "none" ? "clipped: not shown"
        : `clipped by ${rule} at ${amount(state.threshold)}`;

      const at = state.path[state.step];
      const pair = (values) => `(${values.map(amount).join(", ")})`;
      const clipped = at.cut === 0 ? "no" : rule === "norm" ? `yes, to ${amount(state.threshold)}`
        : `yes, ${at.cut} of 2 numbers`;
      const near = (value) => (Math.abs(value) < 10 ? fixed(value) : amount(value));
      [`(${near(at.w)}, ${near(at.b)})`, amount(at.E), pair(at.g), amount(at.norm), pair(at.step),
        amount(at.length), clipped, at.angle === null ? "no direction" : `${fixed(at.angle, 1)}°`,
      ].forEach((text, i) => (cells[i].textContent = text));
      if (clock) live.seen.replaceChildren(...formula(sentence(state)));
      else live.say(sentence(state));
      if (!figure.width) return;
      view = shown(state.path, Boolean(model.get("close_up")), frame(figure));
      figure.node.setAttribute("aria-label", description(state, view));
      paint(figure, state, view, surface());
    }
    figure.node.addEventListener("click", (event) => {
      const rectangle = figure.node.getBoundingClientRect();
      const box = frame(figure);
      const across = (event.clientX - rectangle.left - box.left) / (box.right - box.left);
      const up = (box.bottom - (event.clientY - rectangle.top)) / (box.bottom - box.top);
      if (across < 0 || across > 1 || up < 0 || up > 1) return;
      const round = (value) => Math.round(100 * between(value, -LIMIT, LIMIT, 0)) / 100;
      change({
        w0: round(view.left + across * (view.right - view.left)),
        b0: round(view.low + up * (view.high - view.low)),
      });
    });

    el.append(root);
    figure.start();
    const unlisten = listen(model, ["threshold", "rule", "rate", "step", "w0", "b0", "close_up"],
      figure.ask);
    return cleanup(root, live, unlisten, figure.stop, () => playing(false));
  },
};

/* Saved training runs, replayed. All numbers come from replay_explorer.py, which says how they are
   packed and has the same words; here they are unpacked once, and a move picks what is drawn. */

const CELLS = ["tanh RNN", "identity RNN", "LSTM", "GRU"];
const VIEWS = ["training", "test", "beyond"];
const PER_DECADE = 1000;
const ROW = 8;
const ZERO = -32768;
const MISSING = -32767;

/* ---- the numbers ---- */

/* The groups, as replay_explorer.py has them: losses and errors are log10, -Infinity for zero,
   null for what is missing. */
export function unpack(table, curves) {
  const log = (place) => {
    const k = curves.getInt16(place, true);
    return k === MISSING ? null : k === ZERO ? -Infinity : k / PER_DECADE;
  };
  let row = 0;
  return table.groups.map((group) => {
    const runs = group.runs.map((run) => {
      const column = (count, read) => Array.from({ length: count }, (_, k) => read(ROW * (row + k)));
      const at = (place) => curves.getUint32(place, true);
      const error = (place) => log(place + 6);
      const marks = {
        updates: column(run.marks, at),
        losses: column(run.marks, (place) => log(place + 4)),
        errors: column(run.marks, error),
      };
      row += run.marks;
      const far = { beyond: column(run.lengths, error), lengths: column(run.lengths, at) };
      row += far.lengths.length;
      return { ...run, ...marks, ...far };
    });
    return { ...group, runs, lengths: rising(runs.flatMap((run) => run.lengths)) };
  });
}

function rising(numbers) {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

export function budgetOf(groups) {
  return Math.max(...groups.map((group) => group.budget));
}

export function solved(group, update) {
  return group.runs.filter((run) => run.solved_at !== null && run.solved_at <= update).length;
}

export function diverged(group, update) {
  return group.runs.filter((run) => run.diverged_at !== null && run.diverged_at <= update).length;
}

/* A run's last of `what` up to an update; what has ended keeps it, or is infinitely bad. */
export function level(run, update, what) {
  if (run.diverged_at !== null && update >= run.diverged_at) return Infinity;
  const count = run.updates.filter((at) => at <= update).length;
  return count ? run[what][count - 1] : null;
}

/* The median of logarithms; null if there are none, or if one is missing. */
export function middle(values) {
  if (!values.length || values.includes(null)) return null;
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === Infinity) return Infinity;
  return lower === -Infinity ? -Infinity : (lower + upper) / 2;
}

/* The thick line: [update, log10 of the median], from where every run has a mark. */
export function medians(group, what) {
  return rising(group.runs.flatMap((run) => run.updates))
    .map((at) => [at, middle(group.runs.map((run) => level(run, at, what)))])
    .filter(([, log]) => log !== null && log < Infinity);
}

export function beyondOf(groups) {
  return rising(groups.flatMap((group) => group.lengths));
}

export function errorsAt(group, T) {
  return group.runs.filter((run) => run.lengths.includes(T))
    .map((run) => run.beyond[run.lengths.indexOf(T)]);
}

/* Which pictures there are numbers for. */
export function viewsOf(groups) {
  const tested = groups.some((group) => group.runs.some((run) =>
    run.errors.some((log) => log !== null)));
  return ["training", ...(tested ? ["test"] : []), ...(beyondOf(groups).length ? ["beyond"] : [])];
}

/* Where the slider can stand: at each mark, and where a run is solved or ends. */
export function stops(groups) {
  return rising([0, budgetOf(groups), ...groups.flatMap((group) => group.runs.flatMap((run) =>
    [...run.updates, run.solved_at ?? 0, run.diverged_at ?? 0]))]);
}

/* What the traits ask for, whatever a linked widget sent. */
export function read(groups, asked) {
  const same = groups.filter((group) => group.task === asked.task);
  const ofTask = same.length ? same : groups.filter((group) => group.task === groups[0].task);
  const lengths = rising(ofTask.map((group) => group.T));
  const T = lengths.includes(asked.T) ? asked.T : lengths[nearestPlace(lengths, Number(asked.T) || 0)];
  const chosen = ofTask.filter((group) => group.T === T);
  const cells = Array.isArray(asked.cells) ? asked.cells : CELLS;
  const further = beyondOf(chosen);
  return {
    task: chosen[0].task, T, lengths, chosen, further, cells,
    shown: chosen.filter((group) => cells.includes(group.cell)),
    update: whole(asked.update, 0, budgetOf(chosen)),
    view: viewsOf(chosen).includes(asked.view) ? asked.view : "training",
  };
}

/* ---- words ---- */

/* 0.0021, 1.4, 170; or 2.1e−5. */
export function amount(value, figures = 2) {
  if (value >= 0.001 && value < 999.5) return String(Number(value.toPrecision(figures)));
  return value.toExponential(figures - 1).replace("+", "").replace("-", "−");
}

/* A logarithm as an amount; "–" for none. */
export function written(log) {
  if (log === null) return "–";
  return log === Infinity ? "diverged" : log === -Infinity ? "0" : amount(10 ** log);
}

function after(update) {
  if (update === 0) return "before the first update";
  return `after ${thousands(update)} update${update === 1 ? "" : "s"}`;
}

export function sentence({ task, T, chosen, shown, further, update, view }) {
  const name = task[0].toUpperCase() + task.slice(1);
  if (view === "beyond") {
    return `${name}, trained at T = ${T}: ${furtherOn(shown, further[further.length - 1])}`;
  }
  const clauses = shown.map((group, k) => {
    const of = group.runs.length;
    const runs = k > 0 ? "" : of === 1 ? " run" : " runs";
    return `the ${group.cell}${k > 0 ? "" : " has solved"} ${solved(group, update) || "none"} of ` +
      `${of}${runs}`;
  });
  let text = `${name}, T = ${T}, ${after(update)}: ${clauses.join(", ") || "no cell is shown"}`;
  const { baseline, solved_below: below } = chosen[0];
  if (view === "training") text += `; the best guess without remembering has loss ${amount(baseline, 3)}.`;
  else text += below ? `; solved means a test error below ${amount(below)}.` : ".";
  for (const group of shown) {
    const count = diverged(group, update);
    if (count) text += ` Of the ${group.cell}, ${count} ${count === 1 ? "run has" : "runs have"} diverged.`;
  }
  return text;
}

function furtherOn(shown, T) {
  const clauses = shown.map((group) => [group.cell, errorsAt(group, T)])
    .filter(([, errors]) => errors.length)
    .map(([cell, errors]) => `${written(middle(errors))} for the ${cell} ` +
      `(${errors.length} run${errors.length === 1 ? "" : "s"})`);
  if (!clauses.length) return `no network that is shown was tested at T = ${T}.`;
  return `at T = ${T} the median test error is ${clauses.join(", ")}.`;
}

/* What the picture shows, for those who don't see it. */
function description({ T, shown, update, chosen, view, further }) {
  if (view === "beyond") {
    const lines = shown.map((group) => `${group.cell}: ${group.lengths.map((length) =>
      `${written(middle(errorsAt(group, length)))} at T = ${length}`).join(", ") || "not tested"}`);
    return `Test error against length, from T = ${further[0]} to T = ${further[further.length - 1]}; ` +
      `trained at T = ${T}. Medians: ${lines.join("; ")}.`;
  }
  const [what, name] = view === "test" ? ["errors", "Test error"] : ["losses", "Training loss"];
  const parts = [0.25, 0.5, 0.75, 1].map((part) => Math.round(part * update));
  const lines = shown.map((group) => `${group.cell}: ${parts.map((at) =>
    `${written(middle(group.runs.map((run) => level(run, at, what))))} at ${at}`).join(", ")}`);
  return `${name} against updates, drawn up to update ${update} of ${budgetOf(chosen)}. ` +
    (update ? `Medians: ${lines.join("; ")}.` : "Nothing is drawn yet.");
}

const RUNS = "A thin line is one run, from one seed; a thick line is the median of a cell's runs. A " +
  "run stops when it is solved (open mark), and counts as it is then from there on; a run that has " +
  "diverged (×) counts as worse than any other.";
const NOTES = {
  training: "Both axes are logarithmic. The dashed line is the best guess without remembering what " +
    "the task asks for. A loss is the mean since the mark before; whether a run is solved is asked " +
    `of its test error, so a fast learner stops at a high loss. ${RUNS}`,
  test: `Both axes are logarithmic, with a line of its own for zero. ${RUNS}`,
  beyond: "Both axes are logarithmic, with a line of its own for zero. A thin line is one trained " +
    "network, from one seed; a thick line is the median of a cell's networks.",
};

/* ---- the picture ---- */

const MARGIN = { left: 46, right: 108, narrow: 76, top: 14, bottom: 40 };
const NARROW = 440;
const SHAPES = { // of about the same area, around 0, 0
  "tanh RNN": "M4.5 0A4.5 4.5 0 1 1 -4.5 0A4.5 4.5 0 1 1 4.5 0Z",
  "identity RNN": "M-4-4H4V4H-4Z",
  LSTM: "M0-5.5L5 4H-5Z",
  GRU: "M0-6L5.5 0L0 6L-5.5 0Z",
};

const className = (cell) => `replay-${CELLS.indexOf(cell)}`;

function mark(cell, x, y, kind = "") {
  return `<path class="replay-mark ${kind} ${className(cell)}" d="${SHAPES[cell]}" ` +
    `transform="translate(${x.toFixed(1)} ${y.toFixed(1)})"/>`;
}

function polyline(cell, points, kind) {
  if (points.length < 2) return "";
  const text = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return `<polyline class="${kind} ${className(cell)}" points="${text}"/>`;
}

/* Numbers 1, 2, 5, 10, … between two logarithms; fewer where there are many decades. */
export function ticks(low, high, most) {
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    for (const skip of steps.length > 1 ? [1] : [1, 2, 3, 5, 10, 20]) {
      const logs = [];
      for (let decade = Math.floor(low); decade <= high; decade += 1) {
        if (decade % skip) continue;
        for (const step of steps) {
          const log = decade + Math.log10(step);
          if (log >= low && log <= high) logs.push(log);
        }
      }
      if (logs.length <= most) return logs;
    }
  }
  return [];
}

/* The axis of updates: from the first mark to the largest budget. */
export function updatesShown(groups) {
  const first = Math.min(...groups.flatMap((group) => group.runs.flatMap((run) =>
    [...run.updates.slice(0, 1), group.budget])));
  const last = budgetOf(groups);
  return first < last ? [first, last] : [Math.max(1, Math.floor(last / 2)), Math.max(2, last)];
}

/* The axis of losses: at most two decades above that guess, eight below it. */
export function lossesShown(groups) {
  const guess = Math.log10(groups[0].baseline);
  const logs = [guess, ...groups.flatMap((group) => group.runs.flatMap((run) => run.losses))];
  return aired(Math.max(Math.min(...logs), guess - 8), Math.min(Math.max(...logs), guess + 2));
}

/* The axis of errors: all that are not zero. */
function errorsShown(groups, what) {
  const logs = groups.flatMap((group) => group.runs.flatMap((run) => run[what]))
    .filter((log) => log !== null);
  const some = logs.filter((log) => log > -Infinity);
  if (groups[0].solved_below) some.push(Math.log10(groups[0].solved_below));
  const low = some.length ? Math.min(...some) : -1;
  return {
    limits: aired(low, Math.max(low + 0.3, ...some)), zero: logs.includes(-Infinity),
  };
}

function aired(low, high) {
  const air = 0.05 * (high - low) + 0.05;
  return [low - air, high + air];
}

function frame({ width, height }) {
  return {
    left: MARGIN.left, right: width - (width < NARROW ? MARGIN.narrow : MARGIN.right),
    top: MARGIN.top, bottom: height - MARGIN.bottom, narrow: width < NARROW,
  };
}

function onLogScale(low, high, from, to) {
  return (log) => from + ((Math.min(Math.max(log, low), high) - low) / (high - low)) * (to - from);
}

function across(groups, { left, right }) {
  const [first, last] = updatesShown(groups).map(Math.log10);
  const at = onLogScale(first, last, left, right);
  return (update) => at(Math.log10(Math.max(update, 1e-9)));
}

/* The update that is drawn nearest to a place; what lies before the axis is update 0. */
export function updateAt(groups, size, place) {
  const box = frame(size);
  if (place < box.left) return 0;
  const x = across(groups, box);
  return stops(groups).filter((at) => at > 0).reduce((best, at) =>
    (Math.abs(x(at) - place) <= Math.abs(x(best) - place) ? at : best));
}

function axes(box, horizontal, vertical) {
  const { left, bottom } = box;
  const parts = vertical.map(({ y, text }) => flatLine("replay-grid", y, box) +
    `<text class="replay-tick" text-anchor="end" x="${left - 6}" y="${(y + 4).toFixed(1)}">${text}</text>`);
  let free = -Infinity; // no number is written into the one before
  for (const { x, text, always } of [...horizontal].sort((a, b) => a.x - b.x)) {
    const half = text.length * 3.6;
    const crowded = horizontal.some((other) => other.always && other.x !== x &&
      Math.abs(other.x - x) < half + other.text.length * 3.6 + 6);
    if (!always && (crowded || x - half < free)) continue;
    free = x + half + 8;
    parts.push(uprightLine("replay-grid", x, { top: bottom, bottom: bottom + 4 }) +
      `<text class="replay-tick" text-anchor="middle" x="${x.toFixed(1)}" y="${bottom + 17}">${text}</text>`);
  }
  return parts;
}

/* Names beside the ends of the lines, pushed apart where they would touch. */
function names(ends, box) {
  const placed = ends.sort((a, b) => a.y - b.y);
  const near = (one, other) => Math.abs(one.x - other.x) < (box.narrow ? 66 : 98);
  for (const one of placed) {
    const beside = placed.filter((other) => near(one, other) && Math.abs(one.y - other.y) < 45);
    one.right = Math.max(...beside.map(({ x }) => x));
  }
  for (let turn = 0; turn < 4; turn += 1) {
    for (let k = 1; k < placed.length; k += 1) {
      for (let j = 0; j < k; j += 1) {
        if (near(placed[k], placed[j]) && placed[k].y - placed[j].y < 15) {
          placed[k].y = placed[j].y + 15;
        }
      }
    }
    const over = Math.max(0, ...placed.map(({ y }) => y - box.bottom + 4));
    for (const end of placed) end.y = over ? end.y - over : end.y;
    placed.sort((a, b) => a.y - b.y);
  }
  return placed.map(({ cell, text, right, y }) =>
    `<text class="${cell ? `replay-name ${className(cell)}` : "replay-line"}" ` +
    `x="${(right + (cell ? 9 : 4)).toFixed(1)}" y="${(y + 4).toFixed(1)}">` +
    `${text ?? (box.narrow ? cell.replace(" RNN", "") : cell)}</text>`);
}

/* The scale of losses or errors, from the bottom up; zero has a place of its own. */
function upwards(box, [low, high], zero) {
  const up = onLogScale(low, high, box.bottom - (zero ? 26 : 0), box.top);
  const y = (log) => (log === -Infinity ? box.bottom - (zero ? 6 : 0) : up(log));
  const marks = ticks(low, high, 8).map((log) => ({ y: y(log), text: amount(10 ** log, 1) }));
  return { y, marks: zero ? [...marks, { y: y(-Infinity), text: "0" }] : marks };
}

function flatLine(kind, y, { left, right }) {
  return `<line class="${kind}" x1="${left}" x2="${right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>`;
}

function uprightLine(kind, x, { top, bottom }) {
  return `<line class="${kind}" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${top}" y2="${bottom}"/>`;
}

/* The error below which a run is solved, if the task has one: a line, and its name to be drawn over
   all lines. */
function solvedLine(box, y, below) {
  if (!below) return ["", ""];
  const at = y(Math.log10(below));
  return [flatLine("replay-below", at, box),
    `<text class="replay-line" x="${box.left + 5}" y="${(at - 5).toFixed(1)}">` +
      `solved: below ${amount(below)}</text>`];
}

/* The last mark of a run up to an update: alone, solved, diverged. */
function runEnd(cell, run, points, update) {
  const [x, y] = points.at(-1);
  const by = (at) => at !== null && at <= update;
  return (points.length > 1 ? "" : `<circle class="replay-dot ${className(cell)}" ` +
      `cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="1.5"/>`) +
    (by(run.solved_at) ? mark(cell, x, y, "replay-solved") : "") +
    (by(run.diverged_at) ? `<path class="replay-lost ${className(cell)}" d="M-4-4L4 4M-4 4L4-4" ` +
      `transform="translate(${x.toFixed(1)} ${y.toFixed(1)})"/>` : "");
}

function medianLine(cell, points, marked) {
  return polyline(cell, points, "replay-halo") + polyline(cell, points, "replay-median") +
    marked.map(([x, y]) => mark(cell, x, y)).join("");
}

function titles(box, side, below) {
  return `<text class="replay-tick" text-anchor="end" x="${box.right}" y="${box.bottom + 33}">${below}</text>` +
    `<text class="replay-tick" x="4" y="9">${side}</text>`;
}

function against(state, size) {
  const { chosen, shown, update, view } = state;
  const box = frame(size);
  const x = across(chosen, box);
  const what = view === "test" ? "errors" : "losses";
  const errors = errorsShown(chosen, "errors");
  const { y, marks } = view === "test" ? upwards(box, errors.limits, errors.zero)
    : upwards(box, lossesShown(chosen), false);
  const limits = updatesShown(chosen);
  const parts = axes(box,
    rising([...limits, ...ticks(...limits.map(Math.log10), 9).map((log) => Math.round(10 ** log))])
      .filter((at) => at >= limits[0])
      .map((at) => ({ x: x(at), text: thousands(at), always: limits.includes(at) })),
    marks);
  parts.push(titles(box, view === "test" ? "test error" : "training loss", "updates"));

  const { baseline, solved_below: below } = chosen[0];
  const guess = y(Math.log10(baseline));
  const [line, named] = view === "training" ? [flatLine("replay-baseline", guess, box), ""]
    : solvedLine(box, y, below);
  const ends = view === "training"
    ? [{ text: `guess: ${amount(baseline, 3)}`, x: box.right, y: guess }] : [];
  parts.push(line);

  const drawn = (pairs) => pairs.filter(([at, log]) => at <= update && log !== null)
    .map(([at, log]) => [x(at), y(log)]);
  for (const { cell, runs } of shown) {
    for (const run of runs) {
      const points = drawn(run.updates.map((at, k) => [at, run[what][k]]));
      if (!points.length) continue;
      parts.push(polyline(cell, points, "replay-run"), runEnd(cell, run, points, update));
    }
  }
  for (const group of shown) {
    const points = drawn(medians(group, what));
    if (!points.length) continue;
    const [endX, endY] = points.at(-1);
    parts.push(medianLine(group.cell, points, [[endX, endY]]));
    ends.push({ cell: group.cell, x: endX, y: endY });
  }
  parts.push(uprightLine("replay-now", x(update), box));
  return [...parts, named, ...names(ends, box)].join("");
}

function further(state, size) {
  const { chosen, shown, T, further: lengths } = state;
  const box = frame(size);
  const all = rising([T, ...lengths]);
  const [first, last] = [all[0], all[all.length - 1]];
  const at = first < last ? onLogScale(Math.log10(first), Math.log10(last), box.left + 8, box.right)
    : () => (box.left + box.right) / 2;
  const x = (length) => at(Math.log10(length));
  const { limits, zero } = errorsShown(chosen, "beyond");
  const { y, marks } = upwards(box, limits, zero);
  const parts = axes(box,
    all.map((length) => ({
      x: x(length), text: thousands(length), always: length === T || length === last,
    })), marks);
  const trained = x(T);
  const [line, named] = solvedLine(box, y, chosen[0].solved_below);
  parts.push(titles(box, "test error", "length T in the test"),
    uprightLine("replay-baseline", trained, box), line);
  const right = trained > (box.left + box.right) / 2;
  const label = `<text class="replay-line" text-anchor="${right ? "end" : "start"}" ` +
    `x="${(trained + (right ? -5 : 5)).toFixed(1)}" y="${box.top + 10}">trained at T = ${T}</text>`;
  const ends = [];
  for (const { cell, runs } of shown) {
    for (const run of runs) {
      const points = run.lengths.map((length, k) => [x(length), y(run.beyond[k])]);
      parts.push(polyline(cell, points, "replay-run"));
    }
  }
  for (const group of shown) {
    const points = group.lengths.map((length) => [x(length), y(middle(errorsAt(group, length)))]);
    if (!points.length) continue;
    parts.push(medianLine(group.cell, points, points));
    const [endX, endY] = points.at(-1);
    ends.push({ cell: group.cell, x: endX, y: endY });
  }
  return [...parts, named, label, ...names(ends, box)].join("");
}

/* ---- the controls ---- */

/* The cells: which are shown, how they are drawn, how far they are. */
function results(toggle) {
  const heads = [0, 1, 2].map(() => element("th", { scope: "col" }));
  const caption = element("caption");
  const rows = CELLS.map((cell) => {
    const input = element("input", { type: "checkbox" });
    input.addEventListener("change", () => toggle(cell, input.checked));
    const swatch = drawing('<svg class="replay-swatch" width="34" height="14" viewBox="0 0 34 14" aria-hidden="true">' +
      `<polyline class="replay-median ${className(cell)}" points="0,7 34,7"/>${mark(cell, 17, 7)}</svg>`);
    const cells = heads.map(() => element("td"));
    const node = element("tr", {}, element("th", { scope: "row" },
      element("label", { class: "rnnbook-choice replay-cell" }, input, swatch, element("span", {}, cell))), ...cells);
    return { cell, input, cells, node };
  });
  return {
    node: element("table", { class: "replay-table" }, caption,
      element("thead", {}, element("tr", {}, element("td"), ...heads)),
      element("tbody", {}, ...rows.map((row) => row.node))),
    show({ T, chosen, cells: on, update, view, further: lengths }) {
      const replayed = view !== "beyond";
      const last = lengths[lengths.length - 1];
      const texts = replayed ? ["solved", "loss", "test error"]
        : ["tested", `T = ${T}`, `T = ${last}`];
      caption.textContent = replayed ? "Losses and errors: medians over the seeds"
        : "Test errors: medians over the seeds";
      texts.forEach((title, k) => (heads[k].textContent = title));
      for (const { cell, input, cells, node } of rows) {
        const group = chosen.find((one) => one.cell === cell);
        input.checked = on.includes(cell);
        input.disabled = !group;
        node.classList.toggle("replay-off", !group || !on.includes(cell));
        let numbers = ["not run", "", ""];
        if (group && replayed) {
          const now = (what) => middle(group.runs.map((run) => level(run, update, what)));
          const error = now("errors");
          numbers = [`${solved(group, update)} of ${group.runs.length}`, written(now("losses")),
            error === Infinity ? "" : written(error)];
        } else if (group) {
          numbers = [String(errorsAt(group, last).length),
            ...[T, last].map((length) => written(middle(errorsAt(group, length))))];
        }
        numbers.forEach((text, k) => (cells[k].textContent = text));
      }
    },
  };
}

export default {
  render({ model, el }) {
    const TRAITS = ["task", "T", "cells", "update", "view"];
    const change = (values) => setTraits(model, values);
    let groups = unpack(model.get("table"), model.get("curves"));
    let longest = budgetOf(groups);
    const state = () => read(groups, getTraits(model, TRAITS));
    const tasks = [...new Set(groups.map((group) => group.task))];
    /* The end of one length's runs is the end of every other's. */
    const goTo = (update) => change({ update: update >= budgetOf(state().chosen) ? longest : update });

    const task = radioRow("Task", tasks, tasks, (name) => {
      change({ task: name, T: read(groups, { task: name, T: state().T }).T });
    });
    const lengthPlace = element("div");
    let length = null;
    let lengthsOf = "";
    const view = radioRow("Picture", VIEWS, ["loss", "test error", "other lengths"],
      (name) => change({ view: name }));
    const table = results((cell, on) => {
      const cells = state().cells.filter((one) => one !== cell);
      change({ cells: CELLS.filter((one) => (one === cell ? on : cells.includes(one))) });
    });

    const { name, input, output, show: showUpdate } = placeSlider(["update"], 0, 0,
      (place) => goTo(stops(state().chosen)[place]));
    const play = element("button", { type: "button", class: "replay-play" }, "Play");
    const bar = element("div", { class: "replay-bar" }, play, name, input, output);

    const live = liveRegion();
    const figure = element("div", { class: "replay-figure", role: "img" });
    const note = element("p", { class: "rnnbook-note" });
    const root = explorerRoot("replay-explorer",
      element("p", { class: "rnnbook-title" }, "Which networks pass which test?"),
      task.node,
      element("div", { class: "replay-pair" }, lengthPlace, view.node),
      figure,
      bar,
      live.node,
      table.node,
      note);

    let size = { width: 0, height: 0 };
    let timer = 0;

    function draw() {
      const now = state();
      task.show(now.task);
      if (lengthsOf !== now.lengths.join()) {
        lengthsOf = now.lengths.join();
        length = radioRow("Length", now.lengths, now.lengths.map((T) => `T = ${T}`),
          (T) => change({ T }));
        lengthPlace.replaceChildren(length.node);
      }
      length.show(now.T);
      view.show(now.view, VIEWS.filter((one) => !viewsOf(now.chosen).includes(one)));
      table.show(now);
      const all = stops(now.chosen);
      const place = all.filter((at) => at <= now.update).length - 1;
      input.max = all.length - 1;
      input.disabled = now.view === "beyond";
      showUpdate(place,
        `${thousands(now.update)} of ${thousands(budgetOf(now.chosen))} updates`);
      output.textContent = thousands(now.update);
      play.disabled = now.view === "beyond";
      play.textContent = timer ? "Pause" : "Play";
      note.textContent = NOTES[now.view];
      const text = sentence(now);
      if (timer) live.seen.textContent = text; // spoken when the replay rests
      else live.say(text);
      figure.setAttribute("aria-label", description(now));
      figure.classList.toggle("replay-still", now.view === "beyond");
      if (size.width) {
        figure.replaceChildren(drawing(
          `<svg width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" ` +
          `aria-hidden="true">${now.view === "beyond" ? further(now, size) : against(now, size)}</svg>`));
      }
    }
    const { ask, stop: cancel } = nextFrame(draw);

    /* ---- the replay ---- */

    const stop = () => {
      if (!timer) return;
      clearInterval(timer);
      timer = 0;
      document.removeEventListener("keydown", interrupted, true);
      document.removeEventListener("pointerdown", interrupted, true);
      document.removeEventListener("visibilitychange", hidden);
      ask();
    };
    /* Any key and any press stops it; those on its own button do so by the click. */
    const interrupted = (event) => {
      const own = event.composedPath().includes(play);
      if (own && (event.type === "pointerdown" || event.key === " " || event.key === "Enter")) return;
      stop();
    };
    const hidden = () => {
      if (document.hidden) stop();
    };
    const step = () => {
      const now = state();
      const next = stops(now.chosen).find((at) => at > now.update);
      if (next === undefined || now.view === "beyond") stop();
      else goTo(next);
    };
    play.addEventListener("click", () => {
      if (timer) {
        stop();
        return;
      }
      const now = state();
      const all = stops(now.chosen);
      if (now.update >= budgetOf(now.chosen)) goTo(0);
      timer = setInterval(step, Math.min(400, Math.max(50, 6000 / all.length)));
      document.addEventListener("keydown", interrupted, true);
      document.addEventListener("pointerdown", interrupted, true);
      document.addEventListener("visibilitychange", hidden);
      ask();
    });
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    const calmed = () => {
      play.hidden = calm.matches;
      if (calm.matches) stop();
    };
    calm.addEventListener("change", calmed);

    /* ---- a drag across the picture ---- */

    const dragTo = (event) => {
      if (state().view === "beyond") return;
      const place = event.clientX - figure.getBoundingClientRect().left;
      goTo(updateAt(state().chosen, size, place));
    };
    figure.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault(); // the focus goes to the slider, so that the arrow keys go on from here
      input.focus({ preventScroll: true });
      figure.setPointerCapture(event.pointerId);
      dragTo(event);
    });
    figure.addEventListener("pointermove", (event) => {
      if (figure.hasPointerCapture(event.pointerId)) dragTo(event);
    });

    const measure = () => {
      const box = figure.getBoundingClientRect();
      size = { width: box.width, height: box.height };
    };
    const resized = new ResizeObserver(() => {
      measure();
      if (!size.width) stop(); // a notebook took it out of sight
      ask();
    });

    el.append(root);
    calmed();
    measure();
    draw();
    resized.observe(figure);
    const repack = () => {
      groups = unpack(model.get("table"), model.get("curves"));
      longest = budgetOf(groups);
      ask();
    };
    const unlisten = listen(model, TRAITS, ask);
    const unlistenCurves = listen(model, ["curves"], repack);
    return cleanup(root, live, stop, unlisten, unlistenCurves, cancel,
      () => calm.removeEventListener("change", calmed), () => resized.disconnect());
  },
};

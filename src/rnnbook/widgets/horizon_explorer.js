/* How fast do a model's own mistakes grow? All numbers come from horizon_explorer.py, which says
   how they are packed; here one row is picked and drawn. */

/* The least, the median and the greatest error at each horizon. */
export function curve(errors, table, { task, forcing, prompt }) {
  const { horizons, prompts, rates, schedules } = table;
  const forcings = rates.length + schedules.length - 1;
  const start = ((task * forcings + forcing) * prompts.length + prompt) * 3 * horizons.length;
  return [0, 1, 2].map((k) => horizons.map((_, i) =>
    10 ** (errors.getInt16(2 * (start + k * horizons.length + i), true) / 1000)));
}

/* Where a setting stands in the table. Anything may come from a link. */
export function locate(table, { task, schedule, rate, prompt, horizon }) {
  const at = Math.max(table.tasks.indexOf(task), 0);
  const way = Math.max(table.schedules.indexOf(schedule), 0);
  const place = nearestPlace(table.rates, rate);
  const steps = table.horizons.filter((k) => k <= table.ends[at]);
  return {
    task: at,
    schedule: way,
    rate: place,
    // the saved order: constant rates from 1 down, then the schedules that fall
    forcing: way === 0 ? table.rates.length - 1 - place : table.rates.length + way - 1,
    prompt: nearestPlace(table.prompts, prompt),
    horizon: nearestPlace(steps, horizon),
    steps,
  };
}

export function amount(error) {
  return String(Number(error.toPrecision(2)));
}

export function trained(schedule, rate) {
  if (schedule === "linear to 3/4") return "true inputs falling from 100 % to 75 % in training";
  if (schedule !== "constant") {
    return `true inputs falling from about 100 % to about 0 in training (${schedule})`;
  }
  if (rate === 1) return "all inputs true in training";
  if (rate === 0) return "no inputs true in training but one";
  return `${Math.round(100 * rate)} % of the inputs true in training`;
}

export function sentence(errors, table, where) {
  const [low, middle, high] = curve(errors, table, where);
  const always = curve(errors, table, { ...where, forcing: 0 })[1];
  const base = table.baselines[where.task];
  const end = table.ends[where.task];
  const k = where.horizon;
  const step = where.steps.find((_, i) => middle[i] >= base / 2);
  const half = step ? `Half of that is reached at step ${step}.`
    : `Half of that is not reached within ${end} steps.`;
  const beside = where.forcing === 0 ? "" : ` Always forced: ${amount(always[k])}.`;
  return `${table.tasks[where.task]}, ` +
    `${trained(table.schedules[where.schedule], table.rates[where.rate])}, ` +
    `prompt of ${table.prompts[where.prompt]}: the error is ${amount(middle[0])} one step ahead ` +
    `and ${amount(middle[k])} at step ${where.steps[k]} (${amount(low[k])} to ${amount(high[k])} ` +
    `over ${table.seeds} seeds).${beside} Predicting the mean: ${amount(base)}. ${half}`;
}

/* ---- the picture ---- */

const MARKS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];
const CLOSER = [0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5];  // where there is less than a decade

function picture() {
  const plot = stretchedPlot("horizon-box");
  const node = element("div", { class: "horizon-figure", role: "img" }, plot.node);
  return {
    node,
    show(errors, table, where) {
      const limits = table.ranges[where.task];
      const end = table.ends[where.task];
      const base = Math.log10(table.baselines[where.task]);
      const logs = (setting) => curve(errors, table, setting).map((line) => line.map(Math.log10));
      const [low, middle, high] = logs(where);
      const always = logs({ ...where, forcing: 0 })[1];
      const { line, area, word } = units([1, end], limits);
      const points = (curve) => where.steps.map((step, i) => [step, curve[i]]);
      const level = (name, log) => line(name, [[1, log], [end, log]]);
      const at = where.steps[where.horizon];
      const inside = (limits[1] - limits[0] < 1 ? CLOSER : MARKS).filter((mark) =>
        Math.log10(mark) >= limits[0] && Math.log10(mark) <= limits[1]);
      const marks = inside.length > 7 ? inside.filter((mark) => /1/.test(mark)) : inside;
      const ticks = end > 20 ? [1, 20, 40, 60, 80, 100] : [1, 5, 10, 15, 20];
      // Names stand where curves seldom are: the mean's on the left above its line, but where errors
      // rise at once on the right below it; the other on the right, on the side that is free.
      const share = (limits[1] - limits[0]) / 100;
      const soon = end <= 20;
      const below = soon || middle.at(-1) < middle[0] + 9 * share;
      plot.show(marks.map((mark) => level("horizon-grid", Math.log10(mark))).join("") +
        area("horizon-band", [...points(low), ...points(high).reverse()]) +
        line("horizon-cut", limits.map((edge) => [at, edge])) +
        level("horizon-one", middle[0]) + level("horizon-base", base) +
        (where.forcing === 0 ? "" : line("horizon-always", points(always))) +
        line("horizon-median", points(middle)),
      [
        ...marks.map((mark) => word("rnnbook-y", String(mark), 1, Math.log10(mark))),
        ...ticks.map((step) => word("horizon-x", String(step), step, limits[0])),
        word(`horizon-name horizon-name-base${soon ? " horizon-right" : ""}`,
          "predicting the mean", soon ? end : 1, base),
        word(`horizon-name horizon-name-one${below ? " horizon-below" : ""}`, "its one-step error",
          end, soon ? Math.min(middle[0], base - 7.5 * share) : middle[0]),
        word("horizon-dot", "", at, middle[where.horizon]),
      ]);
      node.setAttribute("aria-label", "Curves of the error, on a logarithmic axis, against the " +
        `steps after the prompt. The median is ${
          [0, 3, where.steps.length - 1].map((i) =>
            `${amount(10 ** middle[i])} at step ${where.steps[i]}`).join(", ")}.`);
    },
  };
}

/* ---- the controls ---- */

function menu(label, values, choose) {
  const id = freshId();
  const select = element("select", { id, class: "horizon-select" },
    ...values.map((value) => element("option", { value }, value)));
  select.addEventListener("change", () => choose(select.value));
  return {
    node: element("div", { class: "horizon-menu" }, element("label", { for: id }, label), select),
    show(value) {
      if (select.value !== value) select.value = value;
    },
  };
}

export default {
  render({ model, el }) {
    const change = (values) => setTraits(model, values);
    const TRAITS = ["task", "schedule", "rate", "prompt", "horizon"];
    const where = () => locate(model.get("table"), getTraits(model, TRAITS));
    const table = model.get("table");
    const task = menu("Series", table.tasks, (chosen) => {
      const end = table.ends[table.tasks.indexOf(chosen)];
      change({ task: chosen, horizon: Math.min(model.get("horizon"), end) });
    });
    const schedule = menu("Rate of true inputs", table.schedules,
      (chosen) => change({ schedule: chosen }));
    const rate = placeSlider(["constant rate"], 0, table.rates.length - 1,
      (place) => change({ rate: table.rates[place] }));
    const prompt = placeSlider(["prompt, values"], 0, table.prompts.length - 1,
      (place) => change({ prompt: table.prompts[place] }));
    const horizon = placeSlider(["step ahead"], 0, table.horizons.length - 1,
      (place) => change({ horizon: where().steps[place] }));
    const figure = picture();
    const live = liveRegion();
    const key = (name, text) => element("li", { class: `horizon-key ${name}` }, text);
    const always = key("horizon-key-always", "always forced (100 %)");
    const root = explorerRoot("horizon-explorer",
      element("p", { class: "rnnbook-title" }, "How fast do a model's own mistakes grow?"),
      element("div", { class: "horizon-menus" }, task.node, schedule.node),
      element("div", { role: "group", "aria-label": "Training, prompt and step" },
        rate.node, prompt.node, horizon.node),
      element("p", { class: "horizon-axis" }, "error running free (root mean square), logarithmic axis"),
      figure.node,
      element("p", { class: "horizon-axis horizon-axis-x" }, "steps after the prompt"),
      element("ul", { class: "horizon-keys", "aria-hidden": "true" },
        key("horizon-key-median", "this training, median"),
        key("horizon-key-band", `all ${table.seeds} seeds`), always),
      live.node,
      element("p", { class: "rnnbook-note" },
        "Saved runs: tanh networks of 24 units, 1,500 updates each; errors over 200 fresh " +
        "series. The first input of each training series is always true."));

    function draw() {
      const errors = model.get("errors");
      const now = where();
      task.show(table.tasks[now.task]);
      schedule.show(table.schedules[now.schedule]);
      rate.show(now.rate, `${Math.round(100 * table.rates[now.rate])} %`);
      rate.input.disabled = now.schedule !== 0;
      if (rate.input.disabled) rate.output.textContent = "–";
      prompt.show(now.prompt, String(table.prompts[now.prompt]));
      horizon.input.max = now.steps.length - 1;
      horizon.show(now.horizon, String(now.steps[now.horizon]));
      always.classList.toggle("horizon-gone", now.forcing === 0);
      figure.show(errors, table, now);
      live.say(sentence(errors, table, now));
    }

    el.append(root);
    return cleanup(root, live, follow(model, TRAITS, draw));
  },
};

/* Switch the edges of an unrolled network. The routes come from wiring_explorer.py, each with the
   edges that it needs; a route is left if all of these are on. */

const WEIGHTS = ["W_xh", "W_hh", "W_yh", "b_h", "W_hy", "b_y"];
const FED = ["free", "forced", "none"];
const NODES = ["h_2", "h_1", "y_2", "y_1"];
const NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven"];
const hears = (word, t) =>
  ({ free: `the network's output y_${t - 1}`, forced: `the target d_${t - 1}`, none: "nothing" })[word];

const heard = (word, t) =>
  ({ free: `output y_${t - 1}`, forced: `target d_${t - 1}`, none: "nothing" })[word];

/* The switchable edges that are on. */
export function edges({ hidden, inputs, step_2, step_3 }) {
  const fed = [null, "none", step_2, step_3];
  return [1, 2, 3].flatMap((t) => [
    ...(inputs ? [`x_${t} -> h_${t}`] : []),
    ...(hidden ? [`h_${t - 1} -> h_${t}`] : []),
    ...(fed[t] === "none" ? [] : [`${fed[t] === "free" ? "y" : "d"}_${t - 1} -> h_${t}`]),
  ]);
}

/* The routes that are left, of those that lead to one weight, state or output. */
export function left(routes, state) {
  const on = new Set(edges(state));
  return routes.filter((route) => route.edges.every((edge) => on.has(edge)));
}

const end = (route) => route.stations[route.stations.length - 1];

export function sentence(routes, state) {
  const { weight, hidden, inputs, step_2, step_3 } = state;
  const found = left(routes[weight], state);
  const count = (t) => found.filter((route) => end(route) === `${weight}^(${t})`).length;
  const to = `from L_3 back to ${weight}`;
  const many = NUMBERS[found.length];
  const first = found.length
    ? `${many[0].toUpperCase()}${many.slice(1)} ${found.length === 1 ? "route leads" : "routes lead"} ` +
      `${to}: ${[3, 2, 1].map((t) => `${count(t)} at step ${t}`).join(", ")}.`
    : `No route leads ${to}: its derivative is exactly zero.`;
  const zero = NODES.filter((name) => !left(routes[name], state).length);
  const second = zero.length ? "Exactly zero: " + zero.map((name) => `dL_3/d${name}`).join(", ")
    : "No derivative in a state or an output is zero";
  return `Each step reads ${inputs ? "its input and " : ""}` +
    `${hidden ? "the state before it" : "no state"}; step 2 hears ${hears(step_2, 2)}, ` +
    `step 3 ${hears(step_3, 3)}. ${first} ${second}.`;
}

/* "dL_3/dh_1." with its names as mathematics. */
function prose(text) {
  return text.split(/(\/?d?[a-zA-Z]_[a-z0-9]+)/).flatMap((part, i) => {
    if (i % 2 === 0) return [part];
    const [, before, name] = part.match(/^(\/?d?(?=[a-zA-Z]_)|)(.+)$/);
    return [before, math(name)];
  });
}

/* ---- the picture ---- */

/* Columns are shares of the width, rows are pixels. A target stands between two steps. */
const X = [5, 30, 59, 88];
const ROW = { top: 22, y: 88, h: 172, x: 254 };
const PLACES = { L_3: [X[3], ROW.top], d_1: [44.5, ROW.top], d_2: [73.5, ROW.top] };
for (const t of [0, 1, 2, 3]) {
  PLACES[`h_${t}`] = [X[t], ROW.h];
  if (t) PLACES[`x_${t}`] = [X[t], ROW.x];
  if (t) PLACES[`y_${t}`] = [X[t], ROW.y];
}
const ASIDE = 7;
const SWITCHED = [1, 2, 3].flatMap((t) => [
  [`x_${t}`, `h_${t}`, "inputs"],
  [`h_${t - 1}`, `h_${t}`, "hidden"],
  ...(t > 1 ? [[`y_${t - 1}`, `h_${t}`, `step_${t}`, "free"],
    [`d_${t - 1}`, `h_${t}`, `step_${t}`, "forced"]] : []),
]);
const FIXED = [["h_1", "y_1"], ["h_2", "y_2"], ["h_3", "y_3"], ["y_3", "L_3"]];

/* Where a route ends: half way along the arrow that the weight stands on, or beside the node. */
function stop(name, route) {
  const [, weight, use] = end(route).match(/^(\w+)\^\((\d)\)$/);
  const half = (a, b) => PLACES[a].map((value, i) => (value + PLACES[b][i]) / 2);
  if (weight === "W_hy") return half(name, `h_${use}`);
  if (weight === "b_h") return [X[use], ROW.h + 30];
  if (weight === "b_y") return [X[use], ROW.y - 28];
  return half(name, route.factors[route.factors.length - 1]);
}

function line(className, [x1, y1], [x2, y2], more = "") {
  return `<line class="${className}" x1="${x1}%" y1="${y1}" x2="${x2}%" y2="${y2}" ${more}/>`;
}

function network(change) {
  const heads = { forward: freshId(), data: freshId() };
  const marker = ([role, id]) =>
    `<marker id="${id}" class="wiring-head-${role}" markerUnits="userSpaceOnUse" markerWidth="60" ` +
    `markerHeight="12" refX="34" refY="6" orient="auto"><path d="M0 1 L10 6 L0 11 Z"/></marker>`;
  const arrow = (a, b, key = "", role = "forward") =>
    line(`wiring-arrow wiring-${role}`, PLACES[a], PLACES[b],
      `data-edge="${key}" marker-end="url(#${heads[role]})"`);
  const svg = drawing(
    `<svg aria-hidden="true" width="100%" height="282">` +
    `<defs>${Object.entries(heads).map(marker).join("")}</defs>` +
    FIXED.map(([a, b]) => arrow(a, b)).join("") +
    SWITCHED.map(([a, b]) => arrow(a, b, `${a} -> ${b}`, /^[dx]/.test(a) ? "data" : "forward")).join("") +
    `<g class="wiring-routes" transform="translate(${-ASIDE} ${-ASIDE})"></g>` +
    SWITCHED.map(([a, b], i) => line("wiring-hit", PLACES[a], PLACES[b], `data-hit="${i}"`)).join("") +
    `</svg>`);
  const nodes = Object.entries(PLACES).map(([name, [x, y]]) => element("span", {
    class: `rnnbook-node wiring-node wiring-node-${name === "h_0" ? "first" : name[0]}`,
    "data-node": name, style: `left: ${x}%; top: ${y}px`,
  }, math(name)));
  const stage = element("div", { class: "rnnbook-network wiring-stage", role: "img" }, svg, ...nodes);
  stage.addEventListener("click", (event) => {
    const hit = event.target.closest?.("[data-hit]")?.dataset.hit;
    if (hit === undefined) return;
    const [, , trait, word] = SWITCHED[hit];
    change(trait, word);
  });

  return {
    node: stage,
    show(state, found, picked, text) {
      stage.setAttribute("aria-label", text);
      const on = new Set(edges(state));
      for (const arrow of svg.querySelectorAll("[data-edge]:not([data-edge=''])")) {
        arrow.classList.toggle("wiring-off", !on.has(arrow.dataset.edge));
      }
      for (const node of nodes) {
        const name = node.dataset.node;
        const read = [...on].some((edge) => edge.startsWith(name));
        node.classList.toggle("wiring-unused", /^[dx]|h_0/.test(name) && !read);
      }
      const draw = (route, className) => {
        const steps = route.stations.slice(0, -1);
        const points = [...steps.map((name) => PLACES[name]), stop(steps[steps.length - 1], route)];
        const [x, y] = points[points.length - 1];
        return points.slice(1).map((point, i) => line(className, points[i], point)).join("") +
          `<circle class="${className}" cx="${x}%" cy="${y}" r="4.5"/>`;
      };
      svg.querySelector(".wiring-routes").innerHTML = picked
        ? found.filter((route) => route !== picked).map((r) => draw(r, "wiring-faint")).join("") +
          draw(picked, "wiring-lit")
        : found.map((route) => draw(route, "wiring-lit")).join("");
    },
  };
}

/* ---- what is left ---- */

function list(pick) {
  const heading = element("p", { class: "wiring-heading" });
  const rows = element("ol", { class: "wiring-list" });
  let shown = "";
  const product = (route) => route.factors.flatMap((factor, i) =>
    [...(i ? [element("span", { class: "wiring-dot" }, " · ")] : []), math(factor)]);
  return {
    nodes: [heading, rows],
    show(weight, found, picked) {
      heading.replaceChildren(...prose("dL_3/d"), math(weight),
        found.length ? ` is the sum of ${found.length === 1 ? "this term" : `these ${NUMBERS[found.length]} terms`}:`
          : " = 0, exactly: no route leads there.");
      const key = JSON.stringify([weight, found.map((route) => route.factors)]);
      if (key !== shown) {
        shown = key;
        rows.replaceChildren(...found.map((route, i) => {
          const button = element("button", { type: "button", class: "wiring-term" },
            element("span", { class: "wiring-use" }, "step ", end(route).slice(-2, -1)),
            element("span", { class: "wiring-product" }, ...product(route)));
          button.addEventListener("click", () => pick(i + 1));
          return element("li", {}, button);
        }));
      }
      [...rows.querySelectorAll("button")].forEach((button, i) =>
        button.setAttribute("aria-pressed", String(found[i] === picked)));
    },
  };
}

/* How many routes arrive where. */
function arrivals() {
  const caption = element("caption");
  const heads = NODES.map((name) => element("th", { scope: "col" }, "d", math("L_3"), "/d", math(name)));
  const cells = NODES.map(() => element("td"));
  const node = element("table", { class: "wiring-table" }, caption,
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, element("tr", {}, ...cells)));
  caption.append("How many routes lead to the states and outputs before step 3:");
  return {
    node,
    show(routes, state) {
      NODES.forEach((name, i) => {
        const count = left(routes[name], state).length;
        cells[i].textContent = count ? `${count} route${count === 1 ? "" : "s"}` : "exactly 0";
        cells[i].classList.toggle("wiring-zero", !count);
      });
    },
  };
}

export default {
  render({ model, el }) {
    const at = () => {
      const known = (name, words) => (words.includes(model.get(name)) ? model.get(name) : words[0]);
      return {
        hidden: model.get("hidden") === true, inputs: model.get("inputs") === true,
        step_2: known("step_2", FED), step_3: known("step_3", FED),
        weight: known("weight", WEIGHTS), route: whole(model.get("route"), 0, 7),
      };
    };
    const set = (name, value) => setTraits(model, { [name]: value });
    const change = (trait, word) => {
      const now = at()[trait];
      set(trait, word === undefined ? !now : now === word ? "none" : word);
    };
    const pick = (route) => set("route", at().route === route ? 0 : route);

    const live = liveRegion();
    const hidden = checkbox(model, "hidden", "hidden recurrence");
    hidden.node.lastChild.append(": ", math("h_{t-1}"), " → ", math("h_t"));
    const inputs = checkbox(model, "inputs", "inputs");
    inputs.node.lastChild.append(": ", math("x_t"), " → ", math("h_t"));
    const fed = [2, 3].map((t) => radioRow(`Step ${t} hears`, FED,
      FED.map((word) => formula(heard(word, t))), (word) => set(`step_${t}`, word), "wiring-fed"));
    const weights = radioRow("Derivative in", WEIGHTS, WEIGHTS.map(math),
      (name) => set("weight", name), "wiring-weights");
    for (const { value, input } of weights.items) {
      input.setAttribute("aria-label", `Weight ${value}`);
    }
    const net = network(change);
    const terms = list(pick);
    const table = arrivals();
    const root = explorerRoot("wiring-explorer",
      element("p", { class: "rnnbook-title" }, "Which routes are left?"),
      element("div", { class: "wiring-switches" },
        element("div", { class: "wiring-checks" }, hidden.node, inputs.node),
        ...fed.map((group) => group.node)),
      net.node,
      weights.node,
      live.node,
      table.node,
      element("div", { class: "wiring-terms" }, ...terms.nodes),
      element("p", { class: "rnnbook-note" },
        "Blue and grey: forward. Orange, dashed: back. ",
        math("ℓ'_3"), " is the derivative of the loss in ", math("y_3"), ", ", math("φ'_t"),
        " the slope of the activation at step ", math("t"), ". Targets and inputs are data: a ",
        "route that comes to one has nowhere to go on to. Arrows can be clicked, terms too."));

    function draw() {
      const state = at();
      const routes = model.get("routes");
      const found = left(routes[state.weight], state);
      const picked = found[state.route - 1];
      const text = sentence(routes, state);
      hidden.show(state.hidden);
      inputs.show(state.inputs);
      fed.forEach((group, i) => group.show(state[`step_${i + 2}`]));
      weights.show(state.weight);
      net.show(state, found, picked, text);
      terms.show(state.weight, found, picked);
      table.show(routes, state);
      live.say(text);
      live.seen.replaceChildren(...prose(text));
    }

    el.append(root);
    return cleanup(root, live, follow(model,
      ["hidden", "inputs", "step_2", "step_3", "weight", "route", "routes"], draw));
  },
};

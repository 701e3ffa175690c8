/* How far back must a derivative go? All numbers come from truncation_explorer.py. */

const LONGEST = 100;

export function ended(theta) {
  if (theta === null) return "beyond 1,000";
  return fixed(theta, Math.abs(theta) < 10 ? 4 : 1);
}

export function sentence({ g, ends, limit, best, start }, K, allTerms) {
  const now = g[K - 1];
  if (!allTerms) {
    return `K = ${K}: the truncated derivative is ${fixed(now, 2)}. Learning moves θ ` +
      `${now > 0 ? "up" : "down"} from ${start}; after 3,000 steps it is ${ended(ends[K - 1])}.`;
  }
  const off = 100 * Math.abs(now / limit - 1);
  const near = off <= 1 ? "within 1 % of it" : `but ${off.toFixed(1)} % too small`;
  const [sign, way] = now > 0 ? ["the wrong sign", "away from"]
    : [`the right sign, ${near}`, "towards"];
  return `K = ${K}: the truncated derivative is ${fixed(now, 2)}, the true one ` +
    `${fixed(limit, 0)}: ${sign}. Learning moves θ ${way} its best value, ${fixed(best, 4)}; ` +
    `after 3,000 steps it is ${ended(ends[K - 1])}.`;
}

/* A plot with limits that stay; `marks` are the numbers at its side. */
function plot(label, across, up, height, marks) {
  const scale = units(across, up);
  const stretched = stretchedPlot("truncation-box");
  stretched.node.style.height = `${height}px`;
  const side = marks.map((y) => scale.word("rnnbook-y", fixed(y, 0), across[0], y));
  return {
    ...scale,
    node: element("div", { class: "truncation-plot", role: "img", "aria-label": label },
      stretched.node),
    show: (markup, words = []) => stretched.show(markup, [...side, ...words]),
  };
}

function ticks(picture, values, digits = 0) {
  return element("div", { class: "truncation-ticks", "aria-hidden": "true" },
    ...values.map((value) => element("span", { style: `left: ${picture.across(value)}%` },
      fixed(value, digits))));
}

/* The terms by age and their running sum, one under the other with one axis. */
function sums(numbers) {
  const bars = plot("Bars: the terms by age", [0, LONGEST], [-1.15, 1.15], 110, [1, 0, -1]);
  const sum = plot("Curve: the sum of the first K terms", [0, LONGEST], [-8.5, 18.5], 190,
    [10, 0, -6]);
  const value = element("output", { class: "truncation-value" });
  const name = element("span", {});
  const words = [
    sum.word("truncation-word truncation-at-right truncation-is-wrong", "wrong sign",
      LONGEST - 1, 14),
    sum.word("truncation-word truncation-is-right", "right sign", 1, -2),
    sum.word("truncation-word truncation-true", `the truth, ${fixed(numbers.limit, 0)}`,
      LONGEST - 1, numbers.limit),
  ];
  return {
    node: element("div", { class: "truncation-sums" },
      element("p", { class: "truncation-head" },
        element("b", {}, "Terms"), " by age"),
      bars.node,
      element("p", { class: "truncation-head" },
        element("b", {}, "Their sum"), element("span", { class: "truncation-is" }, name, value)),
      sum.node,
      ticks(sum, [0, 20, 40, 60, 80, 100]),
      element("p", { class: "truncation-axis" }, "steps back")),
    show({ terms, g, limit }, K, allTerms) {
      const cut = (picture, low, high) => picture.line("truncation-cut", [[K, low], [K, high]]);
      bars.show(bars.line("truncation-zero", [[0, 0], [LONGEST, 0]]) +
        terms.slice(0, allTerms ? LONGEST : K).map((term, k) => bars.bar(k < K ? "truncation-kept" : "truncation-left-out",
          [k + 0.15, k + 0.85], [0, term])).join("") + cut(bars, -1.15, 1.15));
      const seen = allTerms ? g : g.slice(0, K);
      sum.show((allTerms ? sum.bar("truncation-wrong", [0, LONGEST], [0, 18.5]) +
        sum.line("truncation-limit", [[0, limit], [LONGEST, limit]]) : "") +
        sum.line("truncation-zero", [[0, 0], [LONGEST, 0]]) +
        sum.line("truncation-curve", [[0, 0], ...seen.map((value, i) => [i + 1, value])]) +
        cut(sum, -8.5, 18.5),
      [...(allTerms ? words : []), sum.word("truncation-dot", "", K, g[K - 1])]);
      name.replaceChildren(element("i", {}, "g"), `(${K}) = `);
      value.textContent = fixed(g[K - 1], 2);
      bars.node.setAttribute("aria-label", allTerms ? "Bars: the terms by age from 0 to 99. Ten " +
        `are 1; then they fall, and from age 20 on they are negative. ${K} are kept.`
        : `Bars: the ${K} youngest terms, by age. The last is ${fixed(terms[K - 1], 3)}.`);
      sum.node.setAttribute("aria-label", (allTerms ? "Curve: the sum of the first K terms. It " +
        "rises to 16.5 at K = 19, falls below 0 at K = 41 and nears −6. "
        : "Curve: the sum of the first K terms, as far as they are kept. ") +
        `At K = ${K} it is ${fixed(g[K - 1], 2)}.`);
    },
  };
}

const LOW = -0.62;
const HIGH = 1.22;
const STRETCH = 0.04; // how much of the θ axis a derivative of 1 takes as an arrow

/* The loss of the settled network over θ, and under it which way each derivative pushes. */
function valley(numbers) {
  const { best, start, limit } = numbers;
  const loss = (theta) => (limit * theta - 1) ** 2 / 2;
  const bowl = plot("Curve: the loss over theta", [LOW, HIGH], [-2, 36], 190, []);
  const curve = Array.from({ length: 47 }, (_, i) => LOW + (i * (HIGH - LOW)) / 46)
    .map((theta) => [theta, loss(theta)]);
  const drop = (theta, className) => bowl.line(className, [[theta, loss(theta)], [theta, -2]]);
  bowl.show(bowl.line("truncation-bowl", curve) + drop(start, "truncation-drop") +
    drop(best, "truncation-drop"), [
    bowl.word("truncation-dot", "", start, loss(start)),
    bowl.word("truncation-dot truncation-best", "", best, loss(best)),
    bowl.word("truncation-word", `start, ${start}`, start + 0.06, loss(start) - 2),
    bowl.word("truncation-word truncation-middle", "best, −1/6", best, 6),
    bowl.word("truncation-word", "loss", 0.93, 33),
  ]);

  const strip = (className, words) => {
    const arrow = element("span", { class: `truncation-arrow ${className}` });
    const text = element("span", {});
    return {
      node: element("div", { class: "truncation-strip" },
        element("p", {}, words, " ", text),
        element("div", { class: "truncation-lane", "aria-hidden": "true" },
          element("span", { class: "truncation-from", style: `left: ${bowl.across(start)}%` }),
          arrow)),
      show(g) {
        const far = Math.abs(g) * STRETCH;
        const right = g > 0; // from the start, which lies right of the best value
        arrow.classList.toggle("truncation-to-right", right);
        arrow.style.left = right ? `${bowl.across(start)}%` : "auto";
        arrow.style.right = right ? "auto" : `${100 - bowl.across(start)}%`;
        arrow.style.width = `${bowl.across(LOW + far)}%`;
        text.textContent = right ? "away from the best" : "towards the best";
      },
    };
  };
  const seen = strip("truncation-seen", "The truncated one:");
  const truth = strip("truncation-truth", "The true derivative:");
  const end = element("span", { class: "truncation-end" });
  const where = element("b", {});
  return {
    node: element("div", { class: "truncation-valley" },
      element("p", { class: "truncation-head" },
        element("b", {}, "The loss"), " over θ"),
      bowl.node,
      ticks(bowl, [-0.5, 0, 0.5, 1], 1),
      element("p", { class: "truncation-axis" }, "θ, the number that is learned"),
      truth.node, seen.node,
      element("div", { class: "truncation-strip" },
        element("p", {}, "After 3,000 steps θ is ", where),
        element("div", { class: "truncation-lane", "aria-hidden": "true" },
          element("span", { class: "truncation-from", style: `left: ${bowl.across(best)}%` }), end))),
    show({ g, ends }, K, allTerms) {
      truth.node.classList.toggle("truncation-hidden", !allTerms);
      const theta = ends[K - 1];
      const outside = theta === null || theta > HIGH;
      seen.show(g[K - 1]);
      truth.show(limit);
      where.textContent = ended(theta);
      end.classList.toggle("truncation-outside", outside);
      end.style.left = outside ? "100%" : `${bowl.across(theta)}%`;
      bowl.node.setAttribute("aria-label", "Curve: the loss over theta from −0.6 to 1.2, a bowl " +
        "with its lowest point at −1/6. Learning starts at 0.5, on the right side of the bowl.");
    },
  };
}

export default {
  render({ model, el }) {
    const numbers = model.get("numbers");
    const K = slider(model, "K", "steps back", 1, LONGEST);
    const all = checkbox(model, "all_terms", "show all terms, and the truth");
    const live = liveRegion();
    const left = sums(numbers);
    const right = valley(numbers);
    const root = explorerRoot("truncation-explorer",
      element("p", { class: "rnnbook-title" }, "How far back must a derivative go?"),
      element("div", { class: "truncation-controls" }, K.node, all.node),
      live.node,
      element("div", { class: "truncation-panes" }, left.node, right.node),
      element("p", { class: "rnnbook-note" },
        "The length of an arrow is the size of the derivative. Learning is online: 3,000 steps " +
        "from θ = 0.5, each moving θ by 0.0001 times the truncated derivative of the loss."));

    function draw() {
      const now = whole(model.get("K"), 1, LONGEST);
      const allTerms = Boolean(model.get("all_terms"));
      K.show(now);
      all.show(allTerms);
      left.show(numbers, now, allTerms);
      right.show(numbers, now, allTerms);
      live.say(sentence(numbers, now, allTerms));
    }

    el.append(root);
    return cleanup(root, live, follow(model, ["K", "all_terms"], draw));
  },
};

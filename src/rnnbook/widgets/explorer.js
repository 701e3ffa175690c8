/* Helpers for every explorer's script. The text of this file is put after each explorer's own (see
   explorer.py), so the whole is one module that imports nothing. Functions alone stand here: they
   are there before the text above them runs, which a constant would not be. */

/* An element. Attributes that are false or null are left out; children are nodes or text. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/* The outermost element of an explorer. A notebook takes keys for itself that its outputs let
   pass: letters that delete cells, arrows that walk over them. What is pressed in an explorer stays
   there, but for what runs cells, leaves them or is a command of the whole program.

   JupyterLab takes them when they have bubbled up to it. Notebook 7 takes them before they come
   down to an explorer, unless their target has this mark. */
export function explorerRoot(className, ...children) {
  const root = element("div", { class: `rnnbook rnnbook-explorer ${className}` }, ...children);
  const mark = (event) => {
    if (root.contains(event.target)) {
      event.target.toggleAttribute("data-lm-suppress-shortcuts", !isForTheHost(event));
    } else {
      window.removeEventListener("keydown", mark, true); // root was taken away with the focus in it
    }
  };
  root.addEventListener("focusin", () => window.addEventListener("keydown", mark, true));
  root.addEventListener("focusout", () => window.removeEventListener("keydown", mark, true));
  root.addEventListener("keydown", (event) => {
    if (!isForTheHost(event)) event.stopPropagation();
  });
  return root;
}

/* Copying, cutting, pasting, undoing and choosing all are not: a notebook would do them to its
   cells. */
export function isForTheHost({ key, ctrlKey, metaKey, shiftKey, altKey }) {
  if (key === "Escape" || /^F\d/.test(key)) return true;
  if (key === "Enter") return ctrlKey || metaKey || shiftKey || altKey;
  const own = shiftKey ? /[vz]/i : /[acvxyz]/i;
  return (ctrlKey || metaKey) && key.length === 1 && !own.test(key);
}

/* A drawing, from its markup. */
export function drawing(markup) {
  const template = element("template");
  template.innerHTML = markup;
  return template.content.firstElementChild;
}

/* An id that no other view has: each widget loads this module anew, so a counter would repeat. */
export function freshId() {
  return "rnnbook-" + Math.random().toString(36).slice(2, 12);
}

/* ---- letters and numbers ---- */

/* The letters of the book: math("h_{t-1}") is an italic h with a subscript, math("W_hh^(2)") has a
   superscript too. */
export function math(name) {
  const [stem, power = ""] = name.split("^");
  const [base, index = ""] = stem.split("_");
  // As KaTeX sets it: the script l has no italic.
  const style = base.startsWith("ℓ") ? { class: "rnnbook-upright" } : {};
  const node = element("span", { class: "rnnbook-math" }, element("i", style, base));
  const text = index.replace(/[{}]/g, "").replace("-", "−");
  if (text) node.append(element("sub", {}, /^[a-z]+$/.test(text) ? element("i", {}, text) : text));
  if (power) node.append(element("sup", {}, power));
  return node;
}

/* "h_2 = tanh(a_2)": the names with an index become mathematics. */
export function formula(text) {
  return text.split(/([a-zA-Z]_[a-z0-9]+)/).map((part, i) => (i % 2 ? math(part) : part));
}

export function fixed(value, digits = 3) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

export function vector(values, digits = 3) {
  return "(" + values.map((value) => fixed(value, digits)).join(", ") + ")";
}

export function thousands(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/* 10**log with two figures, plain or as 2.0e−5. */
export function tenTo(log) {
  if (log === -Infinity) return "nothing";
  if (log >= -2 && log < 3) {
    const value = 10 ** log;
    if (log >= 2) return value.toFixed(0);
    return log >= 0.3 ? value.toFixed(1) : String(Number(value.toPrecision(2)));
  }
  let exponent = Math.floor(log + 1e-9);
  let figures = (10 ** (log - exponent)).toFixed(1);
  if (figures === "10.0") {
    figures = "1.0";
    exponent += 1;
  }
  return `${figures}e${String(exponent).replace("-", "−")}`;
}

/* A whole number within its range, whatever a linked widget sent. */
export function whole(value, low, high) {
  const number = Math.round(Number(value));
  return Number.isFinite(number) ? Math.min(high, Math.max(low, number)) : low;
}

/* A number within its range, whatever a linked widget sent. */
export function between(value, low, high, otherwise) {
  const number = Number(value);
  return Number.isFinite(number) ? Math.min(high, Math.max(low, number)) : otherwise;
}

/* Where in a list the value stands that is nearest. */
export function nearestPlace(values, value) {
  let place = 0;
  values.forEach((one, k) => {
    if (Math.abs(one - value) < Math.abs(values[place] - value)) place = k;
  });
  return place;
}

/* ---- state ---- */

/* The named traits of a model. */
export function getTraits(model, names) {
  return Object.fromEntries(names.map((name) => [name, model.get(name)]));
}

/* Sets traits, and tells Python if there is one. */
export function setTraits(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

/* Calls `act` after every change of a trait; returns what takes the listeners away. */
export function listen(model, traits, act) {
  const events = traits.map((trait) => `change:${trait}`);
  for (const event of events) model.on(event, act);
  return () => {
    for (const event of events) model.off(event, act);
  };
}

/* The same, and once now. */
export function follow(model, traits, draw) {
  const unfollow = listen(model, traits, draw);
  draw();
  return unfollow;
}

/* What `render` returns: it takes the figure away, and stops what would go on without it. */
export function cleanup(root, live, ...stops) {
  return () => {
    for (const stop of stops) stop();
    live.stop();
    root.remove();
  };
}

/* ---- words ---- */

/* What the figure says, in words: visible at once, spoken when the hand has rested for 150 ms.
   The visible copy is hidden from assistive technology so that nothing is read twice. */
export function liveRegion() {
  const seen = element("p", { class: "rnnbook-says", "aria-hidden": "true" });
  const spoken = element("p", { class: "rnnbook-spoken", role: "status", "aria-live": "polite" });
  let timer = 0;
  return {
    node: element("div", { class: "rnnbook-said" }, seen, spoken),
    seen,
    say(text) {
      seen.replaceChildren(...formula(text));
      this.announce(text);
    },
    /* Spoken, while what is seen stays. */
    announce(text) {
      clearTimeout(timer);
      if (spoken.textContent === "") spoken.textContent = text; // no news while the page loads
      timer = setTimeout(() => {
        if (spoken.textContent !== text) spoken.textContent = text;
      }, 150);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}

/* ---- controls ---- */

/* A labelled slider over the whole numbers from `low` to `high`, which may be places of a list.
   `show` gets the place, and in words what stands there. */
export function placeSlider(label, low, high, choose) {
  const id = freshId();
  const input = element("input", { type: "range", id, min: low, max: high, step: 1 });
  const output = element("output", { for: id });
  const name = element("label", { for: id }, ...label);
  input.addEventListener("input", () => choose(Number(input.value)));
  return {
    input,
    output,
    name,
    node: element("div", { class: "rnnbook-slider" }, name, input, output),
    show(place, text) {
      if (Number(input.value) !== place) input.value = place;
      input.setAttribute("aria-valuetext", text);
      output.textContent = text;
    },
  };
}

/* A slider tied to one whole-number trait. */
export function slider(model, trait, text, low, high) {
  const { node, show } = placeSlider([math(trait), " ", text], low, high,
    (value) => setTraits(model, { [trait]: value }));
  return { node, show: (value) => show(value, String(value)) };
}

/* A slider over decimal numbers. Its steps are whole numbers, so that no step of 0.1 leaves
   0.30000000000000004 behind. */
export function decimalSlider(label, { low, high, step, digits, change }) {
  const per = Math.round(1 / step);
  const places = placeSlider(label, Math.round(low * per), Math.round(high * per),
    (place) => change(place / per));
  return {
    ...places,
    show: (value, text = fixed(value, digits)) => places.show(Math.round(value * per), text),
  };
}

export function checkbox(model, trait, text) {
  const input = element("input", { type: "checkbox" });
  input.addEventListener("change", () => setTraits(model, { [trait]: input.checked }));
  return {
    node: element("label", { class: "rnnbook-checkbox" }, input, element("span", {}, text)),
    show(value) {
      input.checked = Boolean(value);
    },
  };
}

/* What is not needed at first sight: folded, below a line that names it. */
export function fold(text, ...children) {
  return element("details", { class: "rnnbook-fold" },
    element("summary", {}, text), ...children);
}

/* A row of native radio buttons; each text is a string, a node or a list of them. `show` may close
   some: they stay in their places and can't be chosen. */
export function radioRow(label, values, texts, choose, className = "") {
  const group = freshId();
  const items = values.map((value, i) => {
    const input = element("input", { type: "radio", name: group, value });
    const text = element("span", {}, ...[texts[i]].flat());
    input.addEventListener("change", () => choose(value));
    return { value, input, text,
      node: element("label", { class: "rnnbook-choice" }, input, text) };
  });
  return {
    items,
    node: element("div",
      { class: `rnnbook-choices ${className}`, role: "radiogroup", "aria-label": label },
      element("span", { class: "rnnbook-choices-name", "aria-hidden": "true" }, label),
      ...items.map((item) => item.node)),
    show(chosen, closed = []) {
      for (const { value, input, node } of items) {
        input.checked = value === chosen;
        input.disabled = closed.includes(value);
        node.classList.toggle("rnnbook-chosen", value === chosen);
      }
    },
  };
}

/* The line under number fields: what can be typed, or in its place what was refused and why. */
export function fieldHint(text, live) {
  const node = element("p", { class: "rnnbook-hint", id: freshId() }, text);
  let refused = null;
  return {
    node,
    refuse(field, why) {
      if (refused) refused.removeAttribute("aria-describedby");
      refused = field;
      field.setAttribute("aria-describedby", node.id);
      node.textContent = why;
      node.classList.add("rnnbook-refused");
      live.announce(why);
    },
    forgive(field) {
      field.removeAttribute("aria-describedby");
      if (field !== refused) return; // the message is about another field
      refused = null;
      node.textContent = text;
      node.classList.remove("rnnbook-refused");
    },
  };
}

/* A field for one number within ±limit. An entry that is none is marked and reported in the hint,
   and the last good value stays in the model. `step` is what an arrow key adds. */
export function numberField({ name, limit, step, change, hint }) {
  const input = element("input", {
    type: "number", step: "any", min: -limit, max: limit, "aria-label": name,
    class: "rnnbook-number", autocomplete: "off",
    "data-jp-suppress-context-menu": "", // JupyterLab's menu has no Paste for a field
  });
  let kept = null;

  const write = (value) => {
    kept = value;
    input.title = String(value);
    if (input.hasAttribute("aria-invalid")) {
      input.removeAttribute("aria-invalid");
      hint.forgive(input);
    }
  };
  const put = (value) => {
    write(value);
    input.value = Number(value.toFixed(3));
  };

  input.addEventListener("input", () => {
    const value = input.valueAsNumber;
    if (Number.isFinite(value) && Math.abs(value) <= limit) {
      write(value);
      change(value);
    } else {
      input.setAttribute("aria-invalid", "true");
      const typed = input.value === "" ? "the entry" : fixed(value, 0);
      hint.refuse(input, `${name}: ${typed} is not a number from −${limit} to ${limit}; ` +
        `${String(kept).replace("-", "−")} stays.`);
    }
  });
  input.addEventListener("keydown", (event) => {
    const sign = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!sign || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = Math.round((kept + sign * step) * 1e10) / 1e10; // 0.1 + 0.2 is 0.3 here
    const value = Math.min(limit, Math.max(-limit, next));
    put(value);
    change(value);
  });
  return {
    node: input,
    put,
    /* A value from the model. What is being typed, right or wrong, is left alone. */
    show(value) {
      if (value !== kept) put(value);
    },
  };
}

/* ---- pictures ---- */

/* `ask` is for a drawing in the next frame, one however often it is asked for: several traits may
   change before it. */
export function nextFrame(draw) {
  let request = 0;
  return {
    ask() {
      request ||= requestAnimationFrame(() => {
        request = 0;
        draw();
      });
    },
    stop() {
      cancelAnimationFrame(request);
    },
  };
}

/* A canvas that fills its box, is as fine as the screen and follows the theme: its `colours` are
   the named roles, among them the surface. It calls `draw` when it starts, when its box changes
   and, in the next frame, when it is asked to, comes into sight or the theme changes. */
export function canvasFigure(className, roles, draw) {
  const canvas = element("canvas");
  const node = element("div", { class: `rnnbook-canvas ${className}`, role: "img" }, canvas);
  const { ask, stop } = nextFrame(() => lookAndDraw());
  const zoomed = matchMedia("(resolution: 1dppx)");
  const figure = { node, ask, width: 0, height: 0, colours: {}, font: "" };
  let ratio = 1;

  const look = () => {
    const style = getComputedStyle(node);
    figure.font = style.fontFamily;
    figure.colours = Object.fromEntries(
      roles.map((role) => [role, style.getPropertyValue(`--rnnbook-${role}`).trim()]));
    ({ width: figure.width, height: figure.height } = node.getBoundingClientRect());
    ratio = window.devicePixelRatio || 1;
  };
  const lookAndDraw = () => {
    look();
    draw();
  };
  const resized = new ResizeObserver(lookAndDraw);
  const themed = new MutationObserver(ask);
  const seen = new IntersectionObserver(([entry]) => entry.isIntersecting && ask());
  return Object.assign(figure, {
    /* Empties the canvas; what is drawn then is measured in the page's pixels. */
    pen() {
      const [across, down] = [figure.width, figure.height].map((size) => Math.round(size * ratio));
      if (canvas.width !== across) canvas.width = across;
      if (canvas.height !== down) canvas.height = down;
      const pen = canvas.getContext("2d", { alpha: false });
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.globalAlpha = 1;
      pen.setLineDash([]);
      pen.fillStyle = figure.colours.surface;
      pen.fillRect(0, 0, figure.width, figure.height);
      return pen;
    },
    /* A notebook starts it before it stands in the page, and lays nothing out that is out of sight.
       It has no size there, and perhaps no colours: so it looks at both each time it is drawn, and
       is drawn again when it comes into sight. */
    start() {
      lookAndDraw();
      resized.observe(node);
      seen.observe(node);
      for (const root of [document.documentElement, document.body]) {
        themed.observe(root, { attributeFilter: ["data-theme", "data-jp-theme-light", "class"] });
      }
      zoomed.addEventListener("change", ask);
    },
    stop() {
      stop();
      resized.disconnect();
      themed.disconnect();
      seen.disconnect();
      zoomed.removeEventListener("change", ask);
    },
  });
}

/* Adds a line through points to a canvas path. */
export function trace(pen, points) {
  points.forEach(([x, y], k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)));
}

/* Text with a seam of the page's colour, so that it can be read across lines. */
export function seamedText(pen, colours, text, x, y, colour) {
  pen.lineJoin = "round";
  pen.lineWidth = 4;
  pen.strokeStyle = colours.surface;
  pen.strokeText(text, x, y);
  pen.fillStyle = colour;
  pen.fillText(text, x, y);
}

/* From a picture's own units to hundredths of its box: places, shapes as markup, words. */
export function units([left, right], [low, high]) {
  const across = (x) => (100 * (x - left)) / (right - left);
  const down = (y) => (100 * (high - y)) / (high - low);
  const shape = (tag, className, points) => `<${tag} class="${className}" points="` +
    `${points.map(([x, y]) => `${across(x).toFixed(3)},${down(y).toFixed(3)}`).join(" ")}"/>`;
  const place = (node, x, y) => {
    node.style.left = `${across(x)}%`;
    node.style.top = `${down(y)}%`;
    return node;
  };
  return {
    across,
    line: (className, points) => shape("polyline", className, points),
    area: (className, points) => shape("polygon", className, points),
    bar(className, [from, to], [start, end], opacity = 1) {
      const [top, bottom] = [down(Math.max(start, end)), down(Math.min(start, end))];
      return `<rect class="${className}" x="${across(from).toFixed(3)}" y="${top.toFixed(3)}" ` +
        `width="${(across(to) - across(from)).toFixed(3)}" ` +
        `height="${(bottom - top).toFixed(3)}" fill-opacity="${opacity.toFixed(4)}"/>`;
    },
    word: (className, text, x, y) => place(element("span", { class: className }, text), x, y),
  };
}

/* A drawing in these units, stretched to its box, while lines and words keep their size. */
export function stretchedPlot(className) {
  const art = drawing('<svg class="rnnbook-art" viewBox="0 0 100 100" ' +
    'preserveAspectRatio="none"></svg>');
  const beside = element("div", { class: "rnnbook-words" });
  return {
    node: element("div", { class: `rnnbook-plot ${className}`, "aria-hidden": "true" }, art, beside),
    show(markup, words) {
      art.innerHTML = markup;
      beside.replaceChildren(...words);
    },
  };
}

"""An explorer in a page of its own: its script, with a few lines in place of Jupyter's model."""

import base64
import functools
import re

from in_node import module
from site_under_test import SITE

CHAPTER = "notebooks/06_vanishing_gradients.html"

# Like Backbone's: an equal value is no change, and listeners are called at once.
MODEL = """
window.Model = class {
  constructor(state) { this.state = state; this.listeners = []; this.saved = 0; }
  get(name) { return this.state[name]; }
  set(name, value) {
    if (JSON.stringify(value) === JSON.stringify(this.state[name])) return;
    this.state[name] = value;
    for (const [event, act] of [...this.listeners]) if (event === "change:" + name) act();
  }
  save_changes() { this.saved += 1; }
  on(event, act) { this.listeners.push([event, act]); }
  off(event, act) {
    this.listeners = this.listeners.filter(([e, a]) => e !== event || (act && a !== act));
  }
};
window.models = {}; window.cleanups = {};
"""
MOUNT = """async ({ source, state, bytes, style, model, view }) => {
  const module = await import(source);
  for (const [name, text] of Object.entries(bytes)) {
    const raw = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    state[name] = new DataView(raw.buffer);
  }
  models[model] ??= new Model(state);
  const sheet = document.createElement("style");
  sheet.textContent = style;
  const el = document.createElement("div");
  el.id = view;
  document.body.append(sheet, el);
  cleanups[view] = module.default.render({ model: models[model], el });
}"""


# Letters and margins as in the book.
BLANK = """<!doctype html><html lang="en" data-theme="THEME"><title>x</title><style>LETTERS
body { margin: 1rem; font: 1rem/1.62 "Unrolled Sans"; }</style><body></body></html>"""


@functools.cache
def letters():
    """The rules of the book's own letters, and of the one font of formulas that explorers use."""
    own = (SITE / "_static/letters.css").read_text("utf8")
    katex = (SITE / "_static/vendor/katex.css").read_text("utf8")
    rules = re.findall(r"@font-face\{[^}]*\}", katex)
    return own + "".join(one for one in rules if "KaTeX_Math" in one and "font-weight:400" in one)


def open_blank(page, theme="light"):
    page.set_content(BLANK.replace("THEME", theme).replace("LETTERS", letters()))
    page.evaluate("Promise.all([...document.fonts].map((font) => font.load())).then(() => {})")
    page.evaluate(MODEL)


def mount(page, explorer, model="m", view="v"):
    """Draw an explorer as the element #view, with the state of models[model]."""
    own = [name for name in explorer.traits(sync=True) if not name.startswith("_")]
    state = {name: getattr(explorer, name) for name in own}
    plain = {"layout", "tabbable", "tooltip", "comm"}
    state = {name: value for name, value in state.items() if name not in plain}
    data = {name: value for name, value in state.items() if isinstance(value, bytes)}
    page.evaluate(MOUNT, {
        "source": module(explorer),
        "state": {name: value for name, value in state.items() if name not in data},
        "bytes": {name: base64.b64encode(value).decode() for name, value in data.items()},
        "style": explorer._css,
        "model": model,
        "view": view,
    })  # fmt: skip
    return page.locator(f"#{view}")


def observed(page):
    """Wait until the page's observers have seen what has changed, on a clock that stands too."""
    page.evaluate("new Promise((seen) => new ResizeObserver(seen).observe(document.body)).then()")


def run_until(page, condition):
    """Let a timed page's clock run until this JavaScript is true: at most ten of its seconds."""
    for _ in range(500):
        if page.evaluate(condition):
            return
        page.clock.run_for(20)
    raise AssertionError(f"not within ten seconds: {condition}")

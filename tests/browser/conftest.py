"""Fixtures: one browser for all tests of a worker, the site over http and as files.

A new tab is a new process, and costs more than most tests do. So tabs are kept, and each test
gets them with a new document, empty storage and a cold cache.
"""

import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import sync_playwright

from explorer_page import open_blank
from site_under_test import AXE, FLAGS, SITE, Quiet, browser_path, serve

# The largest sum of layout shifts that a reader will not notice.
STILL = 0.02

WATCH_SHIFTS = """
  (() => {
    const seen = [];
    const name = (s) => s.node?.nodeName + "." + s.node?.className + " " +
      s.previousRect.x + "," + s.previousRect.y + " to " + s.currentRect.x + "," + s.currentRect.y;
    const keep = (entries) => {
      for (const entry of entries) seen.push([entry.value, ...entry.sources.map(name)]);
    };
    const observer = new PerformanceObserver((list) => keep(list.getEntries()));
    observer.observe({ type: "layout-shift", buffered: true });
    const frame = () => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    window.__shifts = async () => {
      await document.fonts.ready;
      for (let i = 0; i < 3; i += 1) await frame();
      keep(observer.takeRecords());
      return seen;
    };
  })();
"""

# What axe need not read twice. Most of a chapter's elements are the pieces of formulas and of
# code, and all that axe can hold against them is a colour: one piece for each colour stays.
THIN = """() => {
  for (const whole of document.querySelectorAll(".katex-html, .highlight pre")) {
    const colours = new Map();
    const pieces = [whole, ...whole.querySelectorAll("*")];
    const plain = pieces.every((piece) => {
      const style = getComputedStyle(piece);
      const text = [...piece.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      if (text) colours.set(style.color, true);
      const clear = style.backgroundColor === "rgba(0, 0, 0, 0)" && style.opacity === "1";
      return piece === whole || clear && style.backgroundImage === "none";
    });
    if (!plain) continue;  // its pieces have grounds of their own
    whole.replaceChildren(...[...colours.keys()].map((colour) => {
      const piece = document.createElement("span");
      piece.style.color = colour;
      piece.textContent = "letters ";  // axe leaves a single letter undecided
      return piece;
    }));
  }
  for (const formula of document.querySelectorAll("math"))
    formula.replaceChildren(formula.textContent);
}"""

# Leaves nothing on the page but what the selector names, where it stands.
ALONE = """(selector) => {
  const kept = new Set();
  for (const root of document.querySelectorAll(selector))
    for (let node = root; node; node = node.parentElement) kept.add(node);
  const thin = (node) => {
    if (node.matches(selector)) return;
    for (const child of [...node.children])
      if (kept.has(child)) thin(child);
      else child.remove();
  };
  thin(document.body);
}"""


@pytest.fixture(scope="session")
def address():
    if not (SITE / "index.html").exists():
        pytest.exit("The site is not built: run `make book` first.", returncode=1)
    return serve()


@pytest.fixture(scope="session")
def browser():
    path = browser_path()
    if path is None:
        pytest.exit("No browser: install Chromium, or name one with BROWSER=/path", returncode=1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Record:
    """What a page did that it should not have done."""

    foreign: list = field(default_factory=list)
    console: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    refused_before: int = field(default_factory=lambda: len(Quiet.refused))

    def faults(self):
        failed = self.failed + Quiet.refused[self.refused_before :]
        seen = {"foreign": self.foreign, "console": self.console, "errors": self.errors,
                "failed": failed}  # fmt: skip
        return {name: what for name, what in seen.items() if what}


class Tabs:
    """Tabs that are used again: take() gives one, back() takes in all that were given."""

    def __init__(self, browser, address):
        self.browser, self.free, self.given = browser, {}, []
        own = "|".join(map(re.escape, (address, SITE.as_uri(), "data:", "blob:", "about:")))
        self.own, self.foreign = re.compile(own), re.compile(f"^(?!{own})")

    def take(self, scripts=True, timed=False):
        free = self.free.setdefault((scripts, timed), [])
        page = free.pop() if free else self.new(scripts, timed)
        self.given.append((scripts, timed, page))
        return page

    def new(self, scripts, timed):
        context = self.browser.new_context(java_script_enabled=scripts, reduced_motion="reduce")
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.record = Record()

        def gate(route):
            page.record.foreign.append(route.request.url)
            route.abort()

        def failed(request):
            if self.own.match(request.url):
                page.record.failed.append(f"{request.url}: {request.failure}")

        def said(message):
            if message.type in ("error", "warning"):
                page.record.console.append(f"{message.type}: {message.text}")

        # What passes is not asked about one by one, which takes a second a page. A route also
        # turns the cache off, so that each visit is a reader's first.
        context.route(self.foreign, gate)
        page.on("requestfailed", failed)
        page.on("pageerror", lambda error: page.record.errors.append(str(error)))
        page.on("console", said)
        if scripts:
            page.add_init_script(WATCH_SHIFTS)
        if timed:
            page.clock.install(time=0)
            page.clock.pause_at(1000)
        page.timed = timed
        return page

    def back(self):
        for scripts, timed, page in self.given:
            if page.is_closed():  # a test may have closed it
                continue
            if page.url != "about:blank":
                if scripts:
                    page.evaluate("try { localStorage.clear(); sessionStorage.clear() } catch {}")
                page.goto("about:blank")
            self.free[scripts, timed].append(page)
        self.given.clear()


@pytest.fixture(scope="session")
def all_tabs(browser, address):
    return Tabs(browser, address)


@pytest.fixture
def tabs(all_tabs):
    yield all_tabs
    all_tabs.back()


@pytest.fixture
def open_page(tabs, address):
    """open_page(path, theme="light", width=1300, scheme="http", scripts=True, height=900).

    Returns Playwright's page, loaded, with `page.record` of requests to other hosts (which are
    blocked), console errors and warnings, exceptions and requests that failed.
    """

    def open_page(path, theme="light", width=1300, scheme="http", scripts=True, height=900):
        page = tabs.take(scripts)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.record = Record()
        base = address if scheme == "http" else SITE.as_uri()
        page.goto(f"{base}/{path}", wait_until="load")
        return page

    return open_page


@pytest.fixture
def blank_page(tabs):
    """blank_page(width=360, height=900, theme="light", motion="reduce", timed=False): an empty
    page, to mount explorers in. Of a timed one the clock stands still, timers and frames as well,
    but for `page.clock.run_for(milliseconds)`.

    At the end of the test, errors in it or on its console fail the test.
    """
    opened = []

    def blank_page(width=360, height=900, theme="light", motion="reduce", timed=False):
        page = tabs.take(timed=timed)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="light", reduced_motion=motion)
        page.record = Record()
        page.goto("about:blank")  # a new document: what an earlier test left is gone
        open_blank(page, theme)
        opened.append(page)
        return page

    yield blank_page
    for page in opened:
        warnings = [said for said in page.record.console if said.startswith("warning")]
        faults = page.record.faults()
        if warnings and faults.get("console") == warnings:
            del faults["console"]
        assert faults == {}


@pytest.fixture
def blank(blank_page):
    """A blank page, 360 pixels wide."""
    return blank_page()


@pytest.fixture
def timed(blank_page):
    """A blank page, 360 pixels wide, whose time stands still until the test lets it run."""
    return blank_page(timed=True)


@pytest.fixture
def alive():
    """alive(page): wait until every explorer on the page has drawn itself; how many there are."""

    def alive(page):
        page.wait_for_function(
            "[...document.querySelectorAll('.explorer-slot')].every(s => 'alive' in s.dataset)",
            polling=50,  # not at each frame, of which there are many
        )
        return page.locator(".explorer-slot").count()

    return alive


@pytest.fixture
def axe():
    """axe(page, rules=None): what axe-core finds, as readable lines; rules: only these.

    axe.load(page) puts axe there and no more. axe.alone(page, rules, selector) takes all else off
    the page for good, so that the states of an explorer can be looked at one after the other.
    """

    def load(page):
        # require.js would take axe for a module without a name.
        page.evaluate("window.__define = window.define; window.define = undefined")
        page.add_script_tag(path=AXE)
        page.evaluate("window.define = window.__define")

    def run(page, where, rules):
        options = {"resultTypes": ["violations"], "preload": False}
        found = page.evaluate(
            "([where, options]) => axe.run(where ?? document, options)"
            # axe takes a head that holds one formula for empty: it does not read MathML.
            ".then(({ violations }) => violations.map((rule) => ({ ...rule, nodes: rule.nodes"
            ".filter(({ target }) => rule.id !== 'empty-table-header' ||"
            " !document.querySelector(target[0])?.querySelector('math')) })))",
            [where, options | ({"runOnly": rules} if rules else {})],
        )
        return [
            f"{rule['id']} ({rule['impact']}): {node['html'][:200]} | {node['failureSummary']}"
            for rule in found
            for node in rule["nodes"]
        ]

    def axe(page, rules=None):
        load(page)
        page.evaluate(THIN)
        return run(page, None, rules)

    def alone(page, rules=None, selector=".explorer-slot"):
        page.evaluate(ALONE, selector)
        return lambda: run(page, selector, rules)

    axe.load, axe.alone = load, alone
    return axe

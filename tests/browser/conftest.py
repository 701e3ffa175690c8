"""Fixtures: one browser for all tests of a worker, the site over http and as files."""

import contextlib
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Error, sync_playwright

from site_under_test import AXE, FLAGS, SITE, browser_path, serve

# The largest sum of layout shifts that a reader will not notice.
STILL = 0.02

WATCH_SHIFTS = """
  window.__shifts = [];
  new PerformanceObserver((list) => {
    const name = (s) => s.node?.nodeName + "." + s.node?.className + " " +
      s.previousRect.x + "," + s.previousRect.y + " to " + s.currentRect.x + "," + s.currentRect.y;
    for (const entry of list.getEntries())
      window.__shifts.push([entry.value, ...entry.sources.map(name)]);
  }).observe({ type: "layout-shift", buffered: true });
"""


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

    def faults(self):
        return {name: seen for name, seen in vars(self).items() if seen}


@pytest.fixture
def open_page(browser, address):
    """open_page(path, theme="light", width=1300, scheme="http", scripts=True, height=900).

    Returns Playwright's page, loaded, with `page.record` of requests to other hosts (which are
    blocked), console errors and warnings, exceptions and requests that failed.
    """
    contexts = []

    def open_page(path, theme="light", width=1300, scheme="http", scripts=True, height=900):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.record = record = Record()
        base = address if scheme == "http" else SITE.as_uri()

        def gate(route):
            url = route.request.url
            if url.startswith((base, "data:", "blob:")):
                route.continue_()
            else:
                record.foreign.append(url)
                route.abort()

        def failed(request):
            if request.url.startswith(base):
                record.failed.append(f"{request.url}: {request.failure}")

        def answered(response):
            if response.status >= 400:
                record.failed.append(f"{response.url}: {response.status}")

        context.route("**/*", gate)
        page.on("requestfailed", failed)
        page.on("response", answered)
        page.on("pageerror", lambda error: record.errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                record.console.append(f"{message.type}: {message.text}")
                if message.type in ("error", "warning")
                else None
            ),
        )
        if scripts:
            page.add_init_script(WATCH_SHIFTS)
        page.goto(f"{base}/{path}", wait_until="load")
        return page

    yield open_page
    for context in contexts:
        with contextlib.suppress(Error):  # a test may have closed it
            context.close()


@pytest.fixture
def alive():
    """alive(page): wait until every explorer on the page has drawn itself; how many there are."""

    def alive(page):
        page.wait_for_function(
            "[...document.querySelectorAll('.explorer-slot')].every(s => 'alive' in s.dataset)"
        )
        return page.locator(".explorer-slot").count()

    return alive


@pytest.fixture
def axe():
    """axe(page): what axe-core finds, as readable lines. axe.load(page) only puts it there."""

    def load(page):
        # require.js would take axe for a module without a name.
        page.evaluate("window.__define = window.define; window.define = undefined")
        page.add_script_tag(path=AXE)
        page.evaluate("window.define = window.__define")

    def axe(page):
        load(page)
        found = page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)"
        )
        return [
            f"{rule['id']} ({rule['impact']}): {node['html'][:200]} | {node['failureSummary']}"
            for rule in found
            for node in rule["nodes"]
        ]

    axe.load = load
    return axe

"""What a page offers to save is saved: from every host, whatever it says, and from a folder."""

import functools
import http.server
import threading
from contextlib import contextmanager

import pytest

from site_under_test import SITE, Quiet, pages

CHAPTERS = [path for path in pages() if path.startswith("notebooks/")]
HOSTS = {"http": None, "JSON": "application/json", "text": "text/plain", "file": None}


@contextmanager
def host(name):
    """The site's address, at a host that calls every .ipynb and .whl this, or as files."""
    if name == "file":
        yield SITE.as_uri()
        return
    called = {".ipynb": HOSTS[name], ".whl": HOSTS[name]} if HOSTS[name] else {}

    class Handler(Quiet):
        extensions_map = {**Quiet.extensions_map, **called}  # noqa: RUF012

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=SITE)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=HOSTS)
def reader(request, browser):
    """A page of a new window, and where the site is."""
    with host(request.param) as address:
        context = browser.new_context(reduced_motion="reduce")
        page = context.new_page()
        page.set_default_timeout(30_000)
        yield page, address
        context.close()


def saved(page, link):
    """Press the link; the name and the content of what is saved. The page stays where it is."""
    before = page.url
    with page.expect_download() as waited:
        link.click()
    download = waited.value
    assert page.url == before
    assert page.context.pages == [page]
    return download.suggested_filename, download.path().read_bytes()


def test_the_button_saves_the_chapter(reader):
    page, address = reader
    path = next(path for path in CHAPTERS if "/06_" in path)
    page.goto(f"{address}/{path}", wait_until="domcontentloaded")
    page.locator(".dropdown-download-buttons > button").click()
    name, content = saved(page, page.locator(".dropdown-download-buttons a", has_text=".ipynb"))
    assert name == "06_vanishing_gradients.ipynb"
    assert content == (SITE / "_sources/notebooks" / name).read_bytes()


def test_the_package_and_the_whole_book_are_saved(reader):
    page, address = reader
    page.goto(f"{address}/book/how-to-use.html", wait_until="domcontentloaded")
    (wheel,) = (SITE / "packages").glob("*.whl")
    link = page.locator("article a", has_text=wheel.name).first
    assert saved(page, link) == (wheel.name, wheel.read_bytes())
    name, content = saved(page, page.get_by_role("link", name="the whole book as a zip"))
    assert name == "unrolled.zip"
    assert content == (SITE / name).read_bytes()


@pytest.mark.parametrize("path", CHAPTERS)
def test_each_chapter_has_one_link_that_saves_it(browser, path):
    page = browser.new_page()
    page.goto((SITE / path).as_uri(), wait_until="commit")
    links = page.locator("a[download$='.ipynb']")
    links.first.wait_for(state="attached")
    assert links.count() == 1
    copy = (SITE / path).parent / links.get_attribute("href")
    assert copy.resolve() == SITE.resolve() / "_sources" / path.replace(".html", ".ipynb")
    assert copy.exists()
    page.close()

"""Every page of the built site: alone on its host, silent, still, usable by everyone."""

import re

import pytest

from conftest import STILL
from site_under_test import SITE, pages

PAGES = pages()
EXPLORERS = [p for p in PAGES if "explorer-slot" in (SITE / p).read_text("utf8")]
READING = [p for p in PAGES if p != "index.html"]

every_page = pytest.mark.parametrize("path", PAGES)
every_reading_page = pytest.mark.parametrize("path", READING)


def sideways(page):
    """How far the page scrolls sideways, and what reaches furthest out of it."""
    return page.evaluate(
        """() => {
          const over = document.documentElement.scrollWidth - innerWidth;
          if (over <= 0) return null;
          const out = [...document.querySelectorAll("body *")]
            .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
            .slice(-3).map((e) => e.outerHTML.slice(0, 120));
          return [over, ...out];
        }"""
    )


def shifts(page, again=lambda: None):
    """The layout shifts so far, if they sum to more than a reader overlooks.

    On a busy machine a font can come after the first paint. A shift that is the page's own is
    there on a second visit too, which `again` makes.
    """
    page.wait_for_timeout(250)
    seen = page.evaluate("window.__shifts")
    if sum(value for value, *_ in seen) < STILL:
        return []
    second = again()
    return shifts(second) if second else seen


def stuck(page):
    """Regions that scroll sideways and that the keyboard does not reach."""
    return page.evaluate(
        """[...document.querySelectorAll(".formula, pre")].filter((e) =>
          e.scrollWidth > e.clientWidth + 1 && e.checkVisibility() && e.tabIndex < 0)
          .map((e) => e.outerHTML.slice(0, 120))"""
    )


# One visit asks everything that one visit can answer: a page takes a second to open.
@every_reading_page
@pytest.mark.parametrize(("theme", "width"), [("light", 1300), ("dark", 360)])
def test_a_page(open_page, alive, axe, path, theme, width):
    page = open_page(path, theme=theme, width=width)
    alive(page)
    boxes = page.locator(".search-button__button:visible, input[type=search]:visible")
    found = {
        "theme": page.evaluate("document.documentElement.dataset.theme"),
        "search boxes": boxes.count(),
        "sideways": sideways(page),
        "shifts": shifts(page, lambda: open_page(path, theme=theme, width=width)),
        "out of the keyboard's reach": stuck(page),
        "without alt": page.locator('article img:not([alt]), article img[alt=""]').count(),
        "axe": axe(page),
        **page.record.faults(),
    }
    assert found == {
        "theme": theme,
        "search boxes": 2 if path == "search.html" else 1,
        "sideways": None,
        "shifts": [],
        "out of the keyboard's reach": [],
        "without alt": 0,
        "axe": [],
    }


@every_page
def test_a_page_opened_as_a_file(open_page, alive, path):
    if path == "404.html":
        return  # only a server shows it, at any address, so its links begin at the root
    page = open_page(path, scheme="file")
    alive(page)
    assert page.record.faults() == {}


@every_page
def test_only_pages_with_an_explorer_load_its_code(path):
    text = (SITE / path).read_text("utf8")
    loads = re.findall(r'src="[^"]*vendor/(?:require|embed-amd|widgets-config)\.js', text)
    assert len(loads) == (3 if path in EXPLORERS else 0)
    assert not re.search(r"<script[^>]*(mathjax|thebe)", text, re.IGNORECASE)


@pytest.mark.parametrize("path", EXPLORERS)
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_explorers_come_alive(open_page, alive, path, scheme):
    page = open_page(path, scheme=scheme)
    assert alive(page) > 0
    for slot in page.locator(".explorer-slot").all():
        assert slot.locator(".explorer-standin").is_hidden()
        assert slot.locator(".explorer-view .lm-Widget").first.is_visible()


@pytest.mark.parametrize("path", EXPLORERS)
def test_without_scripts_a_picture_stands_in(open_page, path):
    page = open_page(path, scripts=False)
    for slot in page.locator(".explorer-slot").all():
        assert slot.locator(".explorer-standin").is_visible()
        assert slot.locator(".explorer-standin").inner_text().strip()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_a_word(open_page, scheme):
    page = open_page("search.html?q=recurrent", scheme=scheme)
    page.locator("#search-results li").first.wait_for()
    assert page.record.faults() == {}


def test_search_opens_from_the_keyboard(open_page):
    page = open_page(READING[0])
    page.keyboard.press("Control+k")
    field = page.locator("#pst-search-dialog input[type=search]")
    field.wait_for(state="visible")
    page.keyboard.type("network")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=network*")


def test_a_reader_can_choose_the_theme(open_page):
    page = open_page(READING[0], theme="dark")
    button = page.locator(".theme-switch-button:visible").first
    seen = set()
    for _ in range(3):
        button.click()
        seen.add(page.evaluate("document.documentElement.dataset.theme"))
    assert seen == {"light", "dark"}


def test_the_zip_is_the_book():
    import zipfile

    with zipfile.ZipFile(SITE / "unrolled.zip") as archive:
        names = set(archive.namelist())
    assert {f"unrolled/{path}" for path in PAGES} <= names
    assert not any("node_modules" in name for name in names)

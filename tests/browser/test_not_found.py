"""The page for an address that is not in the book, below a subfolder of a host."""

import pytest

from site_under_test import Subfolder, serve

LINKS = "links => links.filter((link) => link.checkVisibility()).map((link) => link.href)"


@pytest.fixture(scope="module")
def host():
    return serve(Subfolder)


@pytest.fixture
def visit(browser):
    """visit(address, theme="light", width=1300, scripts=True): the page, which has been silent and
    has asked for nothing but itself."""
    contexts = []

    def visit(address, theme="light", width=1300, scripts=True):
        context = browser.new_context(java_script_enabled=scripts, color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append((message.text, message.location["url"])))
        page.goto(address)
        # That the address is not there, the browser says itself.
        assert [text for text, url in said if url != address] == []
        assert [url for url in asked if not url.startswith("data:")] == [address]
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 1300), ("dark", 360)])
@pytest.mark.parametrize("path", ["notebooks/nope.html", "notebooks/deep/er/nope.html"])
def test_below_a_known_folder_links_lead_into_the_book(visit, host, axe, path, theme, width):
    page = visit(f"{host}/unrolled/{path}", theme, width)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert page.evaluate("document.fonts.check('1em Unrolled Sans')")
    assert page.evaluate("[...document.fonts].every((font) => font.status === 'loaded')")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 30)"}[theme]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(page) == []
    links = page.locator("a").evaluate_all(LINKS)
    assert f"{host}/unrolled/book/intro.html" in links
    assert len(links) > 10
    for link in links:
        assert page.request.get(link).ok, link
    page.get_by_role("link", name="Vanishing").click()
    page.wait_for_url("**/unrolled/notebooks/06_vanishing_gradients.html")


def test_in_an_unknown_folder_links_lead_up_to_the_book(visit, host):
    page = visit(f"{host}/unrolled/no/such/page.html")
    for folder in ("no/such/", "no/", ""):
        (link,) = page.locator("a").evaluate_all(LINKS)
        assert link == f"{host}/unrolled/{folder}"
        page.goto(link)
    page.wait_for_url("**/unrolled/book/intro.html")


def test_without_scripts_the_page_says_what_to_do(visit, host):
    page = visit(f"{host}/unrolled/notebooks/nope.html", scripts=False)
    assert page.get_by_text("Shorten the address").is_visible()
    assert not page.locator("nav").is_visible()

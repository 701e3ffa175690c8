"""Every page of the built site: alone on its host, silent, still, usable by everyone."""

import re

import pytest

import tours
from conftest import STILL
from site_under_test import SITE, pages
from unrolled import letters

PAGES = pages()
EXPLORERS = [p for p in PAGES if "explorer-slot" in (SITE / p).read_text("utf8")]
# The front door leads on; the other stands where no page is, and is asked below.
READING = [p for p in PAGES if p not in ("index.html", "404.html")]

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


def shifts(page, again=None):
    """The layout shifts so far, if they sum to more than a reader overlooks.

    On a busy machine a font can come after the first paint. A shift that is the page's own is
    there on a second visit too, which `again` makes.
    """
    seen = page.evaluate("window.__shifts()")
    if sum(value for value, *_ in seen) < STILL:
        return []
    return shifts(again()) if again else seen


def stuck(page):
    """Regions that scroll sideways and that the keyboard does not reach."""
    return page.evaluate(
        """[...document.querySelectorAll(".formula, pre")].filter((e) =>
          e.scrollWidth > e.clientWidth + 1 && e.checkVisibility() && e.tabIndex < 0)
          .map((e) => e.outerHTML.slice(0, 120))"""
    )


def without_alt(page):
    return page.evaluate(
        """[...document.querySelectorAll("article img")].filter((e) => !e.getAttribute("alt"))
          .map((e) => e.outerHTML.slice(0, 120))"""
    )


def explorers(page):
    """Where the explorers of a page don't stand as they should."""
    found = []
    for slot in page.locator(".explorer-slot").all():
        name = slot.locator(".rnnbook-explorer").get_attribute("class")
        if slot.locator(".explorer-standin").is_visible():
            found.append(f"{name}: its stand-in still shows")
        if not slot.locator(".explorer-view .lm-Widget").first.is_visible():
            found.append(f"{name}: it does not show")
        # Otherwise the text below jumps when the explorer comes alive.
        kept = float(slot.evaluate("node => parseFloat(getComputedStyle(node).minHeight)"))
        needed = slot.locator(".rnnbook-explorer").bounding_box()["height"]
        if not needed - 24 <= kept <= needed + 48:
            found.append(f"{name}: {kept} pixels are kept for it, it needs {needed}")
    return found


# The letters of a page by the font that they ask for; each font's in a line of its own at the end.
# Of a formula what is seen is asked, not its MathML. The theme's icons are private letters.
PROBE = r"""() => {
  const found = new Map();
  const keep = (style, text) => {
    const font = [style.fontFamily, style.fontWeight, style.fontStyle].join("|");
    if (!found.has(font)) found.set(font, new Set());
    for (const letter of text) if (/[^\s\p{Co}]/u.test(letter)) found.get(font).add(letter);
  };
  for (const node of document.querySelectorAll("body, body *")) {
    if (node.closest("script, style, noscript, template, math")) continue;
    const style = getComputedStyle(node);
    for (const child of node.childNodes) if (child.nodeType === 3) keep(style, child.data);
    if (typeof node.value === "string") keep(style, node.value + (node.placeholder ?? ""));
    for (const which of ["::before", "::after"]) {
      const added = getComputedStyle(node, which);
      if (/^"/.test(added.content)) keep(added, added.content.slice(1, -1));
    }
  }
  for (const [font, letters] of found) {
    const [fontFamily, fontWeight, fontStyle] = font.split("|");
    const line = document.createElement("div");
    line.className = "probe";
    Object.assign(line.style, { fontFamily, fontWeight, fontStyle });
    for (const letter of letters) {
      const piece = document.createElement("span");
      piece.textContent = letter;
      line.append(piece);
    }
    document.body.append(line);
  }
}"""


def strange(page):
    """Letters that would be drawn with a font of the machine: "what is asked for: the letters"."""
    page.evaluate(PROBE)
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]

    def nodes(node, selector):
        asked = {"nodeId": node, "selector": selector}
        return session.send("DOM.querySelectorAll", asked)["nodeIds"]

    def of_the_machine(node):
        fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        return not all(font["isCustomFont"] for font in fonts)

    found = []
    lines = page.locator(".probe")
    texts = lines.evaluate_all(
        "lines => lines.map((l) => [l.style.cssText, [...l.children].map((s) => s.textContent)])"
    )
    for line, (asked, wanted) in zip(nodes(root, ".probe"), texts):
        # Where the machine has no font for a letter either, a browser names the first one.
        own = [letters.CHARACTERS[name] for name in letters.CHARACTERS if f': "{name}"' in asked]
        out = [letter for letter in wanted if own and letter not in own[0]]
        if of_the_machine(line):
            out += [a for a, piece in zip(wanted, nodes(line, "span")) if of_the_machine(piece)]
        if out:
            found.append(f"{asked} {''.join(sorted(set(out)))}")
    session.detach()
    lines.evaluate_all("lines => { for (const line of lines) line.remove(); }")
    return found


def beside_their_box(page):
    """Lists whose numbers or bullets stand on the edge of the box around them, or outside it."""
    return page.evaluate(
        """() => {
          const folded = [...document.querySelectorAll("article .toggle-hidden")];
          const closed = [...document.querySelectorAll("article details:not([open])")];
          for (const box of folded) box.classList.remove("toggle-hidden");
          for (const fold of closed) fold.open = true;
          const found = [];
          for (const item of document.querySelectorAll("article :is(ol, ul) > li")) {
            if (!item.checkVisibility()) continue; // in an explorer's stand-in, say
            const style = getComputedStyle(item);
            if (style.listStyleType === "none" || style.display !== "list-item") continue;
            const list = item.parentElement;
            const number = (list.start ?? 1) + [...list.children].indexOf(item);
            const ruler = document.createElement("span");
            ruler.textContent = list.matches("ol") ? `${number}. ` : "\u2022 ";
            ruler.style.cssText = "position: absolute; white-space: pre";
            item.append(ruler);
            const marker = ruler.getBoundingClientRect().width;
            ruler.remove();
            const box = item.closest("article .admonition, .proof, aside, details, td, article");
            const edge = box.getBoundingClientRect().left +
              parseFloat(getComputedStyle(box).borderLeftWidth);
            const room = item.getBoundingClientRect().left - edge - marker;
            if (room < 0) found.push(`${Math.round(room)} px: ${item.textContent.slice(0, 60)}`);
          }
          for (const box of folded) box.classList.add("toggle-hidden");
          for (const fold of closed) fold.open = false;
          return found;
        }"""
    )


# What axe asks of looks: the answers may differ with theme and width. The others are asked of the
# page's elements, which are the same at each visit.
LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]


def look(page, axe, again=None, rules=None):
    """All that the page itself can be asked, and its faults by name. It is not whole afterwards."""
    return {
        "sideways": sideways(page),
        "shifts": shifts(page, again),
        "out of the keyboard's reach": stuck(page),
        "without alt": without_alt(page),
        "letters of the machine": strange(page),
        "lists outside their box": beside_their_box(page),
        "explorers": explorers(page),
        "axe": axe(page, rules),
    }


NO_FAULTS = {
    "sideways": None,
    "shifts": [],
    "out of the keyboard's reach": [],
    "without alt": [],
    "letters of the machine": [],
    "lists outside their box": [],
    "explorers": [],
    "axe": [],
}


# A page takes long to open, so one visit asks all that one visit can answer; and two visits
# differ in everything: from a server, light and wide; as a file, dark and narrow.
@every_reading_page
@pytest.mark.parametrize(
    ("scheme", "theme", "width"), [("http", "light", 1300), ("file", "dark", 360)]
)
def test_a_page(open_page, alive, axe, path, scheme, theme, width):
    def visit():
        page = open_page(path, theme=theme, width=width, scheme=scheme)
        alive(page)
        return page

    page = visit()
    boxes = page.locator(".search-button__button:visible, input[type=search]:visible")
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert boxes.count() == (2 if path == "search.html" else 1)
    rules = LOOKS if theme == "dark" else None
    assert look(page, axe, visit, rules) == NO_FAULTS
    found = axe.alone(page, rules)

    def in_both_themes():
        both = []
        for name in ("light", "dark"):
            page.evaluate("name => document.documentElement.dataset.theme = name", name)
            both += found()
        return both

    for place in page.locator(".rnnbook-explorer").all():
        tours.answers_the_keyboard(place)
        if theme == "dark":  # one tour is enough: each state that it shows is looked at in both
            tours.tour(place, in_both_themes)
    assert page.record.faults() == {}


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_first_page_sends_the_reader_on(open_page, scheme):
    page = open_page("index.html", scheme=scheme)
    page.wait_for_url("**/book/intro.html")
    assert page.record.faults() == {}


# ---- the checks themselves ----

# The theme looks again at what scrolls, 300 ms after any change: on a busy machine it would mend
# what is planted here before it is looked at.
BREAKS = """(faint) => {
  const article = document.querySelector("article");
  const add = (html) => article.insertAdjacentHTML("afterbegin", html);
  document.querySelector(".explorer-slot").style.minHeight = "20px";
  for (const pieces of [".katex-html .mord", ".highlight pre span:not(:empty)"]) {
    const seen = [...article.querySelectorAll(pieces)].find((piece) => piece.checkVisibility());
    seen.style.color = faint;
  }
  add('<div style="width: 2000px; height: 300px">late and wide</div>');
  add('<pre class="stuck" style="overflow: auto; width: 90px; white-space: pre" tabindex="-1">' +
    "long ".repeat(50) + "</pre>");
  const set = () => {};
  Object.defineProperty(article.querySelector(".stuck"), "tabIndex", { get: () => -1, set });
  add('<img class="silent" src="data:," alt="">');
  add('<p style="font-family: serif">foreign</p><p>書</p>');
  add('<div class="admonition"><ol style="padding: 0 !important"><li>outside</li></ol></div>');
  add(`<p id="faint" style="color: ${faint}">faint</p>`);
  add('<button id="nameless"></button>');
}"""


@pytest.mark.parametrize(
    ("scheme", "theme", "faint"), [("http", "light", "#dddddd"), ("file", "dark", "#333333")]
)
def test_a_broken_page_is_found_broken(open_page, alive, axe, scheme, theme, faint):
    smallest = min(EXPLORERS, key=lambda path: (SITE / path).stat().st_size)
    page = open_page(smallest, theme=theme, width=360, scheme=scheme)
    alive(page)
    page.evaluate(BREAKS, faint)
    found = look(page, axe)
    assert found["sideways"][0] > 1000
    assert found["shifts"]
    assert 'class="stuck"' in found["out of the keyboard's reach"][0]
    assert 'class="silent"' in found["without alt"][0]
    families = [line.split(";")[0] for line in found["letters of the machine"]]
    assert any("serif" in family and "Unrolled" not in family for family in families)
    assert any(line.endswith(" 書") for line in found["letters of the machine"])
    assert [line.split(": ")[1] for line in found["lists outside their box"]] == ["outside"]
    assert "are kept for it" in found["explorers"][0]
    contrast = [line for line in found["axe"] if line.startswith("color-contrast")]
    assert len(contrast) >= 3  # the paragraph, the formula, the code
    assert sum('id="faint"' in line for line in contrast) == 1
    assert any(line.startswith("button-name") for line in found["axe"])
    faults = axe.alone(page)
    assert faults() == []
    page.locator(".rnnbook-explorer input").first.evaluate(
        """(input) => {
          for (const label of [...input.labels]) label.replaceWith(input);
          input.removeAttribute("aria-label");
          input.removeAttribute("aria-labelledby");
        }"""
    )
    assert faults()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_page_that_misbehaves_is_found_out(open_page, scheme):
    page = open_page("book/glossary.html", scheme=scheme)
    script = """async () => {
          console.error("wrong");
          setTimeout(() => { throw new Error("thrown"); });
          const load = (src) => new Promise((done) => {
            const image = new Image();
            image.onerror = image.onload = done;
            image.src = src;
          });
          await load("https://example.org/a.png");
          await load(new URL("missing.png", location.href));
        }"""
    with page.expect_event("pageerror"):
        page.evaluate(script)
    assert page.record.faults().keys() == {"foreign", "console", "errors", "failed"}
    assert page.record.foreign == ["https://example.org/a.png"]


@every_page
def test_only_pages_with_an_explorer_load_its_code(path):
    text = (SITE / path).read_text("utf8")
    loads = re.findall(r'src="[^"]*vendor/(?:require|embed-amd|widgets-config)\.js', text)
    assert len(loads) == (3 if path in EXPLORERS else 0)
    assert not re.search(r"<script[^>]*(mathjax|thebe)", text, re.IGNORECASE)


def test_without_scripts_a_picture_stands_in(open_page):
    slots = {path: (SITE / path).read_text("utf8").count('class="explorer-slot"')
             for path in EXPLORERS}  # fmt: skip
    page = open_page(max(slots, key=slots.get), scripts=False)
    assert page.locator(".explorer-slot").count() == max(slots.values()) > 1
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

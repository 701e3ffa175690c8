"""Questions on a page: chosen by keyboard, answered in place, read out, printed with answers."""

import pytest
from playwright.sync_api import expect

from site_under_test import SITE, pages

ASKING = [path for path in pages() if 'class="quiz' in (SITE / path).read_text("utf8")]

pytestmark = pytest.mark.skipif(not ASKING, reason="no page asks a question")


def shown(question):
    """The places of the choices whose reasons show, from 1."""
    choices = question.locator(".quiz-choice").all()
    return [i for i, one in enumerate(choices, 1) if one.locator(".quiz-why").is_visible()]


def right(question):
    classes = [one.get_attribute("class") for one in question.locator(".quiz-choice").all()]
    return [i for i, name in enumerate(classes, 1) if "quiz-right" in name]


def spoken(page):
    """What the regions that speak hold, as a screen reader is told of them."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    by_id = {node["nodeId"]: node for node in nodes}

    def text(node):
        if node["role"]["value"] == "StaticText":
            return node["name"]["value"]
        return " ".join(text(by_id[i]) for i in node.get("childIds", []) if i in by_id)

    said = [text(node) for node in nodes if node["role"]["value"] == "status"]
    return [one for one in said if one.strip()]


def small(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", ASKING)
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_every_choice_says_why(open_page, path, scripts):
    page = open_page(path, width=360, theme="dark", scheme="file", scripts=scripts)
    for question in page.locator("fieldset.quiz").all():
        assert shown(question) == []
        inputs = question.locator("input").all()
        several = len(right(question)) > 1
        predict = "quiz-predict" in question.get_attribute("class")
        for i, one in enumerate(inputs, 1):
            one.check()
            expected = {i} | (set(range(1, i)) if several else set())
            expected |= set(right(question)) if predict else set()
            assert set(shown(question)) == expected
            mark = question.locator(f".quiz-choice:nth-of-type({i + 1}) .quiz-mark:visible")
            assert mark.count() == 1
            assert mark.inner_text()[0] == ("✓" if i in right(question) else "✗")
    if scripts:
        assert small(page)
        assert page.record.faults() == {}


SIGNS = ["Right.", "Not so.", "You predicted this"]


@pytest.mark.parametrize("kind", [".quiz-predict", ":not(.quiz-predict)"])
@pytest.mark.parametrize("path", ASKING[:1])
def test_by_keyboard_and_ear(open_page, path, kind):
    page = open_page(path, width=360)
    page.evaluate("document.querySelectorAll('.explorer-slot').forEach((slot) => slot.remove())")
    question = page.locator(f"fieldset.quiz{kind}").first
    group = page.get_by_role("group", name=question.locator(".quiz-title").inner_text())
    assert group.count() >= 1
    before = len(spoken(page))
    inputs = question.locator("input")
    inputs.first.focus()
    page.keyboard.press("Space")
    expect(inputs.first).to_be_checked()
    assert len(spoken(page)) == before + len(shown(question))
    page.keyboard.press("ArrowDown")
    expect(inputs.nth(1)).to_be_checked()
    said = spoken(page)
    assert len(said) == before + len(shown(question))
    assert any(sign in one for one in said for sign in SIGNS)
    page.keyboard.press("Tab")  # one stop a question
    assert not question.evaluate("node => node.contains(document.activeElement)")


@pytest.mark.parametrize("path", ASKING[:1])
def test_answered_questions_have_no_faults(open_page, axe, path):
    page = open_page(path, width=360)
    for question in page.locator("fieldset.quiz").all():
        question.locator("input").last.check()
    axe.load(page)
    faults = axe.alone(page, selector="fieldset.quiz")
    for theme in ("light", "dark"):
        page.evaluate("name => document.documentElement.dataset.theme = name", theme)
        assert faults() == []


@pytest.mark.parametrize("path", ASKING[:1])
def test_on_paper_the_answers_show(open_page, path):
    page = open_page(path)
    page.emulate_media(media="print")
    for question in page.locator("fieldset.quiz").all():
        everything = list(range(1, question.locator("input").count() + 1))
        assert shown(question) == everything
        signs = [mark.inner_text()[0] for mark in question.locator(".quiz-mark:visible").all()]
        assert [i for i, sign in enumerate(signs, 1) if sign == "✓"] == right(question)
    page.emulate_media(media="screen")


FOLDED = [path for path in pages() if 'class="folded-proof"' in (SITE / path).read_text("utf8")]


@pytest.mark.skipif(not FOLDED, reason="no proof is folded")
def test_a_proof_unfolds_by_keyboard(open_page):
    page = open_page(FOLDED[0], width=360)
    fold = page.locator("details.folded-proof").first
    expect(fold.locator(".cell")).to_be_hidden()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(fold.locator(".cell")).to_be_visible()
    assert small(page)

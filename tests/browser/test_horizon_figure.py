"""The horizon explorer in a browser: its numbers against Python's, its controls, two copies."""


from playwright.sync_api import expect

from explorer_page import mount
from rnnbook.widgets import HorizonExplorer


def test_controls_move_the_traits_and_the_words(blank):
    view = mount(blank, HorizonExplorer())
    says = view.locator(".rnnbook-says")
    expect(says).to_have_text(HorizonExplorer().sentence())
    view.get_by_label("constant rate").focus()
    blank.keyboard.press("ArrowLeft")
    blank.keyboard.press("ArrowLeft")
    expect(says).to_have_text(HorizonExplorer(rate=0.75).sentence())
    expect(view.get_by_label("constant rate")).to_have_attribute("aria-valuetext", "75 %")
    view.get_by_label("prompt, values").focus()
    blank.keyboard.press("End")
    expect(says).to_have_text(HorizonExplorer(rate=0.75, prompt=40).sentence())
    view.get_by_label("Rate of true inputs").select_option("linear")
    expect(view.get_by_label("constant rate")).to_be_disabled()
    expect(view.locator(".rnnbook-spoken")).to_have_text(
        HorizonExplorer(schedule="linear", prompt=40).sentence())
    view.get_by_label("Series").select_option("logistic")
    assert blank.evaluate("[models.m.get('task'), models.m.get('horizon')]") == ["logistic", 20]
    label = view.get_by_role("img").get_attribute("aria-label")
    assert "at step 20." in label

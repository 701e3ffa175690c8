"""What a reader does with each explorer in its chapter, at each visit of the chapter's page.

`tour(place, faults)` is one walk: `place` is the explorer, `faults()` says what axe finds in the
state that it is in. An explorer without an entry in TOURS still has to answer the keyboard.
"""

import re

from playwright.sync_api import expect

from positions import random_positions
from rnnbook.widgets import GradientExplorer

KEYS = {"range": ("ArrowRight", "Home"), "radio": ("ArrowRight", "ArrowLeft"),
        "checkbox": ("Space",), "number": ("ArrowUp", "ArrowDown")}  # fmt: skip


def said(place):
    return place.locator("[role=status]")


def slider(place, name):
    return place.get_by_role("slider", name=name)


def radio(place, name):
    return place.get_by_role("radio", name=name)


def answers_the_keyboard(place):
    """The first slider, or else the first control, says something new at the press of a key."""
    sliders = place.locator("input[type=range]:visible:enabled")
    control = (sliders if sliders.count() else place.locator("input:visible:enabled")).first
    status = said(place).first
    before = status.text_content()
    assert before.strip()
    kind = control.get_attribute("type")
    keys = KEYS[kind]
    if kind == "range" and control.evaluate("slider => slider.value === slider.max"):
        keys = keys[::-1]  # at its end it goes no further
    for key in keys:
        if kind == "radio":
            control = place.locator("input[type=radio]:checked:visible").first
        control.press(key)
        try:
            expect(status).not_to_have_text(before, timeout=1000)
            return
        except AssertionError:
            continue
    raise AssertionError(f"{place.get_attribute('class')} says nothing new after {KEYS[kind]}")


def letter_writer(place, faults):
    prompt = place.get_by_label("prompt")
    prompt.fill("The loss ")
    expect(said(place)).to_contain_text("After “The loss ”")
    prompt.press("Enter")
    expect(place.get_by_role("button", name="Pause")).to_be_visible()
    expect(place.locator(".letter-lines")).to_have_text(re.compile("The loss .{20}"))
    place.get_by_role("button", name="Pause").press("Enter")
    expect(said(place)).to_contain_text("It has written")
    assert faults() == []
    prompt.fill("Ω")
    expect(prompt).to_have_attribute("aria-invalid", "true")
    expect(place.locator(".rnnbook-refused")).to_be_visible()
    assert faults() == []
    prompt.fill("The ")
    expect(said(place)).to_contain_text("After “The ”")


def parameter_counter(place, faults):
    slider(place, "T steps").press("Home")
    expect(said(place)).to_contain_text("T = 1.")
    slider(place, "T steps").press("ArrowRight")
    expect(said(place)).to_contain_text("T = 2. The RNN learns")
    slider(place, "H hidden units").press("End")
    expect(said(place)).to_contain_text("H = 512")
    slider(place, "T steps").press("End")
    assert faults() == []


def dogs_stepper(place, faults):
    net, forward = place.locator(".dogs-net"), place.get_by_role("button", name="Next")
    radio(place, "'dogs'").check()
    radio(place, "step 1").press("Space")
    assert place.locator(".dogs-letter").all_text_contents() == ["?", "?", "?"]
    assert faults() == []
    for _ in range(14):
        before = said(place).text_content()
        forward.press("Enter")
        expect(said(place)).not_to_have_text(before)
    expect(net).to_contain_text("✗ not s")
    assert faults() == []
    radio(place, "step 2").press("ArrowLeft")
    back = place.get_by_role("button", name="Back")
    for _ in range(3):
        back.press("Enter")
    before = net.text_content()
    weight = place.get_by_role("spinbutton", name="W_xh, row d, column 1", exact=True)
    weight.press("ArrowUp")
    expect(net).not_to_have_text(before)
    weight.fill("")
    expect(weight).to_have_attribute("aria-invalid", "true")
    expect(place.locator(".rnnbook-refused")).to_be_visible()
    assert faults() == []
    place.get_by_role("button", name="Reset weights").press("Enter")
    expect(net).to_have_text(before)
    radio(place, "'dogs'").press("ArrowRight")
    expect(said(place)).to_contain_text("Step 1 of 3, reading n.")
    assert faults() == []
    radio(place, "'noon'").press("ArrowLeft")
    expect(said(place)).to_contain_text("Step 1 of 3, reading d.")


def path_explorer(place, faults):
    for weight in ("W_hh", "W_xh", "b_h"):
        radio(place, f"Weight {weight}").check()
        radio(place, "Loss L_3").check()
        radio(place, f"Use of {weight} at step 1").check()
        assert faults() == []
    radio(place, "Weight W_hh").check()
    radio(place, "Weight W_hh").press("ArrowRight")
    expect(said(place)).to_contain_text("the use of W_xh")
    place.get_by_role("button", name="use 1").press("Enter")
    expect(said(place)).to_contain_text("the use of W_xh at step 1")


def truncation_explorer(place, faults):
    K = place.get_by_role("slider")
    K.press("Home")
    expect(said(place)).to_contain_text("K = 1:")
    assert faults() == []
    place.get_by_role("checkbox").check()
    K.press("End")
    expect(said(place)).to_contain_text("within 1 % of it")
    assert faults() == []


SET = """([root, position]) => {
  const pick = (name, value) => {
    const label = [...root.querySelectorAll(`.gradient-${name} label`)]
      .find((label) => label.textContent === value);
    if (label && !label.querySelector("input").checked) label.click();
  };
  const slide = (input, value) => {
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  pick("kinds", position.kind);
  pick("biases", String(position.forget_bias).replace("-", "−"));
  const [T, gain] = root.querySelectorAll("input[type=range]");
  slide(T, position.T);
  slide(gain, position.place);
}"""


def move_to(place, position):
    """By the gradient explorer's controls, as a reader would, all within one frame."""
    explorer = GradientExplorer(**position)
    place_in_slider = explorer.table["values"].index(position["gain"])
    place.evaluate(
        f"(root, position) => ({SET})([root, position])", position | {"place": place_in_slider}
    )
    return explorer


def shown(place):
    """What is seen of the sentence, one frame after the last change."""
    place.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    return place.locator(".rnnbook-says").text_content()


def gradient_explorer(place, faults):
    for position in random_positions(10, 1):
        explorer = move_to(place, position)
        assert shown(place) == explorer.sentence()
    place.get_by_text("More: keep a curve").click()
    place.get_by_role("button", name="Pin this").click()
    for kind in ("LSTM", "relu"):
        radio(place, kind).check()
        assert faults() == []
    slider(place, "T steps").press("Home")
    expect(said(place)).to_contain_text("T = 1:")


def clipping_explorer(place, faults):
    place.get_by_text("More: clip by value").click()
    radio(place, "plateau").check()
    slider(place, "step").press("Home")
    expect(said(place)).to_contain_text("Step 0:")
    slider(place, "step").press("ArrowRight")
    expect(said(place)).to_contain_text("Step 1:")
    radio(place, "by norm").check()
    radio(place, "by norm").press("ArrowRight")
    expect(place.locator(".clipping-clipped")).to_contain_text("clipped by value")
    for rule in ("by norm", "by value", "none"):
        radio(place, rule).check()
        assert faults() == []
    place.get_by_role("checkbox", name="close-up").check()
    place.get_by_role("spinbutton", name="start, w").fill("")
    expect(place.locator(".rnnbook-refused")).to_be_visible()
    assert faults() == []


def memory_lane_explorer(place, faults):
    radio(place, "LSTM").check()
    slider(place, "forget bias").press("End")
    expect(said(place)).to_contain_text("forget bias 6.0")
    slider(place, "T steps").press("End")
    expect(said(place)).to_contain_text("T = 200")
    place.get_by_role("checkbox").press("Space")
    expect(said(place)).to_contain_text("Measured in Keras")
    for kind in ("tanh RNN", "GRU"):
        radio(place, kind).check()
        expect(said(place)).to_contain_text(f"{kind}, ")
        assert faults() == []


def gate_explorer(place, faults):
    value = place.get_by_role("slider")
    radio(place, "3").check()
    radio(place, "f").check()
    assert faults() == []
    value.press("Home")
    expect(said(place)).to_contain_text("f_3 set to 0.00: c_8 is 0.21 instead of 0.59.")
    assert faults() == []
    place.get_by_role("button", name="f = 1 everywhere").press("Enter")
    expect(said(place)).to_contain_text("f set to 1.00 at every step:")
    assert faults() == []
    place.get_by_role("button", name="all free").press("Enter")
    expect(said(place)).to_contain_text("All gates are free:")


def wiring_explorer(place, faults):
    """Seven routes; without the hidden ones three; one when step 3 is told what was right."""
    hidden = place.get_by_role("checkbox", name="hidden recurrence")
    hidden.check()
    radio(place, "Weight W_xh").check()
    expect(said(place)).to_contain_text("Seven routes lead")
    place.locator(".wiring-term").nth(1).click()
    assert faults() == []
    hidden.press("Space")
    expect(said(place)).to_contain_text("Three routes lead")
    hears = place.get_by_role("radiogroup", name="Step 3 hears").get_by_role("radio")
    hears.first.press("ArrowRight")
    expect(said(place)).to_contain_text("One route leads")
    radio(place, "Weight W_hh").check()
    expect(said(place)).to_contain_text("No route leads from L_3 back to W_hh")
    assert faults() == []


def horizon_explorer(place, faults):
    for task in ("four sines", "logistic", "noisy sine"):
        place.get_by_label("Series").select_option(task)
        slider(place, "prompt, values").press("Home")
        expect(said(place)).to_contain_text("prompt of 1")
        assert faults() == []
    place.get_by_label("Rate of true inputs").select_option("linear")
    expect(said(place)).to_contain_text("falling from about 100 %")
    assert faults() == []


def replay_explorer(place, faults):
    slider(place, "update").press("Home")
    expect(said(place)).to_contain_text("before the first update")
    slider(place, "update").press("ArrowRight")
    expect(said(place)).to_contain_text("updates: ")
    for view in ("loss", "test error", "other lengths"):
        radio(place, view).check()
        assert faults() == []


TOURS = {
    "letter-writer": letter_writer,
    "parameter-counter": parameter_counter,
    "dogs-stepper": dogs_stepper,
    "path-explorer": path_explorer,
    "truncation-explorer": truncation_explorer,
    "gradient-explorer": gradient_explorer,
    "clipping-explorer": clipping_explorer,
    "memory-lane-explorer": memory_lane_explorer,
    "gate-explorer": gate_explorer,
    "wiring-explorer": wiring_explorer,
    "horizon-explorer": horizon_explorer,
    "replay-explorer": replay_explorer,
}


def tour(place, faults):
    for name in place.get_attribute("class").split():
        if name in TOURS:
            TOURS[name](place, faults)
            return

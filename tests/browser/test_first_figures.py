"""The explorers in a browser: the keyboard, the live region, two copies.

Each is mounted in a blank page; what it does in its chapter is in tours.py.
"""

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer_page import module, mount
from rnnbook import tasks
from rnnbook.losses import softmax
from rnnbook.widgets import DogsStepper, ParameterCounter, PathExplorer, TruncationExplorer
from steppers import random_stepper


def said(place):
    return place.locator("[role=status]")


def field(place, name):
    return place.get_by_role("spinbutton", name=name, exact=True)


def test_a_linked_value_moves_the_figure(blank):
    place = mount(blank, ParameterCounter())
    blank.evaluate("models.m.set('T', 40)")
    assert place.get_by_role("slider", name="T steps").input_value() == "40"
    expect(said(place)).to_contain_text("the untied chain 804,000")
    blank.evaluate("models.m.set('T', 1000)")  # a link brings anything
    expect(said(place)).to_contain_text("T = 100.")


def test_only_the_rows_that_grow_move_with_T(blank):
    place = mount(blank, ParameterCounter(T=20))
    counts = place.locator(".counter-count")
    before = counts.all_text_contents()
    assert before == ["20,100", "402,000", "200,100", "60,300", "80,400"]
    assert counts.evaluate_all("nodes => nodes.map((node) => node.checkVisibility())") == [
        True, True, True, False, False]  # fmt: skip
    place.get_by_role("slider", name="T steps").press("ArrowRight")
    after = counts.all_text_contents()
    assert [a != b for a, b in zip(before, after, strict=True)] == [False, True, True, False, False]


def test_the_counter_prints_no_answer_to_what_is_asked(blank):
    place = mount(blank, ParameterCounter())
    for answer in ("×", "9.96", "depend", "grows", "times"):
        expect(place).not_to_contain_text(answer)


def test_what_is_folded_by_the_space_bar(blank):
    place = mount(blank, ParameterCounter())
    place.locator("summary").press("Enter")
    place.get_by_role("checkbox", name="gated").press("Space")
    expect(place.locator(".counter-lstm")).to_be_visible()
    expect(said(place)).to_contain_text("the LSTM 80,400.")
    place.get_by_role("checkbox", name="second bias").press("Space")
    expect(said(place)).to_contain_text("The RNN learns 20,200 numbers")
    assert blank.evaluate("models.m.get('second_bias')") is True


def test_walking_through_all_the_stages_and_back(blank):
    place = mount(blank, DogsStepper())
    forward, back = (place.get_by_role("button", name=name) for name in ("Next", "Back"))
    expect(back).to_have_attribute("aria-disabled", "true")
    for _ in range(14):
        forward.press("Enter")
    expect(forward).to_have_attribute("aria-disabled", "true")
    forward.press("Enter")  # no step 4
    assert blank.evaluate("[models.m.get('t'), models.m.get('stage')]") == [3, 5]
    back.press("Space")
    assert blank.evaluate("[models.m.get('t'), models.m.get('stage')]") == [3, 4]
    assert blank.evaluate("models.m.saved") == 15


def test_states_and_guesses_come_with_their_stage_and_stay(blank):
    place = mount(blank, DogsStepper(stage=2))
    forward = place.get_by_role("button", name="Next")
    cells, guesses = place.locator(".dogs-column .dogs-note"), place.locator(".dogs-letter")
    assert cells.all_text_contents() == [f"h{t}···" for t in (1, 2, 3)]
    assert guesses.all_text_contents() == ["?", "?", "?"]
    expect(place).not_to_contain_text("ean loss")
    forward.press("Enter")
    expect(cells.first).to_contain_text("0.537")
    forward.press("Enter")
    assert guesses.all_text_contents() == ["?", "?", "?"]
    forward.press("Enter")
    assert guesses.all_text_contents() == ["d", "?", "?"]
    for _ in range(10):
        forward.press("Enter")
    assert guesses.all_text_contents() == ["d", "s", "o"]
    expect(place.locator(".dogs-walk")).to_contain_text("mean loss 2.158")
    place.get_by_role("radio", name="step 1").press("Space")  # and stays
    assert guesses.all_text_contents() == ["d", "s", "o"]
    assert place.locator("[aria-current=step]").count() == 1


def test_the_present_stage_alone_is_seen_and_heard(blank):
    place = mount(blank, DogsStepper(stage=2))
    expect(place.locator(".dogs-stage").nth(1)).to_be_visible()
    for i in (0, 2, 3, 4):
        expect(place.locator(".dogs-stage").nth(i)).to_be_hidden()
    assert field(place, "W_hy, row 1, column d").count() == 0  # nor by a screen reader


def test_every_number_on_show_is_rnnbook_s(blank):
    for word, seed in (("dogs", 7), ("noon", 8)):
        stepper = random_stepper(1.0, np.random.default_rng(seed), word)
        stepper.t, stepper.stage = 2, 5
        place = mount(blank, stepper, word, f"view-{word}")
        xs, _, _ = tasks.spelling(word)
        ys, trace = stepper.model.run(xs, (np.array([stepper.h0]),))

        def rows(stage, place=place):
            lines = place.locator(f".dogs-stage:nth-child({stage}) > .dogs-vectors tbody tr").all()
            cells = [line.locator("td[title], td > [title]").all() for line in lines]
            return [[float(c.get_attribute("title")) for c in line] for line in cells if line]

        np.testing.assert_allclose(rows(3)[1], trace.hs[1, 0], rtol=1e-12)
        np.testing.assert_allclose(rows(4)[2], ys[1, 0], rtol=1e-12)
        np.testing.assert_allclose(rows(5)[0], softmax(ys)[1, 0], rtol=1e-12)
        sums = rows(2)
        np.testing.assert_allclose(sums[0], stepper.W_xh[1], rtol=1e-12)  # the row of the letter o
        np.testing.assert_allclose(np.sum(sums[:3], axis=0), sums[3], rtol=1e-12)


def test_the_letter_s_row_is_marked_in_the_weights(blank):
    place = mount(blank, DogsStepper(t=3, stage=2))
    marked = place.locator(".dogs-marked th")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text("g")


def test_editing_a_weight_changes_the_numbers_and_only_those_it_can(blank):
    place = mount(blank, DogsStepper(t=3, stage=5))
    cells = place.locator(".dogs-column .dogs-note")
    before = cells.all_text_contents()
    blank.evaluate("models.m.set('stage', 2)")
    field(place, "W_xh, row o, column 2").fill("-0.35")
    after = cells.all_text_contents()
    assert after[0] == before[0]  # step 1 reads d
    assert after[1] != before[1]
    assert after[2] != before[2]
    assert blank.evaluate("models.m.get('W_xh')[1][1]") == -0.35
    blank.evaluate("models.m.set('t', 1), models.m.set('stage', 1)")
    h0 = field(place, "h_0, column 3")
    h0.press("ArrowDown")
    h0.press("ArrowDown")
    h0.press("ArrowDown")
    assert blank.evaluate("models.m.get('h0')[2]") == -0.3  # not -0.30000000000000004
    assert cells.first.text_content() != before[0]


def test_without_its_memory_noon_is_not_spelled(blank):
    place = mount(blank, DogsStepper(word="noon", t=3, stage=5))
    guesses = place.locator(".dogs-letter")
    assert guesses.all_text_contents() == ["o", "o", "n"]
    blank.evaluate("models.m.set('stage', 2)")
    place.get_by_role("button", name="Set all of W_hh to 0").press("Enter")
    assert guesses.all_text_contents() == ["o", "o", "o"]
    assert field(place, "W_hh, row 1, column 2").input_value() == "0"
    place.get_by_role("button", name="Reset weights").press("Enter")
    assert guesses.all_text_contents() == ["o", "o", "n"]


def test_another_word_brings_its_weights_and_begins_at_its_start(blank):
    place = mount(blank, DogsStepper(t=3, stage=5))
    word = place.get_by_role("radio", name="'dogs'")
    word.press("ArrowRight")
    assert blank.evaluate("models.m.get('word')") == "noon"
    assert blank.evaluate("models.m.get('W_hh')") == [[0, 1.5], [0, 0]]
    assert place.locator(".dogs-letter").all_text_contents() == ["?", "?", "?"]
    expect(said(place)).to_contain_text("Step 1 of 3, reading n.")
    expect(place.get_by_role("radio", name="'noon'")).to_be_focused()
    place.get_by_role("radio", name="'noon'").press("ArrowLeft")
    assert blank.evaluate("models.m.get('b_h')") == [0.1, 0, -0.1]


@pytest.mark.parametrize("width", [360, 390])
def test_what_is_edited_and_what_it_changes_fit_a_phone_s_screen(blank, width):
    blank.set_viewport_size({"width": width, "height": 640})
    place = mount(blank, DogsStepper(t=3, stage=5))
    for stage, last in ((2, ".dogs-grids"), (4, ".dogs-grids")):
        blank.evaluate("(stage) => models.m.set('stage', stage)", stage)
        net = place.locator(".dogs-net").bounding_box()
        weights = place.locator(f".dogs-stage:nth-child({stage}) {last}").bounding_box()
        assert weights["y"] + weights["height"] - net["y"] <= 600
    assert blank.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(
    ("entry", "kept"),  # "21" was 2 on the way, which is a weight
    [("", -0.8), ("-", -0.8), ("21", 2), ("-20.5", -20), ("1e9", 1)],
)
def test_an_entry_that_is_no_weight_is_refused_and_said(blank, entry, kept):
    place = mount(blank, DogsStepper(t=1, stage=2))
    weight = field(place, "W_hh, row 1, column 2")
    weight.press("Control+a")
    weight.press("Delete")
    weight.press_sequentially(entry)
    expect(weight).to_have_attribute("aria-invalid", "true")
    assert blank.evaluate("models.m.get('W_hh')[0][1]") == kept
    assert "NaN" not in place.text_content()
    said_of_it = "is not a number from −20 to 20"
    expect(said(place)).to_contain_text("W_hh, row 1, column 2")
    expect(said(place)).to_contain_text(said_of_it)
    hint = weight.get_attribute("aria-describedby")
    assert said_of_it in place.locator(f"#{hint}").text_content()
    weight.fill("0.5")
    assert weight.get_attribute("aria-invalid") is None
    assert weight.get_attribute("aria-describedby") is None
    assert blank.evaluate("models.m.get('W_hh')[0][1]") == 0.5
    expect(place.locator(".rnnbook-hint")).to_contain_text("Type another number")


def test_what_is_being_typed_is_left_alone(blank):
    place = mount(blank, DogsStepper(stage=2))
    weight, other = field(place, "W_xh, row d, column 1"), field(place, "b_h, column 3")
    other.fill("")
    weight.press("Control+a")
    weight.press_sequentially("-1.0204081")
    assert weight.input_value() == "-1.0204081"
    assert blank.evaluate("models.m.get('W_xh')[0][0]") == -1.0204081
    assert weight.get_attribute("title") == "-1.0204081"
    expect(other).to_have_attribute("aria-invalid", "true")  # still, and still empty
    assert other.input_value() == ""


def test_arrow_keys_stop_at_the_limit(blank):
    stepper = DogsStepper(stage=4)
    stepper.b_y = [19.95, 0, 0, 0]
    place = mount(blank, stepper)
    weight = field(place, "b_y, column d")
    weight.press("ArrowUp")
    weight.press("ArrowUp")
    assert blank.evaluate("models.m.get('b_y')[0]") == 20
    assert weight.get_attribute("aria-invalid") is None


def test_reset_brings_back_the_start_and_clears_what_was_refused(blank):
    stepper = DogsStepper(stage=4)
    place = mount(blank, stepper)
    field(place, "W_hy, row 3, column s").fill("7")
    wrong = field(place, "b_y, column o")
    wrong.fill("")
    place.get_by_role("button", name="Reset weights").press("Enter")
    assert blank.evaluate("models.m.get('W_hy')") == stepper.start["dogs"]["W_hy"]
    assert field(place, "W_hy, row 3, column s").input_value() == "0.5"
    assert wrong.input_value() == "0.1"
    assert wrong.get_attribute("aria-invalid") is None
    expect(place.locator(".rnnbook-hint")).to_contain_text("Type another number")
    field(place, "W_hy, row 3, column s").press("ArrowUp")  # the start itself was not edited
    assert blank.evaluate("models.m.get('start').dogs.W_hy[2][3]") == 0.5


# ---- the paths ----

WEIGHTS = ("W_hh", "W_xh", "b_h")
PATHS = [(t, s) for t in (1, 2, 3) for s in range(1, t + 1)]


def chosen(page):
    return page.evaluate("['weight', 'loss', 'use'].map((name) => models.m.get(name))")


def test_sentences_of_all_paths_equal_python(blank):
    explorer = PathExplorer()
    for weight in WEIGHTS:
        for t, s in PATHS:
            sentence = blank.evaluate(
                """async ([source, ...path]) => (await import(source)).sentence(...path)""",
                [module(explorer), explorer.terms, weight, t, s],
            )
            assert sentence == PathExplorer(weight=weight, loss=t, use=s).sentence()


def test_the_path_that_is_lit_is_the_one_that_is_chosen(blank):
    place = mount(blank, PathExplorer())
    lit = place.locator(".path-lit")
    for weight in WEIGHTS:
        for t, s in PATHS:
            blank.evaluate(
                "(path) => { for (const name in path) models.m.set(name, path[name]); }",
                {"weight": weight, "loss": t, "use": s},
            )
            expected = {f"loss-{t}", f"{weight}-{s}"} | {f"chain-{j}" for j in range(s, t)}
            pieces = lit.evaluate_all("nodes => nodes.map((node) => node.dataset.piece)")
            assert set(pieces) == expected
            assert place.locator(".path-term[aria-pressed=true]").count() == 1
            assert place.locator(".path-term:visible").count() == t
            pressed = place.locator(".path-term[aria-pressed=true]")
            expect(pressed).to_contain_text(f"use {s}")
            assert pressed.locator(".path-fraction").count() == t - s + 2


def test_a_path_is_chosen_by_keyboard(blank):
    place = mount(blank, PathExplorer(loss=3, use=3))
    place.get_by_role("radio", name="Weight W_hh").press("ArrowRight")
    assert chosen(blank) == ["W_xh", 3, 3]
    place.get_by_role("radio", name="Use of W_xh at step 3").press("ArrowLeft")
    assert chosen(blank) == ["W_xh", 3, 2]
    place.get_by_role("radio", name="Loss L_3 of step 3").press("ArrowLeft")
    assert chosen(blank) == ["W_xh", 2, 2]
    expect(place.get_by_role("radio", name="Use of W_xh at step 3")).to_be_disabled()
    place.get_by_role("button", name="use 1").press("Enter")
    assert chosen(blank) == ["W_xh", 2, 1]
    expect(said(place)).to_contain_text("The loss of step 2, through the use of W_xh at step 1")
    place.get_by_role("radio", name="Loss L_2 of step 2").press("ArrowLeft")
    assert chosen(blank) == ["W_xh", 1, 1]
    expect(said(place)).to_contain_text("It is the only term of this loss.")
    expect(place).to_contain_text("use 3 comes after L1: no term")


def test_a_path_is_chosen_in_the_picture(blank):
    place = mount(blank, PathExplorer(loss=2, use=2))
    place.locator(".path-node-h").nth(0).click()
    assert chosen(blank) == ["W_hh", 2, 1]
    place.locator(".path-node-h").nth(2).click()  # step 3 comes after the loss of step 2
    assert chosen(blank) == ["W_hh", 2, 1]
    place.locator(".path-node-y").nth(2).click()
    assert chosen(blank) == ["W_hh", 3, 1]
    x, h = (place.locator(f".path-node-{row}").nth(1).bounding_box() for row in "xh")
    blank.mouse.click(x["x"] + x["width"] / 2, (h["y"] + h["height"] + x["y"]) / 2)
    assert chosen(blank) == ["W_xh", 3, 2]


def test_a_zero_term_says_why(blank):
    place = mount(blank, PathExplorer(use=1))
    expect(place.locator(".path-nothing:visible")).to_have_count(1)
    expect(place.locator(".path-nothing")).to_contain_text("0, because h0 is zero")
    expect(said(place)).to_contain_text("zero, because h_0 is zero")
    blank.evaluate("models.m.set('weight', 'W_xh')")
    expect(place.locator(".path-nothing:visible")).to_have_count(0)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_numbers_of_a_term_are_rnnbook_s(blank, weight):
    explorer = PathExplorer(weight=weight, loss=3, use=2)
    place = mount(blank, explorer)
    rows = place.locator(".path-table tbody").last.locator("tr")
    cells = [rows.nth(i).locator("td").all_text_contents()[1:] for i in range(rows.count())]
    got = np.array([[float(cell.replace("−", "-")) for cell in row] for row in cells])
    np.testing.assert_allclose(got, np.atleast_2d(explorer.term()), atol=5.1e-5)


def test_a_link_may_bring_a_use_after_the_loss(blank):
    place = mount(blank, PathExplorer(loss=3, use=3))
    blank.evaluate("models.m.set('loss', 1)")
    expect(said(place)).to_contain_text("The loss of step 1, through the use of W_hh at step 1")


# ---- truncation ----


def test_sentences_of_all_K_equal_python(blank):
    explorer = TruncationExplorer()
    sentences = blank.evaluate(
        """async ([source, numbers]) => {
          const { sentence } = await import(source);
          const say = (shown) => numbers.g.map((_, i) => sentence(numbers, i + 1, shown));
          return [...say(false), ...say(true)];
        }""",
        [module(explorer), explorer.numbers],
    )
    assert sentences == [
        TruncationExplorer(K=K, all_terms=shown).sentence()
        for shown in (False, True)
        for K in range(1, 101)
    ]


@pytest.mark.parametrize("K", [1, 10, 41, 100])
def test_as_many_bars_are_filled_as_steps_go_back(blank, K):
    place = mount(blank, TruncationExplorer(K=K))
    assert place.locator(".truncation-kept").count() == K
    assert place.locator(".truncation-left-out").count() == 0
    assert place.get_by_text("right sign").count() == 0
    place.get_by_role("checkbox", name="show all terms").check()
    assert place.locator(".truncation-kept").count() == K
    assert place.locator(".truncation-left-out").count() == 100 - K
    pictures = place.get_by_role("img").evaluate_all("nodes => nodes.map((n) => n.ariaLabel)")
    assert len(pictures) == len(set(pictures)) == 3


def test_the_arrow_turns_where_the_sign_does(blank):
    place = mount(blank, TruncationExplorer(K=40, all_terms=True))
    K, arrow = place.get_by_role("slider", name="K steps back"), place.locator(".truncation-seen")
    start = place.locator(".truncation-from").first.bounding_box()["x"]
    assert arrow.bounding_box()["x"] == pytest.approx(start, abs=1)
    expect(said(place)).to_contain_text("the wrong sign")
    K.press("ArrowRight")
    box = arrow.bounding_box()
    assert box["x"] + box["width"] == pytest.approx(start, abs=1)
    expect(said(place)).to_contain_text("K = 41: the truncated derivative is −0.22")
    K.press("End")
    expect(said(place)).to_contain_text("K = 100: the truncated derivative is −6.00")

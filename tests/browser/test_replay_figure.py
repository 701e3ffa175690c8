"""The replay explorer in a browser: its numbers against the records, the replay, the keyboard."""

import random

import numpy as np
import pytest
from playwright.sync_api import expect

from every_explorer import RUNS
from every_explorer import replay as made
from explorer_page import module, mount, observed, run_until
from made_up_runs import CELLS, LENGTHS, made_up_runs
from rnnbook.widgets import ReplayExplorer
from rnnbook.widgets.replay_explorer import (
    amount,
    level,
    losses_shown,
    medians,
    middle,
    updates_shown,
    written,
)

TASKS = [(task, T) for task, lengths in LENGTHS.items() for T in lengths]


@pytest.fixture
def blank(blank_page):
    return blank_page(width=700, height=1200)


@pytest.fixture
def moving(blank_page):
    """A timed page whose reader has not asked for less motion."""
    return blank_page(width=700, height=1200, motion="no-preference", timed=True)


def said(place):
    return place.locator("[role=status]")


def shown(place):
    """What is seen of the sentence, one frame after the last change."""
    if place.page.timed:
        place.page.clock.run_for(17)
    else:
        place.page.evaluate(
            "new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    return place.locator(".rnnbook-says").text_content()


def trait(page, name, model="m"):
    return page.evaluate(f"models.{model}.get('{name}')")


def send(page, explorer, *names):
    """Set the model's traits to those of this explorer, as a link would."""
    page.evaluate(
        "(state) => { for (const [name, value] of state) models.m.set(name, value); }",
        [(name, getattr(explorer, name)) for name in names],
    )


def slider(place):
    return place.get_by_role("slider", name="update")


def stops(explorer):
    runs = [run for group in explorer.chosen for run in group["runs"]]
    marks = {at for run in runs for at in run["updates"]}
    ends = {run[key] for run in runs for key in ("solved_at", "diverged_at") if run[key]}
    return sorted({0, 2000} | marks | ends)


def slide(place, index):
    slider(place).evaluate(
        """(input, index) => {
          input.value = index;
          input.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        index,
    )


def lines(place, kind, cell):
    """The points of a cell's lines, in pixels."""
    texts = place.locator(f"polyline.{kind}.replay-{CELLS.index(cell)}[points]").evaluate_all(
        "lines => lines.filter((line) => line.closest('.replay-figure'))"
        ".map((line) => line.getAttribute('points'))")  # fmt: skip
    return [np.array([point.split(",") for point in text.split()], dtype=float) for text in texts]


# ---- the numbers ----


def test_random_positions_say_and_draw_what_was_recorded(blank):
    place = mount(blank, made())
    rng = random.Random(0)
    positions = [(rng.choice(TASKS), rng.random()) for _ in range(15)]
    positions += [(("copying", 20), part) for part in (0.05, 0.1, 0.15)]  # some diverge
    for (task, T), part in positions:
        explorer = made(task=task, T=T)
        index = int(part * len(stops(explorer)))
        update = explorer.update = stops(explorer)[index]
        place.get_by_role("radio", name=task, exact=True).check()
        shown(place)
        place.get_by_role("radio", name=f"T = {T}", exact=True).check()
        shown(place)
        slide(place, index)
        assert shown(place) == explorer.sentence()
        assert slider(place).get_attribute("aria-valuetext") == f"{update:,} of 2,000 updates"
        figure = place.locator(".replay-figure").bounding_box()
        first, last = updates_shown(explorer.chosen)
        low, high = losses_shown(explorer.chosen)
        for group in explorer.chosen:
            cell = group["cell"]
            row = place.get_by_role("row").filter(has_text=cell)
            now = [level(run, update, "losses") for run in group["runs"]]
            solved = sum((run["solved_at"] or 9999) <= update for run in group["runs"])
            assert row.get_by_role("cell").all_text_contents()[:2] == [
                f"{solved} of {len(now)}", written(middle(now))]
            records = [run.record for run in RUNS
                       if tuple(run.settings[k] for k in ("task", "T", "cell")) == (task, T, cell)]
            until = [sum(at <= update for at in record["updates"]) for record in records]
            drawn = lines(place, "replay-run", cell)
            assert [len(line) for line in drawn] == [count for count in until if count > 1]
            many = [(r, count) for r, count in zip(records, until) if count > 1]
            for line, (record, count) in zip(drawn, many):
                at = np.log(np.array(record["updates"][:count]) / first) / np.log(last / first)
                up = (np.log10(record["losses"][:count]) - low) / (high - low)
                wide, tall = figure["width"] - 46 - 108, figure["height"] - 14 - 40
                np.testing.assert_allclose(line[:, 0], 46 + wide * at, atol=0.06)
                np.testing.assert_allclose(
                    line[:, 1], figure["height"] - 40 - tall * np.clip(up, 0, 1), atol=0.2)
            thick = [point for point in medians(group, "losses") if point[0] <= update]
            assert sum(map(len, lines(place, "replay-median", cell))) == len(thick) * (
                len(thick) > 1)


def test_test_errors_and_other_lengths_say_what_python_says(blank):
    place = mount(blank, made())
    for view in ("test", "beyond"):
        for task, T in TASKS:
            for update in (0, 350, 1100) if view == "test" else (2000,):
                explorer = made(task=task, T=T, view=view, update=update)
                send(blank, explorer, "task", "T", "view", "update")
                assert shown(place) == explorer.sentence()
    table = made(task="adding", T=100, view="beyond")
    send(blank, table, "task", "T", "view")
    shown(place)
    for group in table.chosen:
        errors = [[run["beyond"][k] for run in group["runs"] if run["beyond"]] for k in (0, 3)]
        row = place.get_by_role("row").filter(has_text=group["cell"])
        assert row.get_by_role("cell").all_text_contents() == [
            str(len(errors[0])), *(written(middle(at)) for at in errors)]
        assert [len(line) for line in lines(place, "replay-run", group["cell"])] == (
            [4] * len(errors[0]))


def test_words_and_medians_are_python_s(blank):
    rng = np.random.default_rng(0)
    values = [*(10 ** rng.uniform(-9, 5, 300)).tolist(), 0.001, 0.5, 1, 999.4, 999.6]
    lists = [rng.choice([-3, -1, 0, 2], size=n).tolist() for n in (1, 2, 3, 4, 5) * 5]
    found = blank.evaluate(
        """async ([source, values, lists]) => {
          const { amount, middle } = await import(source);
          return [values.map((v) => amount(v)), values.map((v) => amount(v, 3)),
            lists.map(middle), middle([]), middle([1, null]), middle([1, 2, Infinity]),
            middle([-Infinity, 2])].map((one) => one === -Infinity ? "least" : one);
        }""",
        [module(made()), values, lists],
    )
    assert found == [[amount(v) for v in values], [amount(v, 3) for v in values],
                     [middle(one) for one in lists], None, None, 2, "least"]


def test_marks_tell_what_is_solved_and_what_is_lost(blank):
    place = mount(blank, made())
    for task, T in TASKS:
        for update in (300, 2000):
            explorer = made(task=task, T=T, update=update)
            send(blank, explorer, "task", "T", "update")
            shown(place)
            runs = [run for group in explorer.chosen for run in group["runs"]]
            solved = sum((run["solved_at"] or 9999) <= update for run in runs)
            lost = sum(run["diverged_at"] is not None and run["diverged_at"] <= update
                       and bool(run["updates"]) for run in runs)  # fmt: skip
            assert place.locator(".replay-figure .replay-solved").count() == solved
            assert place.locator(".replay-figure .replay-lost").count() == lost


# ---- the hand ----


def test_everything_moves_by_the_keyboard(blank):
    place = mount(blank, made(update=600))
    slider(place).press("ArrowRight")
    assert trait(blank, "update") == 650
    slider(place).press("Home")
    assert trait(blank, "update") == 0
    expect(said(place)).to_contain_text("before the first update")
    slider(place).press("End")
    assert trait(blank, "update") == 2000
    place.get_by_role("radio", name="adding").press("ArrowRight")
    assert (trait(blank, "task"), trait(blank, "T")) == ("copying", 20)  # the nearest to 50
    place.get_by_role("radio", name="T = 20").press("ArrowLeft")
    assert trait(blank, "T") == 10
    place.get_by_role("checkbox", name="LSTM").press("Space")
    assert trait(blank, "cells") == ["tanh RNN", "identity RNN", "GRU"]
    assert "LSTM" not in shown(place)
    place.get_by_role("checkbox", name="LSTM").press("Space")
    assert trait(blank, "cells") == list(CELLS)
    place.get_by_role("radio", name="loss").press("ArrowRight")
    assert trait(blank, "view") == "test"
    expect(said(place)).to_contain_text("solved means a test error below 0.01.")
    place.get_by_role("radio", name="test error").press("ArrowRight")
    expect(said(place)).to_contain_text("Copying, trained at T = 10: at T = 80")
    expect(slider(place)).to_be_disabled()
    assert blank.evaluate("models.m.saved") >= 9


def test_the_end_stays_the_end(blank):
    """A reader who has gone to the end of short runs sees the end of longer ones too."""
    runs = made_up_runs()
    for run in runs:
        if run.settings["task"] == "latch":
            keep = sum(at <= 1000 for at in run.record["updates"])
            for name in ("updates", "losses", "error"):
                if name in run.record:
                    run.record[name] = run.record[name][:keep]
            run.record |= {"budget": 1000, "solved_at": None}
    place = mount(blank, ReplayExplorer(runs, task="latch", update=500))
    slider(place).press("End")
    expect(place.locator("output")).to_have_text("1,000")
    place.get_by_role("radio", name="adding").check()
    expect(place.locator("output")).to_have_text("2,000")
    slider(place).press("ArrowLeft")
    expect(place.locator("output")).to_have_text("1,950")


def test_a_drag_across_the_picture_moves_the_update(blank):
    place = mount(blank, made())
    box = place.locator(".replay-figure").bounding_box()
    left, right = box["x"] + 46, box["x"] + box["width"] - 108
    blank.mouse.move(right, box["y"] + 100)
    blank.mouse.down()
    blank.mouse.move((left + right) / 2, box["y"] + 100)
    assert trait(blank, "update") == 300  # 50 to 2,000, halved in logarithms: 316
    blank.mouse.move(left - 20, box["y"] + 100)
    assert trait(blank, "update") == 0
    blank.mouse.move(right + 50, box["y"] + 100)
    assert trait(blank, "update") == 2000
    blank.mouse.up()
    blank.mouse.move((left + right) / 2, box["y"] + 100)
    assert trait(blank, "update") == 2000
    blank.keyboard.press("ArrowLeft")  # and from there on by the keys
    assert trait(blank, "update") == 1950


# ---- the replay ----


def playing(place):
    return place.get_by_role("button", name="Pause").count() == 1


def test_play_runs_to_the_end_and_is_silent_until_then(moving):
    runs = made_up_runs(every=400)  # so few marks that each is seen for 400 ms
    place = mount(moving, ReplayExplorer(runs, update=0))
    before = said(place).text_content()
    place.get_by_role("button", name="Play").click()
    run_until(moving, "models.m.get('update') == 800")
    assert said(place).text_content() == before  # no chatter
    assert "after 800 updates" in shown(place)
    run_until(moving, "models.m.get('update') == 2000")
    assert playing(place)
    assert said(place).text_content() == before
    moving.clock.run_for(1000)
    assert not playing(place)
    assert said(place).text_content() == ReplayExplorer(runs).sentence()
    place.get_by_role("button", name="Play").click()  # once more, from the start
    run_until(moving, "models.m.get('update') > 0 && models.m.get('update') < 600")
    place.get_by_role("button", name="Pause").click()
    stood = trait(moving, "update")
    moving.clock.run_for(1000)
    assert trait(moving, "update") == stood


@pytest.mark.parametrize("how", ["key", "button's key", "press", "drag", "hidden", "view"])
def test_play_stops(moving, how):
    place = mount(moving, made(update=0))
    place.get_by_role("button", name="Play").press("Enter")
    run_until(moving, "models.m.get('update') > 0")
    assert playing(place)
    if how == "key":
        moving.keyboard.press("Escape")
    elif how == "button's key":
        moving.keyboard.press("Space")
    elif how == "press":
        place.locator(".rnnbook-title").click()
    elif how == "drag":
        place.locator(".replay-figure").click(position={"x": 60, "y": 50})
    elif how == "hidden":
        moving.evaluate(
            "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
            "document.dispatchEvent(new Event('visibilitychange'))")  # fmt: skip
    else:
        moving.evaluate("models.m.set('view', 'beyond')")
        moving.clock.run_for(500)
    shown(place)
    stood = trait(moving, "update")
    assert not playing(place)
    moving.clock.run_for(1000)
    assert trait(moving, "update") == stood


def test_play_is_off_for_who_wants_less_motion(blank, moving):
    place = mount(blank, made())
    expect(place.locator(".replay-play")).to_be_hidden()
    place = mount(moving, made(update=0))
    place.get_by_role("button", name="Play").click()
    moving.emulate_media(reduced_motion="reduce")
    expect(place.locator(".replay-play")).to_be_hidden()
    stood = trait(moving, "update")
    moving.clock.run_for(1000)
    assert trait(moving, "update") == stood < 2000


def test_cleanup_leaves_nothing_behind(moving):
    place = mount(moving, made(update=0))
    place.get_by_role("button", name="Play").click()
    moving.evaluate("models.m.set('T', 100); cleanups.v()")
    assert moving.evaluate("models.m.listeners.length") == 0
    assert place.inner_html() == ""
    stood = trait(moving, "update")
    moving.set_viewport_size({"width": 500, "height": 500})
    observed(moving)
    moving.clock.run_for(1000)
    assert trait(moving, "update") == stood


# ---- the view ----


def test_whatever_a_link_sends_something_sensible_is_drawn(blank):
    place = mount(blank, made())
    for name, value in (("T", 77), ("task", "dogs"), ("cells", None), ("update", "x"),
                        ("view", "else"), ("T", None), ("update", 1e9), ("cells", ["x"])):
        blank.evaluate("([name, value]) => models.m.set(name, value)", [name, value])
        assert shown(place).startswith("Adding, T = ")
    assert "no cell is shown" in shown(place)


def test_what_was_not_recorded_cannot_be_chosen(blank):
    place = mount(blank, made(task="latch", T=200, view="test"))  # without test errors
    assert "without remembering" in shown(place)
    expect(place.get_by_role("radio", name="test error")).to_be_disabled()
    place.get_by_role("radio", name="embedded Reber").check()
    shown(place)
    expect(place.get_by_role("radio", name="other lengths")).to_be_disabled()
    expect(place.get_by_role("checkbox", name="GRU")).to_be_disabled()
    assert "not run" in place.get_by_role("row").filter(has_text="GRU").text_content()


def test_the_picture_says_in_words_what_it_shows(blank):
    place = mount(blank, made(update=1000))
    label = place.get_by_role("img").get_attribute("aria-label")
    assert label.startswith("Training loss against updates, drawn up to update 1000 of 2000.")
    (lstm,) = [group for group in made().chosen if group["cell"] == "LSTM"]
    now = written(middle(level(run, 1000, "losses") for run in lstm["runs"]))
    assert f"{now} at 1000" in label.split("LSTM: ")[1].split(";")[0]
    slider(place).press("Home")
    shown(place)
    assert "Nothing is drawn yet." in place.get_by_role("img").get_attribute("aria-label")
    blank.evaluate("models.m.set('view', 'beyond')")
    shown(place)
    label = place.get_by_role("img").get_attribute("aria-label")
    assert label.startswith("Test error against length, from T = 50 to T = 400; trained at T = 50.")


def test_cells_differ_by_more_than_colour_and_colours_follow_the_theme(blank):
    place = mount(blank, made())
    look = """lines => lines.filter((line) => line.closest(".replay-figure"))
      .map((line) => getComputedStyle(line))
      .map((style) => [style.stroke, style.strokeDasharray])"""
    shown(place)
    light = place.locator("polyline.replay-median").evaluate_all(look)
    assert len(light) == 4 == len({dash for _, dash in light}) == len({ink for ink, _ in light})
    names = place.locator(".replay-figure .replay-name").all_text_contents()
    assert sorted(names) == sorted(CELLS)
    shapes = place.locator(".replay-swatch path").evaluate_all(
        "paths => paths.map((path) => path.getAttribute('d'))")
    assert len(set(shapes)) == 4
    blank.evaluate("document.documentElement.dataset.theme = 'dark'")
    dark = place.locator("polyline.replay-median").evaluate_all(look)
    assert not {ink for ink, _ in light} & {ink for ink, _ in dark}

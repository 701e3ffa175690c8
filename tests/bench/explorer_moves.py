"""How much work one move of the gradient explorer is, and whether a drag drops frames.

    python tests/bench/explorer_moves.py

The explorer stands in its chapter if the site is built, else in a page of its own. A headless
Chromium records a performance trace. A move's work is all that the page's main thread does from
one key press on a slider to the next: handler, style, layout, paint and whatever else there was.
It is given as CPU time, and as wall time, which other programs on the machine lengthen. The drag
is two seconds with 60 pointer moves a second; its frames are those that the trace counts as drawn
and as dropped. Beside them: the same curve under `ipywidgets.interact` in a live kernel, drawn anew
by matplotlib for each move, without the way to the page and back.
"""

import ast
import os
import sys
import time
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is imported

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))

import nbformat  # noqa: E402
import numpy as np  # noqa: E402
from nbclient import NotebookClient  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from explorer_page import CHAPTER, mount, open_blank  # noqa: E402
from rnnbook.widgets import GradientExplorer  # noqa: E402
from site_under_test import FLAGS, SITE, browser_path, serve  # noqa: E402

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline.frame",
              "devtools.timeline.frame", "toplevel"]  # fmt: skip
SLIDERS = {"T": "T steps", "gain": "gain of W"}


def traced(page, act):
    """The events of a trace taken while `act` runs."""
    session = page.context.new_cdp_session(page)
    events, ended = [], []
    session.on("Tracing.dataCollected", lambda data: events.extend(data["value"]))
    session.on("Tracing.tracingComplete", lambda _: ended.append(True))
    session.send("Tracing.start", {"transferMode": "ReportEvents",
                                   "traceConfig": {"includedCategories": CATEGORIES}})
    act()
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(20)
    return events


def main_thread(events):
    """The events of the page's main thread: of the process that saw the input events."""
    dispatched = (e for e in events if e["name"] == "EventDispatch")
    seen = [e for e in dispatched if e["args"]["data"]["type"] == "input"]
    here = {(e["pid"], e["tid"]) for e in seen}
    assert len(here) == 1, f"input events in {len(here)} threads"
    (place,) = here
    return [e for e in events if (e["pid"], e["tid"]) == place], seen


def moves(page, slider, count):
    """CPU and wall milliseconds of the main thread for each of `count` key presses on a slider."""
    slider.focus()
    low = slider.evaluate("node => Number(node.value) - Number(node.min)")
    high = slider.evaluate("node => Number(node.max) - Number(node.value)")
    key, room = ("ArrowRight", high) if high > low else ("ArrowLeft", low)

    def act():
        nonlocal key, room
        for _ in range(count):
            if room == 0:
                key = "ArrowLeft" if key == "ArrowRight" else "ArrowRight"
                room = low + high
            page.keyboard.press(key)
            room -= 1
            time.sleep(0.035)  # two frames: one move is over before the next

    events, inputs = main_thread(traced(page, act))
    tasks = [e for e in events if e["name"].endswith("RunTask") and "dur" in e]
    starts = sorted(e["ts"] for e in inputs)
    work = []
    for i, start in enumerate(starts):
        end = starts[i + 1] if i + 1 < len(starts) else start + 35_000
        # A task that holds the input event began a little before it.
        own = [e for e in tasks if start < e["ts"] + e["dur"] <= end]
        work.append((sum(e.get("tdur", 0) for e in own) / 1000, sum(e["dur"] for e in own) / 1000))
    return np.array(work).T


def drag(page, slider, seconds=2):
    """Pointer moves, frames drawn and frames dropped while a slider is dragged to and fro."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    there = np.abs(np.linspace(-1, 1, 60 * seconds))  # from the right end to the left and back
    xs = box["x"] + 8 + (box["width"] - 16) * there
    page.mouse.move(xs[0], y)
    page.mouse.down()
    page.wait_for_timeout(300)

    def act():
        start = time.perf_counter()
        for k, x in enumerate(xs):
            page.mouse.move(x, y)
            time.sleep(max(0, start + (k + 1) / 60 - time.perf_counter()))

    events = traced(page, act)
    page.mouse.up()
    _, inputs = main_thread(events)
    first, last = min(e["ts"] for e in inputs), max(e["ts"] for e in inputs)
    within = [e["name"] for e in events if first <= e.get("ts", 0) <= last]
    return {"moves": len(xs), "inputs": len(inputs), "seconds": (last - first) / 1e6,
            "drawn": within.count("DrawFrame"), "dropped": within.count("DroppedFrame")}


IN_A_KERNEL = """
import time
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from rnnbook.widgets import GradientExplorer

explorer, times = GradientExplorer(), []

def draw(T):
    explorer.T = T
    fig, ax = plt.subplots(figsize=(7, 4))
    ts = np.arange(1, T + 1)
    ax.semilogy(ts, 10 ** explorer.log_norms(), label="gradient")
    ax.semilogy(ts, 10 ** explorer.log_bounds(), "--", label="bound")
    ax.set(xlabel="step t", ylabel="norm")
    ax.legend()
    plt.show()

slider = ipywidgets.IntSlider(60, 1, 200)
panel = ipywidgets.interactive(draw, T=slider)
for k in range(COUNT + 1):
    start, start_cpu = time.perf_counter(), time.process_time()
    slider.value = 61 + k
    times.append((1e3 * (time.process_time() - start_cpu), 1e3 * (time.perf_counter() - start)))
print(times[1:])  # the first one loads fonts
"""


def interact_moves(count=30):
    """CPU and wall milliseconds of each move of a slider of `ipywidgets.interact` in a kernel of
    its own, until the new picture is handed to the page; the way there and back isn't counted."""
    cell = nbformat.v4.new_code_cell(IN_A_KERNEL.replace("COUNT", str(count)))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, timeout=300, kernel_name="python3",
                   extra_arguments=["--log-level=ERROR"]).execute()
    printed = "".join(out.text for out in cell.outputs if out.get("name") == "stdout")
    return np.array(ast.literal_eval(printed)).T


def main():
    path = browser_path()
    if path is None:
        sys.exit("No browser: install Chromium, or name one with BROWSER=/path")
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        if (SITE / CHAPTER).exists():
            page.goto(f"{serve()}/{CHAPTER}", wait_until="load")
            where = "in its chapter"
        else:
            open_blank(page)
            mount(page, GradientExplorer())
            where = "in a page of its own"
        place = page.locator(".gradient-explorer").first
        place.wait_for()
        page.wait_for_timeout(500)
        for kind in ("tanh", "LSTM"):
            place.get_by_role("radio", name=kind, exact=True).check()
            for trait, label in SLIDERS.items():
                work = moves(page, place.get_by_role("slider", name=label), 220)
                rows.append((f"one move, {kind}, {trait}", work))
        drags = {trait: drag(page, place.get_by_role("slider", name=label))
                 for trait, label in SLIDERS.items()}  # fmt: skip
        browser.close()
    rows.append(("one move, interact and matplotlib", interact_moves()))
    print(f"The gradient explorer {where}; milliseconds\n")
    print("| what | count | CPU median | CPU 95th percentile | wall median | wall 95th |")
    print("|---|---|---|---|---|---|")
    for what, times in rows:
        (cpu, cpu_95), (wall, wall_95) = np.percentile(times, [50, 95], axis=1).T
        print(f"| {what} | {times.shape[1]} | {cpu:.1f} | {cpu_95:.1f} | {wall:.1f} | "
              f"{wall_95:.1f} |")
    print("\n| two-second drag | pointer moves | input events | frames drawn | frames dropped |")
    print("|---|---|---|---|---|")
    for trait, seen in drags.items():
        print(f"| {trait} | {seen['moves']} | {seen['inputs']} | {seen['drawn']} | "
              f"{seen['dropped']} |")


if __name__ == "__main__":
    main()

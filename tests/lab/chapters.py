"""Open every chapter in JupyterLab, run it from top to bottom, and count what no reader should see.

chapters.py [FOLDER] [jupyterlab|notebook] takes minutes, so it is no part of the tests. The folder
is copied; nothing in it changes. Exits with 1 where anything is found.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from lab_under_test import CHAPTERS, Lab, server
from site_under_test import FLAGS, browser_path

MINUTES = 15  # for one chapter, on a busy machine
TALLEST = 4000

# What MyST is where nothing renders it; code cells and their outputs may have such text.
HEIGHT = "i => panel().content.widgets[i].outputArea?.node.getBoundingClientRect().height ?? 0"
COUNT = r"""() => {
  const raw = [/\{[\w:-]+\}`/, /^\s*(```|~~~|:::+)\s*\{[\w:-]+\}/m, /^\s*:[\w-]+:(\s|$)/m,
    /^\s*\([\w:-]+\)=\s*$/m, /\$\$[^$]*\$\$\s*\([\w:-]+\)/];
  const cells = panel().content.widgets;
  const markdown = cells.filter((cell) => cell.model.type === "markdown");
  const code = cells.filter((cell) => cell.model.type === "code");
  const words = (cell) =>
    cell.node.querySelector(".jp-MarkdownOutput, .myst")?.innerText ?? cell.node.innerText;
  const outputs = code.flatMap((cell) => cell.model.outputs.toJSON());
  return {
    "Markdown cells with raw MyST": markdown.filter((cell) =>
      raw.some((pattern) => pattern.test(words(cell)))).length,
    "outputs on stderr": outputs.filter((output) => output.name === "stderr").length,
    "errors": outputs.filter((output) => output.output_type === "error").length,
    "cells that did not run": code.filter((cell) =>
      cell.model.sharedModel.getSource().trim() && !cell.model.executionCount).length,
    "explorers": document.querySelectorAll(".rnnbook-explorer").length,
  };
}"""


def count(lab):
    """What stands in the notebook that is open and has been run."""
    tall = 0
    # Out of sight nothing is laid out or rendered: so every cell is looked at once.
    for index in range(lab.page.evaluate("panel().content.widgets.length")):
        lab.page.evaluate("i => panel().content.scrollToItem(i, 'start')", index)
        lab.frames()
        tall += lab.page.evaluate(HEIGHT, index) > TALLEST
    found = lab.page.evaluate(COUNT)
    found[f"outputs taller than {TALLEST} px"] = tall
    roots = lab.page.locator(".rnnbook-explorer").all()
    found["explorers that are not drawn"] = len(lab.undrawn())
    found["canvases that are not painted"] = len(lab.unpainted())
    found["deaf sliders"] = sum(len(lab.deaf(root)) for root in roots)
    found["errors on the console"] = len(lab.faults)
    return found


def main(folder=CHAPTERS, app="jupyterlab"):
    path = browser_path()
    if path is None:
        sys.exit("No browser: install Chromium, or name one with BROWSER=/path")
    with tempfile.TemporaryDirectory() as home:
        copy = Path(home) / "chapters"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".*"))
        with server(app, copy, Path(home)) as (address, token), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            faults = 0
            for chapter in sorted(copy.glob("*.ipynb")):
                page = browser.new_page(viewport={"width": 1300, "height": 900})
                page.set_default_timeout(MINUTES * 60_000)
                lab = Lab(page)
                lab.open(address, token, app, chapter.name)
                lab.run_all()
                found = count(lab)
                explorers = found.pop("explorers")
                seen = ", ".join(f"{n} {what}" for what, n in found.items() if n) or "nothing wrong"
                print(f"{chapter.name}: {explorers} explorers, {seen}", flush=True)
                for fault in lab.faults:
                    print(f"  {fault}", flush=True)
                faults += sum(found.values())
                page.evaluate("panel().sessionContext.shutdown()")
                page.close()
            browser.close()
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A real JupyterLab or Notebook 7 for these tests, and what is asked of the explorers in it.

What asks returns what is wrong, as readable lines: a test compares it with an empty list, and one
test plants faults to see that they are found.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat.v4 import new_notebook

from rnnbook import widgets

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/browser"))
CHAPTERS = ROOT / "notebooks"
CONSTRUCTS = re.compile(r"^(\w+)\(.*\)$")


def constructions(folder=CHAPTERS):
    """The cells that show the explorers in the chapters, in order: {class name: source}."""
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            made = cell.cell_type == "code" and CONSTRUCTS.match(cell.source)
            if made and made[1] in widgets.__all__:
                found[made[1]] = cell.source
    return found


def notebook(cells):
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


@contextmanager
def server(app, folder, home):
    """Run `python -m app` (jupyterlab or notebook) in `folder`, with no settings but its own.

    Yields its address and its token; what it says is in home/log.
    """
    token = secrets.token_hex(16)
    own = {name: str(home / name.lower()) for name in (
        "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR", "MPLCONFIGDIR")}  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    runtime = Path(own["JUPYTER_RUNTIME_DIR"])
    runtime.mkdir(parents=True)
    command = [
        sys.executable, "-m", app, "--no-browser", "--allow-root", "--expose-app-in-browser",
        "--ip=127.0.0.1", "--port=0", f"--ServerApp.root_dir={folder}",
        f"--IdentityProvider.token={token}", "--ServerApp.terminals_enabled=False",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=kept | own | {"JUPYTER_PREFER_ENV_PATH": "1"},
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield _address(process, runtime, home / "log"), token
        finally:
            process.terminate()
            process.wait()


def _address(process, runtime, log):
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                return json.loads(path.read_text())["url"].rstrip("/")
            except (ValueError, KeyError):
                pass  # it is being written
        time.sleep(0.1)
    raise RuntimeError(f"The notebook server did not start:\n{log.read_text()}")


class Lab:
    """One notebook, open in a browser's page."""

    def __init__(self, page):
        self.page, self.faults = page, []
        page.on("pageerror", lambda error: self._heard(f"{error}\n{error.stack}"))
        page.on("console", self._said)

    def _said(self, message):
        if message.type == "error":
            self._heard(f"{message.text} {message.location.get('url')}")

    def _heard(self, text):
        # An explorer's script is a blob; the programs have faults of their own.
        if re.search("blob:|rnnbook|anywidget|widget", text, re.IGNORECASE):
            self.faults.append(text)

    def open(self, address, token, app, name):
        place = "lab/tree" if app == "jupyterlab" else "notebooks"
        # With nothing open from before.
        self.page.goto(f"{address}/{place}/{name}?token={token}&reset")
        self.page.wait_for_function(
            """() => {
              const panel = window.jupyterapp?.shell.currentWidget;
              return panel?.content?.widgets?.length &&
                panel.sessionContext?.session?.kernel?.status === "idle";
            }""",
            polling=100,
        )
        self.page.evaluate(HELPERS)

    def run_all(self):
        self.command("notebook:run-all-cells")
        self.frames()

    def command(self, name, **options):
        return self.page.evaluate(
            "([name, options]) => jupyterapp.commands.execute(name, options).then(() => null)",
            [name, options],
        )

    def theme(self, name):
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function("n => document.body.dataset.jpThemeName === n", arg=name)
        self.frames()

    def frames(self):
        self.page.evaluate("frames()")

    def explorer(self, css):
        return self.page.locator(f".{css}").first

    def sources(self):
        return self.page.evaluate("sources()")

    def unpainted(self, within="body"):
        """What is wrong with the canvases within what this selector names."""
        return self.page.evaluate("unpainted", within)

    def undrawn(self, within="body"):
        """The explorers there that have no size, or no sentence."""
        return self.page.evaluate("undrawn", within)

    def unfold(self, root):
        """Open what is folded within `root`."""
        root.locator("details").evaluate_all(
            "folds => { for (const fold of folds) fold.open = true; }"
        )
        self.frames()

    def deaf(self, root):
        """The sliders within `root` that don't answer the keys, or without a new sentence.

        What is folded is opened: its sliders are asked too.
        """
        self.unfold(root)
        faults = []
        for slider in root.locator("input[type=range]:not([disabled])").all():
            start, name, low, high = slider.evaluate(
                "({ value, labels, min, max }) => [value, labels[0].textContent, +min, +max]"
            )
            slider.focus()
            keys = "Home", "ArrowRight", "End", "ArrowLeft"
            values, sentences = zip(*(self._after(slider, key) for key in keys))
            if list(values) != [low, low + 1, high, high - 1]:
                faults.append(f"{name}, from {low} to {high}: {', '.join(keys)} gave {values}")
            if sentences[0] == sentences[2]:
                faults.append(f"{name}: one sentence at both ends")
            slider.evaluate("put", start)
            self.frames()
        return faults

    def _after(self, slider, key):
        slider.press(key)
        return slider.evaluate("state")


HELPERS = """
window.frames = () => new Promise((done) => requestAnimationFrame(() =>
  requestAnimationFrame(() => setTimeout(done))));
/* Of a slider, when what it asked for is drawn. */
window.state = (input) => frames().then(() => [Number(input.value),
  input.closest(".rnnbook-explorer").querySelector(".rnnbook-says").textContent]);
window.put = (input, value) => {
  input.value = value;
  input.dispatchEvent(new Event("input"));
};
window.panel = () => jupyterapp.shell.currentWidget;
window.sources = () => panel().content.widgets.map((cell) => cell.model.sharedModel.getSource());
window.all = (within, selector) =>
  [...document.querySelectorAll(within)].flatMap((root) => [...root.querySelectorAll(selector)]);
window.undrawn = (within) => all(within, ".rnnbook-explorer").flatMap((root) => {
  const { width, height } = root.getBoundingClientRect();
  const said = root.querySelector(".rnnbook-says")?.textContent;
  const drawn = width > 300 && height > 200 && said;
  return drawn ? [] : [`${root.className}: ${width} x ${height}, ${said}`];
});
window.rgb = (colour) => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).join();
};
/* A painted canvas has its theme's surface in the corner, and many colours. */
window.unpainted = (within) => all(within, ".rnnbook-canvas canvas").flatMap((canvas) => {
  const wrong = (fault) => [`${canvas.parentElement.className}: ${fault}`];
  const box = canvas.getBoundingClientRect();
  if (!box.width || !box.height) return wrong("it has no size");
  if (Math.abs(canvas.width / devicePixelRatio - box.width) > 1) return wrong("it is stretched");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const at = (k) => data.slice(4 * k, 4 * k + 3).join();
  const surface = rgb(getComputedStyle(canvas).getPropertyValue("--rnnbook-surface").trim());
  if (at(0) !== surface) return wrong(`its corner is ${at(0)}, the surface is ${surface}`);
  const colours = new Set();
  for (let k = 0; k < data.length / 4; k += 7) colours.add(at(k));
  return colours.size < 20 ? wrong(`it has ${colours.size} colours`) : [];
});
"""

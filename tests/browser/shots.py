"""Photograph every page at three widths in both themes: python tests/browser/shots.py FOLDER."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from site_under_test import FLAGS, browser_path, pages, serve


def main(folder, only=""):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    address = serve()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        for theme in ("light", "dark"):
            for width in (360, 768, 1300):
                context = browser.new_context(
                    viewport={"width": width, "height": 900}, color_scheme=theme
                )
                page = context.new_page()
                for name in pages():
                    if only not in name:
                        continue
                    page.goto(f"{address}/{name}", wait_until="load")
                    page.wait_for_timeout(300)
                    flat = name.removesuffix(".html").replace("/", "-")
                    page.screenshot(path=folder / f"{flat}-{width}-{theme}.png", full_page=True)
                context.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

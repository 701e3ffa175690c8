"""Fixtures: one notebook with every explorer, open in the program that LAB names."""

import os

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from playwright.sync_api import sync_playwright

from lab_under_test import Lab, constructions, notebook, server
from site_under_test import FLAGS, browser_path

APP = os.environ.get("LAB", "jupyterlab")
FIRST = "from rnnbook import experiments\nfrom rnnbook.widgets import *"
TWICE = "for explorer in GradientExplorer(), ClippingExplorer():\n    display(explorer, explorer)"


@pytest.fixture(scope="session")
def made():
    return constructions()


@pytest.fixture(scope="session")
def opened(made, tmp_path_factory):
    """The notebook of all explorers, run from top to bottom once."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    folder.mkdir()
    cells = [new_code_cell(FIRST)]
    for name, source in made.items():
        cells += [new_markdown_cell(f"## {name}"), new_code_cell(source)]
    cells += [new_markdown_cell("## Twice"), new_code_cell(TWICE)]
    nbformat.write(notebook(cells), folder / "explorers.ipynb")
    path = browser_path()
    if path is None:
        pytest.exit("No browser: install Chromium, or name one with BROWSER=/path", returncode=1)
    with server(APP, folder, home) as (address, token), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        page.set_default_timeout(60_000)
        lab = Lab(page)
        lab.open(address, token, APP, "explorers.ipynb")
        lab.run_all()
        yield lab
        browser.close()


@pytest.fixture
def lab(opened):
    """The notebook; errors of ours on its console fail the test."""
    opened.faults.clear()
    yield opened
    assert opened.faults == []

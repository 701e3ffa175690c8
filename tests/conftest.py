"""What all tests share: the tools of the book can be imported; nbval runs cells as notebooks do."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "book/_tools"), str(ROOT / "book/_ext")]


def pytest_configure(config):
    # As a plugin: a conftest's own hooks are not called for notebooks, which are elsewhere. Only
    # where it is asked for, because nbval takes seconds to import.
    if config.pluginmanager.hasplugin("nbval"):
        import one_run

        config.pluginmanager.register(one_run)


@pytest.fixture(scope="session")
def root():
    return ROOT

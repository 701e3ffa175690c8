"""What all tests share: nbval runs cells as a notebook does, and tools can be imported."""

import os
import sys
from pathlib import Path

import nbval
import pytest
from nbval.kernel import RunningKernel

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "book/_tools"), str(ROOT / "book/_ext")]

import notebooks  # noqa: E402
import one_run  # noqa: E402

# A kernel that nbval starts is as steady as those of `make notebooks`.
os.environ.update(notebooks.STEADY)

# The two changes below are to this release's insides.
assert nbval.__version__ == "0.11.0", "look again at tests/conftest.py: nbval has changed"


def execute_cell_input(self, cell_input, allow_stdin=None):
    # nbval says store_history=False, and IPython then prints a result in spite of a closing
    # semicolon; a notebook's own run says True.
    return self.kc.execute(
        cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False
    )


RunningKernel.execute_cell_input = execute_cell_input


def pytest_configure(config):
    # As a plugin: a conftest's own hooks are not called for notebooks, which are elsewhere.
    config.pluginmanager.register(one_run)


@pytest.fixture(scope="session")
def root():
    return ROOT

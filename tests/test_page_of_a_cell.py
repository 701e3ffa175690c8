"""The page "a cell of your own": its code runs from top to bottom, and prints what it says."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[1] / "book/a-cell-of-your-own.md"


def test_the_code_of_the_page_runs(capsys, tmp_path, monkeypatch):
    pytest.importorskip("anywidget")
    pytest.importorskip("sympy")
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text("utf8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 6
    names = {"__name__": "page"}
    exec("\n".join(blocks), names)

    proof, trained = capsys.readouterr().out.splitlines()
    assert f"`{proof}`" in text
    assert repr(names["again"]) == repr(names["model"])
    assert names["losses"][-1] < names["losses"][0] / 4
    assert "p is now" in trained
    assert (names["model"].cell.p != 1).all()

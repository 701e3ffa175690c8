"""The checks of our JavaScript and CSS find what is planted, and name its file and line."""

import shutil

import pytest

import scripts

WIDGETS = "src/rnnbook/widgets"


@pytest.fixture
def house(tmp_path, root):
    """A copy of what is checked."""
    for folder in ("src", "book/_static", "book/_ext", "book/_templates"):
        shutil.copytree(root / folder, tmp_path / folder)
    return tmp_path


def plant(house, name, old, new):
    path = house / WIDGETS / name
    text = path.read_text("utf8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf8")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(("name", "old", "new", "check", "said"), [
    ("gate_explorer.js", "const T = 8;", "const T = 8; const SPARE = 1;", scripts.in_scripts,
     "gate_explorer.js:{line}: 'SPARE' is assigned a value but never used"),
    ("gate_explorer.js", "const T = 8;", "const T = 8; setTrait();", scripts.in_scripts,
     "gate_explorer.js:{line}: 'setTrait' is not defined."),
    ("explorer.js", "export function fixed(", "export function idle() {}\nexport function fixed(",
     scripts.in_scripts, "explorer.js:{line}: 'idle' is defined but never used"),
    ("gate_explorer.js", "const T = 8;", "const T = document.bodi;", scripts.in_scripts,
     "Property 'bodi' does not exist on type 'Document'"),
    ("horizon_explorer.css", "var(--rnnbook-forward", "var(--rnnbook-foward", scripts.in_sheets,
     "--rnnbook-foward is defined nowhere"),
    ("gate_explorer.css", "var(--rnnbook-ink)", "#ff0000", scripts.in_sheets,
     "#ff0000 is a colour of its own"),
    ("gate_explorer.css", ".gate-ghost", ".gate-gohst", scripts.in_classes,
     ".gate-gohst is a class that gate_explorer.js never gives"),
    ("parameter_counter.js", '"counter-track"', '"counter-trak"', scripts.in_classes,
     ".counter-trak is a class that no sheet knows"),
    ("../tokens.css", "--rnnbook-ink:", "--rnnbook-idle: #123456;\n  --rnnbook-ink:",
     scripts.in_sheets, "--rnnbook-idle is used nowhere"),
], ids=["unused constant", "ReferenceError", "unused shared function", "no such property",
        "misspelt token", "own colour", "class in css alone", "class in js alone", "unused token"])
def test_a_planted_fault_is_found(house, name, old, new, check, said):
    if check is scripts.in_scripts and not scripts.BIN.is_dir():
        pytest.skip("ESLint is not installed: `make vendor`")
    said = said.replace("{line}", str(plant(house, name, old, new)))
    found = check(house)
    assert any(said in one for one in found), found


def test_the_house_has_no_fault(root):
    assert scripts.in_sheets(root) + scripts.in_classes(root) == []

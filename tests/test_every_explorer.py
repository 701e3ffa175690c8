"""What every explorer has to do without a browser: tests/browser has the rest."""

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from every_explorer import EVERY, STATES
from rnnbook import widgets
from rnnbook.colours import LIGHT, in_page
from rnnbook.widgets.explorer import assembled

VIEW = "application/vnd.jupyter.widget-view+json"
# The saved numbers of one picture at most; a page may hold several explorers.
LARGEST_STAND_IN = 30_000

every_explorer = pytest.mark.parametrize("make", EVERY.values(), ids=EVERY.keys())


def test_no_explorer_is_missing_here():
    made = {type(make()).__name__ for make in EVERY.values()}
    missing = set(widgets.__all__) - made - {"Explorer"}
    assert not missing, f"give {missing} a place in EVERY, in tests/every_explorer.py"
    assert STATES.keys() == EVERY.keys(), "STATES in tests/every_explorer.py"


def test_no_file_is_left_unregistered(root):
    folder = root / "src/rnnbook/widgets"
    paths = [path for path in folder.iterdir() if path.suffix in (".py", ".js", ".css")]
    page = (root / "book/api.md").read_text("utf8")
    for name in sorted({path.stem for path in paths} - {"__init__", "explorer"}):
        for end in (".py", ".js", ".css"):
            assert (folder / name).with_suffix(end).exists(), f"{folder / name}{end} is missing"
        title = "".join(part.capitalize() for part in name.split("_"))
        assert title in widgets.__all__, f"export {title} in src/rnnbook/widgets/__init__.py"
        assert title in page, f"list {title} in book/api.md"


@every_explorer
def test_bundle_has_the_view_and_a_stand_in_that_does_not_change(make):
    first, _ = make()._repr_mimebundle_()
    second, _ = make()._repr_mimebundle_()
    assert first[VIEW]["model_id"] != second[VIEW]["model_id"]
    assert first["text/html"] == second["text/html"] == make().stand_in()
    assert first["text/plain"] == repr(make())  # strict nbval compares it
    assert len(first["text/html"]) < LARGEST_STAND_IN


class Balance(HTMLParser):
    """Refuses what a static picture may not hold, and tags that don't match."""

    def __init__(self):
        super().__init__()
        self.opened = []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "style")
        assert "id" not in dict(attrs)
        if tag not in {"br", "img", "hr"}:
            self.opened.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert "id" not in dict(attrs)

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag


@pytest.mark.parametrize("name", EVERY)
def test_stand_in_is_whole_html_without_scripts_ids_or_heights_left_out(name):
    explorer = EVERY[name]()
    for state in [{}, *STATES[name][:: max(1, len(STATES[name]) // 8)]]:
        explorer.set_state(state)
        html, balance = explorer.stand_in(), Balance()
        balance.feed(html)
        assert not balance.opened
        assert not re.search(r"\bnan\b|\binf\b", html)
        root = html.split(">")[0]
        assert re.search(r'data-min-height="\d{3,4}px"', root)
        assert re.search(r'data-min-height-narrow="\d{3,4}px"', root)


@every_explorer
def test_script_is_one_module_that_asks_for_nothing(make):
    script = make()._esm
    assert script.count("export default") == 1
    assert not re.search(r"^\s*import\b|https?://|getElementById", script, re.MULTILINE)


def test_roots_are_made_where_keys_are_kept_from_a_notebook():
    for path in files("rnnbook.widgets").iterdir():
        if path.name.endswith(".js") and path.name != "explorer.js":
            script = path.read_text(encoding="utf-8")
            assert "rnnbook-explorer" not in script, path.name
            assert script.count("explorerRoot(") == 1, path.name


@every_explorer
def test_style_has_the_tokens_and_no_colour_of_its_own(make):
    tokens = assembled("parameter_counter.css").split("/* What all explorers share")[0]
    style = make()._css
    assert style.startswith(tokens)
    own = style.removeprefix(tokens)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(|url\(|@import", own)


def test_stand_ins_take_their_colours_from_the_tokens():
    assert in_page("ink", "gate") == tuple(
        f"var(--rnnbook-{role}, {LIGHT[role]})" for role in ("ink", "gate"))
    css = assembled("parameter_counter.css")
    assert all(f"--rnnbook-{role}: {colour};" in css for role, colour in LIGHT.items())
    for path in sorted(files("rnnbook.widgets").iterdir(), key=str):
        if path.name.endswith(".py"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"#[0-9a-fA-F]{6}\b", text), path.name


@pytest.mark.parametrize("name", EVERY)
def test_all_state_is_synced_so_that_jslink_can_have_it(name):
    explorer = EVERY[name]()
    assert set(explorer._state) <= set(explorer.traits(sync=True))
    assert set(explorer._state) <= set(explorer.get_state())
    for state in STATES[name]:
        explorer.set_state(state)  # what a link or the page sends
        for trait, value in state.items():
            assert explorer.get_state()[trait] == value


@pytest.mark.parametrize("name", EVERY)
def test_a_link_that_sends_nonsense_is_taken_back_whole(name):
    explorer = EVERY[name]()
    before = repr(explorer)
    good = STATES[name][1]
    for trait in explorer._state:
        with pytest.raises(ValueError, match=trait):
            explorer.set_state({**good, trait: "\0nonsense"})  # no letter of any text
        assert repr(explorer) == before

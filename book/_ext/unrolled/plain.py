"""MyST Markdown of a notebook as plain Markdown, which JupyterLab shows without an extension.

`Plain(book, place)(text)` returns the text with no role, directive, label or attribute left in it.
`book` answers what only the whole book knows (see `words.Words`): `say(role, content)` gives a
reference as words and link, `number(label)` an equation's number, `link(words, target)` a link,
`picture(path)` an image's place, `name(label)` what an exercise is called, `value(name)` what a
cell has glued. What is not known here is refused with its place, so that nothing raw slips through.
"""

import re

import yaml

from .mathematics import lines as displayed


class Unknown(ValueError):
    """A piece of MyST that has no plain form here; the message names its place."""


OPENS = re.compile(
    r"^(?P<indent>\s*)(?P<fence>`{3,}|:{3,}|~{3,})\{(?P<name>[^}\s]+)\}(?P<rest>.*)$"
)
CODE = re.compile(r"^(?P<indent>\s*)(?P<fence>`{3,}|~{3,})(?P<rest>[^`]*)$")
OPTION = re.compile(r"^\s*:(?P<key>[\w-]+):(?:\s+(?P<value>.*))?$")
TARGET = re.compile(r"^\s*\([^()\s]+\)=\s*$")
ATTRIBUTES = re.compile(r"^\s*\{[.#%][^{}]*\}\s*$")
DISPLAY = re.compile(r"^(?P<indent>\s*)\$\$(?P<rest>.*)$")
ENVIRONMENT = re.compile(
    r"^\s*\\begin\{(?P<name>equation|align|gather|alignat|multline|eqnarray)\*?\}"
)
CHOICE = re.compile(r"^[-*] \[(?P<mark>[ xX])\] ?(?P<text>.*)$")
FOOTNOTE = re.compile(r"^\[\^(?P<name>[^\]]+)\]:\s*(?P<text>.*)$")

# Nothing reaches from one paragraph into the next.
INLINE = re.compile(
    r"""(?P<escape>\\[^\n\w])
    | \{(?P<role>[\w:.+-]+)\}(?P<ticks>`+)(?P<content>(?:(?!\n\s*\n).)+?)(?<!`)(?P=ticks)(?!`)
    | (?P<code>(?P<quote>`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)(?P=quote)(?!`))
    | (?P<math>\$\$.+?\$\$|\$(?!\s)(?:\\.|(?!\n\s*\n)[^$\\])+?(?<!\s)\$)
    | (?P<substitution>\{\{.+?\}\})
    | \[\^(?P<footnote>[^\]\s]+)\]
    | (?P<image>!)\[(?P<alt>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<source>[^()\s]+)(?:\s+"[^"]*")?\)
    | \[(?P<span>[^\[\]]+)\]\{(?:[.#]|[\w-]+=)[^{}\n]*\}
    | \[(?P<words>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<link>(?:[^()\s]|\([^()]*\))*)(?:\s+"[^"]*")?\)
    | (?P<html><[^>\n]+>)
    | (?<=[\]`)])(?P<attributes>\{(?:[.#]|[\w-]+=)[^{}\n]*\})
    """,
    re.VERBOSE | re.DOTALL,
)  # fmt: skip

# What is left when something has slipped through; code and formulas may have such text.
LEFT = re.compile(
    r"\{[\w:.+-]+\}`|^\s*(?:`{3,}|~{3,}|:{3,})\s*\{|^\s*:[\w-]+:(?:\s|$)|^\s*\([^()\s]+\)=\s*$"
    r"|^\s*\{[.#][^{}]*\}\s*$|\{\{.*?\}\}|\\label\{",
    re.MULTILINE,
)

TITLES = {
    "attention", "caution", "danger", "error", "hint", "important", "note", "seealso", "tip",
    "warning",
}  # fmt: skip
WORDED = {"seealso": "See also"}
# sphinx-proof's kinds; they are numbered, and "proof" isn't.
PROVED = {
    "algorithm", "assumption", "axiom", "conjecture", "corollary", "criterion", "definition",
    "example", "lemma", "observation", "property", "proposition", "remark", "theorem",
}  # fmt: skip
WRAPS = {"grid", "grid-item", "container", "div", "tab-set", "card-carousel", "rst-class"}
CODES = {"code", "code-block", "code-cell", "sourcecode", "literalinclude"}
# Roles that only style what stands in them.
STYLED = {
    "sub": "<sub>{}</sub>", "subscript": "<sub>{}</sub>", "sup": "<sup>{}</sup>",
    "superscript": "<sup>{}</sup>", "code": "`{}`", "literal": "`{}`", "file": "`{}`",
    "samp": "`{}`", "kbd": "`{}`", "math": "${}$", "strong": "**{}**", "emphasis": "*{}*",
    "guilabel": "**{}**", "menuselection": "**{}**", "command": "**{}**", "dfn": "*{}*",
}  # fmt: skip
# Roles that the book says as words: Sphinx resolves them, as it does for the page.
SAID = re.compile(
    r"(?:eq|ref|numref|doc|term|prf:ref|math:numref|any|download|envvar|option|keyword|token"
    r"|cite(?::\w+)?|(?:py:)?(?:func|class|meth|mod|attr|data|exc|obj|const))"
)


def fold(title, body):
    """What is shut until the reader opens it. The blank lines make its inside Markdown."""
    return f"<details>\n<summary><b>{title}</b></summary>\n\n{body.strip()}\n\n</details>"


def quote(text):
    return "\n".join(f"> {line}".rstrip() for line in text.strip().split("\n"))


def indented(text, by):
    return "\n".join(by + line if line else line for line in text.split("\n"))


def unindented(lines):
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[margin:] for line in lines]


class Plain:
    """Makes the texts of one notebook plain; `place` begins the message when it can't."""

    def __init__(self, book, place=""):
        self.book, self.place = book, place
        self.questions = 0

    def __call__(self, text, place=None):
        if place is not None:
            self.place = place
        try:
            made = self.blocks(text.split("\n"), 1)
        except LookupError as fault:
            raise Unknown(f"{self.place}: {fault} is nothing that the book knows") from fault
        made = re.sub(r"\n{3,}", "\n\n", made).strip("\n")
        if left := LEFT.search(without_code(made)):
            raise Unknown(f"{self.place}: {left[0].strip()!r} would stand in the plain copy")
        return made

    def refuse(self, what, at):
        raise Unknown(f"{self.place}, line {at}: {what}")

    # ---- blocks ----

    def blocks(self, lines, at):
        """The plain form of these lines, the first of which is line `at` of the cell."""
        made, text, i = [], [], 0
        start = at

        def settle():
            if text:
                made.append(self.inline("\n".join(text), start))
                text.clear()

        while i < len(lines):
            line = lines[i]
            if match := OPENS.match(line):
                settle()
                end = self.closing(lines, i, match["fence"], at)
                body = lines[i + 1 : end]
                piece = self.directive(match["name"], match["rest"].strip(), body, at + i)
                made.append(indented(piece, match["indent"]))
                i = end + 1
            elif match := CODE.match(line):
                settle()
                end = self.closing(lines, i, match["fence"], at)
                made.append("\n".join(lines[i : end + 1]))
                i = end + 1
            elif re.match(r"^\s*:{3,}", line):
                self.refuse(f"{line.strip()!r} opens or closes nothing", at + i)
            elif match := DISPLAY.match(line):
                settle()
                piece, i = self.display(lines, i, at)
                made.append(indented(piece, match["indent"]))
            elif ENVIRONMENT.match(line):
                settle()
                piece, i = self.environment(lines, i, at)
                made.append(piece)
            elif TARGET.match(line) or ATTRIBUTES.match(line) or re.match(r"^(%|\+\+\+)", line):
                settle()
                i += 1
            elif re.match(r"^:(?!:)\s+\S", line) and text and text[-1].strip():
                i = self.definitions(lines, i, text)
            elif match := FOOTNOTE.match(line):
                text.append(f"<small>[{match['name']}] {match['text']}</small>")
                i += 1
            else:
                if not text:
                    start = at + i
                text.append(line)
                i += 1
        settle()
        return "\n".join(made)

    def closing(self, lines, i, fence, at):
        close = re.compile(rf"^\s*{re.escape(fence[0])}{{{len(fence)},}}\s*$")
        for end in range(i + 1, len(lines)):
            if close.match(lines[end]):
                return end
        self.refuse(f"{lines[i].strip()!r} is not closed", at + i)

    def display(self, lines, i, at):
        """`$$ ... $$ (label)` as one block with its number; returns the line after it."""
        first, text = i, lines[i].strip()
        while text.count("$$") < 2:
            i += 1
            if i == len(lines):
                self.refuse("'$$' is not closed", at + first)
            text += "\n" + lines[i].strip()
        match = re.fullmatch(r"\$\$(.*?)\$\$(?:\s*\(([^()\s]+)\))?(.*)", text, re.DOTALL)
        if not match or (match[3].strip() and match[2]):
            self.refuse("text stands behind '$$'", at + first)
        made = self.formula(match[1], match[2])
        rest = self.inline(match[3].strip(), at + i)
        return (f"{made}\n\n{rest}" if rest else made), i + 1

    def formula(self, tex, label=None):
        tex = re.sub(r"\s*\\label\{[^}]*\}", "", tex)
        tex = re.sub(r"\\(begin|end)\{(equation|align|gather|alignat)\}", r"\\\1{\2*}", tex)
        tex = displayed(tex.strip())
        # One line: as part of a quotation a formula must not have the quotation's marks in it.
        tex = " ".join(tex.split())
        tag = rf" \tag{{{self.book.number(label)}}}" if label else ""
        return f"$$\n{tex}{tag}\n$$" if len(tex) else ""

    def environment(self, lines, i, at):
        name = ENVIRONMENT.match(lines[i])["name"]
        first, text = i, [lines[i]]
        while not re.search(rf"\\end\{{{name}\*?\}}", lines[i]):
            i += 1
            if i == len(lines):
                self.refuse(f"'\\begin{{{name}}}' is not closed", at + first)
            text.append(lines[i])
        text = "\n".join(text)
        label = re.search(r"\\label\{([^}]*)\}", text)
        return self.formula(text, label and label[1]), i + 1

    def definitions(self, lines, i, text):
        """A definition list has no plain form; a list with bold terms says the same."""
        text[-1] = f"- **{text[-1].strip()}**: {lines[i][1:].strip()}"
        i += 1
        while i < len(lines) and re.match(r"^(\s{2,}\S|:\s)", lines[i]):
            text.append("  " + lines[i].lstrip(":").strip())
            i += 1
        return i

    # ---- directives ----

    def options(self, body, at):
        """The options of a directive, the rest of its body, and the line at which that starts."""
        options, i = {}, 0
        while i < len(body) and not body[i].strip():
            i += 1
        if i < len(body) and body[i].strip() == "---":
            end = next((k for k in range(i + 1, len(body)) if body[k].strip() == "---"), None)
            if end is None:
                self.refuse("'---' is not closed", at + 1 + i)
            options = yaml.safe_load("\n".join(body[i + 1 : end])) or {}
            i = end + 1
        else:
            i = 0
            while i < len(body) and (match := OPTION.match(body[i])):
                options[match["key"]] = (match["value"] or "").strip()
                i += 1
        while i < len(body) and not body[i].strip():
            i += 1
        return options, unindented(body[i:]), at + 1 + i

    def directive(self, name, argument, body, at):
        options, inside, start = self.options(body, at)
        domain = name.removeprefix("prf:")
        shut = "dropdown" in str(options.get("class", "")) or name == "dropdown"
        title = self.inline(argument, at)

        def text():
            return self.blocks(inside, start).strip()

        if name in TITLES or name in ("admonition", "dropdown"):
            if name in TITLES:
                # What stands behind the name is the note's first paragraph.
                word = WORDED.get(name, name.capitalize())
                return self.box(word, f"{title}\n\n{text()}".strip(), shut)
            return self.box(title, text(), shut)
        if name in ("margin", "sidebar", "topic", "epigraph", "pull-quote", "aside"):
            return self.box(title, text(), shut)
        if name in ("exercise", "exercise-start"):
            number = self.book.name(options["label"]) if "label" in options else "Exercise"
            # A heading, because a folded solution of several cells ends at the next one.
            return f"### {number}{f' ({title})' if title else ''}\n\n{text()}"
        if name == "exercise-end":
            return ""
        if name == "solution":
            return fold(f"Solution to {self.book.name(argument)}", text())
        if name in ("solution-start", "solution-end"):
            self.refuse(f"{{{name}}} must be the first or the last piece of its cell", at)
        if name in ("quiz", "predict"):
            return self.question(name, inside, start)
        if domain in PROVED or domain == "proof":
            word = domain.capitalize()
            if domain in PROVED and "label" in options:
                word = self.book.name(options["label"])
            return self.box(f"{word} ({title})" if title else word, text(), shut)
        if name == "math":
            return self.formula("\n".join([argument, *inside]), options.get("label"))
        if name in CODES:
            if name == "literalinclude":
                self.refuse("{literalinclude} has no plain form", at)
            return "\n".join([f"```{argument}", *inside, "```"])
        if name in ("figure", "glue:figure", "image"):
            return self.figure(name, argument, options, text, at)
        if name == "glue":
            return self.book.glued(argument)
        if name == "table":
            return f"**{title}**\n\n{text()}" if title else text()
        if name == "list-table":
            return self.list_table(title, options, inside, start)
        if name in WRAPS:
            return text()
        if name in ("grid-item-card", "card", "tab-item"):
            return self.box(title, text(), False)
        if name == "glossary":
            return self.glossary(inside, start)
        if name in ("bibliography", "contents", "index", "only", "raw", "tableofcontents"):
            if name == "bibliography":
                return self.book.bibliography()
            if name == "raw" and argument == "html":
                return "\n".join(inside)
            return ""
        if name == "footbibliography":
            return self.book.bibliography()
        self.refuse(f"the directive {{{name}}} has no plain form; book/_ext/unrolled/plain.py "
                    "gives it one", at)  # fmt: skip

    def box(self, title, body, shut):
        if shut:
            return fold(in_html(title or "More"), body)
        title = f"**{title}**\n\n" if title else ""
        return quote(re.sub(r"\$\$\n(.*?)\n\$\$", r"$$ \1 $$", title + body, flags=re.DOTALL))

    def question(self, name, body, at):
        """A question with choices: the reader decides, and then opens the answer."""
        asked, choices, i = [], [], 0
        while i < len(body) and not CHOICE.match(body[i]):
            asked.append(body[i])
            i += 1
        while i < len(body):
            match = CHOICE.match(body[i])
            if not match:
                self.refuse(f"{{{name}}}: {body[i]!r} belongs to no choice", at + i)
            first, words, why = i, [match["text"]], []
            i += 1
            while i < len(body) and not CHOICE.match(body[i]):
                # The choice ends at the first empty line; the rest of the item is the reason.
                (why if why or not body[i].strip() else words).append(body[i])
                if not body[i].strip() and not why:
                    why.append("")
                i += 1
            said = self.blocks(unindented(words[:1]) + unindented(words[1:]), at + first).strip()
            reason = self.blocks(unindented(why), at + first + len(words)).strip()
            choices.append((match["mark"] != " ", said, reason))
        right = [i for i, (mark, _, _) in enumerate(choices) if mark]
        if len(choices) < 2 or not right:
            self.refuse(f"{{{name}}} needs two choices or more, and a right one, - [x]", at)
        letters = "ABCDEFGHIJ"
        listed = [f"- **{letters[i]}.** {indented(said, '  ').lstrip()}"
                  for i, (_, said, _) in enumerate(choices)]  # fmt: skip
        names = " and ".join(f"**{letters[i]}**" for i in right)
        verb = "is" if len(right) == 1 else "are"
        reasons = [f"- **{letters[i]}.** {indented(why, '  ').lstrip()}"
                   for i, (_, _, why) in enumerate(choices) if why]  # fmt: skip
        answer = "\n\n".join([f"{names} {verb} right.", "\n".join(reasons)])
        # As the page has it (see `quiz`).
        lead = "Before you read on"
        if name == "quiz":
            self.questions += 1
            lead = f"Question {self.questions}"
        lead += ": choose all that are right" if len(right) > 1 else ""
        question = self.blocks(asked, at).strip()
        parts = [f"**{lead}**", question, "\n".join(listed), fold("Answer", answer)]
        return "\n\n".join(parts)

    def figure(self, name, argument, options, text, at):
        caption = text()
        place = self.book.glued(argument) if name == "glue:figure" else None
        if place is None:
            place = f"![{options.get('alt', '')}]({self.book.picture(argument)})"
        if name == "image":
            return place
        label = options.get("name")
        number = f"**{self.book.name(label)}.** " if label else ""
        return f"{place}\n\n{number}{caption}"

    def list_table(self, title, options, body, at):
        rows = []
        for i, line in enumerate(body):
            if match := re.match(r"^[*-] [*-] ?(.*)$", line):
                rows.append([match[1]])
            elif (match := re.match(r"^  [*-] ?(.*)$", line)) and rows:
                rows[-1].append(match[1])
            elif line.strip():
                if not (rows and line.startswith("    ")):
                    self.refuse(f"{line!r} is no row of a {{list-table}}", at + i)
                rows[-1][-1] += " " + line.strip()
        if not rows or len({len(row) for row in rows}) != 1:
            self.refuse("the rows of a {list-table} differ in length", at)
        if not int(options.get("header-rows", 0) or 0):
            rows.insert(0, [""] * len(rows[0]))
        rows = [[self.inline(cell, at) for cell in row] for row in rows]
        rows.insert(1, ["---"] * len(rows[0]))
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        return f"**{title}**\n\n{table}" if title else table

    def glossary(self, body, at):
        made, terms = [], []
        for i, line in enumerate(body):
            if line.strip() and not line.startswith((" ", ":")):
                terms.append(self.inline(line.strip(), at + i))
            elif line.strip() and terms:
                said = self.inline(line.lstrip(": ").strip(), at + i)
                made.append(f"- **{', '.join(terms)}**: {said}")
                terms = []
            elif line.strip():
                made.append("  " + self.inline(line.strip(), at + i))
        return "\n".join(made)

    # ---- inline ----

    def inline(self, text, at=1):
        def put(match):
            line = at + text.count("\n", 0, match.start())
            kind = match.lastgroup
            if match["role"]:
                return self.role(match["role"], match["content"].strip(), line)
            if kind == "substitution":
                self.refuse(f"{match[0]!r} has no plain form", line)
            if kind == "footnote":
                return f"<sup>[{match['footnote']}]</sup>"
            if kind == "source":
                return f"![{match['alt']}]({self.book.picture(match['source'])})"
            if kind == "span":  # only there to carry attributes
                return self.inline(match["span"], line)
            if kind == "link":
                return self.book.link(self.inline(match["words"], line), match["link"])
            if kind == "attributes":
                return ""
            if match["math"] and match["math"].startswith("$$"):
                return "$$ " + self.formula(match["math"][2:-2]).strip("$").strip() + " $$"
            return match[0]

        return INLINE.sub(put, text)

    def role(self, role, content, at):
        if role in STYLED:
            return STYLED[role].format(content)
        if role == "abbr":
            return content
        if role in ("glue", "glue:text"):
            return self.book.value(content)
        if role == "glue:math":
            return f"${self.book.value(content)}$"
        if not SAID.fullmatch(role):
            self.refuse(f"the role {{{role}}} has no plain form; book/_ext/unrolled/plain.py "
                        "gives it one", at)  # fmt: skip
        try:
            return self.book.say(role, content)
        except LookupError as fault:
            self.refuse(f"{{{role}}}`{content}` leads nowhere ({fault})", at)


def in_html(title):
    """A title inside <b>...</b>, where Markdown isn't read."""
    title = re.sub(r"\*\*(.+?)\*\*", r"\1", title)
    title = re.sub(r"(?<!\*)\*([^*\s][^*]*)\*", r"<i>\1</i>", title)
    title = re.sub(r"`([^`]+)`", r"<code>\1</code>", title)
    return re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", title)


def without_code(text):
    """A text without its blocks of code, its code spans and its formulas."""
    text = re.sub(r"^([ >]*)(`{3,}|~{3,})(?!\{)[^\n]*\n.*?^\1\2\s*$", "", text, flags=re.M | re.S)
    text = re.sub(r"(?<![`}])(`+)(?!`)[^`].*?(?<!`)\1(?!`)", "", text)
    return re.sub(r"\$\$.*?\$\$|\$(?!\s)(?:\\.|[^$\\\n])+?\$", formulas, text, flags=re.S)


def formulas(match):
    return r"\label{" if r"\label{" in match[0] else ""

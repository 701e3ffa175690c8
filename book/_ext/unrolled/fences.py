"""Markdown's fenced blocks, read from the source: what the tests and the budget look through."""

import re
from typing import NamedTuple

OPENS = re.compile(r"(\s*)(`{3,}|~{3,}|:{3,})\s*(?:\{([\w:-]+)\}|([\w+-]*))\s*([^`]*?)\s*")
OPTION = re.compile(r"\s*:([\w-]+):\s*(.*?)\s*")


class Block(NamedTuple):
    """A fenced block, or the text between two (then `name` and `language` are empty).

    `{name} argument` for a directive, else `language`. `lines` is the body without its options,
    `line` the place of the body's first line in the source, from 1.
    """

    name: str
    language: str
    argument: str
    options: dict
    lines: list
    line: int

    @property
    def folded(self):
        return bool({"dropdown", "toggle"} & set(self.options.get("class", "").split()))


def ends(line, fence):
    line = line.strip()
    return len(line) >= len(fence) and set(line) == {fence[0]}


def blocks(source, first=1):
    """The blocks of a Markdown text (or its lines) in order; not those inside other blocks."""
    lines = source.split("\n") if isinstance(source, str) else source
    found, text, start, i = [], [], first, 0
    while i < len(lines):
        opens = OPENS.fullmatch(lines[i])
        # Two backticks more on the same line would be code within a sentence.
        if not opens or (opens[2][0] == ":" and not opens[3]):
            text.append(lines[i])
            i += 1
            continue
        if text:
            found.append(Block("", "", "", {}, text, start))
        close = i + 1
        while close < len(lines) and not ends(lines[close], opens[2]):
            close += 1
        body, options, line = lines[i + 1 : close], {}, first + i + 1
        while opens[3] and body and (option := OPTION.fullmatch(body[0])):
            options[option[1]] = option[2]
            body, line = body[1:], line + 1
        found.append(Block(opens[3] or "", opens[4] or "code", opens[5], options, body, line))
        if opens[3]:
            found[-1] = found[-1]._replace(language="")
        i = close + 1
        text, start = [], first + i
    if text:
        found.append(Block("", "", "", {}, text, start))
    return found

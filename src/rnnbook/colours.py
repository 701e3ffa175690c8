"""The book's colours by role, as tokens.css has them."""

import re
from importlib.resources import files


def _light() -> dict[str, str]:
    """The light theme's colours: the first block of tokens.css."""
    css = (files("rnnbook") / "tokens.css").read_text(encoding="utf-8")
    block = css[css.index("{") : css.index("}")]
    return dict(re.findall(r"--rnnbook-(\w+):\s*(#\w+)", block))


LIGHT = _light()


def in_page(*roles: str) -> tuple[str, ...]:
    """Colours for HTML that stands in a page: its theme's, or the light one's where it has none."""
    return tuple(f"var(--rnnbook-{role}, {LIGHT[role]})" for role in roles)

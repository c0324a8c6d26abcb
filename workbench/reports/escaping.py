"""Escapes any text for a report's HTML. Pure."""

from __future__ import annotations

import html


def escape(text: str) -> str:
    """The text escaped for HTML; characters that cannot be printed are written as escape codes."""
    return html.escape("".join(char if char.isprintable() else repr(char)[1:-1] for char in text))

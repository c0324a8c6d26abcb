"""Text as itself in a report's HTML, whoever wrote it. Pure."""

from __future__ import annotations

import html


def escape(text: str) -> str:
    """Text as itself in HTML, whoever wrote it; what cannot be seen is spelt out."""
    return html.escape("".join(char if char.isprintable() else repr(char)[1:-1] for char in text))

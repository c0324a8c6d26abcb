"""Shows the characters that a terminal or a spreadsheet would obey as text. Pure."""

from __future__ import annotations

import re

#: Control characters but line feed, tab and the carriage return of a line's end; overrides of the direction.
_OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")


def shown_as_text(text: str) -> str:
    r"""`text` with `\x1b` for an escape, `\u202e` for an override; letters, emoji, lines and tabs stay."""
    return _OBEYED.sub(lambda match: repr(match[0])[1:-1], text)


def json_as_text(text: str) -> str:
    """A JSON text that means the same, and that a terminal shows and does not obey."""
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)

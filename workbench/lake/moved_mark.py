"""How an error of a catalog says that its lake was moved: a word, and the new address in brackets. Pure."""

from __future__ import annotations

import re

_WORD = "WORKBENCH-LAKE-MOVED"
_MARK = re.compile(rf"{_WORD}\[([^\]]*)\]")


def mark_text(to: str) -> str:
    """What the catalog answers to whoever writes to it.

    Args:
        to: the new address, without a password.
    """
    return f"{_WORD}[{to.replace('[', '(').replace(']', ')')}]"


def moved_to(text: str) -> str | None:
    """The new address in an error's text or in the catalog's note; None where none is named."""
    match = _MARK.search(text)
    return match[1] if match else None

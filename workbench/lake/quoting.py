"""Writes values and names into SQL, for the places of a statement where no parameter may stand. Pure.

`LiteralString` is text that stands in the source. What these functions return may be composed with it, since
it is quoted; a test demands that SQL is composed of nothing else.
"""

from __future__ import annotations

from typing import LiteralString


def quoted(text: str) -> LiteralString:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> LiteralString:
    """The name of a table or column as SQL writes it; a name with a dot in it is one name."""
    return '"' + name.replace('"', '""') + '"'

"""Writes parameters into SQL, for people who copy a query and run it elsewhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from workbench.lake.quoting import quoted

#: A text, a quoted name, or the place of a parameter: only the last one is replaced.
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_]\w*)""")


def with_literals(sql: str, parameters: Mapping[str, object]) -> str:
    """SQL with every named parameter as a literal; a name without a value stays."""

    def write(match: re.Match[str]) -> str:
        name = match[1]
        return match[0] if name is None or name not in parameters else literal(parameters[name])

    return _TOKEN.sub(write, sql)


def literal(value: object) -> str:
    """A value as DuckDB's SQL writes it.

    Raises:
        TypeError: there is no literal for its type.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime):
        return f"timestamptz '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Iterable):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    raise TypeError(f"{value!r} has no literal in SQL")

"""JSON as records of text: one object a line, or one list of objects; the keys are the columns. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from workbench.errors import UsageError
from workbench.table_files.table import MOST_ROWS, Row

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ONE_ROW = 'each row is one object, as {"to": "+14155552671", "name": "Ana"}'


def read_json_rows(text: str, name: str) -> tuple[str, Iterator[Row]]:
    """The form in words, and the header with all keys in order, then the rows with their lines.

    A number keeps its digits as they are written, null and a missing key are empty.

    Raises:
        UsageError: the text is not JSON, a row is no object, a key comes twice in it, or a value is a list or
            an object.
    """
    is_list = text.lstrip().startswith("[")
    objects = _of_list(text, name) if is_list else _of_lines(text, name)
    columns = list(dict.fromkeys(key for _, pairs in objects for key in pairs))
    rows = (
        Row(line, tuple(_cell(pairs.get(column), column, name, line) for column in columns))
        for line, pairs in objects
    )
    return "a JSON list" if is_list else "JSON lines", _with_header(columns, rows)


def _with_header(columns: list[str], rows: Iterator[Row]) -> Iterator[Row]:
    yield Row(0, tuple(columns))
    yield from rows


def _of_list(text: str, name: str) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a list, each with its number."""
    return [
        (number, _object(value, name, f"row {number}")) for number, value in enumerate(_parsed(text, name), 1)
    ]


def _of_lines(text: str, name: str) -> list[tuple[int, dict[str, Any]]]:
    """The object of each line that is not blank, with the line; or the one object that is the whole text."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST_ROWS:
        raise UsageError(f"{name} has more than {MOST_ROWS:,} rows; split it.")
    if len(lines) > 1 and lines[0][1].strip() == "{":
        return [(1, _object(_parsed(text, name), name, "it"))]
    return [
        (number, _object(_parsed(line, name, f", line {number}"), name, f"line {number}"))
        for number, line in lines
    ]


def _parsed(text: str, name: str, where: str = "") -> Any:
    try:
        return json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{name}{where} is not JSON (wrong at line {error.lineno}, character {error.colno}); {_ONE_ROW}."
        ) from error
    except _TwiceError as error:
        raise UsageError(f"{name}{where} has the key {str(error)!r} twice in one row.") from error
    except RecursionError as error:
        raise UsageError(f"{name}{where} is nested too deep; {_ONE_ROW}.") from error


class _TwiceError(ValueError):
    """A key comes twice in an object."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for key, value in pairs:
        if key in row:
            raise _TwiceError(key)
        row[key] = value
    return row


def _object(value: Any, name: str, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name}: {where} is no object; {_ONE_ROW}.")
    return value


def _cell(value: Any, column: str, name: str, line: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            raise UsageError(
                f"{name}, line {line}: {column!r} holds half of a surrogate pair or a zero byte. Take it out."
            )
        return value
    kind = "an object" if isinstance(value, dict) else "a list"
    raise UsageError(
        f"{name}, line {line}: {column!r} holds {kind}; a cell is a text, a number, true, false or null."
    )

"""Frames as text or bytes on stdout: what the command line and scripts read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("table", "csv", "json", "parquet")


def render_frame(frame: pd.DataFrame, format: str) -> bytes:
    """The frame in one of FORMATS: `json` is a list of objects, money keeps its digits as text in it."""
    if format == "parquet":
        sink = io.BytesIO()
        frame.to_parquet(sink, index=False)
        return sink.getvalue()
    names, rows = [str(name) for name in frame.columns], _plain_rows(frame)
    if format == "json":
        objects = [dict(zip(names, row, strict=True)) for row in rows]
        return (json.dumps(objects, indent=2, ensure_ascii=False, default=json_value) + "\n").encode()
    if format == "csv":
        return _csv(names, rows).encode()
    return _table(names, rows).encode()


def json_value(value: Any) -> Any:
    """What JSON has no form for: times as ISO 8601 in UTC, decimals as text so that no digit is lost."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, date | Decimal):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"cannot write a {type(value).__name__} as JSON")


def _plain_rows(frame: pd.DataFrame) -> list[list[Any]]:
    """Rows of Python values; everything missing is None."""
    columns = [[_plain(value) for value in frame[name]] for name in frame.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    if value is None or value != value:  # NaN and NaT differ from themselves
        return None
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
        return value.date() if value.tzinfo is None and value == datetime(*value.timetuple()[:3]) else value
    return value.item() if hasattr(value, "item") else value


def _csv(names: list[str], rows: Iterable[list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([["" if value is None else _word(value) for value in row] for row in rows])
    return text.getvalue()


def _table(names: list[str], rows: list[list[Any]]) -> str:
    """Columns lined up; numbers to the right. Control characters of a body are shown, not obeyed."""
    cells = [["" if value is None else _visible(_word(value)) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(names)]
    right = [any(_is_number(row[i]) for row in rows) for i in range(len(names))]
    lines = [names, ["-" * width for width in widths], *cells]
    text = [
        "  ".join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([*text, f"({len(rows):,} {'row' if len(rows) == 1 else 'rows'})"]) + "\n"


def _word(value: Any) -> str:
    if isinstance(value, datetime):
        return str(json_value(value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)

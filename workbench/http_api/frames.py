"""Frames of the notebook as rows of an answer, and lists that are read whole as pages. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from workbench.http_api.pages import OpenPage


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows by column, with None for what is empty and with Python's own numbers and times."""
    return [
        {str(name): plain(value) for name, value in row.items()} for row in frame.to_dict(orient="records")
    ]


def plain(value: Any) -> Any:
    """One value of a frame as JSON has it: a number, a text, a moment, or None for every empty value."""
    if value is None or type(value).__name__ in ("NaTType", "NAType"):
        return None
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def begin_of(page: OpenPage) -> int:
    """How many rows stand before a page of a list that is read whole and cut."""
    return int(page.after[0]) if page.after else 0


def cut(
    page: OpenPage, rows: Sequence[Mapping[str, Any]], limit: int
) -> tuple[list[Mapping[str, Any]], str | None]:
    """The rows of a page, of all rows of the list, and the cursor after it.

    All pages are of one version of the lake, so the same rows stand at the same places.
    """
    begin = begin_of(page)
    end = begin + limit
    return list(rows[begin:end]), page.next_cursor([end] if end < len(rows) else None)

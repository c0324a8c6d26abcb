"""Rows as JSON has them, cut to a size that a conversation with a model can hold. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from workbench.display.formats import is_missing

MOST_ROWS = 1_000
MOST_BYTES = 60_000
"""Of the rows of one answer, as JSON."""

Item = TypeVar("Item")


def plain(value: Any) -> Any:
    """A cell as JSON has it: None for nothing, a day or moment as ISO text, a decimal as a number."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if type(value).__name__ == "ndarray":
        return [plain(item) for item in value.tolist()]
    if is_missing(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, datetime):
        is_day = value.tzinfo is None and value.time() == datetime.min.time()
        return value.date().isoformat() if is_day else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | float):
        number = float(value)
        return number if math.isfinite(number) else None
    return value if isinstance(value, str | int | bool) else str(value)


def cut(items: Sequence[Item], as_json: Callable[[Item], Any] = lambda item: item) -> list[Item]:
    """As many of the first items as fit into MOST_BYTES; at least one."""
    size = 0
    kept: list[Item] = []
    for item in items:
        size += len(json.dumps(as_json(item), ensure_ascii=False, default=str).encode())
        if kept and size > MOST_BYTES:
            break
        kept.append(item)
    return kept


def rest_text(shown: int, offset: int, total: int) -> str | None:
    """How to get what is left out; None where nothing is."""
    if offset + shown >= total:
        return None
    return f"{total - offset - shown:,} more: ask again with offset={offset + shown}, or filter more."

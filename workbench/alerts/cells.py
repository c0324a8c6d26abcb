"""Values of a metric's frame as plain ones. Pure."""

from __future__ import annotations

from typing import Any

from workbench.display.formats import is_missing


def number_of(value: Any) -> float | None:
    """A number, None where nothing could be counted."""
    return None if is_missing(value) else float(value)


def whole_of(value: Any) -> int | None:
    """A whole number, None where nothing could be counted."""
    return None if is_missing(value) else int(value)


def text_of(value: Any) -> str | None:
    """A value of a dimension as the filters of a metric and of a page take it."""
    if is_missing(value):
        return None
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)

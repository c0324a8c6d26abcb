"""Writes values of tables as people write them: 12.0 is 12, midnight is the day, NaN is missing."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Number
from uuid import UUID


def is_missing(value: object) -> bool:
    """Whether a value counts as missing: None, NaN and similar values, an empty text, a text of spaces."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError, ArithmeticError):
        # pandas' NA and a signalling NaN cannot be compared; neither can an array, which is not missing.
        return not hasattr(value, "__len__")


def as_text(value: object) -> str:
    """A value as people write it: 12.0 is 12, and a time at midnight is the day.

    Raises:
        ValueError: the value has no form for a text.
    """
    if isinstance(value, str):
        return value
    if type(value).__module__ == "numpy" and hasattr(value, "item") and not hasattr(value, "__len__"):
        value = float(str(value)) if isinstance(value.item(), float) else value.item()
    if is_missing(value):
        raise ValueError("a part of it has no value")
    if isinstance(value, float):
        return _decimal_text(value)
    if isinstance(value, datetime) and value.time() == time(0) and not getattr(value, "nanosecond", 0):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Number | date | time | timedelta | UUID):
        return str(value)
    raise ValueError(f"a blank gives a {type(value).__name__}; it must give a text, a number or a date")


def _decimal_text(value: float) -> str:
    if math.isinf(value):
        raise ValueError("a blank gives an infinite number")
    text = f"{value:.15g}"
    return f"{Decimal(text):f}" if "e" in text else text

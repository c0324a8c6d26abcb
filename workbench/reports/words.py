"""How numbers and names read in a report: as on the pages, and never as anything but text. Pure."""

from __future__ import annotations

import html
import math
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from workbench.messaging.addresses import mask

MISSING = "–"
#: Dimensions whose values are addresses.
_ADDRESSES = ("sender", "contact")
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


def is_missing(value: Any) -> bool:
    return value is None or value != value


def number(value: Any, unit: str, currency: str | None = None) -> str:
    """A metric's value by its unit."""
    if is_missing(value):
        return MISSING
    if unit == "money":
        return _money(float(value), str(currency or ""))
    return _BY_UNIT[unit](float(value))


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _ratio(value: float) -> str:
    return f"{value:,.2f}"


def _rate(value: float) -> str:
    """A fraction as a percentage; never "none" or "all" where there is an exception."""
    percent = value * 100
    if percent in (0, 100) or percent > 100:
        return f"{percent:,.0f} %"
    shown = f"{percent:.{2 if percent < 1 or percent > 99.9 else 1}f}"
    if float(shown) in (0, 100):
        return "<0.01 %" if percent < 1 else ">99.99 %"
    return f"{shown} %"


def _money(value: float, currency: str) -> str:
    size = abs(value)
    digits = 2 if size >= 1 or size == 0 else 3 if size >= 0.1 else 4
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{'−' if value < 0 else ''}{symbol}{size:,.{digits}f}"


def _duration(seconds: float) -> str:
    if seconds < 10 and seconds != round(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    unit, first, second = (60, "min", "s") if whole < 3600 else (3600, "h", "min")
    rest = whole % unit if unit == 60 else whole % unit // 60
    return f"{whole // unit:,} {first}" + (f" {rest} {second}" if rest else "")


def _speed(per_second: float) -> str:
    return f"{per_second:,.0f}/s" if per_second >= 10 else f"{per_second:.3g}/s"


_BY_UNIT = {"count": _count, "rate": _rate, "ratio": _ratio, "duration": _duration, "speed": _speed}


def name_of(dimension: str, value: Any, names: dict[str, str] | None = None) -> str:
    """A dimension's value as shown: numbers masked, services by their name, emptiness in words."""
    if is_missing(value):
        return {"error_code": "no code", "messaging_service": "no messaging service"}.get(
            dimension, "none yet"
        )
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    if isinstance(value, float) and math.floor(value) == value:
        return str(int(value))
    text = str(value)
    return (names or {}).get(text) or (mask(text) if dimension in _ADDRESSES else text)


def moment(value: datetime | None, timezone: str) -> str:
    """`25 November 2026, 15:40 UTC`; the zone as the reader knows it."""
    if value is None:
        return "never"
    local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(timezone))
    return f"{local.day} {local:%B %Y, %H:%M} {local.tzname()}"


def short_moment(value: datetime, timezone: str) -> str:
    """`25 Nov 2026, 15:40 UTC`, for tables."""
    local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(timezone))
    return f"{local.day} {local:%b %Y, %H:%M} {local.tzname()}"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def escape(text: str) -> str:
    """Text as itself in HTML, whoever wrote it; what cannot be seen is spelt out."""
    return html.escape("".join(char if char.isprintable() else repr(char)[1:-1] for char in text))

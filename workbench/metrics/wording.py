"""How numbers read, on a page, in a report, in a file: one place, so that none of them differ. Pure."""

from __future__ import annotations

from typing import Any

MISSING = "–"
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
_MINUS = "−"


def is_missing(value: Any) -> bool:
    """None, NaN, and pandas' own words for nothing."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA answers neither yes nor no
        return True


def count(value: float | None) -> str:
    if value is None or is_missing(value):
        return MISSING
    if abs(value) >= 10_000_000:
        return f"{value / 1_000_000:,.1f} M"
    return f"{value:,.0f}"


def ratio(value: float | None) -> str:
    return MISSING if value is None or is_missing(value) else f"{value:,.2f}"


def rate(value: float | None) -> str:
    """A fraction as a percentage: one decimal, two where one would hide a small share."""
    if value is None or is_missing(value):
        return MISSING
    percent = value * 100
    if percent in (0, 100):
        return f"{percent:.0f} %"
    if percent > 100:
        return f"{percent:,.0f} %"
    digits = 2 if percent < 1 or percent > 99.9 else 1
    shown = f"{percent:.{digits}f}"
    if float(shown) in (0, 100):
        # Never claim "none" or "all" where there is an exception.
        return "<0.01 %" if percent < 1 else ">99.99 %"
    return f"{shown} %"


def money(value: float | None, currency: str) -> str:
    """An amount with its currency; small ones with up to four decimals, as prices per message need."""
    if value is None or is_missing(value):
        return MISSING
    size = abs(value)
    digits = 2 if size >= 1 or size == 0 else 3 if size >= 0.1 else 4
    sign = _MINUS if value < 0 else ""
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{abs(value):,.{digits}f}"


def duration(seconds: float | None) -> str:
    """Seconds as people say them: ``0.4 s``, ``41 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if seconds is None or is_missing(seconds):
        return MISSING
    if seconds < 10 and seconds != round(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    unit, first, second = (60, "min", "s") if whole < 3600 else (3600, "h", "min")
    rest = whole % unit if unit == 60 else whole % unit // 60
    return f"{whole // unit:,} {first}" + (f" {rest} {second}" if rest else "")


def speed(per_second: float | None) -> str:
    """Segments per second."""
    if per_second is None or is_missing(per_second):
        return MISSING
    return f"{per_second:,.0f}/s" if per_second >= 10 else f"{per_second:.3g}/s"


def value(number: float | None, unit: str, currency: str | None = None) -> str:
    """A metric's value by its unit: count, rate, money, ratio, duration or speed."""
    if unit == "money":
        return money(number, currency or "")
    return _BY_UNIT[unit](number)


_BY_UNIT = {"count": count, "rate": rate, "ratio": ratio, "duration": duration, "speed": speed}


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

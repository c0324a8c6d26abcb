"""How numbers read, on a page, in a report, in a file: one place, so that none of them differ. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

MISSING = "–"
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
_MINUS = "−"
_SEEN = 0.00005
"""The smallest amount that is not shown as zero."""


def is_missing(value: Any) -> bool:
    """None, NaN, and pandas' own words for nothing."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA answers neither yes nor no
        return True


def count(value: float | None) -> str:
    """In full: an abbreviated count cannot be compared with another source."""
    return MISSING if value is None or is_missing(value) else f"{value:,.0f}"


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


def money(value: float | Decimal | None, currency: str) -> str:
    """An amount with its currency; small ones with up to four decimals, as prices per message need."""
    if value is None or is_missing(value):
        return MISSING
    size = abs(float(value))
    digits = 2 if size >= 1 or size == 0 else 3 if size >= 0.1 else 4
    sign = _MINUS if value < 0 else ""
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{abs(value):,.{digits}f}"


def duration(seconds: float | None) -> str:
    """Seconds in their two largest units: ``0.4 s``, ``41 s``, ``3 min 5 s``, ``2 h 10 min``, ``2 d 7 h``."""
    if seconds is None or is_missing(seconds):
        return MISSING
    if seconds < 10 and seconds != round(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    size, unit, next_size, next_unit = next(step for step in _DURATION_STEPS if whole >= step[0])
    rest = whole % size // next_size if whole < 7 * 86_400 else 0
    return f"{whole // size:,} {unit}" + (f" {rest} {next_unit}" if rest else "")


_DURATION_STEPS = ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))


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


def number_in(text: str) -> float | None:
    """The number that a text of this module shows, to sort by; None where it shows none.

    Two amounts in one currency, two rates or two durations are in the order of their numbers, as far as
    their digits go.
    """
    words = text.removeprefix(_MINUS).lstrip("<>")
    sign = -1.0 if text.startswith(_MINUS) else 1.0
    lengths = _LENGTH.findall(words)
    if lengths and _LENGTH.sub("", words).strip() == "":
        return sign * sum(float(number.replace(",", "")) * _SECONDS[unit] for number, unit in lengths)
    match = _NUMBER.fullmatch(words)
    return sign * float(match[1].replace(",", "")) if match else None


_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_LENGTH = re.compile(r"([\d,]+(?:\.\d+)?) (s|min|h|d)\b")
#: With its currency before it or its unit behind.
_NUMBER = re.compile(r"(?:[$€£]|[A-Z]{3} )?([\d,]*\d(?:\.\d+)?(?:e-\d+)?)(?: %.*|/s)?")


def axis_marks(unit: str, largest: float, currency: str = "") -> dict[str, Any]:
    """How the numbers along an axis read: as everywhere, in the words of plotly (and so of d3).

    Args:
        unit: of the metric: count, rate, money, ratio, duration or speed.
        largest: the largest number drawn; between small counts there is no half.
    """
    if unit == "rate":
        return {"tickformat": ",.1~%" if largest < 0.05 else ",.0%"}
    if unit == "money":
        return {"tickformat": ",.4~f", "tickprefix": _SYMBOLS.get(currency, "")}
    if unit == "count":
        return {"tickformat": ",.0f", **({"dtick": 1, "tick0": 0} if largest < 5 else {})}
    return {"tickformat": ",.2~f", "ticksuffix": {"duration": " s", "speed": "/s"}.get(unit, "")}


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


Sense = Literal["good", "bad", "neutral"]


@dataclass(frozen=True)
class Change:
    """How a number moved, from ``before`` to ``now`` as both are shown.

    ``sense`` says whether that is welcome: it is neutral where chance explains the move.
    """

    text: str
    arrow: Literal["up", "down", "flat"]
    sense: Sense
    now: str
    before: str
    is_sure: bool


def change(
    current: float | None,
    previous: float | None,
    unit: str,
    better: Literal["higher", "lower"] | None,
    currency: str | None = None,
    *,
    is_sure: bool = True,
) -> Change | None:
    """The move from ``previous`` to ``current``: points for a rate, per cent for everything else.

    None where there is nothing to compare with. ``is_sure`` says whether it is more than chance.
    """
    if current is None or previous is None or is_missing(current) or is_missing(previous):
        return None
    shown = value(current, unit, currency), value(previous, unit, currency)
    # Of a number that is shown as zero, a percentage would be of digits that nobody sees.
    is_from_zero = not any(digit in shown[1] for digit in "123456789")
    text, arrow = _move(current, 0 if is_from_zero and unit != "rate" else previous, unit)
    if not text:
        return None
    sense = _sense(arrow, better) if is_sure and arrow != "flat" else "neutral"
    return Change(text, arrow, sense, *shown, is_sure)


def signed(moved: Change) -> str:
    """A move with its sign: ``+6.1 %``, ``−0.3 pp``; without one where there is no direction."""
    if moved.arrow == "flat" or moved.before == MISSING or moved.text == "new":
        return moved.text
    return f"{'+' if moved.arrow == 'up' else _MINUS}{moved.text}"


def _move(current: float, previous: float, unit: str) -> tuple[str, Literal["up", "down", "flat"]]:
    """The move in words and its direction; no words where a share of nothing would be needed."""
    if unit == "rate":
        moved = (current - previous) * 100
        text = f"{abs(moved):.1f} pp" if abs(moved) >= 0.1 else f"{abs(moved):.2f} pp"
        is_flat = abs(moved) < 0.005
    elif previous == 0:
        return ("", "flat") if current < _SEEN else ("new", "up")
    else:
        moved = (current / previous - 1) * 100
        text = f"{abs(moved):,.0f} %" if abs(moved) >= 10 else f"{abs(moved):.1f} %"
        is_flat = abs(moved) < 0.05
    if is_flat:
        return "no change", "flat"
    return text, "up" if moved > 0 else "down"


def _sense(arrow: str, better: str | None) -> Sense:
    if better is None:
        return "neutral"
    return "good" if (arrow == "up") == (better == "higher") else "bad"

"""How numbers and names read in a report: as on the pages, and never as anything but text. Pure."""

from __future__ import annotations

import html
import math
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from workbench.messaging.addresses import mask
from workbench.metrics import wording
from workbench.metrics.wording import MISSING as MISSING
from workbench.metrics.wording import is_missing as is_missing
from workbench.metrics.wording import plural as plural

#: Dimensions whose values are addresses.
_ADDRESSES = ("sender", "contact")


def number(value: Any, unit: str, currency: str | None = None) -> str:
    """A metric's value by its unit; a count in full, because a report is read later and elsewhere."""
    if unit == "count" and not is_missing(value):
        return f"{value:,.0f}"
    return wording.value(value, unit, currency)


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


def escape(text: str) -> str:
    """Text as itself in HTML, whoever wrote it; what cannot be seen is spelt out."""
    return html.escape("".join(char if char.isprintable() else repr(char)[1:-1] for char in text))

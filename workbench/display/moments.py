"""How a point in time reads, in the reader's zone. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def moment(value: datetime | None, timezone: str) -> str:
    """`25 November 2026, 15:40 UTC`; the zone as the reader knows it."""
    if value is None:
        return "never"
    local = _in_zone(value, timezone)
    return f"{local.day} {local:%B %Y, %H:%M} {local.tzname()}"


def short_moment(value: datetime, timezone: str) -> str:
    """`25 Nov 2026, 15:40 UTC`, for tables."""
    local = _in_zone(value, timezone)
    return f"{local.day} {local:%b %Y, %H:%M} {local.tzname()}"


def short_time(value: datetime, now: datetime, timezone: str) -> str:
    """A time of today, a weekday of this week, else a date."""
    local, today = _in_zone(value, timezone), _in_zone(now, timezone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if today - local < timedelta(days=6):
        return f"{local:%a}"
    return f"{local:%-d %b}" if local.year == today.year else f"{local:%-d %b %Y}"


def clock(value: datetime) -> str:
    """``14:02 UTC``; the zone as the reader knows it."""
    return f"{value:%H:%M} {value.tzname() or ''}".rstrip()


def _in_zone(value: datetime, timezone: str) -> datetime:
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(timezone))

"""Why the day of a message is not a day of the report's period, or not that of its recipient. Pure."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from workbench.display.moments import short_moment
from workbench.messaging.addresses import time_zones


def day_note(shown_at: datetime, created_at: datetime | None, contact: str | None, timezone: str) -> str:
    """What explains a day that surprises; empty where all days are the same.

    Args:
        shown_at: the time that the row shows.
        created_at: when the message was written, by which a period counts.
        contact: the recipient, whose number says where they may be.
        timezone: of the report.
    """
    zone = ZoneInfo(timezone)
    day, notes = shown_at.astimezone(zone).date(), []
    if created_at is not None and created_at.astimezone(zone).date() != day:
        notes.append(f"written {short_moment(created_at, timezone)}, which the period counts by")
    zones = time_zones(contact)
    there = sorted({shown_at.astimezone(ZoneInfo(name)).date() for name in zones})
    if there and there != [day]:
        notes.append(f"{' or '.join(map(_day, there))} at the recipient{_place(zones)}")
    return "; ".join(notes)


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _place(zones: tuple[str, ...]) -> str:
    """The zone, where there is just one; a number may be of a whole country."""
    return f" ({zones[0].rpartition('/')[2].replace('_', ' ')})" if len(zones) == 1 else ""

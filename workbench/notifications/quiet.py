"""Quiet times of a person, and when a digest is due; both by the clock of their time zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LINE = re.compile(r"(?:(\w{3})(?:-(\w{3}))? )?(\d\d):(\d\d)-(\d\d):(\d\d)")
_QUARTER = timedelta(minutes=15)


def is_quiet(lines: Iterable[str], zone: ZoneInfo, moment: datetime) -> bool:
    """Whether a moment is in one of these times.

    Args:
        lines: as ``22:00-07:00`` or ``Mon-Fri 18:00-08:00``; one over midnight belongs to the day on which
            it begins.
    """
    local = moment.astimezone(zone)
    minute, today = local.hour * 60 + local.minute, local.weekday()
    return any(_covers(line, today, minute) for line in lines)


def _covers(line: str, today: int, minute: int) -> bool:
    match = _LINE.fullmatch(line)
    assert match, line
    first, last, *clock = match.groups()
    begins, ends = (int(clock[at]) * 60 + int(clock[at + 1]) for at in (0, 2))
    days = _weekdays(first, last or first)
    if begins < ends:
        return today in days and begins <= minute < ends
    return (today in days and minute >= begins) or ((today - 1) % 7 in days and minute < ends)


def _weekdays(first: str | None, last: str | None) -> set[int]:
    if first is None or last is None:
        return set(range(7))
    begin, end = _DAYS.index(first), _DAYS.index(last)
    return {day % 7 for day in range(begin, (end if end >= begin else end + 7) + 1)}


def digest_due_at(pace: str, noted_at: datetime, zone: ZoneInfo) -> datetime:
    """When a digest with something of this moment is due.

    Args:
        pace: ``15m``, ``1h``, or a time of day as ``08:00``. A time that a change of the clock leaves out
            counts as late as the change moved it; of one that comes twice the first counts.
    """
    if pace == "15m":
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return epoch + ((noted_at - epoch) // _QUARTER + 1) * _QUARTER
    local = noted_at.astimezone(zone)
    if pace == "1h":
        return (
            noted_at
            + timedelta(hours=1)
            - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        )
    for days in (0, 1):
        day = local.date() + timedelta(days=days)
        due = datetime.combine(day, time.fromisoformat(pace), zone).astimezone(UTC)
        if due > noted_at:
            return due
    raise AssertionError(pace)

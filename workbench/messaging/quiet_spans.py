"""When sending is allowed at a place, as UTC spans over many days, to check a whole log in one query.

The same rules as :mod:`workbench.messaging.quiet_hours`. That module answers whether one moment is quiet;
this one lists the spans that are not. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workbench.messaging.quiet_hours import Place
from workbench.messaging.quiet_rules import QuietRule

Span = tuple[datetime, datetime]
"""Begin (included) and end (not included), both in UTC."""


def allowed_spans(places: Sequence[Place], first: date, last: date) -> list[Span]:
    """The spans in which sending is allowed at all of the places, from the first to the last day (UTC).

    Without any place there are no spans.
    """
    if not places:
        return []
    begin = datetime.combine(first, time(), tzinfo=UTC)
    end = datetime.combine(last, time(), tzinfo=UTC) + timedelta(days=1)
    spans: list[Span] = [(begin, end)]
    for zone, rule in dict.fromkeys(places):
        spans = _overlaps(spans, _merged(_open_hours(ZoneInfo(zone), rule, first, last)))
    return spans


def _open_hours(zone: ZoneInfo, rule: QuietRule, first: date, last: date) -> Iterable[Span]:
    """The allowed hours of each local day at one place; it can begin a day before or after the UTC day."""
    day = first - timedelta(days=1)
    while day <= last + timedelta(days=1):
        hours = rule.hours_on(day)
        if hours is not None:
            yield _moment(day, hours.opens, zone), _moment(day, hours.closes, zone)
        day += timedelta(days=1)


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    days, minute = divmod(minute, 24 * 60)
    local = datetime.combine(day + timedelta(days=days), time(*divmod(minute, 60)), tzinfo=zone)
    return local.astimezone(UTC)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Spans that touch are joined: a day that is open until midnight continues into the next."""
    merged: list[Span] = []
    for begin, end in spans:
        if merged and merged[-1][1] >= begin:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _overlaps(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """The times that two ordered lists of spans have in common."""
    overlaps, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        begin, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if begin < end:
            overlaps.append((begin, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return overlaps

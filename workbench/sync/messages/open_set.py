"""Which messages to read again because their status or price can still change. Pure.

Status and price change after a message is listed, and Twilio has no list of changes. A message is *open*
while its status is not final or its price is missing. It is read again 5 minutes, 1 hour, 6 hours, 24 hours
and 72 hours after it was sent. If it is still open then, it is `unresolved`: it is shown, but not read again
for
that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

CHECK_AFTER = (
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
    timedelta(hours=72),
)
#: A scheduled message may wait 35 days until it is sent; until then it is read once a day.
SCHEDULED_FOR = timedelta(days=36)
SCHEDULED_EVERY = timedelta(hours=24)
#: Final statuses without a price: never billed, or only in the usage records.
NEVER_PRICED = frozenset({"failed", "canceled"})


@dataclass(frozen=True)
class OpenMessage:
    """An open row: `began_at` is when it was sent, or created if it was not sent yet."""

    message_sid: str
    status: str
    day: date
    began_at: datetime
    last_read_at: datetime


@dataclass(frozen=True)
class OpenSetPlan:
    """Days to list again and messages to fetch one by one, whichever needs fewer requests for a day."""

    list_days: tuple[date, ...] = ()
    fetch: tuple[str, ...] = field(default=())


def is_due(message: OpenMessage, now: datetime) -> bool:
    """Whether a time of the back-off has passed since the message was last read."""
    age, read_at_age = now - message.began_at, message.last_read_at - message.began_at
    if any(read_at_age < moment <= age for moment in CHECK_AFTER):
        return True
    waits = message.status == "scheduled" and age <= SCHEDULED_FOR
    return waits and now - message.last_read_at >= SCHEDULED_EVERY


def is_unresolved(message: OpenMessage, now: datetime) -> bool:
    """Whether the message was read at the last time of the back-off and is still open."""
    if message.status == "scheduled" and now - message.began_at <= SCHEDULED_FOR:
        return False
    return message.last_read_at - message.began_at >= CHECK_AFTER[-1]


def plan_open_set(
    messages: Iterable[OpenMessage], rows_per_day: Mapping[date, int], now: datetime, *, page_size: int
) -> OpenSetPlan:
    """Choose, per day, between listing it again and fetching its due messages singly.

    Args:
        messages: the open rows, except those on days that are being listed anyway.
        rows_per_day: how many rows each day has; listing the day again needs requests for all of them.
    """
    due: dict[date, list[str]] = defaultdict(list)
    for message in messages:
        if is_due(message, now):
            due[message.day].append(message.message_sid)
    list_days = {day for day, sids in due.items() if _pages(rows_per_day.get(day, 0), page_size) < len(sids)}
    return OpenSetPlan(
        list_days=tuple(sorted(list_days, reverse=True)),
        fetch=tuple(sid for day in sorted(due, reverse=True) if day not in list_days for sid in due[day]),
    )


def _pages(rows: int, page_size: int) -> int:
    # Only the last page shows that a list is complete, so it needs at least one request.
    return max(1, -(-rows // page_size))

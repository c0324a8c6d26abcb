"""Which messages to read again because their story is not over. Pure.

Status and price change after a message is listed and Twilio cannot be asked what changed. A message is
*open* while its status is not final or its price is missing. It is read again 5 minutes, 1 hour, 6 hours,
24 hours and 72 hours after it was sent; what is still open then is `unresolved` and shown, not chased.
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
#: A scheduled message may wait 35 days for its moment; it is looked at once a day until then.
SCHEDULED_FOR = timedelta(days=36)
SCHEDULED_EVERY = timedelta(hours=24)
#: Final without a price: never billed, or only in the usage records.
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
    """Days to list again and messages to fetch one by one, whichever costs fewer requests per day."""

    list_days: tuple[date, ...] = ()
    fetch: tuple[str, ...] = field(default=())


def is_due(message: OpenMessage, now: datetime) -> bool:
    """Whether a moment of the back-off has passed since the message was last read."""
    age, read_at_age = now - message.began_at, message.last_read_at - message.began_at
    if any(read_at_age < moment <= age for moment in CHECK_AFTER):
        return True
    waits = message.status == "scheduled" and age <= SCHEDULED_FOR
    return waits and now - message.last_read_at >= SCHEDULED_EVERY


def is_unresolved(message: OpenMessage, now: datetime) -> bool:
    """Whether every moment of the back-off was used and the message is still open."""
    if message.status == "scheduled" and now - message.began_at <= SCHEDULED_FOR:
        return False
    return message.last_read_at - message.began_at >= CHECK_AFTER[-1]


def plan_open_set(
    messages: Iterable[OpenMessage], rows_per_day: Mapping[date, int], now: datetime, *, page_size: int
) -> OpenSetPlan:
    """Choose, per day, between listing it again and fetching its due messages singly.

    Args:
        messages: the open rows, except those on days that are being listed anyway.
        rows_per_day: how many rows each day holds, which is what listing it again costs.
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
    # A list is known to be over only when the last page says so, hence at least one request.
    return max(1, -(-rows // page_size))

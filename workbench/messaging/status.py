"""Which of two statuses is the later one, because callbacks and list pages arrive in any order.

A status is a text and not a closed enum: Twilio may add one any day, and it must be stored and shown.
"""

from __future__ import annotations

from datetime import datetime, timedelta

DELIVERED = frozenset({"delivered", "read"})
NOT_DELIVERED = frozenset({"failed", "undelivered"})
RECEIVED = frozenset({"received"})
FINAL = DELIVERED | NOT_DELIVERED | RECEIVED | {"canceled"}
"""Statuses that are final at once; an old ``sent`` is final too, see :func:`is_final`."""

SENT_IS_FINAL_AFTER = timedelta(hours=72)
"""Many routes never return a delivery receipt, so their messages stay ``sent`` forever."""

# Evidence that a message got further outranks evidence that it did not: a handset's receipt outranks a
# carrier's refusal, which outranks "never left Twilio". Every final status outranks every status in flight.
STATUS_RANK: dict[str, int] = {
    "receiving": 5,
    "scheduled": 10,
    "accepted": 20,
    "queued": 30,
    "sending": 40,
    "sent": 50,
    "partially_delivered": 60,
    "canceled": 80,
    "failed": 90,
    "undelivered": 100,
    "received": 110,
    "delivered": 120,
    "read": 130,
}
"""Rank of every known status; higher wins. Also the source for the same rule in SQL."""

UNKNOWN_STATUS_RANK = 70
"""An unknown status is newer than ``sent`` and replaces it, but never replaces a final one."""


def status_rank(status: str) -> int:
    """How far along a message with this status is; a higher rank replaces a lower one."""
    return STATUS_RANK.get(status, UNKNOWN_STATUS_RANK)


def is_final(status: str, sent_at: datetime | None, now: datetime) -> bool:
    """Whether Twilio will not change this status any more; ``sent_at`` and ``now`` are aware datetimes."""
    if status == "sent":
        return sent_at is not None and now - sent_at > SENT_IS_FINAL_AFTER
    return status in FINAL

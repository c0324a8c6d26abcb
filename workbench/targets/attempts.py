"""When a notice is tried again, and what a process that ended left open. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from workbench.lake.alerts import AlertDelivery
from workbench.lake.notifications import NotificationDelivery

RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""How long to wait after each attempt that certainly did not arrive; then it is given up."""
INTERRUPTED = timedelta(minutes=10)
"""After so long a claim without an outcome is of a process that ended."""

Delivery = TypeVar("Delivery", AlertDelivery, NotificationDelivery)


def next_attempt(
    earlier: Sequence[AlertDelivery] | Sequence[NotificationDelivery], now: datetime
) -> int | None:
    """The number of the next attempt; None where it was told, may have been, or must wait."""
    if not earlier:
        return 1
    again_at = tried_again_at(earlier[-1])
    return earlier[-1].attempt + 1 if again_at is not None and now >= again_at else None


def tried_again_at(last: AlertDelivery | NotificationDelivery) -> datetime | None:
    """When the attempt after this one is due; None where there is none."""
    if last.outcome != "failed" or last.attempt > len(RETRY_AFTER):
        return None
    return (last.ended_at or last.claimed_at) + RETRY_AFTER[last.attempt - 1]


def interrupted(deliveries: Iterable[Delivery], now: datetime) -> list[Delivery]:
    """What a process that ended has claimed and not noted, as unknown: it is not sent again by itself."""
    return [
        replace(
            delivery,
            ended_at=now,
            outcome="unknown",
            detail="the process ended while it told; whether it arrived is not known",
        )
        for delivery in deliveries
        if delivery.outcome == "claimed" and now - delivery.claimed_at >= INTERRUPTED
    ]

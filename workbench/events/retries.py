"""When a delivery that failed is tried again, and when it is given up. Pure."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from workbench.events.post import WebhookAnswer
from workbench.lake.event_deliveries import EventDelivery

PAUSES = tuple(timedelta(seconds=each) for each in (5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 46_800))
"""After the first attempt, the second …: ten attempts within a day."""
_JITTER = 0.2


def ended(delivery: EventDelivery, answer: WebhookAnswer, now: datetime, rng: random.Random) -> EventDelivery:
    """A delivery after an attempt, `attempts` counting this one."""
    if answer.is_taken:
        return replace(delivery, state="delivered", ended_at=now, detail=answer.detail)
    if delivery.attempts > len(PAUSES):
        return replace(delivery, state="dead", ended_at=now, detail=answer.detail)
    pause = PAUSES[delivery.attempts - 1] * rng.uniform(1 - _JITTER, 1 + _JITTER)
    return replace(delivery, state="waiting", due_at=now + pause, detail=answer.detail)

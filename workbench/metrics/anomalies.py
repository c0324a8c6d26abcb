"""Which error codes are new, and which became much more frequent. Pure.

*New*: the code's first day in the whole lake lies in the period, and the lake was read for two weeks before.
*Spike*: a day with at least ten messages, at least twice the average of the fourteen days before it, and more
than four standard deviations of a count of that size above it. At least seven days before must be held.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeVar

BASELINE_DAYS = 14
FEWEST_BASELINE_DAYS = 7
FEWEST_MESSAGES = 10
_TIMES = 2
_DEVIATIONS = 4


Code = TypeVar("Code", int, int | None)


@dataclass(frozen=True)
class Anomaly:
    """An unusual day of a code: ``messages`` on ``day``, where ``usual`` was the daily average before."""

    code: int | None
    kind: Literal["new", "spike"]
    day: date
    messages: int
    usual: float


def find_anomalies(
    days: Mapping[Code, Mapping[date, int]], since: date, until: date, held_days: Collection[date]
) -> list[Anomaly]:
    """At most one anomaly for each code, the largest jump first.

    Args:
        days: messages by code and day, over the whole lake.
        since: first day looked at; ``until`` is the first one not looked at any more.
        held_days: the days that the lake holds, from two weeks before `since`; no other counts.
    """
    anomalies = [_anomaly(code, counts, since, until, held_days) for code, counts in days.items()]
    return sorted(
        (anomaly for anomaly in anomalies if anomaly),
        key=lambda anomaly: (anomaly.usual - anomaly.messages, anomaly.code or 0),
    )


def _anomaly(
    code: int | None, counts: Mapping[date, int], since: date, until: date, held_days: Collection[date]
) -> Anomaly | None:
    present = [day for day, number in counts.items() if number]
    first = min(present, default=until)
    if since <= first < until and {first, *_days_before(first)} <= set(held_days):
        total = max(counts[day] for day in present if day < until)
        return Anomaly(code, "new", first, total, 0.0)
    spikes = [
        Anomaly(code, "spike", day, counts[day], usual)
        for day in present
        if since <= day < until
        and day in held_days
        and (usual := _usual(counts, day, held_days)) is not None
        and _stands_out(counts[day], usual)
    ]
    return max(spikes, key=lambda spike: spike.messages - spike.usual, default=None)


def _days_before(day: date) -> list[date]:
    return [day - timedelta(days=number) for number in range(1, BASELINE_DAYS + 1)]


def _usual(counts: Mapping[date, int], day: date, held_days: Collection[date]) -> float | None:
    """The average of the days before, None if too few are held."""
    known = [counts.get(earlier, 0) for earlier in _days_before(day) if earlier in held_days]
    return sum(known) / len(known) if len(known) >= FEWEST_BASELINE_DAYS else None


def _stands_out(number: int, usual: float) -> bool:
    threshold = usual + _DEVIATIONS * math.sqrt(max(usual, 1.0))
    return number >= max(FEWEST_MESSAGES, _TIMES * usual) and number > threshold

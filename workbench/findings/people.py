"""Findings about people who asked to stop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pandas as pd

from workbench.display.formats import is_missing, plural
from workbench.display.periods import Period
from workbench.findings.finding import Finding
from workbench.findings.reader import FindingReader
from workbench.metrics import METRICS
from workbench.metrics.anomalies import BASELINE_DAYS, find_anomalies
from workbench.metrics.change import Share, is_more_than_chance

_PAGE = ("messages", "Show the messages")
_STOPS = {"counted": "opt_outs", "direction": "all"}
"""Leaves the messages by which people opted out."""
PERSON_WEIGHT = 10
"""Somebody who leaves is worth ten messages that do not arrive."""


def opt_outs(reader: FindingReader) -> Iterator[Finding]:
    """More or fewer people than in the period before, and days with many."""
    counted, previous = reader.metric("opt_outs").frame["opt_outs"].iloc[0], reader.previous
    if is_missing(counted):
        return
    now = int(counted)
    if previous is not None:
        before = int(previous.metric("opt_outs").frame["opt_outs"].iloc[0])
        if is_more_than_chance(METRICS["opt_outs"], Share(now, 0), Share(before, 0)):
            more = now > before
            yield Finding(
                "bad" if more else "good",
                f"{'More' if more else 'Fewer'} people opted out: {now:,} against {before:,} before",
                "Each counts once, by a stop keyword. Compare with what was sent in these days.",
                *_PAGE, _STOPS, touched=_touched(reader, abs(now - before)),
            )  # fmt: skip
    yield from _spikes(reader)


def _spikes(reader: FindingReader) -> Iterator[Finding]:
    period = reader.period
    since = period.since - timedelta(days=BASELINE_DAYS)
    frame = reader.over(Period(since, period.until, period.timezone)).metric("opt_outs", by=("day",)).frame
    days: dict[date, int] = {
        pd.Timestamp(day).date(): int(number)
        for day, number in zip(frame["day"], frame["opt_outs"], strict=True)
    }
    # Of a day that is not over there may be too many already.
    held_days = reader.held_days(since, is_over=False)
    for spike in find_anomalies({0: days}, period.since, period.until, held_days):
        if spike.kind == "new":
            continue
        yield Finding(
            "bad",
            f"{plural(spike.messages, 'person').replace('persons', 'people')} opted out on "
            f"{spike.day.day} {spike.day:%b}",
            f"Usually {spike.usual:.1f} a day. Look at what was sent on that day and the one before.",
            *_PAGE,
            _STOPS
            | {
                "period": "custom", "since": spike.day.isoformat(),
                "until": (spike.day + timedelta(days=1)).isoformat(),
            },
            touched=_touched(reader, spike.messages),
        )  # fmt: skip


def _touched(reader: FindingReader, people: int) -> float:
    return PERSON_WEIGHT * people / (float(reader.metric("messages").frame["messages"].iloc[0]) or 1.0)

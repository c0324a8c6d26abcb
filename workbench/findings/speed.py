"""Findings about waiting: senders at their limit, long queues, days on which traffic stopped or jumped."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from statistics import median
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.display.periods import Period
from workbench.findings.finding import Finding
from workbench.findings.reader import FindingReader
from workbench.metrics import METRICS

_MOST_NAMES = 4
_LONG_WAIT = 60.0
_TIMES = 3.0
_FEWEST_RECEIPTS = 100
"""The slowest tenth of fewer moves by chance."""
_WEEKS = 4
_FEWEST_WEEKS = 2
_FEWEST_A_DAY = 50
_LOW, _HIGH = 0.2, 3.0
"""A day with less than a fifth, or more than three times, of what its weekday usually has."""
_FEWEST_SHARE = 0.01


def limits(reader: FindingReader) -> Iterator[Finding]:
    """Senders that were at their limit, together, the longest first."""
    frame = reader.metric("minutes_at_limit", by=("sender",)).frame.dropna(subset=["sender"])
    frame = frame[frame["minutes_at_limit"] > 0].sort_values(
        "minutes_at_limit", ascending=False, kind="stable"
    )
    if frame.empty:
        return
    senders, minutes = list(frame["sender"]), int(frame["minutes_at_limit"].sum())
    wait = reader.metric("queue_wait_p95", where={"sender": senders}).frame.iloc[0]
    names = [reader.label("sender", sender) for sender in senders[:_MOST_NAMES]]
    more = len(senders) - _MOST_NAMES
    subject = f"{len(senders)} senders were at their limits" if more > 0 else f"{' and '.join(names)} "
    verb = "" if more > 0 else "was at its limit" if len(names) == 1 else "were at their limits"
    whose = "its" if len(senders) == 1 else "their"
    yield Finding(
        "bad",
        f"{subject}{verb} for {formats.plural(minutes, 'minute')}",
        f"95 % of {whose} {int(wait['sample_size'] or 0):,} messages left within "
        f"{formats.duration(wait['queue_wait_p95'])} of being created.",
        "throughput", "Throughput",
        {"sender": [reader.token("sender", sender) for sender in senders]},
        touched=minutes / max(reader.period.day_count * 60, 1),
    )  # fmt: skip


def waits(reader: FindingReader) -> Iterator[Finding]:
    """Services and senders whose messages wait much longer than the others'."""
    metric = METRICS["queue_wait_p95"]
    for dimension in ("messaging_service", "sender"):
        frame = reader.metric(metric.name, by=(dimension,)).frame.dropna(subset=[dimension, metric.name])
        frame = frame[frame["sample_size"] >= metric.minimum_sample]
        if len(frame) < 2:
            continue
        total = float(frame["sample_size"].sum())
        for row in frame.sort_values(metric.name, ascending=False, kind="stable").to_dict("records"):
            others = frame[frame[dimension] != row[dimension]][metric.name]
            if row[metric.name] < max(_LONG_WAIT, _TIMES * float(others.median())):
                break
            yield Finding(
                "bad",
                f"{reader.label(dimension, row[dimension])}: 95 % of {int(row['sample_size']):,} messages "
                f"left within {formats.duration(row[metric.name])}",
                f"Half of the others within {formats.duration(float(others.median()))}.",
                "throughput", "Throughput",
                {dimension: reader.token(dimension, row[dimension])},
                touched=float(row["sample_size"]) / total / 20,
            )  # fmt: skip
            return


def deliveries(reader: FindingReader) -> Iterator[Finding]:
    """The sender or country whose receipts come much later than in the period before.

    What is slow for one country is a little slower for every sender, so only the slowest is told.
    """
    name, previous = "delivery_time_p90", reader.previous
    if previous is None:
        return
    slower = []
    for dimension in ("sender", "country"):
        now, before = (_durations(each, name, dimension) for each in (reader, previous))
        total = sum(sample for _, sample in now.values())
        slower += [
            (seconds - before[value][0], dimension, value, sample / total)
            for value, (seconds, sample) in now.items()
            if value in before and seconds >= max(_LONG_WAIT, _TIMES * before[value][0])
        ]
    if not slower:
        return
    _, dimension, value, share = max(slower, key=lambda each: each[0])
    (seconds, sample), (usual, _) = (_durations(each, name, dimension)[value] for each in (reader, previous))
    yield Finding(
        "bad",
        f"{reader.label(dimension, value)}: 90 % of {sample:,} receipts came within "
        f"{formats.duration(seconds)}",
        f"In the period before within {formats.duration(usual)}. Ask Twilio or the carrier.",
        "messages", "Show the messages",
        {"counted": name, dimension: reader.token(dimension, value)},
        touched=share / 10,
    )  # fmt: skip


def _durations(reader: FindingReader, name: str, dimension: str) -> dict[Any, tuple[float, int]]:
    """Seconds and sample of each value that has enough messages."""
    frame = reader.metric(name, by=(dimension,)).frame.dropna(subset=[dimension, name])
    frame = frame[frame["sample_size"] >= _FEWEST_RECEIPTS]
    columns = (frame[dimension], frame[name], frame["sample_size"])
    return {value: (float(seconds), int(sample)) for value, seconds, sample in zip(*columns, strict=True)}


def volume(reader: FindingReader) -> Iterator[Finding]:
    """Days on which hardly anything, or much more than usual, went out."""
    period = reader.period
    since = period.since - timedelta(weeks=_WEEKS)
    counts = reader.over(Period(since, period.until, period.timezone)).metric("messages", by=("day",)).frame
    days = {
        pd.Timestamp(day).date(): int(n) for day, n in zip(counts["day"], counts["messages"], strict=True)
    }
    total = sum(number for day, number in days.items() if day >= period.since) or 1
    held_days = reader.held_days(since, is_over=True)
    last = period.last_day if period.now else period.until
    for day in period.days:
        usual, number = _usual(days, day, held_days), days.get(day, 0)
        if day >= last or day not in held_days or usual is None or usual < _FEWEST_A_DAY:
            continue
        if _LOW * usual < number < _HIGH * usual:
            continue
        few = number < usual
        yield Finding(
            "bad" if few else "neutral",
            f"{'Only ' if few else ''}{formats.plural(number, 'message')} on {day.day} {day:%b}",
            f"Usually {formats.count(usual)} on a {day:%A}. "
            + ("Was sending stopped, or something not read?" if few else "Was that planned?"),
            "messages", "Show the messages",
            {"period": "custom", "since": day.isoformat(), "until": (day + timedelta(days=1)).isoformat()},
            touched=abs(number - usual) / total,
        )  # fmt: skip


def _usual(days: dict[date, int], day: date, held_days: Collection[date]) -> float | None:
    """The median of the same weekday in the weeks before."""
    before = [day - timedelta(weeks=number) for number in range(1, _WEEKS + 1)]
    known = [days.get(each, 0) for each in before if each in held_days]
    return median(known) if len(known) >= _FEWEST_WEEKS else None


def in_flight(reader: FindingReader) -> Iterator[Finding]:
    """Messages of days gone by that still have no final status."""
    period = reader.period
    if period.day_count < 3:
        return
    before = period.last_day - timedelta(days=3)
    if before <= period.since:
        return
    older = Period(period.since, before, period.timezone)
    number = int(reader.over(older).metric("in_flight").frame["in_flight"].iloc[0])
    total = float(reader.over(older).metric("messages").frame["messages"].iloc[0]) or 1.0
    if number < 10 or number / total < _FEWEST_SHARE:
        return
    query: dict[str, Any] = {
        "outcome": ["in flight"], "period": "custom", "since": older.since.isoformat(),
        "until": older.until.isoformat(),
    }  # fmt: skip
    yield Finding(
        "bad",
        f"{formats.plural(number, 'message')} still in flight after three days",
        "They were accepted and have no final status. Run a sync; what stays so, ask Twilio about.",
        "messages", "Show the messages", query, touched=number / total,
    )  # fmt: skip

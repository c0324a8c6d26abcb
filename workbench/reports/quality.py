"""Checks whether the data is good enough for a report: reads facts from the lake, and names the problems.

`read_facts` reads, `judge` decides and is pure. Money and message counts come from the metrics registry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from workbench.display import formats
from workbench.display.formats import plural
from workbench.display.moments import moment
from workbench.display.periods import Period
from workbench.lake.connect import Lake
from workbench.lake.quarantine import count_open, count_rejected
from workbench.lake.read_days import read_whole_days
from workbench.messaging.status import SENT_IS_FINAL_AFTER
from workbench.metrics import Where, freshness, query_metric
from workbench.metrics.filter_values import find_dimension

Kind = Literal["unknown", "stale", "gap", "unreconciled", "unpriced", "unfinished", "quarantined"]

#: Outcomes that Twilio bills; a failed message never gets a price.
_BILLED = ("delivered", "undelivered", "unknown")


@dataclass(frozen=True)
class QualityProblem:
    """One problem of a report's data."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class DataQuality:
    """The facts about a period's data. Times in UTC, days GMT as in Twilio's list.

    `days` are those that have begun; `unread_days` were never read from Twilio to their end;
    `unreconciled_days` differ from Twilio without an explanation; `unpriced` of `billed` messages have no
    price yet. `quarantined` rows from Twilio and `rejected` lines of files, of any day, could not be read.
    """

    as_of: datetime
    last_sync_at: datetime | None
    newest_message_at: datetime | None
    messages: int
    open_messages: int
    billed: int
    unpriced: int
    days: int
    unread_days: tuple[date, ...] = ()
    unreconciled_days: tuple[date, ...] = ()
    quarantined: int = 0
    rejected: int = 0


def read_facts(lake: Lake, period: Period, where: Where | None = None) -> DataQuality:
    """The facts of a period; `where` filters the message counts, not the days."""
    fresh = freshness(lake)
    billed, unpriced = _pricing(lake, period, where)
    days = _begun_days(period, fresh.as_of)
    return DataQuality(
        as_of=fresh.as_of,
        last_sync_at=fresh.last_sync_at,
        newest_message_at=fresh.newest_message_at,
        messages=_total(lake, "messages", period, where),
        open_messages=_total(lake, "in_flight", period, where),
        billed=billed,
        unpriced=unpriced,
        days=len(days),
        unread_days=_unread_days(lake, days, fresh.as_of),
        unreconciled_days=_unreconciled_days(lake, period),
        quarantined=sum(sum(counts.values()) for counts in count_open(lake).values()),
        rejected=sum(count_rejected(lake).values()),
    )


def judge_filters(unknown: Mapping[str, Sequence[str]]) -> tuple[QualityProblem, ...]:
    """A problem for each dimension with filter values that do not occur in the lake."""
    return tuple(
        QualityProblem(
            "unknown",
            f"{find_dimension(name).label} {', '.join(values)} was never seen in this lake: "
            "nothing of it can be in these numbers.",
        )
        for name, values in unknown.items()
    )


def judge(
    facts: DataQuality,
    period: Period,
    *,
    stale_after: timedelta = timedelta(hours=24),
    priced_at_least: float = 0.98,
) -> tuple[QualityProblem, ...]:
    """The problems that the report must show in red before its numbers."""
    return tuple(
        problem
        for problem in (
            _stale(facts, period, stale_after),
            _gap(facts),
            _unreconciled(facts),
            _quarantined(facts),
            _unpriced(facts, priced_at_least),
            _unfinished(facts, period),
        )
        if problem
    )


def _stale(facts: DataQuality, period: Period, stale_after: timedelta) -> QualityProblem | None:
    """Whether the data is stale; a past period needs a sync after its last `sent` messages became final."""
    if facts.last_sync_at is None:
        return QualityProblem("stale", "Nothing was ever synced: run `workbench sync`.")
    needed = min(facts.as_of, period.ends_at + SENT_IS_FINAL_AFTER)
    if facts.last_sync_at >= needed - stale_after:
        return None
    hours = int((facts.as_of - facts.last_sync_at).total_seconds() // 3600)
    return QualityProblem(
        "stale",
        f"The data is stale: the last sync ended {moment(facts.last_sync_at, period.timezone)}, "
        f"{plural(hours, 'hour')} before this report. Statuses and prices may have changed since.",
    )


def _gap(facts: DataQuality) -> QualityProblem | None:
    if not facts.unread_days:
        return None
    number_of_days = plural(len(facts.unread_days), "day")
    return QualityProblem(
        "gap",
        f"The data has gaps: {number_of_days} of this period (GMT) were not read from Twilio to their end: "
        f"{_spans(facts.unread_days)}. Messages of those days may be missing.",
    )


def _unreconciled(facts: DataQuality) -> QualityProblem | None:
    if not facts.unreconciled_days:
        return None
    return QualityProblem(
        "unreconciled",
        f"{plural(len(facts.unreconciled_days), 'day')} differ from Twilio without an explanation: "
        f"{_spans(facts.unreconciled_days)}. `workbench reconcile --repair` corrects what it can.",
    )


def _quarantined(facts: DataQuality) -> QualityProblem | None:
    if not facts.quarantined:
        return None
    return QualityProblem(
        "quarantined",
        f"{plural(facts.quarantined, 'row')} of Twilio's could not be read and are missing from the numbers, "
        "of any day: `workbench status` says of which resource, table quarantined_rows why.",
    )


def _unpriced(facts: DataQuality, priced_at_least: float) -> QualityProblem | None:
    if not facts.unpriced or (facts.billed - facts.unpriced) / facts.billed >= priced_at_least:
        return None
    share = formats.value(facts.unpriced / facts.billed, "rate")
    return QualityProblem(
        "unpriced",
        f"{facts.unpriced:,} of {facts.billed:,} billed messages ({share}) have no price yet: "
        "the true spend is higher than what is shown.",
    )


def _unfinished(facts: DataQuality, period: Period) -> QualityProblem | None:
    if period.ends_at <= facts.as_of:
        return None
    return QualityProblem(
        "unfinished", f"The period is not over: it ends {moment(period.ends_at, period.timezone)}."
    )


def _spans(days: Sequence[date]) -> str:
    """Days as spans: `2026-09-03 to 2026-09-05, 2026-09-09`; after five spans how many more."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    texts = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    more = [f"and {len(texts) - 5} more spans"] if len(texts) > 5 else []
    return ", ".join(texts[:5] + more)


def _total(lake: Lake, name: str, period: Period, where: Where | None) -> int:
    return int(_query(lake, name, (), period, where).iloc[0][name])


def _pricing(lake: Lake, period: Period, where: Where | None) -> tuple[int, int]:
    """The numbers of billed messages and of those without a price, from the priced share by outcome."""
    frame = _query(lake, "priced_share", ("outcome",), period, where)
    billed = unpriced = 0
    for row in frame[frame["outcome"].isin(_BILLED)].itertuples():
        billed += int(row.sample_size)
        unpriced += round(float(row.sample_size) * (1 - float(row.priced_share)))
    return billed, unpriced


def _query(lake: Lake, name: str, by: Iterable[str], period: Period, where: Where | None) -> Any:
    days = (period.since, period.until)
    return query_metric(lake, name, tuple(by), where, *days, timezone=period.timezone).frame


def _begun_days(period: Period, as_of: datetime) -> list[date]:
    """The GMT days of the period, without future days."""
    first, last = period.begins_at.date(), min(period.ends_at - timedelta(microseconds=1), as_of).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _unread_days(lake: Lake, days: Iterable[date], as_of: datetime) -> tuple[date, ...]:
    """The days that were not read to their end from Twilio's list, for any synced account.

    A day with imported files counts as read; today counts as soon as its reading has begun.
    """
    accounts = {sid for (sid,) in lake.rows("select distinct account_sid from sync_windows")}
    read = read_whole_days(lake, as_of)
    return tuple(day for day in days if not accounts or any((sid, day) not in read for sid in accounts))


def _unreconciled_days(lake: Lake, period: Period) -> tuple[date, ...]:
    rows = lake.rows(
        "select distinct day from gaps where reason = 'unexplained' and day between $first and $last "
        "order by day",
        {
            "first": period.begins_at.date(),
            "last": (period.ends_at - timedelta(microseconds=1)).date(),
        },
    )
    return tuple(day for (day,) in rows)

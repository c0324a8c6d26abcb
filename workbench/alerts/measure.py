"""Measures what a rule over a metric watches, now and at the same hours of the last weeks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from workbench.alerts.cells import number_of, text_of, whole_of
from workbench.alerts.judge import Verdict, judge, needs_usual
from workbench.alerts.measurement import Measurement, Sample
from workbench.alerts.rule import AlertRule
from workbench.lake.connect import Readable
from workbench.metrics.coverage import Coverage
from workbench.metrics.definitions import METRICS
from workbench.metrics.run import query_metric

WEEKS = 6
"""How many weeks back the same hours are looked at."""
_OUTCOMES = ("error_code", "outcome", "status")
"""What became of a message: what a count is divided by is not told apart by these."""

Group = tuple[str | None, ...]


def judge_metric(
    read: Read,
    rule: AlertRule,
    coverage: Coverage,
    now: datetime,
    timezone: str,
    remembered: Iterable[Mapping[str, str | None]] = (),
) -> list[Verdict]:
    """A verdict for each subject that has messages, and for those that an event is open about.

    Args:
        read: gives the numbers of a window, see :func:`lake_reader`.
        remembered: the groups of these events.
    """
    if coverage.until is None:
        return []
    until = min(now, coverage.until) - rule.delay
    since = until - rule.window
    if not coverage.holds(since, until):
        return []
    reading = read(rule, since, until)
    groups = [*reading.groups, *(tuple(group[name] for name in rule.by) for group in remembered)]
    measurements = [reading.measurement(group) for group in dict.fromkeys(groups)]
    if any(needs_usual(rule, measurement) for measurement in measurements):
        weeks = [
            read(rule, first, last)
            for first, last in earlier_windows(since, until, timezone)
            if coverage.holds(first, last)
        ]
        measurements = [
            replace(measurement, usual=[week.sample_of(tuple(measurement.group.values())) for week in weeks])
            for measurement in measurements
        ]
    return [judge(rule, measurement) for measurement in measurements]


def earlier_windows(since: datetime, until: datetime, timezone: str) -> list[tuple[datetime, datetime]]:
    """The same hours of the last weeks by the clock on the wall, the latest first.

    Each is as long as this one: where a clock was changed in between, the hour that is missing or comes twice
    would make a window of no length, or of the double.
    """
    ends = [_weeks_before(until, weeks, timezone) for weeks in range(1, WEEKS + 1)]
    return [(end - (until - since), end) for end in ends]


def _weeks_before(moment: datetime, weeks: int, timezone: str) -> datetime:
    local = moment.astimezone(ZoneInfo(timezone))
    # Python subtracts days on the wall clock.
    return (local - timedelta(weeks=weeks)).astimezone(UTC)


@dataclass(frozen=True)
class Reading:
    """A rule's numbers over one window: value, sample and messages in flight of each group."""

    rule: AlertRule
    since: datetime
    until: datetime
    groups: Mapping[Group, tuple[float | None, int | None, int]]
    divisors: Mapping[Group, int]

    def measurement(self, group: Group) -> Measurement:
        sample = self.sample_of(group)
        in_flight = self.groups[group][2] if group in self.groups else 0
        by = dict(zip(self.rule.by, group, strict=True))
        return Measurement(by, sample.value, sample.size, in_flight, self.since, self.until)

    def sample_of(self, group: Group) -> Sample:
        """A group that has no row had none of what is counted; of anything else nothing is known."""
        is_count = METRICS[self.rule.metric].unit == "count"
        value, size, _ = self.groups.get(group, (0.0 if is_count else None, None, 0))
        if not self.rule.per:
            return Sample(value, size)
        divisor = self.divisors.get(_divisor_key(self.rule, group), 0)
        return Sample((value or 0.0) / divisor if divisor else None, divisor)


Read = Callable[[AlertRule, datetime, datetime], Reading]
"""Gives a rule's numbers from a moment up to another one, which is not included."""


def lake_reader(lake: Readable, timezone: str) -> Read:
    """Reads metrics of a lake."""
    return lambda rule, since, until: _read(lake, rule, since, until, timezone)


def _read(lake: Readable, rule: AlertRule, since: datetime, until: datetime, timezone: str) -> Reading:
    rows = _rows(lake, rule.metric, rule.by, rule.where, since, until, timezone)
    groups = {
        tuple(text_of(row[name]) for name in rule.by): (
            number_of(row[rule.metric]),
            whole_of(row.get("sample_size")),
            whole_of(row.get("in_flight")) or 0,
        )
        for row in rows
    }
    divisors: dict[Group, int] = {}
    if rule.per:
        by = [name for name in rule.by if name not in _OUTCOMES]
        where = {name: value for name, value in rule.where.items() if name not in _OUTCOMES}
        counts = _rows(lake, rule.per, by, where, since, until, timezone)
        divisors = {tuple(text_of(row[name]) for name in by): whole_of(row[rule.per]) or 0 for row in counts}
    return Reading(rule, since, until, groups, divisors)


def _rows(
    lake: Readable,
    metric: str,
    by: Sequence[str],
    where: Mapping[str, Any],
    since: datetime,
    until: datetime,
    timezone: str,
) -> list[dict[str, Any]]:
    frame = query_metric(lake, metric, by, where, since, until, timezone=timezone).frame
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _divisor_key(rule: AlertRule, group: Group) -> Group:
    return tuple(value for name, value in zip(rule.by, group, strict=True) if name not in _OUTCOMES)

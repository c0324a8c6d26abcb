"""Messages counted by day, kept in the memory of a process that queries one lake many times.

A page queries dozens of numbers whenever a filter changes. In the lake, each of these queries reads the
messages again; in the cube, it reads some thousand rows for a month. The cube follows the lake: the days
that a commit changed are counted again. So are, from time to time, the days with messages in flight, since
a message that was sent long enough ago becomes final without any commit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

from workbench.errors import LakeError
from workbench.lake.connect import Lake
from workbench.metrics.compile import Moment, compile_metric, find_metric
from workbench.metrics.cube_sql import KEPT_PEOPLE, KEYS, compile_on_cube
from workbench.metrics.filter_values import Where
from workbench.metrics.run import MetricResult
from workbench.metrics.sql_text import literal

log = logging.getLogger(__name__)

_AGES_AFTER_SECONDS = 600
_MOST_CUTS = 100
#: Deleted rows keep their memory, so the whole cube is counted again after this many days were.
_MOST_RECOUNTED = 2_000
_numbers = count(1)


class DayCube:
    """All messages of a lake by day in one time zone. One thread at a time.

    Costs one reading of the narrow columns of the whole lake at first, then of the days that changed.
    """

    def __init__(self, lake: Lake, timezone: str) -> None:
        self._lake = lake
        self.timezone = timezone
        self._table: LiteralString = f"memory.main.day_cube_{next(_numbers):d}"
        self._snapshot: int | None = None
        self._generation = lake.generation
        self._counted_at = 0.0
        self._recounted = 0
        self._cuts: set[datetime] = set()

    def close(self) -> None:
        """Give the memory back."""
        self._run("drop table if exists {table}")

    def follow(self, snapshot: int) -> None:
        """Count again the days that commits up to ``snapshot`` changed, and those with messages in flight."""
        if self._generation != self._lake.generation:
            self._snapshot, self._generation = None, self._lake.generation
        known, is_old = self._snapshot, time.monotonic() - self._counted_at > _AGES_AFTER_SECONDS
        if known is not None and snapshot <= known and not is_old:
            return
        days = None if known is None else self._changed_days(known, snapshot)
        if days is None or self._recounted > _MOST_RECOUNTED:
            self._count_everything()
        else:
            if is_old:
                days |= {row[0] for row in self._run(_OPEN_DAYS)}
            self._count_days(sorted(days))
        if is_old:
            self._counted_at = time.monotonic()
        self._snapshot = max(snapshot, known or 0)

    def metric(
        self, name: str, by: Sequence[str], where: Where, since: Moment, until: Moment
    ) -> MetricResult | None:
        """One metric, as of :func:`workbench.metrics.query_metric`; None where the cube cannot answer it.

        ``since`` is a day or None; ``until`` a day, a moment or None.
        """
        days = self._days_sql(since, until)
        compiled = days and compile_on_cube(name, by, where, self.timezone, self._table, days)
        if not compiled:
            return None
        as_of = datetime.now(UTC)
        with self._lake.memory() as cursor:
            frame = cursor.execute(compiled.sql, compiled.parameters).df()
        # The result shows the SQL over messages, which defines the number; tests compare the cube's answers
        # with it.
        defined = compile_metric(name, by, where, since, until, timezone=self.timezone)
        return MetricResult(find_metric(name), frame, defined.sql, defined.parameters, as_of)

    def totals(self) -> tuple[int, datetime | None, datetime | None]:
        """How many messages there are, and when the first and the last of them were created."""
        number, first, last = self._run(_TOTALS)[0]
        return int(number or 0), first, last

    def _days_sql(self, since: Moment, until: Moment) -> LiteralString | None:
        if not (since is None or _is_day(since)) or not (until is None or isinstance(until, date)):
            return None
        parts = [f"day >= {literal(since)}"] if since else []
        if until is None or _is_day(until):
            return " and ".join([*parts, "cut is null", *([f"day < {literal(until)}"] if until else [])])
        cut = self._cut(until)  # type: ignore[arg-type]
        whole = " and ".join([*parts, "cut is null", f"day < {literal(_local_day(cut, self.timezone))}"])
        return f"(({whole}) or cut = {literal(cut)})"

    def _cut(self, moment: datetime) -> datetime:
        """The moment in UTC, with the part of its day that lies before it counted."""
        zone = ZoneInfo(self.timezone)
        cut = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        if cut not in self._cuts:
            if len(self._cuts) >= _MOST_CUTS:
                self._forget_cuts()
            begin = datetime.combine(_local_day(cut, self.timezone), datetime.min.time(), zone)
            span = {"zone": self.timezone, "since": begin, "until": cut}
            with self._lake.cursor() as cursor:
                cursor.execute(self._insert_sql(_BETWEEN, cut="$until"), span)
            self._cuts.add(cut)
        return cut

    def _forget_cuts(self) -> None:
        self._run("delete from {table} where cut is not null")
        self._cuts.clear()

    def _count_everything(self) -> None:
        self._snapshot, self._recounted = None, 0
        self._cuts.clear()
        counted = _COUNTED.format(keys=_KEYS, cut="null::timestamptz", where="true")
        with self._lake.cursor() as cursor:
            cursor.execute(f"drop table if exists {self._table}")
            cursor.execute(f"create table {self._table} as {counted}", {"zone": self.timezone})

    def _count_days(self, days: Sequence[date]) -> None:
        self._forget_cuts()
        if not days:
            return
        self._recounted += len(days)
        zone = ZoneInfo(self.timezone)
        span = {
            "zone": self.timezone,
            "days": list(days),
            "since": datetime.combine(days[0], datetime.min.time(), zone),
            "until": datetime.combine(days[-1] + timedelta(days=1), datetime.min.time(), zone),
        }
        where = f"{_BETWEEN} and list_contains($days, cast(timezone($zone, date_created) as date))"
        with self._lake.cursor() as cursor:
            cursor.execute("begin")
            cursor.execute(self._named("delete from {table} where list_contains(?, day)"), [list(days)])
            cursor.execute(self._insert_sql(where), span)
            cursor.execute("commit")

    def _insert_sql(self, where: LiteralString, cut: LiteralString = "null::timestamptz") -> LiteralString:
        return f"insert into {self._table} " + _COUNTED.format(keys=_KEYS, cut=cut, where=where)

    def _changed_days(self, before: int, now: int) -> set[date] | None:
        """The days of the messages that commits after ``before`` changed; None where that is not known."""
        if now == before:
            return set()
        span = {"first": before + 1, "last": now}
        try:
            if self._lake.value(_CHANGED_TOMBSTONES, span):
                # A tombstone does not say of which day its message is.
                return None
            return {row[0] for row in self._lake.rows(_CHANGED_DAYS, {**span, "zone": self.timezone})}
        except LakeError as error:
            log.debug("day cube: the commits %s to %s cannot be compared: %s", before, now, error)
            return None

    def _run(self, sql: LiteralString) -> list[tuple[Any, ...]]:
        """A statement on the cube itself, ``{table}`` in it."""
        with self._lake.memory() as cursor:
            return cursor.execute(self._named(sql)).fetchall()

    def _named(self, sql: LiteralString) -> LiteralString:
        return sql.replace("{table}", self._table)


def _is_day(moment: Moment) -> bool:
    return isinstance(moment, date) and not isinstance(moment, datetime)


def _local_day(moment: datetime, timezone: str) -> date:
    return moment.astimezone(ZoneInfo(timezone)).date()


_KEYS = ", ".join([*KEYS, *(f"{expression} as {name}" for name, expression in KEPT_PEOPLE.items())])
_COUNTED = """
select
    cast(timezone($zone, date_created) as date) as day, {cut} as cut, {keys},
    count(*)::bigint as n, min(date_created) as first_at, max(date_created) as last_at
from message_facts
where {where}
group by all
order by day
"""
_BETWEEN = "date_created >= $since and date_created < $until"
_OPEN_DAYS = "select distinct day from {table} where is_outbound and not is_final"
_TOTALS = "select sum(n), min(first_at), max(last_at) from {table} where cut is null"
_CHANGED_TOMBSTONES = (
    "select count(*) from ducklake_table_changes('lake', 'main', 'tombstones', $first, $last)"
)
_CHANGED_DAYS = """
select distinct cast(timezone($zone, date_created) as date)
from ducklake_table_changes('lake', 'main', 'raw_messages', $first, $last)
"""

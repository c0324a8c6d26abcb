"""The messages of a period in memory, for the queries that a day cube cannot answer.

Percentiles, seconds of sending and audits are computed from the messages themselves, and a page runs dozens
of such queries on one period. Once the period is in memory, each query takes milliseconds, whatever the
filter. The tables of a slice have the names of the lake's views, so the same SQL runs on both.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any, LiteralString

from workbench.lake.connect import Lake, Parameters
from workbench.lake.views import known_views
from workbench.metrics.definitions import METRICS
from workbench.metrics.definitions.dimensions import LOCAL
from workbench.metrics.sql_text import with_literals
from workbench.metrics.sql_tree import QueryShape, query_shape, with_local_column

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

MOST_ROWS = 12_000_000
"""A period with more messages is queried in the lake. When all slices together hold more rows, those that
were used longest ago are dropped. A million messages are about 17 MB, with the SIDs that audits need 50
MB."""
#: Rows are compressed only when a write ends, and need about twenty times the memory before; so they are
#: written in portions. Audits are not: they read more than the period, and would read it again for each
#: portion.
_ROWS_AT_ONCE = 1_000_000
_MOST_AUDITED = 2_000_000
_AGES_AFTER_SECONDS = 300
#: Columns that no metric and no audit needs, by view; the views with a row for every message leave out its
#: SID too.
_UNUSED = frozenset(
    {"from_address", "to_address", "body", "revocation", "revocation_language", "date_updated"}
)
_UNUSED_ONE_BY_ONE = _UNUSED | {"message_sid", "conversation_id"}
_LEFT_OUT: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("message_facts", "sending_facts", "delivery_facts"), _UNUSED_ONE_BY_ONE),
    "revocations": frozenset(),
}
#: A table macro that takes the period is quicker than a view whose rows are filtered afterwards.
_BY_PERIOD = {"audit_frequency": "sends_by_frequency($since, $until)"}
_SOURCES = frozenset(metric.source for metric in METRICS.values())
_LOCAL_COLUMN = "local_created"
_numbers = count(1)

Period = tuple[datetime | None, datetime | None, str]
"""From, until (not included), and the time zone of its days."""


class Slice:
    """The messages of one period, as of one version of the lake. Not safe for several threads."""

    def __init__(
        self,
        lake: Lake,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        timezone: str = "UTC",
        messages: int = 0,
    ) -> None:
        """Nothing is read before the first query.

        Args:
            timezone: of queries about days and hours.
            messages: about how many there are.
        """
        self._lake, self._timezone = lake, timezone
        self._period, self._messages = (since, until), messages
        self._portions = _portions(since, until, messages // _ROWS_AT_ONCE + 1)
        self._schema: LiteralString = f"slices.slice_{next(_numbers):d}"
        self._held: set[str] = set()
        self._asked_once: set[str] = set()
        self._has_schema = False
        self.rows_held = 0

    def close(self) -> None:
        """Give the memory back."""
        if not self._has_schema:
            return
        with self._lake.memory() as cursor:
            cursor.execute(f"drop schema if exists {self._schema} cascade")

    def rows(self, sql: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
        with self._asked(sql, parameters) as cursor:
            return cursor.fetchall()

    def value(self, sql: str, parameters: Parameters = None) -> Any:
        """The first column of the first row; None when there is no row."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def frame(self, sql: str, parameters: Parameters = None) -> pd.DataFrame:
        with self._asked(sql, parameters) as cursor:
            return cursor.df()

    @contextmanager
    def _asked(self, sql: str, parameters: Parameters) -> Iterator[duckdb.DuckDBPyConnection]:
        """Run a query on the slice, or on the lake where it needs more than the slice has."""
        shape = query_shape(sql)
        sources = _SOURCES & shape.tables if shape else frozenset()
        if shape is None or not self._answers(sources, shape):
            with self._lake.cursor() as cursor:
                yield cursor.execute(sql, parameters)
            return
        for source in sources - self._held:
            self._hold(source)
        if isinstance(parameters, Mapping) and parameters.get("timezone") == self._timezone:
            local = with_local_column(sql, _LOCAL_COLUMN)
            if local:
                sql = local.sql
                parameters = {name: parameters[name] for name in parameters if name in local.parameters}
        with self._lake.memory() as cursor:
            cursor.execute(f"use {self._schema}")
            yield cursor.execute(sql, parameters)

    def _answers(self, sources: frozenset[str], shape: QueryShape) -> bool:
        """Whether the slice answers this query, from tables that it has or should read now."""
        left_out = frozenset[str]().union(*(_left_out(source) for source in sources))
        if not shape.calls.isdisjoint(known_views()):
            return False  # a macro of the lake reads tables that a slice has not
        if not sources or not left_out.isdisjoint(shape.columns) or (left_out and shape.has_star):
            return False
        if self._messages > _MOST_AUDITED and not sources <= _LEFT_OUT.keys():
            return False
        # One query reads fewer columns than a slice does, so a view is copied for its second query.
        new = (sources & _LEFT_OUT.keys()) - self._held - self._asked_once
        self._asked_once |= new
        return not new

    def _hold(self, source: LiteralString) -> None:
        with self._lake.cursor() as cursor:
            cursor.execute("attach if not exists ':memory:' as slices (compress)")
            cursor.execute(f"create schema if not exists {self._schema}")
            self._has_schema = True
            if source != "message_facts":
                self._fill(cursor, source)
            else:
                # The same messages, with the limit of their sender besides.
                if "sending_facts" not in self._held:
                    self._fill(cursor, "sending_facts")
                cursor.execute(
                    f"create view {self._schema}.message_facts as from {self._schema}.sending_facts"
                )
        self._held.add(source)

    def _fill(self, cursor: duckdb.DuckDBPyConnection, source: LiteralString) -> None:
        """Copy what a view of the lake has of the period."""
        table = f"{self._schema}.{source}"
        left_out = ", ".join(f"'{name}'" for name in sorted(_left_out(source)))
        columns = f"columns(lambda name: name not in ({left_out}))" if left_out else "*"
        # Converting the time zone takes as long as the rest of a query, so it is done once here.
        local = with_literals(LOCAL, {"timezone": self._timezone})
        view = _BY_PERIOD.get(source, source)
        select = f"select {columns}, {local} as {_LOCAL_COLUMN} from {view}"
        cursor.execute(f"create table {table} as {select} limit 0", _NO_PERIOD if view != source else None)
        try:
            for since, until in self._portions if source in _LEFT_OUT else [self._period]:
                bounds = {"since": since, "until": until}
                cursor.execute(f"insert into {table} {select} where {_IN_PERIOD}", bounds)
                cursor.execute("checkpoint slices")
        except BaseException:
            # A table with half of the period would give wrong numbers.
            cursor.execute(f"drop table if exists {table}")
            raise
        self.rows_held += int(cursor.execute(f"select count(*) from {table}").fetchall()[0][0])
        self._held.add(source)


class Slices:
    """The slices that were used last, within MOST_ROWS. One thread at a time."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._generation = lake.generation
        self._snapshot = -1
        self._kept: OrderedDict[Period, tuple[float, Slice]] = OrderedDict()

    def of(self, snapshot: int, period: Period, messages: int = 0) -> Slice:
        """The messages created in a period, as of the lake's version ``snapshot`` or a later one.

        ``messages`` is about how many there are.
        """
        self.let_go(snapshot)
        if period not in self._kept:
            since, until, timezone = period
            new = Slice(self._lake, since, until, timezone=timezone, messages=messages)
            self._kept[period] = (time.monotonic(), new)
        self._kept.move_to_end(period)
        while len(self._kept) > 1 and sum(kept.rows_held for _, kept in self._kept.values()) > MOST_ROWS:
            self._kept.popitem(last=False)[1][1].close()
        return self._kept[period][1]

    def let_go(self, snapshot: int) -> None:
        """Drop slices of an earlier version of the lake, and those that are too old."""
        if self._generation != self._lake.generation:
            self._kept.clear()
            self._generation = self._lake.generation
        oldest = time.monotonic() - _AGES_AFTER_SECONDS
        for period, (made_at, kept) in tuple(self._kept.items()):
            if snapshot > self._snapshot or made_at < oldest:
                kept.close()
                del self._kept[period]
        self._snapshot = max(snapshot, self._snapshot)


def _left_out(source: str) -> frozenset[LiteralString]:
    return _LEFT_OUT.get(source, _UNUSED)


def _portions(
    since: datetime | None, until: datetime | None, number: int
) -> list[tuple[datetime | None, datetime | None]]:
    """A period cut into ``number`` parts of one length; one without a beginning or an end stays whole."""
    if since is None or until is None:
        return [(since, until)]
    ends = [since + (until - since) / number * at for at in range(number)]
    return list(zip(ends, [*ends[1:], until], strict=True))


_NO_PERIOD = {"since": None, "until": None}
_IN_PERIOD = (
    "($since::timestamptz is null or date_created >= $since) "
    "and ($until::timestamptz is null or date_created < $until)"
)

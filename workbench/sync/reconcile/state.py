"""Reads the lake for a reconciliation and saves its results, one GMT day at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from workbench.lake.connect import Lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import MessageRow
from workbench.sync.messages.rescan import LONGEST_WAIT
from workbench.sync.messages.tombstones import remove_tombstones, save_tombstones
from workbench.sync.reconcile.compare import Callback, DayRead, StoredRow
from workbench.sync.reconcile.discrepancies import Gap

_COLUMNS = ", ".join(f"m.{name}" for name in MessageRow._fields)
_CLASSIFIED = ("keyword", "revocation", "revocation_language", "encoding")
"""Columns that were computed from a text that may have been removed since."""
_STORED_SQL = f"""
    select {_COLUMNS}, greatest(w.read_from, c.checked_at)
    from (
        select *, coalesce(date_sent, date_created) as began_at
        from raw_messages
        where account_sid = $account and date_created >= $oldest and date_created < $newest
    ) m
    left join sync_windows w on w.account_sid = m.account_sid and w.day = cast(m.began_at as date)
    left join open_checks c on c.message_sid = m.message_sid
"""


@dataclass(frozen=True)
class DayCheck:
    """The comparison of one day; a number is None if that side was not or could not be read."""

    day: date
    lake_messages: int
    twilio_messages: int | None
    lake_spend: Decimal | None
    twilio_spend: Decimal | None
    currency: str | None
    gaps: tuple[Gap, ...]

    @property
    def unexplained(self) -> int:
        return sum(not gap.is_explained for gap in self.gaps)


@dataclass(frozen=True)
class DayRepair:
    """The changes that make a day equal to Twilio: Twilio's rows, and messages that Twilio does not have."""

    rows: tuple[MessageRow, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many messages it changes."""
        return len(self.rows) + len(self.gone)


def read_day_read(lake: Lake, account_sid: str, day: date) -> DayRead:
    rows = lake.rows(
        "select read_from, finished_at is not null from sync_windows where account_sid = ? and day = ?",
        [account_sid, day],
    )
    return DayRead(*rows[0]) if rows else DayRead()


def read_stored(lake: Lake, account_sid: str, day: date) -> dict[str, StoredRow]:
    """The lake's messages of a day by SID, with those deleted at Twilio."""
    start = datetime.combine(day, time(), UTC)
    finish = start + timedelta(days=1)
    bounds = {"oldest": start - LONGEST_WAIT, "newest": finish + timedelta(days=1)}
    rows = lake.rows(
        _STORED_SQL + " where m.began_at >= $start and m.began_at < $finish",
        {"account": account_sid, "start": start, "finish": finish, **bounds},
    )
    return _stored_rows(rows)


def read_stored_elsewhere(lake: Lake, account_sid: str, rows: Sequence[MessageRow]) -> dict[str, StoredRow]:
    """Those of the given messages that the lake has, on whatever day."""
    if not rows:
        return {}
    created = [row.date_created for row in rows]
    bounds = {"oldest": min(created), "newest": max(created) + timedelta(seconds=1)}
    stored_rows = lake.rows(
        _STORED_SQL + " where m.message_sid in (select unnest($sids::varchar[]))",
        {"account": account_sid, "sids": [row.message_sid for row in rows], **bounds},
    )
    return _stored_rows(stored_rows)


def _stored_rows(rows: Iterable[Sequence[Any]]) -> dict[str, StoredRow]:
    return {values[0]: StoredRow(MessageRow(*values[:-1]), values[-1]) for values in rows}


def read_deleted(lake: Lake, account_sid: str) -> frozenset[str]:
    """All messages of the account that are marked as deleted at Twilio."""
    rows = lake.rows("select message_sid from tombstones where account_sid = ?", [account_sid])
    return frozenset(sid for (sid,) in rows)


def read_callbacks(
    lake: Lake, account_sid: str, day: date, message_sids: Iterable[str]
) -> dict[str, list[Callback]]:
    """The status callbacks of some messages of a day."""
    start = datetime.combine(day, time(), UTC)
    rows = lake.rows(
        "select message_sid, status, error_code, received_at from status_events "
        "where account_sid = $account and source = 'callback' "
        "and received_at >= $earliest and received_at < $latest "
        "and message_sid in (select unnest($sids::varchar[]))",
        {
            "account": account_sid,
            "earliest": start - LONGEST_WAIT,
            "latest": start + LONGEST_WAIT,
            "sids": list(message_sids),
        },
    )
    callbacks: dict[str, list[Callback]] = defaultdict(list)
    for sid, *values in rows:
        callbacks[sid].append(Callback(*values))
    return dict(callbacks)


_DAY_SQL = "(?, ?, ?, ?, ?, ?, ?::decimal(18, 6), ?::decimal(18, 6), ?::varchar, ?)"
_GAP_SQL = (
    "(?, ?, ?, ?, ?, ?, ?::decimal(18, 6), ?::decimal(18, 6), ?::decimal(18, 6), ?, ?, ?, ?::varchar[])"
)


def save_checks(
    cursor: duckdb.DuckDBPyConnection,
    account_sid: str,
    checks: Sequence[DayCheck],
    checked_at: datetime,
    round: int,
) -> None:
    """Save comparisons; one with the same time and round as a saved one replaces it."""
    days, gaps = [], []
    for check in checks:
        key = [account_sid, check.day, checked_at, round]
        numbers = [check.lake_messages, check.twilio_messages, check.lake_spend, check.twilio_spend]
        days.append([*key, *numbers, check.currency, check.unexplained])
        gaps += [[*key, *_gap_values(gap)] for gap in check.gaps]
    for table, row_sql, rows in (("reconcile_days", _DAY_SQL, days), ("reconcile_gaps", _GAP_SQL, gaps)):
        cursor.execute(
            f"delete from {table} where account_sid = ? and checked_at = ? and round = ? "
            "and day in (select unnest(?::date[]))",
            [account_sid, checked_at, round, [check.day for check in checks]],
        )
        if rows:
            values = ", ".join([row_sql] * len(rows))
            cursor.execute(
                f"insert into {table} values {values}",
                [value for row in rows for value in row],
            )


def _gap_values(gap: Gap) -> list[object]:
    numbers = [gap.lake, gap.twilio, gap.difference, gap.unit, gap.messages]
    return [gap.kind, gap.reason, *numbers, gap.detail, list(gap.examples)]


def apply_repair(
    cursor: duckdb.DuckDBPyConnection, account_sid: str, repair: DayRepair, now: datetime
) -> None:
    """Make the lake equal to Twilio.

    A normal save never reverts a status or removes a price, so a wrong row is deleted first. All is in one
    transaction.
    """
    save_tombstones(cursor, account_sid, repair.gone, now)
    sids = [row.message_sid for row in repair.rows]
    if not sids:
        return
    remove_tombstones(cursor, sids)
    before = _classified(cursor, sids)
    cursor.execute("delete from raw_messages where message_sid in (select unnest(?::varchar[]))", [sids])
    rows = [_keep_classified(row, before.get(row.message_sid)) for row in repair.rows]
    save_messages(cursor, message_table(rows), source="sync", received_at=now)


def _classified(cursor: duckdb.DuckDBPyConnection, sids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    rows = cursor.execute(
        f"select message_sid, {', '.join(_CLASSIFIED)} from raw_messages "
        "where message_sid in (select unnest(?::varchar[]))",
        [sids],
    ).fetchall()
    return {sid: values for sid, *values in rows}


def _keep_classified(row: MessageRow, before: Sequence[Any] | None) -> MessageRow:
    """Keep the columns that were computed from a text if the text was redacted, because they stay true."""
    if row.body or before is None:
        return row
    kept = zip(_CLASSIFIED, before, strict=True)
    return row._replace(**{name: getattr(row, name) or value for name, value in kept})

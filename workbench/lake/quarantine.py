"""Writes and reads `quarantined_rows`: rows that could not be read, until they can."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import duckdb
import pyarrow as pa

from workbench.lake.connect import Lake
from workbench.lake.consent import ConsentEvent, save_consent_events
from workbench.lake.erased import BLOT, find_erased
from workbench.messaging.quarantine import HeardOptOut, QuarantinedRow

_NUMBER = re.compile(r"[1-9][0-9]{7,14}")
_KEY = ("resource", "account_sid", "row_key")


@dataclass(frozen=True)
class OpenRow:
    """A row that is not resolved: what tells it from others, and what has to be read again."""

    resource: str
    row_key: str
    sid: str | None
    part: str
    times: int
    last_seen_at: datetime


def save_quarantined(
    cursor: duckdb.DuckDBPyConnection, rows: Sequence[QuarantinedRow], now: datetime
) -> None:
    """Note rows that could not be read, in the caller's transaction; a known row counts once more.

    An opt-out in them is in force with it. Of people who were erased nothing is kept.
    """
    rows = _without_erased(cursor, rows)
    if not rows:
        return
    save_consent_events(cursor, [_consent_event(row, row.opt_out, now) for row in rows if row.opt_out], now)
    stored = cursor.execute("select * from quarantined_rows limit 0").to_arrow_table().schema
    incoming = [
        {**asdict(row), "first_seen_at": now, "last_seen_at": now, "times": 1, "resolved_at": None}
        for row in {(row.resource, row.account_sid, row.row_key): row for row in rows}.values()
    ]
    cursor.register("unread_rows", pa.Table.from_pylist(incoming, schema=stored))
    try:
        cursor.execute(_STAGE_SQL)
        cursor.execute(_DELETE_SQL)
        cursor.execute("insert into quarantined_rows select * from staged_unread")
    finally:
        cursor.execute("drop table if exists staged_unread")
        cursor.unregister("unread_rows")


def _consent_event(row: QuarantinedRow, opt_out: HeardOptOut, now: datetime) -> ConsentEvent:
    return ConsentEvent(
        account_sid=row.account_sid,
        address=opt_out.address,
        scope=opt_out.scope,
        kind="opt-out",
        source="keyword",
        happened_at=opt_out.happened_at or now,
        evidence="The message that told it could not be read as a whole.",
        message_sid=row.sid,
        said_to=opt_out.said_to,
    )


_MATCH = " and ".join(f"t.{name} = i.{name}" for name in _KEY)
_STAGE_SQL = f"""
    create temp table staged_unread as
    select i.* replace (
        coalesce(nullif(i.part, ''), t.part, '') as part,
        coalesce(t.first_seen_at, i.first_seen_at) as first_seen_at,
        coalesce(t.times, 0) + 1 as times
    )
    from unread_rows i left join quarantined_rows t on {_MATCH}
"""
_DELETE_SQL = f"""
    delete from quarantined_rows t
    where exists (select 1 from staged_unread i where {_MATCH})
"""


def resolve_rows(
    cursor: duckdb.DuckDBPyConnection,
    resources: Sequence[str],
    account_sid: str,
    row_keys: Collection[str],
    now: datetime,
) -> None:
    """Note that these could be read now, or are not there any more."""
    if row_keys:
        cursor.execute(
            "update quarantined_rows set resolved_at = ? where list_contains(?, resource) "
            "and account_sid = ? and resolved_at is null and row_key in (select unnest(?::varchar[]))",
            [now, list(resources), account_sid, list(row_keys)],
        )


def resolve_parts(
    cursor: duckdb.DuckDBPyConnection,
    resources: Sequence[str],
    account_sid: str,
    parts: Collection[str],
    *,
    read_from: datetime,
    now: datetime,
) -> None:
    """Note that parts were read to their end since `read_from`: what was not seen again is not there."""
    if parts:
        cursor.execute(
            "update quarantined_rows set resolved_at = ? where list_contains(?, resource) "
            "and account_sid = ? and resolved_at is null and last_seen_at < ? "
            "and part in (select unnest(?::varchar[]))",
            [now, list(resources), account_sid, read_from, list(parts)],
        )


def read_open(lake: Lake, account_sid: str) -> list[OpenRow]:
    """The account's rows that are not resolved, seen longest ago first."""
    open_rows = lake.rows(
        "select resource, row_key, sid, part, times, last_seen_at from quarantined_rows "
        "where account_sid = ? and resolved_at is null order by last_seen_at, row_key",
        [account_sid],
    )
    return [OpenRow(*row) for row in open_rows]


def count_open(lake: Lake) -> dict[str, dict[str, int]]:
    """How many rows are not resolved, by account and resource."""
    counts: dict[str, dict[str, int]] = {}
    for account_sid, resource, rows in lake.rows(
        "select account_sid, resource, count(*) from quarantined_rows where resolved_at is null "
        "group by all order by all"
    ):
        counts.setdefault(account_sid, {})[resource] = rows
    return counts


def count_rejected(lake: Lake) -> dict[str, int]:
    """How many lines of imported files and exported days were rejected, by account."""
    return dict(
        lake.rows(
            "select account_sid, sum(rejected)::bigint from imports group by 1 having sum(rejected) > 0"
        )
    )


def _without_erased(
    cursor: duckdb.DuckDBPyConnection, rows: Sequence[QuarantinedRow]
) -> list[QuarantinedRow]:
    """The rows without those of erased people, and with their numbers blotted out of the values of others."""
    numbers = {f"+{digits}" for row in rows for digits in _NUMBER.findall(row.raw_value or "")}
    addresses = {side for row in rows for side in (row.from_address, row.to_address) if side}
    erased = find_erased(cursor, sorted(numbers | addresses)) if rows else {}
    if not erased:
        return list(rows)
    return [
        replace(row, raw_value=_blotted(row.raw_value, erased))
        for row in rows
        if row.from_address not in erased and row.to_address not in erased
    ]


def _blotted(value: str | None, erased: Iterable[str]) -> str | None:
    for number in erased:
        value = value and value.replace(number.lstrip("+"), BLOT)
    return value

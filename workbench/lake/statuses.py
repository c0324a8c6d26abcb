"""Saves what status callbacks say, in whatever order and however often they come.

Each status of a message is one event, once. The message itself takes the furthest one
(`messaging/status.py`), so that every order ends the same. A callback may know a message that the lake does
not: what it says waits, and `save.py` applies it when the message comes in.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa

from workbench.lake.consent import OPTED_OUT_ERROR, note_consent
from workbench.messaging.status import status_rank

log = logging.getLogger(__name__)

#: Nearly all callbacks come within two days of a message's creation. One that was scheduled is created up to
#: 35 days ahead; what is older than this is settled by reading the message again.
_RECENT, _OLDEST = timedelta(days=2), timedelta(days=40)
#: How much earlier than the message's creation its first callback may seem to come, by our clock.
_SKEW = timedelta(days=1)

_TIME = pa.timestamp("us", tz="UTC")
_SCHEMA = pa.schema(
    [
        ("message_sid", pa.string()),
        ("account_sid", pa.string()),
        ("status", pa.string()),
        ("status_rank", pa.int16()),
        ("error_code", pa.int32()),
        ("received_at", _TIME),
    ]
)


@dataclass(frozen=True)
class StatusCallback:
    """One callback: `received_at` is our clock's."""

    message_sid: str
    account_sid: str
    status: str
    error_code: int | None
    received_at: datetime


@dataclass(frozen=True)
class WaitingMessage:
    """A message that only callbacks know so far."""

    account_sid: str
    message_sid: str
    first_heard_at: datetime


@dataclass(frozen=True)
class StatusesSaved:
    """How many events were new, how many messages they moved, and how many wait for their message."""

    events: int = 0
    moved: int = 0
    waiting: int = 0


def save_statuses(cursor: duckdb.DuckDBPyConnection, callbacks: Sequence[StatusCallback]) -> StatusesSaved:
    """Record callbacks, in the caller's transaction; the same ones again change nothing."""
    if not callbacks:
        return StatusesSaved()
    moments = [callback.received_at for callback in callbacks]
    first, last = min(moments), max(moments)
    heard = _table(callbacks)
    cursor.register("heard_statuses", heard)
    try:
        cursor.execute(_KNOWN_SQL, {"since": first - _RECENT, "until": last + _OLDEST})
        if _count(cursor, _UNKNOWN_SQL):
            cursor.execute(_ALSO_KNOWN_SQL, {"since": first - _OLDEST, "until": first - _RECENT})
        if _count(cursor, _FOREIGN_SQL):
            heard = _without_foreign(cursor, heard)
        unknown = _count(cursor, _UNKNOWN_SQL)
        created = cursor.execute("select min(date_created) from known").fetchall()[0][0]
        since = min(first, created or first) - _SKEW if not unknown else first - _OLDEST
        events = cursor.execute(_EVENTS_SQL, {"since": since}).fetchall()[0][0]
        waiting = cursor.execute(_WAITING_SQL).fetchall()[0][0] if unknown else 0
        moved = _apply(cursor, last)
        return StatusesSaved(int(events), moved, int(waiting))
    finally:
        cursor.execute("drop table if exists known")
        cursor.unregister("heard_statuses")


def apply_waiting_statuses(
    cursor: duckdb.DuckDBPyConnection, bounds: Mapping[str, datetime], recorded_at: datetime
) -> int:
    """Give the messages of the registered table `incoming`, just saved, what callbacks said before.

    Args:
        bounds: `oldest` and `newest` date of creation among them.

    Returns:
        How many messages moved on.
    """
    if not _count(cursor, _HAS_WAITING_SQL):
        return 0
    cursor.execute(_TOLD_BEFORE_SQL)
    cursor.execute(_FORGET_FOREIGN_SQL)
    try:
        cursor.execute(_KNOWN_SQL, {"since": bounds["oldest"], "until": bounds["newest"]})
        moved = _apply(cursor, recorded_at)
        cursor.execute("delete from waiting_statuses where message_sid in (select message_sid from known)")
        return moved
    finally:
        cursor.execute("drop table if exists known")
        cursor.execute("drop table if exists heard_statuses")


def read_waiting(cursor: duckdb.DuckDBPyConnection, limit: int) -> list[WaitingMessage]:
    """Messages that only callbacks know so far, the latest first.

    Without those that were fetched and could not be read: they are in quarantine, and the syncs ask for them.
    """
    rows = cursor.execute(_READ_WAITING_SQL, [limit]).fetchall()
    return [WaitingMessage(*row) for row in rows]


def forget_waiting(cursor: duckdb.DuckDBPyConnection, message_sids: Sequence[str]) -> None:
    """Stop waiting for messages that Twilio does not have; their events stay."""
    cursor.execute(
        "delete from waiting_statuses where message_sid in (select unnest(?::varchar[]))",
        [list(message_sids)],
    )


def forget_refused(cursor: duckdb.DuckDBPyConnection, message_sids: Sequence[str]) -> None:
    """Forget what callbacks said of messages that may not be kept: of erased people, or too old."""
    sids = [list(message_sids)]
    waiting = cursor.execute(
        "select count(*) from waiting_statuses where message_sid in (select unnest(?::varchar[]))", sids
    ).fetchall()
    if not waiting[0][0]:
        return
    for table in ("waiting_statuses", "status_events", "webhook_fields"):
        cursor.execute(f"delete from {table} where message_sid in (select unnest(?::varchar[]))", sids)


def _table(callbacks: Sequence[StatusCallback]) -> pa.Table:
    """The callbacks, each status of a message once, as first heard."""
    first: dict[tuple[str, str, str, int | None], StatusCallback] = {}
    for callback in sorted(callbacks, key=lambda callback: callback.received_at):
        key = (callback.message_sid, callback.account_sid, callback.status, callback.error_code)
        first.setdefault(key, callback)
    rows = [{**vars(callback), "status_rank": status_rank(callback.status)} for callback in first.values()]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _without_foreign(cursor: duckdb.DuckDBPyConnection, heard: pa.Table) -> pa.Table:
    """The callbacks without those about a message of another account: each token speaks for its own."""
    accounts = dict(cursor.execute("select message_sid, account_sid from known").fetchall())
    rows = heard.to_pylist()
    own = [row for row in rows if accounts.get(row["message_sid"], row["account_sid"]) == row["account_sid"]]
    log.warning("%d callbacks named a message of another account and were left out", len(rows) - len(own))
    table = pa.Table.from_pylist(own, schema=_SCHEMA)
    cursor.register("heard_statuses", table)
    return table


def _apply(cursor: duckdb.DuckDBPyConnection, recorded_at: datetime) -> int:
    """Move the messages in `known` to the furthest status in `heard_statuses`."""
    cursor.execute(_MOVED_SQL)
    try:
        moved, oldest, newest, refused = cursor.execute(_MOVED_SPAN_SQL).fetchall()[0]
        if moved:
            bounds = {"oldest": oldest, "newest": newest}
            cursor.execute(_MOVE_SQL, bounds)
            if refused:
                note_consent(cursor, cursor.execute(_REFUSED_SQL, bounds).to_arrow_table(), recorded_at)
        return int(moved)
    finally:
        cursor.execute("drop table if exists moved")


def _count(cursor: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(cursor.execute(sql).fetchall()[0][0])


_KNOWN_COLUMNS = "m.message_sid, m.account_sid, m.date_created, m.status, m.status_rank, m.error_code"
_FIND_SQL = f"""
    select {_KNOWN_COLUMNS} from raw_messages m
    where m.date_created between $since and $until
      and m.message_sid in (select message_sid from heard_statuses)
"""
_KNOWN_SQL = f"create temp table known as {_FIND_SQL}"
_ALSO_KNOWN_SQL = f"insert into known {_FIND_SQL} and m.message_sid not in (select message_sid from known)"
_UNKNOWN_SQL = "select count(*) from heard_statuses where message_sid not in (select message_sid from known)"
_FOREIGN_SQL = """
    select count(*) from heard_statuses h join known k on k.message_sid = h.message_sid
    where k.account_sid <> h.account_sid
"""
_EVENTS_SQL = """
    insert into status_events
    select t.message_sid, t.account_sid, t.status, t.error_code, 'callback', t.received_at
    from heard_statuses t
    where not exists (
        select 1 from status_events e
        where e.received_at >= $since and e.message_sid = t.message_sid and e.status = t.status
          and e.error_code is not distinct from t.error_code
    )
"""
_WAITING_SQL = """
    insert into waiting_statuses
    select t.message_sid, t.account_sid, t.status, t.status_rank, t.error_code, t.received_at
    from heard_statuses t
    where t.message_sid not in (select message_sid from known) and not exists (
        select 1 from waiting_statuses w
        where w.message_sid = t.message_sid and w.status = t.status
          and w.error_code is not distinct from t.error_code
    )
"""
_READ_WAITING_SQL = """
    select w.account_sid, w.message_sid, min(w.received_at) as first_heard_at from waiting_statuses w
    where not exists (
        select 1 from quarantined_rows q
        where q.resource = 'messages' and q.account_sid = w.account_sid and q.sid = w.message_sid
          and q.resolved_at is null
    )
    group by all order by first_heard_at desc limit ?
"""
_HAS_WAITING_SQL = (
    "select count(*) from waiting_statuses where message_sid in (select message_sid from incoming)"
)
_TOLD_BEFORE_SQL = """
    create temp table heard_statuses as
    select w.* from waiting_statuses w join incoming i on i.message_sid = w.message_sid
    where i.account_sid = w.account_sid
"""
_FORGET_FOREIGN_SQL = """
    delete from status_events where source = 'callback' and (message_sid, account_sid) in (
        select (w.message_sid, w.account_sid) from waiting_statuses w
        join incoming i on i.message_sid = w.message_sid where i.account_sid <> w.account_sid
    )
"""
# Of two statuses of one rank the later by name, of two codes the greater. Both only so that every order ends
# the same.
_MOVED_SQL = """
    create temp table moved as
    with furthest as (
        select message_sid, status, status_rank, max(error_code) as error_code
        from heard_statuses group by message_sid, status, status_rank
        qualify row_number() over (partition by message_sid order by status_rank desc, status desc) = 1
    )
    select k.message_sid, k.date_created, f.status, f.status_rank,
           case when f.status = k.status then greatest(f.error_code, k.error_code)
                else f.error_code end as error_code
    from known k join furthest f on f.message_sid = k.message_sid
    where f.status_rank > k.status_rank
       or (f.status_rank = k.status_rank and f.status > k.status)
       or (f.status = k.status and f.error_code > coalesce(k.error_code, -1))
"""
_MOVED_SPAN_SQL = f"""
    select count(*), min(date_created), max(date_created), count(*) filter (error_code = {OPTED_OUT_ERROR})
    from moved
"""
_MOVE_SQL = """
    merge into raw_messages t using moved s
    on t.message_sid = s.message_sid and t.date_created between $oldest and $newest
    when matched then update set status = s.status, status_rank = s.status_rank, error_code = s.error_code
"""
_REFUSED_SQL = f"""
    select * from raw_messages
    where date_created between $oldest and $newest
      and message_sid in (select message_sid from moved where error_code = {OPTED_OUT_ERROR})
"""

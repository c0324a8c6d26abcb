"""The feed: what happened, in one order, for everything that acts on it (rules, webhooks, notifications).

:func:`append_feed` compares what the lake holds with what the feed has noted (``feed_news.py``) and adds the
rest in one commit. Consumers read on from their cursor and move it in the transaction of their own effect
(:func:`advance_cursor`), so that each event has its effect once, whenever a process ends.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import duckdb

from workbench.errors import LakeError
from workbench.lake.connect import Lake, Readable
from workbench.lake.feed_news import SOURCES, collect_news

KINDS = (
    "message.received",
    "message.status",
    "contact.opted_out",
    "contact.opted_in",
    "contact.opt_out_lifted",
    "conversation.created",
    "conversation.reopened",
    "conversation.assigned",
    "conversation.state",
    "conversation.labelled",
    "alert.opened",
    "alert.recovered",
    "rule.fired",
)
"""What can happen."""

LONGEST_DELAY = timedelta(days=3)
"""What is noticed later than this is history and no event."""
KEPT = timedelta(days=30)
"""How long events are kept."""


class FeedForgotten(LakeError):
    """Events that a consumer has not read yet were deleted for their age."""


@dataclass(frozen=True)
class FeedEvent:
    """A row of `feed_events`; `detail` is its JSON object."""

    position: int
    event_id: str
    kind: str
    happened_at: datetime
    noted_at: datetime
    account_sid: str | None
    conversation_id: str | None
    message_sid: str | None
    contact: str | None
    detail: Mapping[str, Any]


_COLUMNS = """
    position, event_id, kind, happened_at, noted_at, account_sid, conversation_id, message_sid, contact,
    detail
"""


@dataclass(frozen=True)
class FeedPosition:
    """How far the feed is, and the last position whose event was deleted for its age."""

    began_at: datetime
    last: int
    forgotten: int


def append_feed(lake: Lake, now: datetime, changed: Collection[str] = SOURCES) -> int:
    """Note what happened and is not in the feed yet; how many events were new.

    Where there is nothing, nothing is written, and no version of the lake is made. Several processes may call
    it at once.

    Args:
        changed: the tables that changed since the last look.

    Raises:
        LakeError: the lake cannot be read or written now.
    """
    with lake.cursor() as cursor:
        cursor.execute("BEGIN")
        if not collect_news(cursor, now, LONGEST_DELAY, changed):
            return 0
    return lake.write(lambda cursor: _append(cursor, now))


def _append(cursor: duckdb.DuckDBPyConnection, now: datetime) -> int:
    if not collect_news(cursor, now, LONGEST_DELAY):
        return 0
    count = int(cursor.execute(_APPEND_SQL, {"now": now}).fetchall()[0][0])
    cursor.execute("update feed_state set last_position = last_position + ?", [count])
    return count


_APPEND_SQL = """
    insert into feed_events
    select
        s.last_position + row_number() over (order by n.ordered_at, n.precedence, n.message_sid, n.event_id),
        n.event_id, n.kind, n.happened_at, $now, n.account_sid, n.conversation_id, n.message_sid, n.contact,
        n.detail
    from feed_news n cross join feed_state s
"""


def read_feed(lake: Readable, after: int, limit: int) -> list[FeedEvent]:
    """The events after a position, at most so many.

    Raises:
        FeedForgotten: some of them were deleted for their age; :func:`skip_forgotten` goes on after these.
    """
    forgotten = read_feed_position(lake).forgotten
    if after < forgotten:
        raise FeedForgotten(
            f"The events {after + 1:,} to {forgotten:,} are older than {KEPT.days} days and were deleted; "
            "they can no longer be read."
        )
    rows = lake.rows(
        f"select {_COLUMNS} from feed_events where position > ? order by position limit ?", [after, limit]
    )
    return [_event(row) for row in rows]


def read_events(lake: Readable, positions: Sequence[int]) -> list[FeedEvent]:
    """The events at these positions; without those that are not there any more."""
    rows = lake.rows(
        f"select {_COLUMNS} from feed_events where position in (select unnest(?::bigint[])) "
        "order by position",
        [list(positions)],
    )
    return [_event(row) for row in rows]


def read_latest_events(lake: Readable, kind: str | None = None, limit: int = 50) -> list[FeedEvent]:
    """The latest events, the newest first."""
    rows = lake.rows(
        f"select {_COLUMNS} from feed_events where coalesce(kind = $kind, true) "
        "order by position desc limit $limit",
        {"kind": kind, "limit": limit},
    )
    return [_event(row) for row in rows]


def _event(row: tuple[Any, ...]) -> FeedEvent:
    names = [field.name for field in fields(FeedEvent)]
    return FeedEvent(**{**dict(zip(names, row, strict=True)), "detail": json.loads(row[-1])})


def read_feed_position(lake: Readable) -> FeedPosition:
    """How far the feed is."""
    row = lake.rows("select began_at, last_position, forgotten_position from feed_state")[0]
    return FeedPosition(*row)


def read_cursor(lake: Readable, consumer: str) -> int | None:
    """The position up to which a consumer is done; None for one that was never begun."""
    rows = lake.rows("select position from feed_cursors where consumer = ?", [consumer])
    return int(rows[0][0]) if rows else None


def begin_cursor(lake: Lake, consumer: str, now: datetime) -> int:
    """The position of a consumer; a new one begins at the end of the feed, so the past is not acted upon."""
    position = read_cursor(lake, consumer)
    return position if position is not None else lake.write(lambda cursor: _begin(cursor, consumer, now))


def _begin(cursor: duckdb.DuckDBPyConnection, consumer: str, now: datetime) -> int:
    cursor.execute(
        "insert into feed_cursors select ?, last_position, ? from feed_state "
        "where not exists (select 1 from feed_cursors where consumer = ?)",
        [consumer, now, consumer],
    )
    rows = cursor.execute("select position from feed_cursors where consumer = ?", [consumer]).fetchall()
    return int(rows[0][0])


def advance_cursor(cursor: duckdb.DuckDBPyConnection, consumer: str, position: int, now: datetime) -> bool:
    """Move a consumer on, in the transaction of its effect; False where it was there already.

    Two processes may have read the same events. Whoever gets False undoes or leaves out its effect.
    """
    rows = cursor.execute(
        "update feed_cursors set position = ?, moved_at = ? where consumer = ? and position < ?",
        [position, now, consumer, position],
    ).fetchall()
    return bool(rows[0][0])


def skip_forgotten(lake: Lake, consumer: str, now: datetime) -> int:
    """Let a consumer go on after events that were deleted for their age; how many it missed."""
    forgotten, position = read_feed_position(lake).forgotten, read_cursor(lake, consumer)
    if position is None or position >= forgotten:
        return 0
    lake.write(lambda cursor: advance_cursor(cursor, consumer, forgotten, now))
    return forgotten - position


def forget_old_feed(lake: Lake, now: datetime) -> None:
    """Delete events that are older than :data:`KEPT`, and remember up to which position.

    The last days before the newest event stay: were they deleted by a clock that is far ahead, they would be
    noted again.
    """
    before = {"before": now - KEPT, "recent": 2 * LONGEST_DELAY}
    if lake.value(f"select count(*) from feed_events where {_OLD}", before):
        lake.write(lambda cursor: _forget(cursor, before))


_OLD = "noted_at < least($before, (select max(noted_at) from feed_events) - $recent::interval)"


def _forget(cursor: duckdb.DuckDBPyConnection, before: Mapping[str, object]) -> None:
    cursor.execute(
        "update feed_state set forgotten_position = greatest(forgotten_position, "
        f"(select coalesce(max(position), 0) from feed_events where {_OLD}))",
        before,
    )
    cursor.execute("delete from feed_events where position <= (select forgotten_position from feed_state)")

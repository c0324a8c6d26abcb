"""Notifications in the lake: what each person is told, how telling it ended, and what they chose."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from workbench.lake.connect import Lake, Readable
from workbench.lake.save_rows import save_rows

KEPT = timedelta(days=30)
"""How long notifications and their deliveries are kept."""
RECENT = timedelta(days=7)
"""What is older counts as unread no more, and is told nobody any more."""


@dataclass(frozen=True)
class Notification:
    """A row of `notifications`; times in UTC."""

    notification_id: str
    person: str
    kind: str
    conversation_id: str
    events: int
    happened_at: datetime
    last_at: datetime
    noted_at: datetime
    read_at: datetime | None = None


@dataclass(frozen=True)
class NotificationDelivery:
    """A row of `notification_deliveries`; times in UTC."""

    delivery_id: str
    notice_id: str
    notification_id: str
    person: str
    way: str
    attempt: int
    claimed_at: datetime
    ended_at: datetime | None = None
    outcome: str = "claimed"
    detail: str | None = None


def read_unread(lake: Readable, now: datetime, person: str | None = None) -> list[Notification]:
    """What has not been read, the oldest first.

    Args:
        person: of this person only.
    """
    rows = lake.rows(
        "select notification_id, person, kind, conversation_id, events, happened_at, last_at, noted_at, "
        "read_at from notifications where read_at is null and noted_at >= $since "
        "and ($person is null or person = $person) order by noted_at, notification_id",
        {"since": now - RECENT, "person": person},
    )
    return [Notification(*row) for row in rows]


def read_answered(lake: Readable, unread: Sequence[Notification]) -> dict[str, datetime]:
    """When each of their conversations was answered last or resolved, by its id; most have no entry."""
    if not unread:
        return {}
    rows = lake.rows(
        _ANSWERED_SQL,
        {
            "ids": sorted({each.conversation_id for each in unread}),
            "since": min(each.happened_at for each in unread),
        },
    )
    return dict(rows)


# An automatic reply is no answer. A conversation is known by the id of any of its messages.
_ANSWERED_SQL = """
    with lines as (
        select
            m.conversation_id, m.contact, m.is_outbound, m.direction, m.date_created,
            coalesce(p.messaging_service_sid, m.sender, m.messaging_service_sid) as our_side
        from raw_messages m left join sender_pools p on p.sender = m.sender
    ),
    asked as (
        select distinct conversation_id, our_side, contact from lines
        where conversation_id in (select unnest($ids::varchar[]))
    ),
    answers as (
        select a.conversation_id, l.date_created as answered_at from asked a
        join lines l on l.our_side = a.our_side and l.contact = a.contact
        where l.is_outbound and l.direction <> 'outbound-reply' and l.date_created >= $since
        union all
        select conversation_id, happened_at from conversation_events
        where kind = 'state' and value = 'resolved' and happened_at >= $since
            and conversation_id in (select unnest($ids::varchar[]))
    )
    select conversation_id, max(answered_at) from answers group by 1
"""


def save_notifications(cursor: duckdb.DuckDBPyConnection, changed: Sequence[Notification]) -> None:
    """Save new and longer bursts, in the transaction that moves the feed's cursor on."""
    save_rows(cursor, "notifications", [asdict(each) for each in changed], key=("notification_id",))


def mark_read(lake: Lake, person: str, conversation_id: str, now: datetime) -> bool:
    """Note that a person has seen a conversation; whether anything of it was unread.

    Nothing is written where nothing was unread, so it may be called at every look at a conversation.
    """
    where = "person = $person and conversation_id = $conversation and read_at is null"
    key = {"person": person, "conversation": conversation_id}
    if not lake.rows(f"select 1 from notifications where {where} limit 1", key):
        return False

    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute(f"update notifications set read_at = $now where {where}", {**key, "now": now})

    lake.write(work)
    return True


def forget_old(cursor: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Remove what is kept no longer."""
    cursor.execute("delete from notifications where noted_at < ?", [now - KEPT])
    cursor.execute("delete from notification_deliveries where claimed_at < ?", [now - KEPT])


def read_notification_deliveries(lake: Readable, since: datetime) -> list[NotificationDelivery]:
    """Deliveries claimed since a moment, the oldest first."""
    rows = lake.rows(
        "select delivery_id, notice_id, notification_id, person, way, attempt, claimed_at, ended_at, "
        "outcome, detail from notification_deliveries where claimed_at >= $since "
        "order by claimed_at, attempt",
        {"since": since},
    )
    return [NotificationDelivery(*row) for row in rows]


def read_undelivered(lake: Readable, now: datetime, person: str | None = None) -> list[NotificationDelivery]:
    """Notices of the last days that did not arrive, or perhaps not, the newest first; one row for each.

    Args:
        person: of this person only.
    """
    last = {
        (each.way, each.notification_id): each
        for each in read_notification_deliveries(lake, now - RECENT)
        if person in (None, each.person)
    }
    notices = {each.notice_id: each for each in last.values() if each.outcome in ("failed", "unknown")}
    return sorted(notices.values(), key=lambda each: each.claimed_at, reverse=True)


def claim_notice(lake: Lake, deliveries: Sequence[NotificationDelivery]) -> bool:
    """Note that these are about to be told together; false where somebody else claimed one of them before."""

    def work(cursor: duckdb.DuckDBPyConnection) -> bool:
        taken = cursor.execute(
            "select notification_id, way, attempt from notification_deliveries "
            "where notification_id in (select unnest(?))",
            [[each.notification_id for each in deliveries]],
        ).fetchall()
        if {(each.notification_id, each.way, each.attempt) for each in deliveries} & set(taken):
            return False
        _save(cursor, deliveries)
        return True

    return lake.write(work)


def end_notice(lake: Lake, deliveries: Sequence[NotificationDelivery]) -> None:
    """Note how they ended."""
    if deliveries:
        lake.write(lambda cursor: _save(cursor, deliveries))


def _save(cursor: duckdb.DuckDBPyConnection, deliveries: Sequence[NotificationDelivery]) -> None:
    save_rows(cursor, "notification_deliveries", [asdict(each) for each in deliveries], key=("delivery_id",))


def read_choices(lake: Readable) -> dict[str, Mapping[str, Any]]:
    """What each person chose, by name."""
    rows = lake.rows("select person, choice from notification_choices")
    return {person: json.loads(choice) for person, choice in rows}


def save_choice(
    cursor: duckdb.DuckDBPyConnection, person: str, choice: Mapping[str, Any], now: datetime
) -> None:
    """Keep what a person chose, instead of what they chose before."""
    row = {"person": person, "choice": json.dumps(choice, sort_keys=True), "changed_at": now}
    save_rows(cursor, "notification_choices", [row], key=("person",))

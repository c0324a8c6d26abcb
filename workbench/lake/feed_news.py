"""Finds what happened and is not in the feed yet. A message can come by webhook, sync, callback or repair.

No table says when its rows came in, so whatever happened in the last days is compared with the feed. A fact
is known by its id: `SID:received`, `SID:delivered`, `CONVERSATION:created`, `DECISION:reopened` …
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import LiteralString

import duckdb

from workbench.messaging.status import STATUS_RANK, UNKNOWN_STATUS_RANK

#: How much later than its message a status can come; see `lake/statuses.py`.
_OLDEST = timedelta(days=40)
#: How much the clocks of Twilio and of this machine may differ.
_SKEW = timedelta(days=1)


DECISIONS = "conversation_events"
"""The table that makes events by the time alone, too: a snooze ends."""
_MESSAGE_SOURCES = frozenset({"raw_messages", "status_events", "waiting_statuses"})
SOURCES = _MESSAGE_SOURCES | {"consent_events", DECISIONS, "alert_events", "rule_firings"}
"""The tables whose rows make events."""


def collect_news(
    cursor: duckdb.DuckDBPyConnection,
    now: datetime,
    longest_delay: timedelta,
    changed: Collection[str] = SOURCES,
) -> int:
    """Put what is new into the connection's temporary table `feed_news`; how many rows it has.

    Args:
        changed: the tables in which there can be anything new.
    """
    began_at = cursor.execute("select began_at from feed_state").fetchall()[0][0]
    since = max(began_at, now - longest_delay)
    cursor.execute(_NOTED_SQL, {"since": since - _SKEW})
    cursor.execute(_EMPTY_SQL)
    if not _MESSAGE_SOURCES.isdisjoint(changed):
        _add_messages(cursor, since, now)
    for table, (check, insert) in _OTHER_SQL.items():
        if table in changed and cursor.execute(check, {"since": since}).fetchall()[0][0]:
            cursor.execute(insert, {"since": since})
    cursor.execute(_NO_SNOOZES_SQL)
    if DECISIONS in changed:
        _add_ended_snoozes(cursor, {"since": since, "now": now})
    if _count(cursor, "feed_news") or _count(cursor, "ended_snoozes"):
        _add_places(cursor)
        cursor.execute(_CREATED_SQL, {"since": since})
        cursor.execute(_REOPENED_SQL, {"since": since, "now": now})
    return _count(cursor, "feed_news")


def _add_messages(cursor: duckdb.DuckDBPyConnection, since: datetime, now: datetime) -> None:
    """Messages that came in, and statuses that moved one on. A status that comes late moves nothing."""
    cursor.execute(_RECENT_SQL, {"since": since})
    cursor.execute(_UNNOTED_SQL)
    if _count(cursor, "unnoted_messages"):
        cursor.execute(_RECEIVED_SQL, {"since": since})
    ranks = {
        "statuses": list(STATUS_RANK),
        "ranks": list(STATUS_RANK.values()),
        "unknown": UNKNOWN_STATUS_RANK,
    }
    cursor.execute(_TOLD_SQL, {"since": since})
    cursor.execute(_REACHED_SQL, ranks)
    if _count(cursor, "reached_statuses"):
        cursor.execute(_STATUSES_SQL, {"since": since, "oldest": since - _OLDEST, "now": now})


def _add_ended_snoozes(cursor: duckdb.DuckDBPyConnection, period: Mapping[str, datetime]) -> None:
    if cursor.execute(_ANY_SNOOZE_SQL, period).fetchall()[0][0]:
        cursor.execute(_SNOOZES_SQL, period)


def _add_places(cursor: duckdb.DuckDBPyConnection) -> None:
    """Say of each event whose conversation it is: the same id for all senders of a pool."""
    cursor.execute(_TOUCHED_SQL)
    cursor.execute(_LINES_SQL)
    cursor.execute(_GROUPS_SQL)
    cursor.execute(_CONSENT_PLACED_SQL)
    cursor.execute(_PLACED_SQL)


def _count(cursor: duckdb.DuckDBPyConnection, table: LiteralString) -> int:
    return int(cursor.execute(f"select count(*) from {table}").fetchall()[0][0])


_NOTED_SQL = """
    create or replace temp table noted_events as
    select event_id, kind, message_sid from feed_events where noted_at >= $since
"""

#: `precedence` puts what happened at one moment in order: a conversation, its message, the statuses of one by
#: their rank, and then what was said with it and decided of it.
_EMPTY_SQL = """
    create or replace temp table feed_news (
        event_id varchar, kind varchar, happened_at timestamptz, ordered_at timestamptz, precedence integer,
        account_sid varchar, conversation_id varchar, message_sid varchar, contact varchar, detail varchar
    )
"""

_RECENT_SQL = """
    create or replace temp table recent_messages as
    select message_sid, is_outbound, status, error_code from raw_messages where date_created >= $since
"""

_UNNOTED_SQL = """
    create or replace temp table unnoted_messages as
    select message_sid from recent_messages
    where not is_outbound and message_sid || ':received' not in (select event_id from noted_events)
"""

_RECEIVED_SQL = """
    insert into feed_news
    select
        message_sid || ':received', 'message.received', date_created, date_created, 1,
        account_sid, conversation_id, message_sid, contact,
        to_json({'keyword': keyword, 'media': media_count})::varchar
    from raw_messages
    where date_created >= $since and message_sid in (select message_sid from unnoted_messages)
"""

#: Whether a table has anything that was not noted, and how it is added. The first reads few columns: each
#: column costs about a millisecond before a row is read.
_OTHER_SQL: Mapping[str, tuple[LiteralString, LiteralString]] = {
    "consent_events": ("""
        select count(*) from consent_events
        where recorded_at >= $since and kind in ('opt-out', 'opt-in', 'lift')
            and 'consent:' || event_id not in (select event_id from noted_events)
    """, """
        insert into feed_news
        select
            'consent:' || event_id,
            case kind when 'opt-out' then 'contact.opted_out' when 'opt-in' then 'contact.opted_in'
                else 'contact.opt_out_lifted' end,
            happened_at, happened_at, 200, account_sid, null, message_sid, address,
            case kind when 'lift' then to_json({'source': source, 'scope': scope, 'actor': actor})
                else to_json({'source': source}) end::varchar
        from consent_events
        where happened_at >= $since and recorded_at >= $since and kind in ('opt-out', 'opt-in', 'lift')
            and 'consent:' || event_id not in (select event_id from noted_events)
    """),
    DECISIONS: ("""
        select count(*) from conversation_events
        where happened_at >= $since and kind in ('assignee', 'state', 'label', 'unlabel')
            and event_id not in (select event_id from noted_events)
    """, """
        insert into feed_news
        select
            event_id,
            case kind when 'assignee' then 'conversation.assigned' when 'state' then 'conversation.state'
                else 'conversation.labelled' end,
            happened_at, happened_at, 201, null, conversation_id, null, null,
            case kind
                when 'assignee' then to_json({'assignee': value, 'actor': actor})
                when 'state' then to_json({'state': value, 'until': until, 'actor': actor})
                else to_json({'label': value, 'is_on': kind = 'label', 'actor': actor}) end::varchar
        from conversation_events
        where happened_at >= $since and kind in ('assignee', 'state', 'label', 'unlabel')
            and event_id not in (select event_id from noted_events)
    """),
    "alert_events": ("""
        select count(*) from alert_events where opened_at >= $since or recovered_at >= $since
    """, """
        insert into feed_news
        select
            'alert:' || event_id || ':' || turn, 'alert.' || turn, turned_at, turned_at, 202,
            null, null, null, null,
            to_json({'alert': event_id, 'rule': rule, 'severity': severity, 'metric': metric})::varchar
        from (
            select *, 'opened' as turn, opened_at as turned_at from alert_events
            union all
            select *, 'recovered', recovered_at from alert_events where opened_at is not null
        )
        where turned_at >= $since
            and 'alert:' || event_id || ':' || turn not in (select event_id from noted_events)
    """),
    "rule_firings": ("""
        select count(*) from rule_firings where claimed_at >= $since and webhooks <> '[]'
    """, """
        insert into feed_news
        select
            'rule:' || rule || ':' || event_key, 'rule.fired', claimed_at, claimed_at, 8, null,
            conversation_id, message_sid, null, to_json({'rule': rule, 'webhooks': webhooks::json})::varchar
        from rule_firings
        where claimed_at >= $since and webhooks <> '[]'
            and 'rule:' || rule || ':' || event_key not in (select event_id from noted_events)
    """),
}  # fmt: skip

_TOLD_SQL = """
    create or replace temp table told_statuses as
    select message_sid, status, error_code, case source when 'callback' then received_at end as heard_at
    from status_events where received_at >= $since
"""

#: What was told, and what the message shows by itself; only what is further than all that was noted of it.
_REACHED_SQL = """
    create or replace temp table reached_statuses as
    with ranks as (
        select unnest($statuses::varchar[]) as status, unnest($ranks::integer[]) as status_rank
    ), noted as (
        select message_sid, max({'rank': coalesce(r.status_rank, $unknown), 'status': n.status}) as furthest
        from (
            select message_sid, split_part(event_id, ':', 2) as status
            from noted_events where kind = 'message.status'
        ) n
        left join ranks r on r.status = n.status
        group by message_sid
    ), told as (
        select * from told_statuses where status not in ('received', 'receiving')
        union all
        select message_sid, status, error_code, null
        from recent_messages where is_outbound
    ), reached as (
        select message_sid, status, max(error_code) as error_code, min(heard_at) as heard_at
        from told group by message_sid, status
    )
    select t.*, coalesce(r.status_rank, $unknown) as status_rank, n.furthest['status'] as previous
    from reached t
    left join ranks r on r.status = t.status
    left join noted n on n.message_sid = t.message_sid
    where n.furthest is null
        or {'rank': coalesce(r.status_rank, $unknown), 'status': t.status} > n.furthest
"""

#: Of a status that no callback told, the message says when it was updated last.
_STATUSES_SQL = """
    insert into feed_news
    with dated as (
        select
            t.message_sid, t.status, t.status_rank, t.error_code, t.previous,
            m.account_sid, m.conversation_id, m.contact,
            coalesce(t.heard_at, least(coalesce(m.date_updated, m.date_created), $now)) as happened_at
        from reached_statuses t
        join raw_messages m on m.message_sid = t.message_sid and m.date_created >= $oldest
        where m.is_outbound
    )
    select
        message_sid || ':' || status, 'message.status', happened_at,
        max(happened_at) over so_far,
        10 + status_rank, account_sid, conversation_id, message_sid, contact,
        to_json({
            'status': status,
            'previous': coalesce(lag(status) over so_far, previous),
            'error_code': error_code
        })::varchar
    from dated
    where happened_at >= $since
    window so_far as (partition by message_sid order by status_rank, status)
"""

_NO_SNOOZES_SQL = "create or replace temp table ended_snoozes (conversation_id varchar)"
_ANY_SNOOZE_SQL = "select count(*) from conversation_events where until between $since and $now"

#: Snoozes that ended, and were not taken back before.
_SNOOZES_SQL = """
    insert into ended_snoozes
    with decisions as (
        select *, lead(happened_at) over (partition by conversation_id order by happened_at) as replaced_at
        from conversation_events where kind = 'state'
    )
    select conversation_id from decisions
    where value = 'snoozed' and until between $since and $now and coalesce(replaced_at > until, true)
        and event_id || ':reopened' not in (select event_id from noted_events)
"""

_TOUCHED_SQL = """
    create or replace temp table touched_contacts as
    select distinct contact from feed_news where contact is not null and message_sid is not null
    union
    select contact from raw_messages
    where contact is not null and conversation_id in (
        select conversation_id from feed_news where contact is null
        union select conversation_id from ended_snoozes
    )
"""

_LINES_SQL = """
    create or replace temp table touched_lines as
    select
        coalesce(p.messaging_service_sid, m.sender, m.messaging_service_sid) as our_side,
        m.contact, m.account_sid, m.conversation_id, m.date_created, m.message_sid,
        not m.is_outbound and m.keyword is null as is_question
    from raw_messages m
    left join sender_pools p on p.sender = m.sender
    where m.contact in (select contact from touched_contacts) and m.conversation_id is not null
        and m.message_sid not in (select message_sid from tombstones)
"""

_GROUPS_SQL = """
    create or replace temp table touched_conversations as
    select
        our_side, contact, max(account_sid) as account_sid, min(date_created) as first_at,
        min({'at': date_created, 'id': conversation_id})['id'] as main_id,
        list(distinct conversation_id) as ids
    from touched_lines group by our_side, contact
"""

_CONSENT_PLACED_SQL = """
    update feed_news set conversation_id = l.conversation_id
    from touched_lines l where l.message_sid = feed_news.message_sid and feed_news.conversation_id is null
"""

_PLACED_SQL = """
    update feed_news set
        conversation_id = g.main_id,
        contact = g.contact,
        account_sid = coalesce(feed_news.account_sid, g.account_sid)
    from (select unnest(ids) as id, * from touched_conversations) g
    where g.id = feed_news.conversation_id
"""

_CREATED_SQL = """
    insert into feed_news
    select main_id || ':created', 'conversation.created', first_at,
        coalesce((select min(ordered_at) from feed_news n where n.conversation_id = main_id), first_at),
        0, account_sid, main_id, null, contact, '{}'
    from touched_conversations
    where first_at >= $since and main_id in (
        select conversation_id from feed_news where kind in ('message.received', 'message.status')
    ) and not exists (
        select 1 from noted_events e where e.kind = 'conversation.created'
            and list_contains(ids, split_part(e.event_id, ':', 1))
    )
"""

#: A question after a decision that it waits for nothing, or the end of a snooze; once for each decision.
_REOPENED_SQL = """
    insert into feed_news
    with decisions as (
        select
            e.event_id, e.value, e.until, e.happened_at, g.our_side, g.contact, g.account_sid, g.main_id,
            lead(e.happened_at) over (
                partition by g.our_side, g.contact order by e.happened_at
            ) as replaced_at
        from conversation_events e
        join touched_conversations g on list_contains(g.ids, e.conversation_id)
        where e.kind = 'state'
    ), questions as (
        select d.event_id, min({'at': l.date_created, 'sid': l.message_sid}) as first
        from decisions d
        join touched_lines l on l.our_side = d.our_side and l.contact = d.contact and l.is_question
            and l.date_created > d.happened_at
        group by d.event_id
    ), reopened as (
        select
            d.*, q.first,
            least(
                q.first['at'], case when d.value = 'snoozed' and d.until <= $now then d.until end
            ) as reopened_at
        from decisions d left join questions q on q.event_id = d.event_id
        where d.value <> 'open'
    )
    select
        event_id || ':reopened', 'conversation.reopened', reopened_at, reopened_at, 2, account_sid, main_id,
        case when reopened_at = first['at'] then first['sid'] end, contact,
        to_json({
            'was': value,
            'because': case when reopened_at = first['at'] then 'message' else 'snooze over' end
        })::varchar
    from reopened
    where reopened_at >= $since and coalesce(reopened_at < replaced_at, true)
        and event_id || ':reopened' not in (select event_id from noted_events)
"""

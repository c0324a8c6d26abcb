"""The messages that one question is about, beside it in memory: the lake's views read all of them each time.

A connection finds its own temporary tables before those of the lake. So the same SQL that asks the lake's
`conversation_lines` asks a copy of the few lines that matter, which are read from the lake once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import LiteralString

from workbench.conversations.conversation_cache import ConversationCache
from workbench.conversations.listing import is_message_sid
from workbench.lake import Lake
from workbench.lake.connect import LakeVersion
from workbench.lake.views import known_views

_COLUMNS: LiteralString = """
    message_sid, account_sid, our_side, contact, conversation_id, sender, is_outbound, direction, status,
    is_final, error_code, body, segments, encoding, media_count, spend, currency, date_created, date_sent,
    keyword
"""


@contextmanager
def lines_of_contact(
    lake: Lake, cache: ConversationCache, contacts: Collection[str]
) -> Iterator[LakeVersion]:
    """One version of the lake whose `conversation_lines` are those of some contacts.

    Args:
        contacts: addresses as the lake has them.

    Raises:
        LakeError: the lake cannot be read now.
    """
    cache.table_name()
    with lake.version() as version:
        version.rows(f"create temp table sender_pools as from {cache.pools_table}")
        version.rows(_all_lines_sql())
        version.rows(
            f"create temp table conversation_lines as select {_COLUMNS} from all_lines "
            # As values, so that the scan itself skips all other rows.
            f"where contact in ({', '.join('?' for _ in contacts)})",
            list(contacts),
        )
        yield version


def _all_lines_sql() -> str:
    """The lake's own text of the view under another name; it finds the pools that were copied."""
    text = known_views()["conversation_lines"].sql
    return text.replace("create or replace view conversation_lines", "create temp view all_lines")


@contextmanager
def lines_found(lake: Lake, cache: ConversationCache, pattern: str, wanted: str) -> Iterator[LakeVersion]:
    """What answers the questions of one search: `conversation_lines` are the latest with what is searched.

    Of each sender and contact it has the latest message of either side; and a line without a message where
    only a private note holds it. `conversation_events` are these notes.

    Args:
        pattern: of `ilike … escape '\\'`, as `like_pattern` makes it.
        wanted: the same as people typed it, or a message SID.

    Raises:
        LakeError: the lake cannot be read now.
    """
    cache.table_name()
    parts = cache.parts_table
    with lake.cursor() as cursor:
        reader = LakeVersion(cursor)
        reader.rows(_NOTES_SQL, {"pattern": pattern})
        # Message SIDs are a long column, and nothing but a whole one is looked for there.
        by_sid: LiteralString = "or message_sid = $wanted" if is_message_sid(wanted) else ""
        reader.rows(_FOUND_SQL.format(parts=parts, by_sid=by_sid), {"wanted": wanted})
        reader.rows(
            "insert into conversation_lines by name select conversation_id, our_side, contact "
            f"from {parts} where conversation_id in (select conversation_id from conversation_events)"
        )
        yield reader


@contextmanager
def lists_in_memory(lake: Lake) -> Iterator[LakeVersion]:
    """What answers from the tables in memory alone, and never asks the catalog."""
    with lake.memory() as cursor:
        yield LakeVersion(cursor)


_NOTES_SQL: LiteralString = """
    create temp table conversation_events as
    select conversation_id, kind, value, happened_at from lake.main.conversation_events
    where kind = 'note' and value ilike $pattern escape '\\'
"""
#: `contains` of small letters finds the same as `ilike`, in a fifth of its time.
_FOUND_SQL: LiteralString = """
    create temp table conversation_lines as
    with found as (
        select
            conversation_id, is_outbound,
            min({{
                'before': -epoch_us(date_created), 'sid': message_sid, 'body': body, 'at': date_created
            }}) as m
        from lake.main.message_facts
        where contains(lower(body), lower($wanted)) {by_sid}
        group by conversation_id, is_outbound
    )
    select
        p.our_side, p.contact, f.conversation_id, f.is_outbound, m.at as date_created, m.sid as message_sid,
        m.body
    from found f join {parts} p on p.conversation_id = f.conversation_id
"""

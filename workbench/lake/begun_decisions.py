"""Keeps what was decided about a conversation that a messaging service began, once Twilio names the sender.

Until then its messages have the id of the service and the contact, and afterwards that of the sender and the
contact (:func:`workbench.messaging.message.conversation_id`). A decision names the id of its time, so it goes
over to the new id, or else it would be about no message at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

import duckdb
import pyarrow as pa

from workbench.lake.conversation_ids import keyed_id
from workbench.lake.secret_key import saving_key
from workbench.messaging.message import conversation_id

if TYPE_CHECKING:
    from workbench.lake.connect import Lake


def move_decisions(cursor: duckdb.DuckDBPyConnection, staged: LiteralString) -> None:
    """Let decisions follow the messages that a save has just given another conversation.

    Args:
        staged: the table of the rows that were saved, with their `old_conversation_id`.
    """
    # Nearly every save is of statuses: those are not made to read the decisions.
    if cursor.execute(_ANY_RENAMED_SQL.format(staged=staged)).fetchall()[0][0]:
        cursor.execute(_RENAMED_SQL.format(staged=staged))
        _move(cursor)


def mend_lost_decisions(lake: Lake) -> int:
    """Find the conversations of decisions whose id no message has any more; how many decisions are moved.

    A decision can be written to the old id in the moment in which the sender becomes known, and earlier
    versions moved none.
    """
    if not lake.value(_ANY_LOST_SQL):
        return 0
    return lake.write(_mend)


def _mend(cursor: duckdb.DuckDBPyConnection) -> int:
    key = saving_key(cursor)
    pairs = cursor.execute(_SERVED_SQL).fetchall()
    begun = [keyed_id(conversation_id(service, contact) or "", key) for service, contact, _ in pairs]
    table = {
        "old_conversation_id": pa.array(begun, pa.string()),
        "conversation_id": pa.array([pair[2] for pair in pairs], pa.string()),
    }
    cursor.register("begun_conversations", pa.table(table))
    try:
        cursor.execute(_LOST_SQL)
        return _move(cursor)
    finally:
        cursor.unregister("begun_conversations")


def _move(cursor: duckdb.DuckDBPyConnection) -> int:
    """Move the decisions of `renamed_conversations`, but not away from messages that keep the old id."""
    try:
        (number,) = cursor.execute("select count(*) from renamed_conversations").fetchall()[0]
        if not number:
            return 0
        moved = cursor.execute(_MOVE_SQL).fetchall()
        return int(moved[0][0]) if moved else 0
    finally:
        cursor.execute("drop table renamed_conversations")


_ANY_RENAMED_SQL = "select exists(from {staged} where old_conversation_id <> conversation_id)"
#: Of several new ids, all of senders of the service, the first in the alphabet: they are one conversation.
_RENAMED_SQL = """
    create or replace temp table renamed_conversations as
    select old_conversation_id, min(conversation_id) as conversation_id
    from {staged}
    where old_conversation_id <> conversation_id
        and old_conversation_id in (select conversation_id from conversation_events)
    group by old_conversation_id
"""
_MOVE_SQL = """
    update conversation_events
    set conversation_id = (
        select r.conversation_id from renamed_conversations r
        where r.old_conversation_id = conversation_events.conversation_id
    )
    where conversation_id in (select old_conversation_id from renamed_conversations)
        and conversation_id not in (
            select conversation_id from raw_messages
            where conversation_id in (select old_conversation_id from renamed_conversations)
        )
"""
_LOST = "conversation_id not in (select conversation_id from raw_messages where conversation_id is not null)"
_ANY_LOST_SQL = f"select exists(from conversation_events where {_LOST})"
_SERVED_SQL = """
    select messaging_service_sid, contact, min(conversation_id)
    from raw_messages
    where sender is not null and messaging_service_sid is not null and contact is not null
    group by messaging_service_sid, contact
"""
_LOST_SQL = f"""
    create or replace temp table renamed_conversations as
    select b.old_conversation_id, b.conversation_id
    from begun_conversations b
    where b.old_conversation_id in (select conversation_id from conversation_events where {_LOST})
"""

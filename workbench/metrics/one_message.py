"""Everything the lake knows of one message: its row, history, attachments, and the messages around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.display.message_content import content_words, unlisted_words
from workbench.display.names import sender_name
from workbench.lake.connect import Lake
from workbench.lake.inbound_fields import read_inbound_fields
from workbench.messaging.addresses import mask
from workbench.metrics.catalog import query_sender_names

_THREAD_MESSAGES = 50


@dataclass(frozen=True)
class MessageRecord:
    """One message; times in UTC, addresses masked.

    ``row`` is the message by column, with ``content`` (what it holds beside its text, in words) and
    ``unlisted`` (what to say of attachments that Twilio has not listed). ``history`` are the statuses that
    Twilio reported, oldest first; ``thread`` the messages nearest to it of the same conversation, also oldest
    first, each with its ``content``; ``thread_total`` is how many there are.
    """

    row: dict[str, Any]
    history: tuple[dict[str, Any], ...]
    media: tuple[dict[str, Any], ...]
    thread: tuple[dict[str, Any], ...]
    thread_total: int


def query_message(
    lake: Lake, message_sid: str, masked: Sequence[str] = ("sender", "contact")
) -> MessageRecord | None:
    """One message, or None where the lake has none of this SID (or Twilio has deleted it).

    ``masked`` are the sides whose address is masked.
    """
    rows = _dicts(lake, _MESSAGE, {"sid": message_sid})
    if not rows:
        return None
    row = rows[0]
    about = {"sid": message_sid, "since": row["date_created"]}
    missing = _dicts(lake, _MISSING, {"sid": message_sid})
    row["unlisted"] = unlisted_words(**missing[0]) if missing else ""
    history, media = _dicts(lake, _HISTORY, about), _dicts(lake, _MEDIA, {"sid": message_sid})
    thread = _dicts(lake, _THREAD, {**about, "id": row["conversation_id"], "limit": _THREAD_MESSAGES})
    total = thread[0].pop("total") if thread else 0
    for message in thread[1:]:
        message.pop("total")
    _add_content(lake, [row, *thread])
    name = query_sender_names(lake).get(row["sender"])
    row["sender_name"] = sender_name(row["sender"], name) if row["sender"] else None
    sides = ("sender", "contact") if row["is_outbound"] else ("contact", "sender")
    for name, side in (
        *zip(("from_address", "to_address"), sides, strict=True),
        *zip(sides, sides, strict=True),
    ):
        row[name] = (mask(row[name]) if side in masked else row[name]) if row[name] else None
    return MessageRecord(row, tuple(history), tuple(media), tuple(thread), int(total))


def _add_content(lake: Lake, messages: list[dict[str, Any]]) -> None:
    """Say in words what inbound messages hold beside a text."""
    told = [(each["message_sid"], each["date_created"]) for each in messages if not each["is_outbound"]]
    fields = read_inbound_fields(lake, told)
    for each in messages:
        each["content"] = content_words(fields.get(each["message_sid"], {}), each["body"])


def _dicts(lake: Lake, sql: str, parameters: dict[str, object]) -> list[dict[str, Any]]:
    with lake.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


_MESSAGE = "select * from message_facts where message_sid = $sid limit 1"

#: A status is reported after its message was created; with this bound older files are not read.
_HISTORY = """
select status, error_code, source, min(received_at) as received_at
from status_events
where message_sid = $sid and received_at >= $since::timestamptz - interval 1 day
group by all
order by received_at
"""

_MEDIA = "select media_sid, content_type, date_created from media where message_sid = $sid order by media_sid"

_MISSING = """
select media_count - files as count, is_given_up from missing_attachments where message_sid = $sid limit 1
"""

_THREAD = """
with conversation as (
    select
        message_sid, date_created, is_outbound, status, error_code, body, media_count,
        count(*) over () as total,
        abs(epoch(date_created) - epoch($since::timestamptz)) as distance
    from message_facts
    where conversation_id = $id
),
nearest as (
    select * from conversation
    order by message_sid <> $sid, distance, message_sid
    limit $limit
)
select * exclude (distance) from nearest order by date_created, message_sid
"""

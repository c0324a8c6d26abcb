"""The messages of one conversation with their outcomes, and the notes and decisions between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from workbench.conversations.find import Conversation
from workbench.lake import Lake
from workbench.messaging.error_codes import ErrorCode, explain


@dataclass(frozen=True)
class Attachment:
    """A file of a message; its bytes stay at Twilio."""

    media_sid: str
    content_type: str | None


@dataclass(frozen=True)
class ThreadMessage:
    """A message as the thread shows it. `spend` is positive and None until priced."""

    message_sid: str
    account_sid: str
    is_outbound: bool
    direction: str
    status: str
    is_final: bool
    error_code: int | None
    sender: str | None
    body: str | None
    segments: int | None
    encoding: str | None
    media_count: int
    spend: Decimal | None
    currency: str | None
    date_created: datetime
    date_sent: datetime | None
    keyword: str | None
    attachments: tuple[Attachment, ...] = ()

    @property
    def failure(self) -> ErrorCode | None:
        """Why it did not arrive, in plain words."""
        return explain(self.error_code)


@dataclass(frozen=True)
class ThreadEvent:
    """A decision or note of people here, between the messages."""

    kind: str
    value: str | None
    until: datetime | None
    actor: str
    happened_at: datetime


@dataclass(frozen=True)
class Thread:
    """The latest messages of a conversation, oldest first, and how many are older than these."""

    conversation: Conversation
    messages: tuple[ThreadMessage, ...]
    events: tuple[ThreadEvent, ...]
    older: int = field(default=0)


MOST_MESSAGES = 1000


def read_thread(lake: Lake, conversation: Conversation, *, limit: int = 50) -> Thread:
    """The latest ``limit`` messages (at most MOST_MESSAGES), with the events of the same time."""
    key = {"our_side": conversation.our_side, "contacts": conversation.contacts}
    rows = lake.rows(_MESSAGES_SQL, {**key, "limit": min(limit, MOST_MESSAGES)})
    messages = tuple(ThreadMessage(*row[:-1]) for row in reversed(rows))
    older = int(rows[0][-1]) - len(rows) if rows else 0
    began_at = messages[0].date_created if older and messages else None
    return Thread(
        conversation,
        _with_attachments(lake, messages),
        _read_events(lake, key, began_at),
        older,
    )


def last_question(lake: Lake, conversation: Conversation) -> str | None:
    """SID of the contact's latest message; None if they never wrote."""
    sid = lake.value(
        "select max({'at': date_created, 'sid': message_sid})['sid'] from conversation_lines "
        "where our_side = ? and contact in (select unnest(?::varchar[])) and not is_outbound",
        [conversation.our_side, conversation.contacts],
    )
    return None if sid is None else str(sid)


_MESSAGES_SQL = """
    select
        message_sid, account_sid, is_outbound, direction, status, is_final, error_code, sender, body,
        segments, encoding, coalesce(media_count, 0), spend, currency, date_created, date_sent, keyword,
        count(*) over ()
    from conversation_lines
    where our_side = $our_side and contact in (select unnest($contacts::varchar[]))
    order by date_created desc, is_outbound desc, message_sid desc
    limit $limit
"""


def _with_attachments(lake: Lake, messages: Sequence[ThreadMessage]) -> tuple[ThreadMessage, ...]:
    carrying = [message.message_sid for message in messages if message.media_count]
    if not carrying:
        return tuple(messages)
    attachments: dict[str, list[Attachment]] = {}
    for message_sid, media_sid, content_type in lake.rows(
        "select message_sid, media_sid, content_type from media "
        "where message_sid in (select unnest(?::varchar[])) order by date_created, media_sid",
        [carrying],
    ):
        attachments.setdefault(message_sid, []).append(Attachment(media_sid, content_type))
    return tuple(
        ThreadMessage(**{**vars(message), "attachments": tuple(attachments.get(message.message_sid, ()))})
        for message in messages
    )


def _read_events(lake: Lake, key: Mapping[str, object], since: datetime | None) -> tuple[ThreadEvent, ...]:
    rows: list[tuple[Any, ...]] = lake.rows(
        """
        select kind, value, until, actor, happened_at from conversation_events
        where conversation_id in (
            select conversation_id from conversation_lines
            where our_side = $our_side and contact in (select unnest($contacts::varchar[]))
        ) and ($since is null or happened_at >= $since)
        order by happened_at, event_id
        """,
        {**key, "since": since},
    )
    return tuple(ThreadEvent(*row) for row in rows)

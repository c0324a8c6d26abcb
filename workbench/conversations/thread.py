"""The messages of one conversation with their outcomes, and the notes and decisions between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from workbench.conversations.find import Conversation
from workbench.display.message_content import content_words, map_link, profile_name
from workbench.errors import UsageError
from workbench.lake.connect import Readable
from workbench.lake.inbound_fields import read_inbound_fields
from workbench.messaging.addresses import channel
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
    rule: str | None = None
    """The rule that sent it by itself."""
    attachments: tuple[Attachment, ...] = ()
    content: str = ""
    """What it holds beside its text, in words: a place, a contact card, a button, a reaction."""
    map_link: str = ""
    """A map of the place that it holds, for who follows it."""
    is_sms: bool = True
    scheduled_for: datetime | None = None
    """When Twilio sends it, where it is scheduled."""
    is_given_up: bool = False
    """Whether nothing asks Twilio any more for the attachments that are not listed."""

    @property
    def unlisted(self) -> int:
        """How many attachments Twilio has not listed."""
        return max(0, self.media_count - len(self.attachments))

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
    profile_name: str = ""
    """What the contact called themself on the channel in the latest of these messages."""


MOST_MESSAGES = 1000


class ThreadPlace(NamedTuple):
    """Where a message stands in a thread."""

    date_created: datetime
    is_outbound: bool
    message_sid: str


def message_fields(message: ThreadMessage) -> dict[str, Any]:
    """A message as programs and notebooks get it, by the names of its columns."""
    return {
        "date_created": message.date_created,
        "from": "us" if message.is_outbound else "contact",
        "body": message.body,
        "content": message.content or None,
        "status": message.status,
        "reason": message.failure.meaning if message.failure else None,
        "segments": message.segments,
        "spend": message.spend,
        "currency": message.currency,
        "media": message.media_count,
        "message_sid": message.message_sid,
    }


def read_thread(
    lake: Readable, conversation: Conversation, *, limit: int = 50, before: ThreadPlace | None = None
) -> Thread:
    """The latest ``limit`` messages (at most MOST_MESSAGES), with the events of the same time.

    Args:
        before: only messages that are older than the one at this place.
    """
    key = {"our_side": conversation.our_side, "contacts": conversation.contacts}
    place: dict[str, object] = {"at": None, "is_outbound": None, "sid": None}
    if before is not None:
        place = {"at": before.date_created, "is_outbound": before.is_outbound, "sid": before.message_sid}
    rows = lake.rows(_MESSAGES_SQL, {**key, **place, "limit": min(limit, MOST_MESSAGES)})
    messages = tuple(ThreadMessage(*row[:-2]) for row in reversed(rows))
    messages, profile = _with_content(lake, conversation, messages)
    number, conversation_ids = rows[0][-2:] if rows else (0, [])
    older = int(number) - len(rows)
    began_at = messages[0].date_created if older and messages else None
    return Thread(
        conversation,
        _with_schedule(lake, _with_attachments(lake, messages)),
        _read_events(lake, conversation_ids, began_at),
        older,
        profile,
    )


def require_message(lake: Readable, conversation: Conversation, message_sid: str) -> None:
    """Raises UsageError unless a message is of this conversation, and ours."""
    if not lake.rows(
        "select 1 from conversation_lines where message_sid = ? and is_outbound and our_side = ? "
        "and list_contains(?::varchar[], contact)",
        [message_sid, conversation.our_side, conversation.contacts],
    ):
        raise UsageError(f"No message of ours in this conversation is {message_sid!r:.80}.")


def last_question(lake: Readable, conversation: Conversation) -> str | None:
    """SID of the contact's latest message; None if they never wrote."""
    sid = lake.value(
        "select max({'at': date_created, 'sid': message_sid})['sid'] from conversation_lines "
        "where our_side = ? and list_contains(?::varchar[], contact) and not is_outbound",
        [conversation.our_side, conversation.contacts],
    )
    return None if sid is None else str(sid)


_MESSAGES_SQL = """
    with mine as materialized (
        select
            message_sid, account_sid, is_outbound, direction, status, is_final, error_code, sender, body,
            segments, encoding, media_count, spend, currency, date_created, date_sent, keyword,
            conversation_id
        from conversation_lines
        where our_side = $our_side and list_contains($contacts::varchar[], contact)
    )
    select
        l.message_sid, account_sid, is_outbound, direction, status, is_final, error_code, sender, body,
        segments, encoding, coalesce(media_count, 0), spend, currency, date_created, date_sent, keyword,
        a.rule, count(*) over (), (select list(distinct conversation_id) from mine)
    from mine l
    left join automatic_replies a on a.message_sid = l.message_sid
    where $at is null or (date_created, is_outbound, l.message_sid) < ($at, $is_outbound, $sid)
    order by date_created desc, is_outbound desc, l.message_sid desc
    limit $limit
"""


def _with_content(
    lake: Readable, conversation: Conversation, messages: Sequence[ThreadMessage]
) -> tuple[tuple[ThreadMessage, ...], str]:
    """What inbound messages hold besides text, and the last name that came with them.

    On SMS only those without a text can hold anything.
    """
    is_sms = channel(conversation.contact) == "sms"
    told = [
        (message.message_sid, message.date_created)
        for message in messages
        if not message.is_outbound and not (is_sms and message.body)
    ]
    fields = read_inbound_fields(lake, told)
    names = [name for sid, _ in told if (name := profile_name(fields.get(sid, {})))]
    described = tuple(
        replace(
            message,
            content=content_words(fields.get(message.message_sid, {}), message.body),
            map_link=map_link(fields.get(message.message_sid, {})),
            is_sms=is_sms,
        )
        for message in messages
    )
    return described, names[-1] if names else ""


def _with_attachments(lake: Readable, messages: Sequence[ThreadMessage]) -> tuple[ThreadMessage, ...]:
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
    given_up = {
        sid
        for (sid,) in lake.rows(
            "select message_sid from missing_attachments "
            "where is_given_up and message_sid in (select unnest(?::varchar[]))",
            [carrying],
        )
    }
    return tuple(
        replace(
            message,
            attachments=tuple(attachments.get(message.message_sid, ())),
            is_given_up=message.message_sid in given_up,
        )
        for message in messages
    )


def _with_schedule(lake: Readable, messages: Sequence[ThreadMessage]) -> tuple[ThreadMessage, ...]:
    """With the moments of those that Twilio has not sent yet."""
    waiting = [message.message_sid for message in messages if message.status == "scheduled"]
    if not waiting:
        return tuple(messages)
    moments = dict(
        lake.rows(
            "select message_sid, max(send_at) from outbox_events "
            "where message_sid in (select unnest(?::varchar[])) group by all",
            [waiting],
        )
    )
    return tuple(replace(message, scheduled_for=moments.get(message.message_sid)) for message in messages)


def _read_events(
    lake: Readable, conversation_ids: Sequence[str], since: datetime | None
) -> tuple[ThreadEvent, ...]:
    rows: list[tuple[Any, ...]] = lake.rows(
        """
        select kind, value, until, actor, happened_at from conversation_events
        where list_contains($ids::varchar[], conversation_id) and ($since is null or happened_at >= $since)
        order by happened_at, event_id
        """,
        {"ids": conversation_ids, "since": since},
    )
    return tuple(ThreadEvent(*row) for row in rows)

"""A conversation as a file to hand over: its messages, notes and decisions, as text or as JSON.

The contact's number is masked, unless somebody who may reveal it asks for it whole. Texts, names and notes
stay as they are; the file says so. Each export has a row in the audit trail.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from workbench.conversations.contacts import Contact, read_contact
from workbench.conversations.find import Conversation
from workbench.conversations.listing import StateRow, read_state
from workbench.conversations.thread import (
    MOST_MESSAGES,
    Thread,
    ThreadEvent,
    ThreadPlace,
    message_fields,
    read_thread,
)
from workbench.conversations.view_models import event_shown, message_line
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.lake.audit import append_audit
from workbench.messaging.addresses import mask
from workbench.roles import current_actor, require_role

FORMATS = ("txt", "json")

MASKED = "The contact's number is masked. Texts, names and notes are as they are, and may hold personal data."
WHOLE = "Nothing is masked: the contact's number, texts, names and notes are whole."


@dataclass(frozen=True)
class ThreadExport:
    """A file: its name and its text."""

    name: str
    text: str


def export_thread(
    lake: Lake, conversation: Conversation, *, format: str = "txt", whole: bool = False, timezone: str = "UTC"
) -> ThreadExport:
    """All messages of a conversation, with the notes and decisions between them, after an audit row.

    Args:
        format: `txt` to read, `json` for programs.
        whole: with the contact's whole number; that takes the role `agent`.
        timezone: of the times in a text; JSON has UTC.

    Raises:
        UsageError: no such format, or the lake keeps no whole number.
        NotAllowed: the person may not read the inbox, or not see whole numbers.
    """
    if format not in FORMATS:
        raise UsageError(f"format is {format!r}; allowed are {', '.join(FORMATS)}.")
    require_role("agent" if whole else "viewer", "export whole numbers" if whole else "export a conversation")
    if whole and not conversation.is_reachable:
        raise UsageError(
            "The lake keeps no whole number of this contact (see [privacy] mode); export it masked."
        )
    thread = _read_whole(lake, conversation)
    state, contact = read_state(lake, conversation), read_contact(lake, conversation.contact)
    detail = {
        "what": "conversation",
        "conversation": conversation.conversation_id,
        "messages": len(thread.messages),
        "format": format,
        "number": "whole" if whole else "masked",
    }
    actor, subject = current_actor(), mask(conversation.contact)
    lake.write(lambda cursor: append_audit(cursor, "export", actor=actor, subject=subject, detail=detail))
    write = _as_json if format == "json" else _as_text
    address = conversation.contact if whole else mask(conversation.contact)
    text = write(
        thread, state, replace(contact, address=address), ZoneInfo(timezone), WHOLE if whole else MASKED
    )
    return ThreadExport(f"conversation-{conversation.conversation_id}.{format}", text)


def _read_whole(lake: Lake, conversation: Conversation) -> Thread:
    """The thread from its first message on, read page by page."""
    page = read_thread(lake, conversation, limit=MOST_MESSAGES)
    messages = page.messages
    while page.older:
        first = messages[0]
        before = ThreadPlace(first.date_created, first.is_outbound, first.message_sid)
        page = read_thread(lake, conversation, limit=MOST_MESSAGES, before=before)
        messages = page.messages + messages
    # The events are those since the first message of the last page, so all of them.
    return replace(page, messages=messages)


def _as_text(thread: Thread, state: StateRow, contact: Contact, zone: ZoneInfo, note: str) -> str:
    lines = [(message.date_created, message_line(message, zone)) for message in thread.messages]
    lines += [(event.happened_at, _event_line(event, zone)) for event in thread.events]
    who = f"{contact.name} ({contact.address})" if contact.name else contact.address
    head = [
        f"Conversation {thread.conversation.conversation_id}",
        f"Contact: {_one_line(who)}",
        f"With: {thread.conversation.our_side}",
        f"State: {state.state}",
        *([f"Assigned to: {_one_line(state.assignee)}"] if state.assignee else []),
        *([f"Labels: {_one_line(', '.join(state.labels))}"] if state.labels else []),
        f"Messages: {len(thread.messages):,}. Times in {zone}. Exported {datetime.now(zone):%Y-%m-%d %H:%M}.",
        note,
        "",
    ]
    return "\n".join([*head, *(line for _, line in sorted(lines, key=lambda pair: pair[0]))]) + "\n"


def _event_line(event: ThreadEvent, zone: ZoneInfo) -> str:
    shown = event_shown(event, str(zone))
    text = f"Private note by {shown['who']}: {event.value}" if event.kind == "note" else shown["text"]
    return f"{event.happened_at.astimezone(zone):%Y-%m-%d %H:%M}  * {_one_line(text)}"


def _one_line(text: str) -> str:
    """Control characters are made visible, so that no text can look like another line."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _as_json(thread: Thread, state: StateRow, contact: Contact, zone: ZoneInfo, note: str) -> str:
    record: dict[str, Any] = {
        "conversation": thread.conversation.conversation_id,
        "note": note,
        "exported_at": datetime.now(UTC),
        "our_side": thread.conversation.our_side,
        "contact": {
            "address": contact.address,
            "name": contact.name,
            "labels": list(contact.labels),
            "language": contact.language,
            "country": contact.country,
        },
        "state": state.state,
        "assignee": state.assignee,
        "labels": list(state.labels),
        "messages": [
            {**message_fields(message), "attachments": [vars(each) for each in message.attachments]}
            for message in thread.messages
        ],
        "events": [vars(event) for event in thread.events],
    }
    return json.dumps(record, default=_json_value, ensure_ascii=False, indent=2) + "\n"


def _json_value(value: object) -> str:
    """Times in UTC in ISO form; amounts as their digits."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)

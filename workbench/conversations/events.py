"""What people here decide about a conversation: its state, its assignee, labels and private notes.

Each decision is an event, which is never changed or removed, with an audit row in the same transaction. A
note is private: it is never sent, and the audit trail has only its length.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from workbench.conversations.find import Conversation
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.lake.audit import append_audit

STATES = ("open", "pending", "snoozed", "resolved")
"""Pending waits for somebody else, snoozed for a time; resolved waits for nothing."""

LONGEST_NOTE = 4000
LONGEST_NAME = 60

Kind = Literal["state", "assignee", "label", "unlabel", "note"]


@dataclass(frozen=True)
class ConversationEvent:
    """One row of `conversation_events`, without its conversation."""

    kind: Kind
    value: str | None
    actor: str
    until: datetime | None = None
    happened_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def audit_detail(self) -> dict[str, Any]:
        if self.kind == "note":
            return {"characters": len(self.value or "")}
        return {self.kind: self.value, **({"until": self.until.isoformat()} if self.until else {})}


def set_state(state: str, actor: str, until: datetime | None = None) -> ConversationEvent:
    """Set the state of a conversation; a new message of the contact opens it again.

    Raises:
        UsageError: no such state, or a snooze without an end in the future.
    """
    if state not in STATES:
        raise UsageError(f"{state!r} is no state of a conversation; allowed are {', '.join(STATES)}.")
    if state == "snoozed" and until is None:
        raise UsageError("A snoozed conversation needs a time to come back: give until.")
    if state != "snoozed" and until is not None:
        raise UsageError(f"Only a snooze has an end; until makes no sense with {state!r}.")
    if until is not None and until <= datetime.now(UTC):
        raise UsageError(f"until is {until:%Y-%m-%d %H:%M %Z}, which is past; give a time to come.")
    return ConversationEvent("state", state, actor, until)


def assign(person: str | None, actor: str) -> ConversationEvent:
    """Give a conversation to somebody; None to nobody."""
    name = (person or "").strip()
    return ConversationEvent("assignee", _short(name, "assignee") if name else None, actor)


def label(text: str, actor: str, *, on: bool = True) -> ConversationEvent:
    """Put a label on a conversation, or take it off."""
    name = " ".join(text.split()).lower()
    if not name or "," in name:
        raise UsageError(f"{text!r} is no label; write one or a few words without a comma.")
    return ConversationEvent("label" if on else "unlabel", _short(name, "label"), actor)


def note(text: str, actor: str) -> ConversationEvent:
    """A private note, for the people here only."""
    text = text.strip()
    if not text:
        raise UsageError("The note is empty; write what the others should know.")
    if len(text) > LONGEST_NOTE:
        raise UsageError(f"The note has {len(text):,} characters; at most {LONGEST_NOTE:,} are kept.")
    return ConversationEvent("note", text, actor)


def save_event(
    lake: Lake, conversation: Conversation, decision: ConversationEvent, event_id: str | None = None
) -> str:
    """Save a decision with its audit row, in one commit; returns the event's id.

    Args:
        event_id: one that the caller chose; a decision that is here under it already is not saved again.
    """
    event_id = event_id or uuid.uuid4().hex

    def write(cursor: Any) -> None:
        if cursor.execute("select 1 from conversation_events where event_id = ?", [event_id]).fetchall():
            return
        cursor.execute(
            "insert into conversation_events values (?, ?, ?, ?, ?, ?, ?)",
            [
                event_id, conversation.conversation_id, decision.kind, decision.value, decision.until,
                decision.actor, decision.happened_at,
            ],
        )  # fmt: skip
        append_audit(
            cursor,
            f"conversation-{decision.kind}",
            actor=decision.actor,
            subject=conversation.conversation_id,
            detail=decision.audit_detail,
            at=decision.happened_at,
        )

    lake.write(write)
    return event_id


def _short(name: str, what: str) -> str:
    if len(name) > LONGEST_NAME:
        raise UsageError(f"The {what} has {len(name)} characters; at most {LONGEST_NAME} are kept.")
    return name

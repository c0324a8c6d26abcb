"""What people decide about conversations in the inbox, as events. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from workbench.conversations.events import ConversationEvent, assign, label, note, set_state
from workbench.errors import UsageError


def event_of(kind: str, value: str, until: datetime | None, actor: str) -> ConversationEvent:
    """The event of what a person decided; its kinds are those of `DecideQuestion`."""
    if kind == "state":
        return set_state(value, actor, until)
    if kind == "assignee":
        return assign(value, actor)
    if kind in ("label", "unlabel"):
        return label(value, actor, on=kind == "label")
    return note(value, actor)


def read_until(text: str | None, timezone: str) -> datetime | None:
    """Until when a conversation sleeps; a time without a zone is one of this zone.

    Raises:
        UsageError: it is no time.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"until is {text!r}; write a time as 2026-09-01T08:30+00:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))

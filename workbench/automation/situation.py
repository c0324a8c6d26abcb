"""The facts of one event that rules look at. Data.

What is said of the conversation is how it was when the event was looked at, before any rule acted on it; its
state is the one before the message, which opens it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from workbench.conversations.find import Conversation


def kinds_of(keyword: str | None, *, is_new: bool, is_reopened: bool) -> tuple[str, ...]:
    """What an inbound message is, in the words of `when`; a keyword is what it says, and no message."""
    if keyword:
        return {"opt-out": ("opted_out",), "opt-in": ("opted_in",)}.get(keyword, ())
    kinds = ["message_received"]
    kinds += ["conversation_created"] if is_new else []
    kinds += ["conversation_reopened"] if is_reopened else []
    return tuple(kinds)


@dataclass(frozen=True)
class RuleEvent:
    """Something that happened, in the words of `when`; one message may be several of these at once."""

    kinds: tuple[str, ...]
    key: str
    """The same however often, and from wherever, it is brought."""
    message_sid: str


@dataclass(frozen=True)
class Situation:
    """One event, the message it is about, and who it concerns."""

    event: RuleEvent
    conversation: Conversation
    at: datetime
    """When the message was made, in UTC."""
    happened_at: datetime
    """When the event was: that of the message, or of its failure."""
    body: str = field(default="", repr=False)
    keyword: str | None = None
    sender: str | None = None
    media: int = 0
    country: str | None = None
    state: str = "open"
    labels: frozenset[str] = frozenset()
    contact_name: str | None = field(default=None, repr=False)
    contact_labels: frozenset[str] = frozenset()
    contact_language: str | None = None
    is_first_message: bool = False
    is_after_answer: bool = False
    """Whether the message before it is an answer that a person here wrote, and that did not fail."""
    waiting_since: datetime | None = None
    """Of `waiting_too_long`."""

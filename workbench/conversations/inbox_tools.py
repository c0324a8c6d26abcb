"""What a session of the inbox is given by the code that may send: functions, so that it knows none of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from workbench.conversations.canned import CannedReply, CannedText
from workbench.conversations.find import Conversation
from workbench.conversations.reply_attachments import ReplyAttachments
from workbench.conversations.reply_queue import Check, Files, ReplyQueue, Send

Answer = dict[str, Any]


@dataclass(frozen=True)
class InboxTools:
    """The functions that a session is given by the code that may send.

    Attributes:
        check: the preflight result of a text and its attachments to this conversation as plain data:
            segments, encoding, cost, verdict (pass, warn, block) and reasons. It sends nothing.
        send: sends it and returns `state` and `text`; the same key is sent only once.
        canned: the canned replies, and what fills, saves and removes one.
        people: the names that a private note can mention, as `@ana`.
        refresh: asks Twilio for the status of these messages (account and message SID) and saves it.
        queue: sends answers after some seconds; by default they are sent at once.
        later: sends an answer at a moment; by default none can be.
        attachments: the files of answers; None where nothing can be attached, and `no_attachments` says why.
    """

    check: Check | None = None
    send: Send | None = None
    canned: CannedTools | None = None
    people: Callable[[], Sequence[str]] = tuple
    refresh: Callable[[Sequence[tuple[str, str]]], None] | None = None
    queue: ReplyQueue | None = None
    later: LaterTools | None = None
    attachments: ReplyAttachments | None = None
    no_attachments: str = ""


class LaterTools(Protocol):
    """Sending an answer at a moment, by Twilio's scheduling."""

    def check(self, conversation: Conversation, body: str, files: Files, at: datetime) -> Answer:
        """As :attr:`InboxTools.check`, for that moment."""

    def send(self, conversation: Conversation, body: str, key: str, files: Files, at: datetime) -> Answer:
        """As :attr:`InboxTools.send`: Twilio takes it now and sends it then."""

    def call_off(self, message_sid: str) -> None:
        """Call off a message that is scheduled."""


class CannedTools(Protocol):
    """What the inbox may do with canned replies."""

    def list(self) -> Sequence[CannedReply]:
        """All of them."""

    def fill(self, conversation: Conversation, template: str, values: Mapping[str, str]) -> CannedText:
        """One for a conversation."""

    def save(self, template: str, title: str, shortcut: str, text: str) -> None:
        """Write one, by an admin."""

    def remove(self, template: str) -> None:
        """Remove one, by an admin."""

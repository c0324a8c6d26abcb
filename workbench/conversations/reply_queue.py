"""Replies that wait some seconds before they are sent, so that a person can take them back.

What waits is a draft in a file. A process that ends meanwhile leaves the draft, which then says whether it
was sent: the outbox knows. Nothing is sent that the person did not press Send for, and nothing twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from workbench.conversations.drafts import DraftStore, ReplyDraft
from workbench.conversations.find import Conversation
from workbench.errors import UsageError, WorkbenchError
from workbench.roles import Actor, acting_as

log = logging.getLogger(__name__)

_GRACE = timedelta(seconds=5)
"""A process that waits with a reply begins to send it within this time."""
_SENDING_FOR = timedelta(minutes=2)
_DONE = ("sent", "already_sent", "scheduled")
_ENDED = "Not sent: the program ended before its time. Press Send to send it."
_UNCLEAR = "Nobody knows yet whether this was sent. Press Send to find out; it is never sent twice."

Check = Callable[[Conversation, str], dict[str, Any]]
Send = Callable[[Conversation, str, str], dict[str, Any]]
SentState = Callable[[str], str | None]
"""What the outbox says of the reply with this key: its state, or None where it was never begun."""


@dataclass(frozen=True)
class ReplyStatus:
    """How far a reply is.

    Attributes:
        state: `draft` (not sent), `queued`, `sending`, or how sending it ended.
        seconds: until it is sent.
        text: what to tell the person.
    """

    state: str
    seconds: float = 0.0
    text: str = ""


class ReplyQueue:
    """The waiting replies of one process. Safe to use from several threads.

    Args:
        check: preflight's verdict on a text, as plain data.
        send: sends a text; the same key only once.
    """

    def __init__(self, drafts: DraftStore, check: Check, send: Send, sent_state: SentState) -> None:
        self.drafts = drafts
        self._check, self._send, self._sent_state = check, send, sent_state
        self._lock = threading.RLock()
        self._timers: dict[tuple[str, str], threading.Timer] = {}
        self._sending: set[tuple[str, str]] = set()
        self._ended: dict[tuple[str, str], ReplyStatus] = {}

    def put(self, person: Actor, conversation: Conversation, draft: ReplyDraft, seconds: float) -> None:
        """Send a draft after some seconds, unless somebody takes it back.

        Raises:
            UsageError: an answer of theirs to this contact waits already.
        """
        place = (draft.person, draft.conversation_id)
        with self._lock:
            if place in self._timers or place in self._sending:
                raise UsageError("An answer to this contact waits already; it is sent in a moment.")
            send_at = datetime.now(UTC) + timedelta(seconds=seconds)
            queued = replace(draft, state="queued", send_at=send_at, problem="")
            self.drafts.save(queued)
            self._ended.pop(place, None)
            timer = threading.Timer(seconds, self._send_now, [person, conversation, queued])
            timer.daemon = True
            self._timers[place] = timer
            timer.start()

    def undo(self, person: str, conversation_id: str) -> None:
        """Take a waiting reply back; its draft stays.

        Raises:
            UsageError: it is on its way, or nothing waits here.
        """
        with self._lock:
            timer = self._timers.pop((person, conversation_id), None)
            if timer is None:
                raise UsageError("It is too late: the message is on its way.")
            timer.cancel()
            if draft := self.drafts.read(person, conversation_id):
                self.drafts.save(replace(draft, state="draft", send_at=None))

    def status(self, person: str, conversation_id: str) -> ReplyStatus:
        """How far a person's reply is; how it ended is told once."""
        place = (person, conversation_id)
        with self._lock:
            if ended := self._ended.pop(place, None):
                return ended
            draft = self.settle(person, conversation_id)
            if draft is None:
                return ReplyStatus("draft")
            if draft.state == "queued" and draft.send_at:
                return ReplyStatus("queued", max(0.0, (draft.send_at - datetime.now(UTC)).total_seconds()))
            return ReplyStatus(draft.state, text=draft.problem)

    def settle(self, person: str, conversation_id: str) -> ReplyDraft | None:
        """A person's draft, as it stands: one whose process ended says what became of it.

        One that was sent is gone.
        """
        place = (person, conversation_id)
        with self._lock:
            draft = self.drafts.read(person, conversation_id)
            if draft is None or draft.state == "draft" or place in self._timers or place in self._sending:
                return draft
            limit = _GRACE if draft.state == "queued" else _SENDING_FOR
            state = self._sent_state(draft.key)
            if state == "accepted":
                self.drafts.remove(draft)
                self._ended[place] = ReplyStatus("sent", text="Sent.")
                return None
            if draft.send_at and datetime.now(UTC) < draft.send_at + limit:
                return draft
            problem = _UNCLEAR if state in ("intended", "unclear") else _ENDED
            return self.drafts.save(replace(draft, state="draft", send_at=None, problem=problem))

    def _send_now(self, person: Actor, conversation: Conversation, queued: ReplyDraft) -> None:
        place = (queued.person, queued.conversation_id)
        with self._lock:
            if self._timers.pop(place, None) is None:
                return
            stored = self.drafts.read(*place)
            if stored is None or (stored.state, stored.key) != ("queued", queued.key):
                # Somebody changed the file meanwhile, as an erasure.
                return
            self._sending.add(place)
            self.drafts.save(replace(queued, state="sending"))
        try:
            with acting_as(person):
                ended = self._try_to_send(conversation, queued)
        except WorkbenchError as error:
            ended = ReplyStatus("failed", text=str(error))
        except Exception as error:
            log.error("a reply could not be sent", exc_info=error)
            ended = ReplyStatus("unclear", text=_UNCLEAR)
        with self._lock:
            if ended.state in _DONE:
                self.drafts.remove(queued)
            else:
                # A refused text may be tried as a new message; one of which nobody knows keeps its key.
                key = queued.key if ended.state == "unclear" else ""
                self.drafts.save(replace(queued, state="draft", send_at=None, key=key, problem=ended.text))
            self._sending.discard(place)
            self._ended[place] = ended

    def _try_to_send(self, conversation: Conversation, queued: ReplyDraft) -> ReplyStatus:
        if not queued.is_confirmed:
            verdict = self._check(conversation, queued.body)
            if verdict["verdict"] == "warn":
                reasons = " ".join(reason["text"] for reason in verdict["reasons"])
                return ReplyStatus(
                    "unconfirmed", text=f"Not sent: this needs your confirmation now. {reasons}"
                )
        result = self._send(conversation, queued.body, queued.key)
        return ReplyStatus(result["state"], text=result["text"])

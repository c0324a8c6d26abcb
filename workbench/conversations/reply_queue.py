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
DONE = ("sent", "already_sent", "scheduled")
"""How sending ends that leaves nothing to do."""
_ENDED = "Not sent: the program ended before its time. Press Send to send it."
_UNCLEAR = "Nobody knows yet whether this was sent. Press Send to find out; it is never sent twice."
_SENT = "Sent."
_WAITS = "An answer to this contact waits already; it is sent in a moment."
_OTHER = "An answer to this contact was begun in another window, too. Nothing was sent; press Send again."
_MAYBE_SENT, _NOT_SENT = ("intended", "unclear"), (None, "refused", "unsent")
"""States of the outbox; `accepted` is the one besides."""
_ENDINGS = 1_000
"""So many endings are kept, the latest."""

Files = tuple[str, ...]
"""Ids of attachments, in their order."""
Check = Callable[[Conversation, str, Files], dict[str, Any]]
Send = Callable[[Conversation, str, str, Files], dict[str, Any]]
SentState = Callable[[str, ReplyDraft | None], str | None]
"""What the outbox says of a key and a draft: its state, or None where it was never begun.

Another text or other attachments are another message. Without a draft, of the one that was begun last under
the key.
"""


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
        self._ended: dict[tuple[str, str, str], ReplyStatus] = {}

    def put(self, person: Actor, conversation: Conversation, draft: ReplyDraft, seconds: float) -> None:
        """Send a draft after some seconds, unless somebody takes it back.

        Raises:
            UsageError: see :meth:`refuse_second`; or the contact was erased.
        """
        place = (draft.person, draft.conversation_id)
        with self._lock:
            self.refuse_second(draft)
            send_at = datetime.now(UTC) + timedelta(seconds=seconds)
            queued = replace(draft, state="queued", send_at=send_at, problem="")
            if self.drafts.save(queued).saved_at is None:
                raise UsageError("This person was erased; nothing is sent to them.")
            self._ended.pop((*place, draft.key), None)
            timer = threading.Timer(seconds, self._send_now, [person, conversation, queued])
            timer.daemon = True
            self._timers[place] = timer
            timer.start()

    def refuse_second(self, draft: ReplyDraft) -> None:
        """Refuse what would be a second answer beside one that is not settled.

        Raises:
            UsageError: an answer of theirs to this contact waits already, here or in another process; or
                what is kept has another key, under which the same text may have been sent.
        """
        place = (draft.person, draft.conversation_id)
        with self._lock:
            stored = self.settle(*place)
            if place in self._timers or place in self._sending or (stored and stored.state != "draft"):
                raise UsageError(_WAITS)
            if stored and stored.key not in ("", draft.key):
                raise UsageError(_OTHER)

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

    def status(self, person: str, conversation_id: str, key: str) -> ReplyStatus:
        """How far a person's reply with this key is; how it ended is told as often as somebody asks."""
        with self._lock:
            draft, state = self._settle((person, conversation_id))
            if draft is None or draft.key != key:
                draft, state = None, self._sent_state(key, None) if key else None
            if draft and draft.state == "queued" and draft.send_at:
                return ReplyStatus("queued", max(0.0, (draft.send_at - datetime.now(UTC)).total_seconds()))
            if draft and draft.state != "draft":
                return ReplyStatus(draft.state)
            ended = self._ended.get((person, conversation_id, key))
            if ended and ended.state != "unclear":
                return ended
            if state == "accepted":
                return ReplyStatus("sent", text=_SENT)
            if ended or state in _MAYBE_SENT:
                return ended or ReplyStatus("unclear", text=_UNCLEAR)
            return ReplyStatus("draft", text=draft.problem if draft else "")

    def settle(self, person: str, conversation_id: str) -> ReplyDraft | None:
        """A person's draft, as it stands: one whose process ended says what became of it.

        One that was sent is gone.
        """
        return self._settle((person, conversation_id))[0]

    def _settle(self, place: tuple[str, str]) -> tuple[ReplyDraft | None, str | None]:
        """The draft as it stands, and what the outbox says of its text where it was asked."""
        with self._lock:
            draft = self.drafts.read(*place)
            if draft is None or place in self._timers or place in self._sending:
                return draft, None
            if draft.state == "draft" and (not draft.key or draft.mode != "reply"):
                return draft, None
            state = self._sent_state(draft.key, draft)
            if state == "accepted":
                self.drafts.remove(draft)
                self._end(draft, ReplyStatus("sent", text=_SENT))
                return None, state
            limit = _GRACE if draft.state == "queued" else _SENDING_FOR
            if draft.state == "draft" or (draft.send_at and datetime.now(UTC) < draft.send_at + limit):
                return draft, state
            problem = _UNCLEAR if state in _MAYBE_SENT else _ENDED
            return self.drafts.save(replace(draft, state="draft", send_at=None, problem=problem)), state

    def _end(self, draft: ReplyDraft, ended: ReplyStatus) -> None:
        """Keep how a reply ended, for each tab that asks for it."""
        self._ended[draft.person, draft.conversation_id, draft.key] = ended
        while len(self._ended) > _ENDINGS:
            del self._ended[next(iter(self._ended))]

    def _send_now(self, person: Actor, conversation: Conversation, queued: ReplyDraft) -> None:
        place = (queued.person, queued.conversation_id)
        with self._lock:
            if self._timers.pop(place, None) is None:
                return
            stored = self.drafts.read(*place)
            if stored is None or replace(stored, saved_at=None) != queued:
                # Somebody changed the file meanwhile: an erasure, or a process that found this one too late.
                return
            self.drafts.save(replace(queued, state="sending"))
            self._sending.add(place)
        try:
            with acting_as(person):
                ended = self._try_to_send(conversation, queued)
        except WorkbenchError as error:
            ended = self._ended_by(error, queued)
        except Exception as error:
            log.error("a reply could not be sent", exc_info=error)
            ended = ReplyStatus("unclear", text=_UNCLEAR)
        with self._lock:
            self._sending.discard(place)
            self._end(queued, ended)
            stored = self.drafts.read(*place)
            if stored and (stored.body, stored.key, stored.files) != (queued.body, queued.key, queued.files):
                # It took so long that another process gave it up, and somebody wrote on there.
                return
            if ended.state in DONE:
                self.drafts.remove(queued)
            else:
                # It keeps its key: the outbox takes a refused text again under it, and finds an unclear one.
                self.drafts.save(replace(queued, state="draft", send_at=None, problem=ended.text))

    def _ended_by(self, error: WorkbenchError, queued: ReplyDraft) -> ReplyStatus:
        """How sending ended that broke off with an error, which may have come after Twilio took the text."""
        try:
            state = self._sent_state(queued.key, queued)
        except Exception as asking:
            log.error("whether a reply was sent could not be asked", exc_info=asking)
        else:
            if state in _NOT_SENT:
                return ReplyStatus("failed", text=str(error))
        return ReplyStatus("unclear", text=f"{_UNCLEAR} {error}")

    def _try_to_send(self, conversation: Conversation, queued: ReplyDraft) -> ReplyStatus:
        if not queued.is_confirmed:
            verdict = self._check(conversation, queued.body, queued.files)
            if verdict["verdict"] == "warn":
                reasons = " ".join(reason["text"] for reason in verdict["reasons"])
                return ReplyStatus(
                    "unconfirmed", text=f"Not sent: this needs your confirmation now. {reasons}"
                )
        result = self._send(conversation, queued.body, queued.key, queued.files)
        return ReplyStatus(result["state"], text=result["text"])

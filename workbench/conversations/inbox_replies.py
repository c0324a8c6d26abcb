"""What one browser does with answers: keeps what is typed, sends it at once or in a moment, takes it back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from workbench.browser.inbox_answers import DraftShown, KeptAnswer
from workbench.browser.inbox_questions import SendQuestion
from workbench.conversations.drafts import DraftStore, ReplyDraft
from workbench.conversations.find import Conversation
from workbench.conversations.inbox_tools import Answer
from workbench.conversations.reply_queue import Check, ReplyQueue, Send
from workbench.errors import UsageError
from workbench.roles import current_actor, current_user


class ReplyDesk:
    """The answers of one browser's person.

    Args:
        queue: None where every answer is sent at once.
        check: preflight's verdict on a text; None where nothing can be sent.
        send: sends a text; None where nothing can be sent.
    """

    def __init__(
        self, drafts: DraftStore, queue: ReplyQueue | None, check: Check | None, send: Send | None
    ) -> None:
        self.drafts, self._queue, self._check, self._send = drafts, queue, check, send

    def draft_shown(self, actor: str, conversation: Conversation) -> DraftShown | None:
        """What the person typed and did not send."""
        draft = self._settled(actor, conversation.conversation_id)
        if draft is None:
            return None
        seconds = (draft.send_at - datetime.now(UTC)).total_seconds() if draft.send_at else 0.0
        return {
            "body": draft.body,
            "mode": draft.mode,
            "key": draft.key,
            "state": draft.state,
            "seconds": max(0.0, seconds),
            "problem": draft.problem,
        }

    def keep(self, actor: str, conversation: Conversation, body: str, mode: str, key: str = "") -> KeptAnswer:
        """Keep what is typed, unless an answer waits to be sent, which stays as it is.

        Args:
            key: the browser's, for what is written here until it is sent. It stays while the text is changed:
                the outbox knows each text under it, so one that is typed again is found there. Of two
                browsers' keys the first one stays, and both of them are told it.
        """
        draft = self._settled(actor, conversation.conversation_id)
        if draft and draft.state != "draft":
            return {"kept": False, "key": key}
        key = (draft.key if draft else "") or key
        new = ReplyDraft(actor, conversation.conversation_id, conversation.contact, body, mode, key)
        self.drafts.save(new)
        return {"kept": True, "key": key}

    def others_writing(self, actor: str, conversation: Conversation) -> list[str]:
        """The names of the others who write to this contact."""
        actors = self.drafts.others_writing(actor, conversation.conversation_id)
        return [name.partition(":")[2] for name in actors]

    def send(self, conversation: Conversation, question: SendQuestion) -> Answer:
        """Send a text now, or after `wait` seconds; the person has confirmed its warnings.

        Raises:
            UsageError: nothing can be sent, or it was not confirmed.
        """
        body, key = question["body"], question["key"]
        wait, is_confirmed = question.get("wait"), bool(question.get("confirmed"))
        if not key or not (is_confirmed or wait):
            raise UsageError("A message is sent only after it was confirmed.")
        if self._send is None:
            raise UsageError("Nothing can be sent from here.")
        if not wait or self._queue is None or self._check is None:
            if not is_confirmed:
                raise UsageError("A message is sent only after it was confirmed.")
            draft = self._draft(conversation, body, key)
            if self._queue is not None:
                self._queue.refuse_second(draft)
            # With its key, by which it is found again if the answer is lost.
            self.drafts.save(draft)
            result = self._send(conversation, body, key)
            if result["state"] in ("sent", "already_sent"):
                self.drafts.remove(draft)
            return result
        verdict = self._check(conversation, body)
        text = " ".join(reason["text"] for reason in verdict["reasons"])
        if verdict["verdict"] == "block":
            return {"state": "blocked", "text": f"Not sent. {text}"}
        if verdict["verdict"] == "warn" and not is_confirmed:
            return {"state": "unconfirmed", "text": text}
        draft = self._draft(conversation, body, key, is_confirmed=is_confirmed)
        self._queue.put(current_user(), conversation, draft, float(wait))
        return {"state": "queued", "text": "", "seconds": float(wait)}

    def status(self, actor: str, conversation_id: str, key: str) -> Answer:
        """How far the answer with this key is."""
        if self._queue is None:
            return {"state": "draft", "text": ""}
        return asdict(self._queue.status(actor, conversation_id, key))

    def unsend(self, actor: str, conversation_id: str) -> Answer:
        """Take an answer back.

        Raises:
            UsageError: it is too late.
        """
        if self._queue is None:
            raise UsageError("It is too late: the message is on its way.")
        self._queue.undo(actor, conversation_id)
        return {"state": "draft", "text": ""}

    def _settled(self, actor: str, conversation_id: str) -> ReplyDraft | None:
        if self._queue is not None:
            return self._queue.settle(actor, conversation_id)
        return self.drafts.read(actor, conversation_id)

    def _draft(
        self, conversation: Conversation, body: str, key: str, *, is_confirmed: bool = False
    ) -> ReplyDraft:
        return ReplyDraft(
            current_actor(), conversation.conversation_id, conversation.contact, body, key=key,
            is_confirmed=is_confirmed,
        )  # fmt: skip

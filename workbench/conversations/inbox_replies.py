"""What one browser does with answers: keeps what is typed, sends it at once or in a moment, takes it back."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime

from workbench.browser.inbox_answers import AttachAnswer, DraftShown, KeptAnswer, MediaAnswer
from workbench.browser.inbox_questions import AttachQuestion, SendQuestion
from workbench.conversations.drafts import DraftStore, ReplyDraft
from workbench.conversations.find import Conversation
from workbench.conversations.inbox_tools import Answer, LaterTools
from workbench.conversations.reply_attachments import ReplyAttachments
from workbench.conversations.reply_queue import DONE, Check, ReplyQueue, Send
from workbench.errors import UsageError
from workbench.roles import current_actor, current_user

_GONE = "An attachment is not there any more: attach it again."


class ReplyDesk:
    """The answers of one browser's person.

    Args:
        queue: None where every answer is sent at once.
        check: preflight's verdict on a text; None where nothing can be sent.
        send: sends a text; None where nothing can be sent.
        attachments: None where nothing can be attached.
        later: None where nothing can be sent later.
    """

    def __init__(
        self,
        drafts: DraftStore,
        queue: ReplyQueue | None,
        check: Check | None,
        send: Send | None,
        attachments: ReplyAttachments | None = None,
        later: LaterTools | None = None,
    ) -> None:
        self.drafts, self._queue, self._check, self._send = drafts, queue, check, send
        self._attachments, self._later = attachments, later

    def draft_shown(self, actor: str, conversation: Conversation) -> DraftShown | None:
        """What the person typed and did not send."""
        draft = self._settled(actor, conversation.conversation_id)
        if draft is None:
            return None
        seconds = (draft.send_at - datetime.now(UTC)).total_seconds() if draft.send_at else 0.0
        files = self._attachments.shown(draft.files) if self._attachments else []
        problem = draft.problem if len(files) == len(draft.files) else f"{draft.problem} {_GONE}".strip()
        return {
            "body": draft.body,
            "mode": draft.mode,
            "key": draft.key,
            "state": draft.state,
            "seconds": max(0.0, seconds),
            "problem": problem,
            "files": files,
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
        files = draft.files if draft else ()
        new = ReplyDraft(
            actor, conversation.conversation_id, conversation.contact, body, mode, key, files=files
        )
        self.drafts.save(new)
        return {"kept": True, "key": key}

    def attach(self, actor: str, conversation: Conversation, question: AttachQuestion) -> AttachAnswer:
        """Take a part of a file; with its last part the file belongs to the draft.

        Raises:
            UsageError: it cannot be attached, or an answer waits to be sent.
        """
        if question["offset"] == 0:
            # What became of an answer before is asked once for a file: the outbox is in the lake.
            self._settled(actor, conversation.conversation_id)
        draft = self._to_change(actor, conversation, question["key"])
        received = self._to_attach().take(draft, question)
        if received is None:
            return {"done": False, "key": draft.key, "files": self._to_attach().shown(draft.files)}
        if received.file_id not in draft.files:
            draft = self.drafts.save(replace(draft, files=(*draft.files, received.file_id)))
        self._to_attach().sweep(self.drafts.files())
        return {"done": True, "key": draft.key, "files": self._to_attach().shown(draft.files)}

    def detach(self, actor: str, conversation: Conversation, file_id: str) -> AttachAnswer:
        """Take a file off the draft and remove it.

        Raises:
            UsageError: an answer waits to be sent.
        """
        self._settled(actor, conversation.conversation_id)
        draft = self._to_change(actor, conversation, "")
        draft = replace(draft, files=tuple(other for other in draft.files if other != file_id), problem="")
        self.drafts.save(draft)
        self._to_attach().remove(draft, file_id)
        return {"done": True, "key": draft.key, "files": self._to_attach().shown(draft.files)}

    def reply_file(self, actor: str, conversation: Conversation, file_id: str) -> MediaAnswer:
        """The bytes of a file that is attached to the person's draft, to be shown.

        Raises:
            UsageError: it is not.
        """
        return self._to_attach().content(actor, conversation.conversation_id, file_id)

    def _to_attach(self) -> ReplyAttachments:
        if self._attachments is None:
            raise UsageError("Nothing can be attached here.")
        return self._attachments

    def _to_change(self, actor: str, conversation: Conversation, key: str) -> ReplyDraft:
        """The draft, or a new one, whose files may be changed now."""
        draft = self.drafts.read(actor, conversation.conversation_id)
        if draft is None:
            return ReplyDraft(actor, conversation.conversation_id, conversation.contact, "", key=key)
        if draft.state != "draft":
            raise UsageError("An answer to this contact waits to be sent: take it back first.")
        return replace(draft, key=draft.key or key)

    def others_writing(self, actor: str, conversation: Conversation) -> list[str]:
        """The names of the others who write to this contact."""
        actors = self.drafts.others_writing(actor, conversation.conversation_id)
        return [name.partition(":")[2] for name in actors]

    def send(self, conversation: Conversation, question: SendQuestion) -> Answer:
        """Send a text now, or after `wait` seconds; the person has confirmed its warnings.

        Raises:
            UsageError: nothing can be sent, or it was not confirmed.
        """
        body, key, files = question["body"], question["key"], tuple(question.get("files", ()))
        wait, is_confirmed = question.get("wait"), bool(question.get("confirmed"))
        if not key or not (is_confirmed or wait):
            raise UsageError("A message is sent only after it was confirmed.")
        if self._send is None:
            raise UsageError("Nothing can be sent from here.")
        if files:
            self._to_attach().require(current_actor(), conversation.conversation_id, files)
        if not wait or self._queue is None or self._check is None:
            if not is_confirmed:
                raise UsageError("A message is sent only after it was confirmed.")
            draft = self._draft(conversation, body, key, files)
            if self._queue is not None:
                self._queue.refuse_second(draft)
            # With its key, by which it is found again if the answer is lost.
            self.drafts.save(draft)
            result = self._send(conversation, body, key, files)
            if result["state"] in DONE:
                self.drafts.remove(draft)
            return result
        verdict = self._check(conversation, body, files)
        text = " ".join(reason["text"] for reason in verdict["reasons"])
        if verdict["verdict"] == "block":
            return {"state": "blocked", "text": f"Not sent. {text}"}
        if verdict["verdict"] == "warn" and not is_confirmed:
            return {"state": "unconfirmed", "text": text}
        draft = self._draft(conversation, body, key, files, is_confirmed=is_confirmed)
        self._queue.put(current_user(), conversation, draft, float(wait))
        return {"state": "queued", "text": "", "seconds": float(wait)}

    def send_later(self, conversation: Conversation, question: SendQuestion, at: datetime) -> Answer:
        """Let Twilio send an answer at a moment; it can be called off until then.

        Raises:
            UsageError: nothing can be sent later, or an answer waits already.
        """
        body, key, files = question["body"], question["key"], tuple(question.get("files", ()))
        if self._later is None or not key:
            raise UsageError("Nothing can be sent later from here.")
        if files:
            self._to_attach().require(current_actor(), conversation.conversation_id, files)
        verdict = self._later.check(conversation, body, files, at)
        text = " ".join(reason["text"] for reason in verdict["reasons"])
        if verdict["verdict"] == "block":
            return {"state": "blocked", "text": f"Not scheduled. {text}"}
        if verdict["verdict"] == "warn" and not question.get("confirmed"):
            return {"state": "unconfirmed", "text": text}
        draft = self._draft(conversation, body, key, files)
        if self._queue is not None:
            self._queue.refuse_second(draft)
        self.drafts.save(draft)
        result = self._later.send(conversation, body, key, files, at)
        if result["state"] in DONE:
            self.drafts.remove(draft)
        return result

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
        self,
        conversation: Conversation,
        body: str,
        key: str,
        files: tuple[str, ...],
        *,
        is_confirmed: bool = False,
    ) -> ReplyDraft:
        return ReplyDraft(
            current_actor(), conversation.conversation_id, conversation.contact, body, key=key,
            is_confirmed=is_confirmed, files=files,
        )  # fmt: skip

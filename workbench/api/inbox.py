"""The inbox over an installation: what one browser talks to, in a notebook cell or on the page."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from workbench.api.canned import CannedReplies
from workbench.api.conversations import our_side
from workbench.api.installation import Installation
from workbench.api.reply_files import (
    addresses,
    begin_to_serve,
    end_serving,
    reply_attachments,
    why_no_attachments,
)
from workbench.api.sending import check, draft_of
from workbench.settings import Settings

if TYPE_CHECKING:
    from workbench.conversations.drafts import ReplyDraft
    from workbench.conversations.find import Conversation
    from workbench.conversations.inbox_session import InboxSession
    from workbench.conversations.inbox_tools import InboxTools
    from workbench.conversations.reply_queue import Files, ReplyQueue
    from workbench.lake import Lake
    from workbench.sending.compose import Draft
    from workbench.sending.verdicts import PreflightResult

_OUTCOMES = {
    "sent": "Sent.",
    "scheduled": "Scheduled: Twilio sends it at its time. You can call it off in the conversation.",
    "already_sent": "This was sent before.",
    "blocked": "Not sent.",
    "failed": "Not sent.",
    "unclear": "Nobody knows yet whether it was sent; it is never sent twice.",
}

_SURELY_NOT_SENT = ("blocked", "failed", "unconfirmed")


class InboxDoor:
    """Opens inbox sessions for the browsers of a page server, all of them over one installation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._installation: Installation | None = None

    def __call__(self, settings: Settings, lake: Lake, lock: AbstractContextManager[Any]) -> InboxSession:
        """A session for one browser.

        Args:
            lake: the page server's, which stays open.
            lock: whoever asks the lake holds it.
        """
        return open_inbox_session(self._installed(settings, lake), lock=lock)

    def _installed(self, settings: Settings, lake: Lake) -> Installation:
        with self._lock:
            if self._installation is None or self._installation.lake is not lake:
                if self._installation is not None:
                    self._installation.close()
                self._installation = Installation(settings, lake=lake)
            return self._installation


open_inbox = InboxDoor()
"""That of this process: a page server has one lake, and runs a page's file once for each browser."""


def open_inbox_session(
    installation: Installation,
    only: Conversation | None = None,
    lock: AbstractContextManager[Any] | None = None,
) -> InboxSession:
    """What one browser talks to.

    Args:
        only: this conversation, without the list.
        lock: what a session holds while it asks the lake; by default one of its own.
    """
    from workbench.conversations.business_hours import keep_business_hours
    from workbench.conversations.inbox_session import InboxSession

    keep_business_hours(installation.lake, installation.settings)
    return InboxSession(
        installation.lake,
        installation.settings,
        _InboxCalls(installation).tools(),
        cache=installation.conversation_cache,
        only=only,
        lock=lock,
    )


_queue_lock = threading.Lock()


def _queue_of(calls: _InboxCalls) -> ReplyQueue:
    """The waiting replies of an installation: its sessions share them."""
    from workbench.conversations.drafts import DraftStore
    from workbench.conversations.reply_queue import ReplyQueue

    installation = calls.installation
    with _queue_lock:
        if installation.reply_queue is None:
            drafts = DraftStore(installation.settings.home, calls.is_erased)
            queue = ReplyQueue(drafts, calls.check, calls.send, calls.sent_state)
            installation.reply_queue = queue
        return installation.reply_queue


@dataclass(frozen=True)
class _InboxCalls:
    """What the inbox may do beyond reading."""

    installation: Installation

    def tools(self) -> InboxTools:
        """Nothing that asks Twilio without credentials."""
        from workbench.conversations.inbox_tools import InboxTools

        settings = self.installation.settings
        if settings.optional_credentials is None:
            return InboxTools(canned=CannedReplies(self.installation), people=self.people)
        return InboxTools(
            self.check,
            self.send,
            CannedReplies(self.installation),
            self.people,
            self.refresh,
            _queue_of(self),
            SendLater(self),
            reply_attachments(self.installation),
            why_no_attachments(settings),
        )

    def check(self, conversation: Conversation, body: str, files: Files) -> dict[str, Any]:
        """What preflight says of an answer, as plain data."""
        return self.check_at(conversation, body, files, None)

    def check_at(
        self, conversation: Conversation, body: str, files: Files, at: datetime | None
    ) -> dict[str, Any]:
        """As :meth:`check`, for a moment; with the end of quiet hours where they hold then."""
        from workbench.sending.overview import verdict_summary

        checked = self._check_typed(conversation, body, files, f"check:{uuid.uuid4()}", at)
        quiet = checked.facts.quiet
        is_held = any(
            reason.rule == "quiet hours" and reason.verdict == "block" for reason in checked.reasons
        )
        quiet_until = quiet.allowed_again_at if quiet and is_held else None
        return {**verdict_summary(checked), "quiet_until": quiet_until}

    def send(self, conversation: Conversation, body: str, key: str, files: Files) -> dict[str, Any]:
        """Send an answer that a person confirmed in a browser; ``key`` is that of their draft."""
        return self.send_at(conversation, body, key, files, None)

    def send_at(
        self, conversation: Conversation, body: str, key: str, files: Files, at: datetime | None
    ) -> dict[str, Any]:
        """As :meth:`send`, at a moment: Twilio takes it now and sends it then."""
        checked = self._check_typed(conversation, body, files, f"reply:{key}", at)
        if not files or checked.is_blocked or checked.facts.sent_as:
            return self._send_checked(checked)
        if problem := begin_to_serve(self.installation, files, conversation.contact, at):
            return {"state": "failed", "text": f"Not sent. {problem}"}
        result = self._send_checked(checked)
        if result["state"] in _SURELY_NOT_SENT:
            end_serving(self.installation, files)
        return result

    def _send_checked(self, checked: PreflightResult) -> dict[str, Any]:
        from workbench.sending.confirm import is_confirmed
        from workbench.sending.confirmed import send_checked

        confirmed = is_confirmed(True, 1, self.installation.settings.sending.typed_count_from)
        result = send_checked(self.installation.send_context, checked, confirmed)
        outcome = _OUTCOMES.get(result.state, result.state)
        return {"state": result.state, "text": outcome if result.is_done else f"{outcome} {result.why()}"}

    def sent_state(self, key: str, draft: ReplyDraft | None) -> str | None:
        """What the outbox says of this draft's answer with this key; None where it was never begun.

        Without a draft: of the one that was begun last under the key.
        """
        from workbench.sending.compose import compose
        from workbench.sending.outbox import has_batch, read_batch_state, read_intents
        from workbench.sending.outgoing import intent_key

        batch, context = f"reply:{key}", self.installation.send_context
        if draft is None:
            return read_batch_state(context.lake, batch)
        if not has_batch(context.lake, batch):
            # Quicker than the rest, and so it is of all that is only typed.
            return None
        typed = self._typed(draft.body, draft.files, {"batch": batch})
        wanted = intent_key(compose(typed, draft.contact, {}, context.settings), context.secret)
        with context.lake.cursor() as cursor:
            intent = read_intents(cursor, [wanted]).get(wanted)
        return intent.state if intent else None

    def is_erased(self, contact: str) -> bool:
        """Whether a contact was erased, so that nothing may be kept of them."""
        from workbench.lake.erased import is_erased

        return is_erased(self.installation.lake, contact)

    def people(self) -> list[str]:
        """Who can be told of a private note that names them."""
        from workbench.conversations.people import people
        from workbench.lake.notifications import read_choices

        everybody = people(self.installation.settings, read_choices(self.installation.lake))
        return [name.lower() for name in everybody]

    def refresh(self, messages: Sequence[tuple[str, str]]) -> None:
        """What became of messages just sent, asked of Twilio one by one."""
        from workbench.sync.messages.refetch import read_again
        from workbench.twilio.client import TwilioClient

        installation = self.installation
        credentials, base_url = installation.settings.credentials, installation.settings.twilio.base_url
        with TwilioClient(credentials, base_url=base_url, attempts=1) as client:
            read_again(installation.lake, client, messages, installation.privacy())

    def _check_typed(
        self, conversation: Conversation, body: str, files: Files, batch: str, at: datetime | None
    ) -> PreflightResult:
        """The verdict on what a person typed and attached in the inbox."""
        draft = self._typed(body, files, {**our_side(conversation), "batch": batch, "at": at})
        return check(self.installation, draft, [{"to": conversation.contact}])[0]

    def _typed(self, body: str, files: Files, options: dict[str, Any]) -> Draft:
        """What a person typed and attached in the inbox, as it is sent.

        They see the text as it goes out, so nothing is filled in behind their back: a text with ``{{ … }}``
        is blocked with a reason that names the blank, shown while they type and again when they send. They
        write the word itself, or the braces as ``{{ '{{' }}``. Space at its ends they do not see: with or
        without it, it is the same message.
        """
        media = addresses(self.installation.settings, files)
        draft, _ = draft_of(self.installation, body.strip(), {**options, "media": media})
        return replace(draft, fills_blanks=False)


@dataclass(frozen=True)
class SendLater:
    """See :class:`workbench.conversations.inbox_tools.LaterTools`."""

    calls: _InboxCalls

    def check(self, conversation: Conversation, body: str, files: Files, at: datetime) -> dict[str, Any]:
        """What preflight says of an answer for that moment."""
        return self.calls.check_at(conversation, body, files, at)

    def send(
        self, conversation: Conversation, body: str, key: str, files: Files, at: datetime
    ) -> dict[str, Any]:
        """Let Twilio send an answer at a moment."""
        return self.calls.send_at(conversation, body, key, files, at)

    def call_off(self, message_sid: str) -> None:
        """Call off a message that is scheduled."""
        from workbench.sending.cancel import cancel

        cancel(self.calls.installation.send_context, message_sid)

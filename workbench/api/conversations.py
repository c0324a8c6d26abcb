"""The notebook API of conversations: who waits, what was said, and the answer."""

from __future__ import annotations

import uuid
import weakref
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from workbench.api.sending import SendCalls
from workbench.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.conversation import OpenConversation
    from workbench.conversations.conversation_cache import ConversationCache
    from workbench.conversations.find import Conversation
    from workbench.conversations.inbox_session import InboxSession, InboxTools
    from workbench.lake import Lake
    from workbench.sending.results import SendResult
    from workbench.sending.verdicts import PreflightResult


class ConversationCalls(SendCalls):
    """Who waits, what was said, and the answer."""

    def conversations(
        self,
        view: str = "open",
        *,
        search: str = "",
        assignee: str | None = None,
        label: str | None = None,
        order: str | None = None,
        limit: int = 100,
    ) -> pd.DataFrame:
        """Conversations as a frame, contacts masked; one row for each sender (or service) and contact.

        Args:
            view: waiting (a question has no answer), open, pending, snoozed, resolved or all.
            search: part of a text, a name or a number; or a message SID.
            order: longest (wait) or newest.
            limit: at most 500; ``frame.attrs["total"]`` says how many there are.
        """
        import pandas as pd

        from workbench.conversations.listing import list_conversations
        from workbench.messaging.addresses import mask

        listing = list_conversations(
            self.lake, view, search=search, assignee=assignee, label=label, order=order, limit=limit
        )
        rows = [
            {
                "conversation": row.conversation_id,
                "contact": row.name or mask(row.contact),
                "with": row.our_side,
                "state": row.state,
                "waiting_since": row.waiting_since,
                "assignee": row.assignee,
                "labels": ", ".join(row.labels),
                "messages": row.messages,
                "last_at": row.last_at,
                "last": row.last_body,
            }
            for row in listing.rows
        ]
        frame = pd.DataFrame(rows, columns=_COLUMNS)
        frame.attrs["total"] = listing.total
        return frame

    def conversation(self, reference: str, *, our_side: str | None = None) -> OpenConversation:
        """One conversation, by its id or by the contact's number.

        Args:
            reference: the id (that of any of its messages), or a number; of several with it the latest.
            our_side: which of our senders or messaging services, where there are several.

        Raises:
            UsageError: there is none.
        """
        from workbench.api.conversation import OpenConversation
        from workbench.conversations.find import find_conversation

        context = self._number_context()
        return OpenConversation(
            self, find_conversation(self.lake, reference, our_side=our_side, context=context)
        )

    def inbox(self, *, height: int = 620) -> Any:
        """The inbox as a widget: the list, the thread, and a composer. It updates by itself."""
        from workbench.ui.inbox import inbox_widget

        return inbox_widget(self._open_desk(), height=height)

    @staticmethod
    def open_desk(settings: Settings, lake: Lake, turn: AbstractContextManager[Any]) -> InboxSession:
        """A desk for one browser of a page, over a lake that is already open."""
        workbench = _pages.get(lake)
        if workbench is None:
            from workbench.api import Workbench

            workbench = _pages[lake] = Workbench(settings)
            workbench.__dict__["lake"] = lake
        return workbench._open_desk(turn=turn)

    def _open_desk(
        self, only: Conversation | None = None, turn: AbstractContextManager[Any] | None = None
    ) -> InboxSession:
        from workbench.conversations.business_hours import keep_business_hours
        from workbench.conversations.inbox_session import InboxSession

        keep_business_hours(self.lake, self.settings)
        return InboxSession(
            self.lake, self.settings, self._tools(), cache=self._board(), only=only, lock=turn
        )

    def _board(self) -> ConversationCache:
        """One for each lake that is open."""
        from workbench.conversations.conversation_cache import ConversationCache

        board = _boards.get(self.lake)
        if board is None:
            board = _boards[self.lake] = ConversationCache(self.lake)
        return board

    def reply(
        self,
        conversation: str | OpenConversation,
        body: str | None = None,
        *,
        confirm: bool = False,
        **options: Any,
    ) -> SendResult:
        """Answer a conversation from our side of it; without ``confirm=True`` nothing is sent.

        The same text as an answer to the same message of theirs is sent once: running a cell again gives
        `already_sent`. After they wrote again it is a new answer.

        Args:
            conversation: its id, the contact's number, or what :meth:`conversation` gave.
            body: the text; or give `template`.
            options: as in :meth:`send`, but for sender and service, which the conversation settles.

        Raises:
            UsageError: there is no such conversation, or the lake does not keep its number.
        """
        from workbench.conversations.find import find_conversation, require_reachable

        found = (
            find_conversation(self.lake, conversation, context=self._number_context())
            if isinstance(conversation, str)
            else conversation.found
        )
        require_reachable(found)
        options = {"batch": self._answer_batch(found), **self._our_side(found), **options}
        return self.send(found.contact, body, confirm=confirm, **options)

    def _our_side(self, conversation: Conversation) -> dict[str, str | None]:
        return {"sender": conversation.sender, "service": conversation.service}

    def _answer_batch(self, conversation: Conversation) -> str:
        """One for each message of theirs that an answer can be to."""
        from workbench.conversations.thread import last_question

        return f"reply:{conversation.conversation_id}:{last_question(self.lake, conversation) or 'first'}"

    def _contact_zones(self, addresses: Sequence[str]) -> dict[str, str]:
        from workbench.conversations.contacts import read_contacts
        from workbench.messaging.privacy import PrivacyMode

        privacy = self._contact_privacy()
        if privacy.mode is PrivacyMode.MASKED:
            # Several people may share what the lake keeps of a number, and not a zone.
            return {}
        forms = {address: privacy.contact_forms(address) for address in addresses}
        known = read_contacts(self.lake, [form for several in forms.values() for form in several])
        zones = {one.address: one.zones[0] for one in known if one.is_zone_given}
        return {
            address: next(zones[form] for form in several if form in zones)
            for address, several in forms.items()
            if any(form in zones for form in several)
        }

    def _tools(self) -> InboxTools:
        """What a desk may do beyond reading; nothing without credentials."""
        from workbench.conversations.inbox_session import InboxTools

        if self.settings.optional_credentials is None:
            return InboxTools(canned=self._canned)
        return InboxTools(self._check_reply, self._send_reply, self._canned, self._read_again)

    def _canned(self) -> list[dict[str, str]]:
        """Templates without blanks, ready to be sent as they are; braces in them stay braces."""
        from workbench.messaging.blanks import escape_blanks

        ready = [one for one in self.templates() if one.body and not one.variables]
        return [
            {"name": one.title or one.name, "text": escape_blanks(self.render_template(one.name))}
            for one in ready
        ]

    def _check_reply(self, conversation: Conversation, body: str) -> dict[str, Any]:
        """What preflight says of an answer, as plain data."""
        from workbench.display.formats import money

        one = self._check_typed(conversation, body, f"check:{uuid.uuid4()}")
        return {
            "segments": one.count.segments,
            "encoding": one.count.encoding,
            "cost": money(one.cost.amount, one.cost.currency) if one.cost else "",
            "verdict": one.verdict,
            "reasons": [{"verdict": reason.verdict, "text": reason.text} for reason in one.reasons],
        }

    def _send_reply(self, conversation: Conversation, body: str, key: str) -> dict[str, Any]:
        """Send an answer that a person confirmed in a browser; ``key`` is that of their draft."""
        from workbench.sending.confirm import is_confirmed

        one = self._check_typed(conversation, body, f"reply:{key}")
        result = self._send_checked([one], is_confirmed(True, 1, self._sending.typed_count_from))
        words = _SAID.get(result.state, result.state)
        return {"state": result.state, "text": f"{words} {result.why()}" if not result.is_done else words}

    def _check_typed(self, conversation: Conversation, body: str, batch: str) -> PreflightResult:
        """The verdict on what a person typed in the inbox.

        They see the text as it goes out, so nothing is filled in behind their back: a text with ``{{ … }}``
        is blocked with a reason that names the blank, shown while they type and again when they send. They
        write the word itself, or the braces as ``{{ '{{' }}``.
        """
        from dataclasses import replace

        draft, _ = self._draft(body, {**self._our_side(conversation), "batch": batch})
        draft = replace(draft, fills_blanks=False)
        return self._check(draft, [{"to": conversation.contact}], ignore_quiet_hours=False)[0]

    def _read_again(self, messages: Sequence[tuple[str, str]]) -> None:
        """What became of messages just sent, asked of Twilio one by one."""
        from workbench.sync.messages.refetch import read_again
        from workbench.sync.shared.privacy import open_privacy
        from workbench.twilio.client import TwilioClient

        settings = self.settings
        with TwilioClient(settings.credentials, base_url=settings.twilio.base_url, attempts=1) as client:
            read_again(self.lake, client, messages, open_privacy(self.lake, settings.privacy.mode))


_SAID = {
    "sent": "Sent.",
    "already_sent": "This was sent before.",
    "blocked": "Not sent.",
    "failed": "Not sent.",
    "unclear": "Nobody knows yet whether it was sent; it is never sent twice.",
}
_COLUMNS = [
    "conversation", "contact", "with", "state", "waiting_since", "assignee", "labels", "messages", "last_at",
    "last",
]  # fmt: skip
_boards: weakref.WeakKeyDictionary[Lake, ConversationCache] = weakref.WeakKeyDictionary()
_pages: weakref.WeakKeyDictionary[Lake, ConversationCalls] = weakref.WeakKeyDictionary()

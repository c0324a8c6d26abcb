"""The notebook API of conversations: who waits, what was said, and the answer."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from workbench.api.base import Opened
from workbench.config import Settings

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.conversation import OpenConversation
    from workbench.conversations.board import Board
    from workbench.conversations.desk import Desk, Tools
    from workbench.conversations.find import Conversation
    from workbench.lake import Lake


class ConversationCalls(Opened):
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
        """Conversations as a frame, contacts masked; one row for each sender (or messaging service) and contact.

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

        return OpenConversation(self, find_conversation(self.lake, reference, our_side=our_side))

    def inbox(self, *, height: int = 620) -> Any:
        """The inbox as a widget: the list, the thread, and a composer. It updates by itself."""
        from workbench.ui.inbox import inbox_widget

        return inbox_widget(self._open_desk(), height=height)

    @staticmethod
    def open_desk(settings: Settings, lake: Lake, turn: AbstractContextManager[Any]) -> Desk:
        """A desk for one browser of a page, over a lake that is already open."""
        workbench = _pages.get(lake)
        if workbench is None:
            from workbench.api import Workbench

            workbench = _pages[lake] = Workbench(settings)
            workbench.__dict__["lake"] = lake
        return workbench._open_desk(turn=turn)

    def _open_desk(
        self, only: Conversation | None = None, turn: AbstractContextManager[Any] | None = None
    ) -> Desk:
        from workbench.conversations.desk import Desk
        from workbench.conversations.hours import keep_business_hours
        from workbench.lake.audit import local_actor

        keep_business_hours(self.lake, self.settings)
        return Desk(
            self.lake, self.settings, self._tools(), local_actor(), board=self._board(), only=only, turn=turn
        )

    def _board(self) -> Board:
        """One for each lake that is open."""
        from workbench.conversations.board import Board

        board = _boards.get(self.lake)
        if board is None:
            board = _boards[self.lake] = Board(self.lake)
        return board

    def _tools(self) -> Tools:
        from workbench.conversations.desk import Tools

        return Tools(refresh=self._read_again if self.settings.found_credentials else None)

    def _read_again(self, messages: Sequence[tuple[str, str]]) -> None:
        """What became of messages just sent, asked of Twilio one by one."""
        from workbench.sync.privacy import open_privacy
        from workbench.sync.single import read_again
        from workbench.twilio.client import TwilioClient

        settings = self.settings
        with TwilioClient(settings.credentials, base_url=settings.twilio_base_url, attempts=1) as client:
            read_again(self.lake, client, messages, open_privacy(self.lake, settings.privacy))


_COLUMNS = [
    "conversation", "contact", "with", "state", "waiting_since", "assignee", "labels", "messages", "last_at",
    "last",
]  # fmt: skip
_boards: weakref.WeakKeyDictionary[Lake, Board] = weakref.WeakKeyDictionary()
_pages: weakref.WeakKeyDictionary[Lake, ConversationCalls] = weakref.WeakKeyDictionary()

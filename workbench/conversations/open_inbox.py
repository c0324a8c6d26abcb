"""What the answers to one browser share: the lake, what they are given, and what the browser shows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from workbench.conversations.begin import BegunConversations
from workbench.conversations.conversation_cache import ConversationCache
from workbench.conversations.drafts import DraftStore
from workbench.conversations.find import Conversation, find_conversation, is_conversation_id
from workbench.conversations.inbox_list import ShownList
from workbench.conversations.inbox_replies import ReplyDesk
from workbench.conversations.inbox_tools import Answer, InboxTools
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.lake.erased import is_erased
from workbench.lake.number_lookups import look_up_number
from workbench.roles import current_actor
from workbench.settings import Settings

FIRST_MESSAGES = 50


@dataclass
class ShownInbox:
    """What this browser shows."""

    listed: ShownList = field(default_factory=ShownList)
    drawn: dict[str, Any] = field(default_factory=dict)
    """The list as it was last told."""
    version: int = -1
    """That of the conversations it was made from."""
    writing: list[str] = field(default_factory=list)
    conversation: Conversation | None = None
    messages: int = FIRST_MESSAGES
    waiting: list[tuple[str, str]] = field(default_factory=list)
    """Account and message SID of what was just sent."""
    refreshed_at: float = 0.0


class OpenInbox:
    """The inbox in one browser; arguments as of its session, which holds a lock while it answers."""

    def __init__(
        self,
        lake: Lake,
        settings: Settings,
        tools: InboxTools,
        cache: ConversationCache | None,
        only: Conversation | None,
        lock: AbstractContextManager[Any] | None,
    ) -> None:
        self.lake, self.settings, self.tools = lake, settings, tools
        self.cache = cache or ConversationCache(lake)
        self.only = only
        self.lake_lock = lock or threading.RLock()
        self.shown = ShownInbox(conversation=only)
        own = DraftStore(settings.home, lambda contact: is_erased(lake, contact))
        drafts = tools.queue.drafts if tools.queue else own
        self.replies = ReplyDesk(drafts, tools.queue, tools.check, tools.send, tools.attachments, tools.later)
        self.begun = BegunConversations(lake, settings, drafts)

    def opened(self) -> Conversation:
        """The open conversation; raises UsageError where there is none."""
        if self.shown.conversation is None:
            raise UsageError("No conversation is open; choose one first.")
        return self.shown.conversation

    def named(self, conversation_id: str) -> Conversation:
        """A conversation by its id, which mostly is the open one; raises UsageError for none."""
        opened = self.shown.conversation
        if opened and opened.conversation_id == conversation_id:
            return opened
        return self.find(conversation_id)

    def find(self, reference: str) -> Conversation:
        """A conversation by its id or a number; a whole number that is looked up is noted.

        Raises:
            UsageError: there is none.
        """
        if not is_conversation_id(reference):
            self.read_number(reference)
        with self.lake_lock:
            return (
                self.cache.find(reference)
                or (self.begun.find(reference, current_actor()) if is_conversation_id(reference) else None)
                or find_conversation(self.lake, reference)
            )

    def read_number(self, text: str) -> str | None:
        """The whole number in a text, whose look-up is noted; None where there is none."""
        return look_up_number(self.lake, text, "inbox", self.settings.sending.default_country)


Handlers = Mapping[str, Callable[[OpenInbox, Any], Answer]]
"""What answers each question, by the question's name."""

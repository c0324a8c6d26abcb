"""Answers the inbox in one browser: questions in, plain data out. One session per open widget or page.

A question is ``{"id": 3, "ask": "open", …}``; its answer has the same id and either ``ok`` or ``error``. A
session sends no message itself: the caller passes the functions that check and send. What answers a
question stands by its theme in ``inbox_reading.py``, ``inbox_replying.py``, ``inbox_deciding.py``,
``inbox_canned.py`` and ``inbox_files.py``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from workbench.browser.inbox_questions import INBOX_QUESTIONS
from workbench.conversations.answering import answer_question
from workbench.conversations.conversation_cache import REST, ConversationCache
from workbench.conversations.find import Conversation
from workbench.conversations.inbox_canned import CANNED
from workbench.conversations.inbox_deciding import DECIDING
from workbench.conversations.inbox_files import FILES
from workbench.conversations.inbox_reading import READING
from workbench.conversations.inbox_replying import REPLYING
from workbench.conversations.inbox_shown import news_of
from workbench.conversations.inbox_tools import Answer, InboxTools
from workbench.conversations.open_inbox import Handlers, OpenInbox
from workbench.lake import Lake
from workbench.roles import require_role
from workbench.settings import Settings

_IDLE_AFTER_SECONDS = 120.0
_IDLE_REST = 50.0
"""So a browser that nobody uses takes at most a fiftieth of a core."""
_HANDLERS: Handlers = {**READING, **REPLYING, **DECIDING, **CANNED, **FILES}


class InboxSession:
    """Answers one browser. Safe to call from several threads; questions wait for each other.

    Args:
        cache: shared by the sessions of one process.
        only: shows this conversation alone, without the list.
        lock: held while the lake is asked, because two readers of one process slow each other down.
    """

    def __init__(
        self,
        lake: Lake,
        settings: Settings,
        tools: InboxTools,
        *,
        cache: ConversationCache | None = None,
        only: Conversation | None = None,
        lock: AbstractContextManager[Any] | None = None,
    ) -> None:
        self._inbox = OpenInbox(lake, settings, tools, cache, only, lock)
        self._session_lock = threading.RLock()
        self._asked_at = time.monotonic()

    def answer(self, question: object) -> Answer:
        """The answer to one question. An error or a refusal is in the answer; nothing is raised."""
        self._asked_at = time.monotonic()
        return answer_question(question, "inbox", INBOX_QUESTIONS, self._handle)

    def news(self) -> Answer | None:
        """What changed of all that this browser shows, since it was told last; None for nothing.

        Raises:
            WorkbenchError: the person may not read the inbox any more, or the lake cannot be read now.
        """
        require_role("viewer", "read the inbox")
        with self._session_lock:
            return news_of(self._inbox, self._rest)

    def seconds_to_wait(self) -> float:
        """How long to wait before :meth:`news` is asked, so that an inbox that nobody uses takes little."""
        return self._inbox.cache.seconds_to_wait(self._rest)

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call ``wake`` when somebody else writes an answer; returns what ends it."""
        return self._inbox.replies.drafts.listen(wake)

    @property
    def _rest(self) -> float:
        return _IDLE_REST if time.monotonic() - self._asked_at > _IDLE_AFTER_SECONDS else REST

    def _handle(self, name: str, fields: Any) -> Answer:
        with self._session_lock:
            return _HANDLERS[name](self._inbox, fields)

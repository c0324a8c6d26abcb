"""Answers the composer for many recipients: it checks a text for all of them and sends it once confirmed.

As in :mod:`workbench.conversations.inbox_session`, questions come in and plain data goes out; the caller
passes the functions that check and send. A batch is sent on a thread of its own, so that the notebook is not
blocked and the browser can ask for the progress.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbench.browser.composer import COMPOSER_QUESTIONS, ComposerSendQuestion
from workbench.browser.inbox_questions import CheckQuestion, Nothing
from workbench.conversations.answering import answer_question
from workbench.errors import UsageError, WorkbenchError

log = logging.getLogger(__name__)

Answer = dict[str, Any]
OnProgress = Callable[[Answer], None]


@dataclass(frozen=True)
class ComposerTools:
    """The functions that a composer session is given.

    Attributes:
        check: the preflight result of a text to all recipients, as plain data.
        send: sends the text to everybody it may go to and reports its progress; stops early when the event is
            set. Returns `counts` by state, and `text`.
    """

    check: Callable[[str], Answer]
    send: Callable[[str, threading.Event, OnProgress], Answer]


class ComposerSession:
    """Answers one composer; ``count`` is the number of recipients, ``columns`` the names that fill blanks."""

    def __init__(self, count: int, columns: list[str], text: str, tools: ComposerTools) -> None:
        self._count, self._columns, self._text, self._tools = count, columns, text, tools
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._progress: Answer = {}
        self._result: Answer | None = None

    def answer(self, question: object) -> Answer:
        """The answer to one question. An error is in the answer; nothing is raised."""
        return answer_question(question, "composer", COMPOSER_QUESTIONS, self._handle)

    def _handle(self, name: str, fields: Any) -> Answer:
        return _HANDLERS[name](self, fields)

    def _start(self, question: Nothing) -> Answer:
        return {"count": self._count, "columns": self._columns, "text": self._text, **self._running()}

    def _check(self, question: CheckQuestion) -> Answer:
        return self._tools.check(question["body"])

    def _send(self, question: ComposerSendQuestion) -> Answer:
        """Begin to send, if the person typed the number of recipients."""
        body, typed = question["body"], question["typed"].strip()
        if typed.replace(",", "").replace(".", "") != str(self._count):
            raise UsageError(f"You typed {typed!r}; type {self._count} to send to {self._count} recipients.")
        with self._lock:
            if self._thread and self._thread.is_alive():
                raise UsageError("A batch is being sent already; wait for its end, or stop it.")
            self._stop.clear()
            self._progress, self._result = {"done": 0, "total": self._count}, None
            self._thread = threading.Thread(target=self._run, args=[body], name="composer", daemon=True)
            self._thread.start()
        return self._running()

    def _run(self, body: str) -> None:
        try:
            self._result = self._tools.send(body, self._stop, self._note)
        except WorkbenchError as error:
            self._result = {"counts": {}, "text": str(error), "failed": True}
        except Exception as error:
            log.error("the batch could not be sent", exc_info=error)
            self._result = {
                "counts": {},
                "text": "This did not work; the outbox says what was sent.",
                "failed": True,
            }

    def _note(self, progress: Answer) -> None:
        self._progress = progress

    def _tell_progress(self, question: Nothing) -> Answer:
        return self._running()

    def _halt(self, question: Nothing) -> Answer:
        """Stop after the requests that are under way; sending the same batch again sends the rest."""
        self._stop.set()
        return self._running()

    def _running(self) -> Answer:
        running = bool(self._thread and self._thread.is_alive())
        return {"running": running, "progress": self._progress, "result": None if running else self._result}


_HANDLERS: dict[str, Callable[[ComposerSession, Any], Answer]] = {
    "start": ComposerSession._start,
    "check": ComposerSession._check,
    "send": ComposerSession._send,
    "progress": ComposerSession._tell_progress,
    "stop": ComposerSession._halt,
}

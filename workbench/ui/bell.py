"""The bell in the head of every page: what is unread, notifications of the browser, and a person's choices.

News are pushed as soon as the lake changes. Whoever serves pages says who answers (:func:`use_bell`);
else they have no bell.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from panel.io.state import state
from tornado.ioloop import IOLoop

from workbench.errors import WorkbenchError
from workbench.lake import Lake
from workbench.lake.watcher import LakeWatcher
from workbench.roles import acting_as, current_user
from workbench.settings import Settings
from workbench.ui.component_base import PlainScript
from workbench.ui.inbox import Answers, answer_beside, inbox_module
from workbench.ui.lake_changes import RedrawPace
from workbench.ui.store import current_store

log = logging.getLogger(__name__)

BELL_SCRIPTS = ("shared", "inbox_link", "bell_shown", "bell")


class Bell(Answers, Protocol):
    """A bell session: it answers questions, and has news."""

    def news(self) -> Any:
        """What is unread, if it changed since; raises WorkbenchError where the person may not know."""


OpenBell = Callable[[Settings, Lake, AbstractContextManager[Any]], Bell]

_open: OpenBell | None = None


def use_bell(open_bell: OpenBell | None) -> None:
    """Set who answers the bells of the pages of this process; None for pages without one."""
    global _open
    _open = open_bell


class BellComponent(PlainScript):
    """The bell of one page. Nothing of a conversation is part of its properties: all goes as messages."""

    _esm = inbox_module(BELL_SCRIPTS, "bell")

    def __init__(self, session: Bell, changes: LakeWatcher, **params: Any) -> None:
        super().__init__(**{"margin": 0, **params})
        self._session = session
        state.onload(lambda: self._follow(changes))

    def _handle_msg(self, data: Any) -> None:
        answer_beside(self._session, data, self._send_msg)

    def _follow(self, changes: LakeWatcher) -> None:
        """Push news for as long as the browser is connected."""
        loop, doc, person = IOLoop.current(), state.curdoc, current_user()
        left = threading.Event()

        async def push(done: Callable[[], None]) -> None:
            try:
                with acting_as(person):
                    news = await asyncio.to_thread(self._session.news)
            except WorkbenchError as error:
                # As signed out, or the lake is busy: the next change asks again.
                log.warning("a bell could not ask what is unread: %s", error)
                news = None
            if news is not None and not left.is_set():
                doc.add_next_tick_callback(lambda: self._send_msg({"news": news}))
            done()

        def look(done: Callable[[], None]) -> None:
            if not left.is_set():
                loop.add_callback(push, done)

        def leave(_: object) -> None:
            left.set()
            changes.remove(listener)

        pace = RedrawPace(look, loop.call_later)
        listener = changes.add(lambda: loop.add_callback(pace.lake_changed))
        state.on_session_destroyed(leave)


def bells() -> list[BellComponent]:
    """The bell of a page that is being opened; none where nobody answers it."""
    if _open is None:
        return []
    try:
        store = current_store()
    except WorkbenchError:
        return []
    if store.settings is None:
        return []
    return [BellComponent(_open(store.settings, store.lake, store.lock), store.lake_changes)]

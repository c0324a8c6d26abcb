"""The inbox in a browser: one ES module without imports, for notebooks (anywidget) and for pages (Panel).

Nothing of a conversation is ever part of a widget's state: questions and answers go as messages, so that a
notebook that is saved holds no text, no name and no number. An inbox session answers (see
:mod:`workbench.conversations.inbox_session`).
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import param
from panel.io.state import state
from tornado.ioloop import IOLoop

from workbench.errors import WorkbenchError
from workbench.lake.watcher import LakeWatcher
from workbench.roles import acting_as, current_user
from workbench.ui import theme
from workbench.ui.component_base import PlainScript

log = logging.getLogger(__name__)

INBOX_SCRIPTS = (
    "shared",
    "inbox_link",
    "inbox_notices",
    "inbox_address",
    "inbox_filters",
    "inbox_new",
    "inbox_hit",
    "inbox_list",
    "inbox_bulk",
    "inbox_keys",
    "inbox_head",
    "inbox_customer",
    "inbox_thread",
    "inbox_canned",
    "inbox_attachments",
    "inbox_drafts",
    "inbox_sending",
    "inbox_composer_parts",
    "inbox_composer",
    "inbox_pane",
    "inbox_actions",
    "inbox",
)
COMPOSER_SCRIPTS = ("shared", "inbox_link", "batch")


class Answers(Protocol):
    """An inbox session or a composer session: it answers every question and raises nothing."""

    def answer(self, question: object) -> dict[str, Any]: ...


class PushesNews(Answers, Protocol):
    """An inbox session: it also says what changed, when it is asked."""

    def news(self) -> dict[str, Any] | None:
        """What changed of all that is shown; raises WorkbenchError where the person may not know."""

    def seconds_to_wait(self) -> float:
        """How long to wait before it is asked."""

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call ``wake`` when there may be news beside the lake's; returns what ends it."""


@cache
def inbox_module(names: tuple[str, ...] = INBOX_SCRIPTS, style: str = "inbox") -> str:
    """The ES module of these scripts, with its styles inside: it attaches a shadow root of its own."""
    styles = "\n".join([theme.tokens_css(), *(theme.read_static(f"{name}.css") for name in ("base", style))])
    scripts = "\n".join(theme.read_static(f"{name}.js") for name in names)
    return f"const CSS = {json.dumps(styles)}\n{scripts}"


@cache
def _widget_class(names: tuple[str, ...] = INBOX_SCRIPTS) -> type[Any]:
    """The notebook's widget of these scripts; made on first use, because importing anywidget takes 0.25 s."""
    import anywidget
    import traitlets

    class InboxWidget(anywidget.AnyWidget):
        """The inbox in a notebook cell; it lives as long as the kernel does."""

        _esm = inbox_module(names)
        box_height = traitlets.Unicode("620px").tag(sync=True)
        owns_address = traitlets.Bool(False).tag(sync=True)

        def __init__(self, session: Answers, **traits: Any) -> None:
            super().__init__(**traits)
            self._session = session
            self.on_msg(self._answer)

        def _answer(self, _: Any, question: Any, __: Any) -> None:
            self.send(self._session.answer(question))

        def __repr__(self) -> str:
            return "Inbox widget (shown where a notebook runs it)"

    return InboxWidget


def inbox_widget(session: Answers, *, height: int = 620) -> Any:
    """The inbox for a notebook cell; ``height`` in pixels."""
    return _widget_class()(session, box_height=f"{height}px")


def composer_widget(session: Answers) -> Any:
    """The composer for many recipients, for a notebook cell."""
    return _widget_class(COMPOSER_SCRIPTS)(session)


class InboxComponent(PlainScript):
    """The inbox on a page; it sets the address bar. Questions are answered on threads, so that no page waits.

    Panel's AnyWidgetComponent would take the same module, and bring React from a CDN into the page with it.
    """

    _esm = inbox_module()
    box_height = param.String(default="")
    owns_address = param.Boolean(default=True)

    def __init__(self, session: PushesNews, changes: LakeWatcher | None = None, **params: Any) -> None:
        super().__init__(**{"sizing_mode": "stretch_width", "margin": 0, **params})
        self._session = session
        if changes is not None:
            state.onload(lambda: self._follow(changes))

    def _handle_msg(self, data: Any) -> None:
        answer_beside(self._session, data, self._send_msg)

    def _follow(self, changes: LakeWatcher) -> None:
        """Push news for as long as the browser is connected."""
        loop, doc, person = IOLoop.current(), state.curdoc, current_user()
        left, is_wanted = threading.Event(), threading.Event()

        async def push() -> None:
            is_wanted.clear()
            try:
                with acting_as(person):
                    news = await asyncio.to_thread(self._session.news)
            except WorkbenchError as error:
                # As signed out, or the lake is busy: the next change asks again.
                log.warning("an inbox could not ask what is new: %s", error)
                return
            if news is not None and not left.is_set():
                doc.add_next_tick_callback(lambda: self._send_msg({"news": news}))

        def ask_soon() -> None:
            if not left.is_set():
                loop.call_later(self._session.seconds_to_wait(), push)

        def wake() -> None:
            # Many changes while it waits are asked about once.
            if not is_wanted.is_set() and not left.is_set():
                is_wanted.set()
                loop.add_callback(ask_soon)

        def leave(_: object) -> None:
            left.set()
            changes.remove(listener)
            unlisten()

        listener, unlisten = changes.add(wake), self._session.listen(wake)
        state.on_session_destroyed(leave)


def answer_beside(session: Answers, question: object, send: Callable[[dict[str, Any]], None]) -> None:
    """Answer on a thread, then send on the server's: two threads that write to one websocket break it."""

    async def take_turns() -> None:
        # The signed-in user is known on the server's thread only.
        with acting_as(current_user()):
            answer = await asyncio.to_thread(session.answer, question)
        send(answer)

    state.execute(take_turns)

"""The inbox as a page: one component in the shell that every page has."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import panel as pn
import panel_material_ui as pmui

from workbench.errors import ConfigError, WorkbenchError
from workbench.lake import Lake
from workbench.settings import Settings
from workbench.ui.inbox import InboxComponent, PushesNews
from workbench.ui.page import Page, error_page, page_shell
from workbench.ui.store import Store, current_store

OpenSession = Callable[[Settings, Lake, AbstractContextManager[Any]], PushesNews]
"""Opens an inbox session for one browser, with this process's lake and the lock that guards its queries."""

# The height that the app bar and the page's margins leave.
_HEIGHT = "calc(100dvh - 104px)"


class InboxPage(Page):
    """A page that is one inbox. It has no filters; its address names the open conversation."""

    def __init__(self, name: str, docstring: str | None, open_session: OpenSession) -> None:
        super().__init__(name, docstring, [])
        self._open_session = open_session

    def serve(self) -> pmui.Page:
        try:
            inbox = self._inbox(current_store(), _HEIGHT)
        except WorkbenchError as error:
            return error_page(self.name, "This page cannot open", str(error))
        return page_shell(self.name, self.title, [inbox], None)

    def show(self, **filters: Any) -> pn.Column:
        return pn.Column(self._inbox(current_store(), "620px"), sizing_mode="stretch_width")

    def _inbox(self, store: Store, height: str) -> Any:
        if store.settings is None:
            raise ConfigError(
                "The inbox needs the settings of its lake: open the pages with `workbench serve`."
            )
        session = self._open_session(store.settings, store.lake, store.lock)
        return InboxComponent(session, store.lake_changes, box_height=height, margin=(0, 0, -20, 0))

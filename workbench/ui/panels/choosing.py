"""Panels in which people choose and act; what is chosen is kept in the component, one for each browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from workbench.errors import ConfigError
from workbench.lake.connect import Lake
from workbench.settings import Settings
from workbench.ui.beside import work_beside
from workbench.ui.components import WorkComponent
from workbench.ui.page_data import PageData
from workbench.ui.store import current_store

MORE = 25
"""How many lines come at once."""

NO_SETTINGS = "This needs the settings of the lake: open the pages with `workbench serve`."


@runtime_checkable
class Choosing(Protocol):
    """A panel whose props depend on what was chosen in its component."""

    def chosen_props(self, component: Any, data: PageData) -> dict[str, Any]:
        """The component's props for a page's data; asks the lake."""


@dataclass(frozen=True)
class PanelActions:
    """What the browser may do in one component."""

    component: WorkComponent

    def choose(self, **choice: Any) -> None:
        """Set params of the component and draw it anew."""
        self.component.param.update(**choice, notice={})
        self.component.redraw()

    def act(self, work: Callable[[Settings, Lake], str]) -> None:
        """Do something to the lake; what it says, or why not, is the component's notice."""
        store = current_store()

        def do() -> str:
            if store.settings is None:
                raise ConfigError(NO_SETTINGS)
            with store.lock:
                return work(store.settings, store.lake)

        def show(said: str) -> None:
            self.component.notice = {"text": said, "is_error": False}
            self.component.redraw()

        work_beside(do, show, self.refuse)

    def refuse(self, message: str) -> None:
        """Say why something was not done."""
        self.component.notice = {"text": message, "is_error": True}

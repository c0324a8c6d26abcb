"""The numbers of a saved view as they are now: read from its address exactly as the page reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.ui.page_data import PageData
    from workbench.ui.panels.exploration import Exploration
    from workbench.views.saved_view import SavedView


@dataclass(frozen=True)
class ViewNumbers:
    """A view's answer; `problems` are parts of it that are not possible and were left out."""

    view: SavedView
    data: PageData
    exploration: Exploration
    frame: pd.DataFrame
    problems: tuple[str, ...]


def view_numbers(installation: Installation, view: SavedView) -> ViewNumbers:
    """Ask the lake what a view asks.

    Raises:
        LakeError: the lake cannot be read.
    """
    from workbench.ui.navigation import discover_pages
    from workbench.ui.page import load_page
    from workbench.ui.page_reading import read_page_data
    from workbench.ui.panels.exploration import exploration_frame, explored
    from workbench.ui.store import Store
    from workbench.views.saved_view import PAGE

    settings = installation.settings
    installation.use_own_metrics()
    store = Store(installation.lake, settings.timezone, settings.daily_caps, settings)
    page = load_page(next(info for info in discover_pages() if info.name == PAGE))
    data, problems = read_page_data(page, view.query, store)
    exploration = explored(data)
    frame = exploration_frame(exploration)
    frame.attrs.update(
        name=view.name,
        title=view.title,
        period=f"{data.period.label} ({data.period.timezone})",
        as_of=datetime.now(UTC).isoformat(timespec="seconds"),
        problems=[*problems, *exploration.notes],
    )
    return ViewNumbers(view, data, exploration, frame, tuple(problems))

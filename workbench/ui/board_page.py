"""My pages: the page whose tiles somebody chose, saved views and parts of the built-in pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from workbench.errors import WorkbenchError
from workbench.roles import current_user
from workbench.ui.links import panel_names
from workbench.ui.navigation import discover_pages
from workbench.ui.page import Page, load_page
from workbench.ui.page_data import PageData
from workbench.ui.page_reading import read_page_data
from workbench.ui.panels.boards import PRIVATE_TILE, BoardEditor, MissingTile, ViewTile
from workbench.ui.panels.kinds import Cards, Chart, Figure, Findings, Panel, Table
from workbench.ui.session import PageSession, Steps, run_here
from workbench.ui.store import Store, current_store
from workbench.views.board import Board, Tile
from workbench.views.board_files import find_board
from workbench.views.saved_view import PAGE, SavedView
from workbench.views.view_files import find_view

_KINDS = (Cards, Chart, Figure, Findings, Table)


class BoardPage(Page):
    """A page with the tiles of the file that its address names; without one, the list of pages."""

    def __init__(self, name: str, docstring: str | None) -> None:
        super().__init__(name, docstring, [], defaults={"board": "", "direction": "all"})
        # Its tiles have no files of their own: those are on the pages that they come from.
        self.has_files = False

    def open(
        self,
        query: str | Mapping[str, Any] = "",
        store: Store | None = None,
        run: Callable[[Steps], None] = run_here,
    ) -> PageSession:
        """A live session of the page that the address names; what it may show is found here, for its user."""
        store = store or current_store()
        board, problem = _asked(query, store)
        tiles = [_panel(board, tile, store) for tile in board.tiles] if board else []
        home = store.settings.home if store.settings else None
        title = board.title if board else self.title
        panels: list[Panel] = [*tiles, BoardEditor(home, board, board_parts)]
        session = PageSession(title, panels, self.filters, self.defaults, store, run, self.name)
        session.start(query)
        if problem:
            session.head.notices = [*session.head.notices, problem]
        return session


def board_parts() -> list[list[str]]:
    """Names and words of the parts of built-in pages that a tile can show."""
    return [
        [f"{page}/{name}", f"{title}: {getattr(panel, 'title', '') or 'numbers'}"]
        for page, title, name, panel in _parts()
    ]


@cache
def _parts() -> tuple[tuple[str, str, str, Panel], ...]:
    pages = [load_page(info) for info in discover_pages() if info.home is None]
    return tuple(
        (page.name, page.title, name, panel)
        for page in pages
        if page.has_filters
        for name, panel in zip(panel_names(page.panels), page.panels, strict=True)
        if isinstance(panel, _KINDS)
    )


def _asked(query: str | Mapping[str, Any], store: Store) -> tuple[Board | None, str]:
    """The page that the address names, or why it cannot be shown."""
    given = parse_qs(query.lstrip("?")) if isinstance(query, str) else query
    value = given.get("board", "")
    name = str(value[-1] if isinstance(value, list) and value else value or "")
    if not name or store.settings is None:
        return None, ""
    try:
        return find_board(store.settings.home, name), ""
    except WorkbenchError as error:
        return None, str(error)


def _panel(board: Board, tile: Tile, store: Store) -> Panel:
    if tile.part:
        panel = next((each for page, _, name, each in _parts() if f"{page}/{name}" == tile.part), None)
        if panel is None:
            return MissingTile(f"There is no part {tile.part} any more: remove this tile.", tile.width)
        return _Sized(panel, tile.width)
    try:
        assert store.settings is not None
        return ViewTile(find_view(store.settings.home, tile.view), _read, tile.width)
    except WorkbenchError as error:
        return MissingTile(str(error) if board.names_views_to(current_user()) else PRIVATE_TILE, tile.width)


class _Sized:
    """A panel of another page in a width of its own."""

    def __init__(self, panel: Panel, span: int) -> None:
        self._panel, self.span = panel, span

    def __getattr__(self, name: str) -> Any:
        return getattr(self._panel, name)


def _read(view: SavedView, store: Store) -> PageData:
    page = load_page(next(info for info in discover_pages() if info.name == PAGE))
    return read_page_data(page, view.query, store)[0]

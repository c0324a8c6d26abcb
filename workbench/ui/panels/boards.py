"""My pages: a tile that shows a saved view, and where the tiles of a page are chosen and arranged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.roles import current_user
from workbench.ui.components import BoardComponent, ChartComponent
from workbench.ui.explore_state import AUTO, TABLE
from workbench.ui.page_data import PageData
from workbench.ui.panels.explore import ExploreChart
from workbench.ui.store import Store
from workbench.views.board import WIDTHS, Board
from workbench.views.board_files import add_board, delete_board, edit_board, list_boards
from workbench.views.saved_view import SavedView
from workbench.views.view_files import list_views

ReadView = Callable[[SavedView, Store], PageData]
"""The page data of a view, as Explore reads its address."""

PRIVATE_TILE = "Here is a view that is private to somebody else, or that there is no more."
"""Without its name: only who made the page reads that."""


@dataclass(frozen=True)
class ViewTile:
    """The first chart of a saved view, under the view's own filters and period."""

    view: SavedView
    read: ReadView
    span: int
    click: str | None = None
    subtitle: str = ""

    @property
    def title(self) -> str:
        """The view's."""
        return self.view.title

    def build(self) -> ChartComponent:
        return ChartComponent(title=self.view.title)

    def props(self, data: PageData) -> dict[str, Any]:
        view_data = self.read(self.view, data.store)
        if view_data.values["chart"] == TABLE:
            view_data = replace(view_data, values={**view_data.values, "chart": AUTO})
        props = ExploreChart(0).props(view_data)
        kept = {name: value for name, value in props.items() if name not in ("css_classes", "visible")}
        period = f"{view_data.period.label} ({view_data.period.timezone})"
        subtitle = " · ".join(filter(None, [period, props.get("subtitle", "")]))
        return {**kept, "title": self.view.title, "subtitle": subtitle}


@dataclass(frozen=True)
class MissingTile:
    """In place of a tile that cannot be shown, the reason."""

    reason: str
    span: int
    title: str = ""
    click: str | None = None

    def build(self) -> ChartComponent:
        return ChartComponent(title="")

    def props(self, data: PageData) -> dict[str, Any]:
        return {"state": "empty", "message": self.reason, "figure": None}


@dataclass(frozen=True)
class BoardEditor:
    """The pages that there are, and the tiles of the open one."""

    home: Path | None
    board: Board | None
    parts: Callable[[], list[list[str]]] = field(default=list)
    title: str = "My pages"
    span: int = 12
    click: str | None = None
    narrow: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> BoardComponent:
        component = BoardComponent(title=self.title)
        if self.home is not None:
            calls = _BoardCalls(component, self.home, self.board)
            component.on("add_page", calls.add)
            component.on("save_page", calls.save)
            component.on("delete_page", calls.delete)
        return component

    def props(self, data: PageData) -> dict[str, Any]:
        if self.home is None:
            return {
                "state": "empty",
                "message": "My pages are kept in a home: open them with `workbench serve`.",
            }
        listed, board = list_boards(self.home), self.board
        views = list_views(self.home).views
        return {
            "state": "ok",
            "boards": [{"name": each.name, "title": each.title} for each in listed.boards],
            "problems": list(listed.problems),
            "current": board.name if board else "",
            "shared": board.shared if board else False,
            "may_change": bool(board and board.may_be_changed_by(current_user())),
            "tiles": _shown_tiles(board, {view.name for view in views}) if board else [],
            "views": [[view.name, view.title] for view in views],
            "parts": self.parts(),
            "widths": list(WIDTHS),
        }  # fmt: skip


def _shown_tiles(board: Board, visible: Collection[str]) -> list[dict[str, Any]]:
    """The tiles as the browser gets them; ``kept`` is the place of one whose name it must not read."""
    tells_all = board.names_views_to(current_user())
    return [
        {"view": tile.view, "part": tile.part, "width": tile.width}
        if tile.part or tells_all or tile.view in visible
        else {"view": "", "part": "", "width": tile.width, "kept": place}
        for place, tile in enumerate(board.tiles)
    ]


def _chosen_tiles(board: Board, shown: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The tiles that the browser hands back, each kept one with its view again.

    Raises:
        UsageError: there is no tile at the place of a kept one.
    """
    chosen: list[Mapping[str, Any]] = []
    for entry in shown:
        if "kept" not in entry:
            chosen.append(entry)
            continue
        place = entry["kept"]
        if not 0 <= place < len(board.tiles):
            raise UsageError(f"The page has no tile {place}: open it anew.")
        tile = board.tiles[place]
        chosen.append({"view": tile.view, "part": tile.part, "width": entry["width"]})
    return chosen


@dataclass(frozen=True)
class _BoardCalls:
    """What the browser may do; it then opens the page anew, for its tiles are others."""

    component: BoardComponent
    home: Path
    board: Board | None

    def add(self, title: str) -> None:
        self._do(lambda: f"my_pages?board={add_board(self.home, title).name}")

    def save(self, message: Mapping[str, Any]) -> None:
        if board := self.board:
            changes = {key: message[key] for key in ("title", "shared")}

            def work() -> str:
                tiles = _chosen_tiles(board, message["tiles"])
                return f"my_pages?board={edit_board(self.home, board.name, tiles=tiles, **changes).name}"

            self._do(work)

    def delete(self, _: object) -> None:
        if self.board:
            name = self.board.name
            self._do(lambda: "my_pages" if delete_board(self.home, name) else "")

    def _do(self, work: Callable[[], str]) -> None:
        try:
            address = work()
        except WorkbenchError as error:
            self.component.notice = str(error)
            return
        # The same address again is a change, too.
        self.component.param.update(notice="", goto="")
        self.component.goto = address

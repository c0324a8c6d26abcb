"""My pages: tiles of saved views and of built-in pages, arranged by who made the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lakes import begin_lake
from tests.ui.known import WEEK, known_messages, save
from workbench import ui
from workbench.roles import Actor, acting_as
from workbench.settings import load_settings
from workbench.ui import store as stores
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.store import Store
from workbench.views.board import Board, Tile, board_text, read_board_text
from workbench.views.board_files import list_boards
from workbench.views.saved_view import read_link
from workbench.views.view_files import edit_view, save_view

ANA, BEN = Actor("ana", "viewer"), Actor("ben", "viewer")


@pytest.fixture(scope="module")
def known_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("boards") / "home")})
    with begin_lake(settings) as lake:
        save(lake, known_messages())
        yield Store(lake, settings=settings)


@pytest.fixture
def home(known_store: Store, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stores, "_store", known_store)
    assert known_store.settings is not None
    return known_store.settings.home


@pytest.fixture
def my_pages() -> ui.Page:
    return load_page(next(info for info in discover_pages() if info.name == "my_pages"))


def test_a_page_is_made_arranged_shared_and_removed(
    my_pages: ui.Page, known_store: Store, home: Path
) -> None:
    with acting_as(ANA):
        link = f"?{WEEK}&metric=delivery_rate&by=country&grain=none"
        save_view(home, read_link(link), title="Delivery by country")
        builder = load_page(next(i for i in discover_pages() if i.name == "explore")).open("", known_store)
        builder.components[0]._handle_msg({"add_to_page": {"view": "delivery-by-country", "board": ""}})
        assert (
            builder.components[0].notice == "“Delivery by country” is on “Delivery by country” of My pages."
        )
        session = my_pages.open(f"board=delivery-by-country&{WEEK}", known_store)
        session.refresh()
        tile, editor = session.components
        assert (tile.state, tile.title) == ("ok", "Delivery by country")
        assert tile.subtitle == (
            "3 Mar – 9 Mar 2025 (UTC) · of 63 final · 4 in flight · 1 point of fewer than 30 not drawn"
        )
        assert editor.tiles == [{"view": "delivery-by-country", "part": "", "width": 6}]
        part = {"view": "", "part": "overview/messages", "width": 12}
        save_page = {"title": "Monday", "shared": True, "tiles": [part, *editor.tiles]}
        editor._handle_msg({"save_page": save_page})
        assert (editor.notice, editor.goto) == ("", "my_pages?board=delivery-by-country")
        again = my_pages.open(f"board=delivery-by-country&{WEEK}", known_store)
        again.refresh()
        assert again.head.title == "Monday"
        assert [component.title for component in again.components] == [
            "Messages", "Delivery by country", "My pages"
        ]  # fmt: skip
        assert [component.css_classes for component in again.components[:2]] == [["span-12"], ["span-6"]]
        assert {component.state for component in again.components} == {"ok"}
    with acting_as(BEN):
        theirs = my_pages.open(f"board=delivery-by-country&{WEEK}", known_store)
        theirs.refresh()
        # The page is shared, the view on it is not.
        assert [component.state for component in theirs.components] == ["ok", "empty", "ok"]
        assert "No view named 'delivery-by-country'" in theirs.components[1].message
        assert theirs.components[2].may_change is False
        theirs.components[2]._handle_msg({"delete_page": True})
        assert "is ana's" in theirs.components[2].notice
    with acting_as(ANA):
        edit_view(home, "delivery-by-country", shared=True)
        again.components[2]._handle_msg({"delete_page": True})
        assert list_boards(home).boards == ()
        assert (home / "boards" / "removed" / "delivery-by-country.toml").exists()


def test_a_page_that_is_not_there_says_so(my_pages: ui.Page, known_store: Store, home: Path) -> None:
    session = my_pages.open("board=nowhere", known_store)
    session.refresh()
    assert session.head.notices == ["No page named 'nowhere'. Known: none yet."]
    assert [component.state for component in session.components] == ["ok"]


def test_a_tile_that_nobody_offered_is_refused(my_pages: ui.Page, known_store: Store, home: Path) -> None:
    with acting_as(ANA):
        first = my_pages.open("", known_store)
        first.components[0]._handle_msg({"add_page": "Mine"})
        assert first.components[0].goto == "my_pages?board=mine"
        editor = my_pages.open("board=mine", known_store).components[-1]
        for tile, message in (
            ({"view": "", "part": "../etc", "width": 6}, "write page and part, as overview/messages"),
            ({"view": "", "part": "", "width": 6}, "either a view or a part"),
            ({"view": "a", "part": "", "width": 5}, "allowed are 4, 6, 8, 12"),
        ):
            editor._handle_msg({"save_page": {"title": "Mine", "shared": False, "tiles": [tile]}})
            assert message in editor.notice
        gone = {"view": "", "part": "overview/gone", "width": 6}
        editor._handle_msg({"save_page": {"title": "Mine", "shared": False, "tiles": [gone]}})
        session = my_pages.open("board=mine", known_store)
        session.refresh()
        message = session.components[0].message
        assert message.startswith("There is no part overview/gone any more: remove this tile.")


def test_a_page_is_a_file_that_is_read_again() -> None:
    board = Board("mine", 'A "page"', "ana", (Tile(view="a", width=4), Tile(part="cost/spend")), True)
    assert read_board_text("mine", board_text(board), "mine.toml") == board

"""My pages: tiles of saved views and of built-in pages, arranged by who made the page."""

from __future__ import annotations

import re
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
from workbench.views.board_files import add_board, edit_board, find_board, list_boards
from workbench.views.saved_view import read_link
from workbench.views.view_files import edit_view, save_view

ANA, BEN, CLEO = Actor("ana", "viewer"), Actor("ben", "viewer"), Actor("cleo", "admin")
PRIVATE = "Here is a view that is private to somebody else, or that there is no more."


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
        assert theirs.components[1].message.startswith(PRIVATE)
        assert theirs.components[2].may_change is False
        theirs.components[2]._handle_msg({"delete_page": True})
        assert "is ana's" in theirs.components[2].notice
    with acting_as(ANA):
        edit_view(home, "delivery-by-country", shared=True)
        again.components[2]._handle_msg({"delete_page": True})
        assert list_boards(home).boards == ()
        assert (home / "boards" / "removed" / "delivery-by-country.toml").exists()


@pytest.fixture
def shared_page(home: Path) -> Iterator[None]:
    """A page of Ana's that everybody sees: a private view, a shared one, and one that is no more."""
    with acting_as(ANA):
        save_view(home, read_link("?metric=spend&grain=none"), title="Layoffs", name="layoffs")
        save_view(home, read_link("?metric=spend&grain=none"), title="Spend", name="spend", shared=True)
        add_board(home, "All hands")
        names = ("layoffs", "spend", "takeover")
        edit_board(home, "all-hands", shared=True, tiles=[{"view": name, "width": 6} for name in names])
    yield
    for path in (*home.glob("boards/*.toml"), *home.glob("views/*.toml")):
        path.unlink()


@pytest.mark.usefixtures("shared_page")
@pytest.mark.parametrize("person", [BEN, CLEO], ids=["viewer", "admin"])
def test_a_shared_page_tells_others_no_name_of_a_private_view(
    my_pages: ui.Page, known_store: Store, home: Path, person: Actor
) -> None:
    with acting_as(person):
        session = my_pages.open("board=all-hands", known_store)
        session.refresh()
    private, _, gone, editor = session.components
    assert [each.message.startswith(PRIVATE) for each in (private, gone)] == [True, True]
    told = " ".join(str(each.param.values()) for each in session.components) + str(
        session.head.param.values()
    )
    assert "Spend" in told
    assert not re.findall("layoffs|takeover", told, re.IGNORECASE)
    assert editor.tiles == [
        {"view": "", "part": "", "width": 6, "kept": 0},
        {"view": "spend", "part": "", "width": 6},
        {"view": "", "part": "", "width": 6, "kept": 2},
    ]


@pytest.mark.usefixtures("shared_page")
def test_who_made_a_page_reads_the_name_of_a_view_that_is_no_more(
    my_pages: ui.Page, known_store: Store, home: Path
) -> None:
    with acting_as(ANA):
        session = my_pages.open("board=all-hands", known_store)
        session.refresh()
    assert "No view named 'takeover'" in session.components[2].message
    assert [tile["view"] for tile in session.components[-1].tiles] == ["layoffs", "spend", "takeover"]


@pytest.mark.usefixtures("shared_page")
def test_an_admin_who_arranges_a_page_keeps_the_views_that_they_may_not_see(
    my_pages: ui.Page, known_store: Store, home: Path
) -> None:
    with acting_as(CLEO):
        editor = my_pages.open("board=all-hands", known_store).components[-1]
        save_page = {"title": "All hands", "shared": True}
        for place in (3, -1):
            kept = {"view": "", "part": "", "width": 6, "kept": place}
            editor._handle_msg({"save_page": {**save_page, "tiles": [kept]}})
            assert editor.notice == f"The page has no tile {place}: open it anew."
        kept = {"view": "", "part": "", "width": 12, "kept": 0}
        editor._handle_msg(
            {"save_page": {**save_page, "tiles": [{"view": "spend", "part": "", "width": 6}, kept]}}
        )
        assert editor.notice == ""
    with acting_as(ANA):
        assert find_board(home, "all-hands").tiles == (Tile("spend", width=6), Tile("layoffs", width=12))


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

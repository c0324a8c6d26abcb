"""Saved views: files that people read and change, kept for who may see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import UnknownName, UsageError
from workbench.errors import ConfigError, NotAllowed
from workbench.home import InBackup, in_backup, is_ours
from workbench.roles import NOBODY, Actor, acting_as
from workbench.views.board import Board, Tile, board_text, checked_tile, read_board_text
from workbench.views.saved_view import SavedView, name_of_title, read_link, read_view_text, view_text
from workbench.views.subscription import Subscription, read_subscription_text, subscription_text
from workbench.views.view_files import delete_view, edit_view, find_view, list_views, restore_view, save_view

ANA, BEN = Actor("ana", "viewer"), Actor("ben", "agent")
ADMIN, PROGRAM = Actor("cleo", "admin"), Actor("shop", "viewer", kind="token")
VALUES = {"metric": ("undelivered_rate",), "by": ("country",), "grain": ("week",), "period": ("90d",)}


def names(home: Path, person: Actor) -> list[str]:
    with acting_as(person):
        return [view.name for view in list_views(home).views]


def save_as(person: Actor, home: Path, title: str, *, shared: bool = False, name: str | None = None) -> str:
    with acting_as(person):
        return save_view(home, VALUES, title=title, shared=shared, name=name).name


def test_a_view_is_a_file_that_people_can_read(home: Path) -> None:
    with acting_as(ANA):
        save_view(home, VALUES, title="Undelivered, by country", folder="Delivery", shared=True)
    text = (home / "views" / "undelivered-by-country.toml").read_text()
    assert text == (
        "# A saved view of the page Explore. `workbench views` lists and changes them; so can you, here.\n"
        'title = "Undelivered, by country"\nowner = "ana"\nshared = true\nfolder = "Delivery"\n\n'
        '[values]\nmetric = ["undelivered_rate"]\nby = ["country"]\ngrain = ["week"]\nperiod = ["90d"]\n'
    )
    assert is_ours("views/undelivered-by-country.toml")
    assert in_backup("views/undelivered-by-country.toml") is InBackup.COPY
    assert in_backup("views/removed/old.toml") is InBackup.COPY


@pytest.mark.parametrize(
    ("person", "expected"),
    [(ANA, ["hers", "ours"]), (BEN, ["ours"]), (ADMIN, ["ours"]), (PROGRAM, ["ours"])],
    ids=["ana", "ben", "admin", "program"],
)
def test_a_private_view_is_its_owners_alone(home: Path, person: Actor, expected: list[str]) -> None:
    save_as(ANA, home, "Hers")
    save_as(ANA, home, "Ours", shared=True)
    assert names(home, person) == expected
    if "hers" not in expected:
        with acting_as(person), pytest.raises(UnknownName, match=r"No view named 'hers'\..*Known: ours\."):
            find_view(home, "hers")


def test_without_sign_in_nothing_is_seen(home: Path) -> None:
    save_as(ANA, home, "Ours", shared=True)
    with acting_as(NOBODY), pytest.raises(NotAllowed, match="signed in"):
        list_views(home)


def test_only_its_owner_or_an_admin_changes_a_shared_view(home: Path) -> None:
    name = save_as(ANA, home, "Ours", shared=True)
    changes: list[Callable[[], object]] = [
        lambda: edit_view(home, name, title="Mine"),
        lambda: delete_view(home, name),
        lambda: save_view(home, VALUES, title="Mine", name=name),
    ]
    for change in changes:
        with acting_as(BEN), pytest.raises(NotAllowed, match="is ana's"):
            change()
    with acting_as(ADMIN):
        assert edit_view(home, name, title="Everybody's", folder="All").owner == "ana"
    with acting_as(BEN):
        view = find_view(home, name)
    assert (view.title, view.folder, view.shared) == ("Everybody's", "All", True)


def test_a_private_name_that_is_taken_says_nothing_of_the_view(home: Path) -> None:
    save_as(ANA, home, "Secret plan", name="mine")
    with acting_as(BEN), pytest.raises(NotAllowed) as refusal:
        save_view(home, VALUES, title="Mine", name="mine")
    assert "Secret" not in str(refusal.value)
    assert "ana" not in str(refusal.value)


def test_a_deleted_view_comes_back(home: Path) -> None:
    name = save_as(ANA, home, "Weekly")
    with acting_as(ANA):
        before = find_view(home, name)
        delete_view(home, name)
        assert list_views(home).views == ()
        assert restore_view(home, name) == before
        with pytest.raises(UnknownName, match="No deleted view"):
            restore_view(home, name)
        delete_view(home, name)
    # A new one does not take the place of one that may come back.
    assert save_as(ANA, home, "Weekly") == "weekly-2"
    with acting_as(BEN), pytest.raises(NotAllowed):
        restore_view(home, name)


def test_a_view_that_was_deleted_before_stays_beside_one_of_the_same_name(home: Path) -> None:
    with acting_as(ANA):
        for title in ("First", "Second", "Third"):
            save_view(home, VALUES, title=title, name="weekly")
            delete_view(home, "weekly")
        assert restore_view(home, "weekly").title == "Third"
        assert restore_view(home, "weekly-2").title == "First"
        assert restore_view(home, "weekly-3").title == "Second"


@pytest.mark.parametrize("name", ["x" * 60, "a-", "a" + "-" * 59])
def test_every_name_that_a_view_may_have_can_be_deleted_twice(home: Path, name: str) -> None:
    with acting_as(ANA):
        for title in ("First", "Second"):
            save_view(home, VALUES, title=title, name=name)
            delete_view(home, name)
        kept = {path.stem for path in (home / "views" / "removed").glob("*.toml")}
        assert len(kept) == 2
        assert {restore_view(home, each).title for each in kept} == {"First", "Second"}


BROKEN = {
    "cut.toml": ('title = "Cut', r"cut\.toml cannot be read: Unterminated string"),
    "no-owner.toml": ('title = "X"\n[values]\n', "owner is None; it must be a text"),
    "yes.toml": ('title = "X"\nowner = "a"\nshared = "yes"\n', "shared is 'yes'; it must be true or false"),
    "odd.toml": ('title = "X"\nowner = "a"\nchart = "bar"\n', "has 'chart'; known are title, owner"),
    "value.toml": ('title = "X"\nowner = "a"\n[values]\nby = "week"\n', r"by is \'week\'; write a list"),
    "Bad name.toml": ('title = "X"\nowner = "a"\n', "the name of a view is small letters"),
}


TOO_DEEP, TOO_LONG, NO_DAY = "a = " + "[" * 20_000, "a = " + "9" * 5_000, "a = 2026-02-30"


@pytest.mark.parametrize("text", [TOO_DEEP, TOO_LONG, NO_DAY], ids=["deep", "long", "day"])
@pytest.mark.parametrize("read", [read_view_text, read_board_text, read_subscription_text])
def test_what_python_cannot_read_of_a_file_is_an_error_of_the_file(
    text: str, read: Callable[[str, str, str], object]
) -> None:
    with pytest.raises(ConfigError, match=r"^mine\.toml cannot be read: .* Correct it, or delete it\.$"):
        read("mine", text, "mine.toml")


@pytest.mark.parametrize("text", ["🍕", "a\x7fb", 'say "so"', "back\\slash"])
def test_every_text_of_a_page_or_subscription_is_read_again(text: str) -> None:
    board = Board("mine", "Mine", text, (Tile(view="a", width=4),))
    assert read_board_text("mine", board_text(board), "mine.toml") == board
    mail = Subscription("mine", text, "week", ("a@example.com",), text, date(2026, 11, 29))
    assert read_subscription_text("mine", subscription_text(mail), "mine.toml") == mail


@pytest.mark.parametrize("view", ["🍕", "../users", "a b", "x" * 61])
def test_a_tile_has_a_name_that_a_view_may_have(view: str) -> None:
    with pytest.raises(UsageError, match="the name of a view is small letters"):
        checked_tile({"view": view, "width": 6})


@pytest.mark.parametrize("file", BROKEN)
def test_a_broken_file_says_so_and_hides_no_other(home: Path, file: str) -> None:
    save_as(ANA, home, "Good", shared=True)
    text, message = BROKEN[file]
    (home / "views" / file).write_text(text)
    with acting_as(ADMIN):
        listed = list_views(home)
    assert [view.name for view in listed.views] == ["good"]
    assert len(listed.problems) == 1
    assert re.search(message, listed.problems[0]), listed.problems
    # Whose it is nobody knows, so only who could read the file is told of it.
    with acting_as(BEN):
        assert list_views(home).problems == ()


def test_a_file_that_others_can_write_is_refused(home: Path) -> None:
    save_as(ANA, home, "Ours", shared=True)
    (home / "views" / "ours.toml").chmod(0o666)
    with acting_as(ADMIN):
        listed = list_views(home)
    assert listed.views == ()
    assert "chmod go-w" in listed.problems[0]


@pytest.mark.parametrize("name", ["../users", "a/b", "UPPER", "", ".hidden", "x" * 61])
def test_a_name_is_no_path(home: Path, name: str) -> None:
    with acting_as(ANA), pytest.raises(UsageError, match="the name of a view is"):
        find_view(home, name)


@given(
    title=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60),
    values=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
        st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=3).map(tuple),
        max_size=4,
    ),
)
def test_what_is_written_is_read_again(title: str, values: dict[str, tuple[str, ...]]) -> None:
    view = SavedView("mine", title, "ana", values, True, "")
    assert read_view_text("mine", view_text(view), "mine.toml") == view


@given(st.text(max_size=80), st.sets(st.sampled_from(["view", "view-2", "weekly", "a"])))
def test_every_title_has_a_name_that_a_file_may_have(title: str, taken: set[str]) -> None:
    name = name_of_title(title, taken)
    assert name not in taken
    assert SavedView(name, "x", "a", {}).query == f"?view={name}"
    assert name[0].isalpha()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(name) <= 60


@pytest.mark.parametrize(
    "link", ["?metric=spend&by=country", "explore?metric=spend&by=country", "http://a/explore?by=country&metric=spend&view=old"]
)  # fmt: skip
def test_an_address_of_explore_is_taken_in_any_form(link: str) -> None:
    assert read_link(link) == {"metric": ("spend",), "by": ("country",)}


def test_the_address_of_another_page_is_refused() -> None:
    with pytest.raises(UsageError, match="is no address of Explore"):
        read_link("overview?period=7d")

"""My pages in the home: ``boards/NAME.toml``. Lists, saves and removes them, and says who may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.errors import ConfigError, NotAllowed, UnknownName, UsageError
from workbench.lake.fleet.shared_files import FileChanges, change_files
from workbench.own_files import BOARDS, check_name, list_own_files, read_own_file
from workbench.roles import require_role
from workbench.views.board import MOST_TILES, Board, board_text, checked_tile, read_board_text
from workbench.views.saved_view import checked_text, name_of_title


@dataclass(frozen=True)
class ListedBoards:
    """The pages that a person may see, by title, and what is wrong with files that are none."""

    boards: tuple[Board, ...]
    problems: tuple[str, ...] = ()


def list_boards(home: Path) -> ListedBoards:
    """The pages that the present user may see.

    Raises:
        NotAllowed: sign-in is on and nobody is signed in.
    """
    person = require_role("viewer", "see pages of their own")
    boards, problems = [], []
    for path in list_own_files(home, BOARDS):
        try:
            check_name(BOARDS, path.stem, shown=path)
            board = read_board_text(path.stem, read_own_file(home, path), str(path))
        except (ConfigError, UsageError) as error:
            problems.append(str(error))
            continue
        if board.is_visible_to(person):
            boards.append(board)
    boards.sort(key=lambda board: (board.title.casefold(), board.name))
    return ListedBoards(tuple(boards), tuple(problems) if person.may("admin") else ())


def find_board(home: Path, name: str) -> Board:
    """A page that the present user may see.

    Raises:
        UnknownName: there is none of this name that they may see.
    """
    boards = {board.name: board for board in list_boards(home).boards}
    if name not in boards:
        raise UnknownName("page", name, boards)
    return boards[name]


def add_board(home: Path, title: str) -> Board:
    """A new page without tiles, its maker's alone.

    Raises:
        UsageError: the title is not possible.
    """
    person, title = require_role("viewer", "make a page"), checked_text(title, "title")
    with _changing(home) as changes:
        taken = [path.stem for path in (home / BOARDS.name).glob(f"**/*{BOARDS.suffix}")]
        board = Board(name_of_title(title, taken), title, person.name)
        changes.write(_path(home, board.name), board_text(board))
    return board


def edit_board(
    home: Path,
    name: str,
    *,
    title: str | None = None,
    shared: bool | None = None,
    tiles: Sequence[Mapping[str, Any]] | None = None,
) -> Board:
    """Another title or other tiles, or whether others see it.

    Raises:
        UnknownName: there is no such page.
        UsageError: a title or tile is not possible, or there are too many.
        NotAllowed: it is somebody else's.
    """
    with _changing(home) as changes:
        board = _changeable(home, name)
        chosen = board.tiles if tiles is None else tuple(checked_tile(tile) for tile in tiles)
        if len(chosen) > MOST_TILES:
            raise UsageError(f"There are {len(chosen)} tiles; a page has at most {MOST_TILES}.")
        board = replace(
            board,
            title=board.title if title is None else checked_text(title, "title"),
            shared=board.shared if shared is None else shared,
            tiles=chosen,
        )
        changes.write(_path(home, name), board_text(board))
    return board


def add_view_to_board(home: Path, name: str, view: str) -> Board:
    """Put a saved view at a page's end; errors as in :func:`edit_board`."""
    tiles = [
        {"view": tile.view, "part": tile.part, "width": tile.width} for tile in find_board(home, name).tiles
    ]
    return edit_board(home, name, tiles=[*tiles, {"view": view, "width": 6}])


def delete_board(home: Path, name: str) -> Board:
    """Take a page away; its file goes to ``boards/removed/``.

    Raises:
        UnknownName: there is no such page.
        NotAllowed: it is somebody else's.
    """
    with _changing(home) as changes:
        board, path = _changeable(home, name), _path(home, name)
        removed = path.parent / "removed" / path.name
        changes.move(path, removed)
    return board


def _changeable(home: Path, name: str) -> Board:
    board, person = find_board(home, name), require_role("viewer", "change a page")
    if not board.may_be_changed_by(person):
        raise NotAllowed(f"The page “{board.title}” is {board.owner}'s: only they or an admin may change it.")
    return board


def _path(home: Path, name: str) -> Path:
    check_name(BOARDS, name)
    return home / BOARDS.name / f"{name}{BOARDS.suffix}"


def _changing(home: Path) -> AbstractContextManager[FileChanges]:
    return change_files(home, "boards.lock")

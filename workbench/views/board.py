"""A page of somebody's own, which arranges tiles: saved views and parts of the built-in pages. Pure.

title = "Monday"
owner = "ana"
shared = false

[[tiles]]
view = "undelivered-by-country"
width = 6

[[tiles]]
part = "overview/messages"
width = 12
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import ConfigError, UsageError
from workbench.own_files import VIEWS, check_name
from workbench.roles import Actor
from workbench.views.saved_view import checked_text
from workbench.views.toml_text import quoted, read_toml_text

WIDTHS = (4, 6, 8, 12)
"""Of a tile, in twelfths of the page."""
MOST_TILES = 24
_HEAD = "# A page made in My pages; so can you change it here.\n"
_KNOWN = ("title", "owner", "shared", "tiles")
_PART = re.compile(r"[a-z][a-z0-9_]*/[a-z0-9-]+")


@dataclass(frozen=True)
class Tile:
    """A saved view by its name, or a part of a built-in page as `overview/messages`."""

    view: str = ""
    part: str = ""
    width: int = 12


@dataclass(frozen=True)
class Board:
    """A page that somebody made; `name` is the file's. One that is not shared is its owner's alone."""

    name: str
    title: str
    owner: str
    tiles: tuple[Tile, ...] = ()
    shared: bool = False

    def is_visible_to(self, person: Actor) -> bool:
        """Whether the person may see it; who is at this machine can read the file anyway."""
        return self.shared or person.is_local or (bool(person.name) and self.owner == person.name)

    def names_views_to(self, person: Actor) -> bool:
        """Whether the person may read the names of its views that are private: who wrote them down.

        Who is at this machine can read the file anyway.
        """
        return person.is_local or self.owner == person.name

    def may_be_changed_by(self, person: Actor) -> bool:
        """Whether the person may change it: its owner, and of what they may see an admin."""
        return self.is_visible_to(person) and (self.owner == person.name or person.may("admin"))


def checked_tile(entry: Mapping[str, Any]) -> Tile:
    """A tile as a file or a browser has it.

    Raises:
        UsageError: it is none.
    """
    unknown = [key for key in entry if key not in ("view", "part", "width")]
    view, part, width = entry.get("view") or "", entry.get("part") or "", entry.get("width", 12)
    if unknown or not isinstance(view, str) or not isinstance(part, str) or bool(view) == bool(part):
        raise UsageError(f"A tile is {dict(entry)!r}; it has either a view or a part, and a width.")
    if view:
        check_name(VIEWS, view)
    if part and not _PART.fullmatch(part):
        raise UsageError(f"A tile has the part {part[:60]!r}; write page and part, as overview/messages.")
    if width not in WIDTHS:
        raise UsageError(f"A tile has the width {width!r}; allowed are {', '.join(map(str, WIDTHS))}.")
    return Tile(view, part, width)


def board_text(board: Board) -> str:
    """The page as the text of its file."""
    lines = [
        f"title = {quoted(board.title)}",
        f"owner = {quoted(board.owner)}",
        f"shared = {str(board.shared).lower()}",
    ]
    for tile in board.tiles:
        kind, name = ("view", tile.view) if tile.view else ("part", tile.part)
        lines += ["", "[[tiles]]", f"{kind} = {quoted(name)}", f"width = {tile.width}"]
    return _HEAD + "\n".join(lines) + "\n"


def read_board_text(name: str, text: str, shown: str) -> Board:
    """The page in the text of a file.

    Raises:
        ConfigError: it is none; says what is wrong.
    """
    entries = read_toml_text(text, shown)
    try:
        unknown = [key for key in entries if key not in _KNOWN]
        title, owner, tiles = entries.get("title"), entries.get("owner"), entries.get("tiles", [])
        if unknown or not isinstance(title, str) or not isinstance(owner, str) or not isinstance(tiles, list):
            has = ", ".join(entries) or "nothing"
            raise UsageError(
                f"It needs the texts title and owner, and may have shared and tiles; it has {has}."
            )
        if not isinstance(entries.get("shared", False), bool):
            raise UsageError(f"shared is {entries['shared']!r}; it must be true or false.")
        if len(tiles) > MOST_TILES or not all(isinstance(tile, dict) for tile in tiles):
            raise UsageError(f"It has {len(tiles)} tiles; at most {MOST_TILES} sections [[tiles]] fit.")
        checked = tuple(checked_tile(tile) for tile in tiles)
        return Board(name, checked_text(title, "title"), owner, checked, entries.get("shared", False))
    except UsageError as error:
        raise ConfigError(f"{shown} cannot be read: {error} Correct it, or delete it.") from error

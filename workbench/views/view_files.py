"""Saved views in the home: ``views/NAME.toml``. Lists, saves, changes, removes, and says who may.

A removed view goes to ``views/removed/`` and can be put back. A file that cannot be read hides no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.errors import ConfigError, NotAllowed, UnknownName, UsageError
from workbench.lake.fleet.shared_files import FileChanges, change_files
from workbench.own_files import VIEWS, check_name, list_own_files, read_own_file
from workbench.roles import Actor, require_role
from workbench.views.saved_view import (
    SavedView,
    checked_text,
    name_of_title,
    read_view_text,
    view_text,
)

_REMOVED = "removed"


@dataclass(frozen=True)
class ListedViews:
    """The views that a person may see, by folder and title, and what is wrong with files that are none."""

    views: tuple[SavedView, ...]
    problems: tuple[str, ...] = ()


def list_views(home: Path) -> ListedViews:
    """The views that the present user may see.

    Raises:
        NotAllowed: sign-in is on and nobody is signed in.
    """
    person = _person("see saved views")
    views, problems = [], []
    for path in list_own_files(home, VIEWS):
        try:
            view = _read(home, path)
        except (ConfigError, UsageError) as error:
            problems.append(str(error))
            continue
        if view.is_visible_to(person):
            views.append(view)
    views.sort(key=lambda view: (view.folder.casefold(), view.title.casefold(), view.name))
    # Whose a broken file is, nobody knows: only who could read it anyway is told of it.
    return ListedViews(tuple(views), tuple(problems) if person.may("admin") else ())


def find_view(home: Path, name: str) -> SavedView:
    """A view that the present user may see.

    Raises:
        UnknownName: there is none of this name that they may see.
        ConfigError: its file cannot be read.
    """
    person, path = _person("see saved views"), _path(home, name)
    if path.exists():
        view = _read(home, path)
        if view.is_visible_to(person):
            return view
    raise UnknownName("view", name, [view.name for view in list_views(home).views])


def save_view(
    home: Path,
    values: Mapping[str, Sequence[str]],
    *,
    title: str,
    name: str | None = None,
    folder: str = "",
    shared: bool = False,
) -> SavedView:
    """Keep a question; of a name that there is already, the question is replaced.

    Args:
        name: of the file; by default it follows from the title.

    Raises:
        UsageError: the title, folder or name is not possible.
        NotAllowed: the view of this name is somebody else's.
    """
    person = _person("save a view")
    title, folder = checked_text(title, "title"), checked_text(folder, "folder", may_be_empty=True)
    with _changing(home) as changes:
        name = name or name_of_title(title, _taken(home))
        path = _path(home, name)
        owner = person.name
        if path.exists():
            owner = _may_change(home, path, person).owner
        view = SavedView(
            name, title, owner, {key: tuple(texts) for key, texts in values.items()}, shared, folder
        )
        _write(changes, home, view)
    return view


def edit_view(
    home: Path,
    name: str,
    *,
    title: str | None = None,
    folder: str | None = None,
    shared: bool | None = None,
) -> SavedView:
    """Another title, folder, or whether others see it; its name stays, and so do links to it.

    Raises:
        UnknownName: there is no such view.
        NotAllowed: it is somebody else's.
    """
    person = _person("change a view")
    with _changing(home) as changes:
        find_view(home, name)
        view = _may_change(home, _path(home, name), person)
        view = replace(
            view,
            title=view.title if title is None else checked_text(title, "title"),
            folder=view.folder if folder is None else checked_text(folder, "folder", may_be_empty=True),
            shared=view.shared if shared is None else shared,
        )
        _write(changes, home, view)
    return view


def delete_view(home: Path, name: str) -> SavedView:
    """Take a view out of the list; :func:`restore_view` puts it back.

    One of this name that was deleted before stays, under a name that is free.

    Raises:
        UnknownName: there is no such view.
        NotAllowed: it is somebody else's.
    """
    person = _person("delete a view")
    with _changing(home) as changes:
        find_view(home, name)
        path = _path(home, name)
        view = _may_change(home, path, person)
        removed = path.parent / _REMOVED / path.name
        if removed.exists():
            changes.move(removed, removed.with_stem(name_of_title(name, _taken(home))))
        changes.move(path, removed)
    return view


def restore_view(home: Path, name: str) -> SavedView:
    """Put back a view that was deleted.

    Raises:
        UnknownName: no view of this name was deleted.
        UsageError: there is one of this name again.
        NotAllowed: it is somebody else's.
    """
    person = _person("restore a view")
    with _changing(home) as changes:
        path = _path(home, name)
        removed = path.parent / _REMOVED / path.name
        names = [each.stem for each in sorted(removed.parent.glob(f"*{VIEWS.suffix}"))]
        if name not in names:
            raise UnknownName("deleted view", name, names if person.may("admin") else [])
        if path.exists():
            raise UsageError(f"There is a view {name} again; rename or delete that one first.")
        view = _may_change(home, removed, person)
        changes.move(removed, path)
    return view


def _person(doing: str) -> Actor:
    return require_role("viewer", doing)


def _path(home: Path, name: str) -> Path:
    check_name(VIEWS, name)
    return home / VIEWS.name / f"{name}{VIEWS.suffix}"


def _taken(home: Path) -> list[str]:
    """Names of all files, also of removed ones: those can come back."""
    folder = home / VIEWS.name
    return [
        path.stem for path in (*folder.glob(f"*{VIEWS.suffix}"), *folder.glob(f"{_REMOVED}/*{VIEWS.suffix}"))
    ]


def _read(home: Path, path: Path) -> SavedView:
    check_name(VIEWS, path.stem, shown=path)
    return read_view_text(path.stem, read_own_file(home, path), str(path))


def _may_change(home: Path, path: Path, person: Actor) -> SavedView:
    view = _read(home, path)
    if not view.may_be_changed_by(person):
        whose = f"is {view.owner}'s" if view.is_visible_to(person) else "is taken"
        raise NotAllowed(f"The name {view.name} {whose}: save yours under another name.")
    return view


def _write(changes: FileChanges, home: Path, view: SavedView) -> None:
    text = view_text(view)
    if read_view_text(view.name, text, view.name) != view:
        raise UsageError(f"The view {view.name} has values that no file can hold; choose others.")
    changes.write(_path(home, view.name), text)


def _changing(home: Path) -> AbstractContextManager[FileChanges]:
    return change_files(home, "views.lock")

"""Keeps a lake's files for its owner alone, wherever they are: people's messages are in them.

DuckDB and SQLite make files as the umask says, so it is the folder that protects them (0700); the catalog,
which may lie in a folder of somebody else's, is 0600 itself, and SQLite gives its side files the same. What
an older version or a copy left open is mended at the next opening, without going through links.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.files import make_folder
from workbench.lake.data_folder import MARKER_FILE, SCHEMA_FOLDER

log = logging.getLogger(__name__)

_OTHERS, _WORLD = 0o077, 0o007
_SIDE_FILES = ("", "-wal", "-shm", "-journal", ".lock")


def make_private_folder(folder: Path) -> None:
    """Make a folder that is missing, for its owner alone; one that is there stays as it is."""
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def protect_folder(folder: Path) -> None:
    """Make a folder of the product's own where it is missing, and close it to others."""
    make_private_folder(folder)
    _close_to_others(folder, _OTHERS, follow=True)


def protect_catalog(catalog: Path) -> None:
    """Close the catalog and what SQLite keeps beside it to others; make it, empty, where it is missing."""
    make_private_folder(catalog.parent)
    with suppress(FileExistsError):
        os.close(os.open(catalog, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    for suffix in _SIDE_FILES:
        # By path: closing a descriptor would free all locks that SQLite holds on the file in this process.
        path = f"{catalog}{suffix}"
        with suppress(FileNotFoundError):
            mode = stat.S_IMODE(os.stat(path).st_mode)
            if mode & _OTHERS:
                _change_mode(path, path, mode & ~_OTHERS)


def protect_data(folder: Path, *, is_shared: bool) -> None:
    """Close the folder of a lake's files to others, and mend what is in it if it was open before.

    Where other things lie in the folder too, the tables' folder in it is closed instead.

    Args:
        is_shared: several machines use it, perhaps through a group of users: the group's rights stay.
    """
    forbidden = _WORLD if is_shared else _OTHERS
    make_private_folder(folder)
    tables = folder / SCHEMA_FOLDER
    tables.mkdir(mode=0o700, exist_ok=True)
    own = {SCHEMA_FOLDER, MARKER_FILE}
    is_own = all(name in own or name.startswith(f".{MARKER_FILE}.") for name in os.listdir(folder))
    for place in (folder, tables) if is_own else (tables,):
        if _close_to_others(place, forbidden, follow=True):
            _close_all_in(place, forbidden)


def _close_all_in(folder: Path, forbidden: int) -> None:
    for place, _, names in os.walk(folder):  # does not go through links
        for path in (Path(place), *(Path(place) / name for name in names)):
            _close_to_others(path, forbidden, follow=False)


def _close_to_others(path: Path, forbidden: int, *, follow: bool) -> bool:
    """Take these rights away from a file or folder; whether it had any."""
    with _opened(path, follow) as descriptor:
        if descriptor is None:
            return False
        mode = os.fstat(descriptor).st_mode
        if not stat.S_IMODE(mode) & forbidden or not _is_file_or_folder(mode):
            return False
        return _change_mode(path, descriptor, stat.S_IMODE(mode) & ~forbidden)


def _change_mode(name: Path | str, target: str | int, mode: int) -> bool:
    try:
        os.chmod(target, mode)
    except PermissionError:
        log.warning("%s can be read by others, and only its owner can change that.", name)
        return False
    return True


def _is_file_or_folder(mode: int) -> bool:
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


@contextmanager
def _opened(path: Path, follow: bool) -> Iterator[int | None]:
    """The file itself, so that it cannot be exchanged meanwhile; None where there is none, or a link."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
    except OSError:
        # Missing, a link, or not ours to read: nothing that we could close.
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)

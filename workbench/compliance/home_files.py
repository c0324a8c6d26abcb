"""Finds the files outside of the lake that contain certain words, and cleans or removes them.

The treatment of a file depends on its owner (``workbench/home.py``). A file that a process may have open is
overwritten in place, byte for byte, so that the process keeps the same file and loses nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.compliance.search_terms import Words, holds, spans_of
from workbench.errors import LakeBusy
from workbench.files import write_whole
from workbench.home import Treatment, treatment_of
from workbench.lake.connect import Lake

MEDIA_FOLDER = "media"
"""Under WORKBENCH_HOME: the copies of attachments, if they are kept."""
_CATALOG_SUFFIXES = ("", "-wal", "-shm", "-journal")
_LAKE_SCHEMA = "main"
_CHANGED_BY_US = frozenset(
    {
        Treatment.BLANK_WORDS,
        Treatment.BLANK_NUMBERS,
        Treatment.BLANK_LINES,
        Treatment.DROP_LINES,
        Treatment.REMOVE,
        Treatment.REMOVE_ALWAYS,
    }
)
_ROUNDS, _PAUSE = 20, 0.05


@dataclass(frozen=True)
class HomeFiles:
    """The files that contain the words, relative to WORKBENCH_HOME."""

    changeable: tuple[str, ...]
    """Files that are cleaned or removed."""
    kept: tuple[str, ...]
    """Files that only the user can change, or that could not be read."""


@dataclass(frozen=True)
class ChangedFiles:
    rewritten: tuple[str, ...]
    removed: tuple[str, ...]
    left: tuple[str, ...]


def find_in_files(lake: Lake, words: Sequence[str]) -> HomeFiles:
    """Search every file of the home except those of the lake, also compressed files and Parquet."""
    looked_for = Words(words)
    changeable: list[str] = []
    kept: list[str] = []
    for name, path in home_files(lake):
        treatment = treatment_of(name)
        if treatment in (Treatment.LEAVE, Treatment.BY_OWNER, Treatment.REMOVE_ALWAYS):
            continue
        is_ours_to_change = treatment in _CHANGED_BY_US and not _is_other_lake(path)
        try:
            if looked_for.are_in_name(name) or holds(lake, path, _words_for(treatment, looked_for)):
                (changeable if is_ours_to_change else kept).append(name)
        except FileNotFoundError:
            continue  # removed since it was listed
        except OSError:
            kept.append(name)
    return HomeFiles(tuple(changeable), tuple(kept))


def erase_from_files(lake: Lake, words: Sequence[str]) -> ChangedFiles:
    """Remove the words from files that stay, and remove the other files that contain them.

    Raises:
        LakeBusy: a process keeps writing the words.
    """
    looked_for = Words(words)
    rewritten: dict[str, None] = {}
    removed = {name: None for name, path in home_files(lake) if _remove_unsearched(name, path)}
    for _ in range(_ROUNDS):
        files = find_in_files(lake, words)
        if not files.changeable:
            return ChangedFiles(tuple(rewritten), tuple(removed), files.kept)
        for name in files.changeable:
            (removed if _change(lake, name, looked_for) else rewritten)[name] = None
        time.sleep(_PAUSE)
    raise LakeBusy(
        f"{', '.join(files.changeable)} is still being written with the number in it. End the process that "
        "writes it, then run the erasure again; otherwise the next maintenance finishes it."
    )


def home_files(lake: Lake) -> Iterator[tuple[str, Path]]:
    """Every file under WORKBENCH_HOME that does not belong to the lake, with its relative name.

    Links are followed: every file that can be reached from the home belongs to it.
    """
    is_of_lake = _lake_test(lake)
    home = lake.home.resolve()
    visited = {home, *home.parents}
    for folder, folders, names in os.walk(home, followlinks=True):
        place = Path(folder)
        real = {name: (place / name).resolve() for name in folders}
        folders[:] = sorted(
            name for name in folders if real[name] not in visited and not is_of_lake(real[name])
        )
        visited.update(real[name] for name in folders)
        for name in sorted(names):
            path = (place / name).resolve()
            if path.is_file() and not is_of_lake(path):
                yield (place / name).relative_to(home).as_posix(), path


def _lake_test(lake: Lake) -> Callable[[Path], bool]:
    """A test whether a path (without links) belongs to the lake: its catalog, or its folder of data files."""
    own: set[Path] = set()
    if lake.address.kind == "sqlite":
        catalog = Path(lake.address.catalog).resolve()
        own = {catalog.with_name(catalog.name + suffix) for suffix in _CATALOG_SUFFIXES}
    if "://" not in lake.address.data:
        own.add((Path(lake.address.data) / _LAKE_SCHEMA).resolve())
    return lambda path: path in own


def _is_other_lake(path: Path) -> bool:
    """Whether a file is the catalog of another lake, which only that lake may change."""
    for suffix in _CATALOG_SUFFIXES:
        catalog = path.with_name(path.name.removesuffix(suffix))
        if path.name.endswith(suffix) and catalog.is_file():
            with catalog.open("rb") as file:
                start = file.read(2**20)
            if start.startswith(b"SQLite format 3\x00") and b"ducklake_metadata" in start:
                return True
    return False


def _remove_unsearched(name: str, path: Path) -> bool:
    if treatment_of(name) is not Treatment.REMOVE_ALWAYS:
        return False
    path.unlink(missing_ok=True)
    return True


def _change(lake: Lake, name: str, words: Words) -> bool:
    """Clean one file; returns whether the whole file was removed."""
    path, treatment = (lake.home / name).resolve(), treatment_of(name)
    try:
        if words.are_in_name(name) or treatment is Treatment.REMOVE:
            (lake.home / name).unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            _forget_attachment(lake, name)
            return True
        if treatment is Treatment.DROP_LINES:
            _drop_lines(path, words)
        else:
            _blank(path, _words_for(treatment, words), is_whole_line=treatment is Treatment.BLANK_LINES)
    except FileNotFoundError:
        return True  # its owner removed it
    return False


def _words_for(treatment: Treatment, words: Words) -> Words:
    return words.numbers if treatment is Treatment.BLANK_NUMBERS else words


def _forget_attachment(lake: Lake, name: str) -> None:
    """For another person's attachment that contained the number: record why its file is missing."""
    folder, _, file_name = name.partition("/")
    if folder == MEDIA_FOLDER and file_name:
        lake.write(
            lambda cursor: cursor.execute(
                "update media_files set file_name = null, bytes = null, sha256 = null, "
                "problem = 'Removed: it named somebody who was erased.' where file_name = ?",
                [file_name],
            )
        )


def _drop_lines(path: Path, words: Words) -> None:
    """Replace the file, in one step, by one without the lines that contain a word."""
    lines = path.read_bytes().splitlines(keepends=True)
    kept = b"".join(line for line in lines if not words.are_in(line))
    write_whole(path, kept, mode=path.stat().st_mode & 0o777)


def _blank(path: Path, words: Words, *, is_whole_line: bool) -> None:
    """Overwrite the words, or their lines, with as many asterisks: the file and its length do not change.

    Lines appended meanwhile are not touched. If the process is killed, the next run does the rest.
    """
    with path.open("r+b", buffering=0) as file:
        content = file.readall()
        for start, end in spans_of(content, words, is_whole_line=is_whole_line):
            # A file that was truncated or written again since then is searched again in the next round.
            if os.pread(file.fileno(), end - start, start) == content[start:end]:
                os.pwrite(file.fileno(), b"*" * (end - start), start)
        os.fsync(file.fileno())

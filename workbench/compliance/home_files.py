"""Files of an installation outside of its lake that hold certain words: found, and cleaned or removed.

Files of lines (logs, spools, CSV) lose the lines in question, so that nothing of anybody else goes with them.
Any other file that holds the words is removed whole. What must stay (settings, the demo's account) is named.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.files import write_whole
from workbench.lake.audit import ANCHOR_FILE
from workbench.lake.connect import Lake
from workbench.lake.secret_key import KEY_FILE

_LINES = frozenset({".jsonl", ".ndjson", ".log", ".csv", ".tsv", ".txt"})
MEDIA_FOLDER = "media"
"""Under WORKBENCH_HOME: copies of attachments, where they are kept."""

_KEPT = frozenset({"workbench.toml", "credentials.toml", "quiet_hours.toml", KEY_FILE, ANCHOR_FILE})
_SIMULATED = "simulated-account"
"""The demo's stand-in for Twilio: what is kept there is Twilio's side."""


@dataclass(frozen=True)
class HomeFiles:
    """Files with the words, relative to WORKBENCH_HOME."""

    found: tuple[str, ...]
    """Those that are cleaned or removed."""
    kept: tuple[str, ...]
    """Those that only a person can change."""


@dataclass(frozen=True)
class ChangedFiles:
    rewritten: tuple[str, ...]
    removed: tuple[str, ...]
    left: tuple[str, ...]


def find_in_files(lake: Lake, words: Sequence[str]) -> HomeFiles:
    """Look through every file outside of the lake, compressed ones and Parquet too."""
    needles = [word.encode() for word in words]
    found: list[str] = []
    kept: list[str] = []
    for path in _files(lake):
        if _holds(lake, path, needles):
            (kept if _is_kept(path) else found).append(str(path.relative_to(lake.home)))
    return HomeFiles(tuple(found), tuple(kept))


def erase_from_files(lake: Lake, words: Sequence[str]) -> ChangedFiles:
    """Take the lines with the words out of files of lines, and remove other files that hold them."""
    needles = [word.encode() for word in words]
    found = find_in_files(lake, words)
    rewritten, removed = [], []
    for name in found.found:
        path = lake.home / name
        if path.suffix in _LINES:
            _rewrite(path, needles)
            rewritten.append(name)
        else:
            path.unlink(missing_ok=True)
            removed.append(name)
    return ChangedFiles(tuple(rewritten), tuple(removed), found.kept)


def _files(lake: Lake) -> Iterator[Path]:
    """Every file of the home but those of the lake itself, which ``lake.scour`` cleans."""
    own = [Path(lake.address.data)]
    if lake.address.kind == "sqlite":
        own.append(Path(lake.address.catalog).parent)
    for folder, _, names in os.walk(lake.home):
        place = Path(folder)
        if any(place.is_relative_to(part) for part in own):
            continue
        yield from sorted(place / name for name in names if not name.endswith(".lock"))


def _is_kept(path: Path) -> bool:
    return path.name in _KEPT or path.name.startswith(_SIMULATED)


def _holds(lake: Lake, path: Path, needles: Sequence[bytes]) -> bool:
    try:
        if path.suffix == ".parquet":
            return _parquet_holds(lake, path, needles)
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except FileNotFoundError:
        return False  # gone since it was listed
    except (OSError, EOFError):
        data = path.read_bytes()  # no such compression after all
    return any(needle in data for needle in needles)


def _parquet_holds(lake: Lake, path: Path, needles: Sequence[bytes]) -> bool:
    with lake.cursor() as cursor:
        found = cursor.execute(
            "select count(*) from read_parquet(?) as t "
            "where len(list_filter(?::varchar[], word -> contains(cast(t as varchar), word))) > 0",
            [str(path), [needle.decode() for needle in needles]],
        ).fetchall()
    return bool(found[0][0])


def _rewrite(path: Path, needles: Sequence[bytes]) -> None:
    """The file without the lines that hold one of the words, put in its place at once."""
    lines = path.read_bytes().splitlines(keepends=True)
    kept = b"".join(line for line in lines if not any(needle in line for needle in needles))
    write_whole(path, kept, mode=path.stat().st_mode & 0o777)

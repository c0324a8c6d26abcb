"""A home's own copy of what a fleet shares: its files, which revision each was taken at, and what differs.

``fleet.json`` in the home says for each file which revision it was when this home last had it from the fleet
or gave it to the fleet. So a file that somebody changed here is told from one that changed there. The
comparison is pure.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path

from workbench.errors import ConfigError
from workbench.files import write_whole
from workbench.home import FLEET_STATE, HOME_FILES, holds_secrets, is_shared

STATE_LOCK = "fleet.lock"
MOST_BYTES = 10_000_000
"""Of a shared file; a larger one would make every change slow."""


@dataclass(frozen=True)
class KnownFile:
    """A file as this home and the fleet last had it in common."""

    revision: int
    digest: str | None
    """SHA-256 of its content; None: it was deleted."""


@dataclass(frozen=True)
class HomeState:
    """What ``fleet.json`` says."""

    fleet_id: str = ""
    files: Mapping[str, KnownFile] = field(default_factory=dict)


class Standing(Enum):
    """How a home's file stands to the fleet's."""

    SAME = "same"
    CHANGED_HERE = "changed here"
    CHANGED_THERE = "changed there"
    CONFLICT = "conflict"


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_state(home: Path, fleet_id: str | None = None) -> HomeState:
    """What this home has of a fleet; nothing where it was another fleet's.

    Raises:
        ConfigError: the file is damaged.
    """
    path = home / FLEET_STATE
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        state = HomeState(
            str(stored["fleet_id"]),
            {name: KnownFile(entry["revision"], entry["digest"]) for name, entry in stored["files"].items()},
        )
    except FileNotFoundError:
        return HomeState(fleet_id or "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path} is not what the workbench writes ({type(error).__name__}). Remove it: `workbench fleet "
            "join` compares every file with the fleet's again."
        ) from error
    return state if fleet_id in (None, state.fleet_id) else HomeState(fleet_id or "")


def write_state(home: Path, state: HomeState) -> None:
    write_whole(home / FLEET_STATE, json.dumps(asdict(state), indent=1) + "\n")


def read_shared(home: Path, name: str) -> bytes | None:
    """The content of a shared file; None where it is not there.

    Raises:
        ConfigError: it cannot be read, or is too large.
    """
    path = home / name
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(
                f"{path} has {path.stat().st_size:,} bytes; the machines of a fleet share files of at most "
                f"{MOST_BYTES:,}. Make it smaller, or move it out of that folder."
            )
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error


def put_shared(home: Path, name: str, content: bytes | None) -> None:
    """Make a shared file what the fleet has: whole or not at all."""
    if content is None:
        (home / name).unlink(missing_ok=True)
    else:
        write_whole(home / name, content)


def local_digests(home: Path) -> dict[str, str]:
    """The digest of every shared file that is in the home, and not too large to be shared."""
    digests = {}
    for name in sorted(set(_names_in(home)) - set(too_large(home))):
        content = read_shared(home, name)
        if content is not None:
            digests[name] = digest_of(content)
    return digests


def too_large(home: Path) -> list[str]:
    """Files that would be shared if they were smaller."""
    return [name for name in sorted(set(_names_in(home))) if _size(home / name) > MOST_BYTES]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _names_in(home: Path) -> Iterator[str]:
    tops = {file.pattern.partition("/")[0] for file in HOME_FILES if file.is_shared}
    for top in sorted(tops):
        if (home / top).is_file():
            yield top
            continue
        for folder, _, files in os.walk(home / top):  # does not go through links
            for file in files:
                name = (Path(folder) / file).relative_to(home).as_posix()
                if is_shared(name):
                    yield name


def compare(
    local: Mapping[str, str], known: Mapping[str, KnownFile], revisions: Mapping[str, int]
) -> dict[str, Standing]:
    """How each file of the home and of the fleet stands; a conflict may still be the same content. Pure.

    Args:
        local: digests of the home's files.
        known: what the home and the fleet last had in common.
        revisions: of the fleet's files.
    """
    names = sorted({*local, *known, *revisions})
    standings = {
        name: _standing(name, local.get(name), known.get(name), revisions.get(name)) for name in names
    }
    return {name: standing for name, standing in standings.items() if standing}


def _standing(name: str, local: str | None, known: KnownFile | None, revision: int | None) -> Standing | None:
    base = known.digest if known else None
    if revision is None and known is None:
        return Standing.CHANGED_HERE
    if known and revision == known.revision:
        if local == base:
            return Standing.SAME
        # Nobody deletes who may come in by deleting the file: it was lost, and is taken again.
        is_lost = local is None and (holds_secrets(name) or name == "workbench.toml")
        return Standing.CHANGED_THERE if is_lost else Standing.CHANGED_HERE
    if known and (revision is None or revision < known.revision):
        # The database went back: somebody put an older copy of it, or of a row, in its place.
        return Standing.CONFLICT
    return Standing.CHANGED_THERE if local == base else Standing.CONFLICT

"""Files that the users of an installation put beside the built-in ones: pages, metrics, reports, templates.

They lie in folders of WORKBENCH_HOME and are found by their names. Pages and reports are code that runs with
the rights of the server's owner, and metrics are numbers that people act on: a file that somebody else could
have written is refused, and the message says how to close it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ConfigError, UsageError

_OTHERS_WRITE = 0o022


@dataclass(frozen=True)
class OwnFolder:
    """A folder under WORKBENCH_HOME, and the names that its files may have."""

    name: str
    suffix: str
    kind: str
    name_pattern: str
    name_rule: str
    """In words, what a name must be."""


_UNDERSCORED = ("[a-z][a-z0-9_]{0,59}", "small letters a-z, digits and _, a letter first, at most 60")
_HYPHENED = ("[a-z][a-z0-9-]{0,59}", "small letters a-z, digits and -, a letter first, at most 60")

PAGES = OwnFolder("dashboards", ".py", "page", *_UNDERSCORED)
METRICS = OwnFolder("metrics", ".toml", "metric file", *_UNDERSCORED)
REPORTS = OwnFolder("reports", ".ipynb", "report", *_HYPHENED)
TEMPLATES = OwnFolder("templates", ".toml", "template", *_HYPHENED)
VIEWS = OwnFolder("views", ".toml", "view", *_HYPHENED)
BOARDS = OwnFolder("boards", ".toml", "page", *_HYPHENED)
ALERT_RULES = OwnFolder(
    "alert_rules",
    ".toml",
    "alert rule",
    "[a-z0-9][a-z0-9-]{0,39}",
    "small letters a-z, digits and -, at most 40",
)
SUBSCRIPTIONS = OwnFolder("subscriptions", ".toml", "subscription", *_HYPHENED)

MADE_REPORT = re.compile(r".*_\d{4}-\d{2}-\d{2}_\d{4}-\d{2}-\d{2}_.*")
"""The name of a file that a run of a report wrote, in the same folder; no name of an own report has a _."""


def list_own_files(home: Path, folder: OwnFolder) -> list[Path]:
    """The files of a folder in alphabetical order; hidden ones and those that begin with ``_`` are none.

    Names are not checked: see :func:`check_name`.
    """
    try:
        names = sorted(os.listdir(home / folder.name))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [
        home / folder.name / name
        for name in names
        if name.endswith(folder.suffix)
        and not name.startswith((".", "_"))
        and not (folder is REPORTS and MADE_REPORT.match(name))
    ]


def own_file_versions(home: Path, folder: OwnFolder) -> tuple[tuple[str, int, int], ...]:
    """Name, time of change and size of each file: what differs when one was added, changed or removed."""
    return tuple(_versions(list_own_files(home, folder)))


def _versions(paths: list[Path]) -> Iterator[tuple[str, int, int]]:
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            yield path.name, 0, 0
            continue
        yield path.name, status.st_mtime_ns, status.st_size


def check_name(folder: OwnFolder, name: str, *, shown: str | Path | None = None) -> None:
    """Whether a file of the folder may have this name, without its suffix.

    Args:
        shown: what the message calls it, by default the name itself.

    Raises:
        UsageError: naming what is allowed.
    """
    if not re.fullmatch(folder.name_pattern, name):
        raise UsageError(
            f"{shown or repr(name)}: the name of a {folder.kind} is {folder.name_rule}. Choose another name."
        )


def read_own_file(home: Path, path: Path) -> str:
    """The text of a file of the users' own.

    Raises:
        ConfigError: others can write it, or it cannot be read, or it is not text in UTF-8.
    """
    for place in (home, path.parent, *_behind_links(path)):
        require_only_owner_writes(place)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as handle:
            # What was opened, not what lies there by now under the same name.
            _require_safe(path, os.fstat(handle.fileno()))
            return handle.read().decode()
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not text in UTF-8: {error.reason} at byte {error.start}. Save it as UTF-8."
        ) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error


def _behind_links(path: Path) -> tuple[Path, ...]:
    """The folder that a linked file really is in."""
    real = path.resolve()
    return () if real.parent == path.parent.resolve() else (real.parent,)


def require_only_owner_writes(path: Path) -> None:
    """Refuse a file or folder that somebody else than its owner can write.

    Raises:
        ConfigError: naming it and the command that closes it.
    """
    try:
        _require_safe(path, path.stat())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error


def _require_safe(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if mode & _OTHERS_WRITE:
        raise ConfigError(
            f"{path} can be written by others (mode {mode:04o}), and what it holds runs with your rights: "
            f"run `chmod go-w {path}`."
        )
    if status.st_uid not in (0, os.geteuid()):
        raise ConfigError(
            f"{path} belongs to another user (uid {status.st_uid}), and what it holds runs with your rights: "
            f"look at it, then run `chown {os.geteuid()} {path}`."
        )

"""Which servers of this machine run, and whether they know the settings of now. Quick to load."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from workbench.home import API_LOCK, HOOKS_LOCK, PAGES_LOCK, WORKER_LOCK
from workbench.lake.lock import is_held
from workbench.settings import CREDENTIALS_FILE, SETTINGS_FILE

_SERVERS = (
    (HOOKS_LOCK, "hooks run"),
    (PAGES_LOCK, "pages run"),
    (API_LOCK, "HTTP interface runs"),
    (WORKER_LOCK, "worker runs"),
)


def outdated_servers(home: Path) -> Iterator[str]:
    """Each running server of this machine that started before a file of the settings changed, in words."""
    for lock, server_runs in _SERVERS:
        if not is_held(home / lock):
            continue
        started = _changed_at(home / lock)
        for name in (SETTINGS_FILE, CREDENTIALS_FILE):
            if (home / name).exists() and (changed := _changed_at(home / name)) > started:
                yield (
                    f"{name} changed at {changed:%Y-%m-%d %H:%M:%S} UTC, and the {server_runs} since "
                    f"{started:%Y-%m-%d %H:%M:%S} UTC with what it said before."
                )


def _changed_at(path: Path) -> datetime:
    """A lock is written when a server takes it, so of its file this is when the server started."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)

"""Backups of an installation: ``wb.backup``, the scheduled job, and what `workbench restore` calls."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import UsageError
from workbench.settings import Settings, load_settings
from workbench.settings.secret import Secret

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.backup.choose import BackupListed
    from workbench.backup.make import BackupMade
    from workbench.backup.repository import Repository
    from workbench.backup.restore import Restored

OnProgress = Callable[[str], None]


def make(
    installation: Installation,
    target: str | None = None,
    keep: int | None = None,
    *,
    on_progress: OnProgress = lambda step: None,
    stop: threading.Event | None = None,
) -> BackupMade:
    """Make a backup, read it back, and remove older ones; see :meth:`workbench.Workbench.backup`."""
    from workbench.backup.make import make_backup
    from workbench.roles import require_role

    require_role("admin", "make a backup, which holds every number and text")
    settings = installation.settings.backup
    place = target or settings.target
    if not place:
        raise UsageError(
            "Name where the backup goes, a folder or s3://bucket/prefix/, or set [backup] target in "
            "workbench.toml."
        )
    kept = settings.keep if keep is None else keep
    if kept is not None and kept < 1:
        raise UsageError(f"keep is {kept!r}; write how many backups stay, 1 or more.")
    return make_backup(
        installation.lake,
        place,
        settings.passphrase,
        keep=kept,
        on_step=on_progress,
        stop=stop.is_set if stop else lambda: False,
    )


def open_backups(source: str, passphrase: Secret | None, home: Path) -> Repository:
    """The backups at a place, for reading.

    Args:
        home: where temporary files may be.

    Raises:
        BackupError: there are none, or the passphrase is missing or wrong.
    """
    from workbench.backup.repository import open_repository
    from workbench.backup.store import open_store

    return open_repository(open_store(source, home / "tmp", os.environ), passphrase)


def list_at(source: str, passphrase: Secret | None) -> list[BackupListed]:
    """Every backup at a place, the newest first."""
    from workbench.backup.choose import list_backups

    return list_backups(open_backups(source, passphrase, load_settings().home))


def check_at(source: str, passphrase: Secret | None, at: str | None = None) -> list[str]:
    """Read every file of every backup at a place back, or of one; what is wrong, a line each."""
    from workbench.backup.choose import check_backups, choose_name

    settings = load_settings()
    repository = open_backups(source, passphrase, settings.home)
    names = repository.backup_names()
    if at is not None:
        names = [choose_name(repository, at, settings.timezone)]
    return check_backups(repository, names)


def restore_from(
    source: str,
    passphrase: Secret | None,
    at: str | None = None,
    *,
    on_progress: OnProgress = lambda step: None,
) -> Restored:
    """Restore a backup into the home of the environment, which must be empty."""
    from workbench.backup.choose import choose_name
    from workbench.backup.restore import restore

    settings: Settings = load_settings()
    repository = open_backups(source, passphrase, settings.home)
    manifest = repository.manifest(choose_name(repository, at, settings.timezone))
    return restore(
        repository,
        manifest,
        settings.home,
        lambda: load_settings(home=settings.home),
        on_step=on_progress,
    )

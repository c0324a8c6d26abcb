"""Backups of an installation: ``wb.backup``, the scheduled job, and what `workbench restore` calls."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.display.formats import plural
from workbench.errors import BackupError, UsageError
from workbench.settings import Settings, load_settings
from workbench.settings.secret import Secret

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.backup.choose import BackupListed
    from workbench.backup.export import Exported
    from workbench.backup.make import BackupMade
    from workbench.backup.repository import Repository
    from workbench.backup.restore import Restored


@dataclass(frozen=True)
class BackupsAfterErasure:
    """Backups that were made before somebody was erased, and so hold them still; a restore erases again."""

    target: str
    backup_ids: tuple[str, ...]
    problem: str | None = None
    """Why the place of the backups does not know of the erasure yet; the next backup tells it."""

    def sentences(self) -> list[str]:
        """What whoever erased must know."""
        if self.problem:
            text = f"The backups at {self.target} do not know of it yet; the next backup tells them:"
            return [f"{text} {self.problem}"]
        if not self.backup_ids:
            return []
        return [
            f"{plural(len(self.backup_ids), 'backup')} at {self.target}, from {self.backup_ids[0]} to "
            f"{self.backup_ids[-1]}, may hold the person still. A restore of any of them erases the person "
            "again. To be rid of them: make a new backup with --keep 1."
        ]


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


def export(
    installation: Installation, to: str | os.PathLike[str], *, whole_numbers: bool, overwrite: bool
) -> Exported:
    """Write a plain copy for other tools; see :meth:`workbench.Workbench.export`."""
    from workbench.backup.export import export_lake
    from workbench.lake import open_lake
    from workbench.lake.audit import append_audit
    from workbench.roles import require_role

    require_role("agent" if whole_numbers else "viewer", "export the lake")
    installation.require_log()
    installation.own_keywords()
    snapshot = installation.reader.snapshot_id()
    with open_lake(installation.settings, read_only=True, snapshot=snapshot) as lake:
        exported = export_lake(
            lake, Path(to), snapshot=snapshot, is_masked=not whole_numbers, overwrite=overwrite
        )
    detail = {"snapshot": snapshot, "whole_numbers": whole_numbers, "messages": exported.rows["messages"]}
    installation.lake.write(
        lambda cursor: append_audit(cursor, "export", actor=installation.actor, detail=detail)
    )
    return exported


def note_erasure(installation: Installation) -> BackupsAfterErasure | None:
    """Tell the place of the backups that somebody was erased; which of the backups hold them still.

    Returns:
        None where the settings name no place and no backup was made by hand.
    """
    from workbench.backup.make import read_last, save_newer_ledger
    from workbench.backup.manifest import ErasureLedger

    settings, last = installation.settings.backup, read_last(installation.settings.home)
    target = settings.target or (last and str(last["target"]))
    if not target:
        return None
    now = datetime.now(UTC)
    lake = installation.lake
    erased = lake.rows("select person_hash, erasure_id, erased_at from erased_people")
    horizons = dict(lake.rows("select rule, removed_before from retention_horizons"))
    ledger = ErasureLedger(now, {person: (erasure, at) for person, erasure, at in erased}, horizons)
    try:
        repository = open_backups(target, settings.passphrase, installation.settings.home)
        save_newer_ledger(repository, ledger)
        names = [name.rpartition("/")[2].rpartition("-")[0] for name in repository.backup_names()]
    except BackupError as error:
        return BackupsAfterErasure(target, (), str(error))
    return BackupsAfterErasure(target, tuple(names))


def open_backups(source: str, passphrase: Secret | None, home: Path) -> Repository:
    """The backups at a place, for reading.

    Args:
        home: where temporary files may be.

    Raises:
        BackupError: there are none, or the passphrase is missing or wrong.
    """
    from workbench.backup.repository import open_repository
    from workbench.backup.store import open_store

    return open_repository(open_store(source, home / "tmp"), passphrase)


def needs_passphrase(source: str) -> bool:
    """Whether the backups at a place are encrypted."""
    from workbench.backup.repository import is_encrypted
    from workbench.backup.store import open_store

    return is_encrypted(open_store(source, load_settings().home / "tmp"))


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

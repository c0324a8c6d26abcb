"""Removes older backups, and files that no backup needs any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from workbench.backup.repository import Repository

YOUNGEST = timedelta(days=1)
"""A younger file that no backup has may belong to one that another machine is making."""


@dataclass(frozen=True)
class Pruned:
    """What was removed."""

    backups: int
    files: int


def prune(repository: Repository, keep: int, *, now: datetime | None = None) -> Pruned:
    """Keep the newest backups.

    Raises:
        BackupDamaged: the manifest of one that stays is damaged; nothing is removed, since it is not known
            which files it needs.
    """
    names = repository.backup_names()
    old, kept = names[:-keep], names[-keep:]
    needed = {entry.stored.name for name in kept for entry in repository.manifest(name).entries}
    for name in old:
        repository.delete_manifest(name)
    before = (now or datetime.now(UTC)) - YOUNGEST
    unused = [
        name
        for name, file in repository.stored_objects().items()
        if name not in needed and file.changed_at < before
    ]
    for name in unused:
        repository.delete_object(name)
    return Pruned(len(old), len(unused))

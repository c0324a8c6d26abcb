"""Which backups there are, and which of them is meant; whether they are whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from workbench.backup.manifest import ErasureLedger, Manifest
from workbench.backup.repository import ID_FORMAT, Repository
from workbench.errors import BackupDamaged, BackupError, UsageError


@dataclass(frozen=True)
class BackupListed:
    """A backup that is there."""

    backup_id: str
    made_at: datetime
    files: int
    size: int
    messages: int
    program: str
    people_erased_since: int
    """People who were erased after it was made: it holds them still; a restore erases them again."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def list_backups(repository: Repository) -> list[BackupListed]:
    """Every backup, the newest first.

    Raises:
        BackupDamaged: a manifest or the list of erasures is damaged.
    """
    manifests = list(repository.manifests())
    ledger = newest_ledger(repository, manifests)
    return [
        BackupListed(
            backup_id=manifest.backup_id,
            made_at=manifest.made_at,
            files=len(manifest.entries),
            size=manifest.size,
            messages=manifest.totals.get("raw_messages", 0),
            program=manifest.program,
            people_erased_since=len(erasures_since(manifest, ledger)),
        )
        for manifest in reversed(manifests)
    ]


def current_ledger(repository: Repository) -> ErasureLedger:
    """The newest list of erasures at a place.

    Raises:
        BackupDamaged: a damaged manifest may have a newer one.
    """
    manifests, damaged = [], []
    for name in repository.backup_names():
        try:
            manifests.append(repository.manifest(name))
        except BackupDamaged as error:
            damaged.append((_id(name), error))
    ledger = newest_ledger(repository, manifests)
    for backup_id, problem in damaged:
        if _made_at(backup_id) > ledger.as_of:
            raise problem
    return ledger


def newest_ledger(repository: Repository, manifests: Sequence[Manifest]) -> ErasureLedger:
    """The newest list of erasures that is there: that of the place itself, or of a backup."""
    ledgers = [manifest.ledger for manifest in manifests]
    own = repository.ledger()
    return max([*ledgers, *([own] if own else [])], key=lambda ledger: ledger.as_of)


def erasures_since(manifest: Manifest, ledger: ErasureLedger) -> set[str]:
    """Ids of the erasures that a ledger knows and a backup does not."""
    return {
        erasure_id
        for person, (erasure_id, _) in ledger.erased.items()
        if person not in manifest.ledger.erased
    }


def choose_name(repository: Repository, at: str | None, timezone: str) -> str:
    """The manifest's file of the newest backup, of the newest one made until ``at``, or of the one named.

    Args:
        at: an id, a day (all of it) or a moment in the time zone.

    Raises:
        BackupError: there is none.
        UsageError: ``at`` is none of these.
    """
    names = repository.backup_names()
    if not names:
        raise BackupError(f"There is no whole backup at {repository.store.shown} yet.")
    ids = [_id(name) for name in names]
    if at is None:
        return names[-1]
    if at in ids:
        return names[ids.index(at)]
    until = _moment(at, timezone)
    for name, backup_id in reversed(list(zip(names, ids, strict=True))):
        if _made_at(backup_id) <= until:
            return name
    raise BackupError(f"No backup at {repository.store.shown} was made until {at}; the oldest is {ids[0]}.")


def _id(name: str) -> str:
    return name.rpartition("/")[2].rpartition("-")[0]


def _made_at(backup_id: str) -> datetime:
    return datetime.strptime(backup_id, ID_FORMAT).replace(tzinfo=UTC)


def _moment(at: str, timezone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise UsageError(
            f"--at is {at!r}; write a day as 2026-09-30, a moment as 2026-09-30T14:00, or the id of a backup."
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(timezone))
    is_day = len(at) <= len("2026-09-30")
    return (moment + timedelta(days=1) - timedelta(microseconds=1) if is_day else moment).astimezone(UTC)


def check_backups(repository: Repository, names: Sequence[str]) -> list[str]:
    """Read every file of these backups back and decrypt it; what is wrong, a line each.

    Args:
        names: files of manifests.
    """
    problems: dict[str, None] = {}
    checked: set[str] = set()
    for name in names:
        try:
            manifest = repository.manifest(name)
        except BackupDamaged as error:
            problems[str(error)] = None
            continue
        for entry in manifest.entries:
            if entry.stored.name in checked:
                continue
            checked.add(entry.stored.name)
            try:
                with open(os.devnull, "wb") as target:
                    repository.get(entry.stored, target, f"{entry.kind} {entry.path}")
            except BackupDamaged as error:
                problems[f"{error} (backup {manifest.backup_id})"] = None
    try:
        repository.ledger()
    except BackupDamaged as error:
        problems[str(error)] = None
    return list(problems)

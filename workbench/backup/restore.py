"""Puts a backup back into an empty home: files first, then the lake, which appears in its place last.

Until then nothing opens it: the files of a lake without its catalog are refused. What was erased or removed
by retention since the backup is removed again before that.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from workbench.backup.choose import current_ledger
from workbench.backup.make import CATALOG
from workbench.backup.manifest import Entry, ErasureLedger, Manifest
from workbench.backup.reapply import Reapplied, reapply
from workbench.backup.repository import Repository
from workbench.display.formats import plural
from workbench.errors import BackupError, CatalogLost, LakeError, NothingKnown
from workbench.files import write_whole
from workbench.lake.address import LakeAddress, lake_address
from workbench.lake.audit import append_audit
from workbench.lake.catalog_copy import settle_copy
from workbench.lake.connect import Lake
from workbench.lake.opening import adopt_lake, open_lake
from workbench.lake.private_files import make_private_folder
from workbench.lake.quoting import identifier
from workbench.lake.row_counts import count_rows
from workbench.roles import current_actor
from workbench.settings import Settings

BEGUN_FILE = "restoring.json"
_STAGE = "tmp/restoring"

OnStep = Callable[[str], None]
ReadSettings = Callable[[], Settings]


@dataclass(frozen=True)
class Restored:
    """What was restored."""

    backup_id: str
    made_at: datetime
    home: str
    files: int
    totals: Mapping[str, int]
    """Rows by table, as they are now."""
    people_erased_again: int
    rows_removed_again: int
    """By retention."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self) -> str:
        again = ""
        if self.people_erased_again or self.rows_removed_again:
            again = (
                f" Removed again, as it was since: {plural(self.people_erased_again, 'erased person')}, "
                f"{plural(self.rows_removed_again, 'row')} by retention."
            ).replace("erased persons", "erased people")
        return (
            f"Restored backup {self.backup_id} into {self.home}: {plural(self.files, 'file')}, "
            f"{plural(self.totals.get('raw_messages', 0), 'message')}.{again} Nothing is sent until somebody "
            "has run `workbench sync`, looked at what was sent since, and run `workbench outbox release "
            "--confirm`."
        )


def restore(
    repository: Repository,
    manifest: Manifest,
    home: Path,
    read_settings: ReadSettings,
    *,
    on_step: OnStep = lambda step: None,
) -> Restored:
    """Restore a backup into a home that holds nothing but what the backup leaves out.

    Args:
        read_settings: reads the settings of the home, once its workbench.toml is there.

    Raises:
        BackupError: the home or the place of the lake is not empty; BackupDamaged: the backup is not whole.
        LakeError: the lake does not open, as without its privacy.key.
    """
    ledger = current_ledger(repository)
    _begin(home, manifest)
    on_step("home")
    _restore_home(repository, manifest, home)
    settings = read_settings()
    address = lake_address(settings)
    _claim_lake(settings, address, manifest)
    is_direct = address.kind == "sqlite" and not address.is_bucket
    stage = home / _STAGE
    folder = Path(address.data) if is_direct else stage / "files"
    on_step("data")
    _restore_data(repository, manifest, folder)
    catalog = Path(f"{address.catalog}.restoring") if is_direct else stage / CATALOG
    on_step("catalog")
    _restore_catalog(repository, manifest, catalog, f"{folder}/")
    staged = replace(settings, lake=replace(settings.lake, catalog=f"sqlite:{catalog}", data=f"{folder}/"))
    on_step("erasures")
    reapplied, totals = _settle(staged, manifest, ledger)
    settle_copy(catalog, f"{folder}/")
    on_step("lake")
    if is_direct:
        _put_in_place(catalog, Path(address.catalog))
    else:
        _copy_rows(staged, settings, stage, totals)
        shutil.rmtree(stage)
    open_lake(settings).close()
    (home / BEGUN_FILE).unlink()
    return Restored(
        backup_id=manifest.backup_id,
        made_at=manifest.made_at,
        home=str(home),
        files=len(manifest.entries),
        totals=totals,
        people_erased_again=reapplied.people,
        rows_removed_again=reapplied.rows,
    )


def _note_begun(home: Path, manifest: Manifest, lake: str | None) -> None:
    write_whole(home / BEGUN_FILE, json.dumps({"backup_id": manifest.backup_id, "lake": lake}) + "\n")


def _read_begun(home: Path) -> dict[str, Any]:
    return dict(json.loads((home / BEGUN_FILE).read_text(encoding="utf-8")))


def _begin(home: Path, manifest: Manifest) -> None:
    """Refuse a home in use; note what is restored into it, so that a run that was killed can be repeated."""
    if (home / BEGUN_FILE).exists():
        before = _read_begun(home)["backup_id"]
        if before != manifest.backup_id:
            raise BackupError(
                f"{home} holds a half restored backup, {before}. Restore the same once more (--at {before}), "
                "or choose an empty home."
            )
        return
    allowed = {*manifest.left_out, "tmp"}
    others = sorted(path.name for path in home.iterdir() if path.name not in allowed) if home.is_dir() else []
    if others:
        raise BackupError(
            f"{home} is not empty: it holds {others[0]}"
            f"{f' and {len(others) - 1} more' if len(others) > 1 else ''}. A restore never mixes with what "
            "is there: set WORKBENCH_HOME to a new folder, or move the old one away."
        )
    make_private_folder(home)
    _note_begun(home, manifest, None)


def _restore_home(repository: Repository, manifest: Manifest, home: Path) -> None:
    for entry in manifest.by_path("home").values():
        _restore_file(repository, entry, home / entry.path)


def _claim_lake(settings: Settings, address: LakeAddress, manifest: Manifest) -> None:
    """Refuse a place with a lake in it: the settings may name one outside of the home."""
    if _read_begun(settings.home)["lake"] == address.shown:
        return  # a run that was killed had begun to fill it
    try:
        open_lake(settings, read_only=True).close()
        is_free = False
    except NothingKnown:
        is_free = True
    except CatalogLost as error:
        # The key and the audit's anchor of this home are there before their lake.
        is_free = not error.has_files
    if not is_free:
        raise BackupError(
            f"There is a lake, or the files of one, at {address.shown} already, where the settings put it. "
            "Set WORKBENCH_LAKE (and WORKBENCH_LAKE_DATA) to an empty place, or move that lake away."
        )
    _note_begun(settings.home, manifest, address.shown)


def _restore_data(repository: Repository, manifest: Manifest, folder: Path) -> None:
    make_private_folder(folder.parent)
    make_private_folder(folder)
    for entry in manifest.by_path("data").values():
        path = folder / entry.path
        if not (path.is_file() and path.stat().st_size == entry.size):
            _restore_file(repository, entry, path)


def _restore_catalog(repository: Repository, manifest: Manifest, catalog: Path, data: str) -> None:
    for suffix in ("", "-wal", "-shm", "-journal", ".lock"):
        Path(f"{catalog}{suffix}").unlink(missing_ok=True)
    (entry,) = manifest.by_path("catalog").values()
    _restore_file(repository, entry, catalog)
    settle_copy(catalog, data)


def _restore_file(repository: Repository, entry: Entry, path: Path) -> None:
    """The file is there whole or not at all, in folders that are for their owner alone."""
    for folder in reversed(path.parents):
        folder.mkdir(mode=0o700, exist_ok=True)
    part = path.with_name(f".{path.name}.restored")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            repository.get(entry.stored, file, f"{entry.kind} {entry.path}")
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _settle(staged: Settings, manifest: Manifest, ledger: ErasureLedger) -> tuple[Reapplied, dict[str, int]]:
    """Open the lake where nobody else sees it: let old versions go, and remove what was removed since."""
    with open_lake(staged) as lake:
        lake.run_alone(
            lambda cursor: cursor.execute(
                "call ducklake_expire_snapshots('lake', older_than => now())"
            ).fetchall()
        )
        totals = _totals(lake)
        lost = {
            table: (rows, totals.get(table))
            for table, rows in manifest.totals.items()
            if _lacks(totals, table, rows)
        }
        if lost:
            raise LakeError(f"The restored lake has other rows than the backup says: {lost}.")
        reapplied = reapply(lake, staged, ledger)
        lake.write(lambda cursor: _note(cursor, manifest))
        return reapplied, _totals(lake) if reapplied.people or reapplied.rows else totals


def _totals(lake: Lake) -> dict[str, int]:
    with lake.cursor() as cursor:
        return count_rows(cursor)


def _lacks(totals: Mapping[str, int], table: str, rows: int) -> bool:
    """Whether rows are missing; a newer program may have added some, as to its list of migrations."""
    return table in totals and totals[table] < rows and not table.startswith("schema_")


def _note(cursor: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    detail = {"backup_id": manifest.backup_id, "made_at": manifest.made_at}
    append_audit(cursor, "restore", actor=current_actor(), detail=detail)
    cursor.execute(
        "insert into restores values (?, ?, ?, null, null)",
        [manifest.backup_id, manifest.made_at, datetime.now(UTC)],
    )


def _put_in_place(catalog: Path, target: Path) -> None:
    """The lake is closed, and SQLite has put everything into its one file."""
    for suffix in ("-wal", "-shm", ".lock"):
        Path(f"{catalog}{suffix}").unlink(missing_ok=True)
    os.replace(catalog, target)


def _copy_rows(staged: Settings, settings: Settings, stage: Path, totals: Mapping[str, int]) -> None:
    """Into a catalog of another kind, or a bucket: a new lake gets the rows, in one commit."""
    # The key and the audit's anchor of the home would be taken for those of a lake that was lost.
    place = replace(settings.lake, catalog=settings.catalog)
    elsewhere = replace(settings, home=stage / "home", lake=place)
    with open_lake(staged) as source, adopt_lake(elsewhere, lambda lake: None) as lake:

        def copy(cursor: duckdb.DuckDBPyConnection) -> None:
            for name in totals:
                table = identifier(name)
                cursor.execute(f"delete from {table}")
                with source.cursor() as reader:
                    rows = reader.execute(f"select * from {table}").to_arrow_reader()
                    cursor.register("restored_rows", rows)
                    cursor.execute(f"insert into {table} by name select * from restored_rows")
                    cursor.unregister("restored_rows")

        lake.write(copy)
    adopt_lake(settings, lambda lake: None).close()

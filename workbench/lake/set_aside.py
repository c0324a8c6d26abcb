"""The ways out of a refused opening: old files are moved to `set-aside/` in WORKBENCH_HOME, never deleted."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from workbench.errors import CatalogLost, LakeDamaged, LakeRefused, UsageError
from workbench.lake.address import METADATA, LakeAddress, lake_address
from workbench.lake.audit import ANCHOR_FILE, append_audit, local_actor
from workbench.lake.connect import Lake
from workbench.lake.damage import DataFile, find_damaged, read_data_files, refuse_irreplaceable
from workbench.lake.data_folder import MARKER_FILE, LocalFolder, open_data_folder
from workbench.lake.lock import exclusive
from workbench.lake.opening import adopt_lake, open_lake
from workbench.lake.ownership import known_files, refuse_nested
from workbench.lake.private_files import make_private_folder
from workbench.lake.secret_key import KEY_FILE
from workbench.settings import Settings

SET_ASIDE_FOLDER = "set-aside"


def start_anew(settings: Settings) -> Path:
    """Set aside what is left of a lake whose catalog is lost or damaged, and begin an empty one.

    Can be run again after it was killed: the catalog goes last, and until then the opening is refused.

    Returns:
        Where the old files are.

    Raises:
        UsageError: the lake opens; there is nothing to set aside.
        CatalogLost, LakeDamaged: files are left in a bucket, where nothing can be moved from here.
    """
    address = lake_address(settings)
    try:
        open_lake(settings).close()
    except (CatalogLost, LakeDamaged) as error:
        if address.is_bucket and not (isinstance(error, CatalogLost) and not error.has_files):
            raise
        target = new_set_aside_folder(settings.home)
    else:
        raise UsageError(
            f"The lake at {address.shown} is whole, so --start-anew has nothing to set aside. For an empty "
            "lake beside it set WORKBENCH_HOME to a new folder."
        )
    if address.kind == "sqlite":
        with exclusive(Path(f"{address.catalog}.lock")):
            _set_lake_aside(address, settings.home, target)
    else:
        _set_lake_aside(address, settings.home, target)
    open_lake(settings).close()
    return target


def _set_lake_aside(address: LakeAddress, home: Path, target: Path) -> None:
    if not address.is_bucket:
        move_aside(lake_entries(Path(address.data)), target / "files")
    move_aside([home / ANCHOR_FILE, home / KEY_FILE], target)
    if address.kind == "sqlite":
        move_aside(
            [Path(f"{address.catalog}{suffix}") for suffix in ("-wal", "-shm", "-journal", "")], target
        )


def lake_entries(folder: Path) -> list[Path]:
    """What lies directly in a folder of files and is, or holds, a lake's."""
    names = {Path(path).relative_to(folder).parts[0] for path in LocalFolder(folder).parquet_files()}
    return [folder / name for name in sorted(names | {"main", MARKER_FILE})]


def adopt_files(settings: Settings) -> int:
    """Give the folder of files to the catalog of these settings; files that it does not know are set aside.

    Returns:
        How many were set aside.

    Raises:
        LakeRefused: they are in a bucket, where nothing can be moved from here.
    """
    moved: list[str] = []

    def set_unknown_aside(lake: Lake) -> None:
        moved.extend(_unknown_files(lake))
        if moved and lake.address.is_bucket:
            raise LakeRefused(
                f"{len(moved):,} files in {lake.address.data} are unknown to this catalog, as {moved[0]}. "
                "Move them to another prefix with a tool of the bucket, then run the same again."
            )
        target = new_set_aside_folder(lake.home) / "files"
        for path in moved:
            move_aside([Path(path)], target / Path(path).parent.relative_to(lake.address.data))

    adopt_lake(settings, set_unknown_aside).close()
    return len(moved)


def set_damaged_aside(lake: Lake) -> list[DataFile]:
    """Take unreadable files of messages out of the lake, so that their days can be read from Twilio again.

    Raises:
        LakeDamaged: files of other tables are damaged too, which only a copy of the lake can heal.
    """

    def forget(cursor: duckdb.DuckDBPyConnection) -> list[DataFile]:
        damaged = find_damaged(read_data_files(cursor, lake.address.data), lake.open_reader)
        refuse_irreplaceable(damaged)
        snapshot = cursor.execute("from ducklake_current_snapshot('lake')").fetchall()[0][0]
        for file_id in {file.file_id for file in damaged}:
            for table in ("ducklake_data_file", "ducklake_delete_file"):
                cursor.execute(
                    f"update {METADATA}.{table} set end_snapshot = ? "
                    "where data_file_id = ? and end_snapshot is null",
                    [snapshot, file_id],
                )
        return damaged

    damaged = lake.run_alone(forget)
    if damaged:
        detail = {
            "files": [Path(file.path).name for file in damaged],
            "held": [file.held for file in damaged],
        }
        lake.write(
            lambda cursor: append_audit(cursor, "damaged-files-set-aside", actor=local_actor(), detail=detail)
        )
    if not lake.address.is_bucket:
        move_aside([Path(file.path) for file in damaged], new_set_aside_folder(lake.home) / "files")
    return damaged


def _unknown_files(lake: Lake) -> list[str]:
    with lake.cursor() as cursor:
        folder = open_data_folder(lake.address.data, cursor)
        refuse_nested(lake.address, folder)
        known = known_files(cursor)
        return [path for path in folder.parquet_files() if path.rpartition("/")[2] not in known]


def new_set_aside_folder(home: Path) -> Path:
    """A name for a folder under `set-aside/` that nobody has used."""
    return home / SET_ASIDE_FOLDER / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"


def move_aside(paths: Sequence[Path], target: Path) -> None:
    """Move what is there of these; across disks a copy is whole before the old one goes."""
    for path in paths:
        if path.exists() or path.is_symlink():
            make_private_folder(target.parent)
            make_private_folder(target)
            shutil.move(path, target / path.name)

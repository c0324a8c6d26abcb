"""Keeps a catalog and its folder of files together: one check at every opening.

DuckLake itself puts any catalog on any folder, and takes a missing catalog for a new one. Two catalogs on one
folder would each clean away what only the other knows; a new catalog beside old files would have forgotten
who opted out and who was erased.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from workbench.errors import CatalogLost, LakeRefused
from workbench.lake.address import METADATA, LakeAddress
from workbench.lake.audit import ANCHOR_FILE
from workbench.lake.connect import Lake
from workbench.lake.data_folder import DataFolder, OwnerMarker, open_data_folder
from workbench.lake.quoting import quoted
from workbench.lake.secret_key import KEY_FILE
from workbench.settings import DEMO_FOLDER

_KNOWN_FILES = " union all ".join(
    f"select path from {METADATA}.{table}"
    for table in ("ducklake_data_file", "ducklake_delete_file", "ducklake_files_scheduled_for_deletion")
)
_NEEDED_FILES = " union all ".join(
    f"select path from {METADATA}.{table} where end_snapshot is null"
    for table in ("ducklake_data_file", "ducklake_delete_file")
)


def refuse_lost_catalog(
    address: LakeAddress, home: Path, cursor: duckdb.DuckDBPyConnection, catalog: str, *, was_there: bool
) -> None:
    """Before a new lake is begun: refuse if files of an earlier one are still there.

    Args:
        catalog: what is wrong with the catalog, as "is missing".
        was_there: a catalog without a table of ours, as a first opening leaves that was killed: folders
            without a file are its own then.

    Raises:
        CatalogLost: naming what is left, and both ways out.
        LakeRefused: what is left is not lost, but another catalog's.
    """
    folder = open_data_folder(address.data, cursor)
    files, markers = folder.parquet_files(), folder.markers()
    traces = [f"{len(files):,} Parquet files in {address.data}"] if files else []
    traces += [f"the marker of lake {marker.lake_id} in {address.data}" for marker in markers]
    if not traces and not was_there and folder.is_begun():
        traces.append(f"the tables' folders in {address.data}")
    traces += [str(home / name) for name in (ANCHOR_FILE, KEY_FILE) if (home / name).exists()]
    if files or markers:
        refuse_nested(address, folder)
        _refuse_files_in_use(address, cursor, markers)
    if traces:
        raise CatalogLost(
            f"The catalog of the lake at {address.shown} {catalog}, but the rest of a lake is still there: "
            f"{', '.join(traces)}. An empty one in its place would have forgotten who opted out and who was "
            f"erased. Put the catalog back from a copy. {_ways_to_begin(address, home)}",
            has_files=bool(files or markers),
        )


def _refuse_files_in_use(
    address: LakeAddress, cursor: duckdb.DuckDBPyConnection, markers: list[OwnerMarker]
) -> None:
    """Refuse to set files aside whose catalog still exists."""
    owners = [_living_owner(address, cursor, marker) for marker in markers] or _catalogs_beside(address)
    owner = next((owner for owner in owners if owner), None)
    if owner:
        raise LakeRefused(
            f"The files in {address.data} belong to {owner}; the catalog at {address.shown} is a new one. "
            "Two catalogs on one folder would destroy each other. Point WORKBENCH_LAKE at the catalog of "
            "these files, or give the new one a folder of its own with WORKBENCH_LAKE_DATA (or "
            "WORKBENCH_HOME)."
        )


def _living_owner(address: LakeAddress, cursor: duckdb.DuckDBPyConnection, marker: OwnerMarker) -> str | None:
    place = marker.catalog
    if place.startswith("postgres:"):
        is_this = address.kind == "postgres" and place == _postgres_place(address, cursor)
        return None if is_this else f"lake {marker.lake_id}, whose catalog is the database {place}"
    path = _path_of(place, address)
    if not _is_another(path, Path(address.catalog)) or path.stat().st_size == 0:
        return None
    return f"lake {marker.lake_id}, whose catalog is {os.path.normpath(path)}"


def _catalogs_beside(address: LakeAddress) -> list[str]:
    """Other SQLite files in the folder of a catalog whose files bear no marker yet."""
    folder = Path(address.data).parent
    if address.is_bucket or not folder.is_dir():
        return []
    own = {Path(f"{address.catalog}{suffix}") for suffix in ("", "-wal", "-shm", "-journal")}
    return [
        f"the catalog {path}" for path in sorted(folder.iterdir()) if path not in own and _is_sqlite(path)
    ]


def _is_sqlite(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def _ways_to_begin(address: LakeAddress, home: Path) -> str:
    if home.name == DEMO_FOLDER:
        return "To begin another demo: `workbench demo --fresh`."
    if address.is_bucket:
        return (
            "To begin an empty lake all the same: set WORKBENCH_LAKE_DATA to another prefix and run "
            "`workbench sync --start-anew`, which sets aside what is in WORKBENCH_HOME and deletes nothing."
        )
    return (
        "To begin an empty lake all the same: `workbench sync --start-anew`, which sets these files aside "
        "and deletes none."
    )


def claim_files(lake: Lake, *, adopt: bool = False) -> None:
    """Make sure that the folder of files is this catalog's, and mark it so where nobody has.

    Args:
        adopt: take it even from another lake or another copy of this catalog; files that this catalog does
        not know have been moved away before.

    Raises:
        LakeRefused: it belongs to another lake, or holds files that this catalog does not know.
    """
    lake_id = str(lake.value("select lake_id from lake_identity"))
    with lake.cursor() as cursor:
        folder = open_data_folder(lake.address.data, cursor)
        marker = OwnerMarker(lake_id, catalog_place(lake.address, cursor))
        if adopt:
            refuse_nested(lake.address, folder)
            folder.replace_markers(marker)
        markers = folder.markers()
        if not markers:
            refuse_nested(lake.address, folder)
            _refuse_unknown_files(lake.address, folder, cursor)
            folder.create_marker(marker)
            markers = folder.markers()
        if markers != [marker]:
            _refuse_other_lakes(lake.address, markers, lake_id)
            _settle_place(lake.address, folder, markers, marker)


def refuse_nested(address: LakeAddress, folder: DataFolder) -> None:
    """Raise LakeRefused if the folder lies in another lake's, or another lake's in it."""
    others = folder.other_lakes()
    if others:
        raise LakeRefused(
            f"{address.data} cannot hold this lake's files: {others[0]} marks another lake's, and one of "
            "the two lies inside of the other. Set WORKBENCH_LAKE_DATA to a folder of its own."
        )


def _refuse_unknown_files(
    address: LakeAddress, folder: DataFolder, cursor: duckdb.DuckDBPyConnection
) -> None:
    present = {Path(path).name for path in folder.parquet_files()}
    unknown = present - known_files(cursor)
    if unknown:
        raise LakeRefused(
            f"{address.data} holds {len(unknown):,} Parquet files that the catalog {address.shown} does "
            f"not know, as {min(unknown)}. Either another catalog shares this folder: then copy the folder "
            "with all catalogs to a second place, keep one catalog in each, and run `workbench sync "
            "--adopt-files` on both. Or a write was once killed and left them: then run `workbench sync "
            "--adopt-files`. It sets aside what this catalog does not know and deletes nothing."
        )
    missing = _names(cursor, _NEEDED_FILES) - present
    if missing:
        raise LakeRefused(
            f"{len(missing):,} Parquet files that the catalog {address.shown} needs are not in "
            f"{address.data}, as {min(missing)}. Is the disk or share mounted? Otherwise put them back "
            "from a copy of the lake."
        )


def known_files(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of all files that this catalog has written and not yet let go. A name is never used twice."""
    return _names(cursor, _KNOWN_FILES)


def _names(cursor: duckdb.DuckDBPyConnection, sql: str) -> set[str]:
    return {str(path).rpartition("/")[2] for (path,) in cursor.execute(sql).fetchall()}


def _refuse_other_lakes(address: LakeAddress, markers: list[OwnerMarker], lake_id: str) -> None:
    others = sorted({marker.lake_id for marker in markers} - {lake_id})
    if others:
        raise LakeRefused(
            f"The files in {address.data} belong to lake {' and '.join(others)}; the catalog "
            f"{address.shown} is that of lake {lake_id}. Two catalogs on one folder would destroy each "
            "other. Point WORKBENCH_LAKE at the catalog of these files, or set WORKBENCH_LAKE_DATA (or "
            "WORKBENCH_HOME) to another place. Where the other lake is gone for good: `workbench sync "
            "--adopt-files`."
        )


def _settle_place(
    address: LakeAddress, folder: DataFolder, markers: list[OwnerMarker], marker: OwnerMarker
) -> None:
    """Write down where a moved or renamed catalog is now; refuse a second copy of it."""
    before = next((other.catalog for other in markers if other.catalog != marker.catalog), None)
    if before is None:
        return
    if before.startswith("postgres:") or _is_another(_path_of(before, address), Path(address.catalog)):
        raise LakeRefused(
            f"The files in {address.data} are in use by another copy of this lake's catalog: {before}. "
            f"This one is {marker.catalog} (lake {marker.lake_id}). Two copies on one folder would destroy "
            "each other: give this one a copy of the files and set WORKBENCH_LAKE_DATA to it. Where the "
            "other copy is gone for good, or was never used since: `workbench sync --adopt-files`."
        )
    folder.replace_markers(marker)


def _path_of(place: str, address: LakeAddress) -> Path:
    path = Path(place.removeprefix("sqlite:"))
    return path if path.is_absolute() else Path(address.data) / path


def _is_another(before: Path, now: Path) -> bool:
    return before.is_file() and not (now.is_file() and os.path.samefile(before, now))


def catalog_place(address: LakeAddress, cursor: duckdb.DuckDBPyConnection) -> str:
    """Where a catalog is: a path, from its files where these lie beside it; or a database of a server."""
    if address.kind == "sqlite":
        path = os.path.realpath(address.catalog)
        return (
            f"sqlite:{os.path.relpath(path, os.path.realpath(address.data)) if address.moves_along else path}"
        )
    return _postgres_place(address, cursor)


def _postgres_place(address: LakeAddress, cursor: duckdb.DuckDBPyConnection) -> str:
    """The server and the database by what neither a new name nor another address changes."""
    cursor.execute(
        f"ATTACH IF NOT EXISTS {quoted(address.catalog)} AS catalog_server (TYPE postgres, READ_ONLY)"
    )
    server, database = cursor.execute(
        "from postgres_query('catalog_server', 'select c.system_identifier::text, d.oid::text "
        "from pg_control_system() c, pg_database d where d.datname = current_database()')"
    ).fetchall()[0]
    cursor.execute("DETACH catalog_server")
    return f"postgres:{server}/{database}"

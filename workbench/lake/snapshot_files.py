"""What other engines need to read a table of the lake at one version: its files, what to leave out, the rest.

DuckLake keeps a table in three places: Parquet files; positions in them that were deleted since, in delete
files or in the catalog; and rows of small inserts, in the catalog. Nothing is written, and the large part,
the files, is not opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import basename

import duckdb
import pyarrow as pa

from workbench.errors import LakeError
from workbench.lake.address import METADATA
from workbench.lake.connect import LakeVersion
from workbench.lake.quoting import identifier

_INLINED = "ducklake_inlined_data"
"""What DuckLake calls the file of rows that are in the catalog begins so."""


@dataclass(frozen=True)
class SnapshotColumn:
    """A column as the version has it."""

    name: str
    type: str
    """As DuckDB writes it."""
    field_id: int
    """Its number in every Parquet file, whatever it is or was called."""
    initial_default: str | None
    """What rows have in files from before the column; None is NULL."""


@dataclass(frozen=True)
class SnapshotTable:
    """A table at one version of the lake."""

    name: str
    columns: tuple[SnapshotColumn, ...]
    files: tuple[str, ...]
    """Paths or `s3://` addresses."""
    left_out: pa.Table
    """`file_name` and `position` (from 0) of the rows in them that are deleted."""
    rows: pa.Table
    """The rows that are in no file."""


def read_snapshot_table(version: LakeVersion, name: str) -> SnapshotTable:
    """What a table is made of; call it for several tables within one version, and they are of one moment.

    Raises:
        LakeError: it has files that only DuckDB can read.
    """
    [(snapshot,)] = version.rows("from ducklake_current_snapshot('lake')")
    table_id = version.value(
        f"select table_id from {METADATA}.ducklake_table where table_name = $name "
        "and begin_snapshot <= $snapshot and (end_snapshot is null or end_snapshot > $snapshot)",
        {"name": name, "snapshot": snapshot},
    )
    columns = _read_columns(version, table_id, snapshot, name)
    files = version.rows("from ducklake_list_files('lake', $name)", {"name": name})
    _require_readable(version, name, table_id, files)
    paths = {str(row[0]): row[4] for row in files}
    parts = [
        *_positions_in_files(version.cursor, {file: path for path, file in paths.items() if file}, snapshot),
        *_positions_in_catalog(version, table_id, snapshot),
    ]
    left_out = pa.table(
        {
            "file_name": pa.array([file for file, _ in parts], pa.string()),
            "position": pa.array([position for _, position in parts], pa.int64()),
        }
    )
    # DuckDB reads no file for this condition.
    rows = version.cursor.execute(
        f"select * from {identifier(name)} where starts_with(filename, '{_INLINED}')"
    ).to_arrow_table()
    return SnapshotTable(name, columns, tuple(paths), left_out, rows)


def _read_columns(
    version: LakeVersion, table_id: int, snapshot: int, name: str
) -> tuple[SnapshotColumn, ...]:
    rows = version.rows(
        f"select column_name, column_id, initial_default from {METADATA}.ducklake_column "
        "where table_id = $table_id and parent_column is null and begin_snapshot <= $snapshot "
        "and (end_snapshot is null or end_snapshot > $snapshot)",
        {"table_id": table_id, "snapshot": snapshot},
    )
    ids = {column: (int(field_id), default) for column, field_id, default in rows}
    types = version.rows(f"select column_name, column_type from (describe {identifier(name)})")
    return tuple(SnapshotColumn(column, kind, *ids[column]) for column, kind in types)


def _require_readable(
    version: LakeVersion, name: str, table_id: int, files: list[tuple[object, ...]]
) -> None:
    foreign = version.value(
        f"select count(*) from {METADATA}.ducklake_data_file "
        "where table_id = $table_id and end_snapshot is null and mapping_id is not null",
        {"table_id": table_id},
    )
    unreadable = [
        row for row in files if row[3] is not None or not str(row[4] or ".parquet").endswith("parquet")
    ]
    if foreign or unreadable:
        raise LakeError(
            f"The table {name} has files that only DuckDB can read (encrypted, made by another program, "
            f"or with "
            "deletion vectors). Run `workbench lake compact`, which writes them anew, or ask without "
            "--engine."
        )


def _positions_in_files(
    cursor: duckdb.DuckDBPyConnection, data_files: dict[str, str], snapshot: int
) -> Iterator[tuple[str, int]]:
    """The deleted rows that delete files name.

    Args:
        data_files: data file by its delete file. The path inside of a delete file is not asked: it is that of
            the day it was written, and the lake may have moved.
    """
    if not data_files:
        return
    reading = "from read_parquet($files, filename = true, union_by_name = true)"
    names = {row[0] for row in cursor.execute(f"describe {reading}", {"files": list(data_files)}).fetchall()}
    later = "_ducklake_internal_snapshot_id"
    # A delete file that was merged says of each position since when it counts.
    condition = f"where {later} is null or {later} <= {snapshot:d}" if later in names else ""
    rows = cursor.execute(
        f"select filename, pos {reading} {condition}", {"files": list(data_files)}
    ).fetchall()
    for file, position in rows:
        yield basename(data_files[file]), position


def _positions_in_catalog(version: LakeVersion, table_id: int, snapshot: int) -> list[tuple[str, int]]:
    """The deleted rows that the catalog itself names."""
    try:
        rows = version.rows(
            f"select f.path, d.row_id from {METADATA}.ducklake_inlined_delete_{table_id:d} d "
            f"join {METADATA}.ducklake_data_file f on f.data_file_id = d.file_id "
            "where d.begin_snapshot <= $snapshot",
            {"snapshot": snapshot},
        )
    except duckdb.CatalogException:
        return []  # DuckLake makes this table with the first such deletion
    return [(basename(path), int(position)) for path, position in rows]

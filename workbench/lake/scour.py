"""Takes deleted rows out of the lake for good: no data file, no snapshot and no free page still holds them.

A delete only marks rows; their files stay for the snapshots before it, small writes wait inside of the
catalog, and SQLite keeps what it freed. All of that goes here, and every old snapshot with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import duckdb

from workbench.errors import LakeBusy
from workbench.lake.connect import Lake
from workbench.lake.left_files import delete_left_files
from workbench.lake.lock import exclusive
from workbench.lake.trouble import translated

_STEPS = (
    "call ducklake_flush_inlined_data('lake')",
    "call ducklake_rewrite_data_files('lake', delete_threshold => 0)",
    "call ducklake_expire_snapshots('lake', older_than => now())",
    "call ducklake_cleanup_old_files('lake', cleanup_all => true)",
)
_BUSY_SECONDS = 30


def scour(lake: Lake) -> None:
    """Remove what was deleted from every file of the lake; readers and writers wait meanwhile.

    On a Postgres catalog the server's own vacuum removes the last copies of small rows.

    Raises:
        LakeBusy: somebody reads the catalog without a pause.
    """
    if lake.address.kind != "sqlite":
        _run_steps(lake)
        return
    catalog = Path(lake.address.catalog)
    with exclusive(Path(f"{catalog}.lock")):
        _run_steps(lake)
        _compact(catalog)


def delete_rows_with(
    cursor: duckdb.DuckDBPyConnection, table: str, column: str, values: Sequence[str]
) -> int:
    """Delete the rows of a table whose column is one of the values; how many."""
    return int(
        cursor.execute(
            f"delete from {table} where {column} in (select unnest(?::varchar[]))",  # noqa: S608
            [list(values)],
        ).fetchall()[0][0]
    )


def _run_steps(lake: Lake) -> None:
    with lake.cursor() as cursor, translated(lake.address.shown):
        for step in _STEPS:
            cursor.execute(step).fetchall()
        delete_left_files(cursor, lake.address)


def _compact(catalog: Path) -> None:
    """Write SQLite's file anew without its free pages, and empty its write-ahead log."""
    connection = sqlite3.connect(catalog, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("vacuum")
        busy = connection.execute("pragma wal_checkpoint(truncate)").fetchall()[0][0]
    except sqlite3.OperationalError as error:
        raise LakeBusy(_IN_USE) from error
    finally:
        connection.close()
    if busy:
        raise LakeBusy(_IN_USE)


_IN_USE = (
    "The catalog is being read without a pause, so deleted rows could not be removed from it yet. "
    "Close servers and notebooks that use this lake and run the same again."
)

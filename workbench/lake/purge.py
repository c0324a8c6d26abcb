"""Takes deleted rows out of the lake for good: no data file, no snapshot and no free page still holds them.

A delete only marks rows; their files stay for the snapshots before it, small writes wait inside of the
catalog, and SQLite keeps what it freed. All of that goes here, and every old snapshot with it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from workbench.errors import LakeBusy
from workbench.lake.connect import Lake
from workbench.lake.kept_catalogs import forget_kept_catalogs
from workbench.lake.left_files import delete_left_files
from workbench.lake.lock import exclusive

_STEPS = (
    "call ducklake_flush_inlined_data('lake')",
    "call ducklake_rewrite_data_files('lake', delete_threshold => 0)",
    "call ducklake_expire_snapshots('lake', older_than => now())",
    "call ducklake_cleanup_old_files('lake', cleanup_all => true)",
)
#: How long a webhook may wait for us, and how long we wait until nobody uses the lake.
_BUSY_SECONDS, _PATIENCE_SECONDS = 2.0, 30.0
_SHORTEST_TURN, _LONGEST_TURN = 0.05, 2.0


def purge(lake: Lake) -> None:
    """Remove what was deleted from every file of the lake. Can be run again, also after it was killed.

    The write lock is let go after each step, so that an opt-out that arrives meanwhile is in force in time.
    On a Postgres catalog the server's own vacuum removes the last copies of small rows.

    Raises:
        LakeBusy: somebody reads or writes the catalog without a pause.
    """
    is_sqlite = lake.address.kind == "sqlite"
    for step in _STEPS:
        _when_free(partial(lake.run_alone, partial(_call, step)))
    _when_free(partial(lake.run_alone, partial(delete_left_files, address=lake.address)))
    if is_sqlite:
        _when_free(partial(_compact, Path(lake.address.catalog)))
    forget_kept_catalogs(lake.home)


def _when_free(work: Callable[[], object]) -> None:
    """Do it, and again while others use the lake; then wait as long as they had to wait for us."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        began, is_done = time.monotonic(), False
        try:
            work()
            is_done = True
        except LakeBusy:
            if time.monotonic() > until:
                raise
        time.sleep(min(max(_SHORTEST_TURN, time.monotonic() - began), _LONGEST_TURN))
        if is_done:
            return


def _call(step: str, cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(step).fetchall()


def _compact(catalog: Path) -> None:
    """Write SQLite's file anew without its free pages, and empty its write-ahead log."""
    with exclusive(Path(f"{catalog}.lock")):
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

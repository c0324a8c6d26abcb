"""Takes deleted rows out of the lake for good: no data file, no snapshot and no free page still holds them.

A delete only marks rows; their files stay for the snapshots before it, small writes wait inside of the
catalog, SQLite and PostgreSQL keep what they freed, and a bucket may keep each version of an object. All of
that goes here, and every old snapshot with it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb

from workbench.errors import LakeBusy
from workbench.lake.address import LakeAddress
from workbench.lake.connect import Lake
from workbench.lake.kept_catalogs import forget_kept_catalogs
from workbench.lake.left_files import delete_left_files
from workbench.lake.lock import exclusive

T = TypeVar("T")

_STEPS = (
    "call ducklake_flush_inlined_data('lake')",
    "call ducklake_rewrite_data_files('lake', delete_threshold => 0)",
    "call ducklake_expire_snapshots('lake', older_than => now())",
    "call ducklake_cleanup_old_files('lake', cleanup_all => true)",
)
#: How long a webhook may wait for us, and how long we wait until nobody uses the lake.
_BUSY_SECONDS, _PATIENCE_SECONDS = 2.0, 30.0
_SHORTEST_TURN, _LONGEST_TURN = 0.05, 2.0


def purge(lake: Lake) -> list[str]:
    """Remove what was deleted from every file of the lake. Can be run again, also after it was killed.

    The write lock is let go after each step, so that an opt-out that arrives meanwhile is in force in time.

    Returns:
        What stays all the same, in sentences for the proof: a database server or a bucket keeps copies that
        only whoever runs it can remove.

    Raises:
        LakeBusy: somebody reads or writes the catalog without a pause.
    """
    for step in _STEPS:
        _when_free(partial(lake.run_alone, partial(_call, step)))
    _when_free(partial(lake.run_alone, partial(delete_left_files, address=lake.address)))
    kept = _when_free(partial(_compact, lake.address))
    if lake.address.is_bucket:
        from workbench.lake.bucket_versions import remove_old_versions

        kept += remove_old_versions(lake.address.data)
    forget_kept_catalogs(lake.home)
    return kept


def _when_free(work: Callable[[], T]) -> T:
    """Do it, and again while others use the lake; then wait as long as they had to wait for us."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        began = time.monotonic()
        try:
            result = work()
        except LakeBusy:
            if time.monotonic() > until:
                raise
            _let_others_go_on(began)
        else:
            _let_others_go_on(began)
            return result


def _let_others_go_on(began: float) -> None:
    time.sleep(min(max(_SHORTEST_TURN, time.monotonic() - began), _LONGEST_TURN))


def _compact(address: LakeAddress) -> list[str]:
    """Write the catalog anew without what was deleted; what stays all the same."""
    if address.kind == "sqlite":
        _compact_sqlite(Path(address.catalog))
        return []
    from workbench.lake.fleet.vacuum import vacuum_catalog

    return vacuum_catalog(address)


def _call(step: str, cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(step).fetchall()


def _compact_sqlite(catalog: Path) -> None:
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

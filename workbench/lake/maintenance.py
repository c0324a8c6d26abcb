"""Keeps a lake fast and small: many small commits leave many small files, and each change an old version.

Each step is a commit of its own under the write lock, so that others come in between. Files that a reader
may still need stay for an hour at least, and then to the end of the day: on a SQLite catalog DuckLake 1.0
compares moments of one day as texts of two kinds, and takes every one of them for older.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from workbench.lake.connect import Lake
from workbench.lake.empty_statistics import note_empty_tables
from workbench.lake.event_deliveries import forget_old_deliveries
from workbench.lake.feed import forget_old_feed
from workbench.lake.idempotency import forget_old_keys
from workbench.lake.jobs import forget_old_job_runs
from workbench.lake.left_files import delete_left_files

#: Old versions are not used; they stay for a day, for somebody who looks back after a mistake.
KEEP_SNAPSHOTS = timedelta(days=1)
KEEP_FILES = timedelta(hours=1)
#: A file is rewritten once this share of it was deleted or replaced.
_REWRITE_FROM = 0.1


@dataclass(frozen=True)
class Maintained:
    """What was done; files are Parquet files of the lake."""

    rows_flushed: int
    files_before: int
    files_after: int
    snapshots_expired: int
    files_deleted: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.files_before:,} files became {self.files_after:,}, {self.snapshots_expired:,} old "
            f"versions and {self.files_deleted:,} old files went, {self.rows_flushed:,} rows left the catalog"
        )


def maintain(
    lake: Lake, *, now: datetime | None = None, stop: Callable[[], bool] = lambda: False
) -> Maintained:
    """Flush rows that the catalog holds, merge small files, let old versions, their files and torn writes go.

    Args:
        stop: asked between the steps; what is done is kept.

    Raises:
        LakeError: the lake cannot be written now.
    """
    now = now or datetime.now(UTC)
    before = count_files(lake)
    forget_old_job_runs(lake)
    forget_old_feed(lake, now)
    forget_old_keys(lake, now)
    forget_old_deliveries(lake, now)

    def step(sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        return [] if stop() else lake.run_alone(lambda cursor: _call(cursor, sql, parameters))

    flushed = step("call ducklake_flush_inlined_data('lake')")
    step(f"call ducklake_rewrite_data_files('lake', delete_threshold => {_REWRITE_FROM})")
    step("call ducklake_merge_adjacent_files('lake')")
    expired = step(
        "call ducklake_expire_snapshots('lake', older_than => ?)", _day_is_over(now - KEEP_SNAPSHOTS)
    )
    deleted = step("call ducklake_cleanup_old_files('lake', older_than => ?)", _day_is_over(now - KEEP_FILES))
    deleted_files = 0 if stop() else lake.run_alone(lambda cursor: delete_left_files(cursor, lake.address))
    note_empty_tables(lake)
    return Maintained(
        rows_flushed=sum(int(row[2]) for row in flushed),
        files_before=before,
        files_after=count_files(lake),
        snapshots_expired=len(expired),
        files_deleted=len(deleted) + deleted_files,
    )


def _day_is_over(moment: datetime) -> datetime:
    """The end of the last GMT day that was over at that moment."""
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(seconds=1)


def count_files(lake: Lake) -> int:
    """Data and delete files that a reader of everything would open now."""
    return int(lake.value("select sum(file_count + delete_file_count) from ducklake_table_info('lake')") or 0)


def _call(
    cursor: duckdb.DuckDBPyConnection, sql: str, parameters: tuple[object, ...]
) -> list[tuple[Any, ...]]:
    return cursor.execute(sql, list(parameters)).fetchall()

"""What a damaged file of the lake held, and how to get it back: DuckDB's own error says neither.

A Parquet file never changes once it is written, so the same file from any copy of the lake heals it. The
rows of `raw_messages` can also be read from Twilio again; the other tables cannot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from workbench.errors import LakeDamaged
from workbench.lake.address import METADATA

OpenReader = Callable[[], duckdb.DuckDBPyConnection]
_FROM_TWILIO = "raw_messages"
_TIMES = ("date_created", "date_sent", "day", "happened_at", "created_at", "started_at", "received_at", "at")
"""Columns that say when, the first ones rather than the others."""
_PARQUET = re.compile(r"[^\s'\"/\\]+\.parquet")
#: What readers of pages, footers and compressed blocks say; these texts name no file.
_UNNAMED = (
    "tprotocolexception", "don't know what type", "snappy", "zstd", "decompress", "corrupt", "magic bytes",
    "thrift", "out of buffer", "page header", "unicode", "utf8", "utf-8", "parquet", "deserializ",
    "internal error", "end of file", "required field", "invalidated", "dictionary", "encoding",
)  # fmt: skip


#: Errors of a statement, a value or a user; errors of a file among them are recognised by their text.
_OF_STATEMENTS = (
    duckdb.ProgrammingError, duckdb.DataError, duckdb.InterruptException, duckdb.OutOfMemoryException,
    duckdb.PermissionException, duckdb.ConnectionException,
)  # fmt: skip


@dataclass(frozen=True)
class DataFile:
    """A file that the lake needs, as its catalog knows it."""

    file_id: int
    table: str
    path: str
    rows: int
    is_delete_file: bool
    first_day: date | None
    last_day: date | None

    @property
    def held(self) -> str:
        """What was in it, in words."""
        what = "deletions" if self.is_delete_file else "rows"
        days = f" of {self.first_day} to {self.last_day} (GMT)" if self.first_day else ""
        return f"{self.rows:,} {what} of table {self.table}{days}"


def may_be_damage(error: duckdb.Error) -> bool:
    """Whether the files should be checked: the error names one, or it is not about the statement."""
    text = str(error).lower()
    if _PARQUET.search(text) or any(words in text for words in _UNNAMED):
        return True
    return not isinstance(error, _OF_STATEMENTS)


def explain_damage(
    cursor: duckdb.DuckDBPyConnection, error: duckdb.Error, data: str, open_reader: OpenReader
) -> LakeDamaged | None:
    """Our error for DuckDB's, if a file of the lake is damaged or missing.

    Args:
        cursor: a connection of its own with the lake attached; after some errors the old one answers no more.
        data: where the files are.
        open_reader: opens a connection that can read them.
    """
    named = set(_PARQUET.findall(str(error)))
    files = read_data_files(cursor, data)
    suspects = [file for file in files if file.path.rpartition("/")[2] in named] or files
    damaged = find_damaged(suspects, open_reader)
    return LakeDamaged(_text(damaged, str(error))) if damaged else None


def read_data_files(cursor: duckdb.DuckDBPyConnection, data: str) -> list[DataFile]:
    """Every file that a reader of everything would open now."""
    days = _read_days(cursor)
    rows = cursor.execute(
        f"""
        select f.data_file_id, t.table_name, s.path, t.path, f.path, f.record_count, false
        from {METADATA}.ducklake_data_file f
        join {METADATA}.ducklake_table t on t.table_id = f.table_id and t.end_snapshot is null
        join {METADATA}.ducklake_schema s on s.schema_id = t.schema_id and s.end_snapshot is null
        where f.end_snapshot is null
        union all
        select f.data_file_id, t.table_name, s.path, t.path, f.path, f.delete_count, true
        from {METADATA}.ducklake_delete_file f
        join {METADATA}.ducklake_table t on t.table_id = f.table_id and t.end_snapshot is null
        join {METADATA}.ducklake_schema s on s.schema_id = t.schema_id and s.end_snapshot is null
        where f.end_snapshot is null
        order by all
        """
    ).fetchall()
    root = data.rstrip("/") + "/"
    return [
        DataFile(
            file_id, table, root + schema + folder + path, rows, is_delete, *days.get(file_id, (None, None))
        )
        for file_id, table, schema, folder, path, rows, is_delete in rows
    ]


def _read_days(cursor: duckdb.DuckDBPyConnection) -> dict[int, tuple[date, date]]:
    """By file: the first and the last GMT day in it, by the best of its columns with a time."""
    rows = cursor.execute(
        f"""
        select s.data_file_id, c.column_name, s.min_value, s.max_value
        from {METADATA}.ducklake_file_column_stats s
        join {METADATA}.ducklake_column c on c.table_id = s.table_id and c.column_id = s.column_id
            and c.end_snapshot is null
        where c.column_name in (select unnest(?)) and s.min_value is not null and s.max_value is not null
        """,
        [list(_TIMES)],
    ).fetchall()
    best: dict[int, tuple[int, date, date]] = {}
    for file_id, column, first, last in rows:
        with suppress(ValueError):
            bounds = (_TIMES.index(column), _day(first), _day(last))
            best[file_id] = min(best.get(file_id, bounds), bounds)
    return {file_id: (first, last) for file_id, (_, first, last) in best.items()}


def _day(text: str) -> date:
    return datetime.fromisoformat(text).date()


def find_damaged(files: Sequence[DataFile], open_reader: OpenReader) -> list[DataFile]:
    """Those of these files that cannot be read to their end."""
    return [file for file in files if not _is_readable(file.path, open_reader)]


def _is_readable(path: str, open_reader: OpenReader) -> bool:
    # An engine for each file: after some errors an engine answers no further query.
    with open_reader() as reader:
        try:
            # The hash needs every value of every column.
            reader.execute(
                "select max(hash(t)) from read_parquet(?, hive_partitioning = false) t", [path]
            ).fetchall()
        except duckdb.Error:
            return False
        return True


def _text(damaged: Sequence[DataFile], error: str) -> str:
    listed = "; ".join(f"{file.path} held {file.held}" for file in damaged[:5])
    more = f"; and {len(damaged) - 5:,} more" if len(damaged) > 5 else ""
    reason = " ".join(error.split()).partition("LINE 1:")[0].strip()[:200]
    return (
        f"{len(damaged):,} of the lake's files cannot be read: {listed}{more}. Put "
        f"{'it' if len(damaged) == 1 else 'them'} back from a copy of the lake: a file with the same name "
        f"has the same content. {_without_copy(damaged)} (DuckDB: {reason})"
    )


def refuse_irreplaceable(damaged: Sequence[DataFile]) -> None:
    """Raise LakeDamaged if some of these files hold what cannot be read from Twilio again."""
    lost = [file for file in damaged if file.table != _FROM_TWILIO]
    if lost:
        raise LakeDamaged(_text(lost, "nothing was set aside"))


def _without_copy(damaged: Sequence[DataFile]) -> str:
    if any(file.table != _FROM_TWILIO for file in damaged):
        return "Without one, put back the whole lake from an older copy: Twilio cannot tell these rows again."
    days = [day for file in damaged for day in (file.first_day, file.last_day) if day]
    span = f" --since {min(days)} --until {max(days) + timedelta(days=1)}" if days else ""
    return (
        f"Without one, `workbench sync --full{span} --set-damaged-aside` sets the file aside and reads "
        "those days from Twilio again, as far as Twilio still lists them (400 days)."
    )

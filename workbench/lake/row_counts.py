"""How many rows each table of a lake has, and which tables ever had one."""

from __future__ import annotations

import duckdb

from workbench.lake.address import METADATA
from workbench.lake.quoting import identifier


def count_rows(cursor: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows by table. A table that never had any is not asked: each question costs milliseconds."""
    return {
        name: cursor.execute(f"select count(*) from {identifier(name)}").fetchall()[0][0] if had_rows else 0
        for name, had_rows in _tables(cursor)
    }


def ever_written(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    """The tables that ever had a row; most have none in most lakes."""
    return {name for name, had_rows in _tables(cursor) if had_rows}


def _tables(cursor: duckdb.DuckDBPyConnection) -> list[tuple[str, bool]]:
    return cursor.execute(
        "select t.table_name, coalesce(s.next_row_id, 0) > 0 "
        f"from {METADATA}.ducklake_table t left join {METADATA}.ducklake_table_stats s using (table_id) "
        "where t.end_snapshot is null order by 1"
    ).fetchall()

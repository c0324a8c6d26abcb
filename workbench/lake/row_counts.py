"""How many rows each table of a lake has."""

from __future__ import annotations

import duckdb

from workbench.lake.damage import METADATA
from workbench.lake.quoting import identifier


def count_rows(cursor: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows by table. A table that never had any is not asked: each question costs milliseconds."""
    tables = cursor.execute(
        "select t.table_name, coalesce(s.next_row_id, 0) > 0 "
        f"from {METADATA}.ducklake_table t left join {METADATA}.ducklake_table_stats s using (table_id) "
        "where t.end_snapshot is null order by 1"
    ).fetchall()
    return {
        name: cursor.execute(f"select count(*) from {identifier(name)}").fetchall()[0][0] if had_rows else 0
        for name, had_rows in tables
    }

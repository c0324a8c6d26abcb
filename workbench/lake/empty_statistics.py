"""Notes in a SQLite catalog that a table without rows has none: DuckLake 1.0 asks four times a question else.

It keeps in memory what the catalog says of a table's size and bounds, but not that the catalog says nothing
(later versions do). Each question to a table that never had a row then costs four more questions to the
catalog, which is more than all the rest. A row of zeros and columns without bounds say the same, and are what
the first insert adds to.

Not on PostgreSQL: there nothing keeps another machine from committing its first row of a table at the same
moment, and the table would have both.
"""

from __future__ import annotations

import duckdb

from workbench.lake.address import METADATA
from workbench.lake.connect import Lake

_TABLES = f"""
insert into {METADATA}.ducklake_table_stats (table_id, record_count, next_row_id, file_size_bytes)
select t.table_id, 0, 0, 0 from {METADATA}.ducklake_table t
where t.end_snapshot is null
    and not exists (from {METADATA}.ducklake_table_stats s where s.table_id = t.table_id)
"""
_COLUMNS = f"""
insert into {METADATA}.ducklake_table_column_stats (table_id, column_id, contains_null)
select c.table_id, c.column_id, 0 from {METADATA}.ducklake_column c
join {METADATA}.ducklake_table_stats s on s.table_id = c.table_id and s.record_count = 0
where c.end_snapshot is null
    and not exists (from {METADATA}.ducklake_table_column_stats k where k.table_id = c.table_id)
"""


def note_empty_tables(lake: Lake) -> None:
    """Note it for every table of which the catalog says nothing; can be done again at any time."""
    if lake.address.kind == "sqlite":
        lake.run_alone(_note)


def _note(cursor: duckdb.DuckDBPyConnection) -> None:
    """Both or neither, while nobody writes: a first row that is committed meanwhile would be noted twice."""
    cursor.execute("BEGIN")
    cursor.execute(_TABLES)
    cursor.execute(_COLUMNS)
    cursor.execute("COMMIT")

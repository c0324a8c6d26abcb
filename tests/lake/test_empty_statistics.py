"""A table without rows is not asked for again and again, and its first rows are all found."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from tests.messages import payload
from tests.ui.known import save
from workbench.lake import Lake, open_lake
from workbench.lake.empty_statistics import note_empty_tables
from workbench.settings import Settings

CATALOG = "__ducklake_metadata_lake"
DAY = datetime(2026, 9, 1, tzinfo=UTC)


def statistics_asked(lake: Lake, sql: str) -> int:
    """How often DuckLake asks its catalog for the statistics of tables, for one statement that ran before."""
    with lake.memory() as cursor:
        cursor.execute("begin")
        cursor.execute(sql).fetchall()
        cursor.execute("call enable_logging('QueryLog')")
        cursor.execute(sql).fetchall()
        cursor.execute("call disable_logging()")
        asked = cursor.execute(
            "select count(*) from duckdb_logs where message ilike '%select table_id, column_id, record%' "
            "and message not ilike '%duckdb_logs%'"
        ).fetchall()
    return int(asked[0][0])


def test_what_is_known_of_an_empty_table_stays_known(settings: Settings) -> None:
    with open_lake(settings) as lake:
        assert statistics_asked(lake, "select * from lake.erased_people") == 0


def test_without_the_note_the_catalog_is_asked_each_time(settings: Settings) -> None:
    """Once this fails, DuckLake remembers by itself, and the note can go."""
    with open_lake(settings) as lake, lake.memory() as cursor:
        for table in ("ducklake_table_stats", "ducklake_table_column_stats"):
            cursor.execute(
                f"delete from {CATALOG}.{table} where table_id = (select table_id from "
                f"{CATALOG}.ducklake_table where table_name = 'erased_people')"
            )
    with open_lake(settings) as lake:
        assert statistics_asked(lake, "select * from lake.erased_people") == 4


def test_the_first_rows_are_found_whatever_is_asked(settings: Settings) -> None:
    """Statistics that said "no value" would leave them out; small writes stay in the catalog."""
    with open_lake(settings) as lake:
        note_empty_tables(lake)
        lake.write(
            lambda cursor: cursor.execute("insert into retention_horizons values ('bodies', ?, now())", [DAY])
        )
        save(lake, [payload(number) for number in range(1500)])
        note_empty_tables(lake)
        assert lake.rows("select rule from retention_horizons where removed_before >= '2026-08-31'") == [
            ("bodies",)
        ]
        assert lake.value("select count(*) from retention_horizons where rule is not null") == 1
        assert lake.value("select count(*) from raw_messages where message_sid >= ''") == 1500
    with open_lake(settings) as again:
        assert again.value("select count(*) from raw_messages where date_created is not null") == 1500
        bounds = again.rows(
            f"select min_value, max_value, contains_null from {CATALOG}.ducklake_table_column_stats "
            f"join {CATALOG}.ducklake_table using (table_id) join {CATALOG}.ducklake_column c "
            "using (table_id, column_id) where table_name = 'retention_horizons' and column_name = 'rule'"
        )
        assert bounds == [("bodies", "bodies", 0)]


def test_rows_of_the_same_transaction_are_found(settings: Settings) -> None:
    with open_lake(settings) as lake:

        def insert_and_count(cursor: duckdb.DuckDBPyConnection) -> int:
            cursor.execute("insert into retention_horizons values ('bodies', ?, now())", [DAY])
            rows = cursor.execute("select count(*) from retention_horizons where rule = 'bodies'").fetchall()
            return int(rows[0][0])

        assert lake.write(insert_and_count) == 1

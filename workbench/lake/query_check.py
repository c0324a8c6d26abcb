"""Lets queries through, and nothing that changes something or reaches out. DuckDB's own parser decides."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb

from workbench.errors import UsageError

ALLOWED = "one query: SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, or EXPLAIN of one"

WAY_OUT = "`workbench sql --allow-files` or wb.sql(…, allow_files=True) may use files and attach databases."

#: Table functions that only make rows or describe. A new one of DuckDB is refused until it is named here:
#: among the others are some that write a log, change a catalog, read its file or run SQL in a text.
_HARMLESS = """
    generate_series range repeat repeat_row unnest json_each json_tree histogram histogram_values
    duckdb_columns duckdb_constraints duckdb_databases duckdb_extensions duckdb_functions duckdb_indexes
    duckdb_keywords duckdb_memory duckdb_schemas duckdb_settings duckdb_tables duckdb_types duckdb_views
    ducklake_current_snapshot ducklake_last_committed_snapshot ducklake_list_files ducklake_options
    ducklake_settings ducklake_snapshots ducklake_table_changes ducklake_table_deletions ducklake_table_info
    ducklake_table_insertions
    icu_calendar_names pg_timezone_names pragma_collations pragma_database_size pragma_platform pragma_show
    pragma_storage_info pragma_table_info pragma_version summary
"""
TABLE_FUNCTIONS = frozenset(_HARMLESS.split())

#: `explain analyze` runs what follows, so what follows is judged.
_EXPLAIN = re.compile(r"\s*explain\b(\s+analyze\b)?(\s*\(\s*(analyze|format)\b[^()]*\))?", re.IGNORECASE)


def require_query(cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Refuse all but one query of functions that can do no harm.

    Args:
        cursor: of a connection with the lake as its default, whose own macros are allowed.

    Raises:
        UsageError: names the statement or the function, and what is allowed.
    """
    explained = _EXPLAIN.match(sql)
    tree = parse_query(cursor, sql[explained.end() :] if explained else sql, whole=sql)
    others = set(_table_functions(tree)) - TABLE_FUNCTIONS
    # Listing the macros takes longer than most queries.
    refused = sorted(others - _macros(cursor)) if others else []
    if refused:
        raise UsageError(
            f"SQL uses {refused[0]}(), which reads or changes more than the tables of the lake; allowed are "
            f"its tables and views, and {', '.join(sorted(TABLE_FUNCTIONS))}. {WAY_OUT}"
        )


def parse_query(cursor: duckdb.DuckDBPyConnection, sql: str, *, whole: str | None = None) -> dict[str, Any]:
    """The syntax tree of one query.

    Args:
        whole: what was written, for an error.

    Raises:
        UsageError: it is none, or there are several.
    """
    tree = _parse(cursor, sql)
    if tree["error"] or not tree["statements"]:
        raise _refusal(cursor, sql if whole is None else whole)
    count = len(tree["statements"])
    if count != 1:
        raise UsageError(f"SQL holds {count} statements; allowed is {ALLOWED}. Ask for one after another.")
    return tree


def _parse(cursor: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    (text,) = cursor.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()[0]
    tree: dict[str, Any] = json.loads(text)
    return tree


def _refusal(cursor: duckdb.DuckDBPyConnection, sql: str) -> UsageError:
    """Why it is no query: it cannot be read, or it is a statement of another kind."""
    try:
        kinds = [statement.type.name for statement in cursor.extract_statements(sql)]
    except duckdb.Error as error:
        return UsageError(f"SQL: {' '.join(str(error).split())}")
    if not kinds:
        return UsageError("The SQL holds no statement; write a query, as select count(*) from messages.")
    if kinds == ["CREATE", "SELECT"] and "pivot" in sql.lower():
        return UsageError(
            "SQL can only read the lake, and a PIVOT without its values creates a type; name them, as "
            "pivot messages on status in ('sent', 'delivered') using count(*)."
        )
    # A PRAGMA comes as the SELECT of a function, which it may not be alone.
    other = next((kind for kind in kinds if kind != "SELECT"), "PRAGMA")
    of_what = " of a statement that is no query" if other == "EXPLAIN" else ""
    return UsageError(
        f"SQL can only read the lake: {other.replace('_', ' ')}{of_what} is refused; allowed is {ALLOWED}. "
        f"Messages change through `workbench sync`. {WAY_OUT}"
    )


def _table_functions(node: object) -> Iterator[str]:
    """The names of the functions that stand where a table stands, at any depth."""
    if isinstance(node, list):
        for item in node:
            yield from _table_functions(item)
    elif isinstance(node, dict):
        if node.get("type") == "TABLE_FUNCTION":
            yield str(node["function"]["function_name"]).lower()
        for value in node.values():
            yield from _table_functions(value)


def _macros(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    rows = cursor.execute(
        "select lower(function_name) from duckdb_functions() "
        "where database_name = 'lake' and function_type = 'table_macro'"
    ).fetchall()
    return {name for (name,) in rows}

"""Writes rows of any small table by key, and only where they differ, inside a caller's transaction.

For what is read again and again and seldom changes. Messages have rules of their own: `save.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import LiteralString

import duckdb
import pyarrow as pa

from workbench.errors import LakeError
from workbench.lake.merge import Merge, Saved, equal_keys
from workbench.lake.quoting import identifier

Row = Mapping[str, object]

_NAME = re.compile(r"[a-z_]+")


def save_rows(
    cursor: duckdb.DuckDBPyConnection,
    table: LiteralString,
    rows: Sequence[Row],
    *,
    key: Sequence[LiteralString],
    uncompared: Sequence[str] = ("read_at",),
) -> Saved:
    """Insert the rows that are new and update those that differ.

    Args:
        rows: values by column, all with the same columns; others of a stored row are left alone. Of several
            rows with one key the last counts.
        key: columns that tell rows apart; never NULL.
        uncompared: columns that are written along but are no difference by themselves.

    Raises:
        LakeError: a row does not fit the table.
    """
    if not rows:
        return Saved()
    latest = {tuple(row[name] for name in key): row for row in rows}
    incoming = _arrow_table(cursor, table, list(latest.values()), key)
    others = tuple(name for name in incoming.column_names if name not in key)
    merge = Merge(table, staged_table="staged_rows", key_columns=tuple(key), other_columns=others)
    cursor.register("incoming_rows", incoming)
    try:
        cursor.execute(_stage_sql(table, key, others, uncompared))
        saved = merge.count(cursor)
        if saved.changed:
            merge.update(cursor)
        if saved.added:
            merge.insert(cursor)
    finally:
        cursor.execute("drop table if exists staged_rows")
        cursor.unregister("incoming_rows")
    return saved


def replace_rows(
    cursor: duckdb.DuckDBPyConnection,
    table: LiteralString,
    rows: Sequence[Row],
    *,
    key: Sequence[LiteralString],
    within: Mapping[str, object],
) -> Saved:
    """As `save_rows`, and delete the stored rows with the values of `within` that are not among them.

    A deleted row counts as changed.
    """
    saved = save_rows(cursor, table, rows, key=key)
    condition = " and ".join(f"{identifier(name)} = ?" for name in within)
    stored = cursor.execute(
        f"select {', '.join(key)} from {table} where {condition}",
        list(within.values()),
    ).fetchall()
    wanted = {tuple(row[name] for name in key) for row in rows}
    gone = [values for values in stored if values not in wanted]
    match = " and ".join(f"{name} = ?" for name in key)
    for values in gone:
        cursor.execute(f"delete from {table} where {match}", values)
    return saved + Saved(0, len(gone))


def _arrow_table(
    cursor: duckdb.DuckDBPyConnection, table: LiteralString, rows: Sequence[Row], key: Sequence[str]
) -> pa.Table:
    """The rows with the table's own types."""
    if not _NAME.fullmatch(table):
        raise LakeError(f"{table!r} is no table of the lake.")
    stored = cursor.execute(f"select * from {table} limit 0").to_arrow_table().schema
    columns = list(rows[0])
    unfit = [name for name in columns if name not in stored.names]
    if unfit or any(row.keys() != rows[0].keys() for row in rows):
        raise LakeError(f"Rows for {table} have columns it lacks {unfit}, or not all the same columns.")
    schema = pa.schema([stored.field(name) for name in columns])
    try:
        incoming = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    except pa.ArrowException as error:
        raise LakeError(f"A row for {table} does not fit: {error}") from error
    if any(incoming[name].null_count for name in key):
        raise LakeError(f"A row for {table} has no {' or '.join(key)}.")
    return incoming


def _stage_sql(
    table: LiteralString, key: Sequence[LiteralString], others: Sequence[str], uncompared: Sequence[str]
) -> LiteralString:
    """Of the incoming rows, those that are new or differ."""
    compared = [identifier(name) for name in others if name not in uncompared]
    differs = "".join(f" or i.{name} is distinct from t.{name}" for name in compared)
    return f"""
        create temp table staged_rows as
        select i.*, t.{key[0]} is null as is_new
        from incoming_rows i left join {table} t on {equal_keys(key, "t", "i")}
        where t.{key[0]} is null {differs}
    """

"""What belongs to the tables of a lake beside their rows: comments, partitions, order, DuckLake's options.

The new lake is made by the same migrations and so has most of it; what somebody set by hand is set again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, LiteralString

from workbench.errors import LakeRefused
from workbench.lake.quoting import identifier, quoted
from workbench.moving.both_lakes import NEW_CATALOG, OLD_CATALOG, BothLakes

_OWN_OPTIONS = ("version", "created_by", "data_path", "encrypted", "workbench_moved")
"""Of each lake by itself."""
_TRANSFORMS: dict[str, LiteralString] = {
    "identity": "", "year": "year", "month": "month", "day": "day", "hour": "hour"
}  # fmt: skip
_BUCKET = re.compile(r"bucket\((\d+)\)")
_DIRECTIONS: dict[str, LiteralString] = {"ASC": "asc", "DESC": "desc"}
_NULLS: dict[str, LiteralString] = {"NULLS_FIRST": "nulls first", "NULLS_LAST": "nulls last"}

_TABLES_SQL = "select table_name from {}.ducklake_table where end_snapshot is null"


@dataclass(frozen=True)
class TableFeatures:
    """All of it, as sets and lists that can be compared."""

    views: frozenset[str]
    options: frozenset[tuple[str, str, str]]
    """Key, value, and the table it is for (empty: all)."""
    comments: frozenset[tuple[str, str, str]]
    """Table or view, column (empty: the whole), text."""
    partitions: tuple[tuple[str, str, str], ...]
    """Table, column, transform, in order."""
    orders: tuple[tuple[str, str, str, str], ...]
    """Table, expression, direction, where empty values go, in order."""


def read_features(lakes: BothLakes, catalog: LiteralString) -> TableFeatures:
    """What one of the two lakes has now."""

    def rows(query: str) -> list[tuple[Any, ...]]:
        return lakes.engine.execute(query).fetchall()

    named = (
        f"(select table_id as id, table_name as name from {catalog}.ducklake_table where end_snapshot is "
        f"null union all select view_id, view_name from {catalog}.ducklake_view where end_snapshot is null) n"
    )
    tables = f"{catalog}.ducklake_table t"
    columns = f"{catalog}.ducklake_column c"
    column = "c.table_id = p.table_id and c.column_id = p.column_id and c.end_snapshot is null"
    return TableFeatures(
        frozenset(
            name
            for (name,) in rows(f"select view_name from {catalog}.ducklake_view where end_snapshot is null")
        ),
        frozenset(
            row
            for row in rows(
                f"select m.key, m.value, coalesce(t.table_name, '') from {catalog}.ducklake_metadata m "
                f"left join {tables} on m.scope = 'table' and t.table_id = m.scope_id and t.end_snapshot "
                "is null"
            )
            if row[0] not in _OWN_OPTIONS
        ),
        frozenset(
            rows(
                f"select n.name, '', p.value from {catalog}.ducklake_tag p join {named} on n.id = "
                "p.object_id where p.key = 'comment' and p.end_snapshot is null and p.value is not null "
                f"union all select n.name, c.column_name, p.value from {catalog}.ducklake_column_tag p "
                f"join {named} on n.id = p.table_id join {columns} on {column} "
                "where p.key = 'comment' and p.end_snapshot is null and p.value is not null"
            )
        ),
        tuple(
            rows(
                f"select t.table_name, c.column_name, p.transform from {catalog}.ducklake_partition_info i "
                f"join {catalog}.ducklake_partition_column p using (partition_id, table_id) "
                f"join {tables} on t.table_id = i.table_id and t.end_snapshot is null "
                f"join {columns} on {column} where i.end_snapshot is null order by 1, p.partition_key_index"
            )
        ),
        tuple(
            rows(
                f"select t.table_name, p.expression, p.sort_direction, p.null_order "
                f"from {catalog}.ducklake_sort_info i "
                f"join {catalog}.ducklake_sort_expression p using (sort_id, table_id) "
                f"join {tables} on t.table_id = i.table_id and t.end_snapshot is null "
                "where i.end_snapshot is null order by 1, p.sort_key_index"
            )
        ),
    )


def copy_features(lakes: BothLakes) -> None:
    """Give the new lake's tables what those of the old one have; tables of somebody's own are made first.

    Raises:
        LakeRefused: something cannot be carried over; it says what.
    """
    old = read_features(lakes, OLD_CATALOG)
    own_views = old.views - read_features(lakes, NEW_CATALOG).views
    if own_views:
        raise LakeRefused(
            f"The lake has a view that this product did not make, {min(own_views)}, and a move would lose "
            "it. Keep its text elsewhere, drop it from the old lake, and make it again after the move."
        )
    _make_own_tables(lakes)
    new = read_features(lakes, NEW_CATALOG)
    for key, value, table in sorted(old.options - new.options):
        place: LiteralString = f", table_name => {quoted(table)}" if table else ""
        lakes.engine.execute(f"call new_lake.set_option({quoted(key)}, {quoted(value)}{place})")
    for name, column, text in sorted(old.comments - new.comments):
        whole: LiteralString = "view" if name in old.views else "table"
        what = f"column {identifier(name)}.{identifier(column)}" if column else f"{whole} {identifier(name)}"
        lakes.engine.execute(f"comment on {what} is {quoted(text)}")
    for table in sorted({row[0] for row in set(old.partitions) ^ set(new.partitions)}):
        keys = [
            _partition_key(column, transform) for name, column, transform in old.partitions if name == table
        ]
        way: LiteralString = f"set partitioned by ({', '.join(keys)})" if keys else "reset partitioned by"
        lakes.engine.execute(f"alter table {identifier(table)} {way}")
    for table in sorted({row[0] for row in set(old.orders) ^ set(new.orders)}):
        _copy_order(lakes, table, [row for row in old.orders if row[0] == table])
    refuse_other_features(lakes)


def refuse_other_features(lakes: BothLakes) -> None:
    """Raise LakeRefused where the two lakes differ in something beside rows."""
    old, new = read_features(lakes, OLD_CATALOG), read_features(lakes, NEW_CATALOG)
    for what in TableFeatures.__dataclass_fields__:
        if getattr(old, what) != getattr(new, what):
            differing = set(getattr(old, what)) ^ set(getattr(new, what))
            raise LakeRefused(
                f"The new lake has other {what} than the old one: {sorted(map(str, differing))[:3]}. "
                "Nothing was switched. `workbench lake move --abandon`, and begin anew."
            )


def _make_own_tables(lakes: BothLakes) -> None:
    known = {name for (name,) in lakes.engine.execute(_TABLES_SQL.format(NEW_CATALOG)).fetchall()}
    for table in lakes.tables():
        if table not in known:
            name = identifier(table)
            lakes.engine.execute(f"create table {name} as select * from old_lake.main.{name} limit 0")


def _partition_key(column: str, transform: str) -> LiteralString:
    bucket = _BUCKET.fullmatch(transform)
    if bucket:
        return f"bucket({int(bucket[1]):d}, {identifier(column)})"
    if transform not in _TRANSFORMS:
        raise LakeRefused(f"The lake is partitioned by {transform}({column}), which a move does not know.")
    return f"{_TRANSFORMS[transform]}({identifier(column)})"


def _copy_order(lakes: BothLakes, table: str, order: list[tuple[str, str, str, str]]) -> None:
    if not order:
        lakes.engine.execute(f"alter table {identifier(table)} reset sorted by")
        return
    names = {name for name, _ in lakes.columns(table)}
    keys: list[LiteralString] = []
    for _, expression, direction, nulls in order:
        name = expression.strip('"')
        if name not in names:
            raise LakeRefused(
                f"The table {table} is sorted by {expression}, and a move carries columns only. Sort it by "
                "columns, or not at all, and run the same again."
            )
        keys.append(f"{identifier(name)} {_DIRECTIONS[direction]} {_NULLS[nulls]}")
    lakes.engine.execute(f"alter table {identifier(table)} set sorted by ({', '.join(keys)})")

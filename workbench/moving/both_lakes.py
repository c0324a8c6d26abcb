"""The old and the new lake in one engine: copying tables, taking differences, comparing.

A table is compared by its number of rows and the sum of a hash of each row over all columns. The sum does not
depend on the order, and what is added to a table adds to its sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import LiteralString

from workbench.errors import LakeRefused
from workbench.lake.address import LakeAddress
from workbench.lake.duckdb_errors import translated
from workbench.lake.engine import new_engine
from workbench.lake.moved import read_mark
from workbench.lake.opening import FOR_TINY_QUERIES, LARGE_ROWS
from workbench.lake.quoting import identifier, quoted

PROGRESS_TABLE = "move_progress"
"""In the new lake, until it is switched to: which version of the old lake each table has."""
LAST_TABLE = "lake_identity"
"""The new lake has an identity of its own until it takes the place of the old one."""

OLD: LiteralString = "old_lake"
NEW: LiteralString = "new_lake"
OLD_CATALOG: LiteralString = "__ducklake_metadata_old_lake"
NEW_CATALOG: LiteralString = "__ducklake_metadata_new_lake"

_BY_ROW = {"inserted_into_table", "deleted_from_table", "inlined_insert", "inlined_delete", "inline_flush"}
"""Changes of a version whose rows DuckLake can list. After the others (files merged or written anew) it lists
rows that did not change."""
_OF_SCHEMA = (
    "created_table",
    "altered_table",
    "dropped_table",
    "created_view",
    "altered_view",
    "dropped_view",
)
_SIGN: LiteralString = "case when change_type in ('insert', 'update_postimage') then 1 else -1 end"


@dataclass(frozen=True)
class TableSum:
    """What two equal tables have in common."""

    rows: int
    checksum: int

    def plus(self, other: TableSum) -> TableSum:
        return TableSum(self.rows + other.rows, self.checksum + other.checksum)


@dataclass(frozen=True)
class LakeChanges:
    """What happened to a lake between two versions."""

    by_row: frozenset[str]
    """Tables whose changed rows are known."""
    rewritten: frozenset[str] | None
    """Tables that may have changed in ways that are not known; None: all."""


class BothLakes:
    """Both lakes, the old one for reading only. Use it in a ``with``."""

    def __init__(self, old: LakeAddress, new: LakeAddress, home: Path) -> None:
        self.old, self.new, self._home = old, new, home
        self._known_changes: dict[tuple[LiteralString, int, int], LakeChanges] = {}

    def __enter__(self) -> BothLakes:
        with translated(self.old.shown):
            self.engine = new_engine(
                self._home,
                self.new if self.new.is_bucket else self.old,
                also=["sqlite_scanner", "postgres_scanner"],
            )
            self.engine.execute(FOR_TINY_QUERIES)
            try:
                self.engine.execute(self.old.attach_sql(read_only=True, name=OLD))
                with translated(self.new.shown):
                    self.engine.execute(self.new.attach_sql(name=NEW))
                self.engine.execute("USE new_lake")
                if self._largest() >= LARGE_ROWS:
                    self.engine.execute("RESET threads")
            except BaseException:
                self.engine.close()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()

    def _largest(self) -> int:
        [(rows,)] = self.engine.execute(
            f"select coalesce(max(record_count), 0) from {OLD_CATALOG}.ducklake_table_stats"
        ).fetchall()
        return int(rows)

    def old_snapshot(self) -> int:
        return int(self.engine.execute("from ducklake_current_snapshot('old_lake')").fetchall()[0][0])

    def new_snapshot(self) -> int:
        return int(self.engine.execute("from ducklake_current_snapshot('new_lake')").fetchall()[0][0])

    def mark(self) -> str | None:
        """Where the old lake says that it was moved to."""
        return read_mark(self.engine, OLD_CATALOG)

    def tables(self) -> list[str]:
        """The tables of the old lake, the largest first."""
        rows = self.engine.execute(
            f"select t.table_name from {OLD_CATALOG}.ducklake_table t "
            f"left join {OLD_CATALOG}.ducklake_table_stats s using (table_id) "
            "where t.end_snapshot is null order by coalesce(s.record_count, 0) desc, 1"
        ).fetchall()
        return [name for (name,) in rows]

    def columns(self, table: str) -> list[tuple[str, str]]:
        """The columns of a table with their types, in order.

        Raises:
            LakeRefused: the new lake has other ones.
        """
        old, new = (columns.get(table) for columns in self._columns)
        if old is None or old != new:
            raise LakeRefused(
                f"The table {table} of the old lake has other columns than that of the new one: the "
                "program was brought up to date since the move was begun. Begin anew: `workbench lake move "
                "--abandon`, then the same move once more."
            )
        return old

    @cached_property
    def _columns(self) -> list[dict[str, list[tuple[str, str]]]]:
        """Of every table, in both lakes. DuckDB's own list would open every view for it."""
        return [self._columns_of(catalog) for catalog in (OLD_CATALOG, NEW_CATALOG)]

    def _columns_of(self, catalog: LiteralString) -> dict[str, list[tuple[str, str]]]:
        columns: dict[str, list[tuple[str, str]]] = {}
        rows = self.engine.execute(
            "select t.table_name, c.column_name, c.column_type "
            f"from {catalog}.ducklake_column c join {catalog}.ducklake_table t using (table_id) "
            "where c.end_snapshot is null and t.end_snapshot is null and c.parent_column is null "
            "order by 1, c.column_order"
        ).fetchall()
        for table, name, kind in rows:
            columns.setdefault(table, []).append((name, kind))
        return columns

    def begin_progress(self) -> None:
        self.engine.execute(
            f"create table if not exists {PROGRESS_TABLE} (table_name varchar not null, snapshot bigint "
            "not null)"
        )

    def progress(self) -> dict[str, int]:
        """The version of the old lake that each copied table has."""
        return dict(self.engine.execute(f"select table_name, snapshot from {PROGRESS_TABLE}").fetchall())

    @contextmanager
    def one_commit(self) -> Iterator[None]:
        """All of it in the new lake, or nothing."""
        self.engine.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.engine.execute("ROLLBACK")
            raise
        self.engine.execute("COMMIT")

    def note_progress(self, table: str, snapshot: int) -> None:
        self.engine.execute(f"delete from {PROGRESS_TABLE} where table_name = ?", [table])
        self.engine.execute(f"insert into {PROGRESS_TABLE} values (?, ?)", [table, snapshot])

    def forget_progress(self, table: str) -> None:
        self.engine.execute(f"delete from {PROGRESS_TABLE} where table_name = ?", [table])

    def copy_table(self, table: str, snapshot: int) -> int:
        """Give the new table the rows of a version of the old one, in the caller's transaction; how many."""
        names = self._names(table)
        self.engine.execute(f"delete from {identifier(table)}")
        [(rows,)] = self.engine.execute(
            f"insert into {identifier(table)} ({names}) "
            f"select {names} from {OLD}.main.{identifier(table)} at (version => {snapshot:d})"
        ).fetchall()
        self.note_progress(table, snapshot)
        return int(rows)

    def apply_changes(self, table: str, after: int, until: int) -> int:
        """Bring a table from one version of the old lake to another, in the caller's transaction; how many
        rows differed."""
        names = self._names(table)
        self.engine.execute(
            f"create or replace temp table differing as select {names}, sum({_SIGN}) as move_count, "
            f"row_number() over () as move_number from {self._changes(OLD, table, after, until)} "
            f"group by {names} having sum({_SIGN}) <> 0"
        )
        [(count, most)] = self.engine.execute(
            "select count(*), coalesce(min(move_count), 0) from differing"
        ).fetchall()
        if most < 0:
            self._delete_differing(table)
        if count:
            self.engine.execute(
                f"insert into {identifier(table)} ({names}) select {names} from "
                "(select *, unnest(range(move_count::bigint)) from differing where move_count > 0)"
            )
        self.note_progress(table, until)
        return int(count)

    def _delete_differing(self, table: str) -> None:
        """Rows have no key here, and equal ones may be there several times: so many of them go as went."""
        columns = self.columns(table)
        equal = " and ".join(
            f"held.{identifier(name)} is not distinct from d.{identifier(name)}" for name, _ in columns
        )
        self.engine.execute(
            f"delete from {identifier(table)} where rowid in (select row_number_held from ("
            "select held.rowid as row_number_held, d.move_count, "
            f"row_number() over (partition by d.move_number) as place from {identifier(table)} held "
            f"join differing d on d.move_count < 0 and {equal} where {self._bounds(columns)}"
            ") where place <= -move_count)"
        )

    def _bounds(self, columns: list[tuple[str, str]]) -> LiteralString:
        """The moments between which the rows lie that go, so that only files of these days are opened."""
        bounds: list[LiteralString] = ["true"]
        for name, kind in columns:
            if kind != "timestamptz":
                continue
            column = identifier(name)
            [(first, last, nulls)] = self.engine.execute(
                f"select min({column})::varchar, max({column})::varchar, "
                f"count(*) filter ({column} is null) from differing where move_count < 0"
            ).fetchall()
            if first is not None and not nulls:
                bounds.append(
                    f"held.{column} between {quoted(first)}::timestamptz and {quoted(last)}::timestamptz"
                )
        return " and ".join(bounds)

    def written(self) -> frozenset[str]:
        """The tables that ever had a row in one of the lakes; each question to one costs time."""
        rows = self.engine.execute(
            " union ".join(
                f"select t.table_name from {catalog}.ducklake_table t "
                f"join {catalog}.ducklake_table_stats s using (table_id) "
                "where t.end_snapshot is null and s.next_row_id > 0"
                for catalog in (OLD_CATALOG, NEW_CATALOG)
            )
        ).fetchall()
        return frozenset(name for (name,) in rows)

    def sum_of(self, lake: LiteralString, table: str, snapshot: int) -> TableSum:
        """Over every row of a version of a table."""
        return self._sum(
            f"select count(*), coalesce(sum(hash({self._names(table)})::hugeint), 0) "
            f"from {lake}.main.{identifier(table)} at (version => {snapshot:d})"
        )

    def sum_of_changes(self, lake: LiteralString, table: str, after: int, until: int) -> TableSum:
        """By how much the sum of a table changed, which is counted over the changed rows alone."""
        if after == until:
            return TableSum(0, 0)
        return self._sum(
            f"select coalesce(sum({_SIGN}), 0), "
            f"coalesce(sum({_SIGN} * hash({self._names(table)})::hugeint), 0) "
            f"from {self._changes(lake, table, after, until)}"
        )

    def _sum(self, query: str) -> TableSum:
        [(rows, checksum)] = self.engine.execute(query).fetchall()
        return TableSum(int(rows), int(checksum))

    def _changes(self, lake: LiteralString, table: str, after: int, until: int) -> LiteralString:
        return f"ducklake_table_changes('{lake}', 'main', {quoted(table)}, {after + 1:d}, {until:d})"

    def _names(self, table: str) -> LiteralString:
        return ", ".join(identifier(name) for name, _ in self.columns(table))

    def changes(self, catalog: LiteralString, after: int, until: int) -> LakeChanges:
        """What happened after one version, up to another, which nobody can change any more.

        Raises:
            LakeRefused: tables or views of the old lake were changed, so it was brought up to date meanwhile.
        """
        if after == until:
            return LakeChanges(frozenset(), frozenset())
        key = (catalog, after, until)
        if key not in self._known_changes:
            self._known_changes[key] = self._read_changes(catalog, after, until)
        return self._known_changes[key]

    def _read_changes(self, catalog: LiteralString, after: int, until: int) -> LakeChanges:
        rows = self.engine.execute(
            f"select snapshot_id, changes_made from {catalog}.ducklake_snapshot_changes "
            "where snapshot_id between ? and ?",
            [after, until],
        ).fetchall()
        if len(rows) != until - after + 1:
            return LakeChanges(frozenset(), None)  # versions were let go
        kinds: dict[str, set[str]] = {}
        for snapshot, text in rows:
            for kind, table in re.findall(r"([a-z_]+):([^,]+)", text or "") if snapshot > after else ():
                if kind in _OF_SCHEMA:
                    raise LakeRefused(
                        "The old lake was brought up to date by a newer program since the move was begun. "
                        "Begin anew: `workbench lake move --abandon`, then the same move once more."
                    )
                kinds.setdefault(table, set()).add(kind)
        names = {
            str(number): name
            for number, name in self.engine.execute(
                f"select table_id, table_name from {catalog}.ducklake_table where end_snapshot is null"
            ).fetchall()
        }
        by_row = {names[table] for table, seen in kinds.items() if table in names and seen <= _BY_ROW}
        return LakeChanges(
            frozenset(by_row), frozenset(names[table] for table in kinds if table in names) - by_row
        )

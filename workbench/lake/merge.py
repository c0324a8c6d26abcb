"""Merges incoming rows into a table: new ones are inserted, and others updated where they differ.

The incoming rows that are new or differ are staged first, in a table of the connection with a column
`is_new`; how they are found is the caller's. What follows is the same for every table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import LiteralString

import duckdb

from workbench.lake.quoting import identifier


@dataclass(frozen=True)
class Saved:
    """What a save did: rows that were new, and rows whose content changed."""

    added: int = 0
    changed: int = 0

    def __add__(self, other: Saved) -> Saved:
        return Saved(self.added + other.added, self.changed + other.changed)


@dataclass(frozen=True)
class Merge:
    """How staged rows go into a table.

    Args:
        target_table: where to.
        staged_table: the table of staged rows: all columns that are written, and `is_new`.
        key_columns: columns that tell rows apart and never change.
        other_columns: the other columns that are written.
        match: which row `t` of the table a staged row `s` is, where that is more than an equal key.
        order: how new rows are put in, for tables whose files are skipped by it.
    """

    target_table: LiteralString
    staged_table: LiteralString
    key_columns: tuple[LiteralString, ...]
    other_columns: tuple[str, ...]
    match: LiteralString = ""
    order: LiteralString = ""

    def count(self, cursor: duckdb.DuckDBPyConnection) -> Saved:
        """What the staged rows will do."""
        sql = f"select count(*) filter (is_new), count(*) filter (not is_new) from {self.staged_table}"
        added, changed = cursor.execute(sql).fetchall()[0]
        return Saved(int(added), int(changed))

    def update(
        self, cursor: duckdb.DuckDBPyConnection, parameters: Mapping[str, object] | None = None
    ) -> None:
        """Give stored rows the values of the staged ones that are not new.

        Args:
            parameters: those of `match`.
        """
        if not self.other_columns:
            return
        match = self.match or equal_keys(self.key_columns, "t", "s")
        values = ", ".join(f"{name} = s.{name}" for name in map(identifier, self.other_columns))
        cursor.execute(
            f"merge into {self.target_table} t using (select * from {self.staged_table} where not is_new) s "
            f"on {match} when matched then update set {values}",
            parameters,
        )

    def insert(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Add the staged rows that are new."""
        names = ", ".join(map(identifier, (*self.key_columns, *self.other_columns)))
        cursor.execute(
            f"insert into {self.target_table} ({names}) select {names} from {self.staged_table} where is_new"
            + (f" order by {self.order}" if self.order else "")
        )


def equal_keys(key: Iterable[LiteralString], left: LiteralString, right: LiteralString) -> LiteralString:
    """The condition that two rows have the same key."""
    return " and ".join(f"{left}.{name} = {right}.{name}" for name in key)

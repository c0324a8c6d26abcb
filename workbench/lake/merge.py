"""Merges incoming rows into a table: new ones are inserted, and others updated where they differ.

The incoming rows that are new or differ are staged first, in a table of the connection with a column
`is_new`; how they are found is the caller's. What follows is the same for every table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb


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
        table: where to.
        staged: the table of staged rows: all columns that are written, and `is_new`.
        key: columns that tell rows apart and never change.
        others: the other columns that are written.
        match: which row `t` of the table a staged row `s` is, where that is more than an equal key.
        order: how new rows are put in, for tables whose files are skipped by it.
    """

    table: str
    staged: str
    key: tuple[str, ...]
    others: tuple[str, ...]
    match: str = ""
    order: str = ""

    def count(self, cursor: duckdb.DuckDBPyConnection) -> Saved:
        """What the staged rows will do."""
        sql = f"select count(*) filter (is_new), count(*) filter (not is_new) from {self.staged}"  # noqa: S608
        added, changed = cursor.execute(sql).fetchall()[0]
        return Saved(int(added), int(changed))

    def update(
        self, cursor: duckdb.DuckDBPyConnection, parameters: Mapping[str, object] | None = None
    ) -> None:
        """Give stored rows the values of the staged ones that are not new.

        Args:
            parameters: those of `match`.
        """
        if not self.others:
            return
        values = ", ".join(f"{name} = s.{name}" for name in self.others)
        cursor.execute(
            f"merge into {self.table} t using (select * from {self.staged} where not is_new) s "  # noqa: S608
            f"on {self.match or equal_keys(self.key, 't', 's')} when matched then update set {values}",
            parameters,
        )

    def insert(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Add the staged rows that are new."""
        names = ", ".join((*self.key, *self.others))
        cursor.execute(
            f"insert into {self.table} ({names}) select {names} from {self.staged} where is_new"  # noqa: S608
            + (f" order by {self.order}" if self.order else "")
        )


def equal_keys(key: Iterable[str], left: str, right: str) -> str:
    """The condition that two rows have the same key."""
    return " and ".join(f"{left}.{name} = {right}.{name}" for name in key)

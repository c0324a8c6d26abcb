"""What the next opening of a lake of an older version would do to it. Nothing is changed here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.lake.connect import Lake
from workbench.lake.duckdb_errors import translated
from workbench.lake.migrations import (
    Migration,
    applied_version,
    known_migrations,
    pending_changes,
    refuse_other_tables,
)
from workbench.lake.opening import open_as_it_is
from workbench.lake.quoting import identifier
from workbench.settings import Settings

_ROWS_PER_SECOND = 100_000
"""Rows of the message log that a migration changes; a quarter of what was measured on one core."""
_VIEWS_PER_SECOND = 15
_COMMENTS_AND_TEXTS = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
_STATEMENT = re.compile(
    r"\b(create table|alter table|drop table|insert into|merge into|update|delete from)"
    r"(?: if (?:not )?exists)? (?!set\b)(\w+)",
    re.IGNORECASE,
)
_ACTIONS = {
    "create table": "made",
    "alter table": "columns changed",
    "drop table": "dropped",
    "insert into": "rows added",
    "merge into": "rows changed",
    "update": "rows changed",
    "delete from": "rows removed",
}
_REWRITING = {"rows changed", "rows removed", "dropped"}


@dataclass(frozen=True)
class TableChange:
    """What pending migrations do to one table; `rows` is how many they may change or remove."""

    table: str
    actions: tuple[str, ...]
    rows: int = 0


@dataclass(frozen=True)
class LakeUpgrade:
    """The versions of a lake and of the program, and what lies between them.

    `version` is the newest migration that the lake has, `wanted` the newest that this program knows.
    """

    lake: str
    version: int
    wanted: int
    migrations: tuple[str, ...]
    tables: tuple[TableChange, ...]
    views: tuple[str, ...]
    messages: int

    @property
    def is_pending(self) -> bool:
        return bool(self.migrations or self.views)

    @property
    def seconds(self) -> int:
        """About how long it takes, rounded up."""
        rows = sum(change.rows for change in self.tables)
        return 1 + int(rows / _ROWS_PER_SECOND + len(self.views) / _VIEWS_PER_SECOND)


def read_upgrade(settings: Settings) -> LakeUpgrade:
    """What the next opening would do.

    Raises:
        NothingKnown: there is no lake yet.
        LakeTooNew: a newer version has migrated it.
        LakeRefused: the catalog is another program's.
        LakeError: it cannot be read.
    """
    with open_as_it_is(settings) as lake, translated(lake.address.shown):
        pending = pending_changes(lake)
        if pending.is_all:
            with lake.cursor() as cursor:
                refuse_other_tables(cursor, lake.address.shown)
        names = _table_names(lake)
        return LakeUpgrade(
            lake.address.shown,
            applied_version(lake),
            known_migrations()[-1].version,
            tuple(f"{migration.version}_{migration.name}" for migration in pending.migrations),
            tuple(_with_rows(lake, change, names) for change in changes_of(pending.migrations)),
            pending.views,
            _rows(lake, "raw_messages") if "raw_messages" in names else 0,
        )


def changes_of(migrations: Sequence[Migration]) -> list[TableChange]:
    """The tables that migrations touch, in the order of their statements. Pure."""
    actions: dict[str, list[str]] = {}
    for migration in migrations:
        for statement, table in _STATEMENT.findall(_COMMENTS_AND_TEXTS.sub(" ", migration.sql)):
            done = actions.setdefault(table, [])
            if (action := _ACTIONS[statement.lower()]) not in done:
                done.append(action)
    return [TableChange(table, tuple(done)) for table, done in actions.items()]


def _with_rows(lake: Lake, change: TableChange, names: set[str]) -> TableChange:
    if change.table not in names or not _REWRITING & set(change.actions):
        return change
    return TableChange(change.table, change.actions, _rows(lake, change.table))


def _rows(lake: Lake, table: str) -> int:
    return int(lake.value(f"select count(*) from {identifier(table)}"))


def _table_names(lake: Lake) -> set[str]:
    rows = lake.rows("select table_name from duckdb_tables() where database_name = 'lake'")
    return {name for (name,) in rows}

"""Applies ``sql/NNN_*.sql`` in order, each once, then the views; refuses a lake from a newer version.

A migration makes or changes tables and uses no view and no macro: the lake may have older ones, or none. It
never changes after a release: to change a table, add the next file. Views are in views.py.

The number gives the order; a migration is known by its name. There were other numbers up to 050, and
migrations that made views alone. Numbers begin at 101 now, so that programs of that time refuse a lake of
today.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import LiteralString, TypeVar

import duckdb

from workbench.errors import LakeRefused, LakeTooNew
from workbench.lake.connect import Lake
from workbench.lake.views import ViewDefinition, apply_views, differing_views, known_views, stored_views

T = TypeVar("T")

#: Migrations up to 050 that made views alone, which come from ``sql/views`` now.
_VIEWS_BEFORE = frozenset({"views", "sending_views", "quicker_audits", "persons"})

#: What was applied: a row per migration, and a row per view as it is now.
_BOOKKEEPING = """
create table if not exists schema_migrations
    (version integer not null, name varchar not null, applied_at timestamptz not null);
create table if not exists schema_views
    (name varchar not null, kind varchar not null, version integer not null, digest varchar not null,
    applied_at timestamptz not null);
"""


@dataclass(frozen=True)
class Migration:
    version: int
    name: str
    """Without the number."""
    sql: str


@dataclass(frozen=True)
class AppliedMigration:
    version: int
    name: str
    applied_at: datetime


@cache
def known_migrations() -> tuple[Migration, ...]:
    """All migrations of this version, in order."""
    files = sorted((resources.files("workbench.lake") / "sql").iterdir(), key=lambda file: file.name)
    return tuple(
        Migration(
            int(file.name[:3]), _bare_name(file.name.removesuffix(".sql")), file.read_text(encoding="utf-8")
        )
        for file in files
        if file.name.endswith(".sql")
    )


@dataclass(frozen=True)
class Pending:
    """What an opening has to bring up to date."""

    migrations: tuple[Migration, ...]
    views: tuple[str, ...]
    """Names of views and macros that are missing, differ or are no more."""

    @property
    def is_all(self) -> bool:
        """Whether nothing of ours is there yet."""
        return self.migrations == known_migrations()

    def __bool__(self) -> bool:
        return bool(self.migrations or self.views)


def pending_changes(lake: Lake) -> Pending:
    """What is not applied yet.

    Raises:
        LakeTooNew: the lake has a migration or a view that is newer than this version.
    """
    with lake.cursor() as cursor:
        applied = _read_if_there(cursor, _applied_migrations, "schema_migrations")
        views = _read_if_there(cursor, stored_views, "schema_views") if applied else {}
    _refuse_newer(applied, views, lake.address.shown)
    return Pending(_not_applied(applied), differing_views(views))


def applied_version(lake: Lake) -> int:
    """The newest migration that the lake has; 0 where it has none."""
    with lake.cursor() as cursor:
        applied = _read_if_there(cursor, _applied_migrations, "schema_migrations")
    return max((row.version for row in applied.values()), default=0)


_OWN_TABLES = "duckdb_tables() where database_name = 'lake'"


def refuse_other_tables(
    cursor: duckdb.DuckDBPyConnection, lake: str, tables: LiteralString = _OWN_TABLES
) -> None:
    """A catalog with tables, and without any of our migrations, is not ours.

    Args:
        tables: where their names are listed, by default those of the attached lake.

    Raises:
        LakeRefused: the tables in it are another program's.
    """
    names = {name for (name,) in cursor.execute(f"select table_name from {tables}").fetchall()}
    if names and "schema_migrations" not in names:
        raise LakeRefused(
            f"The catalog at {lake} is another program's lake (it has a table {min(names)}, and none of this "
            "product). Correct WORKBENCH_LAKE ([lake] catalog in workbench.toml)."
        )


def migrate(lake: Lake) -> None:
    """Apply what is pending, all of it or nothing.

    Raises:
        LakeTooNew: a newer version has migrated the lake meanwhile.
    """

    def apply(cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute(_BOOKKEEPING)
        # Asked again under the lock: another process may have migrated while we waited for it.
        applied, views = _applied_migrations(cursor), stored_views(cursor)
        _refuse_newer(applied, views, lake.address.shown)
        _renumber(cursor, applied)
        for migration in _not_applied(applied):
            cursor.execute(migration.sql)
            _note(cursor, migration)
        apply_views(cursor, views)

    lake.write(apply, takes_turn=False)


def _applied_migrations(cursor: duckdb.DuckDBPyConnection) -> dict[str, AppliedMigration]:
    rows = cursor.execute("select version, name, applied_at from schema_migrations").fetchall()
    return {_bare_name(name): AppliedMigration(version, name, at) for version, name, at in rows}


def _read_if_there(
    cursor: duckdb.DuckDBPyConnection, read: Callable[[duckdb.DuckDBPyConnection], dict[str, T]], table: str
) -> dict[str, T]:
    """Empty where the lake has no such table; to list its tables first would take several times as long."""
    try:
        return read(cursor)
    except duckdb.CatalogException as error:
        if f"Table with name {table} does not exist" not in str(error):
            raise
        return {}


def _refuse_newer(
    applied: Mapping[str, AppliedMigration], views: Mapping[str, ViewDefinition], lake: str
) -> None:
    known = {migration.name for migration in known_migrations()} | _VIEWS_BEFORE
    unknown = [row for name, row in applied.items() if name not in known]
    if unknown:
        last = max(unknown, key=lambda row: row.version)
        raise _too_new(lake, f"version {last.version} ({last.name})", known_migrations()[-1].version)
    newest = max(view.version for view in known_views().values())
    last_view = max(views.values(), key=lambda view: view.version, default=None)
    if last_view and last_view.version > newest:
        raise _too_new(lake, f"version {last_view.version} of the views ({last_view.name})", newest)


def _too_new(lake: str, at: str, newest: int) -> LakeTooNew:
    return LakeTooNew(
        f"The lake at {lake} is at {at}; this program knows versions up to {newest}. Update the program, or "
        "point WORKBENCH_HOME at another lake."
    )


def _not_applied(applied: Mapping[str, AppliedMigration]) -> tuple[Migration, ...]:
    return tuple(migration for migration in known_migrations() if migration.name not in applied)


def _renumber(cursor: duckdb.DuckDBPyConnection, applied: Mapping[str, AppliedMigration]) -> None:
    """Give what was applied under a former number its number of today."""
    known = {migration.name: migration for migration in known_migrations()}
    if all(name in known and known[name].version == row.version for name, row in applied.items()):
        return
    cursor.execute("delete from schema_migrations")
    for name in known.keys() & applied.keys():
        _note(cursor, known[name], applied[name].applied_at)


def _note(
    cursor: duckdb.DuckDBPyConnection, migration: Migration, applied_at: datetime | None = None
) -> None:
    cursor.execute(
        "insert into schema_migrations values (?, ?, coalesce(?, now()))",
        [migration.version, f"{migration.version:03d}_{migration.name}", applied_at],
    )


def _bare_name(name: str) -> str:
    return re.sub(r"^\d+_", "", name)

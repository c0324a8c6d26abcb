"""Applies ``sql/NNN_*.sql`` in order, each once, and refuses a lake from a newer version.

A migration never changes after a release: to change a table or view, add the next file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import duckdb

from workbench.errors import LakeRefused, LakeTooNew

if TYPE_CHECKING:
    from workbench.lake.connect import Lake


@dataclass(frozen=True)
class Migration:
    version: int
    name: str
    sql: str


@cache
def known_migrations() -> tuple[Migration, ...]:
    """All migrations of this version, in order."""
    files = sorted((resources.files("workbench.lake") / "sql").iterdir(), key=lambda file: file.name)
    return tuple(
        Migration(int(file.name[:3]), file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in files
        if file.name.endswith(".sql")
    )


def pending_migrations(lake: Lake) -> tuple[Migration, ...]:
    """Those not applied yet.

    Raises:
        LakeTooNew: the lake has migrations that this version does not know.
    """
    with lake.cursor() as cursor:
        return _pending(cursor, lake.address.shown)


_OWN_TABLES = "duckdb_tables() where database_name = 'lake'"


def refuse_other_tables(cursor: duckdb.DuckDBPyConnection, lake: str, tables: str = _OWN_TABLES) -> None:
    """A catalog with tables, and without any of our migrations, is not ours.

    Args:
        tables: where their names are listed, by default those of the attached lake.

    Raises:
        LakeRefused: the tables in it are another program's.
    """
    names = {name for (name,) in cursor.execute(f"select table_name from {tables}").fetchall()}  # noqa: S608
    if names and "schema_migrations" not in names:
        raise LakeRefused(
            f"The catalog at {lake} is another program's lake (it has a table {min(names)}, and none of this "
            "product). Correct WORKBENCH_LAKE ([lake] catalog in workbench.toml)."
        )


def migrate(lake: Lake) -> None:
    """Apply what is pending, all of it or nothing."""

    def apply(cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute(
            "create table if not exists schema_migrations "
            "(version integer not null, name varchar not null, applied_at timestamptz not null)"
        )
        # Asked again under the lock: another process may have migrated while we waited for it.
        for migration in _pending(cursor, lake.address.shown):
            cursor.execute(migration.sql)
            cursor.execute(
                "insert into schema_migrations values (?, ?, now())", [migration.version, migration.name]
            )

    lake.write(apply, takes_turn=False)


def _pending(cursor: duckdb.DuckDBPyConnection, lake: str) -> tuple[Migration, ...]:
    exists = cursor.execute(
        "select count(*) from duckdb_tables() "
        "where database_name = 'lake' and table_name = 'schema_migrations'"
    ).fetchall()[0][0]
    applied = dict(cursor.execute("select version, name from schema_migrations").fetchall()) if exists else {}
    known = known_migrations()
    newest = known[-1].version
    beyond = sorted(version for version in applied if version > newest)
    if beyond:
        raise LakeTooNew(
            f"The lake at {lake} is at version {beyond[-1]}; this program knows versions up to {newest}. "
            "Update the program, or point WORKBENCH_HOME at another lake."
        )
    return tuple(migration for migration in known if migration.version not in applied)

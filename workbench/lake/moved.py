"""Marks a catalog whose lake was moved: from then on the catalog itself refuses every commit.

The refusal is a trigger in the catalog's database, so it holds for a process of an older version too, and for
one that has the lake open already. The mark also stands in DuckLake's own table of options, where an opening
sees it before it reads old numbers.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import duckdb
import psycopg
from psycopg import sql

from workbench.errors import LakeBusy, LakeError, LakeMoved
from workbench.lake.address import METADATA, LakeAddress, without_password
from workbench.lake.lock import exclusive
from workbench.lake.moved_mark import mark_text, moved_to

Mark = Callable[[str], None]

_KEY = "workbench_moved"
_TABLES = ("ducklake_snapshot", "ducklake_data_file", "ducklake_files_scheduled_for_deletion")
"""Every commit adds to the first; whoever lets old versions and their files go changes the others."""
_PATIENCE_SECONDS = 30

_SQLITE_MARK = """
import sqlite3, sys
catalog, key, text, *tables = sys.argv[1:]
connection = sqlite3.connect(catalog, timeout=60, isolation_level=None)
connection.execute("begin immediate")
connection.execute("delete from ducklake_metadata where key = ?", [key])
connection.execute("insert into ducklake_metadata (key, value) values (?, ?)", [key, text])
message = text.replace("'", "''")
for table in tables:
    for event in ("insert", "update", "delete"):
        connection.execute(
            f"create trigger if not exists {key}_{table}_{event} before {event} on {table} "
            f"begin select raise(abort, '{message}'); end"
        )
connection.execute("commit")
connection.close()
"""
"""Run by a process of its own: closing a SQLite file frees the locks that this process holds on it through
DuckDB."""


def refuse_moved(connection: duckdb.DuckDBPyConnection, address: LakeAddress) -> None:
    """Refuse an attached lake that was moved.

    Raises:
        LakeMoved: it says where it is now.
    """
    to = read_mark(connection, METADATA)
    if to is not None:
        raise LakeMoved(address.shown, to)


def read_mark(connection: duckdb.DuckDBPyConnection, metadata: LiteralString) -> str | None:
    """Where the lake with these tables of the catalog was moved to; None where it was not."""
    marks = connection.execute(
        f"select value from {metadata}.ducklake_metadata where key = '{_KEY}'"
    ).fetchall()
    return (moved_to(str(marks[0][0])) or "another place") if marks else None


@contextmanager
def writers_wait(address: LakeAddress) -> Iterator[Mark]:
    """Let nobody commit to the lake meanwhile: writers wait, readers do not.

    A process that is killed in it leaves no trace: the system, or the server, lets the writers go on.

    Yields:
        A function that marks the lake as moved to an address, in one step; whoever waited is refused then.

    Raises:
        LakeBusy: somebody is writing without an end.
        LakeError: the catalog cannot be reached.
    """
    if address.kind == "sqlite":
        with exclusive(Path(f"{address.catalog}.lock")):
            yield lambda to: _mark_sqlite(Path(address.catalog), to)
        return
    try:
        with psycopg.connect(address.catalog, connect_timeout=10) as connection:
            connection.execute(sql.SQL("set lock_timeout = {}").format(f"{_PATIENCE_SECONDS}s"))
            connection.execute("lock table ducklake_snapshot in share row exclusive mode")
            yield lambda to: _mark_postgres(connection, to)
            connection.rollback()
    except psycopg.errors.LockNotAvailable as error:
        raise LakeBusy(
            f"The lake at {address.shown} was written for {_PATIENCE_SECONDS} s without a pause. Run the "
            "same again when less is going on."
        ) from error
    except psycopg.Error as error:
        reason = without_password(" ".join(str(error).split()))
        raise LakeError(f"The catalog of {address.shown} cannot be used: {reason}") from error


def _mark_sqlite(catalog: Path, to: str) -> None:
    marking = subprocess.run(
        [sys.executable, "-I", "-c", _SQLITE_MARK, str(catalog), _KEY, mark_text(to), *_TABLES],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", check=False,
    )  # fmt: skip
    if marking.returncode:
        reason = (marking.stderr.strip().splitlines() or ["it was ended"])[-1]
        raise LakeError(
            f"The catalog {catalog} could not be marked as moved: {reason}. Nothing was switched."
        )


def _mark_postgres(connection: psycopg.Connection, to: str) -> None:
    text = mark_text(to)
    connection.execute("delete from ducklake_metadata where key = %s", [_KEY])
    connection.execute("insert into ducklake_metadata (key, value) values (%s, %s)", [_KEY, text])
    connection.execute(
        "create or replace function workbench_refuse_moved() returns trigger language plpgsql as "
        "$$ begin raise exception '%', tg_argv[0]; end $$"
    )
    for table in _TABLES:
        connection.execute(
            sql.SQL(
                "create or replace trigger workbench_moved before insert or update or delete on {} "
                "for each row execute function workbench_refuse_moved({})"
            ).format(sql.Identifier(table), sql.Literal(text))
        )
    connection.commit()

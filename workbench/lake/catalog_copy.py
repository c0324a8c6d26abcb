"""Copies a catalog as it is at one moment, into one SQLite file, and says which data files that copy needs.

The files of a lake never change, so a copy of the catalog and those files are the whole lake.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString

import duckdb

from workbench.errors import LakeError, LakeRefused
from workbench.lake.address import LakeAddress
from workbench.lake.duckdb_errors import translated
from workbench.lake.engine import new_engine
from workbench.lake.quoting import identifier, quoted
from workbench.lake.row_counts import count_rows

_SQLITE_COPY = """
import sqlite3, sys
source = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=60)
target = sqlite3.connect(sys.argv[2])
source.backup(target)
target.execute("pragma journal_mode = delete")
target.close()
"""
"""Run by a process of its own: closing a SQLite file frees the locks that this process holds on it through
DuckDB."""


@dataclass(frozen=True)
class NeededFile:
    """A data or delete file that a catalog needs, by its path under the lake's folder."""

    path: str
    size: int


def copy_catalog(address: LakeAddress, home: Path, target: Path) -> None:
    """Copy the catalog to a new SQLite file, whole and of one moment, while others read and write it.

    Args:
        home: where the engine may spill.
        target: does not exist yet.

    Raises:
        LakeError: it cannot be read or written now.
    """
    if address.kind == "sqlite":
        _copy_sqlite(Path(address.catalog), target)
    else:
        _copy_postgres(address, home, target)


def _copy_sqlite(catalog: Path, target: Path) -> None:
    uri_path = str(catalog).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    copying = subprocess.run(
        [sys.executable, "-I", "-c", _SQLITE_COPY, uri_path, str(target)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", check=False,
    )  # fmt: skip
    if copying.returncode:
        reason = (copying.stderr.strip().splitlines() or ["it was ended"])[-1]
        raise LakeError(f"The catalog {catalog} could not be copied to {target}: {reason}")


def _copy_postgres(address: LakeAddress, home: Path, target: Path) -> None:
    """DuckLake makes an empty catalog of its own form in SQLite, which then gets the rows of every table."""
    with translated(address.shown), new_engine(home, address, also=["sqlite_scanner"]) as engine:
        engine.execute(f"ATTACH {quoted(f'ducklake:sqlite:{target}')} AS empty_lake (DATA_PATH 'nowhere/')")
        engine.execute("DETACH empty_lake")
        engine.execute(f"ATTACH {quoted(str(target))} AS copy (TYPE sqlite)")
        engine.execute(f"ATTACH {quoted(address.catalog)} AS server (TYPE postgres, READ_ONLY)")
        # One transaction: the server shows it the state of one moment (repeatable read).
        engine.execute("BEGIN")
        known = set(_table_names(engine, "copy"))
        for name in _table_names(engine, "server"):
            table = identifier(name)
            if name in known:
                engine.execute(f"delete from copy.{table}")
                engine.execute(f"insert into copy.{table} by name select * from server.{table}")
            else:
                engine.execute(f"create table copy.{table} as select * from server.{table}")
        engine.execute("COMMIT")


def _table_names(engine: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    return [
        name
        for (name,) in engine.execute(
            "select table_name from duckdb_tables() where database_name = ? "
            "and starts_with(table_name, 'ducklake_') order by 1",
            [database],
        ).fetchall()
    ]


_NEEDED = """
select s.path || t.path || f.path, f.file_size_bytes,
    s.path_is_relative and t.path_is_relative and f.path_is_relative
from (
    select table_id, path, path_is_relative, file_size_bytes, end_snapshot from ducklake_data_file
    union all
    select table_id, path, path_is_relative, file_size_bytes, end_snapshot from ducklake_delete_file
) f
join ducklake_table t on t.table_id = f.table_id and t.end_snapshot is null
join ducklake_schema s on s.schema_id = t.schema_id and s.end_snapshot is null
where f.end_snapshot is null
order by 1
"""


def needed_files(catalog: Path) -> list[NeededFile]:
    """The files that a reader of everything needs with this copy of a catalog.

    Raises:
        LakeRefused: a file lies outside of the lake's folder.
    """
    with closing(sqlite3.connect(catalog)) as connection:
        rows = connection.execute(_NEEDED).fetchall()
    outside = [path for path, _, is_relative in rows if not is_relative]
    if outside:
        raise LakeRefused(
            f"{len(outside):,} files of this lake are outside of its folder, as {outside[0]}; a copy of the "
            "folder would lack them. Run `workbench lake compact`, which writes them into the folder."
        )
    return [NeededFile(path, int(size)) for path, size, _ in rows]


def settle_copy(catalog: Path, data: str) -> None:
    """Make a copy of a catalog the catalog of a folder that has only its needed files.

    Old versions were let go before (`ducklake_expire_snapshots`); their files are not there to be deleted.
    """
    with closing(sqlite3.connect(catalog)) as connection, connection:
        connection.execute("update ducklake_metadata set value = ? where key = 'data_path'", [data])
        connection.execute("delete from ducklake_files_scheduled_for_deletion")


@dataclass(frozen=True)
class CopyContent:
    """What a copy of a catalog says of its lake."""

    lake_id: str
    snapshot: int
    totals: dict[str, int]
    """Rows by table."""
    erased: dict[str, tuple[str, datetime]]
    """Hash of a person → id of the erasure and its moment."""
    horizons: dict[str, datetime]
    """Rule of retention → the moment before which everything was removed."""


def read_copy(catalog: Path, address: LakeAddress, home: Path) -> CopyContent:
    """Open a copy of a catalog on the lake's own files and read it, which also shows that it opens.

    Raises:
        LakeError: it cannot be read; a file that it needs may be gone since it was made.
    """
    copied = LakeAddress("sqlite", str(catalog), address.data)
    with translated(address.shown), new_engine(home, copied) as engine:
        engine.execute(
            f"ATTACH {quoted(f'ducklake:sqlite:{catalog}')} AS lake (DATA_PATH {quoted(address.data)}, "
            "OVERRIDE_DATA_PATH true, CREATE_IF_NOT_EXISTS false, READ_ONLY)"
        )
        engine.execute("USE lake")
        people = engine.execute("select person_hash, erasure_id, erased_at from erased_people").fetchall()
        return CopyContent(
            lake_id=_value(engine, "select lake_id from lake_identity"),
            snapshot=_value(engine, "from ducklake_current_snapshot('lake')"),
            totals=count_rows(engine),
            erased={person: (erasure_id, erased_at) for person, erasure_id, erased_at in people},
            horizons=dict(engine.execute("select rule, removed_before from retention_horizons").fetchall()),
        )


def _value(engine: duckdb.DuckDBPyConnection, sql: LiteralString) -> Any:
    return engine.execute(sql).fetchall()[0][0]

"""The place of a new lake: whether it is free, making a lake there, and removing one again."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg
from psycopg import sql

from workbench.backup.store import open_store
from workbench.errors import BackupError, LakeError, LakeRefused, UsageError
from workbench.lake.address import LakeAddress, lake_address, without_password
from workbench.lake.connect import Lake
from workbench.lake.data_folder import MARKER_FILE, SCHEMA_FOLDER, open_data_folder
from workbench.lake.duckdb_errors import is_no_lake, translated
from workbench.lake.engine import new_engine
from workbench.lake.opening import adopt_lake
from workbench.lake.ownership import refuse_nested
from workbench.moving.both_lakes import PROGRESS_TABLE
from workbench.settings import Settings

STAGE_FOLDER = "tmp/moving"
"""Under WORKBENCH_HOME: a home for the new lake while it is made; the key and the audit's anchor of the real
one would be taken for those of a lake that was lost."""


def settings_at(settings: Settings, to: str, data: str | None) -> Settings:
    """The settings with the lake at another address.

    Raises:
        UsageError: it is no address of a lake.
    """
    kind, _, catalog = to.partition(":")
    if kind == "sqlite" and catalog:
        to = f"sqlite:{Path(catalog).expanduser().absolute()}"
    elif kind != "postgres" or not catalog:
        raise UsageError(
            f"--to is {without_password(to)!r}; write sqlite:PATH, or postgres:dbname=… host=… with --data "
            "for the files."
        )
    if data is not None and not data.startswith("s3://"):
        if "://" in data or not data.strip():
            raise UsageError(f"--data is {data!r}; write a folder, or s3://bucket/prefix/.")
        data = str(Path(data).expanduser().absolute())
    if data is not None:
        data = data.rstrip("/") + "/"
    if kind == "postgres" and data is None:
        raise UsageError(
            "A PostgreSQL catalog keeps the files elsewhere: give --data with a folder that every machine "
            "sees, or s3://bucket/prefix/."
        )
    return replace(settings, lake=replace(settings.lake, catalog=to, data=data))


def why_not_free(settings: Settings) -> str | None:
    """Why no lake can be begun at the address of these settings; None where one can."""
    address = lake_address(settings)
    catalog = Path(address.catalog)
    if address.kind == "sqlite" and catalog.exists() and (catalog.is_dir() or catalog.stat().st_size):
        return f"there is a file at {catalog} already. Choose another path."
    try:
        with translated(address.shown), new_engine(settings.home, address) as engine:
            if address.kind == "postgres" and _has_lake(engine, address):
                return (
                    f"the database {address.shown} holds a lake already. Make an empty one (createdb) and "
                    "name that."
                )
            folder = open_data_folder(address.data, engine)
            refuse_nested(address, folder)
            if folder.markers() or folder.parquet_files() or folder.is_begun():
                return f"{address.data} holds files of a lake already. Choose another folder or prefix."
    except LakeError as error:
        return str(error)
    return None


def _has_lake(engine: duckdb.DuckDBPyConnection, address: LakeAddress) -> bool:
    try:
        engine.execute(address.attach_sql(read_only=True, name="looked_at"))
    except duckdb.Error as error:
        if is_no_lake(error):
            return False
        raise
    engine.execute("DETACH looked_at")
    return True


def make_lake(settings: Settings) -> None:
    """Begin an empty lake at the address of these settings, with all tables and views and its marker.

    Raises:
        LakeError: it cannot be made.
    """
    stage = settings.home / STAGE_FOLDER
    shutil.rmtree(stage, ignore_errors=True)
    staged = replace(settings, home=stage, lake=replace(settings.lake, catalog=settings.catalog))
    adopt_lake(staged, _nothing_to_move_away).close()
    shutil.rmtree(stage)


def _nothing_to_move_away(lake: Lake) -> None:
    """The place was looked at before: it is empty."""


def remove_lake(address: LakeAddress, home: Path) -> None:
    """Delete a lake: its tables of the catalog, its files and its marker, and nothing else. Can be run again.

    Raises:
        LakeError: the server, the bucket or the folder says no; what is left can be removed by the same.
    """
    _remove_files(address, home)
    if address.kind == "sqlite":
        for suffix in ("-wal", "-shm", "-journal", "", ".lock"):
            Path(f"{address.catalog}{suffix}").unlink(missing_ok=True)
        return
    try:
        with psycopg.connect(address.catalog, connect_timeout=10) as connection:
            names = connection.execute(
                "select tablename from pg_tables where schemaname = current_schema() "
                "and starts_with(tablename, 'ducklake_')"
            ).fetchall()
            for (name,) in names:
                connection.execute(sql.SQL("drop table {} cascade").format(sql.Identifier(name)))
            connection.execute("drop function if exists workbench_refuse_moved() cascade")
    except psycopg.Error as error:
        reason = without_password(" ".join(str(error).split()))
        raise LakeError(f"The catalog {address.shown} could not be removed: {reason}") from error


def _remove_files(address: LakeAddress, home: Path) -> None:
    if not address.is_bucket:
        folder = Path(address.data)
        if (folder / SCHEMA_FOLDER).is_dir():
            shutil.rmtree(folder / SCHEMA_FOLDER)
        (folder / MARKER_FILE).unlink(missing_ok=True)
        if folder.is_dir() and not os.listdir(folder):
            folder.rmdir()
        return
    try:
        store = open_store(address.data, home / "tmp")
        for name in store.names(""):
            if name.startswith((f"{SCHEMA_FOLDER}/", "workbench-lake-")):
                store.delete(name)
    except BackupError as error:
        raise LakeError(f"The files in {address.data} could not be removed: {error}") from error


def refuse_foreign(address: LakeAddress, home: Path) -> None:
    """Before anything is removed at the new place: refuse a lake that this move did not begin.

    Raises:
        LakeRefused: somebody else has begun one there since.
    """
    with translated(address.shown), new_engine(home, address) as engine:
        is_there = Path(address.catalog).exists() if address.kind == "sqlite" else True
        if not is_there or not _has_lake(engine, address):
            return
        engine.execute(address.attach_sql(read_only=True, name="looked_at"))
        names = {
            name
            for (name,) in engine.execute(
                "select table_name from __ducklake_metadata_looked_at.ducklake_table "
                "where end_snapshot is null"
            ).fetchall()
        }
        if PROGRESS_TABLE in names or "raw_messages" not in names:
            return
        if engine.execute("select 1 from looked_at.raw_messages limit 1").fetchall():
            raise LakeRefused(
                f"{address.shown} holds a lake that this move did not begin, so nothing of it is removed. "
                "Remove it yourself, or choose another place."
            )

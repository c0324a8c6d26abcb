"""Opens the lake, the only place that attaches a catalog: begins it, migrates it, refuses another one's."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from workbench.errors import CatalogLost, ConfigError, LakeRefused, NothingKnown
from workbench.lake.address import METADATA, LakeAddress, lake_address
from workbench.lake.connect import Lake
from workbench.lake.conversation_ids import key_older_ids
from workbench.lake.data_folder import MARKER_FILE
from workbench.lake.duckdb_errors import is_no_lake, translated
from workbench.lake.empty_statistics import note_empty_tables
from workbench.lake.engine import SPILL_FOLDER, new_engine
from workbench.lake.fleet.shared_files import enter_fleet
from workbench.lake.kept_catalogs import keep_catalog
from workbench.lake.lock import exclusive
from workbench.lake.migrations import migrate, pending_changes, refuse_other_tables
from workbench.lake.moved import refuse_moved
from workbench.lake.ownership import claim_files, refuse_lost_catalog
from workbench.lake.private_files import make_private_folder, protect_catalog, protect_data, protect_folder
from workbench.lake.quoting import quoted
from workbench.lake.secret_key import settle_key
from workbench.settings import Settings


def open_lake(
    settings: Settings,
    *,
    read_only: bool = False,
    may_begin: bool = True,
    threads: int | None = None,
    snapshot: int | None = None,
) -> Lake:
    """Open the lake of ``settings``, and migrate it where an older version made it.

    Args:
        may_begin: make one where there is none, for whoever brings something into it. Who only reads makes
            none: its answers would be 0 where nothing is known. ``read_only`` never makes one.
        snapshot: read this version of it (:meth:`Lake.snapshot_id`), whatever is written meanwhile; only
            together with ``read_only``.
        threads: of the engine, by default as many as the lake's size is worth (see ``_set_threads``). One
            is enough for whoever writes batches, and saves the memory of a Parquet writer for each of the
            others.

    Raises:
        LakeTooNew: it was written by a newer version.
        LakeRefused: catalog, files and key do not belong together.
        LakeDamaged: a file of it is unreadable.
        NothingKnown: there is none yet, and this caller makes none.
        LakeError: it cannot be opened.
    """
    address = lake_address(settings)
    enter_fleet(settings)
    may_begin = may_begin and not read_only
    if not may_begin:
        _require_catalog(address, settings.home)
    if snapshot is not None:
        return _attach(address, settings.home, read_only=True, threads=threads, snapshot=snapshot)
    lake = _attach(address, settings.home, read_only=False, threads=threads, may_begin=may_begin)
    try:
        _check(lake, is_reader=read_only)
    except BaseException:
        lake.close()
        raise
    if not read_only:
        return lake
    lake.close()
    return _attach(address, settings.home, read_only=True, threads=threads)


def open_as_it_is(settings: Settings) -> Lake:
    """Open the lake for reading, and bring nothing of it up to date.

    Raises:
        NothingKnown: there is none yet.
        LakeError: it cannot be opened.
    """
    address = lake_address(settings)
    _require_catalog(address, settings.home)
    return _attach(address, settings.home, read_only=True, threads=None)


def _require_catalog(address: LakeAddress, home: Path) -> None:
    """Refuse where there is no file of a catalog; a server is asked by attaching."""
    if address.kind == "sqlite" and _has_no_bytes(Path(address.catalog)):
        _refuse_if_lost(address, home)
        raise _no_lake(address)


def _check(lake: Lake, *, is_reader: bool, before_claim: Callable[[Lake], None] | None = None) -> None:
    """The one check at every opening: catalog, tables, files and key belong together and are up to date."""
    with translated(lake.address.shown):
        pending = pending_changes(lake)
        if pending.is_all:
            with lake.cursor() as cursor:
                refuse_other_tables(cursor, lake.address.shown)
                _refuse_lost_tables(lake, cursor)
        if not lake.address.is_bucket:
            protect_data(Path(lake.address.data), is_shared=lake.address.kind != "sqlite")
        if pending.migrations and not pending.is_all:
            keep_catalog(lake, [migration.version for migration in pending.migrations])
        if pending:
            migrate(lake)
            note_empty_tables(lake)
        if before_claim:
            before_claim(lake)
        claim_files(lake, adopt=before_claim is not None)
        settle_key(lake, is_reader=is_reader)
        if not is_reader:
            key_older_ids(lake)


def _refuse_lost_tables(lake: Lake, cursor: duckdb.DuckDBPyConnection) -> None:
    """Refuse a catalog without tables whose files are still there, unless they came while we looked."""
    try:
        refuse_lost_catalog(lake.address, lake.home, cursor, "is empty", was_there=True)
    except CatalogLost:
        # Another process that begins this lake writes its marker after its tables: they are there now.
        if pending_changes(lake).is_all:
            raise


def adopt_lake(settings: Settings, before_claim: Callable[[Lake], None]) -> Lake:
    """Open the lake of ``settings`` and take its folder of files, whoever had it before.

    Args:
        before_claim: moves away what the catalog does not know.

    Raises:
        LakeError: as :func:`open_lake`, but for files of another lake.
    """
    lake = _attach(lake_address(settings), settings.home, read_only=False, threads=None, may_begin=True)
    try:
        _check(lake, is_reader=False, before_claim=before_claim)
    except BaseException:
        lake.close()
        raise
    return lake


def _refuse_if_lost(address: LakeAddress, home: Path) -> None:
    with translated(address.shown), new_engine(home, address) as connection:
        refuse_lost_catalog(address, home, connection, _state(Path(address.catalog)), was_there=False)


def _has_no_bytes(catalog: Path) -> bool:
    return not catalog.exists() or catalog.stat().st_size == 0


def _state(catalog: Path) -> str:
    return "is empty (0 bytes)" if catalog.exists() else "is missing"


def _no_lake(address: LakeAddress) -> NothingKnown:
    place = address.catalog if address.kind == "sqlite" else address.shown
    return NothingKnown(f"There is no lake at {place} yet")


def _attach(
    address: LakeAddress,
    home: Path,
    *,
    read_only: bool,
    threads: int | None,
    may_begin: bool = False,
    snapshot: int | None = None,
) -> Lake:
    sql = address.attach_sql(read_only=read_only, snapshot=snapshot)
    return Lake(partial(_attached, address, home, sql, threads, may_begin), address, home)


def _attached(
    address: LakeAddress, home: Path, attach: str, threads: int | None, may_begin: bool, is_first: bool
) -> duckdb.DuckDBPyConnection:
    with translated(address.shown):
        connection = new_engine(home, address)
    if not address.is_bucket:
        # The operating system caches local files already. DuckDB would cache them once more, also those that
        # a merge has replaced.
        connection.execute("SET enable_external_file_cache = false")
    connection.execute(FOR_TINY_QUERIES)
    try:
        with translated(address.shown):
            if address.kind == "sqlite" and is_first:
                make_private_folder(Path(address.catalog).parent)
                # Two first openings at once would both create the catalog. Later openings wait for no writer.
                with exclusive(Path(address.catalog + ".lock")):
                    _attach_or_begin(connection, address, home, attach, may_begin)
            elif is_first:
                _attach_or_begin(connection, address, home, attach, may_begin)
            else:
                connection.execute(attach)
            refuse_moved(connection, address)
            protect_folder(home / SPILL_FOLDER)
            _set_threads(connection, threads)
    except BaseException:
        connection.close()
        raise
    return connection


#: Most of what a question to a small lake costs is a dozen tiny queries to the catalog. With a second thread
#: the first one waits for it in a busy loop, so that each costs two to three times as much. And where a table
#: has no file yet, this optimizer asks for the statistics of every column by a query of its own; nothing was
#: slower without it, on 57,000 messages or on a million.
FOR_TINY_QUERIES = "SET threads = 1; SET disabled_optimizers = 'statistics_propagation'"

LARGE_ROWS = 250_000
"""Rows of the largest table from which a thread for each core is worth what it costs."""


def _set_threads(connection: duckdb.DuckDBPyConnection, threads: int | None) -> None:
    """Give the engine as many threads as were asked, by default one for each core where the lake is large."""
    if threads is not None:
        connection.execute(f"SET threads = {threads:d}")
        return
    [(rows,)] = connection.execute(
        f"select coalesce(max(record_count), 0) from {METADATA}.ducklake_table_stats"
    ).fetchall()
    if rows >= LARGE_ROWS:
        connection.execute("RESET threads")


def _attach_or_begin(
    connection: duckdb.DuckDBPyConnection, address: LakeAddress, home: Path, attach: str, may_begin: bool
) -> None:
    """Attach the catalog; where there is none, and nothing of an earlier one, begin one if allowed."""
    catalog = Path(address.catalog)
    if address.kind == "sqlite" and _has_no_bytes(catalog):
        _require_whole_path(address)
        refuse_lost_catalog(address, home, connection, _state(catalog), was_there=False)
    else:
        if address.kind == "sqlite":
            if address.is_bucket or not (Path(address.data) / MARKER_FILE).exists():
                _refuse_other_database(connection, catalog)
            protect_catalog(catalog)
        try:
            connection.execute(attach)
            return
        except duckdb.Error as error:
            if not is_no_lake(error):
                raise
        _require_whole_path(address)
        refuse_lost_catalog(address, home, connection, "is empty", was_there=False)
    if not may_begin:
        raise _no_lake(address)
    if address.kind == "sqlite":
        protect_catalog(catalog)
    connection.execute(address.attach_sql(may_create=True))


def _require_whole_path(address: LakeAddress) -> None:
    """Refuse to begin a lake at a relative path: it would be another folder wherever a command is run."""
    if not (address.is_bucket or Path(address.data).is_absolute()):
        whole = os.path.abspath(os.path.expanduser(address.data))
        raise ConfigError(
            f"[lake] data is {address.data!r} (WORKBENCH_LAKE_DATA), which is another folder wherever a "
            f"command is run. Write its whole path, such as {whole}."
        )


def _refuse_other_database(connection: duckdb.DuckDBPyConnection, catalog: Path) -> None:
    """Refuse a SQLite file with tables of another program, before anything in it is changed.

    A Postgres database may serve others as well.
    """
    connection.execute(f"ATTACH {quoted(str(catalog))} AS unknown (TYPE sqlite, READ_ONLY)")
    tables = [
        name
        for (name,) in connection.execute(
            "select name from sqlite_scan(?, 'sqlite_master') where type = 'table' order by name",
            [str(catalog)],
        ).fetchall()
    ]
    if "ducklake_table" in tables:
        refuse_other_tables(connection, str(catalog), "unknown.ducklake_table where end_snapshot is null")
    connection.execute("DETACH unknown")
    if tables and "ducklake_metadata" not in tables:
        raise LakeRefused(
            f"{catalog} is a database of something else (it has a table {tables[0]}) and no catalog of a "
            "lake. Correct WORKBENCH_LAKE ([lake] catalog in workbench.toml), or put the catalog back from "
            "a copy."
        )

"""Opens the lake: the only place that attaches a catalog.

One :class:`Lake` per process; its cursors are cheap and safe to use from several threads. Notebooks,
servers and syncs open the same lake at the same moment. Writes go through :meth:`Lake.write`, one at a
time on a SQLite catalog.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import duckdb

from workbench.errors import ConfigError, LakeDamaged, LakeError, LakeRefused, WorkbenchError
from workbench.lake.address import LakeAddress, lake_address
from workbench.lake.audit import keep_anchor
from workbench.lake.damage import explain_damage, may_be_damage
from workbench.lake.data_folder import MARKER_FILE
from workbench.lake.duckdb_errors import end_cursor, interruptible, is_conflict, is_no_lake, translated
from workbench.lake.engine import SPILL_FOLDER, load_bucket_access, load_extensions, new_engine
from workbench.lake.lock import exclusive
from workbench.lake.migrations import migrate, pending_changes, refuse_other_tables
from workbench.lake.ownership import claim_files, refuse_lost_catalog
from workbench.lake.private_files import make_private_folder, protect_catalog, protect_data, protect_folder
from workbench.lake.quoting import quoted
from workbench.lake.secret_key import settle_key
from workbench.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
Parameters = Mapping[str, object] | Sequence[object] | None

_WRITE_ATTEMPTS = 40
_LONGEST_PAUSE = 0.5


class Readable(Protocol):
    """What answers a question in SQL: a lake, or what was read of it."""

    def rows(self, sql: str, parameters: Parameters = None) -> list[tuple[Any, ...]]: ...

    def value(self, sql: str, parameters: Parameters = None) -> Any: ...

    def frame(self, sql: str, parameters: Parameters = None) -> pd.DataFrame: ...


class Lake:
    """An attached lake. Reads take a snapshot each; writes are whole or not at all."""

    def __init__(
        self, attach: Callable[[bool], duckdb.DuckDBPyConnection], address: LakeAddress, home: Path
    ) -> None:
        self._attach = attach
        self._connection = attach(True)
        self.address = address
        self.home = home
        self.generation = 1
        """Grows when :meth:`renew` empties the schema `memory.main`."""

    def __repr__(self) -> str:
        return f"Lake({self.address.shown!r})"

    def __enter__(self) -> Lake:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def renew(self) -> None:
        """Attach the catalog once more and let the old engine go, with the tables of `memory.main`.

        For processes that run for days: DuckLake 1.0 keeps about 20 KB of every version it has seen
        (github.com/duckdb/ducklake/issues/852). Cursors in use stay with the old engine.

        Raises:
            LakeError: it cannot be attached now; the old one stays.
        """
        self._connection = self._attach(False)
        self.generation += 1

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of the calling thread's own, in autocommit, with the lake as its default."""
        cursor = self._connection.cursor()
        try:
            with translated(self.address.shown, self._find_damage):
                self._settle(cursor)
                yield cursor
        finally:
            end_cursor(cursor)

    @contextmanager
    def memory(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """As `cursor`, but for tables of this process alone, in the schema `memory.main`.

        A statement that does not name the lake leaves its catalog in peace, which is most of what a small
        question costs.
        """
        cursor = self._connection.cursor()
        try:
            with translated(self.address.shown, self._find_damage):
                yield cursor
        finally:
            end_cursor(cursor)

    def rows(self, sql: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
        with self.cursor() as cursor:
            return cursor.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Parameters = None) -> Any:
        """The first column of the first row; None when there is no row."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def frame(self, sql: str, parameters: Parameters = None) -> pd.DataFrame:
        with self.cursor() as cursor:
            return cursor.execute(sql, parameters).df()

    def snapshot_id(self) -> int:
        """Grows with every commit by anybody; the key for caches that must never be stale."""
        return int(self.value("FROM ducklake_current_snapshot('lake')"))

    def write(self, work: Callable[[duckdb.DuckDBPyConnection], T], *, takes_turn: bool = True) -> T:
        """Run ``work`` in one transaction and commit it; no other write happens in between.

        ``work`` may run again after a conflict on a shared catalog, so it touches nothing but the cursor.
        ``takes_turn`` is for everybody but the migrations (see sql/105_write_turn.sql).
        """
        for attempt in range(_WRITE_ATTEMPTS):
            try:
                with interruptible():
                    return self._write_once(work, takes_turn)
            except duckdb.Error as error:
                if attempt == _WRITE_ATTEMPTS - 1 or not is_conflict(error):
                    with translated(self.address.shown, self._find_damage):
                        raise
                time.sleep(min(random.uniform(0.01, 0.05) * 2**attempt, random.uniform(0, _LONGEST_PAUSE)))
        raise AssertionError("unreachable")

    def _write_once(self, work: Callable[[duckdb.DuckDBPyConnection], T], takes_turn: bool) -> T:
        with self._write_lock():
            cursor = self._connection.cursor()
            try:
                self._settle(cursor)
                cursor.execute("BEGIN")
                if takes_turn and self.address.kind != "sqlite":
                    cursor.execute("update write_turn set turn = turn + 1")
                result = work(cursor)
                cursor.execute("COMMIT")
                keep_anchor(cursor, self.home)
                return result
            finally:
                # Closing rolls back whatever was not committed.
                end_cursor(cursor)

    def open_reader(self) -> duckdb.DuckDBPyConnection:
        """A new connection without the catalog, for looking at the files themselves."""
        connection = new_engine(self.home)
        if self.address.is_bucket:
            load_bucket_access(connection)
        return connection

    def _find_damage(self, error: duckdb.Error) -> LakeDamaged | None:
        if is_conflict(error) or not may_be_damage(error):
            return None
        try:
            connection = self._attach(False)
        except WorkbenchError:
            return None  # the catalog itself: the error says so
        with connection:
            return explain_damage(connection, error, self.address.data, self.open_reader)

    def _settle(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """What a new cursor needs to know: its database, and where this installation keeps its files."""
        cursor.execute(f"USE lake; SET VARIABLE workbench_home = {quoted(str(self.home))}")

    def run_alone(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Run ``work`` while nobody of this machine writes, each of its statements a commit by itself.

        For DuckLake's own procedures, which may not stand in a transaction of ours.
        """
        with self._write_lock(), self.cursor() as cursor:
            return work(cursor)

    def _write_lock(self) -> Any:
        if self.address.kind != "sqlite":
            return nullcontext()
        return exclusive(Path(self.address.catalog + ".lock"))


def open_lake(
    settings: Settings,
    *,
    read_only: bool = False,
    threads: int | None = None,
    snapshot: int | None = None,
) -> Lake:
    """Open the lake of ``settings``; create or migrate it unless ``read_only``.

    Args:
        snapshot: read this version of it (:meth:`Lake.snapshot_id`), whatever is written meanwhile; only
            together with ``read_only``.
        threads: of the engine, by default one for each core. One is enough for whoever writes batches, and
            saves the memory of a Parquet writer for each of the others.

    Raises:
        LakeTooNew: it was written by a newer version.
        LakeRefused: catalog, files and key do not belong together.
        LakeDamaged: a file of it is unreadable.
        LakeError: it cannot be opened, or ``read_only`` and there is none yet.
    """
    address = lake_address(settings)
    if read_only and address.kind == "sqlite" and not Path(address.catalog).exists():
        _refuse_if_lost(address, settings.home)
        raise LakeError(
            f"There is no lake at {address.catalog} yet: run `workbench sync` (or `workbench demo`)."
        )
    if snapshot is not None:
        return _attach(address, settings.home, read_only=True, threads=threads, snapshot=snapshot)
    lake = _attach(address, settings.home, read_only=False, threads=threads)
    try:
        _settle(lake, is_reader=read_only)
    except BaseException:
        lake.close()
        raise
    if not read_only:
        return lake
    lake.close()
    return _attach(address, settings.home, read_only=True, threads=threads)


def _settle(lake: Lake, *, is_reader: bool, before_claim: Callable[[Lake], None] | None = None) -> None:
    """The one check at every opening: catalog, tables, files and key belong together and are up to date."""
    with translated(lake.address.shown):
        pending = pending_changes(lake)
        if pending.is_all:
            with lake.cursor() as cursor:
                refuse_other_tables(cursor, lake.address.shown)
                refuse_lost_catalog(lake.address, lake.home, cursor, "is empty", was_there=True)
        if not lake.address.is_bucket:
            protect_data(Path(lake.address.data), is_shared=lake.address.kind != "sqlite")
        if pending:
            migrate(lake)
        if before_claim:
            before_claim(lake)
        claim_files(lake, adopt=before_claim is not None)
        settle_key(lake, is_reader=is_reader)


def adopt_lake(settings: Settings, before_claim: Callable[[Lake], None]) -> Lake:
    """Open the lake of ``settings`` and take its folder of files, whoever had it before.

    Args:
        before_claim: moves away what the catalog does not know.

    Raises:
        LakeError: as :func:`open_lake`, but for files of another lake.
    """
    lake = _attach(lake_address(settings), settings.home, read_only=False, threads=None)
    try:
        _settle(lake, is_reader=False, before_claim=before_claim)
    except BaseException:
        lake.close()
        raise
    return lake


def _refuse_if_lost(address: LakeAddress, home: Path) -> None:
    with new_engine(home) as connection, translated(address.shown):
        load_extensions(connection, address)
        refuse_lost_catalog(address, home, connection, "is missing", was_there=False)


def _attach(
    address: LakeAddress, home: Path, *, read_only: bool, threads: int | None, snapshot: int | None = None
) -> Lake:
    sql = address.attach_sql(read_only=read_only, snapshot=snapshot)
    return Lake(partial(_attached, address, home, sql, threads), address, home)


def _attached(
    address: LakeAddress, home: Path, attach: str, threads: int | None, is_first: bool
) -> duckdb.DuckDBPyConnection:
    connection = new_engine(home)
    if not address.is_bucket:
        # The system keeps files of this machine in memory already; DuckDB would keep them once more, and
        # every one that a merge has replaced.
        connection.execute("SET enable_external_file_cache = false")
    if threads:
        connection.execute(f"SET threads = {threads:d}")
    try:
        with translated(address.shown):
            load_extensions(connection, address)
            if address.kind == "sqlite" and is_first:
                make_private_folder(Path(address.catalog).parent)
                # Two first openings at once would both create the catalog; later ones wait for no writer.
                with exclusive(Path(address.catalog + ".lock")):
                    _attach_or_begin(connection, address, home, attach)
            elif is_first:
                _attach_or_begin(connection, address, home, attach)
            else:
                connection.execute(attach)
            protect_folder(home / SPILL_FOLDER)
    except BaseException:
        connection.close()
        raise
    return connection


def _attach_or_begin(
    connection: duckdb.DuckDBPyConnection, address: LakeAddress, home: Path, attach: str
) -> None:
    """Attach the catalog; begin one where there is none, and nothing of an earlier one."""
    catalog = Path(address.catalog)
    if address.kind == "sqlite" and (not catalog.exists() or catalog.stat().st_size == 0):
        _require_whole_path(address)
        state = "is empty (0 bytes)" if catalog.exists() else "is missing"
        refuse_lost_catalog(address, home, connection, state, was_there=False)
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
    if address.kind == "sqlite":
        protect_catalog(catalog)
    connection.execute(address.attach_sql(may_create=True))


def _require_whole_path(address: LakeAddress) -> None:
    """A lake that begins in `files` would have other files wherever a command is run; begun ones stay."""
    if not (address.is_bucket or Path(address.data).is_absolute()):
        whole = os.path.abspath(os.path.expanduser(address.data))
        raise ConfigError(
            f"[lake] data is {address.data!r} (WORKBENCH_LAKE_DATA), which is another folder wherever a "
            f"command is run. Write its whole path, such as {whole}."
        )


def _refuse_other_database(connection: duckdb.DuckDBPyConnection, catalog: Path) -> None:
    """A SQLite file with tables of something else, before a thing of it is changed.

    A Postgres database may serve others as well.
    """
    connection.execute(f"ATTACH {quoted(str(catalog))} AS unknown (TYPE sqlite, READ_ONLY)")
    tables = [
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = 'unknown' order by 1"
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

"""An open lake: reading it, and writing it in transactions. `opening.py` opens one.

One :class:`Lake` per process; its cursors are cheap and safe to use from several threads. Notebooks,
servers and syncs have the same lake open at the same moment. Writes go through :meth:`Lake.write`, one at a
time on a SQLite catalog.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import duckdb

from workbench.errors import LakeDamaged, WorkbenchError
from workbench.lake.address import LakeAddress
from workbench.lake.audit import keep_anchor
from workbench.lake.damage import explain_damage, may_be_damage
from workbench.lake.duckdb_errors import end_cursor, interruptible, is_away, is_conflict, translated
from workbench.lake.engine import new_engine
from workbench.lake.lock import exclusive
from workbench.lake.quoting import quoted

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

T = TypeVar("T")
Parameters = Mapping[str, object] | Sequence[object] | None

_WRITE_ATTEMPTS = 40
_LONGEST_PAUSE = 0.5
_AWAY_SECONDS = 15.0
"""How long a write waits for a server that went away, as for a restart."""


class _Commit:
    """Whether the commit of a write was asked for."""

    def __init__(self) -> None:
        self.is_asked = False


class Readable(Protocol):
    """What answers a question in SQL: a lake, or what was read of it."""

    def rows(self, sql: str, parameters: Parameters = None) -> list[tuple[Any, ...]]: ...

    def value(self, sql: str, parameters: Parameters = None) -> Any: ...

    def frame(self, sql: str, parameters: Parameters = None) -> pd.DataFrame: ...


class LakeVersion:
    """What answers every question from one version of the lake."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    @property
    def cursor(self) -> duckdb.DuckDBPyConnection:
        """For functions that take one, as those that also read in the middle of a write."""
        return self._cursor

    def rows(self, sql: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
        return self._cursor.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Parameters = None) -> Any:
        """The first column of the first row; None when there is no row."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def frame(self, sql: str, parameters: Parameters = None) -> pd.DataFrame:
        return self._cursor.execute(sql, parameters).df()


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

        A statement that does not name the lake does not ask its catalog, which is most of what a small query
        costs.
        """
        cursor = self._connection.cursor()
        try:
            with translated(self.address.shown, self._find_damage):
                yield cursor
        finally:
            end_cursor(cursor)

    def rows(self, sql: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
        with self.version() as version:
            return version.rows(sql, parameters)

    def value(self, sql: str, parameters: Parameters = None) -> Any:
        """The first column of the first row; None when there is no row."""
        with self.version() as version:
            return version.value(sql, parameters)

    def frame(self, sql: str, parameters: Parameters = None) -> pd.DataFrame:
        with self.version() as version:
            return version.frame(sql, parameters)

    @contextmanager
    def version(self) -> Iterator[LakeVersion]:
        """One version of the lake for many questions: cheaper than each by itself, and of one moment.

        Nothing can be changed here; :meth:`write` changes the lake.
        """
        with self.memory() as cursor:
            # In this order: what a cursor is set up with asks the catalog for the version, once for all.
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            self._settle(cursor)
            yield LakeVersion(cursor)

    def batches(self, sql: str, parameters: Parameters, rows: int) -> pa.RecordBatchReader:
        """See :func:`workbench.lake.record_batches.read_batches`."""
        from workbench.lake.record_batches import read_batches

        return read_batches(self.cursor, sql, parameters, rows)

    def snapshot_id(self) -> int:
        """Grows with every commit by anybody; the key for caches that must never be stale."""
        return int(self.value("FROM ducklake_current_snapshot('lake')"))

    def write(self, work: Callable[[duckdb.DuckDBPyConnection], T], *, takes_turn: bool = True) -> T:
        """Run ``work`` in one transaction and commit it; no other write happens in between.

        ``work`` may run again after a conflict on a shared catalog, and where its server went away before the
        commit, so it touches nothing but the cursor.
        ``takes_turn`` is for everybody but the migrations (see sql/105_write_turn.sql).
        """
        give_up_at = time.monotonic() + _AWAY_SECONDS
        for attempt in range(_WRITE_ATTEMPTS):
            commit = _Commit()
            try:
                with interruptible():
                    return self._write_once(work, takes_turn, commit)
            except duckdb.Error as error:
                # Once the commit was asked for, nobody knows whether it was made.
                is_away_for_now = is_away(error) and not commit.is_asked and time.monotonic() < give_up_at
                if attempt == _WRITE_ATTEMPTS - 1 or not (is_conflict(error) or is_away_for_now):
                    with translated(self.address.shown, self._find_damage):
                        raise
                pause = min(random.uniform(0.01, 0.05) * 2**attempt, random.uniform(0, _LONGEST_PAUSE))
                time.sleep(_LONGEST_PAUSE if is_away_for_now else pause)
        raise AssertionError("unreachable")

    def _write_once(
        self, work: Callable[[duckdb.DuckDBPyConnection], T], takes_turn: bool, commit: _Commit
    ) -> T:
        with self._write_lock():
            cursor = self._connection.cursor()
            try:
                self._settle(cursor)
                cursor.execute("BEGIN")
                if takes_turn and self.address.kind != "sqlite":
                    cursor.execute("update write_turn set turn = turn + 1")
                result = work(cursor)
                commit.is_asked = True
                cursor.execute("COMMIT")
                keep_anchor(cursor, self.home)
                return result
            finally:
                # Closing rolls back whatever was not committed.
                end_cursor(cursor)

    def open_reader(self) -> duckdb.DuckDBPyConnection:
        """A new connection without the catalog, for reading the files themselves."""
        return new_engine(self.home, self.address, with_catalog=False)

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
        """Set up a new cursor: its database, and where this installation keeps its files."""
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

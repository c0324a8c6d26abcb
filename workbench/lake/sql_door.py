"""The door for SQL that somebody typed: an engine of its own that sees the lake and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from workbench.errors import UsageError
from workbench.lake.address import LakeAddress
from workbench.lake.connect import Lake, Parameters
from workbench.lake.engine import SPILL_FOLDER
from workbench.lake.opening import open_lake
from workbench.lake.query_check import require_query
from workbench.lake.quoting import quoted
from workbench.lake.record_batches import read_batches
from workbench.settings import Settings

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class SqlDoor:
    """Answers queries. Two walls: only queries come in, and the engine reaches only the lake's own files.

    Args:
        settings: of the lake, which is opened for reading.

    Raises:
        LakeError: as :func:`workbench.lake.opening.open_lake`.
    """

    def __init__(self, settings: Settings) -> None:
        self._lake: Lake = open_lake(settings, read_only=True)
        try:
            with self._lake.memory() as cursor:
                self._prepare(cursor)
                _lock(cursor, self._lake.address, self._lake.home)
        except BaseException:
            self._lake.close()
            raise

    def _prepare(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """What an engine needs before it is locked."""

    def first_rows(self, query: str, most: int, seconds: float) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns of one query and its first rows.

        Args:
            most: how many rows.
            seconds: how long it may take.

        Raises:
            UsageError: as :meth:`frame`, or it takes longer.
        """
        with self._query_cursor(query) as cursor, _ended_after(cursor, seconds):
            cursor.execute(query)
            columns = [str(column[0]) for column in cursor.description or ()]
            return columns, cursor.fetchmany(most)

    def frame(self, query: str, parameters: Parameters = None) -> pd.DataFrame:
        """The rows of one query.

        Raises:
            UsageError: it is something else than a query, or cannot run.
        """
        with self._query_cursor(query) as cursor:
            return cursor.execute(query, parameters).df()

    def batches(self, query: str, parameters: Parameters, rows: int) -> pa.RecordBatchReader:
        """As :meth:`frame`, one part at a time; see :func:`workbench.lake.record_batches.read_batches`."""
        return read_batches(lambda: self._query_cursor(query), query, parameters, rows)

    @contextmanager
    def _query_cursor(self, query: str) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lake.cursor() as cursor:
            require_query(cursor, query)
            yield cursor

    def close(self) -> None:
        self._lake.close()


@contextmanager
def _ended_after(cursor: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupt the statement of a cursor that takes too long."""
    timer = threading.Timer(seconds, cursor.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (duckdb.InterruptException, RuntimeError) as error:
        if isinstance(error, RuntimeError) and str(error) != "Query interrupted":
            raise
        raise UsageError(
            f"SQL took longer than {seconds:g} seconds and was ended; ask for fewer days, or count in steps."
        ) from error
    finally:
        timer.cancel()


def _lock(cursor: duckdb.DuckDBPyConnection, address: LakeAddress, home: Path) -> None:
    """Leave the engine the files of the lake and the room for its spills, and let nobody undo that."""
    folders = [address.data, str(home / SPILL_FOLDER)]
    catalogs = [address.catalog + end for end in _SQLITE_FILES] if address.kind == "sqlite" else []
    cursor.execute(f"SET GLOBAL allowed_directories = {_list(folders)}")
    cursor.execute(f"SET GLOBAL allowed_paths = {_list(catalogs)}")
    cursor.execute("SET GLOBAL enable_external_access = false")
    cursor.execute("SET GLOBAL lock_configuration = true")


_SQLITE_FILES = ("", "-wal", "-shm", "-journal")


def _list(texts: list[str]) -> str:
    return f"[{', '.join(quoted(text) for text in texts)}]"

"""The door for SQL that somebody typed: an engine of its own that sees the lake and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

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
                _lock(cursor, self._lake.address, self._lake.home)
        except BaseException:
            self._lake.close()
            raise

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

"""``wb.sql``: questions in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace
from workbench.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from workbench.lake.connect import Lake
    from workbench.lake.sql_door import SqlDoor

BATCH_ROWS = 100_000


class Sql(Namespace):
    """SQL on the lake, read-only; ``messages`` is the message log."""

    def __call__(
        self,
        query: str,
        parameters: Sequence[object] | Mapping[str, object] | None = None,
        *,
        allow_files: bool = False,
    ) -> pd.DataFrame:
        """Run SQL on the lake, read-only; ``messages`` is the message log.

        Bodies and numbers come as they are: this is for the owner of the lake. Times are in UTC. Only a query
        is let through, and it sees the lake only: no other file, database or address.

        Args:
            query: one SELECT, with ``?`` or ``$name`` where a parameter goes.
            parameters: values by place, or by name.
            allow_files: any statement of DuckDB, with the rights of who runs it: files are read and written,
                databases attached. The lake itself stays attached for reading only.

        Returns:
            All rows, in memory; :meth:`batches` gives them one part at a time. ``polars.DataFrame(frame)``,
            or any other library that reads Arrow, takes it as it is.

        Raises:
            UsageError: there is no statement, it is no query, or it cannot run; the last text is DuckDB's.
        """
        return self._source(query, allow_files).frame(query, parameters)

    def batches(
        self,
        query: str,
        parameters: Sequence[object] | Mapping[str, object] | None = None,
        *,
        allow_files: bool = False,
        rows: int = BATCH_ROWS,
    ) -> pa.RecordBatchReader:
        """The rows of one query as Arrow record batches, read while they are used.

        The reader is iterated once. It has the Arrow PyCapsule interface, so ``polars.DataFrame(reader)`` and
        DuckDB take it as it is. Decimals and whole numbers with gaps keep their
        types, which a frame makes floats of.

        >>> for batch in wb.sql.batches("select * from messages"):
        ...     print(batch.num_rows)

        Args:
            query, parameters, allow_files: as of ``wb.sql``.
            rows: of a batch, at most.

        Raises:
            UsageError: as ``wb.sql``, or `rows` is less than 1.
        """
        if rows < 1:
            raise UsageError(f"rows is {rows!r}; write how many rows a batch has at most, 1 or more.")
        return self._source(query, allow_files).batches(query, parameters, rows)

    def _source(self, query: str, allow_files: bool) -> Lake | SqlDoor:
        if not query.strip():
            raise UsageError("The SQL is empty; write a query, as select count(*) from messages.")
        return self._installation.reader if allow_files else self._installation.sql_door

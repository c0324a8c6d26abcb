"""A result as a stream of Arrow record batches: only the one in hand is held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import duckdb
import pyarrow as pa

Parameters = Mapping[str, object] | Sequence[object] | None
OpenCursor = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


def read_batches(
    open_cursor: OpenCursor, sql: str, parameters: Parameters, rows: int
) -> pa.RecordBatchReader:
    """Run a statement and read its rows batch by batch, all of one moment of the lake.

    Args:
        open_cursor: gives a cursor that stays open until the last batch, or until nobody holds the reader.
        rows: of a batch, at most.

    Raises:
        UsageError, LakeError: it cannot run; what shows only in a later row is raised by the reader.
    """
    stream = _stream(open_cursor, sql, parameters, rows)
    schema = next(stream)
    return pa.RecordBatchReader.from_batches(schema, stream)


def _stream(open_cursor: OpenCursor, sql: str, parameters: Parameters, rows: int) -> Iterator[Any]:
    """The schema, then the batches. What a consumer does between two of them is no error of the lake."""
    with open_cursor() as cursor:
        reader = cursor.execute(sql, parameters).to_arrow_reader(rows)
        yield reader.schema
        try:
            yield from reader
        except OSError as error:
            raise _duckdb_error(error) from error


def _duckdb_error(error: OSError) -> duckdb.Error:
    """DuckDB's own error, of which Arrow leaves the text."""
    title = str(error).partition(" Error:")[0]
    kind = _KINDS.get(title, duckdb.Error)
    return kind(str(error))


_KINDS: dict[str, type[duckdb.Error]] = {
    "Conversion": duckdb.ConversionException,
    "Invalid Input": duckdb.InvalidInputException,
    "Out of Range": duckdb.OutOfRangeException,
}

"""A table of the lake as a view of Spark: files without their deleted rows, and the rows beside them."""

from __future__ import annotations

import re
from functools import reduce
from typing import Any

import duckdb

from workbench.lake.snapshot_files import SnapshotColumn, SnapshotTable
from workbench.metrics.spark.statements import NoCounterpart

_TYPES = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "BLOB": "binary",
    "JSON": "string",
}
_FIELD_ID = "parquet.field.id"


def make_view(session: Any, table: SnapshotTable, reader: duckdb.DuckDBPyConnection) -> None:
    """Let a session of Spark know the table by its name.

    Args:
        reader: reads what the files themselves say of their columns, where that is needed.

    Raises:
        NoCounterpart: a column is of a type that Spark has not.
    """
    schema = _schema(table.columns, with_ids=False)
    parts = [_read_files(session, table, files) for files in _by_columns(table, reader)]
    if table.rows.num_rows or not parts:
        # Without numbers of columns, which stand in files only.
        parts.append(
            session.createDataFrame(table.rows.to_pylist() if not table.rows.num_rows else table.rows, schema)
        )
    reduce(lambda one_part, other: one_part.unionAll(other), parts).createOrReplaceTempView(table.name)


def _read_files(session: Any, table: SnapshotTable, files: tuple[list[str], frozenset[str]]) -> Any:
    """Files that lack the same columns."""
    from pyspark.sql import functions

    paths, missing = files
    names = [path.rpartition("/")[2] for path in paths]
    touched = set(table.left_out["file_name"].to_pylist())
    whole = [path for path, name in zip(paths, names, strict=True) if name not in touched]
    changed = [path for path, name in zip(paths, names, strict=True) if name in touched]
    parts = [_read(session, table, whole)] if whole else []
    if changed:
        rows = _read(session, table, changed)
        placed = rows.select(
            "*",
            functions.col("_metadata.file_name").alias("_file_name"),
            functions.col("_metadata.row_index").alias("_position"),
        )
        left_out = session.createDataFrame(table.left_out).select(
            functions.col("file_name").alias("_file_name"), functions.col("position").alias("_position")
        )
        kept = placed.join(functions.broadcast(left_out), ["_file_name", "_position"], "left_anti")
        parts.append(kept.drop("_file_name", "_position"))
    frame = reduce(lambda one_part, other: one_part.unionAll(other), parts)
    return frame.select(
        *(
            functions.lit(column.initial_default).cast(_spark_type(column)).alias(column.name)
            if column.name in missing
            else functions.col(column.name)
            for column in table.columns
        )
    )


def _read(session: Any, table: SnapshotTable, paths: list[str]) -> Any:
    reader = session.read.schema(_schema(table.columns, with_ids=True))
    return reader.parquet(*map(_address, paths))


def _address(path: str) -> str:
    # These paths are whole names: brackets and stars in them are no patterns.
    path = re.sub(r"([\\{}\[\]*?])", r"\\\1", path)
    if path.startswith("s3://"):
        return "s3a://" + path.removeprefix("s3://")
    return f"file:{path}"


def _by_columns(
    table: SnapshotTable, reader: duckdb.DuckDBPyConnection
) -> list[tuple[list[str], frozenset[str]]]:
    """The files, by which columns with a default they are older than."""
    defaults = {
        column.field_id: column.name for column in table.columns if column.initial_default is not None
    }
    groups: dict[frozenset[str], list[str]] = {}
    for path in table.files:
        missing: frozenset[str] = frozenset()
        if defaults:
            rows = reader.execute("select field_id from parquet_schema(?)", [path]).fetchall()
            missing = frozenset(defaults[number] for number in defaults.keys() - {row[0] for row in rows})
        groups.setdefault(missing, []).append(path)
    return [(paths, missing) for missing, paths in groups.items()]


def _schema(columns: tuple[SnapshotColumn, ...], *, with_ids: bool) -> Any:
    from pyspark.sql.types import StructField, StructType

    return StructType(
        [
            StructField(
                column.name, _spark_type(column), True, {_FIELD_ID: column.field_id} if with_ids else None
            )
            for column in columns
        ]
    )


def _spark_type(column: SnapshotColumn) -> Any:
    from pyspark.sql.types import ArrayType, DecimalType, _parse_datatype_string

    kind, is_list = column.type.removesuffix("[]"), column.type.endswith("[]")
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    if decimal:
        element = DecimalType(int(decimal[1]), int(decimal[2]))
    elif kind in _TYPES:
        element = _parse_datatype_string(_TYPES[kind])
    else:
        raise NoCounterpart(f"the type {column.type} of the column {column.name}")
    return ArrayType(element) if is_list else element

"""Writes tables as files: CSV, XLSX and Parquet, as a stream of bytes, each with its stamp.

A text that a spreadsheet would run is made harmless: in CSV it gets an apostrophe before it, in XLSX it is
stored as text and marked as such, in Parquet nothing runs. A character that ends a line or a file for some
readers (NUL and other control characters) is written as text in CSV (`\\x00`). Nothing is cut: what one XLSX
sheet cannot hold goes on in the next one.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import xlsxwriter

from workbench.display.control_characters import shown_as_text

#: Rows of data that an XLSX sheet holds beside its heading.
SHEET_ROWS = 1_048_575
_CELL_CHARACTERS = 32_767
_CHUNK = 1 << 18
#: What makes a spreadsheet read a text as a formula, full-width forms included.
_RISKY_FIRST = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_RISKY = f"^[{''.join(_RISKY_FIRST).replace('-', chr(92) + '-')}]"


#: What may hold a character that :func:`shown_as_text` writes as text.
_CONTROL = r"[\x{0}-\x{8}\x{b}-\x{1f}\x{7f}-\x{9f}\x{202a}-\x{202e}\x{2066}-\x{2069}]"


@dataclass(frozen=True)
class TableExport:
    """A table to write: its name, how many rows come, and the rows in batches (times in UTC)."""

    name: str
    schema: pa.Schema
    total: int
    batches: Iterable[pa.RecordBatch]


Stamp = Sequence[tuple[str, str]]
"""What a file says about itself: what it is, filters, rows, as of, definitions."""


def write_csv(sheets: Sequence[TableExport], stamp: Stamp, *, is_stamped: bool = True) -> Iterator[bytes]:
    """The first sheet as CSV in UTF-8, the stamp in lines that begin with ``#`` before the heading.

    The first line says how many lines to skip; without ``is_stamped`` there are none.
    """
    sheet = sheets[0]
    if is_stamped:
        lines = [f"# {name}: {' '.join(text.split())}" for name, text in stamp]
        skipped = f"# The data begins after {len(lines) + 1} lines like this one"
        yield "\n".join([skipped, *lines, ""]).encode()
    yield _csv_bytes(sheet.schema.empty_table().to_batches(), sheet.schema, with_heading=True)
    for batch in sheet.batches:
        yield _csv_bytes([batch], sheet.schema, with_heading=False)


def _csv_bytes(batches: Sequence[pa.RecordBatch], schema: pa.Schema, *, with_heading: bool) -> bytes:
    table = pa.Table.from_batches(batches, schema)
    texts = pa.table([_as_text(column) for column in table.columns], names=_heading(schema))
    sink = io.BytesIO()
    pyarrow.csv.write_csv(texts, sink, pyarrow.csv.WriteOptions(include_header=with_heading))
    return sink.getvalue()


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times as ISO 8601, texts harmless, numbers as they are."""
    if pa.types.is_timestamp(column.type):
        return pc.strftime(pc.cast(column, pa.timestamp("us", "UTC")), "%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_decimal(column.type) or pa.types.is_date(column.type):
        return pc.cast(column, pa.string())
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _shown(harmless(pc.cast(column, pa.string())))
    return column


def _shown(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts without characters that break a reader; few texts have any."""
    if not pc.any(pc.match_substring_regex(column, _CONTROL)).as_py():
        return column
    texts = [None if text is None else shown_as_text(text) for text in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def harmless(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts with an apostrophe before each that a spreadsheet would take for a formula."""
    risky = pc.match_substring_regex(column, _RISKY)
    return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)


def _heading(schema: pa.Schema) -> list[str]:
    return [f"'{name}" if name.startswith(_RISKY_FIRST) else name for name in schema.names]


def write_parquet(sheets: Sequence[TableExport], stamp: Stamp) -> Iterator[bytes]:
    """The first sheet as Parquet; the stamp is its key-value metadata, one key each and all as JSON."""
    sheet, sink = sheets[0], _Drain()
    about = {f"workbench.{name.lower().replace(' ', '_')}": text for name, text in stamp}
    schema = sheet.schema.with_metadata({**about, "workbench": json.dumps(dict(stamp), ensure_ascii=False)})
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for batch in sheet.batches:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
            yield sink.drain()
    yield sink.drain()


class _Drain(io.RawIOBase):
    """A file in memory: what was written since the last :meth:`drain` can be taken out."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        self._position += len(self._written[-1])
        return len(self._written[-1])

    def tell(self) -> int:
        return self._position

    def drain(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


def write_xlsx(
    sheets: Sequence[TableExport], stamp: Stamp, *, sheet_rows: int = SHEET_ROWS
) -> Iterator[bytes]:
    """Every sheet in one workbook, and the stamp on a last sheet “About”.

    Rows that do not fit on one sheet go on in “Name (2)”; the stamp says so.
    """
    with tempfile.TemporaryFile() as file:
        with xlsxwriter.Workbook(file, _XLSX_OPTIONS) as book:
            writer = _XlsxWriter(book, sheet_rows)
            for sheet in sheets:
                writer.write(sheet)
            writer.about([*stamp, *writer.remarks()])
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


_XLSX_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}


class _XlsxWriter:
    def __init__(self, book: Any, sheet_rows: int) -> None:
        self._book, self._sheet_rows = book, sheet_rows
        self._bold = book.add_format({"bold": True})
        self._time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        # Excel keeps a text with this mark a text also after somebody has edited it.
        self._quoted = book.add_format({"quote_prefix": True})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self._names = {"about"}
        self._split: list[str] = []
        self._cut = 0

    def write(self, sheet: TableExport) -> None:
        page, row = self._add(sheet, 1), 0
        pages = 1
        for batch in sheet.batches:
            columns = [column.to_pylist() for column in batch.columns]
            for values in zip(*columns, strict=True):
                if row == self._sheet_rows:
                    pages += 1
                    page, row = self._add(sheet, pages), 0
                row += 1
                for number, value in enumerate(values):
                    if value is not None:
                        self._cell(page, row, number, value)
        if pages > 1:
            self._split.append(f"{sheet.name} goes on over {pages} sheets of up to {self._sheet_rows:,} rows")

    def _add(self, sheet: TableExport, number: int) -> Any:
        suffix = f" ({number})" if number > 1 else ""
        base = (
            "".join(char for char in sheet.name if char not in "[]:*?/\\'")[: 31 - len(suffix) - 3] or "Data"
        )
        name = base + suffix
        while name.lower() in self._names:
            name = f"{base}_{len(self._names)}{suffix}"
        self._names.add(name.lower())
        page = self._book.add_worksheet(name)
        page.freeze_panes(1, 0)
        for column, field in enumerate(sheet.schema):
            page.set_column(column, column, 60 if field.name == "body" else max(len(field.name) + 2, 14))
            page.write_string(0, column, field.name, self._bold)
        return page

    def _cell(self, page: Any, row: int, column: int, value: Any) -> None:
        if isinstance(value, str):
            if len(value) > _CELL_CHARACTERS:
                value, self._cut = value[: _CELL_CHARACTERS - 1] + "…", self._cut + 1
            page.write_string(row, column, value, self._quoted if value.startswith(_RISKY_FIRST) else None)
        elif isinstance(value, bool):
            page.write_boolean(row, column, value)
        elif isinstance(value, datetime):
            shown = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            page.write_datetime(row, column, shown, self._time)
        elif isinstance(value, int | float | Decimal):
            page.write_number(row, column, value)
        else:
            page.write_datetime(row, column, value, self._day)

    def remarks(self) -> list[tuple[str, str]]:
        cut = f"{self._cut:,} texts are longer than a cell can be and end with “…”; the CSV has them whole"
        return [("Split", text) for text in self._split] + ([("Cut", cut)] if self._cut else [])

    def about(self, stamp: Stamp) -> None:
        page = self._book.add_worksheet("About")
        page.set_column(0, 0, 24)
        page.set_column(1, 1, 110)
        for row, (name, text) in enumerate(stamp):
            page.write_string(row, 0, name, self._bold)
            page.write_string(row, 1, text, self._wrapped)


WRITERS: Mapping[str, Any] = {"csv": write_csv, "xlsx": write_xlsx, "parquet": write_parquet}
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "html": "text/html; charset=utf-8",
}

"""The sheet of an XLSX workbook as records of text: a number is its digits, a date is written in ISO form."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from workbench.errors import UsageError
from workbench.table_files.table import MOST_COLUMNS, MOST_ROWS, Row

_LARGEST_UNPACKED = 512 * 1024 * 1024
"""The largest size of a workbook, unpacked."""


def read_workbook(data: bytes, name: str) -> tuple[str, Iterator[Row]]:
    """The name of the sheet that has values, and its rows with their numbers.

    Raises:
        UsageError: the data is not a workbook, is too large, or has several such sheets; or later, while rows
            are read, a formula has no stored result.
    """
    _check_archive(data, name)
    values, formulas = _open(data, name, data_only=True), _open(data, name, data_only=False)
    visible = [sheet for sheet in values.worksheets if sheet.sheet_state == "visible"]
    titles = [sheet.title for sheet in visible if _has_values(sheet, name)]
    if len(titles) != 1:
        which = ", ".join(map(repr, titles)) if titles else "none with values"
        raise UsageError(f"{name} has {len(titles)} sheets ({which}). Keep one, or save it as CSV.")
    return titles[0], _rows(values[titles[0]], formulas[titles[0]], name)


def _open(data: bytes, name: str, *, data_only: bool) -> Any:
    import openpyxl

    try:
        with warnings.catch_warnings():
            # Warnings about styles and other things that are not values.
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=data_only)
    except Exception as error:
        raise _unreadable(name, error) from error


def _values(sheet: Any, name: str) -> Iterator[tuple[Any, ...]]:
    try:
        yield from sheet.iter_rows(values_only=True)
    except Exception as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> UsageError:
    """The error for a broken workbook; the library raises any error of its XML parser or zip reader."""
    return UsageError(
        f"{name} is no XLSX workbook that can be read ({type(error).__name__}). Save it again, or as CSV."
    )


def _check_archive(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        # The latter where the archive asks for a version of the format that no reader has.
        raise UsageError(f"{name} is a damaged archive. Save it again as XLSX or CSV.") from error
    if not any(entry.filename == "xl/workbook.xml" for entry in entries):
        raise UsageError(f"{name} is no XLSX workbook. Save it as XLSX or as CSV.")
    if (size := sum(entry.file_size for entry in entries)) > _LARGEST_UNPACKED:
        raise UsageError(f"{name} unpacks to {size:,} bytes; allowed are {_LARGEST_UNPACKED:,}. Split it.")


def _has_values(sheet: Any, name: str) -> bool:
    return any(value is not None for row in _values(sheet, name) for value in row)


def _rows(values: Any, formulas: Any, name: str) -> Iterator[Row]:
    # The size that a file declares may be wrong, so each row is measured.
    values.reset_dimensions()
    formulas.reset_dimensions()
    pairs = zip(_values(values, name), _values(formulas, name), strict=True)
    for number, (cells, entered) in enumerate(pairs, start=1):
        if number > MOST_ROWS + 1 or len(cells) > MOST_COLUMNS:
            raise UsageError(
                f"{name} is larger than {MOST_ROWS:,} rows of {MOST_COLUMNS:,} columns; split it."
            )
        for cell, formula in zip(cells, entered, strict=True):
            if cell is None and formula is not None:
                raise UsageError(
                    f"{name}, line {number}: a formula whose result was never stored. Open the file in a "
                    "spreadsheet and save it, or replace formulas by their values."
                )
        yield Row(number, tuple(map(_cell_text, cells)))


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)

"""Finds the separator of a CSV file and reads its records, as spreadsheets and databases write them. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from workbench.errors import UsageError
from workbench.table_files.table import Row

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SAMPLE = 200
"""How many records at the beginning a separator must fit."""
_EXCEL_HINT = re.compile(r"\s*\"?sep=([,;\t|])\"?\s*(?:\r\n|\r|\n)", re.IGNORECASE)


def read_separated(text: str, name: str) -> tuple[str, Iterator[Row]]:
    """The separator, and every record with the line it begins on.

    Raises:
        UsageError: two separators fit; or later, while records are read, a quote is not closed.
    """
    hinted, length = excel_hint(text)
    separator = hinted or find_separator(text, name)
    return separator, _records(text[length:], separator, name, skipped=1 if hinted else 0)


def excel_hint(text: str) -> tuple[str | None, int]:
    """The separator of a first line `sep=;`, which Excel writes and reads, and how long that line is."""
    hint = _EXCEL_HINT.match(text)
    return (hint[1], hint.end()) if hint else (None, 0)


def find_separator(text: str, name: str) -> str:
    """The separator that divides the header and the first rows into the same number of cells.

    Raises:
        UsageError: more than one separator does.
    """
    counts = {separator: _counts(text, separator) for separator in SEPARATORS}
    if blank := [separator for separator, widths in counts.items() if not widths]:
        return blank[0]
    parting = [separator for separator, widths in counts.items() if widths[0] > 1]
    if len(parting) == 1:
        return parting[0]
    fitting = [separator for separator in parting or counts if len(set(counts[separator])) == 1]
    if len(fitting) > 1 and parting:
        separators = " and with ".join(SEPARATORS[separator] for separator in fitting)
        raise UsageError(
            f"{name} can be read with {separators} between its values. Write the names of the columns "
            "without these characters."
        )
    if not fitting and len(parting) > 1:
        fitting = [max(parting, key=lambda separator: counts[separator][0])]
    return fitting[0] if fitting else ","


def _counts(text: str, separator: str, has_spaces: bool = False) -> list[int]:
    """How many cells each of the first non-blank records has; -1 at the end if a quote is not closed."""
    counts: list[int] = []
    try:
        for cells in islice(_reader(text, separator, has_spaces), _SAMPLE):
            if any(cell.strip() for cell in cells):
                counts.append(len(cells))
    except csv.Error:
        return [*counts, -1]
    return counts


def _reader(text: str, separator: str, has_spaces: bool = False) -> Any:
    # With newline="" each of \n, \r\n and \r ends a line, and is not changed within quotes.
    lines = io.StringIO(text, newline="")
    return csv.reader(lines, delimiter=separator, skipinitialspace=has_spaces, strict=True)


def _has_spaces(text: str, separator: str) -> bool:
    """Whether quotes follow a space, as in `to, "Doe, Ann"`, and the rows fit only if it is skipped."""
    if not re.search(rf'{re.escape(separator)} +"', text):
        return False
    plain, spaced = (_counts(text, separator, has_spaces) for has_spaces in (False, True))
    return len(set(plain)) > 1 and len(set(spaced)) == 1


def _records(text: str, separator: str, name: str, skipped: int) -> Iterator[Row]:
    reader = _reader(text, separator, _has_spaces(text, separator))
    while True:
        began = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(f"{name}, line {began}: {_explained(error)}") from error
        yield Row(began, tuple(cells))


def _explained(error: csv.Error) -> str:
    text = str(error)
    if "field limit" in text:
        return f"a cell has more than {csv.field_size_limit():,} characters. Shorten it."
    if "unexpected end" in text:
        return "a quote is opened and never closed. Close it, or write it twice if it is part of the text."
    return f"quotes do not pair ({text}). Write a quote inside a quoted cell twice."

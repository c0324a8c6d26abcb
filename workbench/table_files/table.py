"""A table after reading: names of columns, rows with their lines, and the rows that cannot be used. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.errors import UsageError

SHOWN_PROBLEMS = 20
"""How many problems are named; the others are only counted."""
MOST_COLUMNS = 1_000
MOST_ROWS = 1_048_575
"""As many rows as a sheet of a workbook has below its header."""
_SPACES = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\ufeff"))


@dataclass(frozen=True)
class Row:
    """One row; `line` is where it begins in the file, or its number in the sheet."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class RowProblem:
    """A row that cannot be used, and the reason, which quotes nothing of the row."""

    line: int
    reason: str


@dataclass(frozen=True)
class Form:
    """How a file was read."""

    text: str
    """The format in words, such as "CSV with semicolons, UTF-8"."""
    is_certain: bool = True
    """Whether the bytes can be read in this way only."""


@dataclass(frozen=True)
class InputTable:
    """A table as it was read."""

    name: str
    """The name of the file, for messages."""
    form: Form
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...] = ()

    def records(self) -> list[dict[str, str]]:
        """Every row by the names of the columns."""
        return [dict(zip(self.columns, row.cells, strict=True)) for row in self.rows]

    def require_clean(self) -> None:
        """Refuse a table with a row that cannot be used.

        Raises:
            UsageError: naming the first problems, and how many there are.
        """
        if self.problems:
            raise UsageError(
                f"{self.name}: {say_problems(self.problems)} Nothing was done; correct the file."
            )

    def digest(self, *chosen: str) -> str:
        """Eight characters that identify this reading: its columns, its cells, and what was `chosen`."""
        digest = hashlib.sha256(repr((chosen, self.columns)).encode("utf-8", "surrogatepass"))
        for row in self.rows:
            digest.update(repr(row.cells).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:8]


def say_problems(problems: Iterable[RowProblem]) -> str:
    """The first problems by line, and how many there are."""
    by_line = sorted(problems, key=lambda problem: problem.line)
    shown = "; ".join(
        f"line {problem.line}: {problem.reason.rstrip('.')}" for problem in by_line[:SHOWN_PROBLEMS]
    )
    more = f"; and {len(by_line) - SHOWN_PROBLEMS:,} more ({len(by_line):,} in all)"
    return shown + (more if len(by_line) > SHOWN_PROBLEMS else "") + "."


def make_table(name: str, form: Form, records: Iterable[Row], rectangular: bool = False) -> InputTable:
    """A table of the records of a file, whose first is the header; blank ones are left out.

    Args:
        rectangular: rows end where their last value is, as in a workbook.

    Raises:
        UsageError: it has no header, a name twice, values below no name, or is too large.
    """
    lines = (record for record in records if any(cell.strip() for cell in record.cells))
    header = next(lines, None)
    if header is None:
        raise UsageError(f"{name} is empty; its first line must be the names of the columns.")
    columns = tuple(clean_name(cell) for cell in header.cells)
    if any(map(_looks_like_number, columns)):
        raise UsageError(
            f"{name} begins with a phone number where the names of its columns must be. Put them into a "
            "first line, such as: to"
        )
    while rectangular and not columns[-1]:
        columns = columns[:-1]
    rows: list[Row] = []
    problems: list[RowProblem] = []
    for record in lines:
        if len(rows) + len(problems) >= MOST_ROWS:
            raise UsageError(f"{name} has more than {MOST_ROWS:,} rows; split it.")
        row = _padded(record, len(columns)) if rectangular else record
        if len(row.cells) == len(columns):
            rows.append(row)
        else:
            problems.append(RowProblem(row.line, _miscount(row, len(columns))))
    names, rows = _without_nameless(name, columns, rows)
    _check_names(name, names)
    return InputTable(name, form, names, tuple(rows), tuple(problems))


def clean_name(cell: str) -> str:
    """The name of a column without the space and the invisible marks around it."""
    return cell.translate(_SPACES).strip()


def _looks_like_number(cell: str) -> bool:
    """Whether a cell of the header is a phone number of the table, which no message may repeat."""
    return _NUMBER.fullmatch(cell.rpartition(":")[2].replace(" ", "")) is not None


_NUMBER = re.compile(r"\+?[\d().\-/]{7,20}")


def _padded(row: Row, width: int) -> Row:
    cells = row.cells
    while len(cells) > width and not cells[-1]:
        cells = cells[:-1]
    return Row(row.line, cells + ("",) * (width - len(cells)))


def _miscount(row: Row, width: int) -> str:
    cells = "it has 1 cell" if len(row.cells) == 1 else f"it has {len(row.cells)} cells"
    comma = " (it ends with an empty one)" if len(row.cells) > width and not row.cells[-1].strip() else ""
    return f"{cells} where the header has {width}{comma}"


def _without_nameless(
    name: str, columns: tuple[str, ...], rows: list[Row]
) -> tuple[tuple[str, ...], list[Row]]:
    """Remove columns without name and values; they come from a separator at the end of every line."""
    nameless = [index for index, column in enumerate(columns) if not column]
    if not nameless:
        return columns, rows
    for row in rows:
        for index in nameless:
            if row.cells[index].strip():
                raise UsageError(
                    f"{name}: column {index + 1} has no name, and a value in line {row.line}. Name the "
                    "column in the header, or remove it."
                )
    kept = [index for index in range(len(columns)) if columns[index]]
    names = tuple(columns[index] for index in kept)
    return names, [Row(row.line, tuple(row.cells[index] for index in kept)) for row in rows]


def _check_names(name: str, names: tuple[str, ...]) -> None:
    if len(names) > MOST_COLUMNS:
        raise UsageError(f"{name} has {len(names):,} columns; allowed are {MOST_COLUMNS:,}.")
    spellings: dict[str, str] = {}
    for column in names:
        if (first := spellings.setdefault(column.casefold(), column)) is not column:
            raise UsageError(
                f"{name} has two columns of one name: {first!r} and {column!r}. Rename or remove one of them."
            )

"""The file of `workbench send-batch`: how it was read, shown before it is sent, and confirmed as that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.messaging.address_reader import LOG_NUMBERS, read_person
from workbench.messaging.addresses import mask
from workbench.table_files import STDIN, InputTable, read_table, recipient_column

if TYPE_CHECKING:
    import pandas as pd

_SHOWN_ROWS = 3
_LONGEST_CELL = 40


@dataclass(frozen=True)
class Confirmation:
    """What a person confirmed: how many rows, and of which reading of the file."""

    count: int
    reading: str | None = None


def read_confirmation(text: str) -> Confirmation:
    """`COUNT` or `COUNT:READING`, as a person types it.

    Raises:
        UsageError: it is neither.
    """
    count, colon, reading = text.strip().partition(":")
    if not (count.isascii() and count.isdigit() and int(count)) or (colon and not reading):
        raise UsageError(
            f"--confirm is {text!r}. Write the number of rows, as 120, or what the command shows without it, "
            "as 120:7c1e0f2a."
        )
    return Confirmation(int(count), reading or None)


@dataclass(frozen=True)
class BatchFile:
    """A table of recipients as it was understood."""

    table: InputTable
    column: str
    asked: str = ""
    """All else that says what is sent to whom: the text, the options, the country of numbers."""

    @property
    def reading(self) -> str:
        """Stands for this very reading: another file, column, cell, text or option gives another one."""
        return self.table.digest(self.column, self.asked)

    @property
    def frame(self) -> pd.DataFrame:
        """Its rows as texts."""
        import pandas as pd

        return pd.DataFrame(self.table.records(), columns=list(self.table.columns), dtype=object)

    @property
    def lines(self) -> list[int]:
        """Where each row stands in the file."""
        return [row.line for row in self.table.rows]

    def check(self, confirmed: Confirmation) -> int:
        """The confirmed number of rows.

        Raises:
            UsageError: another reading was confirmed, or this one is a guess that nobody confirmed.
        """
        wanted = f"--confirm {len(self.table.rows)}:{self.reading}"
        if confirmed.reading is not None and confirmed.reading != self.reading:
            raise UsageError(
                f"{self.table.name} with these options is not what was confirmed: its reading is "
                f"{self.reading}, not {confirmed.reading}. Nothing was sent; look at it without --confirm."
            )
        if confirmed.reading is None and not self.table.form.is_certain:
            raise UsageError(
                f"{self.table.name} is read as {self.table.form.text}, which is a guess. Nothing was sent; "
                f"look at it without --confirm, then give {wanted}, or save the file as UTF-8."
            )
        return confirmed.count

    def preview(self, recipients: Sequence[str]) -> list[str]:
        """How it was understood, and what confirms that.

        Args:
            recipients: those of the rows as they were read, masked.
        """
        count = "1 row" if len(self.table.rows) == 1 else f"{len(self.table.rows):,} rows"
        first = zip(self.table.rows[:_SHOWN_ROWS], recipients, strict=False)
        return [
            f"{self.table.name}: {self.table.form.text}, {count}. Recipients: column {self.column!r}.",
            *(f"line {row.line} goes to {to}{self._others(row.cells)}" for row, to in first),
            f"Nothing was sent. Exactly this is sent with --confirm {len(self.table.rows)}:{self.reading}",
        ]

    def _others(self, cells: tuple[str, ...]) -> str:
        pairs = zip(self.table.columns, cells, strict=True)
        return "".join(f", {_name(name)}={_cell(value)}" for name, value in pairs if name != self.column)


def read_batch_file(path: Path, to_column: str | None, asked: Mapping[str, Any]) -> BatchFile:
    """The recipients of a batch.

    Args:
        asked: the text, the options and the settings that say what is sent to whom.

    Raises:
        UsageError: it is no table, a row does not fit its header, or no column or several can be the
            recipients'.
    """
    table = read_table(path)
    table.require_clean()
    column = recipient_column(table.columns, chosen=to_column, option="--to-column", table=table.name)
    return BatchFile(table, column, json.dumps(asked, sort_keys=True))


def batch_name(path: Path) -> str:
    """What a batch is called by default: as its file, the same whether it is packed or not."""
    if str(path) == STDIN:
        return "stdin"
    return Path(path.stem).stem if path.suffix.lower() in _PACKED else path.stem


_PACKED = (".gz", ".gzip")


def earlier_batch_name(path: Path) -> str | None:
    """What versions before called the batch of a packed file; None where it is the same."""
    return path.stem if path.stem != batch_name(path) and str(path) != STDIN else None


def _name(column: str) -> str:
    """The name without what would change the terminal, or make a line of its own."""
    return column if column.isprintable() else repr(column)


def _cell(value: str) -> str:
    """A value without what would change the terminal; a number is masked."""
    try:
        shown = mask(read_person(value, LOG_NUMBERS))
    except UsageError:
        shown = value
    return repr(shown if len(shown) <= _LONGEST_CELL else shown[: _LONGEST_CELL - 1] + "…")

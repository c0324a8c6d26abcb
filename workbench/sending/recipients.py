"""From what a caller hands over (a number, several, a frame, rows) to one mapping per recipient.

The recipient's column is chosen by the rule of every door (see `table_files.columns`), its addresses are read
by the reader of every door. What is no address stays as it was given: the rules block it and say why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from workbench.errors import UsageError
from workbench.messaging.address_reader import AddressRefused, NumberContext, address_text, read_address
from workbench.table_files import recipient_column

if TYPE_CHECKING:
    import pandas as pd

_OPTION = "to_column="
_INEXACT = ("float16", "float32")
"""Types that cannot hold a number's digits."""


def read_recipients(
    to: object,
    context: NumberContext,
    to_column: str | None = None,
) -> list[dict[str, object]]:
    """One mapping per recipient with the address in `to`.

    Args:
        to: a number, several of them, a frame, or one mapping for each recipient.
        context: how numbers without a country code are read.
        to_column: the column of the recipients, where it is not `to` and several can be it.

    Raises:
        UsageError: no column or several can hold the recipients, a name of a column is there twice, or a row
            lacks the column.
    """
    import pandas as pd

    if isinstance(to, pd.DataFrame):
        names = [str(column) for column in to.columns]
        _check_names(names)
        cells = [_cells(to.iloc[:, index]) for index in range(len(names))]
        rows = [dict(zip(names, values, strict=True)) for values in zip(*cells, strict=True)]
        return _with_address(rows, names, context, to_column)
    if isinstance(to, str) or not isinstance(to, Iterable):
        return [{"to": recipient(to, context)}]
    given = list(_cells(to) if isinstance(to, pd.Series) else to)
    mappings = [
        {str(name): value for name, value in row.items()} for row in given if isinstance(row, Mapping)
    ]
    if not mappings:
        return [{"to": recipient(row, context)} for row in given]
    if len(mappings) < len(given):
        raise UsageError("Some recipients are mappings and some are not; give all of them in one form.")
    names = list(dict.fromkeys(name for row in mappings for name in row))
    return _with_address(mappings, names, context, to_column)


def recipient(value: object, context: NumberContext) -> str:
    """The address as Twilio writes it; what is no address stays as it is, and the rules say so."""
    try:
        return read_address(value, context)
    except AddressRefused:
        # As Python shows it, so that nobody takes the rounded digits for a number.
        return str(value) if type(value).__name__ in _INEXACT else address_text(value).strip()


def _with_address(
    rows: list[dict[str, object]],
    names: list[str],
    context: NumberContext,
    to_column: str | None,
) -> list[dict[str, object]]:
    if not rows:
        return []
    column = recipient_column(names, chosen=to_column, option=_OPTION)
    for number, row in enumerate(rows):
        if column not in row:
            raise UsageError(f"Row {number} has no {column!r}; it has {', '.join(row) or 'nothing'}.")
    return [{**row, "to": recipient(row[column], context)} for row in rows]


def _cells(column: pd.Series) -> Iterable[object]:
    """The values of a column; pandas gives a float32 as if it were exact."""
    return column.to_numpy() if str(column.dtype) in _INEXACT else column


def _check_names(names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"The table has the column {twice[0]!r} twice. Rename or remove one of them.")

"""Finds the columns that a door needs by the names people give them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from workbench.errors import UsageError

ADDRESS_COLUMNS = frozenset(
    {
        "to", "address", "phone", "phonenumber", "phoneno", "mobile", "mobilenumber", "mobileno",
        "mobilephone", "cell", "cellphone", "cellnumber", "telephone", "telephonenumber", "tel",
        "number", "contact", "contactnumber", "recipient", "recipientnumber", "tonumber",
        "toaddress", "msisdn", "e164", "whatsapp", "whatsappnumber",
    }
)  # fmt: skip
"""What a column with people's addresses is called, as `plain_name` writes it."""
_LIKE_ADDRESS = re.compile(r"phone|mobile|cell|tel(?!l)|msisdn|whatsapp|number")


def plain_name(column: object) -> str:
    """A name by its letters and digits only, in lower case and without accents."""
    text = unicodedata.normalize("NFKD", str(column)).casefold()
    return "".join(character for character in text if character.isalnum())


def find_column(
    columns: Sequence[str],
    purpose: str,
    spellings: Collection[str],
    *,
    chosen: str | None = None,
    option: str,
    table: str = "The table",
) -> str | None:
    """The one column for a purpose, as the table spells it; None where there is none.

    Args:
        purpose: its own name, which wins where the table has it.
        spellings: further names, as `plain_name` writes them.
        chosen: the column that somebody named.
        option: how to name it, for the message.

    Raises:
        UsageError: several fit, or the chosen one does not exist; names them.
    """
    if chosen is not None:
        exact = [column for column in columns if column == chosen]
        named = exact or [column for column in columns if plain_name(column) == plain_name(chosen)]
        if len(named) != 1:
            raise UsageError(f"{table} has no column {chosen!r}; it has {_listed(columns)}.")
        return named[0]
    own = [column for column in columns if plain_name(column) == plain_name(purpose)]
    fitting = own or [column for column in columns if plain_name(column) in spellings]
    if len(fitting) > 1:
        raise UsageError(
            f"{table} has two columns for {purpose}: {', '.join(fitting)}. Choose one with {option}."
        )
    return fitting[0] if fitting else None


def address_column(
    columns: Sequence[str], *, chosen: str | None = None, option: str, table: str = "The table"
) -> str:
    """The column of the recipients: `to`, else the only one with a name for that.

    Raises:
        UsageError: there is none, several fit, or the chosen one does not exist; names them.
    """
    column = find_column(columns, "to", ADDRESS_COLUMNS, chosen=chosen, option=option, table=table)
    if column is None:
        similar = [name for name in columns if _LIKE_ADDRESS.search(plain_name(name))]
        hint = f" Choose it with {option}" + (f", for instance {similar[0]!r}." if similar else ".")
        raise UsageError(f"{table} has no column 'to'; it has {_listed(columns)}.{hint}")
    return column


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(map(str, columns)) or "none"

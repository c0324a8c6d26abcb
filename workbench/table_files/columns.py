"""Finds the columns that are needed, by the names that people give them. Pure."""

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
"""Names of a column with people's addresses, as `plain_name` writes them."""
_RECIPIENT_COLUMNS = ADDRESS_COLUMNS - {"number", "contact"}
"""Not certain enough for recipients: such a column can hold an order's number or a name."""
CHOOSE_ADDRESS = "Choose one with --address-column (address_column=)."
RENAME = "Rename or remove one of them."
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
    fix: str = RENAME,
    table: str = "The table",
) -> str | None:
    """The one column for a purpose, as the table spells it; None if there is none.

    Args:
        purpose: what the column holds, for messages.
        spellings: its names, as `plain_name` writes them.
        chosen: the column that the user named.
        fix: what to do if several columns fit.
        table: the name of the table, for messages.

    Raises:
        UsageError: several fit, or the chosen one does not exist; names them.
    """
    if chosen is not None:
        return _chosen(columns, chosen, table)
    fitting = [column for column in columns if plain_name(column) in spellings]
    if len(fitting) > 1:
        count = "two" if len(fitting) == 2 else str(len(fitting))
        raise UsageError(f"{table} has {count} columns for {purpose}: {', '.join(fitting)}. {fix}")
    return fitting[0] if fitting else None


def _chosen(columns: Sequence[str], chosen: str, table: str) -> str:
    exact = [column for column in columns if column == chosen]
    named = exact or [column for column in columns if plain_name(column) == plain_name(chosen)]
    if len(named) != 1:
        raise UsageError(f"{table} has no column {chosen!r}; it has {_listed(columns)}.")
    return named[0]


def recipient_column(
    columns: Sequence[str], *, chosen: str | None = None, option: str, table: str = "The table"
) -> str:
    """The column of the recipients: `to`, else the only one with a name for that.

    Args:
        chosen: the column that the user named.
        option: how the user can name it, for messages.
        table: the name of the table, for messages.

    Raises:
        UsageError: there is none, several fit, or the chosen one does not exist; names them.
    """
    spellings = {"to"} if any(plain_name(column) == "to" for column in columns) else _RECIPIENT_COLUMNS
    fix = f"Choose one with {option}."
    column = find_column(columns, "the recipient", spellings, chosen=chosen, fix=fix, table=table)
    if column is None:
        similar = [name for name in columns if _LIKE_ADDRESS.search(plain_name(name))]
        hint = f" Choose it with {option}" + (f", for instance {similar[0]!r}." if similar else ".")
        raise UsageError(f"{table} has no column 'to'; it has {_listed(columns)}.{hint}")
    return column


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(map(str, columns)) or "none"

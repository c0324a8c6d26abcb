"""Contacts as CSV: export, and import with a preview of the changes.

A cell that a spreadsheet would run as a formula is written with an apostrophe, which the import removes.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.conversations.contacts import FIELDS, Contact, ContactChange, plan_edit, read_contacts
from workbench.display.control_characters import shown_as_text
from workbench.errors import UsageError, WorkbenchError
from workbench.lake import Lake
from workbench.lake.audit import append_audit
from workbench.messaging.address_reader import NumberContext, read_address
from workbench.messaging.privacy import Privacy
from workbench.table_files import (
    ADDRESS_COLUMNS,
    CHOOSE_ADDRESS,
    InputTable,
    RowProblem,
    find_column,
    plain_name,
    read_table,
    say_problems,
)

COLUMNS = ("address", *FIELDS)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class ImportPlan:
    """What a file would change, and which lines cannot be read: (line, reason)."""

    rows: int
    changes: tuple[ContactChange, ...]
    problems: tuple[tuple[int, str], ...]

    def require_clean(self) -> None:
        """Refuse the whole file if one of its lines is wrong.

        Raises:
            UsageError: naming the first of them, and how many there are.
        """
        if self.problems:
            told = say_problems(RowProblem(line, reason) for line, reason in self.problems)
            raise UsageError(
                f"{told[:1].upper()}{told[1:]} Nothing was imported; correct the file and try again."
            )


def contacts_csv(contacts: Sequence[Contact]) -> str:
    """The contacts as CSV with a header, whole addresses and guarded cells."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for contact in contacts:
        zone = contact.zones[0] if contact.is_zone_given else None
        cells = (contact.address, contact.name, ";".join(contact.labels), contact.language, zone)
        writer.writerow([_guarded(shown_as_text(cell or "")) for cell in cells])
    return text.getvalue()


def export_contacts(lake: Lake, path: Path, actor: str) -> int:
    """Write every contact to a file of mode 0600, all or nothing, with its audit row; how many."""
    contacts = read_contacts(lake)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(contacts_csv(contacts))
        lake.write(
            lambda cursor: append_audit(
                cursor, "export", actor=actor, detail={"what": "contacts", "rows": len(contacts)}
            )
        )
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return len(contacts)


def plan_import(
    lake: Lake,
    path: Path | str,
    context: NumberContext | None = None,
    address_column: str | None = None,
    privacy: Privacy | None = None,
) -> ImportPlan:
    """Read a CSV or XLSX file with the column `address` and any of name, labels, language, time_zone.

    A missing column changes nothing; an empty cell removes the value.

    Args:
        path: ``-`` is stdin.
        context: how numbers without a country code are read.
        address_column: the column of the numbers, where several can be it.
        privacy: how the lake keeps addresses; whole by default.

    Raises:
        UsageError: the file is no such table.
    """
    table = read_table(path)
    names = _read_header(table, address_column)
    wanted: dict[str, tuple[int, dict[str, str | None]]] = {}
    problems = [(problem.line, problem.reason) for problem in table.problems]
    for row in table.rows:
        values: dict[str, str | None] = dict(zip(names, map(_unguarded, row.cells), strict=True))
        text = values.pop("address")
        try:
            address = read_address(text, context)
            address = (privacy or Privacy()).contact(address) or address
            if address in wanted:
                raise UsageError(f"{text!r} stands in the file twice, as this lake keeps numbers.")
            wanted[address] = row.line, values
        except WorkbenchError as error:
            problems.append((row.line, str(error)))
    changes = _plan(lake, wanted, problems)
    return ImportPlan(len(table.rows) + len(table.problems), tuple(changes), tuple(sorted(problems)))


def _plan(
    lake: Lake, wanted: Mapping[str, tuple[int, Mapping[str, str | None]]], problems: list[tuple[int, str]]
) -> list[ContactChange]:
    """The changes of every readable row; values that a field cannot have are added to the problems."""
    known = {contact.address: contact for contact in read_contacts(lake, list(wanted))}
    changes: dict[tuple[str, str], ContactChange] = {}
    for address, (number, values) in wanted.items():
        contact = known.get(address) or _unknown(address)
        try:
            for change in plan_edit(contact, values):
                changes[change.address, change.field] = change
        except UsageError as error:
            problems.append((number, str(error)))
    return list(changes.values())


def _unknown(address: str) -> Contact:
    return Contact(address, address, None, (), None, None, (), False, None, None, 0, 0)


def _read_header(table: InputTable, address_column: str | None) -> list[str]:
    """The field that each column of the file fills."""
    address = find_column(
        table.columns, "address", ADDRESS_COLUMNS, chosen=address_column, fix=CHOOSE_ADDRESS, table=table.name
    )  # fmt: skip
    plain = {plain_name(field): field for field in FIELDS}
    names = ["address" if name == address else plain.get(plain_name(name), "") for name in table.columns]
    unknown = [column for column, name in zip(table.columns, names, strict=True) if not name]
    if address is None or unknown or len(set(names)) < len(names):
        strange = f"; not known: {', '.join(unknown)}" if unknown else ""
        raise UsageError(
            f"{table.name} begins with {', '.join(table.columns)!r}{strange}. Its first line must be the "
            f"column names, each once: address and any of {', '.join(FIELDS)}."
        )
    return names


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell


def _unguarded(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith((*_FORMULA, "'")) else text

"""Contacts as CSV: a file out, and a file in with a preview of what it would change.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, and read back
without.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.conversations.contacts import FIELDS, Change, Contact, plan_edit, read_contacts
from workbench.errors import UsageError, WorkbenchError
from workbench.lake import Lake
from workbench.lake.audit import append_audit
from workbench.messaging.addresses import normalize_address

COLUMNS = ("address", *FIELDS)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
LARGEST_FILE = 64 * 1024 * 1024


@dataclass(frozen=True)
class ImportPlan:
    """What a file would change, and which lines cannot be read: (line, reason)."""

    rows: int
    changes: tuple[Change, ...]
    problems: tuple[tuple[int, str], ...]

    def require_clean(self) -> None:
        """Nothing of a file is written while one of its lines is wrong.

        Raises:
            UsageError: naming the first of them.
        """
        if self.problems:
            line, reason = self.problems[0]
            more = f" ({len(self.problems) - 1} more lines have problems)" if len(self.problems) > 1 else ""
            raise UsageError(
                f"Line {line}: {reason}{more} Nothing was imported; correct the file and try again."
            )


def contacts_csv(contacts: Sequence[Contact]) -> str:
    """The contacts as CSV with a header, whole addresses and guarded cells."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for contact in contacts:
        zone = contact.zones[0] if contact.is_zone_given else None
        cells = (contact.address, contact.name, ";".join(contact.labels), contact.language, zone)
        writer.writerow([_guarded(cell or "") for cell in cells])
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


def plan_import(lake: Lake, path: Path, default_country: str | None = None) -> ImportPlan:
    """Read a CSV file with the column `address` and any of name, labels, language, time_zone.

    A column that is missing is left alone; an empty cell takes back what was said.

    Raises:
        UsageError: the file is no such CSV.
    """
    header, lines = _read(path)
    fields = [name for name in header if name != "address"]
    wanted: dict[str, tuple[int, dict[str, str | None]]] = {}
    problems: list[tuple[int, str]] = []
    for number, cells in lines:
        row = dict(zip(header, cells, strict=False))
        try:
            if len(cells) != len(header):
                raise UsageError(f"it has {len(cells)} cells where the header has {len(header)}.")
            address = normalize_address(_unguarded(row["address"]), default_country)
            if address in wanted:
                raise UsageError(f"{row['address']!r} stands in the file twice.")
            wanted[address] = number, {name: _unguarded(row[name]) for name in fields}
        except WorkbenchError as error:
            problems.append((number, str(error)))
    changes = _plan(lake, wanted, problems)
    return ImportPlan(len(lines), tuple(changes), tuple(sorted(problems)))


def _plan(
    lake: Lake, wanted: Mapping[str, tuple[int, Mapping[str, str | None]]], problems: list[tuple[int, str]]
) -> list[Change]:
    """The changes of every readable row; what a field cannot have joins the problems."""
    known = {contact.address: contact for contact in read_contacts(lake, list(wanted))}
    changes: dict[tuple[str, str], Change] = {}
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


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    if path.stat().st_size > LARGEST_FILE:
        raise UsageError(f"{path} is larger than {LARGEST_FILE:,} bytes; split it.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text; save it as CSV in UTF-8.") from error
    reader = csv.reader(io.StringIO(text))
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}.") from error
    header = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    unknown = [name for name in header if name not in COLUMNS]
    if "address" not in header or unknown or len(set(header)) < len(header):
        raise UsageError(
            f"{path} begins with {', '.join(header) or 'nothing'!r}; its first line must be the column "
            f"names, each once: address and any of {', '.join(FIELDS)}."
        )
    return header, rows[1:]


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell


def _unguarded(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith((*_FORMULA, "'")) else text

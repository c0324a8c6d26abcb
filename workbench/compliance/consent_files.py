"""Imports consent from a file into the ledger, after a check of the whole file; and exports the ledger.

A file is a table with a header (see `table_files`). Required: `address` and `kind` (opt-in or opt-out).
Optional: `scope`, `source`, `evidence`, `wording_version`, `date`. An opt-in must have the date on which it
was given; an opt-out without a date counts from now.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from workbench.display.control_characters import shown_as_text
from workbench.errors import UsageError
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake
from workbench.lake.consent import EVERYTHING, ConsentEvent, save_consent_events
from workbench.messaging.address_reader import AddressRefused, NumberContext, read_address, read_person
from workbench.messaging.addresses import is_e164
from workbench.messaging.privacy import Privacy
from workbench.table_files import ADDRESS_COLUMNS, CHOOSE_ADDRESS, RENAME, InputTable, find_column, read_table

_COLUMNS: Mapping[str, Collection[str]] = {
    "address": ADDRESS_COLUMNS,
    "kind": ("kind", "status", "consent", "state"),
    "scope": ("scope", "sender", "messagingservice", "messagingservicesid", "topic"),
    "source": ("source", "medium"),
    "evidence": ("evidence", "proof", "note"),
    "wording_version": ("wordingversion", "wording", "version"),
    "date": ("date", "happenedat", "dateofconsent", "since", "timestamp"),
}
_KINDS = {
    "optin": "opt-in", "in": "opt-in", "yes": "opt-in", "subscribed": "opt-in",
    "optout": "opt-out", "out": "opt-out", "no": "opt-out", "unsubscribed": "opt-out", "stop": "opt-out",
}  # fmt: skip
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_TOPIC = re.compile(r"topic:[\w-]{1,64}")
_LONGEST_TEXT = 2000


@dataclass(frozen=True)
class Reject:
    """A line that cannot be used, and the reason, which quotes nothing of the line."""

    line: int
    reason: str


@dataclass(frozen=True)
class ConsentFile:
    """The content of a file, before anything is written."""

    name: str
    events: tuple[ConsentEvent, ...]
    rejects: tuple[Reject, ...]
    unknown_columns: tuple[str, ...] = ()
    undated: frozenset[str] = frozenset()
    """Ids of the opt-outs without a date: they count from now, unless the same was told before."""

    @property
    def people(self) -> int:
        return len({event.address for event in self.events})

    @property
    def kinds(self) -> Mapping[str, int]:
        """Events by kind."""
        return dict(sorted(Counter(event.kind for event in self.events).items()))


@dataclass(frozen=True)
class ConsentDefaults:
    """Values for what a line leaves out."""

    account_sid: str
    scope: str | None = None
    country: str | None = None
    """The country of numbers without a country code."""
    zone: ZoneInfo | None = None
    """The time zone of dates that name none; without it such dates are refused."""
    actor: str | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    sender_countries: tuple[str, ...] = ()
    """The countries of the account's own numbers."""

    @property
    def numbers(self) -> NumberContext:
        """The context to read numbers without a country code."""
        return NumberContext(self.country, self.sender_countries)


def read_consent_file(
    path: Path | str, defaults: ConsentDefaults, privacy: Privacy, address_column: str | None = None
) -> ConsentFile:
    """Read and check a whole file; nothing is written.

    Args:
        path: CSV or XLSX; ``-`` is stdin.
        address_column: the column of the numbers, if several columns fit.

    Raises:
        UsageError: the file is not a table, or a required column is missing.
    """
    table = read_table(path)
    columns, unknown = _read_header(table, address_column)
    events, undated = [], set()
    rejects = [Reject(problem.line, problem.reason) for problem in table.problems]
    for row in table.rows:
        record = {name: row.cells[index].strip() for name, index in columns.items()}
        try:
            event = read_consent_line(record, defaults, privacy, table.name)
        except UsageError as error:
            rejects.append(Reject(row.line, str(error)))
            continue
        events.append(event)
        if not record.get("date"):
            undated.add(event.event_id)
    rejects.sort(key=lambda reject: reject.line)
    return ConsentFile(table.name, tuple(events), tuple(rejects), unknown, frozenset(undated))


def save_consent_file(lake: Lake, consent_file: ConsentFile, actor: str, now: datetime | None = None) -> int:
    """Add a file's events to the ledger, with an audit row; returns how many were new."""
    now = now or datetime.now(UTC)

    def save(cursor: Any) -> int:
        told_before = _told_before(cursor, consent_file)
        events = [event for event in consent_file.events if event.event_id not in told_before]
        added = save_consent_events(cursor, events, now)
        detail = {
            "file": consent_file.name,
            "events": len(consent_file.events),
            "added": added,
            "kinds": dict(consent_file.kinds),
        }
        append_audit(cursor, "consent-import", actor=actor, detail=detail, at=now)
        return added

    return lake.write(save)


def _told_before(cursor: Any, consent_file: ConsentFile) -> set[str]:
    """Ids of opt-outs without a date that the same source told before, and nobody opted in since.

    Each import would otherwise give them another moment, and so write them once more.
    """
    told_before = set()
    for event in consent_file.events:
        if event.event_id in consent_file.undated:
            facts = [event.address, event.scope, event.source, event.evidence]
            if cursor.execute(_TOLD_BEFORE_SQL, facts).fetchall():
                told_before.add(event.event_id)
    return told_before


_TOLD_BEFORE_SQL = """
    select 1 from consent_events told
    where person_of(address) = person_of($1) and scope = $2 and kind = 'opt-out' and source = $3
        and evidence is not distinct from $4
        and not exists (
            from consent_events later
            where later.kind = 'opt-in' and later.happened_at > told.happened_at
                and person_of(later.address) = person_of($1)
        )
    limit 1
"""


def check_scope(text: str, numbers: NumberContext | None = None) -> str:
    """A scope as the ledger writes it: `*`, a messaging service, `topic:NAME`, or one of our senders.

    Args:
        numbers: the context to read a number without a country code.

    Raises:
        UsageError: the text is not one of these.
    """
    if text == EVERYTHING or _SERVICE.fullmatch(text) or _TOPIC.fullmatch(text):
        return text
    try:
        return read_address(text, numbers)
    except UsageError as error:
        raise UsageError(
            f"{text!r} is no scope. Allowed: * for everything, a sender such as +12025550110, a messaging "
            "service MG…, or topic:NAME."
        ) from error


EXPORT_COLUMNS = (
    "address", "scope", "kind", "source", "happened_at", "evidence", "wording_version", "message_sid",
    "actor", "recorded_at", "event_id", "account_sid",
)  # fmt: skip


def write_ledger(lake: Lake, path: Path, actor: str) -> int:
    """Write the whole ledger as CSV, with unmasked numbers and an audit row; returns how many events.

    Raises:
        UsageError: the file exists already.
    """
    rows = lake.rows(f"select {', '.join(EXPORT_COLUMNS)} from consent_events order by happened_at, event_id")
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            path.chmod(0o600)
            csv.writer(file).writerows(_guarded([EXPORT_COLUMNS, *rows]))
    except FileExistsError as error:
        raise UsageError(f"{path} is there already. Name a new file.") from error
    detail = {"what": "consent ledger", "events": len(rows)}
    lake.write(lambda cursor: append_audit(cursor, "export", actor=actor, detail=detail))
    return len(rows)


def _guarded(rows: Iterable[Iterable[object]]) -> Iterator[list[str]]:
    """Cells as text that a spreadsheet does not read as a formula; phone numbers stay unchanged."""
    for row in rows:
        texts = ["" if value is None else value.isoformat() if isinstance(value, datetime)
                 else shown_as_text(str(value)) for value in row]  # fmt: skip
        yield [
            "'" + text if text[:1] in "=+-@\t\r" and text and not is_e164(text) else text for text in texts
        ]


def _read_header(table: InputTable, address_column: str | None) -> tuple[dict[str, int], tuple[str, ...]]:
    columns: dict[str, int] = {}
    for field_name, spellings in _COLUMNS.items():
        chosen, fix = (address_column, CHOOSE_ADDRESS) if field_name == "address" else (None, RENAME)
        column = find_column(table.columns, field_name, spellings, chosen=chosen, fix=fix, table=table.name)
        if column is not None:
            columns[field_name] = table.columns.index(column)
    missing = [needed for needed in ("address", "kind") if needed not in columns]
    if missing:
        raise UsageError(
            f"{table.name} has no column {' and '.join(missing)}; it has {', '.join(table.columns)}, read as "
            f"{table.form.text}. Give a table with a header: address, kind (opt-in or opt-out), and "
            "optionally scope, source, evidence, wording_version, date."
        )
    allowed = set(columns.values())
    return columns, tuple(column for index, column in enumerate(table.columns) if index not in allowed)


def read_consent_line(
    record: Mapping[str, str], defaults: ConsentDefaults, privacy: Privacy, file_name: str
) -> ConsentEvent:
    """One event of what a line says, by the names of the columns.

    Raises:
        UsageError: a value is none that can be used; it is not in the text.
    """
    kind = _KINDS.get(re.sub(r"[^a-z]", "", record["kind"].lower()))
    if kind is None:
        raise UsageError("kind is neither opt-in nor opt-out")
    return ConsentEvent(
        account_sid=defaults.account_sid,
        address=str(privacy.contact(_read_address(record["address"], defaults.numbers))),
        scope=_read_scope(record.get("scope") or defaults.scope, defaults.numbers),
        kind=kind,
        source=(record.get("source") or f"file {file_name}")[:200],
        happened_at=_read_date(record.get("date", ""), kind, defaults),
        evidence=record.get("evidence", "")[:_LONGEST_TEXT] or None,
        wording_version=record.get("wording_version", "")[:200] or None,
        actor=defaults.actor,
    )


def _read_address(text: str, numbers: NumberContext) -> str:
    try:
        return read_person(text, numbers)
    except AddressRefused as error:
        fix = "; give --country for numbers without" if error.is_country_missing else ""
        raise UsageError(f"address is no number with a country code ({error.reason}){fix}") from error


def _read_scope(text: str | None, numbers: NumberContext) -> str:
    if not text:
        raise UsageError("scope is missing; add the column, or give --scope")
    try:
        return check_scope(text, numbers)
    except UsageError as error:
        raise UsageError("scope is neither *, a sender, a messaging service nor topic:NAME") from error


def _read_date(text: str, kind: str, defaults: ConsentDefaults) -> datetime:
    if not text:
        if kind == "opt-in":
            raise UsageError("date is missing; an opt-in needs the time it was given")
        return defaults.now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError("date is no ISO date such as 2026-03-01T09:30:00Z") from error
    if moment.tzinfo is None:
        if defaults.zone is None:
            raise UsageError("date names no time zone; give --timezone")
        moment = moment.replace(tzinfo=defaults.zone)
    if moment > defaults.now:
        raise UsageError("date is in the future")
    return moment.astimezone(UTC)

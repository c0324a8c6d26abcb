"""Contacts: each one exists through its messages; people add a name, labels, a language and a time zone.

Every edit, merge or import is a set of events with one `change_id`, so that it can be undone. Values are
checked before anything is written.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from workbench.errors import NotFound, UsageError
from workbench.lake import Lake
from workbench.lake.audit import append_audit
from workbench.lake.connect import Readable
from workbench.lake.number_lookups import number_conditions
from workbench.lake.shown_address import shown_address_sql
from workbench.messaging.addresses import mask, time_zones
from workbench.messaging.person import person_of

FIELDS = ("name", "labels", "language", "time_zone")
"""The fields of a contact that people may set."""

LONGEST_NAME = 120


@dataclass(frozen=True)
class Contact:
    """A contact as the lake knows them. `zones` are those of its number, or the one that people set."""

    address: str
    person: str
    name: str | None
    labels: tuple[str, ...]
    language: str | None
    country: str | None
    zones: tuple[str, ...]
    is_zone_given: bool
    first_at: datetime | None
    last_at: datetime | None
    received: int
    sent: int
    consent: str | None = None
    """opted-out if they opted out of anything of ours, opted-in, or None."""

    @property
    def is_merged(self) -> bool:
        return self.person != person_of(self.address)

    def local_times(self, now: datetime) -> tuple[datetime, datetime] | None:
        """The earliest and the latest local time that the contact may have; None without a time zone."""
        clocks = sorted((now.astimezone(ZoneInfo(zone)) for zone in self.zones), key=_wall_clock)
        return (clocks[0], clocks[-1]) if clocks else None


@dataclass(frozen=True)
class ContactChange:
    """One field of one contact, before and after; None is no value."""

    address: str
    field: str
    before: str | None
    after: str | None


def read_contact(lake: Lake, address: str) -> Contact:
    """The contact with this address; without messages or fields, one that has the number only."""
    rows = lake.rows(f"{_SELECT} where address = ?", [address])
    return _contact(rows[0]) if rows else _contact((address, person_of(address), *[None] * 7, 0, 0, None))


def read_contacts(lake: Lake, addresses: Sequence[str] | None = None) -> list[Contact]:
    """All contacts, or those with these addresses."""
    where = "" if addresses is None else " where address in (select unnest(?::varchar[]))"
    return [
        _contact(row)
        for row in lake.rows(
            f"{_SELECT}{where} order by address", None if addresses is None else [list(addresses)]
        )
    ]


def search_contacts(
    lake: Readable, search: str = "", limit: int = 1000, *, number: str | None = None
) -> tuple[list[Contact], int]:
    """Contacts with this in their name, labels or the shown part of their number, and how many there are.

    The latest come first. ``number`` is a whole number that is looked up, as `look_up_number` gives it.
    """
    text = search.strip()
    parameters = {"text": text, "like": "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"}
    by_number = number_conditions(text, number, ("address",), parameters)
    # What is shown decides the order; the address only where two contacts look alike.
    order = f"last_at desc nulls last, {_SHOWN}, name, labels, language, time_zone, received, sent, address"
    rows = lake.rows(
        f"{_SELECT} where $text = '' or name ilike $like escape '\\' or labels ilike $like escape '\\' "
        f"or {_SHOWN} ilike $like escape '\\' {' '.join(f'or {condition}' for condition in by_number)} "
        f"order by {order}",
        parameters,
    )
    return [_contact(row) for row in rows[:limit]], len(rows)


def same_person(lake: Lake, address: str) -> list[str]:
    """Every address of the person, this one included."""
    rows = lake.rows(
        "select address from contacts where person = (select person from contacts where address = ?) "
        "order by person_of(address) <> person, address",
        [address],
    )
    return [row[0] for row in rows] or [address]


def plan_edit(contact: Contact, values: Mapping[str, str | None]) -> list[ContactChange]:
    """What setting these fields of a contact changes; an empty value removes the old one.

    Raises:
        UsageError: a field that does not exist, or a value it cannot have.
    """
    current = {
        "name": contact.name,
        "labels": ",".join(contact.labels) or None,
        "language": contact.language,
        "time_zone": contact.zones[0] if contact.is_zone_given else None,
    }
    changes = []
    for field, value in values.items():
        if field not in FIELDS:
            raise UsageError(f"A contact has no field {field!r}; allowed are {', '.join(FIELDS)}.")
        checked = check_value(field, value)
        if checked != current[field]:
            # Merged contacts share their fields, so the change is written for the person.
            address = contact.address if field == "time_zone" else contact.person
            changes.append(ContactChange(address, field, current[field], checked))
    return changes


def plan_merge(lake: Lake, address: str, into: str) -> list[ContactChange]:
    """The changes that make two addresses one person, with those already merged into the first.

    Raises:
        UsageError: they are the same person already.
    """
    contact, target = read_contact(lake, address), read_contact(lake, into)
    if contact.person == target.person:
        raise UsageError(f"{mask(address)} and {mask(into)} are the same person already.")
    return [
        ContactChange(
            merged, "merged_into", None if merged == contact.person else contact.person, target.person
        )
        for merged in same_person(lake, address)
    ]


def save_changes(
    lake: Lake, changes: Sequence[ContactChange], actor: str, action: str, change_id: str | None = None
) -> str | None:
    """Save changes with their audit row, in one commit; returns their `change_id`, None for no change.

    Args:
        change_id: one that is not used yet; by default a new one.
    """
    if not changes:
        return None
    change_id, now = change_id or uuid.uuid4().hex, datetime.now(UTC)
    rows = [
        (uuid.uuid4().hex, change_id, change.address, change.field, change.after, change.before, actor, now)
        for change in changes
    ]

    def write(cursor: Any) -> None:
        cursor.executemany("insert into contact_events values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        subjects = sorted({mask(change.address) for change in changes})
        append_audit(
            cursor,
            action,
            actor=actor,
            subject=subjects[0] if len(subjects) == 1 else None,
            detail={
                "change_id": change_id,
                "contacts": len({change.address for change in changes}),
                "fields": sorted({change.field for change in changes}),
            },
            at=now,
        )

    lake.write(write)
    return change_id


def undo_change(lake: Lake, change_id: str, actor: str, undo_id: str | None = None) -> list[ContactChange]:
    """Undo one edit, merge or import: every field gets its earlier value back.

    Args:
        undo_id: the id of the change that this makes; by default a new one.

    Raises:
        NotFound: there is no such change.
        UsageError: one of its fields was changed again since.
    """
    rows = lake.rows(
        "select address, field, value, previous from contact_events where change_id = ?", [change_id]
    )
    if not rows:
        raise NotFound(f"No change {change_id!r} of contacts; `workbench contacts changes` lists them.")
    later = lake.value(
        "select count(*) from contact_events mine join contact_events next "
        "on next.address = mine.address and next.field = mine.field and next.happened_at > mine.happened_at "
        "where mine.change_id = ?",
        [change_id],
    )
    if later:
        raise UsageError(f"Change {change_id} cannot be undone: {later} of its fields changed again since.")
    changes = [ContactChange(address, field, value, previous) for address, field, value, previous in rows]
    save_changes(lake, changes, actor, "contact-undo", undo_id)
    return changes


def check_value(field: str, value: str | None) -> str | None:
    """The value as it is kept: trimmed, labels sorted and in lower case; None for an empty one.

    Raises:
        UsageError: the field cannot have it.
    """
    text = " ".join((value or "").split())
    if not text:
        return None
    if field == "labels":
        return ",".join(sorted(split_labels(text))) or None
    if field == "time_zone" and text not in _zone_names():
        raise UsageError(f"{text!r} is no time zone; write a name such as America/Chicago.")
    if field == "language" and not (
        2 <= len(text) <= 12 and text.replace("-", "").isalnum() and text.isascii()
    ):
        raise UsageError(f"{text!r} is no language; write a tag such as en, es or pt-BR.")
    if len(text) > LONGEST_NAME:
        raise UsageError(f"A {field} has at most {LONGEST_NAME} characters; this one has {len(text)}.")
    return text


def split_labels(text: str) -> set[str]:
    return {" ".join(part.split()).lower() for part in text.replace(";", ",").split(",") if part.strip()}


_SHOWN = shown_address_sql("address")
_SELECT = """
    select
        address, person, name, labels, language, time_zone, country, first_at, last_at, received, sent,
        case
            when person_of(address) in (select person_of(address) from suppressions) then 'opt-out'
            when person_of(address) in (select person_of(address) from consent_state where state = 'opt-in')
                then 'opt-in'
        end as consent
    from contacts
"""


def _contact(row: Iterable[Any]) -> Contact:
    address, person, name, labels, language, zone, country, first_at, last_at, received, sent, consent = row
    return Contact(
        address, person, name, tuple(sorted(split_labels(labels or ""))), language, country,
        (zone,) if zone else time_zones(address), zone is not None, first_at, last_at, received, sent,
        {"opt-out": "opted-out", "opt-in": "opted-in"}.get(consent),
    )  # fmt: skip


def _wall_clock(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _zone_names() -> set[str]:
    import zoneinfo

    return zoneinfo.available_timezones()

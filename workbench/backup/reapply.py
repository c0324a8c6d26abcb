"""Removes again what was removed after a backup was made: erased people, and what retention let go.

Of an erased person only keyed hashes are known. So every address and number that the restored lake holds is
hashed with its key; whoever is in the list of erasures is erased as the first time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from workbench.backup.manifest import ErasureLedger
from workbench.compliance.data_subject import DataSubject, find_person
from workbench.compliance.erasure import ADDRESS_COLUMNS, order_erasure, text_columns
from workbench.compliance.finishing import finish_erasure, finish_removals, removing_alone
from workbench.compliance.retention import RetentionRule, retention_rules, run_retention
from workbench.errors import UsageError
from workbench.lake.connect import Lake
from workbench.lake.erased import person_hash
from workbench.lake.quoting import identifier
from workbench.lake.secret_key import known_lake_key
from workbench.messaging.person import spellings
from workbench.messaging.privacy import Privacy
from workbench.roles import current_actor
from workbench.settings import Settings


@dataclass(frozen=True)
class Reapplied:
    """What was removed again."""

    people: int
    rows: int
    """By retention."""


def reapply(lake: Lake, settings: Settings, ledger: ErasureLedger) -> Reapplied:
    """Erase the people of the ledger whom the lake still knows, and apply retention as far as it had come.

    Raises:
        ConfigError, LakeRefused: the lake's key is missing, and somebody was erased since.
    """
    return Reapplied(_erase_again(lake, ledger), _retain_again(lake, settings, ledger))


# --- erasures ---


def _erase_again(lake: Lake, ledger: ErasureLedger) -> int:
    with lake.cursor() as cursor:
        known = {person for (person,) in cursor.execute("select person_hash from erased_people").fetchall()}
        new = {person: erasure for person, erasure in ledger.erased.items() if person not in known}
        if not new:
            return 0
        people = _people(cursor, lake, {person: erasure_id for person, (erasure_id, _) in new.items()})
    rows = [(person, erasure_id, erased_at) for person, (erasure_id, erased_at) in new.items()]
    lake.write(lambda cursor: cursor.executemany("insert into erased_people values (?, ?, ?)", rows))
    with removing_alone(lake):
        finish_removals(lake, current_actor())
        for person in people:
            finish_erasure(lake, order_erasure(lake, person, actor=current_actor()))
    return len({erasure_id for erasure_id, _ in new.values()})


def _people(cursor: duckdb.DuckDBPyConnection, lake: Lake, erasures: dict[str, str]) -> list[DataSubject]:
    """Whoever of these erasures is in the lake, each once."""
    key = known_lake_key(cursor, lake.home)
    addresses: dict[str, list[str]] = {}
    for address in _addresses(cursor):
        for form in (address, *spellings(address)):
            erasure_id = erasures.get(person_hash(key, form))
            if erasure_id:
                addresses.setdefault(erasure_id, []).append(address)
                break
    return [_person(sorted(set(forms))) for forms in addresses.values()]


def _person(addresses: list[str]) -> DataSubject:
    """The person behind the addresses of one erasure, which may be pseudonyms without a number."""
    for address in addresses:
        try:
            person = find_person(address.rpartition(":")[2], Privacy())
        except UsageError:
            continue
        contacts = tuple(dict.fromkeys([*person.contacts, *addresses]))
        return DataSubject(person.number, person.numbers, person.addresses, contacts, is_shared=False)
    return DataSubject(addresses[0], (), (), tuple(addresses), is_shared=False)


def _addresses(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    """Whatever may be a person in any table: addresses as they are, and every number in a text."""
    addresses: set[str] = set()
    for table, columns in text_columns(cursor).items():
        for column in columns:
            name = identifier(column)
            numbers = cursor.execute(
                f"select distinct unnest(regexp_extract_all({name}, '[0-9]+')) as number "
                f"from {identifier(table)} where regexp_matches({name}, '[1-9][0-9]{{8}}')"
            ).fetchall()
            addresses.update(f"+{number}" for (number,) in numbers if _NUMBER.fullmatch(number))
            if column in ADDRESS_COLUMNS:
                values = cursor.execute(
                    f"select distinct {name} from {identifier(table)} where {name} is not null"
                ).fetchall()
                addresses.update(value for (value,) in values)
    return addresses


_NUMBER = re.compile(r"[1-9][0-9]{8,14}")


# --- retention ---


def _retain_again(lake: Lake, settings: Settings, ledger: ErasureLedger) -> int:
    """As far as it had come, and then as the settings of the backup say for today."""
    before = dict(lake.rows("select rule, removed_before from retention_horizons"))
    removed = 0
    for rule, horizon in ledger.horizons.items():
        if rule not in before or before[rule] < horizon:
            removed += _run(lake, [RetentionRule(rule, 1)], horizon + timedelta(days=1))
    return removed + _run(lake, retention_rules(settings.retention), None)


def _run(lake: Lake, rules: Sequence[RetentionRule], now: datetime | None) -> int:
    if not rules:
        return 0
    counts = run_retention(lake, rules, current_actor(), confirm=True, now=now)
    return int(counts["rows"].sum())

"""The order of an erasure, in a file until it is finished, so that an interrupted erasure can be continued.

The lake must not contain the person's number after their rows are deleted, but to finish the erasure one must
know for which number to search. So only this file has it, readable by this user only, and is removed last.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.compliance.data_subject import DataSubject
from workbench.compliance.home_files import HomeFiles
from workbench.files import write_whole

FOLDER = "erasures"
"""Under WORKBENCH_HOME: the orders, and the proofs of finished erasures."""
_SUFFIX = ".begun.json"


@dataclass(frozen=True)
class ErasurePlan:
    """What is stored of a person, before anything is deleted."""

    person: str
    """Masked."""
    rows: Mapping[str, int]
    """By table: how many rows are deleted."""
    mentions: Mapping[str, int]
    """By table and column: how many other rows contain the number in a text."""
    files: HomeFiles
    attachments: tuple[str, ...] = ()
    """Files of attachments, under `media/`."""
    texts: tuple[str, ...] = field(repr=False, default=())
    """The person's texts, without short ones; searched in files."""

    @property
    def is_empty(self) -> bool:
        return not (self.rows or self.mentions or self.files.changeable or self.attachments)


@dataclass(frozen=True)
class AtTwilio:
    """What was requested at Twilio before, for the proof."""

    asked: Sequence[Mapping[str, Any]] = ()
    not_confirmed: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Order:
    """One erasure, from the moment it was confirmed."""

    erasure_id: str
    person: DataSubject
    plan: ErasurePlan
    actor: str
    begun_at: datetime
    at_twilio: AtTwilio


def save_order(home: Path, order: Order) -> None:
    """Write the order to the disk, durably."""
    write_whole(_path(home, order.erasure_id), json.dumps(asdict(order), default=str))


def read_orders(home: Path) -> list[Order]:
    """The unfinished erasures of this home, the oldest first."""
    paths = sorted((home / FOLDER).glob(f"*{_SUFFIX}"))
    return sorted((_read(path) for path in paths), key=lambda order: order.begun_at)


def remove_order(home: Path, erasure_id: str) -> None:
    """Remove the order of a finished erasure."""
    _path(home, erasure_id).unlink(missing_ok=True)


def _path(home: Path, erasure_id: str) -> Path:
    return home / FOLDER / f"{erasure_id}{_SUFFIX}"


def _read(path: Path) -> Order:
    record = json.loads(path.read_text(encoding="utf-8"))
    return Order(
        erasure_id=record["erasure_id"],
        person=_read_person(record["person"]),
        plan=_read_plan(record["plan"]),
        actor=record["actor"],
        begun_at=datetime.fromisoformat(record["begun_at"]),
        at_twilio=AtTwilio(**record["at_twilio"]),
    )


def _read_person(record: Mapping[str, Any]) -> DataSubject:
    return DataSubject(
        record["number"],
        tuple(record["numbers"]),
        tuple(record["addresses"]),
        tuple(record["contacts"]),
        bool(record["is_shared"]),
    )


def _read_plan(record: Mapping[str, Any]) -> ErasurePlan:
    files = record["files"]
    # An order of an older version calls the changeable files "found".
    changeable = files["changeable"] if "changeable" in files else files["found"]
    return ErasurePlan(
        record["person"],
        record["rows"],
        record["mentions"],
        HomeFiles(tuple(changeable), tuple(files["kept"])),
        tuple(record["attachments"]),
        tuple(record["texts"]),
    )

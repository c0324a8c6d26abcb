"""Keeps each deletion on record from its commit until no old copy is left, so that none stays half done.

A delete is committed in a moment; that files, snapshots and free pages lose it too takes longer and can be
killed. The row says so, and whoever comes next finishes it (``compliance/finishing.py``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from workbench.lake.connect import Lake

ERASURE, RETENTION = "erasure", "retention"


@dataclass(frozen=True)
class Unfinished:
    """A deletion of which old copies may be left."""

    removal_id: str
    kind: str
    subject: str | None
    """Masked; None for retention."""
    begun_at: datetime
    attachments: tuple[str, ...] = field(repr=False, default=())
    """Files under `media/`, still to be removed."""

    def __str__(self) -> str:
        whose = f" of {self.subject}" if self.subject else ""
        return f"{self.kind}{whose}, begun {self.begun_at:%Y-%m-%d %H:%M} UTC"


def begin_removal(
    cursor: duckdb.DuckDBPyConnection,
    removal_id: str,
    kind: str,
    *,
    actor: str,
    begun_at: datetime,
    attachments: Sequence[str],
    subject: str | None = None,
    person_hash: str | None = None,
) -> bool:
    """Put a deletion on record, in the transaction that deletes; False if it is already."""
    if cursor.execute("select 1 from removals where removal_id = ?", [removal_id]).fetchall():
        return False
    cursor.execute(
        "insert into removals values (?, ?, ?, ?, ?, ?, null, ?)",
        [removal_id, kind, person_hash, subject, actor, begun_at, json.dumps(list(attachments))],
    )
    return True


def add_attachments(cursor: duckdb.DuckDBPyConnection, removal_id: str, file_names: Sequence[str]) -> None:
    """Note files that go too, in the transaction that deletes the rows that name them."""
    noted = cursor.execute("select attachments from removals where removal_id = ?", [removal_id]).fetchall()
    if file_names:
        names = sorted({*json.loads(noted[0][0] or "[]"), *file_names})
        cursor.execute(
            "update removals set attachments = ? where removal_id = ?", [json.dumps(names), removal_id]
        )


def end_removal(cursor: duckdb.DuckDBPyConnection, removal_id: str, finished_at: datetime) -> bool:
    """No old copy is left; False if that is on record already.

    A later erasure of the same person has done all that an earlier one still had to do, so it ends both.
    """
    ended = cursor.execute(
        "update removals set finished_at = ?, attachments = null where finished_at is null and ("
        "removal_id = ? or person_hash in (select person_hash from removals where removal_id = ?))",
        [finished_at, removal_id, removal_id],
    ).fetchall()
    return bool(ended[0][0])


def is_finished(lake: Lake, removal_id: str) -> bool:
    """Whether it is on record that no old copy of this deletion is left."""
    sql = "select 1 from removals where finished_at is not null and removal_id = ?"
    return bool(lake.rows(sql, [removal_id]))


def is_unfinished(cursor: duckdb.DuckDBPyConnection, person: str) -> bool:
    """Whether an erasure of the person with this hash is not finished."""
    sql = "select 1 from removals where finished_at is null and person_hash = ?"
    return bool(cursor.execute(sql, [person]).fetchall())


def read_unfinished(lake: Lake) -> list[Unfinished]:
    """Deletions of which old copies may be left, the oldest first."""
    rows = lake.rows(
        "select removal_id, kind, subject, begun_at, attachments from removals "
        "where finished_at is null order by begun_at, removal_id"
    )
    return [
        Unfinished(removal_id, kind, subject, begun_at, tuple(json.loads(attachments or "[]")))
        for removal_id, kind, subject, begun_at, attachments in rows
    ]

"""The audit trail: who did what that matters, each row chained to the one before it.

A row is written in the transaction of the deed itself, so that neither exists without the other. A row that
is altered, missing or out of order breaks the chain (`workbench.compliance` verifies it).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from workbench.files import write_whole
from workbench.lake.quoting import quoted
from workbench.roles import local_actor as local_actor

ANCHOR_FILE = "audit.anchor"
"""In WORKBENCH_HOME, outside of the lake."""

FIRST_HASH = "0" * 64
"""Stands before the first row."""


@dataclass(frozen=True)
class AuditRow:
    """A row of `audit_events` but for its own hash; `detail` is JSON text with sorted keys."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str | None
    detail: str
    previous_hash: str

    @property
    def hash(self) -> str:
        """SHA-256 over every field, unambiguously joined, and so over the whole trail before it."""
        moment = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        fields = [self.seq, moment, self.actor, self.action, self.subject, self.detail, self.previous_hash]
        return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class NewAuditRow:
    """What somebody did, for :func:`append_audit_rows`; the fields are the arguments of `append_audit`."""

    action: str
    actor: str
    subject: str | None
    detail: Mapping[str, Any]


def append_audit(
    cursor: duckdb.DuckDBPyConnection,
    action: str,
    *,
    actor: str,
    subject: str | None = None,
    detail: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> AuditRow:
    """Add one row, in the caller's transaction (:meth:`workbench.lake.connect.Lake.write`).

    Args:
        action: what was done, as `send`, `reveal`, `consent-decision`; lower case, words joined by hyphens.
        actor: who did it; :func:`local_actor` for a person at this machine.
        subject: what it was done to; a person's number only masked.
        detail: facts as JSON values; neither whole numbers nor texts of messages.
    """
    return append_audit_rows(cursor, [NewAuditRow(action, actor, subject, detail or {})], at=at)[-1]


def append_audit_rows(
    cursor: duckdb.DuckDBPyConnection, new: Sequence[NewAuditRow], *, at: datetime | None = None
) -> list[AuditRow]:
    """As :func:`append_audit`, for several deeds of one moment."""
    last = cursor.execute("select seq, hash from audit_events order by seq desc limit 1").fetchall()
    seq, previous_hash = (last[0][0], last[0][1]) if last else (0, FIRST_HASH)
    moment, rows = at or datetime.now(UTC), list[AuditRow]()
    for deed in new:
        text = json.dumps(dict(deed.detail), sort_keys=True, ensure_ascii=False, default=str)
        seq += 1
        row = AuditRow(seq, moment, deed.actor, deed.action, deed.subject, text, previous_hash)
        rows.append(row)
        previous_hash = row.hash
    cursor.executemany(
        "insert into audit_events values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            [row.seq, row.at, row.actor, row.action, row.subject, row.detail, row.previous_hash, row.hash]
            for row in rows
        ],
    )
    cursor.execute(f"SET VARIABLE audit_tail = {quoted(f'{seq}:{previous_hash}')}")
    return rows


def keep_anchor(cursor: duckdb.DuckDBPyConnection, home: Path) -> None:
    """After a commit: write down the last row's number and hash outside of the lake, if rows were added.

    A trail that ends before its anchor was cut off. The file proves nothing against somebody who can write to
    it; for that, keep what `workbench audit verify` prints somewhere else.
    """
    tail = cursor.execute("select getvariable('audit_tail')").fetchall()[0][0]
    if tail is None:
        return
    stored = read_anchor(home)
    if stored is not None and stored[0] >= int(tail.partition(":")[0]):
        return  # another process was a commit ahead
    write_whole(home / ANCHOR_FILE, tail + "\n")


def read_anchor(home: Path) -> tuple[int, str] | None:
    """The number and hash of the last row that this machine added; None without or with an unreadable one."""
    try:
        seq, _, last_hash = (home / ANCHOR_FILE).read_text(encoding="ascii").strip().partition(":")
        return int(seq), last_hash
    except (FileNotFoundError, ValueError):
        return None

"""The chain of the audit trail: each row stands on all before it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from workbench.lake import Lake
from workbench.lake.audit import FIRST_HASH, AuditRow, append_audit

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_rows_are_numbered_and_chained(lake: Lake) -> None:
    def write(action: str) -> AuditRow:
        return lake.write(lambda cursor: append_audit(cursor, action, actor="ops", detail={"n": 1}))

    first, second = write("send"), write("reveal")
    assert (first.seq, first.previous_hash) == (1, FIRST_HASH)
    assert (second.seq, second.previous_hash) == (2, first.hash)
    stored = lake.rows("select * exclude (hash), hash from audit_events order by seq")
    assert [AuditRow(*row[:7]).hash for row in stored] == [row[7] for row in stored]


def test_the_hash_covers_every_field() -> None:
    row = AuditRow(1, AT, "ops", "send", "+1415***0123", "{}", FIRST_HASH)
    others = [
        replace(row, seq=2), replace(row, at=AT + timedelta(microseconds=1)), replace(row, actor="opsx"),
        replace(row, action="sendx"), replace(row, subject=None), replace(row, detail='{"a": 1}'),
        replace(row, previous_hash="1" * 64),
        # Moving a letter over a border is a change, too.
        replace(row, actor="opss", action="end"),
    ]  # fmt: skip
    assert len({row.hash, *(other.hash for other in others)}) == 9
    assert replace(row, at=AT.astimezone(timezone(timedelta(hours=5)))).hash == row.hash


def test_many_writers_make_one_chain(lake: Lake) -> None:
    def write() -> None:
        for _ in range(5):
            lake.write(lambda cursor: append_audit(cursor, "send", actor="ops"))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = lake.rows("select seq, previous_hash, hash from audit_events order by seq")
    assert [row[0] for row in rows] == list(range(1, 21))
    assert [row[1] for row in rows[1:]] == [row[2] for row in rows[:-1]]

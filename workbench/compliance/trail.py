"""Verifies and shows the audit trail: finds rows that are altered, missing, out of order or cut off.

Each row's hash covers the row and the hash before it, so the last hash identifies the whole trail. A person
who can write to the lake could build a new, consistent trail; to detect that, keep the last hash in another
place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from workbench.errors import UsageError
from workbench.lake.audit import FIRST_HASH, AuditRow, read_anchor
from workbench.lake.connect import Lake
from workbench.lake.conversation_ids import without_plain_ids

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 10_000
_MOST_PROBLEMS = 100


@dataclass(frozen=True)
class TrailProblem:
    """One break of the chain."""

    seq: int
    kind: str
    """`altered`, `missing`, `twice`, `out of order` or `cut off`."""
    text: str


@dataclass(frozen=True)
class TrailCheck:
    """What a verification found."""

    rows: int
    last_seq: int
    last_hash: str
    anchor_seq: int | None
    problems: tuple[TrailProblem, ...]

    @property
    def is_whole(self) -> bool:
        return not self.problems

    @property
    def tail(self) -> str:
        """The last hash, to keep in another place and give to a later verification."""
        return f"{self.last_seq}:{self.last_hash}"


def verify_trail(lake: Lake, anchor: str | None = None) -> TrailCheck:
    """Check the chain from its first row to its last, and compare it with the anchors.

    Args:
        anchor: what an earlier verification printed, as ``12:9f3a…``; this machine's own is always checked.

    Raises:
        UsageError: the text is not an anchor.
    """
    anchors = [anchor_pair for anchor_pair in (read_anchor(lake.home), _read_anchor(anchor)) if anchor_pair]
    wanted = dict(anchors)
    problems: list[TrailProblem] = []
    rows, expected, previous, stored = 0, 1, FIRST_HASH, ""
    with lake.cursor() as cursor:
        for row, stored in _rows(cursor):
            problems += _problems(row, stored, expected, previous)
            if wanted.get(row.seq, stored) != stored:
                problems.append(
                    TrailProblem(row.seq, "altered", f"row {row.seq} is not the one of its anchor")
                )
            rows, expected, previous = rows + 1, row.seq + 1, stored
    last_seq = expected - 1
    for seq, _ in anchors:
        if seq > last_seq:
            text = f"the trail ends at row {last_seq}, and row {seq} had been written"
            problems.append(TrailProblem(seq, "cut off", text))
    return TrailCheck(
        rows, last_seq, previous, max(wanted, default=None), tuple(dict.fromkeys(problems))[:_MOST_PROBLEMS]
    )


def read_trail(
    lake: Lake, *, action: str | None = None, actor: str | None = None, limit: int | None = None
) -> pd.DataFrame:
    """The trail, the newest first: seq, happened_at (UTC), actor, action, subject (masked), detail (JSON)."""
    trail = lake.frame(
        """
        select seq, happened_at, actor, action, subject, detail from audit_events
        where ($action is null or action = $action) and ($actor is null or actor = $actor)
        order by seq desc limit $limit
        """,
        {"action": action, "actor": actor, "limit": limit if limit is not None else 2**31},
    )
    for column in ("subject", "detail"):
        trail[column] = [without_plain_ids(text) for text in trail[column]]
    return trail


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[AuditRow, str]]:
    result = cursor.execute(
        "select seq, happened_at, actor, action, subject, detail, previous_hash, hash from audit_events "
        "order by seq, happened_at"
    )
    while batch := result.fetchmany(_AT_ONCE):
        for *values, stored in batch:
            yield AuditRow(*values), stored


def _problems(row: AuditRow, stored: str, expected: int, previous: str) -> list[TrailProblem]:
    if row.seq < expected:
        return [TrailProblem(row.seq, "twice", f"row {row.seq} is there more than once")]
    problems = []
    if row.seq > expected:
        which = f"row {expected}" if row.seq == expected + 1 else f"rows {expected} to {row.seq - 1}"
        problems.append(TrailProblem(expected, "missing", f"{which} missing before row {row.seq}"))
    if row.hash != stored:
        problems.append(TrailProblem(row.seq, "altered", f"row {row.seq} is not what was written"))
    elif row.previous_hash != previous and row.seq == expected:
        text = f"row {row.seq} does not follow the row before it"
        problems.append(TrailProblem(row.seq, "out of order", text))
    return problems


def _read_anchor(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    seq, _, last_hash = text.strip().partition(":")
    if not seq.isdigit() or len(last_hash) != len(FIRST_HASH):
        raise UsageError(f"{text!r} is no anchor. Give what `workbench audit verify` printed, as 12:9f3a….")
    return int(seq), last_hash

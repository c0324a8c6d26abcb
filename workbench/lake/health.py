"""The states that the doctor found, and since when: written by the schedule, read by pages and commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import duckdb

from workbench.lake.connect import Lake, Readable
from workbench.lake.save_rows import save_rows

KEPT = timedelta(days=400)
"""How long ended states are kept."""


@dataclass(frozen=True)
class HealthState:
    """A row of `health_states` that has not ended; times in UTC."""

    check_name: str
    subject: str
    state: str
    evidence: str
    repair: str
    link: str
    began_at: datetime
    seen_at: datetime


def check_title(check_name: str) -> str:
    """The name of a check as people read it: `Number in service`."""
    return check_name.replace("-", " ").capitalize()


def read_health(lake: Readable) -> list[HealthState]:
    """The present states, by check and subject."""
    return [HealthState(*row) for row in lake.rows(_PRESENT_SQL)]


def save_health(lake: Lake, states: Sequence[HealthState]) -> None:
    """Note what an examination of everything found.

    A state that is the same as before keeps the moment at which it began. What could not be examined now
    (`unknown`) ends nothing: nobody knows that it ended.

    Args:
        states: all of them, `began_at` and `seen_at` the moment of the examination.
    """
    lake.write(lambda cursor: _save(cursor, states))


def _save(cursor: duckdb.DuckDBPyConnection, states: Sequence[HealthState]) -> None:
    if not states:
        return
    now = max(state.seen_at for state in states)
    unknown = {state.check_name for state in states if state.state == "unknown"}
    before = {(row.check_name, row.subject): row for row in _read(cursor)}
    rows = []
    for state in states:
        earlier = before.get((state.check_name, state.subject))
        is_same = earlier is not None and earlier.state == state.state
        rows.append(replace(state, began_at=earlier.began_at) if is_same and earlier else state)
    present = {(row.check_name, row.subject): row for row in rows}
    for key, row in before.items():
        is_ended = key not in present and row.check_name not in unknown
        is_other = key in present and present[key].state != row.state
        if is_ended or is_other:
            cursor.execute(
                "update health_states set ended_at = ? "
                "where check_name = ? and subject = ? and ended_at is null",
                [now, row.check_name, row.subject],
            )
    save_rows(
        cursor,
        "health_states",
        [{**asdict(row), "ended_at": None} for row in present.values()],
        key=("check_name", "subject", "began_at"),
    )
    cursor.execute("delete from health_states where ended_at < ?", [now - KEPT])


def _read(cursor: duckdb.DuckDBPyConnection) -> list[HealthState]:
    return [HealthState(*row) for row in cursor.execute(_PRESENT_SQL).fetchall()]


_PRESENT_SQL = """
select check_name, subject, state, evidence, repair, link, began_at, seen_at from health_states
where ended_at is null order by check_name, subject
"""

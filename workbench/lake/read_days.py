"""Which GMT days of the message log are completely in the lake, from the list or from a file; whether any."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import LiteralString

from workbench.errors import NothingKnown
from workbench.lake.connect import Lake, Readable


def read_whole_days(lake: Readable, as_of: datetime) -> set[tuple[str, date]]:
    """The days that were read to their end after they were over, or that a file was imported for, by account.

    Today counts as soon as it was begun.
    """
    return set(lake.rows(_SQL, {"today": as_of.astimezone(UTC).date()}))


def require_log(lake: Lake) -> None:
    """Refuse to answer from a lake that was begun, as by a server or a failed sync, and has no message log.

    Raises:
        NothingKnown: no message is in it, and no day of the log was read or imported.
    """
    if not has_log(lake):
        raise NothingKnown(f"No message log was ever read into the lake at {lake.address.shown}")


def has_log(lake: Lake) -> bool:
    """Whether a message is in the lake, or a day of the log was read or imported."""
    # One after the other: where there is a message, the others are not asked.
    return any(lake.rows(sql) for sql in _WAS_READ_SQL)


_WAS_READ_SQL: tuple[LiteralString, ...] = (
    "select 1 from raw_messages limit 1",
    "select 1 from sync_windows where finished_at is not null limit 1",
    "select 1 from imports limit 1",
)

_SQL = """
    select account_sid, day from sync_windows
    where finished_at is not null and (read_from >= timezone('UTC', (day + 1)::timestamp) or day = $today)
    union
    select account_sid, unnest(generate_series(first_day, last_day, interval 1 day))::date
    from imports where first_day is not null
    union
    select account_sid, export_day from imports where export_day is not null
"""

"""Which GMT days of the message log are completely in the lake, from the list or from a file."""

from __future__ import annotations

from datetime import UTC, date, datetime

from workbench.lake.connect import Lake


def read_whole_days(lake: Lake, as_of: datetime) -> set[tuple[str, date]]:
    """The days that were read to their end after they were over, or that a file was imported for, by account.

    Today counts as soon as it was begun.
    """
    return set(lake.rows(_SQL, {"today": as_of.astimezone(UTC).date()}))


_SQL = """
    select account_sid, day from sync_windows
    where finished_at is not null and (read_from >= timezone('UTC', (day + 1)::timestamp) or day = $today)
    union
    select account_sid, unnest(generate_series(first_day, last_day, interval 1 day))::date
    from imports where first_day is not null
    union
    select account_sid, export_day from imports where export_day is not null
"""

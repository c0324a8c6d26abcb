"""Days and periods as people type them."""

from __future__ import annotations

from datetime import date, datetime

from workbench.errors import UsageError


def parse_day(value: date | str | None, name: str) -> date | None:
    """A GMT day.

    Raises:
        UsageError: the text is no ISO date.
    """
    if value is None or isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise UsageError(f"{name} is {value!r}; write a date as 2026-09-01.") from error


def parse_period(since: date | str | None, until: date | str | None) -> tuple[date | None, date | None]:
    """First GMT day and the first one after the last.

    Raises:
        UsageError: a text is no ISO date, or there is no day between the two.
    """
    first, end = parse_day(since, "since"), parse_day(until, "until")
    if first and end and first >= end:
        raise UsageError(f"since ({first}) must be before until ({end}); until itself is not read.")
    return first, end

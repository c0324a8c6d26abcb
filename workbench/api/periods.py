"""Days and periods as people type them."""

from __future__ import annotations

from datetime import date

from workbench.display.periods import parse_day
from workbench.errors import UsageError

__all__ = ["parse_day", "parse_period"]


def parse_period(since: date | str | None, until: date | str | None) -> tuple[date | None, date | None]:
    """First GMT day and the first one after the last.

    Raises:
        UsageError: a text is no ISO date, or there is no day between the two.
    """
    first, end = parse_day(since, "since"), parse_day(until, "until")
    if first and end and first >= end:
        raise UsageError(f"since ({first}) must be before until ({end}); until itself is not read.")
    return first, end

"""Which time the lake covers: nothing is measured or compared outside of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from workbench.lake.connect import Readable
from workbench.lake.read_days import read_whole_days


@dataclass(frozen=True)
class Coverage:
    """`until` is where the log is known to; None where no sync was ever finished. `days` are by account."""

    until: datetime | None
    days: dict[str, frozenset[date]]

    def holds(self, since: datetime, until: datetime) -> bool:
        """Whether every account that the lake had begun by then was read over this time."""
        first = since.astimezone(UTC).date()
        last = (until - timedelta(microseconds=1)).astimezone(UTC).date()
        wanted = {first + timedelta(days=number) for number in range((last - first).days + 1)}
        begun = [days for days in self.days.values() if days and min(days) <= first]
        return bool(begun) and all(wanted <= days for days in begun)


def read_coverage(lake: Readable, now: datetime) -> Coverage:
    """What the lake covers at this moment: the log up to the beginning of the last finished sync."""
    until = lake.value(_LAST_SYNC)
    # A day that the last sync began counts, also after midnight.
    return Coverage(until, group_days(read_whole_days(lake, until or now)))


def group_days(pairs: Iterable[tuple[str, date]]) -> dict[str, frozenset[date]]:
    """Days by account."""
    days: dict[str, set[date]] = {}
    for account, day in pairs:
        days.setdefault(account, set()).add(day)
    return {account: frozenset(each) for account, each in days.items()}


_LAST_SYNC = "select max(started_at) from sync_runs where outcome = 'done'"

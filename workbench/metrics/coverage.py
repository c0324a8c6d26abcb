"""Which days of the message log the lake holds: nothing is compared, or called usual, outside of them.

A day is held if it was read to its end for every account, or imported, and does not lie before the first
message: an account that is younger than a period did not "grow" in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workbench.display.formats import plural
from workbench.display.periods import Period
from workbench.lake.connect import Readable
from workbench.lake.read_days import read_whole_days

_DAY = timedelta(days=1)
_LATE = _DAY
"""After a sync as young as this the days that began since need not be read: pages say when it was."""


@dataclass(frozen=True)
class Coverage:
    """The GMT days that the lake holds, by account.

    `until` is where the log is known to; None where no sync was ever finished. `read_at` is now.
    """

    until: datetime | None
    days: Mapping[str, frozenset[date]]
    read_at: datetime

    def holds(self, since: datetime, until: datetime, accounts: Collection[str] = ()) -> bool:
        """Whether every account was read over this time; of `accounts` only, where there are any."""
        return bool(self.days) and not self._missing(since, until, accounts)

    def why_not(self, period: Period, accounts: Collection[str] = ()) -> str:
        """Why the numbers of a period are not whole; empty where they are.

        Returns:
            ``history begins 30 Aug 2026``, or which days were not read.
        """
        days_by_account = self._of(accounts)
        if not all(days_by_account.values()) or not days_by_account:
            return "no day was read to its end yet"
        missing = self._missing(period.begins_at, _end_of(period), accounts)
        if not missing:
            return ""
        if missing[-1] < max(min(days) for days in days_by_account.values()):
            return f"history begins {_day_text(self.known_since(period.timezone, accounts))}"
        if len(missing) == 1:
            return f"{_day_text(missing[0])} was not read to its end"
        first, last = _day_text(missing[0]), _day_text(missing[-1])
        return f"{plural(len(missing), 'day')} between {first} and {last} were not read to their end"

    def known_since(self, timezone: str, accounts: Collection[str] = ()) -> date:
        """The first day, in a time zone, from which every day is held up to the newest one that is.

        It is tomorrow where no day is held.
        """
        sets = list(self._of(accounts).values())
        held_days = frozenset.intersection(*sets) if sets else frozenset()
        first = max(held_days, default=self.read_at.astimezone(UTC).date() + _DAY)
        while first - _DAY in held_days:
            first -= _DAY
        local = datetime.combine(first, time(), UTC).astimezone(ZoneInfo(timezone))
        return local.date() if local.time() == time() else local.date() + _DAY

    def _of(self, accounts: Collection[str]) -> Mapping[str, frozenset[date]]:
        if "" in self.days:
            return self.days
        return {sid: self.days.get(sid, frozenset()) for sid in accounts or self.days}

    def _missing(self, since: datetime, until: datetime, accounts: Collection[str]) -> list[date]:
        """The GMT days of a time that an account lacks, in order."""
        first = since.astimezone(UTC).date()
        last = (until - timedelta(microseconds=1)).astimezone(UTC).date()
        # The days to come, and those since a sync of the last hours.
        is_current = self.until is not None and self.read_at - self.until <= _LATE
        begun = self.until if self.until is not None and is_current else self.read_at
        last = min(last, begun.astimezone(UTC).date())
        wanted = {first + timedelta(days=number) for number in range((last - first).days + 1)}
        return sorted(set().union(*(wanted - days for days in self._of(accounts).values())))


def read_coverage(lake: Readable, now: datetime) -> Coverage:
    """What the lake holds at this moment: the log up to the beginning of the last finished sync."""
    until: datetime | None = lake.value(_LAST_SYNC)
    first_message_at: datetime | None = lake.value(_FIRST_MESSAGE)
    # A day that the last sync began counts, also after midnight.
    days = group_days(read_whole_days(lake, until or now))
    accounts = {sid: days.get(sid, frozenset()) for (sid,) in lake.rows(_ACCOUNTS)} | days
    for (sid,) in lake.rows(_CLOSED):
        if accounts.get(sid):
            accounts[sid] |= _span(max(accounts[sid]), now.astimezone(UTC).date())
    first = first_message_at.astimezone(UTC).date() if first_message_at else None
    if first is not None and not accounts:
        # Filled by webhooks alone: the first day may have begun in the middle.
        return Coverage(until, {"": _span(first + _DAY, now.astimezone(UTC).date())}, now)
    held_days = {
        sid: frozenset(day for day in each if first and day >= first) for sid, each in accounts.items()
    }
    return Coverage(until, held_days, now)


def group_days(pairs: Iterable[tuple[str, date]]) -> dict[str, frozenset[date]]:
    """Days by account."""
    days: dict[str, set[date]] = {}
    for account, day in pairs:
        days.setdefault(account, set()).add(day)
    return {account: frozenset(each) for account, each in days.items()}


def _span(first: date, last: date) -> frozenset[date]:
    return frozenset(first + timedelta(days=number) for number in range((last - first).days + 1))


def _day_text(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _end_of(period: Period) -> datetime:
    end = period.cut_at or period.ends_at
    return end if end.tzinfo else end.replace(tzinfo=ZoneInfo(period.timezone))


_LAST_SYNC = "select max(started_at) from sync_runs where outcome = 'done'"
_FIRST_MESSAGE = "select min(date_created) from raw_messages"
_ACCOUNTS = "select distinct account_sid from sync_windows"
_CLOSED = "select account_sid from accounts where status = 'closed'"

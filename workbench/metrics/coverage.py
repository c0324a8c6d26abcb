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
from workbench.settings import Settings

_DAY = timedelta(days=1)
_LATE = _DAY
"""After a sync as young as this the days that began since need not be read: pages say when it was."""
_GIVEN_UP = timedelta(days=7)
"""An account that the settings do not name counts while it was asked for in this time, as by an option."""


@dataclass(frozen=True)
class Coverage:
    """The GMT days that the lake holds, by account.

    `until` is where the log is known to; None where no sync was ever finished. `read_at` is now. `left` are
    accounts that are synced no more: they count only where a question names them.
    """

    until: datetime | None
    days: Mapping[str, frozenset[date]]
    read_at: datetime
    left: frozenset[str] = frozenset()

    def holds(self, since: datetime, until: datetime) -> bool:
        """Whether every account that the lake had begun by then was read over this time."""
        first = since.astimezone(UTC).date()
        begun = self.begun(first)
        return bool(begun) and not any(self._missing(since, until, self._of(begun)).values())

    def begun(self, day: date) -> tuple[str, ...]:
        """The accounts whose held days begin on a day at the latest; if none do, those that begin first."""
        first = {sid: min(days) for sid, days in self._of(()).items() if days}
        latest = max(day, min(first.values(), default=day))
        return tuple(sid for sid, begins in first.items() if begins <= latest)

    def why_not(self, period: Period, accounts: Collection[str] = ()) -> str:
        """Why the numbers of a period are not whole; empty where they are.

        Args:
            accounts: only these count, where there are any.

        Returns:
            ``history begins 30 Aug 2026``, or which days were not read; and for whom, if others were.
        """
        days_by_account = self._of(accounts)
        unread = [sid for sid, days in days_by_account.items() if not days]
        if unread or not days_by_account:
            return f"no day was read to its end yet{_whose(unread, days_by_account)}"
        lacking = {
            sid: days
            for sid, days in self._missing(period.begins_at, _end_of(period), days_by_account).items()
            if days
        }
        if not lacking:
            return ""
        missing, whose = sorted(frozenset().union(*lacking.values())), _whose(lacking, days_by_account)
        if missing[-1] < max(min(days) for days in days_by_account.values()):
            return f"history begins {_day_text(self.known_since(period.timezone, accounts))}{whose}"
        if len(missing) == 1:
            return f"{_day_text(missing[0])} was not read to its end{whose}"
        first, last = _day_text(missing[0]), _day_text(missing[-1])
        return f"{plural(len(missing), 'day')} between {first} and {last} were not read to their end{whose}"

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

    def held_days(self, period: Period, accounts: Collection[str] = ()) -> frozenset[date]:
        """The days of a period that are held, in its time zone; the last may be one that is not over.

        That is the day that the last sync was in: see :meth:`whole_days`.
        """
        sets = list(self._of(accounts).values())
        held_days = frozenset.intersection(*sets) if sets else frozenset()
        known_to = self._known_to
        return frozenset(
            day
            for day in period.days
            for begins_at, ends_at in [_ends_of(day, period.timezone)]
            # What comes in after the last sync, as from a file, is held to its end.
            if _gmt_days(begins_at, min(ends_at, known_to) if begins_at < known_to else ends_at) <= held_days
        )

    def whole_days(self, period: Period, accounts: Collection[str] = ()) -> frozenset[date]:
        """The days of a period that are held and were over when the log was read."""
        known_to = self._known_to
        return frozenset(
            day
            for day in self.held_days(period, accounts)
            for begins_at, ends_at in [_ends_of(day, period.timezone)]
            if not begins_at <= known_to < ends_at
        )

    @property
    def _known_to(self) -> datetime:
        return self.until or self.read_at

    def _of(self, accounts: Collection[str]) -> Mapping[str, frozenset[date]]:
        if "" in self.days:
            return self.days
        synced = [sid for sid in self.days if sid not in self.left] or self.days
        return {sid: self.days.get(sid, frozenset()) for sid in accounts or synced}

    def _missing(
        self, since: datetime, until: datetime, days_by_account: Mapping[str, frozenset[date]]
    ) -> dict[str, frozenset[date]]:
        """The GMT days of a time that each account lacks."""
        first = since.astimezone(UTC).date()
        last = (until - timedelta(microseconds=1)).astimezone(UTC).date()
        # The days to come, and those since a sync of the last hours.
        is_current = self.until is not None and self.read_at - self.until <= _LATE
        begun = self.until if self.until is not None and is_current else self.read_at
        last = min(last, begun.astimezone(UTC).date())
        wanted = _span(first, last)
        return {sid: wanted - days for sid, days in days_by_account.items()}


def read_coverage(lake: Readable, now: datetime, synced: Collection[str] = ()) -> Coverage:
    """What the lake holds at this moment: the log up to the beginning of the last finished sync.

    Args:
        synced: the accounts that the settings sync, see :func:`synced_accounts`; by default every one.
    """
    until: datetime | None = lake.value(_LAST_SYNC)
    first_message_at: datetime | None = lake.value(_FIRST_MESSAGE)
    # A day that the last sync began counts, also after midnight.
    days = group_days(read_whole_days(lake, until or now))
    accounts = {sid: days.get(sid, frozenset()) for (sid,) in lake.rows(_ACCOUNTS)} | days
    left = _left(lake, accounts, now, synced)
    for (sid,) in lake.rows(_CLOSED):
        if accounts.get(sid):
            accounts[sid] |= _span(max(accounts[sid]), now.astimezone(UTC).date())
        elif sid in accounts:
            left |= {sid}
    first = first_message_at.astimezone(UTC).date() if first_message_at else None
    if first is not None and not accounts:
        # Filled by webhooks alone: the first day may have begun in the middle.
        return Coverage(until, {"": _span(first + _DAY, now.astimezone(UTC).date())}, now)
    held_days = {
        sid: frozenset(day for day in each if first and day >= first) for sid, each in accounts.items()
    }
    return Coverage(until, held_days, now, left)


def synced_accounts(settings: Settings | None) -> tuple[str, ...]:
    """The accounts that the settings sync by themselves; empty where these are all that there are."""
    account_sid = settings.twilio.account_sid if settings else None
    if settings is None or account_sid is None or settings.sync.subaccounts:
        return ()
    return (account_sid,)


def _left(
    lake: Readable, accounts: Collection[str], now: datetime, synced: Collection[str]
) -> frozenset[str]:
    """The accounts that are synced no more: neither named by the settings nor asked for lately."""
    if not synced:
        return frozenset()
    asked = {sid for (sid,) in lake.rows(_ASKED, {"since": now - _GIVEN_UP})}
    return frozenset(accounts) - asked - frozenset(synced)


def group_days(pairs: Iterable[tuple[str, date]]) -> dict[str, frozenset[date]]:
    """Days by account."""
    days: dict[str, set[date]] = {}
    for account, day in pairs:
        days.setdefault(account, set()).add(day)
    return {account: frozenset(each) for account, each in days.items()}


def _span(first: date, last: date) -> frozenset[date]:
    return frozenset(first + timedelta(days=number) for number in range((last - first).days + 1))


def _ends_of(day: date, timezone: str) -> tuple[datetime, datetime]:
    """The first moment of a day and that of the next, in UTC."""
    period = Period(day, day + _DAY, timezone)
    return period.begins_at, period.ends_at


def _gmt_days(since: datetime, until: datetime) -> frozenset[date]:
    return _span(since.date(), (until - timedelta(microseconds=1)).date())


def _whose(lacking: Collection[str], accounts: Collection[str]) -> str:
    """Which accounts lack something that others have; empty where all do."""
    if len(lacking) == len(accounts):
        return ""
    sids = sorted(lacking)
    return f" for account {sids[0]}" if len(sids) == 1 else f" for accounts {' and '.join(sids)}"


def _day_text(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _end_of(period: Period) -> datetime:
    end = period.cut_at or period.ends_at
    return end if end.tzinfo else end.replace(tzinfo=ZoneInfo(period.timezone))


_LAST_SYNC = "select max(started_at) from sync_runs where outcome = 'done'"
_FIRST_MESSAGE = "select min(date_created) from raw_messages"
_ACCOUNTS = "select distinct account_sid from sync_windows"
_ASKED = "select distinct account_sid from sync_runs where started_at >= $since"
_CLOSED = "select account_sid from accounts where status = 'closed'"

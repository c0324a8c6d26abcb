"""Which days a report is about, and which days to compare them with. Pure; days are in the reporting zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workbench.errors import UsageError

PERIODS = ("day", "week", "month")


@dataclass(frozen=True)
class ReportPeriod:
    """Days from `since` up to, not including, `until`, in `timezone`."""

    since: date
    until: date
    timezone: str = "UTC"

    @property
    def begins_at(self) -> datetime:
        """The first moment, in UTC."""
        return datetime.combine(self.since, time(), ZoneInfo(self.timezone)).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it, in UTC."""
        return datetime.combine(self.until, time(), ZoneInfo(self.timezone)).astimezone(UTC)

    @property
    def days(self) -> list[date]:
        return [self.since + timedelta(days=number) for number in range((self.until - self.since).days)]

    @property
    def title(self) -> str:
        """As people say it: `September 2026`, `7 September 2026`, `7 to 13 September 2026`."""
        last = self.until - timedelta(days=1)
        if self.is_whole_months and _months_later(self.since, 1) == self.until:
            return f"{self.since:%B %Y}"
        if last == self.since:
            return _said(last)
        if (last.year, last.month) == (self.since.year, self.since.month):
            return f"{self.since.day} to {_said(last)}"
        return f"{_said(self.since)} to {_said(last)}"

    @property
    def is_whole_months(self) -> bool:
        return self.since.day == self.until.day == 1

    def before(self) -> ReportPeriod:
        """The same length before it: calendar months where these are whole months."""
        if self.is_whole_months:
            months = (self.until.year - self.since.year) * 12 + self.until.month - self.since.month
            return ReportPeriod(_months_later(self.since, -months), self.since, self.timezone)
        return ReportPeriod(self.since - (self.until - self.since), self.since, self.timezone)


def resolve_period(
    since: date | str | None, until: date | str | None, length: str, today: date, timezone: str
) -> ReportPeriod:
    """The period meant: what is missing follows from `length` (day, week or month); nothing given is the last
    whole one that is over.

    Raises:
        UsageError: since is not before until, or the period begins in the future.
    """
    first, end = _day(since), _day(until)
    if first is None and end is None:
        end = {"day": today, "week": today - timedelta(days=today.weekday()), "month": today.replace(day=1)}[
            length
        ]
    if first is None:
        assert end is not None
        first = _moved(end, length, -1)
    if end is None:
        end = _moved(first, length, 1)
    if first >= end:
        raise UsageError(f"since ({first}) must be before until ({end}); until itself is not included.")
    if first > today:
        raise UsageError(f"since is {first}, which is in the future; today is {today}.")
    return ReportPeriod(first, end, timezone)


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _moved(day: date, length: str, number: int) -> date:
    if length == "month":
        return _months_later(day, number)
    return day + timedelta(days=number * (7 if length == "week" else 1))


def _months_later(day: date, number: int) -> date:
    """The same day of another month; the last one there is where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"

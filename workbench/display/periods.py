"""The days that a page, a report or a command is about, and the days to compare them with. Pure.

A :class:`Period` is made by one of four readers: :func:`preset_period` and :func:`custom_period` for pages,
:func:`resolve_period` for reports, :func:`parse_day` for a single day that somebody typed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workbench.errors import UsageError

PRESETS = {"7d": 7, "30d": 30, "90d": 90}
"""Periods of a page that end today, by name: how many days each has."""
CALENDAR_PRESETS = {
    "today": "Today",
    "yesterday": "Yesterday",
    "this_week": "This week",
    "last_week": "Last week",
    "this_month": "This month",
    "last_month": "Last month",
    "this_quarter": "This quarter",
    "last_quarter": "Last quarter",
}
"""Periods of the calendar, by name: how they are called. A week begins on Monday; those of now end today."""
DEFAULT_PRESET = "30d"
LENGTHS = ("day", "week", "month")
"""How long a report's period is where one of its ends is not given."""


@dataclass(frozen=True)
class Period:
    """Whole days in ``timezone``, ``until`` not included.

    ``now`` is set while the last day is not over; ``cut_at`` ends a period within its last day, so that it
    compares with one that is not over.
    """

    since: date
    until: date
    timezone: str = "UTC"
    now: datetime | None = None
    cut_at: datetime | None = None

    @property
    def begins_at(self) -> datetime:
        """The first moment, in UTC."""
        return _midnight(self.since, self.timezone)

    @property
    def ends_at(self) -> datetime:
        """The first moment after its last day, in UTC."""
        return _midnight(self.until, self.timezone)

    @property
    def end(self) -> date | datetime:
        """What to query up to."""
        return self.cut_at or self.until

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.since + timedelta(days=number) for number in range(self.day_count)]

    @property
    def day_count(self) -> int:
        return (self.until - self.since).days

    @property
    def last_day(self) -> date:
        return self.until - timedelta(days=1)

    @property
    def is_whole_months(self) -> bool:
        return self.since.day == self.until.day == 1

    @property
    def grain(self) -> str:
        """The time dimension that fits: hours of one day, else days, weeks or months."""
        if self.day_count <= 1:
            return "hour"
        if self.day_count <= 120:
            return "day"
        return "week" if self.day_count <= 730 else "month"

    def buckets(self, grain: str | None = None) -> list[date] | list[int]:
        """Every value the time dimension can take here, so that a day without messages shows as one.

        Args:
            grain: hour, day, week or month; by default the one that fits.
        """
        grain = grain or self.grain
        if grain == "hour":
            return list(range(24))
        if grain == "day":
            return self.days
        starts = {
            "week": lambda day: day - timedelta(days=day.weekday()),
            "month": lambda day: day.replace(day=1),
        }
        return sorted({starts[grain](day) for day in self.days})

    @property
    def previous(self) -> Period:
        """The same number of days just before.

        While today is not over it ends at the same time of day, so that a morning is not compared with a
        whole day.
        """
        shift = timedelta(days=self.day_count)
        # Python subtracts days on the wall clock, which is what "the same time of day" means.
        cut_at = self.now and _to_minutes(self.now, 5) - shift
        return replace(self, since=self.since - shift, until=self.since, now=None, cut_at=cut_at)

    @property
    def calendar_previous(self) -> Period:
        """The same length just before: as many calendar months where these are whole months, else days."""
        if not self.is_whole_months:
            return replace(self.previous, cut_at=None)
        months = (self.until.year - self.since.year) * 12 + self.until.month - self.since.month
        return Period(_months_later(self.since, -months), self.since, self.timezone)

    @property
    def year_before(self) -> Period:
        """The same days one year earlier, as many as here; cut at the same time of day as ``previous``."""
        since = _year_before(self.since)
        cut_at = self.now and _to_minutes(self.now, 5) - (self.since - since)
        until = since + timedelta(days=self.day_count)
        return replace(self, since=since, until=until, now=None, cut_at=cut_at)

    def compared(self, comparison: str) -> Period | None:
        """What to compare with: ``previous``, ``year``, or nothing (``none``)."""
        return {"previous": self.previous, "year": self.year_before}.get(comparison)

    @property
    def label(self) -> str:
        """As pages write it: ``3 Mar – 9 Mar 2025``, ``3 Mar 2025``."""
        if self.day_count == 1:
            return _short_day(self.since, with_year=True)
        same_year = self.since.year == self.last_day.year
        first = _short_day(self.since, with_year=not same_year)
        return f"{first} – {_short_day(self.last_day, with_year=True)}"

    @property
    def title(self) -> str:
        """As reports write it: ``September 2026``, ``7 September 2026``, ``7 to 13 September 2026``."""
        last = self.last_day
        if self.is_whole_months and _months_later(self.since, 1) == self.until:
            return f"{self.since:%B %Y}"
        if last == self.since:
            return _long_day(last)
        if (last.year, last.month) == (self.since.year, self.since.month):
            return f"{self.since.day} to {_long_day(last)}"
        return f"{_long_day(self.since)} to {_long_day(last)}"


def parse_day(value: date | str | None, name: str) -> date | None:
    """A day as people type it; None stays None.

    Raises:
        UsageError: the text is no ISO date; ``name`` says whose.
    """
    if value is None or isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    return read_day(value, name)


def read_day(text: str, name: str) -> date:
    """The day that a text names.

    Raises:
        UsageError: the text is no ISO date; ``name`` says whose.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{name} is {text!r}; write a date as 2026-09-01.") from error


def preset_period(preset: str, now: datetime, timezone: str) -> Period:
    """A period of PRESETS (the last 7, 30 or 90 days, today included) or of CALENDAR_PRESETS."""
    local = now.astimezone(ZoneInfo(timezone))
    until = local.date() + timedelta(days=1)
    if preset in CALENDAR_PRESETS:
        since, end = _calendar_days(preset, local.date())
        return Period(since, min(end, until), timezone, local if end >= until else None)
    return Period(until - timedelta(days=PRESETS[preset]), until, timezone, local)


def _calendar_days(preset: str, today: date) -> tuple[date, date]:
    """The first day of a calendar's period and the first day after it."""
    first_month = today.replace(day=1)
    starts = {
        "day": (today, 1),
        "week": (today - timedelta(days=today.weekday()), 7),
        "month": (first_month, 1),
        "quarter": (_months_later(first_month, -((today.month - 1) % 3)), 3),
    }
    which, _, unit = preset.rpartition("_")
    unit, which = {"today": ("day", "this"), "yesterday": ("day", "last")}.get(preset, (unit, which))
    start, length = starts[unit]
    if unit in ("month", "quarter"):
        earlier, later = _months_later(start, -length), _months_later(start, length)
    else:
        earlier, later = start - timedelta(days=length), start + timedelta(days=length)
    return (earlier, start) if which == "last" else (start, later)


def custom_period(since: date, until: date | None, now: datetime, timezone: str) -> Period:
    """From ``since`` up to, not including, ``until``; without it up to and including today."""
    local = now.astimezone(ZoneInfo(timezone))
    tomorrow = local.date() + timedelta(days=1)
    end = until or max(tomorrow, since + timedelta(days=1))
    return Period(since, end, timezone, local if since < tomorrow == end else None)


def resolve_period(
    since: date | str | None, until: date | str | None, length: str, today: date, timezone: str
) -> Period:
    """The period of a report: a missing end follows from ``length`` (one of LENGTHS).

    Where neither is given it is the latest whole day, week or month that is over.

    Raises:
        UsageError: a text is no date, since is not before until, or the period begins in the future.
    """
    first, end = parse_day(since, "since"), parse_day(until, "until")
    if first is None and end is None:
        monday = today - timedelta(days=today.weekday())
        end = {"day": today, "week": monday, "month": today.replace(day=1)}[length]
    if first is None:
        assert end is not None
        first = _moved(end, length, -1)
    if end is None:
        end = _moved(first, length, 1)
    if first >= end:
        raise UsageError(f"since ({first}) must be before until ({end}); until itself is not included.")
    if first > today:
        raise UsageError(f"since is {first}, which is in the future; today is {today}.")
    return Period(first, end, timezone)


def _midnight(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def _moved(day: date, length: str, number: int) -> date:
    if length == "month":
        return _months_later(day, number)
    return day + timedelta(days=number * (7 if length == "week" else 1))


def _months_later(day: date, number: int) -> date:
    """The same day of another month; its last one where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _year_before(day: date) -> date:
    # The 29 February has none the year before.
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _to_minutes(moment: datetime, step: int) -> datetime:
    # In steps, so that pages opened minutes apart ask the same question and share the answer.
    return moment.replace(minute=moment.minute - moment.minute % step, second=0, microsecond=0)


def _short_day(day: date, *, with_year: bool) -> str:
    return f"{day.day} {day:%b}" + (f" {day.year}" if with_year else "")


def _long_day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"

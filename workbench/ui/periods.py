"""Which days a page looks at, and which ones it compares them with. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

PRESETS = {"7d": 7, "30d": 30, "90d": 90}
DEFAULT_PRESET = "30d"


@dataclass(frozen=True)
class Period:
    """Whole local days, ``until`` not included.

    ``now`` is set while the last day still runs; ``ends_at`` cuts a period short, to compare with that.
    """

    since: date
    until: date
    timezone: str = "UTC"
    now: datetime | None = None
    ends_at: datetime | None = None

    @property
    def days(self) -> int:
        return (self.until - self.since).days

    @property
    def last_day(self) -> date:
        return self.until - timedelta(days=1)

    @property
    def end(self) -> date | datetime:
        """What to query up to."""
        return self.ends_at or self.until

    @property
    def grain(self) -> str:
        """The time dimension that fits: hours of one day, else days, weeks or months."""
        if self.days <= 1:
            return "hour"
        if self.days <= 120:
            return "day"
        return "week" if self.days <= 730 else "month"

    @property
    def previous(self) -> Period:
        """The same number of days just before.

        While today still runs it ends at the same time of day, so that a morning is not compared with
        a whole day.
        """
        shift = timedelta(days=self.days)
        # Python subtracts days on the wall clock, which is what "the same time of day" means.
        ends_at = self.now and _to_minutes(self.now, 5) - shift
        return replace(self, since=self.since - shift, until=self.since, now=None, ends_at=ends_at)

    @property
    def year_before(self) -> Period:
        """The same days one year earlier, as many as here; cut at the same time of day as ``previous``."""
        since = _year_before(self.since)
        ends_at = self.now and _to_minutes(self.now, 5)
        return replace(
            self,
            since=since,
            until=since + timedelta(days=self.days),
            now=None,
            ends_at=ends_at and ends_at - (self.since - since),
        )

    def compared(self, comparison: str) -> Period | None:
        """What to compare with: ``previous``, ``year``, or nothing (``none``)."""
        return {"previous": self.previous, "year": self.year_before}.get(comparison)

    def buckets(self) -> list[date] | list[int]:
        """Every value the time dimension can take here, so that a day without messages shows as one."""
        if self.grain == "hour":
            return list(range(24))
        days = [self.since + timedelta(days=number) for number in range(self.days)]
        if self.grain == "day":
            return days
        starts = {
            "week": lambda day: day - timedelta(days=day.weekday()),
            "month": lambda day: day.replace(day=1),
        }
        return sorted({starts[self.grain](day) for day in days})

    @property
    def label(self) -> str:
        if self.days == 1:
            return _day(self.since, with_year=True)
        same_year = self.since.year == self.last_day.year
        return f"{_day(self.since, with_year=not same_year)} – {_day(self.last_day, with_year=True)}"


def preset_period(preset: str, now: datetime, timezone: str) -> Period:
    """The last 7, 30 or 90 days in ``timezone``, today included."""
    local = now.astimezone(ZoneInfo(timezone))
    until = local.date() + timedelta(days=1)
    return Period(until - timedelta(days=PRESETS[preset]), until, timezone, local)


def custom_period(since: date, until: date | None, now: datetime, timezone: str) -> Period:
    """From ``since`` up to, not including, ``until``; without it up to and including today."""
    local = now.astimezone(ZoneInfo(timezone))
    tomorrow = local.date() + timedelta(days=1)
    last = until or max(tomorrow, since + timedelta(days=1))
    return Period(since, last, timezone, local if since < tomorrow == last else None)


def _year_before(day: date) -> date:
    # The 29 February has none the year before.
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _to_minutes(moment: datetime, step: int) -> datetime:
    # In steps, so that pages opened minutes apart ask the same question and share the answer.
    return moment.replace(minute=moment.minute - moment.minute % step, second=0, microsecond=0)


def _day(day: date, *, with_year: bool) -> str:
    return f"{day.day} {day:%b}" + (f" {day.year}" if with_year else "")

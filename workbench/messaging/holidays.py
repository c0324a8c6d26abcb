"""Public holidays by rule, so that quiet hours and business days need no list for each year.

A holiday is a fixed date, the nth weekday of a month, or a number of days after Easter Sunday. The holidays
of a country are data, in the files of the rules that use them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from workbench.errors import ConfigError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_FORMS = (
    'Allowed: date = "07-14"; or month = 11, weekday = "thursday", nth = 4 (-1 is the last); '
    "or easter = 1 (days after Easter Sunday)."
)


@dataclass(frozen=True)
class Holiday:
    """The rule of one holiday; exactly one of the three forms is set."""

    name: str
    month: int = 0
    day: int = 0
    weekday: int = -1
    """Monday is 0, as in :meth:`datetime.date.weekday`."""
    nth: int = 0
    easter: int | None = None
    is_observed: bool = False
    """A Saturday is observed on the Friday before, a Sunday on the Monday after (US federal law)."""

    def date_in(self, year: int) -> date | None:
        """The day itself in a year; None for 29 February in a common year."""
        if self.easter is not None:
            return easter_sunday(year) + timedelta(days=self.easter)
        if self.weekday >= 0:
            return _nth_weekday(year, self.month, self.weekday, self.nth)
        try:
            return date(year, self.month, self.day)
        except ValueError:
            return None


def read_holidays(entries: object, where: str) -> tuple[Holiday, ...]:
    """Holidays from a parsed data file; ``where`` names file and key in errors.

    Raises:
        ConfigError: naming the entry, and the three forms that are allowed.
    """
    if not isinstance(entries, list):
        raise ConfigError(f"{where} is {entries!r}; it must be a list of holidays. {_FORMS}")
    return tuple(_read_holiday(entry, where) for entry in entries)


def is_holiday(day: date, holidays: tuple[Holiday, ...]) -> bool:
    """Whether a day is one of the holidays, or the day on which one of them is observed."""
    return bool(holidays) and day in _days_of_year(day.year, holidays)


def business_days_after(start: date, count: int, holidays: tuple[Holiday, ...]) -> date:
    """The day ``count`` business days after a day; business days are Monday to Friday without holidays."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < 5 and not is_holiday(day, holidays)
    return day


def easter_sunday(year: int) -> date:
    """Easter of the Gregorian calendar, by the algorithm in Meeus, Astronomical Algorithms, chapter 8."""
    century, rest = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    leap = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * leap) // 451
    month, day = divmod(epact + leap - 7 * shift + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=512)
def _days_of_year(year: int, holidays: tuple[Holiday, ...]) -> frozenset[date]:
    # New Year's Day may be observed on the last day of the year before.
    return frozenset(_kept_days(holidays, (year, year + 1)))


def _kept_days(holidays: Iterable[Holiday], years: Iterable[int]) -> Iterable[date]:
    for year in years:
        for holiday in holidays:
            day = holiday.date_in(year)
            if day is not None:
                yield day
                if holiday.is_observed:
                    yield day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date | None:
    first = date(year, month, 1)
    day = first + timedelta(days=(weekday - first.weekday()) % 7)
    days = [day + timedelta(weeks=week) for week in range(5)]
    days = [day for day in days if day.month == month]
    return days[nth - 1 if nth > 0 else nth] if abs(nth) <= len(days) else None


def _read_holiday(entry: object, where: str) -> Holiday:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise ConfigError(f"{where} has the holiday {entry!r}, which has no name. {_FORMS}")
    try:
        return Holiday(entry["name"], is_observed=entry.get("observed") is True, **_form(entry))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{where} has the holiday {dict(entry)!r}. {_FORMS}") from error


def _form(entry: Mapping[str, Any]) -> dict[str, int]:
    if "date" in entry:
        month, day = map(int, str(entry["date"]).split("-"))
        date(2024, month, day)  # a leap year, so that 29 February is allowed
        return {"month": month, "day": day}
    if "easter" in entry:
        return {"easter": int(entry["easter"])}
    month, nth = int(entry["month"]), int(entry["nth"])
    date(2024, month, 1)
    if nth not in (1, 2, 3, 4, 5, -1):
        raise ValueError(nth)
    return {"month": month, "weekday": WEEKDAYS.index(entry["weekday"]), "nth": nth}

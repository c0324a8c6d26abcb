"""Holidays against dates that calendars print, and Easter against another implementation."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from dateutil.easter import easter  # type: ignore[import-untyped]  # its stubs are not worth a dependency
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ConfigError
from workbench.messaging.holidays import business_days_after, easter_sunday, is_holiday, read_holidays

FEDERAL = read_holidays(
    [
        {"name": "New Year's Day", "date": "01-01", "observed": True},
        {"name": "Memorial Day", "month": 5, "weekday": "monday", "nth": -1},
        {"name": "Independence Day", "date": "07-04", "observed": True},
        {"name": "Thanksgiving", "month": 11, "weekday": "thursday", "nth": 4},
        {"name": "Good Friday", "easter": -2},
        {"name": "Leap day", "date": "02-29"},
    ],
    "test",
)


def test_easter_is_the_same_as_elsewhere() -> None:
    years = range(1900, 2200)
    assert [easter_sunday(year) for year in years] == [easter(year) for year in years]


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 1),
        date(2026, 7, 3),  # the 4th is a Saturday
        date(2026, 7, 4),
        date(2021, 7, 5),  # the 4th is a Sunday
        date(2027, 12, 31),  # 1 January 2028 is a Saturday
        date(2026, 5, 25),
        date(2026, 11, 26),
        date(2026, 4, 3),
        date(2028, 2, 29),
    ],
)
def test_days_that_are_holidays(day: date) -> None:
    assert is_holiday(day, FEDERAL)


@pytest.mark.parametrize(
    "day", [date(2026, 1, 2), date(2026, 7, 6), date(2026, 5, 18), date(2026, 11, 19), date(2026, 2, 28)]
)
def test_days_that_are_not(day: date) -> None:
    assert not is_holiday(day, FEDERAL)


def test_ten_business_days_skip_weekends_and_thanksgiving() -> None:
    # 20 November 2026 is a Friday; the 26th is Thanksgiving.
    assert business_days_after(date(2026, 11, 20), 10, FEDERAL) == date(2026, 12, 7)
    assert business_days_after(date(2026, 11, 20), 0, FEDERAL) == date(2026, 11, 20)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 40))
def test_the_clock_counts_exactly_the_business_days(start: date, count: int) -> None:
    end = business_days_after(start, count, FEDERAL)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(day.weekday() < 5 and not is_holiday(day, FEDERAL) for day in between) == count
    assert end.weekday() < 5
    assert not is_holiday(end, FEDERAL)


@pytest.mark.parametrize(
    "entry",
    [
        {"date": "07-14"},
        {"name": "x"},
        {"name": "x", "date": "7/14"},
        {"name": "x", "date": "02-30"},
        {"name": "x", "date": 714},
        {"name": "x", "month": 13, "weekday": "monday", "nth": 1},
        {"name": "x", "month": 1, "weekday": "Mon", "nth": 1},
        {"name": "x", "month": 1, "weekday": "monday", "nth": 0},
        {"name": "x", "easter": "soon"},
        "Christmas",
    ],
)
def test_a_malformed_holiday_is_named(entry: object) -> None:
    with pytest.raises(ConfigError, match=r"rules: holidays has the holiday .*Allowed: date"):
        read_holidays([entry], "rules: holidays")

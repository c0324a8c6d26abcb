"""Which days a page looks at, and which ones a report is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.display.periods import (
    CALENDAR_PRESETS,
    Period,
    custom_period,
    parse_day,
    preset_period,
    resolve_period,
)
from workbench.errors import UsageError

NOW = datetime(2025, 3, 10, 3, 17, tzinfo=UTC)
TODAY = date(2026, 11, 25)  # a Wednesday


def test_a_preset_includes_today_in_the_time_zone_of_the_reader() -> None:
    assert preset_period("7d", NOW, "UTC").since == date(2025, 3, 4)
    assert preset_period("7d", NOW, "UTC").until == date(2025, 3, 11)
    # In New York it is still the ninth.
    assert preset_period("7d", NOW, "America/New_York").since == date(2025, 3, 3)
    assert preset_period("7d", NOW, "America/New_York").until == date(2025, 3, 10)


def test_a_day_that_still_runs_is_compared_up_to_the_same_time_of_day() -> None:
    before = preset_period("7d", NOW, "UTC").previous
    assert (before.since, before.until) == (date(2025, 2, 25), date(2025, 3, 4))
    assert before.end == datetime(2025, 3, 3, 3, 15, tzinfo=UTC)


def test_the_same_time_of_day_is_the_wall_clocks_across_a_change_of_it() -> None:
    # New York put its clocks forward on 9 March 2025: 23:15 on the ninth is EDT, a week before it is EST.
    before = preset_period("7d", NOW, "America/New_York").previous
    end = before.end
    assert isinstance(end, datetime)
    assert end.astimezone(UTC) == datetime(2025, 3, 3, 4, 15, tzinfo=UTC)


def test_a_period_that_is_over_is_compared_with_whole_days() -> None:
    period = custom_period(date(2025, 3, 3), date(2025, 3, 10), datetime(2025, 4, 1, tzinfo=UTC), "UTC")
    assert period == Period(date(2025, 3, 3), date(2025, 3, 10))
    assert period.previous == Period(date(2025, 2, 24), date(2025, 3, 3))
    assert period.end == date(2025, 3, 10)


def test_without_until_a_period_reaches_up_to_today() -> None:
    period = custom_period(date(2025, 3, 8), None, NOW, "UTC")
    assert (period.until, period.now) == (date(2025, 3, 11), NOW.astimezone(ZoneInfo("UTC")))
    assert custom_period(date(2025, 5, 1), None, NOW, "UTC").until == date(2025, 5, 2)


def test_every_bucket_is_there_whether_or_not_anything_happened() -> None:
    assert Period(date(2025, 3, 9), date(2025, 3, 10), "America/New_York").buckets() == list(range(24))
    assert Period(date(2025, 3, 8), date(2025, 3, 11)).buckets() == [
        date(2025, 3, 8), date(2025, 3, 9), date(2025, 3, 10)
    ]  # fmt: skip
    weeks = Period(date(2024, 12, 1), date(2025, 4, 1))
    assert weeks.grain == "week"
    assert weeks.buckets()[:2] == [date(2024, 11, 25), date(2024, 12, 2)]
    months = Period(date(2020, 1, 15), date(2025, 1, 1))
    assert months.grain == "month"
    assert months.buckets()[0] == date(2020, 1, 1)
    assert len(months.buckets()) == 60


def test_labels_name_the_last_day_that_counts() -> None:
    assert Period(date(2025, 3, 3), date(2025, 3, 10)).label == "3 Mar – 9 Mar 2025"
    assert Period(date(2025, 3, 3), date(2025, 3, 4)).label == "3 Mar 2025"
    assert Period(date(2024, 12, 30), date(2025, 1, 6)).label == "30 Dec 2024 – 5 Jan 2025"


@pytest.mark.parametrize(
    ("since", "until", "length", "expected"),
    [
        (None, None, "month", (date(2026, 10, 1), date(2026, 11, 1))),
        (None, None, "week", (date(2026, 11, 16), date(2026, 11, 23))),
        (None, None, "day", (date(2026, 11, 24), date(2026, 11, 25))),
        ("2026-09-01", None, "month", (date(2026, 9, 1), date(2026, 10, 1))),
        ("2026-01-31", None, "month", (date(2026, 1, 31), date(2026, 2, 28))),
        (None, "2026-01-01", "month", (date(2025, 12, 1), date(2026, 1, 1))),
        ("2026-09-01", "2026-09-04", "month", (date(2026, 9, 1), date(2026, 9, 4))),
    ],
)
def test_what_is_left_out_follows(
    since: str | None, until: str | None, length: str, expected: tuple[date, date]
) -> None:
    period = resolve_period(since, until, length, TODAY, "UTC")
    assert (period.since, period.until) == expected


@pytest.mark.parametrize(("since", "until"), [("2026-09-01", "2026-09-01"), ("2026-12-01", None)])
def test_an_impossible_period_is_refused(since: str, until: str | None) -> None:
    with pytest.raises(UsageError, match=since):
        resolve_period(since, until, "month", TODAY, "UTC")


def test_days_begin_at_local_midnight_also_when_clocks_change() -> None:
    period = Period(date(2026, 3, 29), date(2026, 3, 30), "Europe/Berlin")
    assert period.begins_at == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert period.ends_at - period.begins_at == timedelta(hours=23)


@pytest.mark.parametrize(
    ("first", "last", "title", "before"),
    [
        (date(2026, 9, 1), date(2026, 10, 1), "September 2026", "August 2026"),
        (date(2026, 3, 1), date(2026, 4, 1), "March 2026", "February 2026"),
        (date(2025, 3, 3), date(2025, 3, 10), "3 to 9 March 2025", "24 February 2025 to 2 March 2025"),
        (date(2026, 9, 7), date(2026, 9, 8), "7 September 2026", "6 September 2026"),
        (
            date(2026, 7, 1),
            date(2026, 10, 1),
            "1 July 2026 to 30 September 2026",
            "1 April 2026 to 30 June 2026",
        ),
    ],
)
def test_a_period_says_what_it_is_and_what_was_before(
    first: date, last: date, title: str, before: str
) -> None:
    period = Period(first, last)
    assert (period.title, period.calendar_previous.title) == (title, before)


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(1, 800))
def test_the_period_before_ends_where_this_one_begins(first: date, days: int) -> None:
    period = Period(first, first + timedelta(days=days))
    before = period.calendar_previous
    assert before.since < before.until == period.since
    if not period.is_whole_months:
        assert len(before.days) == days


@pytest.mark.parametrize("text", ["yesterday", "2026-9-1", "2026-02-30", "", "01.09.2026"])
def test_a_day_that_is_none_is_named_at_every_door(text: str) -> None:
    with pytest.raises(UsageError, match=f"since is '{text}'; write a date as 2026-09-01"):
        parse_day(text, "since")
    with pytest.raises(UsageError, match=f"since is '{text}'; write a date as 2026-09-01"):
        resolve_period(text, None, "month", TODAY, "UTC")


def test_a_page_and_a_report_on_the_same_days_are_about_the_same_period() -> None:
    of_a_page = custom_period(date(2026, 9, 1), date(2026, 10, 1), NOW.replace(year=2026, month=11), "UTC")
    assert resolve_period("2026-09-01", "2026-10-01", "month", TODAY, "UTC") == of_a_page
    assert (of_a_page.label, of_a_page.title) == ("1 Sep – 30 Sep 2026", "September 2026")


@pytest.mark.parametrize(
    ("preset", "since", "until"),
    [
        ("today", date(2025, 3, 10), date(2025, 3, 11)),
        ("yesterday", date(2025, 3, 9), date(2025, 3, 10)),
        ("this_week", date(2025, 3, 10), date(2025, 3, 11)),
        ("last_week", date(2025, 3, 3), date(2025, 3, 10)),
        ("this_month", date(2025, 3, 1), date(2025, 3, 11)),
        ("last_month", date(2025, 2, 1), date(2025, 3, 1)),
        ("this_quarter", date(2025, 1, 1), date(2025, 3, 11)),
        ("last_quarter", date(2024, 10, 1), date(2025, 1, 1)),
    ],
)
def test_periods_of_the_calendar(preset: str, since: date, until: date) -> None:
    """On Monday 10 March 2025; those of now end today, and only they are not over."""
    period = preset_period(preset, NOW, "UTC")
    assert (period.since, period.until) == (since, until)
    assert (period.now is not None) == (until == date(2025, 3, 11))


CALENDAR = st.sampled_from(list(CALENDAR_PRESETS))


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 1, 1)), CALENDAR)
def test_a_period_of_the_calendar_has_days_and_none_to_come(moment: datetime, preset: str) -> None:
    now = moment.replace(tzinfo=UTC)
    period = preset_period(preset, now, "Asia/Kathmandu")
    assert (
        period.since < period.until <= now.astimezone(ZoneInfo("Asia/Kathmandu")).date() + timedelta(days=1)
    )


def test_this_and_the_last_period_leave_no_day_between_them() -> None:
    for unit in ("week", "month", "quarter"):
        this, last = (preset_period(f"{which}_{unit}", NOW, "UTC") for which in ("this", "last"))
        assert last.until == this.since

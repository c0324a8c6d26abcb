"""Which days a report is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.reports.periods import ReportPeriod, resolve_period

TODAY = date(2026, 11, 25)  # a Wednesday


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
    period = ReportPeriod(date(2026, 3, 29), date(2026, 3, 30), "Europe/Berlin")
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
    period = ReportPeriod(first, last)
    assert (period.title, period.before().title) == (title, before)


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(1, 800))
def test_the_period_before_ends_where_this_one_begins(first: date, days: int) -> None:
    period = ReportPeriod(first, first + timedelta(days=days))
    before = period.before()
    assert before.since < before.until == period.since
    if not period.is_whole_months:
        assert len(before.days) == days

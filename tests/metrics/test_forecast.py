"""The month's forecast, on spend that is easy to foresee."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from workbench.metrics.forecast import expected_days, month_so_far

TODAY = date(2026, 9, 11)
LONG_KNOWN = date(2026, 1, 1)


def days(first: date, last: date, amount: float = 1.0) -> dict[date, float]:
    return {first + timedelta(days=n): amount for n in range((last - first).days + 1)}


def test_a_steady_month_ends_where_it_must() -> None:
    spend = days(date(2026, 7, 1), TODAY - timedelta(days=1), 2.0) | {TODAY: 0.5}
    month = month_so_far(spend, TODAY, LONG_KNOWN)
    assert (month.before_today, month.so_far) == (20.0, 20.5)
    assert (month.same_days_before, month.month_before, month.days) == (20.0, 62.0, 30)
    assert month.forecast is not None
    # Ten days at 2, and twenty more with today.
    assert month.forecast.expected == pytest.approx(60)
    assert (month.forecast.low, month.forecast.high) == pytest.approx((60, 60))
    assert month.forecast.days_used == 56


def test_weekends_are_foreseen_as_weekends() -> None:
    spend = {
        day: 0.0 if day.weekday() > 4 else 10.0 for day in days(date(2026, 7, 1), TODAY - timedelta(days=1))
    }
    expected = expected_days(spend, TODAY, LONG_KNOWN)
    assert [expected[date(2026, 9, day)] for day in (11, 12, 13, 14)] == [10.0, 0.0, 0.0, 10.0]
    # September 2026 has 22 working days.
    month = month_so_far(spend, TODAY, LONG_KNOWN)
    assert month.forecast is not None
    assert month.forecast.expected == pytest.approx(220)


def test_the_interval_widens_with_fewer_days() -> None:
    chance = random.Random(1)
    spend = {day: chance.uniform(5, 15) for day in days(date(2026, 6, 1), TODAY - timedelta(days=1))}
    widths = []
    for known in (56, 28, 14, 8):
        end = month_so_far(spend, TODAY, TODAY - timedelta(days=known)).forecast
        assert end is not None
        widths.append((end.high - end.low) / end.expected)
    assert widths[0] < widths[1] < widths[2]
    assert widths[3] > widths[0]


def test_nine_of_ten_months_end_inside() -> None:
    """Days at random around a weekday's mean: the interval covers what it says, within chance."""
    inside = 0
    for seed in range(200):
        chance = random.Random(seed)
        spend = {
            day: chance.gauss(10 + day.weekday(), 2) for day in days(date(2026, 7, 1), date(2026, 9, 30))
        }
        known = {day: amount for day, amount in spend.items() if day < TODAY}
        end = month_so_far(known, TODAY, LONG_KNOWN).forecast
        assert end is not None
        truth = sum(amount for day, amount in spend.items() if day.month == 9)
        inside += end.low <= truth <= end.high
    assert 168 <= inside <= 192


@pytest.mark.parametrize(("known", "has_one"), [(6, False), (7, True)])
def test_there_is_no_forecast_from_less_than_a_week(known: int, has_one: bool) -> None:
    spend = days(date(2026, 7, 1), TODAY)
    month = month_so_far(spend, TODAY, TODAY - timedelta(days=known))
    assert (month.forecast is not None) == has_one
    assert month.same_days_before is None


def test_a_day_not_priced_yet_is_not_learned_from() -> None:
    yesterday = TODAY - timedelta(days=1)
    spend = days(date(2026, 7, 1), yesterday, 2.0) | {yesterday: 0.1}
    settled = month_so_far(spend, TODAY, LONG_KNOWN, frozenset({yesterday})).forecast
    assert settled is not None
    assert settled.expected == pytest.approx(18.1 + 40)
    assert settled.days_used == 55


def test_what_is_spent_is_not_unspent() -> None:
    spend = days(date(2026, 7, 1), TODAY - timedelta(days=1), 1.0) | {TODAY: 500.0}
    end = month_so_far(spend, TODAY, LONG_KNOWN).forecast
    assert end is not None
    assert end.low >= 510


def test_the_first_and_the_last_day_of_a_month() -> None:
    spend = days(date(2026, 7, 1), date(2026, 9, 30))
    first = month_so_far(spend, date(2026, 9, 1), LONG_KNOWN)
    assert (first.before_today, first.same_days_before) == (0, 0)
    last = month_so_far(spend, date(2026, 9, 30), LONG_KNOWN)
    assert last.forecast is not None
    assert last.forecast.expected == pytest.approx(30)

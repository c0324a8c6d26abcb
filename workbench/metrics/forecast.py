"""A forecast of the month's spend with its prediction interval. Pure; one currency at a time.

The method, simple on purpose: a day still to come costs what its weekday cost on average over the last eight
weeks (with fewer than two of each weekday: what any day cost). The interval comes from how far single days
lay from these averages: their variance for every day to come, plus the uncertainty of the averages
themselves, times Student's t for so few days. So it is wide while there is little to go by, and there is no
forecast from less than seven whole days. Days whose messages are not priced yet are not learned from, only
counted.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist, fmean

HISTORY_DAYS = 56
FEWEST_DAYS = 7
CONFIDENCE = 0.9
"""Nine of ten months should end inside the interval, if they go on like the last weeks."""


@dataclass(frozen=True)
class Forecast:
    """The end of a month; ``low`` is never below what is spent already."""

    expected: float
    low: float
    high: float
    days_used: int


@dataclass(frozen=True)
class Month:
    """A month so far, in one currency.

    ``so_far`` includes today; ``before_today`` are its whole days, ``same_days_before`` as many of the month
    before (None where the lake does not reach back that far, or that month has fewer days).
    """

    first: date
    today: date
    so_far: float
    before_today: float
    same_days_before: float | None
    month_before: float | None
    forecast: Forecast | None

    @property
    def days(self) -> int:
        return calendar.monthrange(self.first.year, self.first.month)[1]


def month_so_far(
    spend: Mapping[date, float], today: date, known_since: date, unsettled: frozenset[date] = frozenset()
) -> Month:
    """The month of ``today``.

    Args:
        spend: by day; days without an entry cost nothing.
        known_since: the first day of which the lake knows everything.
        unsettled: days whose messages are not priced yet.
    """
    first = today.replace(day=1)
    first_before = (first - timedelta(days=1)).replace(day=1)
    whole = [first + timedelta(days=number) for number in range(today.day - 1)]
    before = [first_before + timedelta(days=number) for number in range((first - first_before).days)]
    is_known = known_since <= first_before
    before_today = sum(spend.get(day, 0.0) for day in whole)
    same_days = before[: len(whole)]
    has_same_days = is_known and len(same_days) == len(whole)
    return Month(
        first=first,
        today=today,
        so_far=before_today + spend.get(today, 0.0),
        before_today=before_today,
        same_days_before=sum(spend.get(day, 0.0) for day in same_days) if has_same_days else None,
        month_before=sum(spend.get(day, 0.0) for day in before) if is_known else None,
        forecast=_forecast(spend, today, known_since, unsettled, before_today),
    )


def expected_days(
    spend: Mapping[date, float], today: date, known_since: date, unsettled: frozenset[date] = frozenset()
) -> dict[date, float]:
    """What each day from today to the month's end is expected to cost; empty without a forecast."""
    history = _history(spend, today, known_since, unsettled)
    if len(history) < FEWEST_DAYS:
        return {}
    means = _weekday_means(history)
    days = {day: means[day.weekday()] for day in _days_to_come(today)}
    days[today] = max(days[today], spend.get(today, 0.0))
    return days


def _forecast(
    spend: Mapping[date, float],
    today: date,
    known_since: date,
    unsettled: frozenset[date],
    before_today: float,
) -> Forecast | None:
    to_come = expected_days(spend, today, known_since, unsettled)
    if not to_come:
        return None
    history = _history(spend, today, known_since, unsettled)
    means = _weekday_means(history)
    freedom = len(history) - len(set(_groups(history).values()))
    deviations = sum((amount - means[day.weekday()]) ** 2 for day, amount in history.items())
    variance = deviations / freedom
    groups = _groups(history)
    sizes = {group: sum(1 for day in history if groups[day.weekday()] == group) for group in groups.values()}
    counts = {group: sum(1 for day in to_come if groups[day.weekday()] == group) for group in sizes}
    uncertain = sum(count**2 / sizes[group] for group, count in counts.items())
    half = _student_t((1 + CONFIDENCE) / 2, freedom) * math.sqrt(variance * (len(to_come) + uncertain))
    expected = before_today + sum(to_come.values())
    spent = before_today + spend.get(today, 0.0)
    return Forecast(expected, max(expected - half, spent), expected + half, len(history))


def _days_to_come(today: date) -> list[date]:
    last = calendar.monthrange(today.year, today.month)[1]
    return [today + timedelta(days=number) for number in range(last - today.day + 1)]


def _history(
    spend: Mapping[date, float], today: date, known_since: date, unsettled: frozenset[date]
) -> dict[date, float]:
    """The whole, settled days of the last eight weeks."""
    days = (today - timedelta(days=number) for number in range(1, HISTORY_DAYS + 1))
    return {day: spend.get(day, 0.0) for day in days if day >= known_since and day not in unsettled}


def _groups(history: Mapping[date, float]) -> dict[int, int]:
    """Weekday → the group it is averaged in: itself, or one for all where a weekday occurs only once."""
    occurs = [sum(1 for day in history if day.weekday() == weekday) for weekday in range(7)]
    return {weekday: weekday if min(occurs) > 1 else 0 for weekday in range(7)}


def _weekday_means(history: Mapping[date, float]) -> dict[int, float]:
    groups = _groups(history)
    return {
        weekday: fmean(amount for day, amount in history.items() if groups[day.weekday()] == group)
        for weekday, group in groups.items()
    }


def _student_t(probability: float, freedom: int) -> float:
    """Quantile of Student's t by the usual expansion around the normal; within 1 % from five degrees on."""
    z = NormalDist().inv_cdf(probability)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3

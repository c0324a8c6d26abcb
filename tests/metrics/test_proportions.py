"""Shares and their differences against published examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics.proportions import (
    Proportion,
    clearly_highest,
    difference_interval,
    is_more_than_chance,
    people_needed,
)

#: Newcombe, Statistics in Medicine 17 (1998), 857, table I, method 3.
WILSON = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)]
#: The same, 873, table II, method 10.
DIFFERENCES = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
]


@pytest.mark.parametrize(("count", "sample", "low", "high"), WILSON)
def test_the_interval_of_one_share(count: int, sample: int, low: float, high: float) -> None:
    assert Proportion(count, sample).interval == pytest.approx((low, high), abs=5.1e-5)


@pytest.mark.parametrize(("a", "m", "b", "n", "low", "high"), DIFFERENCES)
def test_the_interval_of_a_difference(a: int, m: int, b: int, n: int, low: float, high: float) -> None:
    first, second = Proportion(a, m), Proportion(b, n)
    assert difference_interval(first, second) == pytest.approx((low, high), abs=5.1e-5)
    assert is_more_than_chance(first, second) == (low > 0 or high < 0)


#: Fleiss, Statistical Methods for Rates and Proportions, without the correction for continuity.
@pytest.mark.parametrize(("first", "second", "people"), [(0.5, 0.6, 388), (0.10, 0.15, 686), (0.6, 0.5, 388)])
def test_how_many_people_would_tell(first: float, second: float, people: int) -> None:
    assert people_needed(first, second) == people


def test_the_interval_of_none_begins_at_none_and_that_of_all_ends_at_all() -> None:
    assert all(Proportion(0, people).interval[0] == 0 for people in range(1, 400))
    assert all(Proportion(people, people).interval[1] == 1 for people in range(1, 400))


def test_nobody_tells_nothing_and_equal_rates_never_differ() -> None:
    assert not is_more_than_chance(Proportion(0, 0), Proportion(5, 10))
    assert (Proportion(0, 0).rate, Proportion(0, 0).interval) == (None, (0.0, 1.0))
    assert people_needed(0.2, 0.2) is None
    with pytest.raises(ValueError, match="3 of 2 is no share"):
        Proportion(3, 2)


@given(st.integers(0, 300), st.integers(1, 300), st.integers(0, 300), st.integers(1, 300))
def test_intervals_hold_the_rate_and_turn_around_with_the_sides(a: int, m: int, b: int, n: int) -> None:
    first, second = Proportion(min(a, m), m), Proportion(min(b, n), n)
    low, high = first.interval
    assert 0 <= low <= (first.rate or 0) + 1e-12
    assert (first.rate or 0) - 1e-12 <= high <= 1
    forth, back = difference_interval(first, second), difference_interval(second, first)
    assert forth == pytest.approx((-back[1], -back[0]))
    assert is_more_than_chance(first, second) == is_more_than_chance(second, first)


def test_a_best_hour_only_where_its_interval_is_above_all_others() -> None:
    hours = {9: Proportion(50, 100), 10: Proportion(20, 100), 18: Proportion(15, 100)}
    assert clearly_highest(hours, 30) == 9
    assert clearly_highest({**hours, 11: Proportion(45, 100)}, 30) is None
    # A few people are not looked at, whatever they did.
    assert clearly_highest({**hours, 3: Proportion(9, 10)}, 30) == 9
    assert clearly_highest({9: Proportion(50, 100)}, 30) is None

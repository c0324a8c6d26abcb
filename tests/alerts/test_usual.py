"""What stands out against the same hours of the last weeks, and what is noise."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.alerts.measurement import Sample
from workbench.alerts.usual import compare_count, compare_number, compare_share


def shares(*pairs: tuple[int, int]) -> list[Sample]:
    return [Sample(hits / size, size) for hits, size in pairs]


@pytest.mark.parametrize(
    ("hits", "size", "weeks", "stands_out"),
    [
        (100, 1000, [(10, 1000)] * 6, True),  # 1 % became 10 %
        (25, 1000, [(10, 1000)] * 6, False),  # more than twice, but by chance not impossible
        (12, 100, [(1, 100)] * 6, True),
        (9, 100, [(1, 100)] * 6, False),  # a few messages
        (
            100,
            1000,
            [(10, 1000), (12, 1000), (8, 1000), (300, 1000)],
            True,
        ),  # last week's incident is left out
        (
            100,
            1000,
            [(90, 1000), (150, 1000), (20, 1000), (60, 1000), (110, 1000)],
            False,
        ),  # it always varies
        (30, 1000, [(0, 1000)] * 6, True),
        (5, 50, [(0, 1000)] * 6, False),
    ],
)
def test_shares(hits: int, size: int, weeks: list[tuple[int, int]], stands_out: bool) -> None:
    difference = compare_share(Sample(hits / size, size), shares(*weeks), 2)
    assert difference is not None
    assert difference.stands_out is stands_out


@pytest.mark.parametrize(
    ("now", "weeks", "change", "stands_out"),
    [
        (60, [10, 12, 9, 11, 10, 8], 3, True),
        (25, [10, 12, 9, 11, 10, 8], 3, False),  # not three times
        (60, [10, 80, 9, 70, 10, 8], 3, False),
        (0, [1000, 990, 1010, 1005], 0.5, True),
        (600, [1000, 990, 1010, 1005], 0.5, False),
        (0, [8, 9, 7, 8], 0.5, False),  # ten messages less are no fall
    ],
)
def test_counts(now: float, weeks: list[float], change: float, stands_out: bool) -> None:
    difference = compare_count(now, [Sample(value) for value in weeks], change)
    assert difference is not None
    assert difference.stands_out is stands_out


def test_numbers_by_their_median() -> None:
    weeks = [Sample(value) for value in (4.0, 5.0, 4.5, 90.0, 5.5)]
    for value, stands_out in ((30.0, True), (8.0, False)):
        difference = compare_number(value, weeks, 2)
        assert difference is not None
        assert (difference.usual, difference.stands_out) == (5.0, stands_out)


def test_two_weeks_are_not_enough() -> None:
    assert compare_share(Sample(0.5, 100), shares((1, 100), (1, 100)), 2) is None
    assert compare_count(500, [Sample(1.0), Sample(1.0)], 2) is None
    assert compare_number(500, [Sample(1.0), Sample(1.0)], 2) is None


def test_weeks_in_which_nothing_could_be_counted_do_not_count() -> None:
    weeks = [Sample(None, 0), Sample(None), *shares((1, 100), (2, 100))]
    assert compare_share(Sample(0.5, 100), weeks, 2) is None


@given(seed=st.integers(0, 10**6), size=st.integers(50, 400), percent=st.integers(0, 30))
def test_silent_on_noise(seed: int, size: int, percent: int) -> None:
    """The same chance in every week stands out nowhere: hundreds of looks without one alert."""
    rng = random.Random(seed)
    drawn = [sum(rng.random() < percent / 100 for _ in range(size)) for _ in range(7)]
    now, *weeks = drawn
    for change in (2.0, 0.5):
        difference = compare_share(
            Sample(now / size, size), shares(*((hits, size) for hits in weeks)), change
        )
        assert difference is not None
        assert not difference.stands_out

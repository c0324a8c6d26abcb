"""New codes and spikes: the rule at its edges."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from workbench.metrics.anomalies import find_anomalies

SINCE, UNTIL, KNOWN = date(2026, 9, 1), date(2026, 9, 11), date(2026, 7, 1)


def held(first: date = KNOWN, *missing: date) -> set[date]:
    """Every day from a first one to the period's end, without the missing ones."""
    return {first + timedelta(days=n) for n in range((UNTIL - first).days)} - set(missing)


def steady(number: int, until: date = UNTIL) -> dict[date, int]:
    return {KNOWN + timedelta(days=n): number for n in range((until - KNOWN).days)}


@pytest.mark.parametrize(
    ("usual", "day", "is_spike"),
    [
        (0, 9, False),  # fewer than ten
        (0, 10, True),
        (3, 9, False),
        (3, 10, True),  # 3 + 4 × √3 = 9.9
        (25, 49, False),  # less than twice
        (25, 50, True),
        (100, 199, False),
        (100, 200, True),
    ],
)
def test_a_spike_is_many_more_than_usual(usual: int, day: int, is_spike: bool) -> None:
    counts = steady(usual) | {date(2026, 9, 5): day, KNOWN: 1}
    found = find_anomalies({30007: counts}, SINCE, UNTIL, held())
    assert [(marker.kind, marker.day, marker.messages) for marker in found] == (
        [("spike", date(2026, 9, 5), day)] if is_spike else []
    )
    if is_spike:
        assert found[0].usual == usual


def test_a_code_never_seen_before_is_new() -> None:
    found = find_anomalies({30034: {date(2026, 9, 3): 2, date(2026, 9, 4): 5}}, SINCE, UNTIL, held())
    assert [(marker.kind, marker.day, marker.messages) for marker in found] == [("new", date(2026, 9, 3), 5)]


def test_nothing_is_new_in_a_lake_that_has_just_begun() -> None:
    days = {30034: {date(2026, 9, 3): 50}}
    assert find_anomalies(days, SINCE, UNTIL, held(date(2026, 8, 30))) == []
    # Nor a spike with fewer than seven days before.
    assert (
        find_anomalies(
            {30034: {date(2026, 9, 2): 1, date(2026, 9, 3): 50}}, SINCE, UNTIL, held(date(2026, 8, 28))
        )
        == []
    )


def test_what_lies_outside_the_period_is_not_marked() -> None:
    counts = steady(1) | {date(2026, 8, 20): 90}
    assert find_anomalies({30007: counts}, SINCE, UNTIL, held()) == []


def test_the_largest_jump_comes_first() -> None:
    days = {1: steady(1) | {date(2026, 9, 5): 20}, 2: steady(1) | {date(2026, 9, 6): 90}}
    assert [marker.code for marker in find_anomalies(days, SINCE, UNTIL, held())] == [2, 1]

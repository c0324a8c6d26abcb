"""What each value contributes to a change adds up to the change, and reads as it should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics.change import (
    Share,
    contributions_to_rate,
    contributions_to_sum,
    moved_beyond_chance,
)

SHARES = st.dictionaries(
    st.sampled_from("abcdef"),
    st.integers(0, 500).flatmap(
        lambda size: st.integers(0, size).map(lambda hits: Share(hits / size if size else None, size))
    ),
)


def overall(shares: dict[str, Share]) -> float | None:
    size = sum(share.sample for share in shares.values())
    return sum((share.rate or 0) * share.sample for share in shares.values()) / size if size else None


@given(SHARES, SHARES)
def test_contributions_to_a_rate_add_up(now: dict[str, Share], before: dict[str, Share]) -> None:
    contributions = contributions_to_rate(now, before)
    after, earlier = overall(now), overall(before)
    if after is None or earlier is None:
        assert contributions == {}
        return
    assert set(contributions) == {*now, *before}
    assert sum(part.total for part in contributions.values()) == pytest.approx(after - earlier, abs=1e-9)
    assert all(part.total == pytest.approx(part.own + part.mix) for part in contributions.values())


@given(*[st.dictionaries(st.sampled_from("abc"), st.integers(-99, 99))] * 2)
def test_contributions_to_a_sum_add_up(now: dict[str, int], before: dict[str, int]) -> None:
    contributions = contributions_to_sum(now, before)
    assert sum(part.total for part in contributions.values()) == sum(now.values()) - sum(before.values())


def test_a_value_whose_rate_fell_contributes_by_its_own_rate() -> None:
    now = {"a": Share(0.5, 100), "b": Share(1.0, 100)}
    before = {"a": Share(1.0, 100), "b": Share(1.0, 100)}
    parts = contributions_to_rate(now, before)
    assert (parts["a"].own, parts["a"].mix, parts["b"].total) == (-0.25, 0.0, 0.0)


def test_more_of_a_weak_value_contributes_by_the_mix() -> None:
    now = {"weak": Share(0.5, 150), "good": Share(1.0, 50)}
    before = {"weak": Share(0.5, 50), "good": Share(1.0, 150)}
    parts = contributions_to_rate(now, before)
    assert [part.own for part in parts.values()] == [0.0, 0.0]
    assert parts["weak"].mix == parts["good"].mix == pytest.approx(-0.125)


@pytest.mark.parametrize(
    ("now", "before", "moved"),
    [
        (Share(0.80, 1000), Share(0.90, 1000), -0.10),
        (Share(0.80, 20), Share(0.90, 20), None),  # too few
        (Share(0.88, 100), Share(0.90, 100), None),  # chance alone
        (Share(0.9010, 10**6), Share(0.9000, 10**6), None),  # sure, and too small for a sentence
        (Share(None, 0), Share(0.90, 100), None),
    ],
)
def test_only_what_is_more_than_chance_counts_as_moved(
    now: Share, before: Share, moved: float | None
) -> None:
    assert moved_beyond_chance(now, before, 30) == (None if moved is None else pytest.approx(moved))

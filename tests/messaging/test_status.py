"""Whatever the order in which statuses arrive, the message ends in the same one, and it is the right one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.messaging.status import (
    DELIVERED,
    FINAL,
    NOT_DELIVERED,
    RECEIVED,
    STATUS_RANK,
    UNKNOWN_STATUS_RANK,
    is_final,
    status_rank,
)

# The statuses of Twilio's Message resource.
TWILIO_STATUSES = [
    "queued", "sending", "sent", "failed", "delivered", "undelivered", "receiving", "received",
    "accepted", "scheduled", "read", "partially_delivered", "canceled",
]  # fmt: skip
NOW = datetime(2026, 9, 10, 12, 0, tzinfo=UTC)

IN_FLIGHT = {"scheduled", "accepted", "queued", "sending", "sent", "partially_delivered", "receiving"}

statuses = st.sampled_from([*TWILIO_STATUSES, "throttled", "expired"])


def latest_status(current: str | None, incoming: str) -> str:
    """The status to keep of two, by what the lake's SQL orders them by: rank, then name."""
    if current is None:
        return incoming
    return max(current, incoming, key=lambda status: (status_rank(status), status))


def arrive(order: list[str]) -> str:
    current = None
    for status in order:
        current = latest_status(current, status)
    assert current is not None
    return current


def test_every_status_of_twilio_has_its_own_rank_and_its_set() -> None:
    assert sorted(STATUS_RANK) == sorted(TWILIO_STATUSES)
    assert len(set(STATUS_RANK.values())) == 13
    assert UNKNOWN_STATUS_RANK not in STATUS_RANK.values()
    assert set(TWILIO_STATUSES) == IN_FLIGHT | FINAL
    assert not IN_FLIGHT & FINAL


def test_the_sets_hold_what_the_metrics_mean_by_them() -> None:
    assert {"delivered", "read"} == DELIVERED
    assert {"failed", "undelivered"} == NOT_DELIVERED
    assert {"received"} == RECEIVED
    assert {"delivered", "read", "failed", "undelivered", "received", "canceled"} == FINAL


@pytest.mark.parametrize(
    ("current", "incoming", "kept"),
    [
        (None, "queued", "queued"),
        (None, "brand-new", "brand-new"),
        ("accepted", "queued", "queued"),
        ("queued", "accepted", "queued"),
        ("scheduled", "accepted", "accepted"),
        ("sent", "delivered", "delivered"),
        ("delivered", "sent", "delivered"),
        ("delivered", "queued", "delivered"),
        ("delivered", "read", "read"),
        ("read", "delivered", "read"),
        ("sent", "undelivered", "undelivered"),
        ("undelivered", "sent", "undelivered"),
        ("undelivered", "delivered", "delivered"),
        ("delivered", "undelivered", "delivered"),
        ("delivered", "failed", "delivered"),
        ("failed", "undelivered", "undelivered"),
        ("failed", "sending", "failed"),
        ("scheduled", "canceled", "canceled"),
        ("canceled", "queued", "canceled"),
        ("canceled", "sent", "canceled"),
        ("receiving", "received", "received"),
        ("received", "receiving", "received"),
        ("sent", "throttled", "throttled"),
        ("throttled", "sent", "throttled"),
        ("throttled", "failed", "failed"),
        ("delivered", "throttled", "delivered"),
    ],
)
def test_latest_status(current: str | None, incoming: str, kept: str) -> None:
    assert latest_status(current, incoming) == kept


@given(
    st.lists(statuses, min_size=1, max_size=6).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s)))
)
def test_the_order_of_arrival_does_not_matter(orders: tuple[list[str], list[str]]) -> None:
    first, second = orders
    assert arrive(first) == arrive(second)


@given(st.lists(statuses, min_size=1, max_size=6))
def test_repeats_change_nothing(order: list[str]) -> None:
    assert arrive(order + order) == arrive(order)


@given(st.lists(statuses, max_size=6))
def test_a_delivered_message_stays_delivered(later: list[str]) -> None:
    assert arrive(["delivered", *later]) in {"delivered", "read"}


@given(
    st.sampled_from(sorted(FINAL)), st.lists(st.sampled_from([*sorted(IN_FLIGHT), "throttled"]), max_size=6)
)
def test_nothing_in_flight_undoes_a_final_status(final: str, later: list[str]) -> None:
    assert arrive([final, *later]) == final


@given(st.lists(statuses, min_size=1, max_size=6))
def test_the_rank_of_what_is_kept_is_the_highest_seen(order: list[str]) -> None:
    assert status_rank(arrive(order)) == max(status_rank(status) for status in order)


@pytest.mark.parametrize(
    ("status", "age", "expected"),
    [
        ("delivered", timedelta(0), True),
        ("read", timedelta(0), True),
        ("undelivered", timedelta(0), True),
        ("failed", None, True),
        ("canceled", None, True),
        ("received", timedelta(0), True),
        ("sent", timedelta(hours=71, minutes=59), False),
        ("sent", timedelta(hours=72), False),
        ("sent", timedelta(hours=72, seconds=1), True),
        ("sent", timedelta(days=90), True),
        ("sent", None, False),
        ("queued", timedelta(days=90), False),
        ("accepted", None, False),
        ("scheduled", None, False),
        ("sending", timedelta(days=90), False),
        ("receiving", timedelta(days=90), False),
        ("partially_delivered", timedelta(days=90), False),
        ("throttled", timedelta(days=90), False),
    ],
)
def test_is_final(status: str, age: timedelta | None, expected: bool) -> None:
    sent_at = None if age is None else NOW - age
    assert is_final(status, sent_at, NOW) is expected

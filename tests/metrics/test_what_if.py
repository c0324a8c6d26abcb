"""The replay of a run against a plain simulation, and the runs of a lake that was counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.messages import payload
from tests.ui.known import save
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.messaging.higher_limits import higher_limits
from workbench.metrics.what_if import query_runs, queue_waits, replay, replay_run

OURS, OTHER = "+12025550110", "+18335550108"
NINE = datetime(2025, 3, 4, 9, tzinfo=UTC)
DAYS = (date(2025, 3, 4), datetime(2025, 3, 5, tzinfo=UTC))


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(1, 10)), min_size=1, max_size=60),
    st.sampled_from([0.25, 0.5, 1, 3, 10, 100]),
)
def test_waits_are_those_of_a_queue_that_is_played_through(
    messages: list[tuple[int, int]], per_second: float
) -> None:
    messages.sort(key=lambda message: message[0])
    free, expected = 0.0, []
    for moment, size in messages:
        begins = max(free, float(moment))
        expected.append(begins - moment)
        free = begins + size / per_second
    created, segments = ([float(value) for value in column] for column in zip(*messages, strict=True))
    assert queue_waits(created, segments, per_second) == pytest.approx(expected, abs=1e-6)
    done = replay(created, segments, [""] * len(created), per_second)
    assert done.seconds == pytest.approx(free - created[0])
    assert done.waited == sum(wait > 60 for wait in expected)


def run_of(number: int, sender: str, start: datetime, count: int) -> list[dict[str, Any]]:
    """Messages created at once that leave one a second."""
    return [
        payload(
            number + n,
            date_created=start,
            date_sent=start + timedelta(seconds=n),
            **{"from": sender, "to": f"+1415555{n % 50:04}"},
        )
        for n in range(count)
    ]


def test_the_longest_run_of_each_sender_and_what_it_would_have_been(lake: Lake) -> None:
    save(
        lake,
        [
            *run_of(0, OURS, NINE, 200),
            *run_of(300, OURS, NINE + timedelta(hours=2), 10),
            *run_of(400, OTHER, NINE, 4),
        ],
    )
    first, second = query_runs(lake, None, *DAYS, timezone="UTC")
    assert (first.sender, first.messages, first.segments, first.people) == (OURS, 200, 200, 50)
    # 61 s, 62 s, … 199 s waited, to 50 people; the last one waited longest.
    assert (first.waited, first.people_waited, first.longest_wait) == (139, 50, 199)
    assert (first.seconds, first.began) == (199, NINE)
    assert (second.sender, second.waited, second.seconds) == (OTHER, 0, 3)
    now, faster = replay_run(lake, first, [1, 10], None, *DAYS, timezone="UTC")
    assert (now.seconds, now.wait_p50, now.waited) == (200, 99.5, 139)
    assert (faster.seconds, faster.waited, faster.people_waited) == (20, 0, 0)


def test_a_limit_of_nothing_is_refused() -> None:
    for limit in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="is no limit; give a number above 0"):
            replay([0.0], [1.0], [""], limit)


@pytest.mark.parametrize(
    ("sender", "per_second", "asks"),
    [
        ("+12065550101", 3, ["toll-free", "pool", "10DLC", "short code"]),
        ("+12065550101", 10, ["pool", "10DLC", "short code"]),
        ("+18335550108", 25, ["throughput increase", "short code"]),
        ("+18335550108", 125, ["throughput increase"]),
        ("55501", 300, ["higher limit of the short code"]),
        ("+447400100107", 100, ["higher limit of this sender"]),
    ],
)
def test_what_to_ask_for(sender: str, per_second: float, asks: list[str]) -> None:
    offers = higher_limits(sender, per_second)
    assert len(offers) == len(asks)
    assert all(words in offer.ask for words, offer in zip(asks, offers, strict=True))
    assert all(offer.source.startswith("https://help.twilio.com/") for offer in offers)

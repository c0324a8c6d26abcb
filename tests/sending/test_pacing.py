"""The token bucket never lets more through than the limit, whatever comes and whenever."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.sending.pacing import Pacer, new_bucket, recover, slow_down, take


@given(
    limit=st.floats(0.5, 200),
    arrivals=st.lists(st.tuples(st.integers(1, 12), st.floats(0, 5)), min_size=1, max_size=60),
)
def test_no_window_holds_more_than_the_limit(limit: float, arrivals: list[tuple[int, float]]) -> None:
    bucket, now, gone = new_bucket(limit, 0.0), 0.0, list[tuple[float, int]]()
    for segments, pause in arrivals:
        now += pause
        bucket, wait = take(bucket, segments, now)
        assert wait >= 0
        now += wait
        gone.append((now, segments))
    largest = max(segments for _, segments in gone)
    allowance = max(1.0, limit) + largest
    for first, (begin, _) in enumerate(gone):
        total = 0
        for moment, segments in gone[first:]:
            total += segments
            assert total <= limit * (moment - begin) + allowance + 1e-6


@given(limit=st.floats(0.5, 200), count=st.integers(20, 200))
def test_a_steady_batch_goes_at_the_limit(limit: float, count: int) -> None:
    bucket, now = new_bucket(limit, 0.0), 0.0
    for _ in range(count):
        bucket, wait = take(bucket, 1, now)
        now += wait
    assert now == pytest.approx(max(0.0, (count - max(1.0, limit)) / limit), rel=0.01, abs=0.01)


def test_trouble_halves_the_pace_and_time_brings_it_back() -> None:
    bucket = slow_down(slow_down(new_bucket(8.0, 0.0), 10.0), 10.0)
    assert bucket.rate == 2.0
    assert recover(bucket, 69.0).rate == 2.0
    now = 10.0
    for _ in range(12):
        now += 60.0
        bucket = recover(bucket, now)
    assert (bucket.rate, bucket.troubled_at) == (8.0, None)


def test_however_often_it_is_slowed_down_it_moves() -> None:
    bucket = new_bucket(1.0, 0.0)
    for _ in range(50):
        bucket = slow_down(bucket, 0.0)
    assert 0 < take(bucket, 1, 0.0)[1] < 60


def test_a_stop_ends_the_wait() -> None:
    stop = threading.Event()
    pacer = Pacer(0.1, stop)
    assert pacer.wait_for(1)
    threading.Timer(0.05, stop.set).start()
    assert not pacer.wait_for(1)

"""How many requests may be in flight: the decision, and the lock around it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.twilio.concurrency import AdaptiveLimit, ConcurrencyState, next_pace


@pytest.mark.parametrize(
    ("pace", "status", "halvings_at_start", "then"),
    [
        (ConcurrencyState(4, 0, 0), 200, 0, ConcurrencyState(4, 1, 0)),
        (ConcurrencyState(4, 2, 0), 200, 0, ConcurrencyState(5, 0, 0)),
        (ConcurrencyState(8, 2, 0), 200, 0, ConcurrencyState(8, 0, 0)),
        (ConcurrencyState(4, 2, 0), 404, 0, ConcurrencyState(5, 0, 0)),
        (ConcurrencyState(4, 2, 0), 500, 0, ConcurrencyState(4, 0, 0)),
        (ConcurrencyState(4, 2, 0), None, 0, ConcurrencyState(4, 0, 0)),
        (ConcurrencyState(8, 2, 0), 429, 0, ConcurrencyState(4, 0, 1)),
        (ConcurrencyState(5, 0, 3), 429, 3, ConcurrencyState(2, 0, 4)),
        (ConcurrencyState(1, 0, 3), 429, 3, ConcurrencyState(1, 0, 4)),
        (ConcurrencyState(4, 1, 1), 429, 0, ConcurrencyState(4, 1, 1)),
    ],
)
def test_one_answer(
    pace: ConcurrencyState, status: int | None, halvings_at_start: int, then: ConcurrencyState
) -> None:
    assert next_pace(pace, status, halvings_at_start=halvings_at_start, maximum=8, step=3) == then


statuses = st.sampled_from([200, 200, 200, 404, 429, 500, None])


@given(st.lists(st.tuples(statuses, st.integers(0, 5))), st.integers(1, 64), st.integers(1, 9), st.data())
def test_never_under_one_never_over_the_maximum(
    answers: list[tuple[int | None, int]], maximum: int, step: int, data: st.DataObject
) -> None:
    pace = ConcurrencyState(data.draw(st.integers(1, maximum)))
    for status, age in answers:
        before = pace
        began = max(0, pace.halvings - age)
        pace = next_pace(pace, status, halvings_at_start=began, maximum=maximum, step=step)
        assert 1 <= pace.allowed <= maximum
        assert pace.streak < step
        assert pace.allowed <= before.allowed + 1
        if status == 429 and age == 0:
            assert pace.allowed == max(1, before.allowed // 2)
        elif status == 429:
            assert pace == before if before.halvings else pace.halvings == 1
        else:
            assert pace.allowed >= before.allowed


@given(st.integers(1, 20), st.integers(1, 9))
def test_it_climbs_by_one_per_step_of_good_answers(climbs: int, step: int) -> None:
    pace = ConcurrencyState(1)
    for _ in range(climbs * step):
        pace = next_pace(pace, 200, halvings_at_start=0, maximum=100, step=step)
    assert pace == ConcurrencyState(1 + climbs, 0, 0)


def test_a_burst_of_429_halves_once() -> None:
    limit = AdaptiveLimit(8, start=8)
    everyone_in = threading.Barrier(8)

    def ask(_: int) -> None:
        with limit.slot() as slot:
            everyone_in.wait(5)
            slot.answered(429)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert limit.pace == ConcurrencyState(4, 0, 1)
    with limit.slot() as slot:
        slot.answered(429)
    assert limit.pace == ConcurrencyState(2, 0, 2)


def test_no_more_threads_inside_than_allowed() -> None:
    limit = AdaptiveLimit(3, start=3)
    inside: list[int] = []

    def work(_: int) -> None:
        with limit.slot():
            inside.append(limit.in_flight)
            time.sleep(0.002)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(60)))
    assert max(inside) == 3
    assert limit.in_flight == 0


def test_growth_lets_a_waiting_thread_in() -> None:
    limit = AdaptiveLimit(2, start=1, step=1)
    second_is_in = threading.Event()

    def second() -> None:
        with limit.slot():
            second_is_in.set()

    with limit.slot() as slot:
        thread = threading.Thread(target=second)
        thread.start()
        assert not second_is_in.wait(0.05)
        slot.answered(200)
        assert second_is_in.wait(5)
    thread.join(5)


def test_a_slot_is_given_back_after_an_error() -> None:
    limit = AdaptiveLimit(1, start=1)
    with pytest.raises(KeyboardInterrupt), limit.slot():
        raise KeyboardInterrupt
    with limit.slot():
        assert limit.in_flight == 1
    assert limit.in_flight == 0


@pytest.mark.parametrize(("maximum", "start", "step"), [(0, 0, 1), (4, 5, 1), (4, 0, 1), (4, 1, 0)])
def test_senseless_limits_are_refused(maximum: int, start: int, step: int) -> None:
    with pytest.raises(ValueError, match="need 1 <= start <= maximum"):
        AdaptiveLimit(maximum, start=start, step=step)


def test_repr() -> None:
    assert repr(AdaptiveLimit(8, start=3)) == "AdaptiveLimit(allowed=3, maximum=8, halvings=0)"

"""When an open message is read again, and how."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies

from workbench.sync.messages.open_set import (
    CHECK_AFTER,
    OpenMessage,
    OpenSetPlan,
    is_due,
    is_unresolved,
    plan_open_set,
)

BEGAN = datetime(2026, 9, 1, 12, tzinfo=UTC)
DAY = date(2026, 9, 1)


def message(read_after: timedelta, status: str = "sent", sid: str = "SM1", day: date = DAY) -> OpenMessage:
    return OpenMessage(sid, status, day, BEGAN, BEGAN + read_after)


@pytest.mark.parametrize(
    ("read_after", "age", "due"),
    [
        (timedelta(0), timedelta(minutes=4, seconds=59), False),
        (timedelta(0), timedelta(minutes=5), True),
        (timedelta(minutes=5), timedelta(minutes=59), False),
        (timedelta(minutes=5), timedelta(hours=1), True),
        (timedelta(hours=1), timedelta(hours=6), True),
        (timedelta(hours=7), timedelta(hours=23), False),
        (timedelta(hours=7), timedelta(hours=24), True),
        (timedelta(hours=24), timedelta(hours=71), False),
        (timedelta(hours=24), timedelta(days=30), True),
        (timedelta(hours=72), timedelta(days=30), False),
    ],
)
def test_the_back_off(read_after: timedelta, age: timedelta, due: bool) -> None:
    assert is_due(message(read_after), BEGAN + age) is due


def test_what_is_still_open_after_the_last_check_is_unresolved() -> None:
    assert not is_unresolved(message(timedelta(hours=71)), BEGAN + timedelta(days=9))
    assert is_unresolved(message(timedelta(hours=72)), BEGAN + timedelta(days=9))


def test_a_scheduled_message_is_looked_at_daily_for_36_days() -> None:
    waiting = message(timedelta(days=10), "scheduled")
    assert not is_due(waiting, BEGAN + timedelta(days=10, hours=23))
    assert is_due(waiting, BEGAN + timedelta(days=11))
    assert not is_unresolved(waiting, BEGAN + timedelta(days=36))
    assert not is_due(waiting, BEGAN + timedelta(days=36, seconds=1))
    assert is_unresolved(waiting, BEGAN + timedelta(days=36, seconds=1))


@pytest.mark.parametrize(
    ("open_rows", "rows_of_day", "expected"),
    [
        (1, 1, OpenSetPlan(fetch=("SM0",))),
        (2, 1000, OpenSetPlan(list_days=(DAY,))),
        (2, 2001, OpenSetPlan(fetch=("SM0", "SM1"))),
        (4, 2001, OpenSetPlan(list_days=(DAY,))),
        (0, 9, OpenSetPlan()),
    ],
)
def test_whichever_costs_fewer_requests(open_rows: int, rows_of_day: int, expected: OpenSetPlan) -> None:
    messages = [message(timedelta(0), sid=f"SM{number}") for number in range(open_rows)]
    now = BEGAN + timedelta(hours=2)
    assert plan_open_set(messages, {DAY: rows_of_day}, now, page_size=1000) == expected


hours = strategies.floats(0, 2000).map(lambda value: timedelta(hours=value))


@given(reads=strategies.lists(hours, min_size=1, max_size=20))
def test_read_whenever_due_a_message_is_read_at_most_five_times_and_ends_unresolved(
    reads: list[timedelta],
) -> None:
    """However seldom somebody syncs, an open message costs at most one read per moment of the back-off."""
    last, count = timedelta(0), 0
    for age in [*sorted(reads), timedelta(hours=2001)]:
        if is_due(message(last), BEGAN + age):
            last, count = age, count + 1
    assert 1 <= count <= len(CHECK_AFTER)
    assert is_unresolved(message(last), BEGAN + timedelta(hours=2001))


@given(
    rows=strategies.dictionaries(strategies.integers(0, 5), strategies.integers(0, 5000)),
    due=strategies.lists(strategies.tuples(strategies.integers(0, 5), hours), max_size=60),
)
def test_every_due_message_is_read_exactly_one_way(
    rows: dict[int, int], due: list[tuple[int, timedelta]]
) -> None:
    now = BEGAN + timedelta(days=40)
    messages = [
        message(read, sid=f"SM{n}", day=DAY + timedelta(days=offset)) for n, (offset, read) in enumerate(due)
    ]
    per_day = {DAY + timedelta(days=offset): count for offset, count in rows.items()}
    plan = plan_open_set(messages, per_day, now, page_size=1000)
    assert len(set(plan.fetch)) == len(plan.fetch)
    for item in messages:
        ways = (item.day in plan.list_days) + (item.message_sid in plan.fetch)
        assert ways == (1 if is_due(item, now) else ways if item.day in plan.list_days else 0)

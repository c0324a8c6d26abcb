"""Which days are read: planned from what is known, whatever happened before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies

from workbench.sync.shared.windows import SyncWindow, WindowState, clamp_since, day_end, plan_windows

TODAY = date(2026, 9, 10)
TOMORROW = TODAY + timedelta(days=1)
TODAY_END = day_end(TODAY)


def settled(day: date) -> WindowState:
    return WindowState(day, read_from=day_end(day), finished_at=day_end(day) + timedelta(minutes=1), rows=5)


def days(windows: list[SyncWindow]) -> list[date]:
    return [window.day for window in windows]


def test_a_first_sync_reads_every_day_newest_first() -> None:
    windows = plan_windows(date(2026, 9, 7), TOMORROW, TODAY, {}, lookback_days=3)
    assert days(windows) == [date(2026, 9, 10), date(2026, 9, 9), date(2026, 9, 8), date(2026, 9, 7)]
    assert [window.is_open_ended for window in windows] == [True, False, False, False]


def test_settled_days_are_left_alone_but_for_the_lookback() -> None:
    known = {day: settled(day) for day in (date(2026, 9, n) for n in range(1, 10))}
    windows = plan_windows(date(2026, 9, 1), TOMORROW, TODAY, known, lookback_days=2)
    assert days(windows) == [date(2026, 9, 10), date(2026, 9, 9), date(2026, 9, 8)]


def test_full_reads_settled_days_too() -> None:
    known = {day: settled(day) for day in (date(2026, 9, n) for n in range(1, 10))}
    windows = plan_windows(date(2026, 9, 1), TOMORROW, TODAY, known, lookback_days=0, full=True)
    assert len(windows) == 10


def test_a_day_read_before_it_was_over_is_read_again() -> None:
    day = date(2026, 9, 1)
    early = WindowState(day, datetime(2026, 9, 1, 23, 59, 59, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC))
    assert days(plan_windows(day, date(2026, 9, 2), TODAY, {day: early}, lookback_days=0)) == [day]


def test_an_unfinished_walk_goes_on_where_it_stopped() -> None:
    day, began = date(2026, 9, 1), datetime(2026, 9, 3, tzinfo=UTC)
    broken = WindowState(day, began, finished_at=None, next_page_uri="/next?PageToken=PASM1", rows=2000)
    assert plan_windows(day, date(2026, 9, 2), TODAY, {day: broken}, lookback_days=0) == [
        SyncWindow(day, resume_at="/next?PageToken=PASM1", resumed_from=began, resumed_rows=2000)
    ]
    afresh = plan_windows(day, date(2026, 9, 2), TODAY, {day: broken}, lookback_days=0, full=True)
    assert afresh == [SyncWindow(day)]


def test_query_names_the_filter_as_twilio_does() -> None:
    assert SyncWindow(TODAY).query() == {"DateSent": "2026-09-10", "PageSize": 1000}
    assert SyncWindow(TODAY, is_open_ended=True).query() == {"DateSent>": "2026-09-10", "PageSize": 1000}


def test_no_window_lies_in_the_future_or_outside_the_request() -> None:
    assert plan_windows(TOMORROW, TOMORROW + timedelta(days=9), TODAY, {}, lookback_days=3) == []
    assert plan_windows(TODAY, date(2026, 9, 5), TODAY, {}, lookback_days=3) == []


@pytest.mark.parametrize(
    ("since", "clamped"),
    [
        (date(2020, 1, 1), date(2025, 8, 7)),
        (date(2025, 8, 7), date(2025, 8, 7)),
        (date(2026, 9, 9), date(2026, 9, 9)),
    ],
)
def test_since_is_clamped_to_what_twilio_lists(since: date, clamped: date) -> None:
    assert clamp_since(since, TODAY) == clamped


states = strategies.builds(
    lambda back, delay, finished, uri: WindowState(
        day := TODAY - timedelta(days=back),
        datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=delay),
        TODAY_END if finished else None,
        None if finished else uri,
    ),
    back=strategies.integers(0, 12),
    delay=strategies.integers(0, 72),
    finished=strategies.booleans(),
    uri=strategies.sampled_from([None, "/next"]),
)


@given(
    since_back=strategies.integers(0, 12),
    lookback=strategies.integers(0, 5),
    states_read=strategies.lists(states, unique_by=lambda state: state.day),
)
def test_whatever_is_known_no_day_is_left_behind(
    since_back: int, lookback: int, states_read: list[WindowState]
) -> None:
    """Every day of the period is either in the plan, once, or settled and older than the lookback."""
    since, known = TODAY - timedelta(days=since_back), {state.day: state for state in states_read}
    planned = days(plan_windows(since, TOMORROW, TODAY, known, lookback_days=lookback))
    assert planned == sorted(set(planned), reverse=True)
    for back in range(since_back + 1):
        day = TODAY - timedelta(days=back)
        skipped = day not in planned
        assert skipped == (day in known and known[day].is_settled and back > lookback)

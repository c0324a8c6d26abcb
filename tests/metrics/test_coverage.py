"""What the lake holds: nothing is compared with a day that was not read, or before the first message."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.messages import ACCOUNT, payload
from tests.ui.known import at, note_days, note_sync, save
from workbench.display.periods import Period
from workbench.lake import Lake
from workbench.metrics.coverage import Coverage, read_coverage, synced_accounts
from workbench.settings import load_settings

NOW = datetime(2025, 4, 1, 12, tzinfo=UTC)
OTHER = "AC" + "9" * 32
MARCH = [date(2025, 3, day) for day in range(1, 32)]


def period(since: str, until: str, timezone: str = "UTC") -> Period:
    return Period(date.fromisoformat(since), date.fromisoformat(until), timezone)


def coverage(*missing: int, until: datetime | None = NOW, account: str = ACCOUNT) -> Coverage:
    days = frozenset(day for day in [*MARCH, date(2025, 4, 1)] if day.month == 4 or day.day not in missing)
    return Coverage(until, {account: days}, NOW)


@pytest.mark.parametrize(
    ("missing", "days", "why_not"),
    [
        ((), period("2025-03-01", "2025-03-08"), ""),
        ((), period("2025-02-28", "2025-03-08"), "history begins 1 Mar 2025"),
        ((), period("2025-02-01", "2025-02-08"), "history begins 1 Mar 2025"),
        # Midnight in New York is 04:00 or 05:00 GMT, in Auckland 11:00 of the day before.
        ((), period("2025-03-01", "2025-03-08", "America/New_York"), ""),
        ((), period("2025-03-01", "2025-03-08", "Pacific/Auckland"), "history begins 2 Mar 2025"),
        # A sync of the last weeks, and a month long ago.
        ((11, 12, 13), period("2025-03-08", "2025-03-15"), "3 days between 11 Mar 2025 and 13 Mar 2025 were "
         "not read to their end"),
        ((11,), period("2025-03-08", "2025-03-15"), "11 Mar 2025 was not read to its end"),
        ((11,), period("2025-03-12", "2025-03-15"), ""),
        # A period that is not over: days to come are no gap.
        ((), period("2025-03-27", "2025-04-08"), ""),
    ],
)  # fmt: skip
def test_a_period_is_whole_or_says_why_not(missing: tuple[int, ...], days: Period, why_not: str) -> None:
    assert coverage(*missing).why_not(days) == why_not


@pytest.mark.parametrize(("hours", "is_whole"), [(3, True), (23, True), (25, False)])
def test_days_since_a_sync_of_the_last_hours_need_not_be_read(hours: int, is_whole: bool) -> None:
    synced_at = datetime(2025, 3, 31, 22, tzinfo=UTC)
    lately = Coverage(synced_at, {ACCOUNT: frozenset(MARCH)}, synced_at + timedelta(hours=hours))
    assert (lately.why_not(period("2025-03-25", "2025-04-03")) == "") is is_whole


def test_every_account_counts_and_a_filter_leaves_the_others_out() -> None:
    both = Coverage(NOW, {**coverage().days, OTHER: frozenset([*MARCH[14:], date(2025, 4, 1)])}, NOW)
    week = period("2025-03-08", "2025-03-15")
    assert both.why_not(week) == f"history begins 15 Mar 2025 for account {OTHER}"
    assert both.why_not(week, [ACCOUNT]) == ""
    assert (both.known_since("UTC"), both.known_since("UTC", [ACCOUNT])) == (MARCH[14], MARCH[0])


@given(st.sets(st.integers(1, 31)), st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu"]))
def test_history_begins_after_the_last_gap(missing: set[int], timezone: str) -> None:
    lake = coverage(*missing)
    first = lake.known_since(timezone)
    whole = Period(first, date(2025, 4, 1), timezone)
    assert first > date(2025, 3, 31) or lake.why_not(whole) == ""
    before = Period(first - timedelta(days=1), date(2025, 4, 1), timezone)
    assert lake.why_not(before) != ""


def fill(lake: Lake, *days: tuple[int, int], **fields: Any) -> None:
    save(lake, [payload(day * 100 + month, **at(month, day), **fields) for month, day in days])


def test_history_begins_with_the_first_message(lake: Lake) -> None:
    fill(lake, (3, 5), (3, 20))
    note_days(lake, date(2025, 1, 1), date(2025, 4, 1))
    assert read_coverage(lake, NOW).known_since("UTC") == date(2025, 3, 5)


def test_of_a_lake_without_a_sync_the_first_day_may_have_begun_in_the_middle(lake: Lake) -> None:
    fill(lake, (3, 5), (3, 20))
    assert read_coverage(lake, NOW).known_since("UTC") == date(2025, 3, 6)


def test_an_account_that_was_never_read_to_the_end_is_not_known(lake: Lake) -> None:
    fill(lake, (3, 5))
    note_days(lake, date(2025, 3, 1), date(2025, 4, 1))
    lake.write(
        lambda cursor: cursor.execute(
            "insert into sync_windows values (?, '2025-03-05', ?, 0, 'next', null)", [OTHER, NOW]
        )
    )
    seen = read_coverage(lake, NOW)
    reason = f"no day was read to its end yet for account {OTHER}"
    assert seen.why_not(period("2025-03-10", "2025-03-17")) == reason
    assert seen.why_not(period("2025-03-10", "2025-03-17"), [ACCOUNT]) == ""


def test_a_closed_account_sends_nothing_that_could_be_missing(lake: Lake) -> None:
    fill(lake, (3, 5))
    note_days(lake, date(2025, 3, 1), date(2025, 4, 1))
    note_days(lake, date(2025, 3, 1), date(2025, 3, 12), account=OTHER)
    week = period("2025-03-17", "2025-03-24")
    assert read_coverage(lake, NOW).why_not(week) != ""
    lake.write(
        lambda cursor: cursor.execute(
            "insert into accounts (account_sid, status, read_at) values (?, 'closed', ?)", [OTHER, NOW]
        )
    )
    assert read_coverage(lake, NOW).why_not(week) == ""


def test_an_account_that_is_synced_no_more_is_excused(lake: Lake, home: Path) -> None:
    """Subaccounts were switched off on 13 March; only a question about theirs still waits for their days."""
    fill(lake, (2, 5))
    note_sync(lake, date(2025, 2, 1), date(2025, 4, 1), finished=NOW)
    note_days(lake, date(2025, 2, 1), date(2025, 3, 12), account=OTHER)
    week = period("2025-03-17", "2025-03-24")
    account = {
        "WORKBENCH_HOME": str(home), "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "b" * 32
    }  # fmt: skip
    gap = f"7 days between 17 Mar 2025 and 23 Mar 2025 were not read to their end for account {OTHER}"
    alone, both = ({**account, "WORKBENCH_SYNC_SUBACCOUNTS": value} for value in ("false", "true"))
    # Without settings, and while subaccounts are synced, the gap forbids the comparison.
    assert read_coverage(lake, NOW).why_not(week) == gap
    assert read_coverage(lake, NOW, synced_accounts(load_settings(both))).why_not(week) == gap
    seen = read_coverage(lake, NOW, synced_accounts(load_settings(alone)))
    assert seen.left == {OTHER}
    assert seen.why_not(week) == ""
    assert seen.known_since("UTC") == date(2025, 2, 5)
    assert seen.why_not(week, [OTHER]) != ""
    # One that was asked for lately, as by an option of the sync, still counts.
    lake.write(
        lambda cursor: cursor.execute(
            "insert into sync_runs values ('other', ?, ?, null, 'failed', 0, 0, 0, 0, null)", [OTHER, NOW]
        )
    )
    assert read_coverage(lake, NOW, [ACCOUNT]).why_not(week) == gap


@pytest.mark.parametrize(
    ("days", "is_held"),
    [
        # It has only begun, was never read to an end, or has a gap.
        ([date(2025, 3, 31)], True),
        ([], True),
        ([day for day in MARCH if day.day != 20], False),
    ],
)
def test_for_alerts_an_account_counts_from_its_first_day(days: list[date], is_held: bool) -> None:
    both = Coverage(NOW, {**coverage().days, OTHER: frozenset(days)}, NOW)
    assert both.holds(datetime(2025, 3, 19, tzinfo=UTC), datetime(2025, 3, 21, tzinfo=UTC)) is is_held


def test_the_days_that_are_held_have_gaps_and_end_with_the_last_sync() -> None:
    synced_at = datetime(2025, 3, 27, 18, tzinfo=UTC)
    days = frozenset(day for day in MARCH[:27] if day.day not in (11, 12))
    lately = Coverage(synced_at, {ACCOUNT: days}, NOW)
    april = period("2025-02-20", "2025-04-02")
    assert lately.held_days(april) == days
    # The day of the sync was not over.
    assert lately.whole_days(april) == days - {MARCH[26]}
    # Eleven hours before Greenwich a day ends in the next GMT day: the 27th was begun, the 10th was cut.
    auckland = lately.whole_days(period("2025-03-09", "2025-03-29", "Pacific/Auckland"))
    assert sorted(day.day for day in auckland) == [9, 10, *range(14, 28)]


def test_an_empty_lake_holds_nothing(lake: Lake) -> None:
    assert read_coverage(lake, NOW).why_not(period("2025-03-17", "2025-03-24")) == (
        "no day was read to its end yet"
    )

"""The same hours of earlier weeks: by the clock on the wall, and as long as the window now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workbench.alerts.measure import earlier_windows


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "since", "until", "weeks", "first", "last"),
    [
        ("UTC", "2026-09-30T11:00", "2026-09-30T12:00", 1, "2026-09-23T11:00", "2026-09-23T12:00"),
        # From summer to winter time: 12:00 in Berlin is 11:00 UTC now, and was 10:00.
        ("Europe/Berlin", "2026-10-28T10:00", "2026-10-28T11:00", 1, "2026-10-21T09:00", "2026-10-21T10:00"),
        ("America/Denver", "2026-11-03T14:00", "2026-11-03T15:00", 1, "2026-10-27T13:00", "2026-10-27T14:00"),
        # 02:00 to 03:00 in Berlin: a week before that hour was skipped, …
        ("Europe/Berlin", "2026-04-05T00:00", "2026-04-05T01:00", 1, "2026-03-29T00:00", "2026-03-29T01:00"),
        # … and in autumn it came twice.
        ("Europe/Berlin", "2026-11-01T01:00", "2026-11-01T02:00", 1, "2026-10-25T01:00", "2026-10-25T02:00"),
        # The day on which the clock is changed has 23 hours, and so has what it is compared with.
        ("Europe/Berlin", "2026-03-28T23:00", "2026-03-29T22:00", 1, "2026-03-22T00:00", "2026-03-22T23:00"),
        ("Asia/Kathmandu", "2026-09-30T11:00", "2026-09-30T12:00", 6, "2026-08-19T11:00", "2026-08-19T12:00"),
    ],
)  # fmt: skip
def test_they_are_these(timezone: str, since: str, until: str, weeks: int, first: str, last: str) -> None:
    assert earlier_windows(utc(since), utc(until), timezone)[weeks - 1] == (utc(first), utc(last))


@pytest.mark.parametrize(
    "timezone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
)
def test_none_is_longer_or_shorter(timezone: str) -> None:
    hour = timedelta(hours=1)
    for number in range(24 * 366):
        since = utc("2026-01-01T00:00") + number * hour
        assert {last - first for first, last in earlier_windows(since, since + hour, timezone)} == {hour}

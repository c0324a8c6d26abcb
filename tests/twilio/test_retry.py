"""Whether and when to call again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.twilio.retry import parse_http_date, retry_delay, should_retry

NOW = datetime(2026, 9, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "again"),
    [
        (None, True),  # no connection, time-out, half an answer, not JSON
        (429, True),
        (500, True),
        (502, True),
        (503, True),
        (504, True),
        (599, True),
        (401, True),  # the first one only, see below
        (200, False),
        (204, False),
        (302, False),
        (307, False),
        (400, False),
        (403, False),
        (404, False),
        (409, False),
        (422, False),
    ],
)
def test_statuses(status: int | None, again: bool) -> None:
    assert should_retry(status, 1) is again


@pytest.mark.parametrize(
    ("status", "attempt", "attempts", "again"),
    [
        (503, 4, 5, True),
        (503, 5, 5, False),
        (429, 1, 1, False),
        (None, 2, 2, False),
        (429, 7, 8, True),
        (401, 1, 1, False),
    ],
)
def test_attempts_are_counted(status: int | None, attempt: int, attempts: int, again: bool) -> None:
    assert should_retry(status, attempt, attempts=attempts) is again


@pytest.mark.parametrize(
    ("attempt", "unauthorized", "again"),
    [(1, 1, True), (2, 2, False), (3, 1, True), (3, 2, False)],
)
def test_a_second_401_is_believed(attempt: int, unauthorized: int, again: bool) -> None:
    assert should_retry(401, attempt, unauthorized=unauthorized) is again


@pytest.mark.parametrize("status", [None, 401, 429, 500, 503])
@pytest.mark.parametrize(
    ("method", "again"),
    [("GET", True), ("get", True), ("DELETE", True), ("POST", False), ("PUT", False), ("PATCH", False)],
)
def test_only_idempotent_calls_are_repeated(status: int | None, method: str, again: bool) -> None:
    assert should_retry(status, 1, method=method) is again


@pytest.mark.parametrize(
    ("attempt", "random", "seconds"),
    [
        (1, 0.5, 0.1),
        (2, 0.5, 0.2),
        (3, 0.5, 0.4),
        (4, 0.5, 0.8),
        (8, 0.5, 12.8),
        (9, 0.5, 25.6),
        (10, 0.5, 30.0),
        (2000, 0.5, 30.0),
        (1, 0.0, 0.09),
        (1, 1.0, 0.11),
        (4, 0.0, 0.72),
        (9, 1.0, 28.16),
        (10, 1.0, 30.0),
    ],
)
def test_own_schedule(attempt: int, random: float, seconds: float) -> None:
    assert retry_delay(attempt, None, random, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("0", 0.1),
        ("120", 120.0),
        ("3600", 120.0),
        ("99999999999999999999", 0.4),
        ("Tue, 01 Sep 2026 12:00:30 GMT", 30.0),
        ("Tue, 01 Sep 2026 14:00:30 +0200", 30.0),
        ("Tuesday, 01-Sep-26 12:00:05 GMT", 5.0),
        ("Tue Sep  1 12:00:20 2026", 20.0),
        ("Tue, 01 Sep 2026 11:00:00 GMT", 0.1),
        ("Wed, 02 Sep 2026 12:00:00 GMT", 120.0),
        ("soon", 0.4),
        ("", 0.4),
        ("-3", 0.4),
        ("nan", 0.4),
        ("inf", 0.4),
        ("Tue, 99 Sep 2026 12:00:30 GMT", 0.4),
        ("٣", 0.4),
        (None, 0.4),
    ],
)
def test_retry_after_wins_and_what_cannot_be_read_is_ignored(retry_after: str | None, seconds: float) -> None:
    assert retry_delay(3, retry_after, 0.0 if seconds != 0.4 else 0.5, NOW) == pytest.approx(seconds)


def test_retry_after_is_spread_later_but_never_sooner() -> None:
    assert retry_delay(1, "10", 0.0, NOW) == 10.0
    assert retry_delay(1, "10", 1.0, NOW) == 11.0


@given(
    st.integers(1, 10_000),
    st.none() | st.text(max_size=40) | st.integers(-(10**9), 10**9).map(str),
    st.floats(0, 1),
)
def test_a_delay_is_always_a_time_one_can_wait(attempt: int, retry_after: str | None, random: float) -> None:
    assert 0.09 <= retry_delay(attempt, retry_after, random, NOW) <= 132.0


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Tue, 01 Sep 2026 12:00:30 GMT", datetime(2026, 9, 1, 12, 0, 30, tzinfo=UTC)),
        ("Tue, 01 Sep 2026 12:00:30 -0000", datetime(2026, 9, 1, 12, 0, 30, tzinfo=UTC)),
        ("Tue, 01 Sep 2026 12:00:30 +0530", datetime(2026, 9, 1, 6, 30, 30, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_http_dates(text: str | None, moment: datetime | None) -> None:
    read = parse_http_date(text)
    assert read == moment
    assert read is None or read.utcoffset() == timedelta(0) == UTC.utcoffset(None)

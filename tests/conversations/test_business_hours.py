"""Business hours: how they are written, and seconds in them against an independent count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.conversations.business_hours import Opening, keep_business_hours, parse_hours
from workbench.errors import ConfigError
from workbench.lake import Lake, open_lake
from workbench.settings import ConversationsSettings, Settings


def test_hours_as_they_are_written() -> None:
    assert parse_hours("Fri-Sun 22:30-24:00") == (
        Opening(5, 1350, 1440), Opening(6, 1350, 1440), Opening(7, 1350, 1440),
    )  # fmt: skip
    assert parse_hours(["Sat-Mon 9:00-10:00", "mon 12:00-13:15"]) == (
        Opening(1, 540, 600), Opening(1, 720, 795), Opening(6, 540, 600), Opening(7, 540, 600),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("weekdays 9-5", "has 'weekdays 9-5'; write days and hours, as Mon-Fri 09:00-17:00"),
        ("Mon 17:00-09:00", "ends before it begins"),
        ("Mon 09:00-25:00", "25:00 is no time from 00:00 to 24:00"),
        (["Mon 09:00-12:00", "Mon-Tue 11:00-13:00"], "two openings of Mon that overlap"),
        ([], "is empty"),
    ],
)
def test_hours_that_cannot_be(lines: str | list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_hours(lines)


def by_minute(began: datetime, ended: datetime, zone: ZoneInfo) -> int:
    """Seconds in Mon-Fri 09:00-17:00 and Sat 10:00-14:00, one minute after the other."""
    seconds, moment = 0, began
    while moment < ended:
        local = moment.astimezone(zone)
        minute = local.hour * 60 + local.minute
        opens, closes = {5: (600, 840), 6: (0, 0)}.get(local.weekday(), (540, 1020))
        seconds += 60 * (opens <= minute < closes)
        moment += timedelta(minutes=1)
    return seconds


@pytest.fixture(scope="module")
def counting_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    home = tmp_path_factory.mktemp("hours")
    hours = ("Mon-Fri 09:00-17:00", "Sat 10:00-14:00")
    chosen = Settings(home, conversations=ConversationsSettings(hours, "America/New_York"))
    lake = open_lake(chosen)
    assert keep_business_hours(lake, chosen)
    assert not keep_business_hours(lake, chosen)
    return lake


# Around both changes of the clock of 2026 in New York.
@given(
    began=st.datetimes(datetime(2026, 3, 5), datetime(2026, 3, 11))
    | st.datetimes(datetime(2026, 10, 29), datetime(2026, 11, 4)),
    minutes=st.integers(0, 6_000),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_seconds_in_business_hours(counting_lake: Lake, began: datetime, minutes: int) -> None:
    began = began.replace(second=0, microsecond=0, tzinfo=UTC)
    ended = began + timedelta(minutes=minutes)
    seconds = counting_lake.value("select business_seconds(?::timestamptz, ?::timestamptz)", [began, ended])
    assert seconds == by_minute(began, ended, ZoneInfo("America/New_York"))

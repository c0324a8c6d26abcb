"""Which days a page looks at."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from workbench.ui.periods import Period, custom_period, preset_period

NOW = datetime(2025, 3, 10, 3, 17, tzinfo=UTC)


def test_a_preset_includes_today_in_the_time_zone_of_the_reader() -> None:
    assert preset_period("7d", NOW, "UTC").since == date(2025, 3, 4)
    assert preset_period("7d", NOW, "UTC").until == date(2025, 3, 11)
    # In New York it is still the ninth.
    assert preset_period("7d", NOW, "America/New_York").since == date(2025, 3, 3)
    assert preset_period("7d", NOW, "America/New_York").until == date(2025, 3, 10)


def test_a_day_that_still_runs_is_compared_up_to_the_same_time_of_day() -> None:
    before = preset_period("7d", NOW, "UTC").previous
    assert (before.since, before.until) == (date(2025, 2, 25), date(2025, 3, 4))
    assert before.end == datetime(2025, 3, 3, 3, 15, tzinfo=UTC)


def test_the_same_time_of_day_is_the_wall_clocks_across_a_change_of_it() -> None:
    # New York put its clocks forward on 9 March 2025: 23:15 on the ninth is EDT, a week before it is EST.
    before = preset_period("7d", NOW, "America/New_York").previous
    end = before.end
    assert isinstance(end, datetime)
    assert end.astimezone(UTC) == datetime(2025, 3, 3, 4, 15, tzinfo=UTC)


def test_a_period_that_is_over_is_compared_with_whole_days() -> None:
    period = custom_period(date(2025, 3, 3), date(2025, 3, 10), datetime(2025, 4, 1, tzinfo=UTC), "UTC")
    assert period == Period(date(2025, 3, 3), date(2025, 3, 10))
    assert period.previous == Period(date(2025, 2, 24), date(2025, 3, 3))
    assert period.end == date(2025, 3, 10)


def test_without_until_a_period_reaches_up_to_today() -> None:
    period = custom_period(date(2025, 3, 8), None, NOW, "UTC")
    assert (period.until, period.now) == (date(2025, 3, 11), NOW.astimezone(ZoneInfo("UTC")))
    assert custom_period(date(2025, 5, 1), None, NOW, "UTC").until == date(2025, 5, 2)


def test_every_bucket_is_there_whether_or_not_anything_happened() -> None:
    assert Period(date(2025, 3, 9), date(2025, 3, 10), "America/New_York").buckets() == list(range(24))
    assert Period(date(2025, 3, 8), date(2025, 3, 11)).buckets() == [
        date(2025, 3, 8), date(2025, 3, 9), date(2025, 3, 10)
    ]  # fmt: skip
    weeks = Period(date(2024, 12, 1), date(2025, 4, 1))
    assert weeks.grain == "week"
    assert weeks.buckets()[:2] == [date(2024, 11, 25), date(2024, 12, 2)]
    months = Period(date(2020, 1, 15), date(2025, 1, 1))
    assert months.grain == "month"
    assert months.buckets()[0] == date(2020, 1, 1)
    assert len(months.buckets()) == 60


def test_labels_name_the_last_day_that_counts() -> None:
    assert Period(date(2025, 3, 3), date(2025, 3, 10)).label == "3 Mar – 9 Mar 2025"
    assert Period(date(2025, 3, 3), date(2025, 3, 4)).label == "3 Mar 2025"
    assert Period(date(2024, 12, 30), date(2025, 1, 6)).label == "30 Dec 2024 – 5 Jan 2025"

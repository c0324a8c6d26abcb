"""The moments that are offered for an answer that is sent later."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workbench.conversations.send_later import later_choices

NEW_YORK, LOS_ANGELES = "America/New_York", "America/Los_Angeles"


@pytest.mark.parametrize(
    ("zones", "quiet_until", "now", "expected"),
    [
        (
            [NEW_YORK], None, datetime(2026, 11, 30, 15, tzinfo=UTC),
            [("2026-12-01T14:00:00Z", "Tomorrow morning, Tue 09:00 there")],
        ),
        # Late in the evening there it is the next day in UTC already.
        (
            [NEW_YORK], datetime(2026, 12, 1, 13, tzinfo=UTC), datetime(2026, 12, 1, 3, tzinfo=UTC),
            [
                ("2026-12-01T13:00:00Z", "When quiet hours end, Tue 08:00 there"),
                ("2026-12-01T14:00:00Z", "Tomorrow morning, Tue 09:00 there"),
            ],
        ),
        # Nobody is woken, wherever of two zones they are; their date may be another one.
        (
            [NEW_YORK, LOS_ANGELES], None, datetime(2026, 12, 1, 4, tzinfo=UTC),
            [("2026-12-01T17:00:00Z", "Tomorrow morning, Tue 09:00 or Tue 12:00 there")],
        ),
        # The night when the clock is set forward.
        (
            [NEW_YORK], None, datetime(2026, 3, 7, 15, tzinfo=UTC),
            [("2026-03-08T13:00:00Z", "Tomorrow morning, Sun 09:00 there")],
        ),
        (
            [], datetime(2026, 12, 1, 13, tzinfo=UTC), datetime(2026, 12, 1, 3, tzinfo=UTC),
            [("2026-12-01T13:00:00Z", "When quiet hours end")],
        ),
        ([], None, datetime(2026, 12, 1, 3, tzinfo=UTC), []),
    ],
    ids=["day", "evening", "two zones", "summer time", "quiet, no zone", "no zone"],
)  # fmt: skip
def test_what_is_offered(
    zones: list[str], quiet_until: datetime | None, now: datetime, expected: list[tuple[str, str]]
) -> None:
    assert [(choice["at"], choice["text"]) for choice in later_choices(zones, quiet_until, now)] == expected

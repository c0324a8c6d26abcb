"""Which seconds a date filter means."""

from __future__ import annotations

import pytest

from workbench.simulator.errors import ApiError
from workbench.simulator.rest.windows import FOREVER, Window, check_retention, read_window

DAY = 1_767_225_600
"""2026-01-01 00:00:00 UTC."""


@pytest.mark.parametrize(
    ("query", "low", "high"),
    [
        ({"DateSent": "2026-01-01"}, DAY, DAY + 86_399),
        ({"DateSent>": "2026-01-01"}, DAY, FOREVER),
        ({"DateSent<": "2026-01-01"}, 0, DAY),
        ({"DateSent>": "2026-01-01", "DateSent<": "2026-01-02"}, DAY, DAY + 86_400),
        ({"DateSent>": "2026-01-01T10:00:00Z"}, DAY + 36_000, FOREVER),
        ({"DateSent>": "2026-01-01 10:00:00Z"}, DAY + 36_000, FOREVER),
        ({"DateSent>": "2026-01-01 10:00:00.000"}, DAY + 36_000, FOREVER),
        ({"DateSent>": "2026-01-01T10:00:00-05:00"}, DAY + 54_000, FOREVER),
        ({"DateSent>": "01/01/2026 10:00:00 MST"}, DAY + 61_200, FOREVER),
        ({"DateSent>": "Thu, 01 Jan 2026 10:00:00 -0000"}, DAY + 36_000, FOREVER),
        ({"DateSent": "2026-01-01T10:00:00Z"}, DAY, DAY + 86_399),
    ],
)
def test_window(query: dict[str, str], low: int, high: int) -> None:
    assert read_window(query, "DateSent") == Window(low, high)


def test_no_filter_is_no_window() -> None:
    assert read_window({"To": "+14155550100", "DateSent>": ""}, "DateSent") is None


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01", "2026-1-1", "20260101T", "01/01/2026 10:00:00 XYZ"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as refusal:
        read_window({"DateSent": text}, "DateSent")
    assert (refusal.value.status, refusal.value.code) == (400, 20001)


def test_a_window_before_the_retention_is_refused() -> None:
    now = DAY + 400 * 86_400 + 5
    check_retention(Window(DAY), now, 400)
    check_retention(Window(), now, 400)
    for window in (Window(DAY - 86_400), Window(high=DAY - 1)):
        with pytest.raises(ApiError) as refusal:
            check_retention(window, now, 400)
        assert (refusal.value.status, refusal.value.code) == (400, 20004)

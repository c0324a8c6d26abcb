"""How numbers read."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from workbench.ui import format as fmt


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.9737, "97.4 %"),
        (0.5, "50.0 %"),
        (0.0034, "0.34 %"),
        (0.9996, "99.96 %"),
        (0.99999, ">99.99 %"),
        (0.00001, "<0.01 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (None, "–"),
        (float("nan"), "–"),
        (pd.NA, "–"),
    ],
)
def test_a_rate_never_claims_all_or_none_where_there_is_an_exception(value: float | None, shown: str) -> None:
    assert fmt.rate(value) == shown


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (1234.5, "USD", "$1,234.50"),
        (0.0083, "USD", "$0.0083"),
        (0.124, "EUR", "€0.124"),
        (0, "GBP", "£0.00"),
        (-3.5, "USD", "−$3.50"),
        (12, "SEK", "SEK 12.00"),
        (12, "CAD", "CAD 12.00"),
        (None, "USD", "–"),
    ],
)
def test_money_shows_its_currency_and_enough_decimals(value: float | None, currency: str, shown: str) -> None:
    assert fmt.money(value, currency) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (19556, "19,556"), (9_999_999, "9,999,999"), (12_345_678, "12.3 M")]
)
def test_counts(value: float, shown: str) -> None:
    assert fmt.count(value) == shown


@pytest.mark.parametrize(
    ("current", "previous", "unit", "better", "expected"),
    [
        (110, 100, "count", None, fmt.Change("10 %", "up", "neutral")),
        (0.95, 0.93, "rate", "higher", fmt.Change("2.0 pp", "up", "good")),
        (0.95, 0.93, "rate", "lower", fmt.Change("2.0 pp", "up", "bad")),
        (0.0312, 0.0317, "rate", "lower", fmt.Change("0.05 pp", "down", "good")),
        (5, 8, "money", "lower", fmt.Change("38 %", "down", "good")),
        (100, 100, "count", "higher", fmt.Change("no change", "flat", "neutral")),
        (3, 0, "count", "lower", fmt.Change("new", "up", "bad")),
        (0, 0, "count", "lower", None),
        (3, None, "count", "lower", None),
        (None, 3, "rate", "lower", None),
    ],
)
def test_a_change_says_whether_it_is_welcome(
    current: float | None, previous: float | None, unit: str, better: str | None, expected: fmt.Change | None
) -> None:
    assert fmt.change(current, previous, unit, better) == expected  # type: ignore[arg-type]


def test_the_clock_names_its_zone() -> None:
    assert fmt.clock(datetime(2025, 3, 3, 14, 2, tzinfo=UTC)) == "14:02 UTC"

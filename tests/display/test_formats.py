"""How numbers read."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.display import formats, moments


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
    assert formats.rate(value) == shown


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
    assert formats.money(value, currency) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (19556, "19,556"), (9_999_999, "9,999,999"), (12_345_678, "12,345,678")]
)
def test_counts(value: float, shown: str) -> None:
    assert formats.count(value) == shown


def test_a_change_that_chance_explains_is_neutral() -> None:
    assert formats.change(0.95, 0.93, "rate", "lower", is_sure=False) == formats.Change(
        "2.0 pp", "up", "neutral", "95.0 %", "93.0 %", False
    )


@pytest.mark.parametrize(
    ("current", "previous", "unit", "better", "expected"),
    [
        (110, 100, "count", None, formats.Change("10 %", "up", "neutral", "110", "100", True)),
        (0.95, 0.93, "rate", "higher", formats.Change("2.0 pp", "up", "good", "95.0 %", "93.0 %", True)),
        (0.95, 0.93, "rate", "lower", formats.Change("2.0 pp", "up", "bad", "95.0 %", "93.0 %", True)),
        (0.0312, 0.0317, "rate", "lower", formats.Change("0.05 pp", "down", "good", "3.1 %", "3.2 %", True)),
        (5, 8, "money", "lower", formats.Change("38 %", "down", "good", "$5.00", "$8.00", True)),
        (100, 100, "count", "higher", formats.Change("no change", "flat", "neutral", "100", "100", True)),
        (3, 0, "count", "lower", formats.Change("new", "up", "bad", "3", "0", True)),
        (0, 0, "count", "lower", None),
        (3, None, "count", "lower", None),
        (None, 3, "rate", "lower", None),
    ],
)
def test_a_change_says_whether_it_is_welcome(
    current: float | None,
    previous: float | None,
    unit: str,
    better: str | None,
    expected: formats.Change | None,
) -> None:
    assert formats.change(current, previous, unit, better, "USD") == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (0.44, "0.4 s"),
        (41, "41 s"),
        (59.6, "1 min"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (86_399, "23 h 59 min"),
        (200_000, "2 d 7 h"),
        (172_800, "2 d"),
        (777_600, "9 d"),
        (None, "–"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float | None, shown: str) -> None:
    assert formats.duration(seconds) == shown


def test_the_clock_names_its_zone() -> None:
    assert moments.clock(datetime(2025, 3, 3, 14, 2, tzinfo=UTC)) == "14:02 UTC"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("17,218", 17218.0), ("$0.0083", 0.0083), ("−$1.50", -1.5), ("EUR 12.00", 12.0), ("€0.500", 0.5),
        ("92.4 %", 92.4), ("<0.01 %", 0.01), (">99.99 %", 99.99), ("41 s", 41.0), ("3 min 5 s", 185.0),
        ("2 d 7 h", 198000.0), ("1.5/s", 1.5), ("31 % of cap", 31.0), ("–", None), ("empty", None),
        ("not known", None), ("+1202***0110", None), ("8 Mar 23:35", None),
    ],
)  # fmt: skip
def test_the_number_in_a_text_is_what_it_is_sorted_by(text: str, number: float | None) -> None:
    assert formats.number_in(text) == number


UNITS = st.sampled_from(["count", "ratio", "money", "duration", "speed"])


@given(st.floats(0, 1e6), st.floats(0, 1e6), UNITS)
def test_shown_numbers_are_in_the_order_of_their_numbers(one: float, other: float, unit: str) -> None:
    low, high = (formats.number_in(formats.value(number, unit, "USD")) for number in sorted((one, other)))
    assert low is not None
    assert high is not None
    assert low <= high

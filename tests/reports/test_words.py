"""A report writes a number as a page does, and no text is taken for HTML."""

from __future__ import annotations

import pytest

from workbench.reports.words import escape, name_of, number
from workbench.ui import format as page_format

VALUES = [0.0, 0.00001, 0.0083, 0.12, 0.5, 0.99995, 1.0, 3.14159, 999.995, 1234.5, 9_999_999.0]


@pytest.mark.parametrize("unit", ["count", "rate", "ratio", "money"])
@pytest.mark.parametrize("value", [*VALUES, None, float("nan")])
def test_pages_and_reports_agree(unit: str, value: float | None) -> None:
    if unit == "rate" and value is not None:
        value = min(value, 1.0)
    assert number(value, unit, "USD") == page_format.value(value, unit, "USD")


@pytest.mark.parametrize(
    ("dimension", "value", "shown"),
    [
        ("sender", "+12025550110", "+1202***0110"),
        ("sender", "whatsapp:+12025550110", "whatsapp:+1202***0110"),
        ("sender", "55501", "55501"),
        ("sender", None, "none yet"),
        ("sender_type", "alphanumeric", "alphanumeric"),
        ("contact", "+4915123456789", "+4915***6789"),
        ("error_code", float("nan"), "no code"),
        ("error_code", 30007.0, "30007"),
    ],
)
def test_names_are_shown_masked(dimension: str, value: object, shown: str) -> None:
    assert name_of(dimension, value) == shown


def test_text_stays_text() -> None:
    assert escape("<script>\x07'&") == "&lt;script&gt;\\x07&#x27;&amp;"

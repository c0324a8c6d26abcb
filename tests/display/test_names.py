"""Our own senders and countries, as people recognise them everywhere."""

from __future__ import annotations

import pytest

from workbench.display.names import country_name, sender_label, value_name


@pytest.mark.parametrize(
    ("sender", "name", "shown"),
    [
        ("+12025550110", "Support desk", "Support desk (+12025550110)"),
        ("+12025550110", "(202) 555-0110", "+12025550110"),
        ("+12025550110", "+1 202-555-0110", "+12025550110"),
        ("+12025550110", "Line 0110", "Line 0110 (+12025550110)"),
        ("+12025550110", "★", "★ (+12025550110)"),
        ("+12025550110", "", "+12025550110"),
        ("+12025550110", None, "+12025550110"),
        ("55501", "Offers", "Offers (55501)"),
        ("DEMOSHOP", None, "DEMOSHOP"),
        ("whatsapp:+12025550110", "Desk", "Desk (whatsapp:+12025550110)"),
    ],
)
def test_a_sender_is_shown_by_name_and_in_full(sender: str, name: str | None, shown: str) -> None:
    assert sender_label(sender, name) == shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("DE", "Germany"), ("US", "United States"), ("GB", "United Kingdom"), ("TR", "Türkiye"),
        # What is no country's code stays as it is.
        ("XX", "XX"), ("419", "419"), ("unknown", "unknown"),
    ],
)  # fmt: skip
def test_a_country_is_shown_by_name(code: str, shown: str) -> None:
    assert value_name("country", code) == country_name(code) == shown

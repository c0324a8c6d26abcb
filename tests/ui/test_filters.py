"""Filters in links: read, written, and what is not possible named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.ui.filters import FIELDS, Filters, Option, build_options, parse_query, to_query
from workbench.ui.page import Page

NAMES = ("country", "sender")
PERIOD_NAMES = (
    "7d, 30d, 90d, today, yesterday, this_week, last_week, this_month, last_month, this_quarter, "
    "last_quarter, custom."
)
OPTIONS = {
    "country": (Option("US", "US", 9), Option("DE", "DE", 3), Option(None, "none", 1)),
    "sender": build_options("address", {"+12025550110": 5, "ACME & Co": 2}),
}
DEFAULTS: dict[str, Any] = {**Page("x", "X.", [], filters=NAMES).defaults, "timezone": "UTC"}


def parsed(query: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What differs from the defaults, and the problems."""
    answer = parse_query(query, NAMES, OPTIONS, DEFAULTS)
    return {name: value for name, value in answer.values.items() if value != DEFAULTS[name]}, answer.problems


def test_a_plain_address_is_the_default_page() -> None:
    assert parsed("") == ({}, ())
    assert to_query(DEFAULTS, DEFAULTS) == ""


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("?period=7d", {"period": "7d"}),
        ("?direction=all&timezone=Europe/Berlin", {"direction": "all", "timezone": "Europe/Berlin"}),
        ("?country=DE&country=US", {"country": ["DE", "US"]}),
        ("?country=DE&country=DE", {"country": ["DE"]}),
        ("?country=none", {"country": ["none"]}),
        # An older link has our numbers masked.
        ("?sender=%2B1202***0110&sender=ACME+%26+Co", {"sender": ["+12025550110", "ACME & Co"]}),
        ("?sender=%2B12025550110", {"sender": ["+12025550110"]}),
        (
            "?since=2025-03-03&until=2025-03-10",
            {"period": "custom", "since": date(2025, 3, 3), "until": date(2025, 3, 10)},
        ),
        ("?since=2025-03-03", {"period": "custom", "since": date(2025, 3, 3)}),
        ("?theme=dark", {}),
        ("?country=", {}),
    ],
)
def test_a_link_is_read(query: str, values: dict[str, Any]) -> None:
    assert parsed(query) == (values, ())


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("?period=12d", "Period “12d” is not known; allowed are " + PERIOD_NAMES),
        (
            "?direction=up",
            "Direction “up” is not known; allowed are all, outbound, inbound, outbound-api, outbound-call, "
            "outbound-reply.",
        ),
        ("?timezone=Mars/Base", "Timezone “Mars/Base” is not known."),
        ("?country=XX", "Country “XX” is not known; allowed are US, DE, none."),
        ("?since=yesterday", "Since “yesterday” is no date; write it as 2026-09-01."),
        ("?since=0001-01-01", "Since “0001-01-01” is out of reach; years from 2000 to 2100 are."),
        ("?until=2025-03-10", "Until without since says no period; add since, such as since=2026-09-01."),
        (
            "?since=2025-03-10&until=2025-03-10",
            "Since 2025-03-10 must be before until 2025-03-10, which is not included itself.",
        ),
        ("?status=sent", "Status is not a filter of this page."),
        (
            "?statsu=sent",
            "“statsu” is no filter; known are period, direction, timezone, compare, since, until, country, "
            "sender.",
        ),
    ],
)
def test_what_is_not_possible_is_named_and_left_out(query: str, problem: str) -> None:
    assert parsed(query) == ({}, (problem,))


def test_one_impossible_value_takes_nothing_else_with_it() -> None:
    values, problems = parsed("?period=7d&country=XX&country=DE&since=never")
    assert values == {"period": "7d", "country": ["DE"]}
    assert len(problems) == 2


def test_a_long_value_is_cut_in_the_notice() -> None:
    assert parsed(f"?country={'x' * 500}")[1] == (
        f"Country “{'x' * 39}…” is not known; allowed are US, DE, none.",
    )


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "period": st.sampled_from(["7d", "30d", "90d"]),
            "direction": st.sampled_from(["all", "outbound", "inbound"]),
            "timezone": st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
            "country": st.lists(st.sampled_from(["US", "DE", "none"]), unique=True),
            "sender": st.lists(st.sampled_from(["+12025550110", "ACME & Co"]), unique=True),
        },
    )
)
def test_what_is_written_to_a_link_is_read_back(values: dict[str, Any]) -> None:
    full = {**DEFAULTS, **values}
    assert parse_query(to_query(full, DEFAULTS), NAMES, OPTIONS, DEFAULTS).values == full


def test_chosen_days_survive_a_link() -> None:
    full = {**DEFAULTS, "period": "custom", "since": date(2025, 3, 3), "until": date(2025, 3, 10)}
    assert to_query(full, DEFAULTS) == "?since=2025-03-03&until=2025-03-10"
    assert parse_query("?since=2025-03-03&until=2025-03-10", NAMES, OPTIONS, DEFAULTS).values == full


def test_numbers_are_masked_and_equal_masks_are_told_apart() -> None:
    values = {"+14155552671": 2, "+14155992671": 9, "ACME": 4, "72345": 1, None: 3}
    options = build_options("address", values, is_masked=True)
    assert [(option.value, option.token, option.messages) for option in options] == [
        ("+14155992671", "+1415***2671 (2)", 9),
        ("ACME", "ACME", 4),
        (None, "none", 3),
        ("+14155552671", "+1415***2671", 2),
        ("72345", "72345", 1),
    ]


def test_our_numbers_are_whole_and_known_by_their_names() -> None:
    options = build_options("address", {"+14155552671": 2, None: 3}, {"+14155552671": "Desk (+14155552671)"})
    assert options == (
        Option(None, "none", 3),
        Option("+14155552671", "+14155552671", 2, "Desk (+14155552671)", "+1415***2671"),
    )


def test_filters_become_conditions_on_dimensions() -> None:
    filters = Filters(country=["DE", "none"], sender=["+12025550110"], direction="inbound")
    assert filters.where(OPTIONS) == {
        "country": ["DE", None],
        "sender": ["+12025550110"],
        "direction": ["inbound"],
    }
    assert Filters(direction="all").where(OPTIONS) == {}
    assert Filters().where(OPTIONS) == {"direction": ["outbound-api", "outbound-call", "outbound-reply"]}


def test_every_field_is_a_parameter_and_a_dimension() -> None:
    from workbench.metrics import DIMENSIONS

    for name, field in FIELDS.items():
        assert name in Filters.param
        assert field.dimension in DIMENSIONS


def test_custom_without_days_falls_back() -> None:
    now = datetime(2025, 3, 10, tzinfo=UTC)
    assert Filters(period="custom").at(now) == Filters(period="30d").at(now)

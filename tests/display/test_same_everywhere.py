"""Each kind of value reads the same on a page, in the inbox, in a report and in a file of either."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.messages import payload
from tests.ui.known import save
from workbench.conversations import view_models
from workbench.display import formats
from workbench.display.names import empty_name, value_name
from workbench.display.outcomes import OUTCOME_COLORS, OUTCOMES
from workbench.display.periods import Period, custom_period
from workbench.lake import Lake
from workbench.reports.escaping import escape
from workbench.reports.queries import ReportQueries
from workbench.reports.tables import dimension_html
from workbench.ui import theme
from workbench.ui.filters import build_options
from workbench.ui.page_data import PageData
from workbench.ui.panels.names import show_value
from workbench.ui.store import Store

MONEY = [
    ("0.5", "$0.500"),
    ("-0.5", "−$0.500"),
    ("0.0083", "$0.0083"),
    ("1234.5", "$1,234.50"),
    ("0", "$0.00"),
]


@pytest.mark.parametrize(("amount", "text"), MONEY)
def test_money(amount: str, text: str) -> None:
    """Pages and reports have floats, the inbox the lake's decimals."""
    assert formats.value(float(amount), "money", "USD") == text
    assert view_models.cost(Decimal(amount), "USD") == text


def test_what_is_not_priced_yet_costs_nothing_that_could_be_read_as_free() -> None:
    assert formats.value(None, "money", "USD") == "–"
    assert view_models.cost(None, "USD") == ""


@pytest.mark.parametrize(("seconds", "text"), [(200_000, "2 d 7 h"), (185 * 60, "3 h 5 min"), (7200, "2 h")])
def test_durations(seconds: int, text: str) -> None:
    assert formats.value(seconds, "duration") == view_models.waiting(seconds) == text


def test_somebody_who_waits_for_less_than_a_minute_waits_since_now() -> None:
    assert (view_models.waiting(59), view_models.waiting(61), view_models.waiting(3_599)) == (
        "now",
        "1 min",
        "59 min",
    )


@pytest.mark.parametrize(
    ("dimension", "value", "text"),
    [
        ("sender", "+12025550110", "+1202***0110"),
        ("sender", "whatsapp:+12025550110", "whatsapp:+1202***0110"),
        ("sender", "55501", "55501"),
        ("sender", None, "no sender yet"),
        ("messaging_service", None, "no service"),
        ("country", None, "unknown"),
        ("encoding", None, "none"),
        ("sender_type", "alphanumeric", "alphanumeric"),
        ("contact", "+4915123456789", "+4915***6789"),
        ("error_code", float("nan"), "no code"),
        ("error_code", 30007.0, "30007"),
        ("day", date(2026, 9, 1), "1 Sep 2026"),
    ],
)
def test_names(dimension: str, value: object, text: str) -> None:
    assert value_name(dimension, value) == text


EMPTY = {
    "sender": "no sender yet",
    "messaging_service": "no service",
    "error_code": "no code",
    "country": "unknown",
}


@pytest.mark.parametrize(("dimension", "text"), EMPTY.items())
def test_emptiness_on_a_page_and_in_a_report(lake: Lake, dimension: str, text: str) -> None:
    fields: dict[str, Any] = {"from": None, "to": "+999123456789", "status": "failed", "price": None}
    save(lake, [payload(1, date_created=datetime(2025, 3, 3, 12, tzinfo=UTC), **fields)])
    days = date(2025, 3, 1), date(2025, 3, 5)
    period = custom_period(*days, datetime(2025, 3, 5, tzinfo=UTC), "UTC")
    data = PageData(Store(lake), period, options={dimension: build_options("text", {None: 1})})
    on_page = show_value(data, dimension, None).text
    asking = ReportQueries(lake, Period(*days))
    in_report = dimension_html(asking, dimension, ("messages",), "", None)
    assert on_page == empty_name(dimension) == text
    assert f">{text}<" in in_report


def test_outcomes_have_one_order_and_one_colour() -> None:
    assert set(OUTCOMES) == set(OUTCOME_COLORS)
    for outcome, (light, _) in OUTCOME_COLORS.items():
        assert theme.light(outcome.replace(" ", "-")) == light


def test_text_stays_text() -> None:
    assert escape("<script>\x07'&") == "&lt;script&gt;\\x07&#x27;&amp;"


def test_a_wait_is_cut_not_rounded() -> None:
    assert view_models.waiting(timedelta(hours=1, minutes=59, seconds=59).total_seconds()) == "1 h 59 min"

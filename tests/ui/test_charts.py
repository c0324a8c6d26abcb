"""Figures of the lake that was counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from workbench import ui
from workbench.display.periods import Period
from workbench.metrics import MetricResult
from workbench.ui import charts, theme
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.page_data import PageData
from workbench.ui.store import Store

WEEK = Period(date(2025, 3, 3), date(2025, 3, 10))
DAYS = [f"2025-03-{day:02d}" for day in range(3, 10)]


@pytest.fixture
def data(store: Store) -> PageData:
    return PageData(store, WEEK)


def test_messages_are_stacked_by_outcome_with_every_day(data: PageData) -> None:
    figure = charts.by_outcome(data.metric("messages", by=("day", "outcome")), WEEK)
    assert figure is not None
    bars = {trace.name: list(trace.y) for trace in figure.data}
    assert bars == {
        "Delivered": [40, 0, 0, 0, 10, 0, 0],
        "Unknown": [0, 0, 3, 0, 0, 0, 0],
        "In flight": [0, 0, 0, 4, 0, 0, 0],
        "Undelivered": [0, 8, 0, 0, 0, 0, 0],
        "Failed": [0, 2, 0, 0, 0, 0, 0],
        "Received": [0, 0, 0, 0, 0, 5, 0],
    }
    assert all(list(trace.x) == DAYS for trace in figure.data)
    assert figure.layout.barmode == "stack"


def test_one_day_is_drawn_by_hour_of_the_readers_clock(store: Store) -> None:
    day = Period(date(2025, 3, 3), date(2025, 3, 4), "America/New_York")
    figure = charts.by_outcome(PageData(store, day).metric("messages", by=("hour", "outcome")), day)
    assert figure is not None
    # Noon in UTC is seven in New York.
    assert dict(zip(figure.data[0].x, figure.data[0].y, strict=True))["07:00"] == 40
    assert sum(figure.data[0].y) == 40


def test_each_currency_has_a_panel_and_a_scale_of_its_own(data: PageData) -> None:
    figure = charts.money_over_time(data.metric("spend", by=("day",)), WEEK)
    assert figure is not None
    bars = {trace.name: [round(value, 4) for value in trace.y] for trace in figure.data}
    assert bars == {
        "EUR": [0, 0, 0, 0, 0.5, 0, 0],
        "USD": [0.332, 0.0664, 0.0249, 0, 0, 0.0395, 0],
    }
    assert [trace.yaxis for trace in figure.data] == ["y", "y2"]
    upper, lower = figure.layout.yaxis.domain, figure.layout.yaxis2.domain
    assert upper[0] > lower[1]


def dashed(props: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The lines of the period before, by name."""
    traces = props["figure"]["data"]
    return {trace["name"]: trace for trace in traces if trace.get("line", {}).get("dash") == "dash"}


def chart_of(page_name: str, title: str) -> ui.Chart:
    page = next(load_page(info) for info in discover_pages() if info.name == page_name)
    panel = next(panel for panel in page.panels if getattr(panel, "title", "") == title)
    assert isinstance(panel, ui.Chart)
    return panel


def test_the_period_before_is_dashed_day_by_day_and_named_by_its_dates(data: PageData) -> None:
    props = chart_of("overview", "Messages").props(data)
    [(name, line)] = dashed(props).items()
    assert name == "Before: 24 Feb – 2 Mar 2025"
    assert line["y"] == [1, 0, 49, 0, 0, 0, 0]
    assert line["text"][2] == "49 (26 Feb)"
    # A click on the line opens the day of this period.
    assert line["customdata"] == line["x"] == DAYS
    assert props["summary"].endswith("Before: 24 Feb – 2 Mar 2025, dashed.")
    # 40 delivered of 49 finished on the 26 February; one message on the 24th is too few for a rate.
    rates = dashed(chart_of("overview", "Delivery rate").props(data))["Before: 24 Feb – 2 Mar 2025"]["y"]
    assert rates == [None, None, pytest.approx(39 / 49), None, None, None, None]


def test_the_spend_before_stands_on_the_scale_of_its_currency(data: PageData) -> None:
    lines = dashed(chart_of("cost", "Spend over time").props(data))
    assert list(lines) == ["USD, before: 24 Feb – 2 Mar 2025"]
    line = lines["USD, before: 24 Feb – 2 Mar 2025"]
    assert line["y"] == pytest.approx([0.0083, 0, 0.4067, 0, 0, 0, 0])
    assert line["yaxis"] == "y2"


@pytest.mark.parametrize(
    ("period", "comparison"),
    [
        (WEEK, "none"),
        # The week before it began before the history.
        (Period(date(2025, 2, 25), date(2025, 3, 4)), "previous"),
        # By week: two periods of 200 days begin on different weekdays.
        (Period(date(2025, 3, 3), date(2025, 9, 19)), "previous"),
    ],
)
def test_without_a_comparable_period_nothing_is_dashed(
    data: PageData, period: Period, comparison: str
) -> None:
    props = chart_of("overview", "Messages").props(replace(data, period=period, comparison=comparison))
    assert dashed(props) == {}
    assert "dashed" not in props["summary"]


def test_nothing_to_draw_is_no_figure(data: PageData) -> None:
    empty = Period(date(2024, 1, 1), date(2024, 1, 8))
    nothing = PageData(data.store, empty)
    assert charts.by_outcome(nothing.metric("messages", by=("day", "outcome")), empty) is None
    assert charts.money_over_time(nothing.metric("spend", by=("day",)), empty) is None


def test_a_strange_currency_is_text(data: PageData) -> None:
    result = data.metric("spend", by=("day",))
    frame = pd.DataFrame({"day": [date(2025, 3, 3)], "currency": ["<b>X"], "spend": [1.0]})
    strange = MetricResult(result.metric, frame, result.sql, result.parameters, result.as_of)
    figure = charts.money_over_time(strange, WEEK)
    assert figure is not None
    assert figure.data[0].name == "&lt;b&gt;X"


def test_every_colour_of_a_figure_has_a_dark_twin(data: PageData) -> None:
    figure = charts.by_outcome(data.metric("messages", by=("day", "outcome")), WEEK)
    assert figure is not None
    twins = theme.dark_twins()
    used = [trace.marker.color for trace in figure.data]
    used += [figure.layout.font.color, figure.layout.yaxis.gridcolor, figure.layout.hoverlabel.bgcolor]
    assert all(color.lower() in twins for color in used)

"""Open alerts where they belong on the pages, and marks of them on the charts over time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import plotly.graph_objects as go
import pytest

from workbench.alerts.measurement import Measurement
from workbench.alerts.message import link_of
from workbench.alerts.rule import AlertRule
from workbench.display.periods import Period
from workbench.lake import Lake
from workbench.lake.alerts import AlertEvent, save_events
from workbench.ui.charts.marks import with_alert_marks
from workbench.ui.filters import Option, parse_query
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.page_data import PageData
from workbench.ui.panels.kinds import OpenAlerts
from workbench.ui.store import Store

NOON = datetime(2026, 9, 10, 12, tzinfo=UTC)


def event(
    name: str, page: str, began_at: datetime = NOON, hours: float | None = None, **changes: Any
) -> AlertEvent:
    """An alert; it goes on where it has no `hours`."""
    given: dict[str, Any] = {
        "event_id": name, "rule": name, "subject": "", "group_values": "{}", "severity": "warning",
        "metric": "", "page": page, "title": f"{name} <b>happens</b>", "evidence": "5 of 7.",
        "cause": "", "link": page,
        "value": 5.0, "limit_value": 1.0, "sample": 7, "began_at": began_at, "opened_at": began_at,
        "seen_at": began_at, "good_since": None,
        "recovered_at": began_at + timedelta(hours=hours) if hours else None, **changes,
    }  # fmt: skip
    return AlertEvent(**given)


def test_each_page_shows_its_open_alerts_and_two_show_all(lake: Lake) -> None:
    link = "failures?since=2026-09-10&until=2026-09-11&error_code=30007"
    events = [
        event("failing", "failures", severity="critical", link=link, cause="A carrier."),
        event("slow", "throughput"),
        event("over", "failures", hours=1),
        event("pending", "failures", opened_at=None),
    ]
    save_events(lake, events, [], NOON)
    store = Store(lake)
    shown = {
        page: [
            (item["title"], item["sense"], item["page"], item["link"], item["query"])
            for item in OpenAlerts()
            .props(PageData(store, Period(date(2026, 9, 1), date(2026, 9, 30)), page=page))
            .get("items", [])
        ]
        for page in ("overview", "health", "failures", "throughput", "cost")
    }
    days = {"since": "2026-09-10", "until": "2026-09-11", "error_code": "30007"}

    def failing(link: str) -> tuple[object, ...]:
        return "failing <b>happens</b>", "bad", "failures", link, days

    def slow(link: str) -> tuple[object, ...]:
        return "slow <b>happens</b>", "neutral", "throughput", link, {}

    elsewhere = [failing("Delivery failures"), slow("Throughput")]
    assert shown == {
        "overview": elsewhere,
        "health": elsewhere,
        "failures": [failing("Show it")],
        "throughput": [slow("")],  # a link to this page as it is would show nothing more
        "cost": [],
    }


def test_without_an_alert_the_panel_is_not_there(lake: Lake) -> None:
    for name in ("overview", "health", "failures", "throughput", "cost", "compliance", "segmentation"):
        info = next(info for info in discover_pages() if info.name == name)
        session = load_page(info).open("", store=Store(lake))
        session.refresh()
        assert isinstance(session.panels[0], OpenAlerts)
        assert session.components[0].visible is False
    save_events(lake, [event("failing", "failures")], [], NOON)
    session.refresh()
    assert session.components[0].visible is False
    health = load_page(next(info for info in discover_pages() if info.name == "health"))
    opened = health.open("", store=Store(lake))
    opened.refresh()
    assert opened.components[0].visible is True


def marks(events: list[AlertEvent], period: Period) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """Where the triangles are, what they say, and the bands."""
    figure = with_alert_marks(go.Figure(), events, period)
    traces = figure.data
    places = list(traces[0].x) if traces else []
    texts = list(traces[0].text) if traces else []
    return places, texts, [(shape.x0, shape.x1) for shape in figure.layout.shapes]


def test_marks_by_day() -> None:
    period = Period(date(2026, 9, 1), date(2026, 9, 15))
    places, texts, bands = marks(
        [
            event("a", "failures", hours=30),
            event("b", "failures"),
            event("c", "failures", NOON - timedelta(days=20)),
        ],
        period,
    )
    assert places == ["2026-09-10"]
    assert texts == [
        "▲ a &lt;b&gt;happens&lt;/b&gt; (12:00 to 11 Sep 18:00)<br>"
        "▲ b &lt;b&gt;happens&lt;/b&gt; (12:00, not over)"
    ]
    assert bands == [
        ("2026-09-09T12:00:00", "2026-09-11T12:00:00"),
        ("2026-09-09T12:00:00", "2026-09-14T12:00:00"),
        ("2026-08-31T12:00:00", "2026-09-14T12:00:00"),
    ]


@pytest.mark.parametrize(
    ("first", "last", "place"),
    [
        (date(2026, 9, 10), date(2026, 9, 11), "12:00"),
        (date(2026, 5, 1), date(2026, 10, 1), "2026-09-07"),
        (date(2024, 1, 1), date(2026, 10, 1), "2026-09-01"),
    ],
)
def test_marks_by_hour_week_and_month(first: date, last: date, place: str) -> None:
    places, _, bands = marks([event("a", "failures")], Period(first, last))
    assert (places, bands) == ([place], [])


def test_a_chart_without_an_alert_is_as_before() -> None:
    assert marks([], Period(date(2026, 9, 1), date(2026, 9, 15))) == ([], [], [])


def test_a_link_is_understood_by_its_page() -> None:
    """The filters of the rule and of the subject, numbers masked, as the page reads them back."""
    rule = AlertRule(
        "own", "Own", metric="undelivered_rate", by=("sender", "error_code"), page="failures",
        where={"country": ["US", "CA"], "direction": ["outbound-api", "outbound-call", "outbound-reply"]},
    )  # fmt: skip
    until = datetime(2026, 9, 10, 22, tzinfo=UTC)  # midnight in Berlin
    group = {"sender": "+12025550110", "error_code": "30007"}
    measured = Measurement(group, 0.5, 100, 0, until - timedelta(hours=1), until)
    link = link_of(rule, measured, "Europe/Berlin")
    assert "+12025550110" not in link
    assert "12025550110" not in link
    path, _, query = link.partition("?")
    page = load_page(next(info for info in discover_pages() if info.name == path))
    options = {
        "sender": [Option("+12025550110", "+1202***0110")],
        "error_code": [Option("30007", "30007")],
        "country": [Option("US", "US"), Option("CA", "CA")],
    }
    parsed = parse_query(query, page.filters, options, {"timezone": "Europe/Berlin", **page.defaults})
    assert parsed.problems == ()
    read = {
        name: parsed.values[name]
        for name in ("since", "until", "sender", "error_code", "country", "direction")
    }
    assert read == {
        "since": date(2026, 9, 10), "until": date(2026, 9, 11), "sender": ["+1202***0110"],
        "error_code": ["30007"], "country": ["US", "CA"], "direction": "outbound",
    }  # fmt: skip

"""Cards of the lake that was counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import plotly.graph_objects as go
import pytest

from tests.messages import payload
from tests.ui.known import OURS, at, note_days, save
from workbench.display.periods import Period
from workbench.lake import Lake
from workbench.ui.downloads import open_download
from workbench.ui.page_data import PageData
from workbench.ui.panels.audits import AuditList
from workbench.ui.panels.cards import build_card
from workbench.ui.panels.findings import what_changed
from workbench.ui.panels.kinds import GRAIN, Cards, Chart
from workbench.ui.store import Store

WEEK = Period(date(2025, 3, 3), date(2025, 3, 10))


@pytest.fixture
def data(store: Store) -> PageData:
    return PageData(store, WEEK)


def lines(card: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(line["value"], line["change"] and line["change"]["text"]) for line in card["lines"]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("messages", [("72", "44 %")]),
        ("segments", [("82", "64 %")]),
        ("delivery_rate", [("79.4 %", "0.6 pp")]),
        ("undelivered_rate", [("12.7 %", "7.3 pp")]),
        ("failed_rate", [("3.2 %", "3.2 pp")]),
        ("unknown_rate", [("4.8 %", "4.8 pp")]),
        ("in_flight", [("4", None)]),
        ("opt_outs", [("2", "new")]),
        # 51 outbound at 0.0083 and 5 inbound at 0.0079; 10 at 0.05. Nothing in euros the week before.
        ("spend", [("€0.500", None), ("$0.463", "12 %")]),
        # 0.4233 over 40 delivered; 10 delivered in euros are too few.
        ("cost_per_delivered", [("$0.0106", "2.0 %"), ("EUR –", None)]),
    ],
)
def test_value_and_change(data: PageData, name: str, expected: list[tuple[str, str | None]]) -> None:
    assert lines(build_card(data, name)) == expected


NAMES = ("messages", "delivery_rate", "undelivered_rate", "failed_rate", "opt_outs")


def test_a_change_that_chance_explains_has_no_colour(data: PageData) -> None:
    changes = {name: build_card(data, name)["lines"][0]["change"] for name in NAMES}
    assert {name: change["sense"] for name, change in changes.items()} == dict.fromkeys(NAMES, "neutral")
    # 72 against 50: a tenth, and less than three deviations of the difference of two such counts.
    assert not any(change["is_sure"] for change in changes.values())


def test_a_change_for_the_worse_is_marked(lake: Lake) -> None:
    fields: dict[str, Any] = {"direction": "inbound", "status": "received", "body": "STOP"}
    save(lake, [payload(number, **at(2, 24)) for number in range(400)])
    save(lake, [payload(1000 + number, **at(3, 4)) for number in range(800)])
    save(lake, [payload(2000 + number, **at(3, 4), status="undelivered") for number in range(60)])
    save(lake, [payload(3000 + number, **at(3, 4), status="failed") for number in range(60)])
    stops = [{**fields, "from": f"+1415555{number:04d}"} for number in range(30)]
    save(lake, [payload(4000 + number, **at(3, 4), **stop) for number, stop in enumerate(stops)])
    note_days(lake)
    data = PageData(Store(lake), WEEK)
    assert {name: build_card(data, name)["lines"][0]["change"]["sense"] for name in NAMES} == {
        "messages": "neutral",
        "delivery_rate": "bad",
        "undelivered_rate": "bad",
        "failed_rate": "bad",
        "opt_outs": "bad",
    }


def test_nothing_is_compared_with_a_time_that_the_lake_does_not_hold(store: Store) -> None:
    data = PageData(store, Period(date(2025, 2, 28), date(2025, 3, 10)))
    assert data.not_compared == "history begins 24 Feb 2025"
    for name in NAMES:
        card = build_card(data, name)
        assert [line["change"] for line in card["lines"]] == [None]
        assert card["compared_with"] == ""


def test_a_rate_has_its_sample_and_what_is_in_flight_beside_it(data: PageData) -> None:
    assert build_card(data, "delivery_rate")["notes"] == ["of 63 final", "4 in flight"]


def test_money_has_its_currencies_and_priced_share_beside_it(data: PageData) -> None:
    assert build_card(data, "spend")["notes"] == ["EUR, USD", "96.8 % priced"]
    assert build_card(data, "cost_per_delivered")["notes"] == [
        "USD, EUR", "96.8 % priced", "over 50 delivered"
    ]  # fmt: skip


def test_a_rate_of_too_few_is_hidden_and_says_so(lake: Lake) -> None:
    save(lake, [payload(number, **at(3, 3), **{"from": OURS}) for number in range(29)])
    card = build_card(PageData(Store(lake), WEEK), "delivery_rate")
    assert lines(card) == [("–", None)]
    assert card["lines"][0]["state"] == "small"
    assert card["notes"] == ["only 29 final, too few for a rate", "0 in flight"]


def test_nothing_at_all_is_no_number(lake: Lake) -> None:
    data = PageData(Store(lake), WEEK)
    for name in ("delivery_rate", "spend", "cost_per_delivered"):
        assert lines(build_card(data, name)) == [("–", None)]
    assert lines(build_card(data, "messages")) == [("0", None)]


def test_a_rate_is_not_compared_with_one_of_too_few(lake: Lake) -> None:
    save(lake, [payload(number, **at(3, 3)) for number in range(40)])
    save(lake, [payload(number + 100, **at(2, 26), status="failed") for number in range(5)])
    assert lines(build_card(PageData(Store(lake), WEEK), "failed_rate")) == [("0 %", None)]


def test_a_trend_has_a_value_for_every_day(data: PageData) -> None:
    assert build_card(data, "messages", with_trend=True)["trend"] == [[40, 10, 3, 4, 10, 5, 0]]
    # Only one day has enough final messages for a rate.
    assert build_card(data, "delivery_rate", with_trend=True)["trend"] == [
        [1.0, None, None, None, None, None, None]
    ]


def test_opt_outs_do_not_vanish_when_only_outbound_is_shown(store: Store) -> None:
    data = PageData(store, WEEK, {"direction": ["outbound-api"]})
    assert lines(build_card(data, "opt_outs")) == [("2", "new")]
    assert lines(build_card(data, "messages")) == [("67", "34 %")]


@pytest.mark.parametrize("name", ["opt_outs", "revocations_waiting", "revocations_late"])
@pytest.mark.parametrize(("dimension", "word"), [("template", "text"), ("batch", "batch")])
def test_what_people_wrote_is_not_known_of_one_text(
    store: Store, name: str, dimension: str, word: str
) -> None:
    """Nobody can say how many of two opt-outs belong to a text, and not that it is none of them."""
    everything = PageData(store, WEEK)
    assert lines(build_card(everything, "opt_outs")) == [("2", "new")]
    data = replace(everything, where={dimension: ["some"]})
    card = build_card(data, name, with_trend=True)
    assert lines(card) == [("–", None)]
    assert card["notes"] == [f"inbound messages have no {word} to filter by"]
    assert "rows" not in card["definition"]
    assert "trend" not in card
    assert data.metric(name, by=("day",)).frame[name].isna().all()
    assert [finding.title for finding in what_changed(data) if "opted out" in finding.title] == []
    # The messages without a text are a filter that inbound ones pass.
    assert lines(build_card(replace(everything, where={dimension: [None]}), "opt_outs"))[0][0] == "2"


def test_a_chart_and_an_audit_say_why_they_are_not_known(store: Store) -> None:
    data = PageData(store, WEEK, {"template": ["some"]})
    chart = Chart("Opt-outs", "opt_outs", (GRAIN,), lambda result, period: go.Figure())
    audit = AuditList("Opt-out requests past the deadline", "late-revocations")
    for props in (chart.props(data), audit.props(data)):
        assert props["state"] == "empty"
        assert props["message"] == "Not known: inbound messages have no text to filter by."
    with open_download(Cards(["opt_outs"]), data, "Overview") as download:
        assert [row["value"] for row in next(iter(download.sheets[0].batches)).to_pylist()] == [None]


def test_each_card_carries_its_definition(store: Store) -> None:
    data = PageData(store, WEEK, {"sender": [OURS]})
    definition = build_card(data, "delivery_rate")["definition"]
    assert definition["label"] == "Delivery rate"
    assert definition["numerator"] == "delivered or read messages"
    assert definition["sample_size"] == 53
    assert definition["minimum_sample"] == 30
    assert definition["period"] == "3 Mar – 9 Mar 2025 (UTC)"
    assert definition["sql"].startswith("select\n")
    # The SQL runs as it is: a sender of ours is no secret.
    assert "list_contains(['+12025550110'], " in definition["sql"]
    assert definition["parameters"] == {}

"""The page of campaigns on a lake counted by hand: 80 people got one text, 80 another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.lakes import begin_lake
from tests.messages import ACCOUNT, SENDER, payload
from tests.ui.known import save
from workbench.lake import Lake, open_lake
from workbench.settings import load_settings
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.session import PageSession
from workbench.ui.store import Store

SALE, PARCEL = "Sale until Sunday in our shop: {}", "Your parcel leaves our house on {}"
PERIOD = "period=custom&since=2026-09-01&until=2026-09-20"
PEOPLE = 80
SERVICE, OTHER_SERVICE = "MG" + "5" * 32, "MG" + "6" * 32


def messages() -> Iterator[dict[str, Any]]:
    """20 of 80 answer the first text, 4 of 80 the second; 10 say STOP to the first."""
    number = 0
    for day, text, answers, stops in ((1, SALE, 20, 10), (2, PARCEL, 4, 0)):
        sent_at = datetime(2026, 9, day, 12, tzinfo=UTC)
        for person in range(PEOPLE):
            contact = f"+1415555{day}{person:03d}"
            number += 1
            yield payload(
                number, to=contact, body=text.format(person), date_created=sent_at, date_sent=sent_at
            )
            said = "thanks" if person < answers else "STOP" if person < answers + stops else None
            if said:
                number += 1
                heard_at = sent_at.replace(hour=13)
                yield payload(
                    number, direction="inbound", status="received", body=said, to=SENDER, price=None,
                    date_created=heard_at, date_sent=heard_at, **{"from": contact},
                )  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with open_lake(load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("shop"))})) as lake:
        save(lake, list(messages()))
        yield lake


def opened(lake: Lake, query: str) -> PageSession:
    page = load_page(next(info for info in discover_pages() if info.name == "campaigns"))
    return page.open(f"?{PERIOD}{query}", Store(lake))


def props(session: PageSession, title: str) -> dict[str, Any]:
    panel = next(panel for panel in session.panels if getattr(panel, "title", "") == title)
    return panel.props(session.data())


def test_texts_are_ranked_with_their_intervals(shop: Lake) -> None:
    rows = props(opened(shop, ""), "Ranking")["rows"]
    cells = {row["cells"][0]["text"]: [cell["text"] for cell in row["cells"][1:]] for row in rows}
    assert cells == {
        SALE.format("⟨…⟩"): ["80", "100 %", "25.0 %", "12.5 %", "70", "$0.0083"],
        PARCEL.format("⟨…⟩"): ["80", "100 %", "5.0 %", "0 %", "92", "$0.0083"],
    }
    # Wilson's interval for 20 of 80.
    sale = next(row for row in rows if row["cells"][0]["text"].startswith("Sale"))
    assert sale["cells"][3]["note"] == "16.8 % to 35.5 % of 80"
    # 40 + 0 + 15 + 15; the other one has 40 + 30 + 7.5 + 15.
    assert sale["hint"] == (
        "Show only this text; choose two to compare them. Health: delivery rate 40 of 40 points, opt-out "
        "rate 0 of 30 points, reply rate 15 of 15 points, unresponsive 15 of 15 points."
    )
    assert sale["key"].startswith("template=T")
    assert sale["key"] in sale["link"]
    assert sale["page"].startswith("text?")
    assert sale["key"] in sale["page"]


def test_two_chosen_texts_are_compared_in_sentences(shop: Lake) -> None:
    keys = {row["cells"][0]["text"][:4]: row["key"] for row in props(opened(shop, ""), "Ranking")["rows"]}
    session = opened(shop, f"&{keys['Sale']}&{keys['Your']}")
    comparison = props(session, "Comparison")
    assert [row["cells"][0]["text"] for row in comparison["rows"]] == [
        "B has fewer replies than A: 5.0 % against 25.0 %, unlikely to be chance.",
        "B has fewer opt-outs than A: 0 % against 12.5 %, unlikely to be chance.",
        "Both have the same share of deliveries: 100 %.",
    ]
    assert comparison["footnote"].startswith("A: Sale until Sunday")
    # The others stay in the ranking, so that they can be chosen instead.
    assert len(props(session, "Ranking")["rows"]) == 2


def test_without_a_choice_it_says_what_to_choose(shop: Lake) -> None:
    assert props(opened(shop, ""), "Comparison")["message"].startswith("Choose one ")


def test_a_chosen_text_has_the_parts_of_its_health(shop: Lake) -> None:
    keys = {row["cells"][0]["text"][:4]: row["key"] for row in props(opened(shop, ""), "Ranking")["rows"]}
    health = props(opened(shop, f"&{keys['Your']}"), "Health")
    cells = [[cell["text"] for cell in row["cells"]] for row in health["rows"]]
    # 4 of 80 replied: half of the 10 % that give all points.
    assert cells == [
        ["Delivery rate", "100 %", "40.0"],
        ["Opt-out rate", "0 %", "30.0"],
        ["Reply rate", "5.0 %", "7.5"],
        ["Unresponsive", "0 %", "15.0"],
    ]
    assert health["rows"][0]["cells"][1]["note"] == "of 80 messages"
    assert health["rows"][1]["cells"][0]["note"] == "none at 3.0 %, all at 0 %"
    # Four replies are too few to say how long one takes; 20 are not, and each came after an hour.
    assert health["footnote"] == "Health: 92.5 of 100, the sum of these points."
    sale = props(opened(shop, f"&{keys['Sale']}"), "Health")
    assert sale["footnote"].endswith("Half of 20 first replies came within 1 h.")
    assert props(opened(shop, ""), "Health")["message"].startswith("Choose one ")


def test_services_and_batches_stand_beside_texts(tmp_path: Path) -> None:
    with begin_lake(load_settings({"WORKBENCH_HOME": str(tmp_path)})) as lake:
        moment = datetime(2026, 9, 3, 12, tzinfo=UTC)
        dates = {"date_created": moment, "date_sent": moment}
        through = [*[SERVICE] * 3, OTHER_SERVICE, None]
        save(
            lake,
            [
                payload(number, messaging_service_sid=service, **dates)
                for number, service in enumerate(through, 1)
            ],
        )
        lake.write(_send_a_batch)
        services = props(opened(lake, "&kind=messaging_service"), "Ranking")
        batches = props(opened(lake, "&kind=batch"), "Ranking")
        chosen = props(opened(lake, f"&messaging_service={OTHER_SERVICE}"), "Health")
    assert [(row["key"], row["cells"][1]["text"]) for row in services["rows"]] == [
        (f"messaging_service={SERVICE}", "3"), (f"messaging_service={OTHER_SERVICE}", "1")
    ]  # fmt: skip
    assert f"messaging_service={SERVICE}" in services["rows"][0]["link"]
    assert "1 message without a service." in services["footnote"]
    assert [row["cells"][0]["text"] for row in batches["rows"]] == ["autumn"]
    assert [row["cells"][1]["text"] for row in batches["rows"]] == ["2"]
    # An answer of the inbox is a batch of its own, and no campaign.
    assert batches["rows"][0]["key"] == "batch=autumn"
    assert "batch=autumn" in batches["rows"][0]["link"]
    assert "3 messages without a batch." in batches["footnote"]
    assert [tab["kind"] for tab in batches["tabs"] if tab["chosen"]] == ["batch"]
    assert chosen["footnote"].startswith("No health")


def test_an_account_without_services_and_batches_says_so(shop: Lake) -> None:
    services = props(opened(shop, "&kind=messaging_service"), "Ranking")
    assert services["message"].startswith("No message of this period")
    assert props(opened(shop, "&kind=batch"), "Ranking")["message"].startswith("No batch was sent")


def test_a_click_filters_by_what_is_ranked_and_the_choice_of_it_stays_in_the_address(shop: Lake) -> None:
    session = opened(shop, "")
    session._change_question({"kind": "batch"})
    assert session.head.query.endswith("&kind=batch")
    session._change_question({"kind": "template"})
    ranking = next(panel for panel in session.panels if getattr(panel, "title", "") == "Ranking")
    key = ranking.props(session.data())["rows"][0]["key"]
    session._clicked(ranking, {"key": key})
    assert [f"template={token}" for token in session.filters.template] == [key]
    assert session.head.notices == []


def test_a_comparison_that_cannot_be_made_says_why(shop: Lake) -> None:
    key = props(opened(shop, ""), "Ranking")["rows"][0]["key"]
    # Nothing says that the days before were read.
    assert props(opened(shop, f"&{key}"), "Comparison")["message"].startswith("Not compared: ")


def _send_a_batch(cursor: Any) -> None:
    for number, batch in ((1, "autumn"), (4, "autumn"), (5, "reply:CV1:q")):
        cursor.execute(
            "insert into outbox_events (key, attempt, state, happened_at, intended_at, batch, account_sid, "
            "contact, segments, media_count, actor, owner, message_sid) "
            "values (?, 1, 'accepted', now(), now(), ?, ?, '+14155550123', 1, 0, 'test', 'test', ?)",
            [f"key{number}", batch, ACCOUNT, f"SM{number:032x}"],
        )

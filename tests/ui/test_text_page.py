"""The page of one text: its words, what its characters cost, the cheaper text, and its messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.messages import payload
from tests.ui.known import save
from tests.ui.test_links import listed
from workbench.lake import Lake, open_lake
from workbench.settings import load_settings
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.session import PageSession
from workbench.ui.store import Store

PERIOD = "period=custom&since=2026-09-01&until=2026-09-20"
#: 77 units of UCS-2 with a number of two digits: 7 over one segment. In GSM-7 it is one.
DEAR = "It’s your turn at our counter, please bring the number {} and your own papers"
PLAIN = "Your parcel leaves our house on {}"
PAGES = {info.name: load_page(info) for info in discover_pages()}


def messages() -> Iterator[dict[str, Any]]:
    """40 dear ones, of which 4 fail, and 10 plain ones."""
    start = datetime(2026, 9, 2, 9, tzinfo=UTC)
    for number in range(50):
        moment = start + timedelta(hours=number)
        fields: dict[str, Any] = {"date_created": moment, "date_sent": moment, "to": f"+1415555{number:04d}"}
        if number < 40:
            fields |= {"body": DEAR.format(10 + number), "num_segments": "2", "price": "-0.02"}
        else:
            fields |= {"body": PLAIN.format(number), "num_segments": "1", "price": "-0.01"}
        if number < 4:
            fields |= {"status": "undelivered", "error_code": 30003}
        yield payload(number, **fields)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    home: Path = tmp_path_factory.mktemp("text")
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, list(messages()))
        yield Store(lake)


def template_of(lake: Lake, beginning: str) -> str:
    sql = "select template_id from text_templates where starts_with(words, $beginning)"
    return str(lake.value(sql, {"beginning": beginning}))


def opened(store: Store, beginning: str = "It") -> PageSession:
    return PAGES["text"].open(f"?{PERIOD}&template={template_of(store.lake, beginning)}", store)


def props(session: PageSession, title: str) -> dict[str, Any]:
    panel = next(panel for panel in session.panels if getattr(panel, "title", "") == title)
    return panel.props(session.data())


def test_a_text_shows_the_character_that_costs_and_the_cheaper_text(store: Store) -> None:
    [text] = props(opened(store), "Text")["texts"]
    assert text["parts"] == [["It", ""], ["’", "force"], [DEAR[3:].format("⟨…⟩"), ""]]
    assert text["forcing"] == [["’", "right single quotation mark"]]
    assert text["sizes"] == [
        ["40 messages", "UCS-2, 2 segments", "77 characters, 7 more than 1 segment can hold"]
    ]
    assert text["instead"] == DEAR.replace("’", "'").format("⟨…⟩")
    assert text["saves"] == "Saves $0.400 of $0.800"
    assert text["when"] == "2 September 2026, 09:00 UTC to 4 September 2026, 00:00 UTC"


def test_a_plain_text_has_nothing_to_save(store: Store) -> None:
    [text] = props(opened(store, "Your"), "Text")["texts"]
    assert (text["messages"], text["instead"], text["advice"], text["forcing"]) == ("10 messages", "", "", [])


def test_its_links_open_as_many_messages_as_they_count(store: Store) -> None:
    session = opened(store)
    [text] = props(session, "Text")["texts"]
    assert len(listed(store, text["rows"])) == 40
    outcomes = {row["key"]: row for row in props(session, "What became of it")["rows"]}
    assert {key: row["cells"][1]["text"] for key, row in outcomes.items()} == {
        "delivered": "36",
        "undelivered": "4",
    }
    assert {key: len(listed(store, row["link"])) for key, row in outcomes.items()} == {
        "delivered": 36, "undelivered": 4
    }  # fmt: skip


def test_its_rates_have_their_interval_and_its_cost_its_currency(store: Store) -> None:
    rows = {row["key"]: row["cells"][1] for row in props(opened(store), "Rates and cost")["rows"]}
    # Wilson's interval for 36 of 40.
    assert (rows["Delivery rate"]["text"], rows["Delivery rate"]["note"]) == (
        "90.0 %",
        "76.9 % to 96.0 % of 40",
    )
    assert (rows["Reply rate"]["text"], rows["Reply rate"]["note"]) == ("0 %", "0 % to 9.6 % of 36")
    assert rows["Cost"]["text"] == "$0.800"
    assert rows["Cost per delivered"]["text"] == "$0.0222"
    assert rows["Segments per message"]["text"] == "2.00"


@pytest.mark.parametrize(("page", "title"), [("campaigns", "Ranking"), ("segmentation", "Texts")])
def test_one_click_leads_from_a_page_to_the_text(store: Store, page: str, title: str) -> None:
    rows = props(PAGES[page].open(f"?{PERIOD}", store), title)["rows"]
    links = [row["page"] for row in rows if row["cells"][0]["text"].startswith("It")]
    assert links == [f"text?since=2026-09-01&until=2026-09-20&template={template_of(store.lake, 'It')}"]


def test_one_click_leads_from_a_message_to_its_text(store: Store) -> None:
    session = PAGES["messages"].open(f"?{PERIOD}&message=SM{1:032x}", store)
    detail = props(session, "Message")["record"]
    assert (
        detail["text_page"]
        == f"text?since=2026-09-01&until=2026-09-20&template={template_of(store.lake, 'It')}"
    )


def test_without_a_text_the_page_says_where_to_choose_one(store: Store) -> None:
    session = PAGES["text"].open(f"?{PERIOD}", store)
    session.refresh()
    assert session.empty.visible
    assert session.empty.title == "No text is chosen"
    session.apply(f"?{PERIOD}&template={template_of(store.lake, 'It')}")
    assert not session.empty.visible
    # Other pages lead to it, and no menu.
    assert [info.name for info in discover_pages() if not info.is_listed] == ["text"]

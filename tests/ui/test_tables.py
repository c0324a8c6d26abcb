"""Tables of the lake that was counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.messages import payload
from tests.ui.known import GERMAN, HOSTILE, OURS, at, save
from workbench.display.periods import Period
from workbench.lake import Lake
from workbench.metrics import RowQuery
from workbench.settings import load_settings
from workbench.settings.sections import PrivacySettings
from workbench.ui.page_data import PageData
from workbench.ui.panels import tables
from workbench.ui.store import Store

WEEK = Period(date(2025, 3, 3), date(2025, 3, 10))


@pytest.fixture
def data(store: Store) -> PageData:
    return PageData(store, WEEK, options=store.options(("sender", "country")))


def texts(props: dict[str, Any]) -> list[list[str]]:
    return [[cell["text"] for cell in row["cells"]] for row in props["rows"]]


def test_failures_are_ranked_with_their_share_and_explained(data: PageData) -> None:
    props = tables.failures(data)
    assert texts(props) == [
        ["Unreachable destination handset", "6", "60.0 %", "60.0 %"],
        ["Attempt to send to unsubscribed recipient", "2", "20.0 %", "80.0 %"],
        ["Message filtered", "2", "20.0 %", "100 %"],
    ]
    first = props["rows"][0]
    assert first["cells"][0]["code"] == "30003"
    assert first["cells"][0]["bar"] == 1.0
    facts = first["explanation"]["facts"]
    assert [term for term, _ in facts[:3]] == ["What it means", "Who can fix it", "What to do"]
    assert all(text for _, text in facts)
    assert props["footnote"] == ""


def test_a_failure_without_a_code_is_not_dropped(lake: Lake) -> None:
    save(lake, [payload(1, **at(3, 3), status="failed", error_code=None)])
    props = tables.failures(PageData(Store(lake), WEEK))
    assert texts(props) == [["No code given", "1", "100 %", "100 %"]]


def test_senders_are_whole_and_small_rates_hidden(data: PageData) -> None:
    props = tables.by_field("sender", ["messages", "delivery_rate", "spend"])(data)
    assert texts(props) == [["+12025550110", "62", "75.5 %", "$0.463"], [HOSTILE, "10", "–", "€0.500"]]
    assert props["rows"][1]["cells"][2]["note"] == "10 final"


def test_a_sender_is_known_by_its_name(known_lake: Lake) -> None:
    """With its number whole, or masked where the settings say so."""
    known_lake.write(
        lambda cursor: cursor.execute(
            "insert into senders (account_sid, sender, sender_type, friendly_name, read_at) "
            f"values ('AC1', '{OURS}', 'long-code', 'Support desk', now())"
        )
    )
    by_sender = tables.by_field("sender", ["messages"])
    for masks, shown in ((False, "Support desk (+12025550110)"), (True, "Support desk (+1202***0110)")):
        privacy = PrivacySettings(mask_own_numbers=masks)
        settings = replace(load_settings({"WORKBENCH_HOME": str(known_lake.home)}), privacy=privacy)
        store = Store(known_lake, settings=settings)
        options = store.options(("sender",))
        row = by_sender(PageData(store, WEEK, options=options))["rows"][0]
        assert (row["cells"][0]["text"], OURS in str(row)) == (shown, not masks)
        message = store.rows(RowQuery(), "date_created", 1, 0).rows[0]
        assert (message["sender"], message["contact"]) == (
            "+1202***0110" if masks else OURS, "+1415***0123"
        )  # fmt: skip


def test_countries_follow_the_other_side(data: PageData) -> None:
    props = tables.by_field("country", ["messages", "delivery_rate"])(data)
    # 57 and 3 with the American number, 10 and 2 with the German one.
    assert texts(props) == [["US", "60", "75.5 %"], ["DE", "12", "–"]]
    assert props["columns"][0] == {"label": "Country", "kind": "country", "color": "accent"}


def test_two_currencies_stand_under_each_other(lake: Lake) -> None:
    save(lake, [payload(1, **at(3, 3), price="-1", to=GERMAN)])
    save(lake, [payload(2, **at(3, 3), price="-2", price_unit="EUR", to=GERMAN)])
    props = tables.by_field("country", ["messages", "spend"])(PageData(Store(lake), WEEK))
    assert props["rows"][0]["cells"][2] == {"text": "€2.00", "more": ["$1.00"]}


def test_what_does_not_fit_is_counted(data: PageData) -> None:
    props = tables.by_field("country", ["messages"], limit=1)(data)
    assert texts(props) == [["US", "60"], ["DE", "12"]]
    assert (props["first"], props["footnote"]) == (1, "")
    assert props["rest"] == "Not shown: 1 more country with 12 messages."


def test_a_chosen_row_is_marked(data: PageData) -> None:
    chosen = PageData(data.store, WEEK, {"country": ["DE"]}, data.options)
    props = tables.by_field("country", ["messages"])(chosen)
    assert [(row["key"], row["chosen"]) for row in props["rows"]] == [("DE", True)]

"""Every link of every part of every page leads to exactly the messages that its number counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.lakes import begin_lake
from tests.messages import payload
from tests.ui.known import AMERICAN, GERMAN, HOSTILE, OURS, known_messages, save
from workbench.compliance.checks import prepare_audits
from workbench.display import formats
from workbench.metrics import METRICS, compile_metric, query_metric
from workbench.metrics.counted_rows import counted_rows_sql
from workbench.metrics.rows import RowQuery, compile_count, compile_rows
from workbench.settings import load_settings
from workbench.ui.links import panel_links
from workbench.ui.navigation import discover_pages
from workbench.ui.page import Page, load_page
from workbench.ui.page_data import PageData
from workbench.ui.page_reading import read_page_data
from workbench.ui.store import Store

PAGES = {info.name: load_page(info) for info in discover_pages()}
WITH_FILTERS = [name for name, page in PAGES.items() if page.has_filters and name != "messages"]
QUERIES = (
    "since=2025-03-03&until=2025-03-11&timezone=Asia/Kathmandu&direction=all",
    # The day of 23 hours, and one country of it.
    "since=2025-03-09&until=2025-03-10&timezone=America/New_York&direction=all&country=US",
)
#: One query is enough for these: their numbers come from views that take long, or are of few kinds.
SLOW = ("compliance", "throughput", "segmentation")
SERVICE = "MG" + "1" * 32
#: Parts whose numbers are not of messages, or of a few among which no filter tells.
WITHOUT_LINK = {
    "Open alerts", "What stands out", "Characters that force UCS-2", "Texts",
    "Just over a boundary", "Our segment count and Twilio's", "Avoidable segments",
    "The busiest minute, second by second", "Busiest minutes",
    "What to show", "Comparison", "Replies by hour of sending", "Do-not-contact list", "What the text costs",
    "Characters that cost", "Health", "Ranking", "Text", "Rates and cost", "Against the period before",
}  # fmt: skip


def odd_messages() -> Iterator[dict[str, Any]]:
    """Of unknown countries, without a sender, with unknown codes, MMS, through a service, by night."""
    start = datetime(2025, 3, 8, 17, 50, tzinfo=UTC)
    for number in range(40):
        moment = start + timedelta(hours=number)
        fields: dict[str, Any] = {"date_created": moment, "date_sent": moment + timedelta(seconds=number)}
        fields["from"] = (OURS, HOSTILE, None, "+18005550199")[number % 4]
        fields["to"] = (AMERICAN, "+88213000000", "client:ana", GERMAN)[number % 3]
        fields["num_media"] = str(number % 5 // 4)
        fields["messaging_service_sid"] = SERVICE if number % 3 == 0 else None
        if fields["from"] is None:
            fields |= {"status": "accepted", "date_sent": None, "num_segments": "0", "price": None}
            fields["messaging_service_sid"] = SERVICE
        elif number % 4 == 1:
            fields |= {"status": "failed", "error_code": (12345, 30003, 63099)[number % 3], "price": None}
        elif number % 7 == 0:
            fields |= {"price": "-0.05", "price_unit": "EUR", "status": "undelivered", "error_code": 30007}
        fields["body"] = ("Bonjour ☕", "", "It’s ready " * 20)[number % 3]
        fields["direction"] = ("outbound-api", "outbound-reply")[number % 6 // 5]
        yield payload(1000 + number, **fields)
    free_words = {
        "direction": "inbound",
        "status": "received",
        "body": "please stop texting me",
        "price": None,
    }
    moment = datetime(2025, 3, 8, 20, tzinfo=UTC)
    yield payload(1100, date_created=moment, date_sent=moment, **free_words, **{"from": AMERICAN, "to": OURS})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    home: Path = tmp_path_factory.mktemp("links") / "home"
    with begin_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, [*known_messages(), *odd_messages()])
        prepare_audits(lake)
        yield Store(lake)


@cache
def listed(store: Store, link: str) -> list[dict[str, Any]]:
    """The messages that a link opens: all of them, and the link is understood whole."""
    parts = urlsplit(link)
    assert parts.path == "messages", link
    data, problems = read_page_data(PAGES["messages"], parts.query, store)
    assert not problems, (link, problems)
    compiled = compile_rows(data.rows_query)
    rows = store.lake.rows(compiled.sql, compiled.parameters)
    return [dict(zip(compiled.columns, row, strict=True)) for row in rows]


def amounts(rows: list[dict[str, Any]]) -> dict[str, Decimal]:
    paid: dict[str, Decimal] = {}
    for row in rows:
        if row["spend"] is not None:
            paid[row["currency"]] = paid.get(row["currency"], Decimal()) + Decimal(str(row["spend"]))
    return paid


def number_in(text: str) -> int | None:
    return int(text.replace(",", "")) if re.fullmatch(r"[\d,]+", text) else None


@pytest.mark.parametrize("name", WITH_FILTERS)
def test_every_part_of_a_page_opens_the_messages_that_it_counts(store: Store, name: str) -> None:
    page: Page = PAGES[name]
    for query in QUERIES[:1] if name in SLOW else QUERIES:
        session = page.open(query, store)
        data = session.data()
        for panel in page.panels:
            props = panel.props(data)
            title = getattr(panel, "title", "")
            check_rows(store, title, props)
            for card in props.get("cards", ()):
                check_card(store, card)
            link = panel_links(panel, page.panels, data, session.defaults, props).get("rows")
            if link:
                check_part(store, data, props, link)
            elif props.get("visible") is not False:
                assert props.get("cards") or title in WITHOUT_LINK, panel


def check_rows(store: Store, title: str, props: dict[str, Any]) -> None:
    """The link of a table's row is about its first number; that of a percentile about its sample."""
    for row in props.get("rows", ()):
        if row.get("link"):
            cell = row["cells"][-1 if title == "How long it took" else 1]
            check_number(listed(store, row["link"]), cell["text"], (title, row["key"], row["link"]))


def check_number(rows: list[dict[str, Any]], text: str, where: object) -> None:
    """Whether a number is that of these messages: how many, or what they cost."""
    number = number_in(text)
    if number is not None:
        assert len(rows) == number, where
        return
    paid = amounts(rows)
    fees = Decimal("0.001") * sum(row["spend"] is None and row["status"] == "failed" for row in rows)
    currency = next(iter(paid), "USD")
    possible = (paid.get(currency, Decimal()), paid.get("USD", Decimal()) + fees)
    assert any(text == formats.money(float(amount), currency) for amount in possible), where


def check_card(store: Store, card: dict[str, Any]) -> None:
    link, name, value = card["definition"].get("rows"), card["name"], card["lines"][0]["value"]
    if link is None:
        assert name == "minutes_at_limit"
        return
    rows = listed(store, link)
    if name in ("opt_outs", "reach"):
        assert len({row["contact"] for row in rows}) == number_in(value)
    elif name == "segments":
        assert sum(row["segments"] or 0 for row in rows) == number_in(value)
    elif name == "backlog":
        # What has no segments yet counts as one.
        assert sum(row["segments"] or 1 for row in rows) == number_in(value)
    elif name == "spend":
        paid = {formats.money(float(amount), currency) for currency, amount in amounts(rows).items()}
        assert paid == {line["value"] for line in card["lines"] if line["state"] == "ok"}
    elif card["unit"] == "count" and name != "most_messages_in_a_week":
        assert len(rows) == number_in(value), name
    elif name in ("reply_rate", "opt_out_rate"):
        assert len({row["contact"] for row in rows}) == card["definition"]["sample_size"]
    elif card["unit"] in ("rate", "duration") and "utilisation" not in name:
        assert len(rows) == card["definition"]["sample_size"], name


def check_part(store: Store, data: PageData, props: dict[str, Any], link: str) -> None:
    rows = listed(store, link)
    if "definition" not in props:
        assert len(rows) == props["counts"]["waiting"], link
        return
    metric = props["definition"]["name"]
    total = shown_total(props)
    if total is not None and METRICS[metric].source == "message_facts":
        assert len(rows) == total, link
    elif METRICS[metric].unit == "count" and metric != "most_messages_in_a_week":
        assert len(rows) == counted(store, data, metric), link


def shown_total(props: dict[str, Any]) -> int | None:
    """The messages in all bars of a chart, or in the first numbers of a table that shows all its rows."""
    if props["state"] != "ok":
        return None
    if props.get("figure"):
        bars = [trace for trace in props["figure"]["data"] if trace["type"] == "bar"]
        is_money = any("." in str(trace.get("hovertemplate", "")) for trace in bars)
        return None if is_money or not bars else int(sum(sum(trace["y"]) for trace in bars))
    if "columns" not in props:
        return None
    first = [number_in(row["cells"][1]["text"]) for row in props["rows"]]
    is_whole = not re.search("Not shown", props["footnote"]) and props["columns"][1]["label"] == "Messages"
    return sum(number or 0 for number in first) if is_whole else None


def counted(store: Store, data: PageData, metric: str) -> int:
    if metric == "revocations_waiting":
        return int(query_metric(store.lake, metric).frame[metric].iloc[0])
    return int(data.metric(metric).frame[metric].iloc[0])


def test_every_metric_has_its_messages(store: Store) -> None:
    """As many as the metric itself says, over the whole lake; the pages' test has the audits."""
    for name in distinct_metrics():
        metric, rows = METRICS[name], compile_count(RowQuery(metric=name))
        listed_rows = store.lake.value(rows.sql, rows.parameters)
        compiled = compile_metric(name)
        [answer] = store.lake.rows(compiled.sql, compiled.parameters)
        values = dict(zip(compiled.columns, answer, strict=True))
        assert listed_rows == values[name if metric.unit == "count" else "sample_size"], name


def distinct_metrics() -> list[str]:
    """A metric of each kind of rows, that counts them or has them as its sample."""
    kinds = {
        (metric.source, counted_rows_sql(metric)): name
        for name, metric in METRICS.items()
        if metric.bins is None
        and not metric.source.startswith("audit_")
        # Of people, each once.
        and metric.source != "engagement_facts"
        and name not in ("segments", "backlog", "opt_outs", "reach", "most_messages_in_a_week")
        and metric.unit in ("count", "rate", "duration")
    }
    return list(kinds.values())


def test_a_click_on_an_hour_opens_that_hour(store: Store) -> None:
    """In Kathmandu, five hours and three quarters before Greenwich."""
    day = "since=2025-03-09&until=2025-03-10&timezone=Asia/Kathmandu&direction=all"
    session = PAGES["overview"].open(day, store)
    session.is_served = True
    chart = next(panel for panel in PAGES["overview"].panels if panel.click == "day")
    session._clicked(chart, {"key": "1"})
    # 19:15 to 20:15 in UTC of the day before: one that was sent and one in free words.
    times = [f"{row['date_created']:%H:%M}" for row in listed(store, session.head.goto)]
    local = {(datetime.strptime(time, "%H:%M") + timedelta(hours=5, minutes=45)).hour for time in times}
    assert len(times) == 2
    assert local == {1}


def test_a_click_on_all_other_codes_is_no_filter(store: Store) -> None:
    session = PAGES["failures"].open(QUERIES[0], store)
    pareto = next(panel for panel in PAGES["failures"].panels if panel.click == "error_code")
    session._clicked(pareto, {"key": ""})
    assert session.filters.error_code == []
    assert session.head.notices == []

"""What the pages say about the lake that was counted by hand, and about lakes with little in them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from tests.messages import ACCOUNT, payload
from tests.ui.known import AMERICAN, GERMAN, HOSTILE, OURS, WEEK, at, save
from workbench.display.periods import Period
from workbench.lake import Lake
from workbench.ui.downloads import open_download
from workbench.ui.navigation import PageInfo, discover_pages
from workbench.ui.page import load_page
from workbench.ui.page_data import PageData
from workbench.ui.panels import money, month, reasons, speed, texts, waits
from workbench.ui.panels.cards import build_card
from workbench.ui.store import Store
from workbench.ui.table_export import WRITERS

PERIOD = Period(date(2025, 3, 3), date(2025, 3, 10))
PAGES = discover_pages()


@pytest.fixture
def data(store: Store) -> PageData:
    return PageData(store, PERIOD)


def texts_of(props: dict[str, Any]) -> list[list[str]]:
    """The rows as text, with what stands under a cell behind a bar."""
    return [
        ["|".join([cell["text"], *cell.get("more", [])]) for cell in row["cells"]] for row in props["rows"]
    ]


# --- cost ---------------------------------------------------------------------------------------------------


def test_spend_by_country_with_each_currency_for_itself(data: PageData) -> None:
    props = money.spend_by("country")(data)
    assert texts_of(props) == [
        # 51 outbound at 0.0083 and three inbound at 0.0079; 40 delivered. 53 final, of which 51 are priced.
        ["US", "$0.447", "96.6 %", "60", "$0.0106", "96.2 %"],
        ["DE", "$0.0158", "3.4 %", "2", "–", "–"],
        ["DE", "€0.500", "100 %", "10", "–", "100 %"],
    ]
    assert [row["cells"][0]["code"] for row in props["rows"]] == ["USD", "USD", "EUR"]


def test_spend_by_sender(data: PageData) -> None:
    props = money.spend_by("sender")(data)
    assert {row["cells"][0]["text"] for row in props["rows"]} == {"+12025550110", HOSTILE}


def test_spend_by_direction_and_type(data: PageData) -> None:
    rows = {(row[0], row[1]) for row in texts_of(money.spend_by("direction")(data))}
    assert rows == {("outbound-api", "$0.423"), ("inbound", "$0.0395"), ("outbound-api", "€0.500")}
    assert [row[:2] for row in texts_of(money.spend_by("message_type")(data))] == [
        ["SMS", "€0.500"], ["SMS", "$0.463"]
    ]  # fmt: skip


def test_waste_by_reason_with_the_fee_for_failing(data: PageData) -> None:
    assert texts_of(money.wasted_by("error_code")(data)) == [
        ["Unreachable destination handset", "$0.0498", "72.8 %", "6"],
        ["Message filtered", "$0.0166", "24.3 %", "2"],
        # Two failed ones without a price: 0.001 each.
        ["Attempt to send to unsubscribed recipient", "$0.0020", "2.9 %", "2"],
    ]
    card = build_card(data, "wasted_spend")
    assert [line["value"] for line in card["lines"]] == ["$0.0684", "€0.00"]


def test_the_month_so_far_and_its_end(data: PageData, monkeypatch: pytest.MonkeyPatch) -> None:
    class Saturday(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime(2025, 3, 8, 18, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(month, "datetime", Saturday)
    dollars, euros = texts_of(month.month_table(data))
    # Eleven days to learn from: 24 Feb to 7 Mar without the 4th, whose messages are not all priced. They cost
    # 0.7719 dollars; 0.4233 before today and 24 days like these make 2.107. Euros have all twelve days.
    assert dollars[:5] == ["USD", "$0.463", "$0.423", "–", "$2.11"]
    assert euros[:5] == ["EUR", "€0.500", "€0.500", "–", "€1.50"]
    low, high = dollars[5].split(" – ")
    assert low == "$0.463", "what is spent is spent"
    assert float(high[1:]) > 2
    figure = month.month_figure(data)["figure"]
    drawn = {(trace.name, trace.yaxis): list(trace.y) for trace in figure.data if trace.name == "This month"}
    assert drawn["This month", "y"][-1] == pytest.approx(0.4628)
    assert drawn["This month", "y2"][-1] == pytest.approx(0.5)


# --- failures -----------------------------------------------------------------------------------------------


def test_rates_with_and_without_opt_outs(data: PageData) -> None:
    names = ("error_rate", "not_delivered", "delivered")
    assert [build_card(data, name)["lines"][0]["value"] for name in names] == ["15.9 %", "10", "50"]
    card = build_card(data, "error_rate_without_opt_outs")
    # 8 of 61: the two messages to people who opted out are in neither number.
    assert card["lines"][0]["value"] == "13.1 %"
    assert card["notes"] == ["of 61 final", "4 in flight"]


def test_reasons_say_who_can_fix_them(data: PageData) -> None:
    props = reasons.reasons(data)
    assert texts_of(props) == [
        ["Unreachable destination handset", "6", "60.0 %", "0", "recipient"],
        ["Attempt to send to unsubscribed recipient", "2", "20.0 %", "0", "recipient"],
        ["Message filtered", "2", "20.0 %", "0", "you"],
    ]
    explanation = props["rows"][0]["explanation"]
    assert [term for term, _ in explanation["facts"]] == [
        "What it means", "Who can fix it", "What to do", "Send again", "Here", "Since", "Charged",
    ]  # fmt: skip


def test_the_pareto_adds_up_to_all(data: PageData) -> None:
    bars, line = reasons.pareto_figure(data)["figure"].data
    assert list(bars.x) == ["30003", "21610", "30007"]
    assert list(bars.y) == [6, 2, 2]
    assert list(line.y) == [0.6, 0.8, 1.0]


def test_who_is_hit(data: PageData) -> None:
    assert texts_of(reasons.failing("country")(data)) == [["US", "10", "18.9 %", "15.1 %", "3.8 %", "5.7 %"]]
    assert texts_of(reasons.failing("sender")(data))[0][:3] == ["+12025550110", "10", "18.9 %"]


def test_a_spike_is_marked(store: Store, known_lake: Lake) -> None:
    many = [payload(n, **at(3, 9), status="undelivered", error_code=30007) for n in range(500, 530)]
    save(known_lake, many)
    rows = reasons.reasons(PageData(store, PERIOD))["rows"]
    # 27 Feb to 8 Mar are ten days with two such messages.
    assert rows[0]["cells"][0]["note"] == "spike on 9 Mar: 30, usually 0.2 a day"


def test_latency_says_where_it_comes_from(data: PageData, known_lake: Lake) -> None:
    queue, way = reasons.latency(data)["rows"]
    # 67 outbound messages of the week; the four queued have a date too in this lake.
    assert [cell["text"] for cell in queue["cells"][1:]] == ["0 s", "0 s", "0 s", "0 s", "67"]
    assert way["cells"][0]["note"] == "sent → receipt, no delivery callbacks here"
    assert [cell["text"] for cell in way["cells"][1:]] == ["–", "–", "–", "–", "0"]

    def callbacks(cursor: Any) -> None:
        cursor.execute(
            "insert into status_events select message_sid, account_sid, 'delivered', null, 'callback', "
            "date_sent + interval 4 seconds from raw_messages where status = 'delivered'"
        )

    known_lake.write(callbacks)
    _, way = reasons.latency(PageData(data.store, PERIOD))["rows"]
    assert [cell["text"] for cell in way["cells"][1:]] == ["4 s", "4 s", "4 s", "4 s", "50"]


def test_behind_a_number_are_its_messages(store: Store) -> None:
    page = load_page(next(info for info in PAGES if info.name == "failures"))
    data = page.open(WEEK, store).data()
    week, lost = "since=2025-03-03&until=2025-03-10", "outcome=undelivered&outcome=failed"
    rows = reasons.reasons(data)["rows"]
    assert rows[0]["link"] == f"messages?{week}&direction=outbound&{lost}&error_code=30003&back=failures"
    assert data.rows_link(outcome=("failed",)).endswith("outcome=failed&back=failures")
    euros = f"messages?{week}&direction=outbound&currency=EUR&message_type=SMS&counted=spend&back=failures"
    assert money.spend_by("message_type")(data)["rows"][0]["link"] == euros


# --- segmentation -------------------------------------------------------------------------------------------

_CURLY = "Hi Ana, it’s 12:30 at Mill Lane on Monday. We’re looking forward to seeing you!"


@pytest.fixture
def text_data(lake: Lake) -> PageData:
    messages = [
        *(payload(n, **at(3, 3), body=_CURLY, num_segments="2", price="-0.0200") for n in range(1, 11)),
        *(
            payload(n, **at(3, 4), body="Order 12 " + "x" * 156, num_segments="2", price="-0.0200")
            for n in range(11, 16)
        ),
        *(payload(n, **at(3, 4), body="See you at 5, bring a cake", num_segments="1") for n in range(16, 19)),
        payload(19, **at(3, 5), body="<b>=HYPERLINK</b> is short", num_segments="2"),
    ]
    save(lake, messages)
    return PageData(Store(lake), PERIOD)


def test_characters_templates_boundaries_and_mismatches(text_data: PageData) -> None:
    # 80 units of UCS-2 are two segments, one in GSM-7: half of 0.20.
    assert texts_of(texts.characters(text_data)) == [
        ["right single quotation mark", "10", "$0.200", "$0.100"]
    ]
    assert texts_of(texts.templates(text_data))[0] == [
        "Hi ⟨…⟩, it’s ⟨…⟩ at Mill Lane on Monday. We’re looking forward to seeing you!",
        "10", "2.00", "$0.200", "$0.100",
    ]  # fmt: skip
    detail = {term: text for term, text, *_ in texts.templates(text_data)["rows"][0]["detail"]}
    assert (
        detail["Written as"]
        == "Hi ⟨…⟩, it's ⟨…⟩ at Mill Lane on Monday. We're looking forward to seeing you!"
    )
    assert detail["Saves"] == "$0.100 of $0.200"
    assert texts_of(texts.boundaries(text_data)) == [
        ["Order ⟨…⟩ " + "x" * 156, "+5", "5", "$0.100", "$0.0500"]
    ]
    props = texts.mismatches(text_data)
    assert texts_of(props) == [["<b>=HYPERLINK</b> is short", "1", "2", "1"]]
    assert props["footnote"].startswith("1 of 19 messages differ.")
    assert texts_of(texts.savings(text_data)) == [
        ["Written in GSM-7", "10", "$0.200", "$0.100"],
        ["A few characters shorter", "5", "$0.100", "$0.0500"],
    ]


def test_a_file_of_texts_has_all_of_them(text_data: PageData) -> None:
    file = texts.templates(text_data)["file"]().set_index("text")
    assert list(file["messages"]) == [10, 5, 3, 1]
    first = file.loc["Hi ⟨…⟩, it’s ⟨…⟩ at Mill Lane on Monday. We’re looking forward to seeing you!"]
    assert (first["forced_by"], first["spend_USD"], first["would_save_USD"]) == ("’", 0.2, 0.1)
    character = texts.characters(text_data)["file"]().iloc[0].to_dict()
    assert character == {
        "character": "’", "name": "right single quotation mark", "becomes": "'",
        "messages": 10, "segments": 20, "spend_USD": 0.2, "would_save_USD": 0.1,
    }  # fmt: skip
    nothing = texts.boundaries(PageData(text_data.store, replace(PERIOD, since=date(2025, 3, 8))))["file"]()
    assert list(nothing.columns)[:2] == ["text", "encoding"]
    assert len(nothing) == 0


def test_without_texts_the_page_says_why(text_data: PageData, lake: Lake) -> None:
    lake.write(lambda cursor: cursor.execute("update raw_messages set body = null"))
    data = PageData(Store(lake), PERIOD)
    for make in (texts.characters, texts.templates, texts.boundaries, texts.mismatches):
        props = make(data)
        assert props["rows"] == []
        assert props["message"].startswith("No text of these messages is kept here")
    # What was worked out before the text went is still there.
    assert build_card(data, "segments_per_message")["lines"][0]["value"] == "1.84"


# --- throughput ---------------------------------------------------------------------------------------------


@pytest.fixture
def busy_lake(lake: Lake) -> Lake:
    """A sender with a limit of one segment a second sends 60 in a minute; the last waited 59 seconds."""
    start = datetime(2025, 3, 4, 9, tzinfo=UTC)
    save(
        lake,
        [
            payload(n, date_created=start, date_sent=start + timedelta(seconds=n), **{"from": OURS})
            for n in range(60)
        ],
    )
    row = [ACCOUNT, OURS]
    lake.write(
        lambda cursor: cursor.execute(
            "insert into senders (account_sid, sender, sender_type, mps_limit, mps_limit_source, read_at) "
            "values (?, ?, 'long code', 1, 'configuration', now())", row
        )
    )  # fmt: skip
    return lake


def test_a_sender_at_its_limit(busy_lake: Lake) -> None:
    data = PageData(Store(busy_lake), PERIOD)
    props = speed.senders(data)
    assert texts_of(props) == [
        ["+12025550110", "1/s", "1", "100 %", "0", "0", "30 s", "56 s", "59 s", "empty"]
    ]
    assert props["rows"][0]["detail"] == [
        ["Limit", "1 segments per second: configuration"],
        ["Longest queue", "59 segments waited on 4 Mar 2025 at 09:00:00"],
        ["Longest run", "60 segments to 1 number from 4 Mar 2025 at 09:00:00, in 59 s"],
        ["Longest wait", "59 s"],
    ]
    quiet = waits.what_if(data)
    assert quiet["rows"] == []
    assert quiet["message"] == "No message waited longer than 60 seconds: no sender needs a higher limit."
    assert texts_of(speed.busiest_table(data)) == [["4 Mar 2025, 09:00", "60", "1/s", "100 %"]]
    figure = speed.busiest_figure(
        PageData(Store(busy_lake), Period(PERIOD.since, PERIOD.until, "America/New_York"))
    )
    assert figure["subtitle"].startswith("+12025550110 around 4 Mar 2025, 04:00.")
    assert list(figure["figure"].data[0].y) == [1] * 60


def test_a_higher_limit_is_worked_out_from_the_times_of_the_run(busy_lake: Lake) -> None:
    start = datetime(2025, 3, 4, 12, tzinfo=UTC)
    later = [
        payload(
            200 + n, date_created=start, date_sent=start + timedelta(seconds=n),
            **{"from": OURS, "to": f"+1415555{n % 40:04}"},
        )
        for n in range(120)
    ]  # fmt: skip
    save(busy_lake, later)
    props = waits.what_if(PageData(Store(busy_lake), PERIOD))
    assert props["subtitle"].startswith(
        "The longest run of +12025550110: 120 segments to 40 numbers from 4 Mar 2025, 12:00."
    )
    # 61 s to 119 s waited 59 messages, to all but none of the 40 people.
    assert texts_of(props)[:3] == [
        ["1/s, as now", "2 min", "1 min", "1 min 53 s", "59", "40", "–"],
        ["3/s", "40 s", "20 s", "38 s", "0", "0", f"a toll-free number|{_BEYOND}"],
        ["10/s", "12 s", "6.0 s", "11 s", "0", "0", _BEYOND],
    ]
    assert props["footnote"].endswith("in fact the run took 1 min 59 s.")
    assert ["A short code", "https://help.twilio.com/articles/115002943027"] in props["rows"][1]["detail"]


_BEYOND = (
    "more numbers in the Messaging Service's pool: each adds its own limit|"
    "a 10DLC campaign with a higher trust score|a short code"
)


def test_a_daily_cap_is_shown_where_there_is_one(busy_lake: Lake) -> None:
    props = speed.senders(PageData(Store(busy_lake, daily_caps={OURS: 80}), PERIOD))
    assert props["columns"][-1]["label"] == "Busiest day"
    assert props["rows"][0]["cells"][-1] == {"text": "75.0 % of cap", "note": "60 of 80"}


def test_a_backlog_says_how_long_it_takes(busy_lake: Lake) -> None:
    waiting = [
        payload(
            n, **{**at(3, 9), "date_sent": None, "from": OURS}, status="queued", num_segments="2", price=None
        )
        for n in range(100, 160)
    ]
    save(busy_lake, waiting)
    row = speed.senders(PageData(Store(busy_lake), PERIOD))["rows"][0]["cells"]
    assert row[-1] == {"text": "2 min", "note": "120 waiting"}


# --- every page on lakes with little in them ----------------------------------------------------------------


def _nothing(lake: Lake) -> None:
    pass


def _one_message(lake: Lake) -> None:
    save(lake, [payload(1, **at(3, 3))])


def _two_currencies(lake: Lake) -> None:
    save(lake, [payload(n, **at(3, 3), price_unit=unit) for n, unit in enumerate(("USD", "EUR"), start=1)])


def _unpriced(lake: Lake) -> None:
    save(lake, [payload(1, **{**at(3, 3), "date_sent": None}, price=None, price_unit=None, status="queued")])


@pytest.mark.parametrize("fill", [_nothing, _one_message, _two_currencies, _unpriced])
def test_no_part_of_any_page_fails(lake: Lake, fill: Callable[[Lake], None]) -> None:
    fill(lake)
    store = Store(lake)
    for info in PAGES:
        page = load_page(info)
        data = page.open(WEEK, store).data()
        for panel in page.panels:
            props = panel.props(data)
            assert props["state"] != "error", (info.name, panel)
            assert AMERICAN not in str(props)


@pytest.mark.parametrize("info", PAGES, ids=[info.name for info in PAGES])
def test_a_page_on_the_day_of_25_hours(store: Store, known_lake: Lake, info: PageInfo) -> None:
    """New York left summer time on 2 November 2025; its day had 25 hours, one of them twice."""
    start = datetime(2025, 11, 2, 4, 30, tzinfo=UTC)
    moments = [start + timedelta(hours=hour) for hour in range(25)]
    save(known_lake, [payload(900 + n, date_created=at_, date_sent=at_) for n, at_ in enumerate(moments)])
    page = load_page(info)
    data = page.open("since=2025-11-02&until=2025-11-03&timezone=America/New_York", store).data()
    assert data.metric("delivered").frame["delivered"].iloc[0] == 25
    assert all(panel.props(data)["state"] != "error" for panel in page.panels)


@pytest.mark.parametrize("info", PAGES, ids=[info.name for info in PAGES])
def test_no_page_shows_a_full_number(store: Store, info: PageInfo) -> None:
    page = load_page(info)
    data = page.open(WEEK, store).data()
    everything = "".join(str(panel.props(data)) for panel in page.panels)
    assert not [number for number in (AMERICAN, GERMAN) if number in everything]


@pytest.mark.parametrize("info", PAGES, ids=[info.name for info in PAGES])
def test_every_part_has_a_file_in_every_format(store: Store, info: PageInfo) -> None:
    """With columns, no full number, and as many rows as it says; also of a week in which nothing happened."""
    page = load_page(info)
    for week in (WEEK, "since=2025-01-06&until=2025-01-13"):
        data = page.open(week, store).data()
        for panel in page.panels:
            written = {}
            for ending, write in WRITERS.items():
                with open_download(panel, data, page.title) as download:
                    written[ending] = b"".join(write(download.sheets, download.stamp))
                    total = download.sheets[0].total
            table = pq.read_table(io.BytesIO(written["parquet"]))
            assert table.num_columns > 0, panel
            assert table.num_rows == total
            assert not [number for number in (AMERICAN, GERMAN) if number.encode() in written["csv"]]
            assert openpyxl.load_workbook(io.BytesIO(written["xlsx"]), read_only=True).sheetnames


def test_a_file_of_an_audit_has_every_row(lake: Lake) -> None:
    """The table shows eight of the twelve people; the file has them all, masked."""
    people = [f"+1415555{number:04d}" for number in range(12)]
    save(lake, [payload(n, **at(3, 4), to=to) for n, to in enumerate(people, 1)])
    page = next(load_page(info) for info in PAGES if info.name == "compliance")
    panel = next(
        panel for panel in page.panels if getattr(panel, "title", "") == "Sent without consent on record"
    )
    data = page.open(WEEK, Store(lake)).data()
    assert len(panel.props(data)["rows"]) == 8
    with open_download(panel, data, page.title) as download:
        file = b"".join(WRITERS["parquet"](download.sheets, download.stamp))
        assert dict(download.stamp)["Rows"] == "12"
    rows = pq.read_table(io.BytesIO(file)).to_pylist()
    assert sorted(row["message_sid"] for row in rows) == [f"SM{n:032x}" for n in range(1, 13)]
    assert {row["contact"] for row in rows} == {f"+1415***{number:04d}" for number in range(12)}

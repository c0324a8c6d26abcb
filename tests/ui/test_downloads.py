"""What is downloaded is what is shown, whole: of the overview counted by hand, and of the rows."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pyarrow.parquet as pq
import pytest

from tests.ui.known import AMERICAN, GERMAN, HOSTILE, WEEK, known_messages, note_days, save
from tests.ui.rows_known import FORMULA, SCRIPT, row_messages, sid
from tests.ui.serving import authorization, served
from workbench.lake import open_lake
from workbench.server.pages import PagesServer
from workbench.settings import load_settings

MARCH = "since=2025-03-01&until=2025-04-01"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesServer]:
    yield from serving(tmp_path_factory.mktemp("known"), list(known_messages()))


@pytest.fixture(scope="module")
def rows_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesServer]:
    yield from serving(tmp_path_factory.mktemp("rows"), row_messages())


def serving(home: Path, messages: list[dict[str, Any]]) -> Iterator[PagesServer]:
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with open_lake(settings) as lake:
        save(lake, messages)
        note_days(lake)
    with served(settings) as running:
        yield running


def download(server: PagesServer, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    answer = httpx.get(
        f"{server.url}download/{path}",
        headers=authorization(server) | headers,
        timeout=30,
        follow_redirects=True,
    )
    return answer.status_code, {name.title(): value for name, value in answer.headers.items()}, answer.content


def table(data: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """A CSV's stamp by name, and its rows."""
    lines = data.decode().split("\n")
    skipped = int(lines[0].split()[5])
    stamp = dict(line[2:].split(": ", 1) for line in lines[1:skipped])
    return stamp, list(csv.DictReader(io.StringIO("\n".join(lines[skipped:]))))


def test_a_chart_is_downloaded_with_its_definition(server: PagesServer) -> None:
    status, headers, data = download(server, f"overview/messages.csv?{WEEK}")
    assert status == 200
    assert headers["Content-Disposition"] == (
        'attachment; filename="workbench-overview-messages-2025-03-03-to-2025-03-09.csv"'
    )
    stamp, rows = table(data)
    assert [(row["day"], row["outcome"], row["messages"]) for row in rows] == [
        ("2025-03-03", "delivered", "40"), ("2025-03-04", "failed", "2"), ("2025-03-04", "undelivered", "8"),
        ("2025-03-05", "unknown", "3"), ("2025-03-06", "in flight", "4"), ("2025-03-07", "delivered", "10"),
        ("2025-03-08", "received", "5"),
    ]  # fmt: skip
    assert stamp["Rows"] == "7"
    assert stamp["What"] == "Overview: Messages"
    assert stamp["Period"].startswith("3 Mar – 9 Mar 2025, days in UTC; 2025-03-03 up to, not including")
    assert stamp["Filters"] == "none"
    assert stamp["Lake"] == "122 messages, 4 open, 98.2 % priced"
    assert re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ, in UTC ", stamp["As of"])
    assert stamp["Definition of messages"].endswith("Counts all messages.")
    assert "from message_facts" in stamp["SQL of messages"]


def test_a_table_is_downloaded_with_each_currency_in_a_column_of_its_own(server: PagesServer) -> None:
    _, _, data = download(server, f"overview/senders.csv?{WEEK}")
    rows = {row["sender"]: row for row in table(data)[1]}
    assert set(rows) == {"'+12025550110", HOSTILE}
    assert (rows[HOSTILE]["messages"], rows[HOSTILE]["delivery_rate"]) == ("10", "1")
    assert (rows[HOSTILE]["delivery_rate_sample_size"], rows[HOSTILE]["spend_EUR"]) == ("10", "0.5")
    assert rows[HOSTILE]["spend_USD"] == ""
    assert rows["'+12025550110"]["spend_EUR"] == ""
    assert float(rows["'+12025550110"]["spend_USD"]) == pytest.approx(0.4628)


def test_cards_are_downloaded_with_sample_in_flight_and_priced_share(server: PagesServer) -> None:
    _, _, data = download(server, f"overview/numbers.csv?{WEEK}")
    rows = {(row["metric"], row["currency"]): row for row in table(data)[1]}
    rate = rows["delivery_rate", ""]
    assert (rate["sample_size"], rate["in_flight"], rate["minimum_sample"]) == ("63", "4", "30")
    assert float(rate["value"]) == pytest.approx(50 / 63)
    assert float(rate["compared_with"]) == pytest.approx(40 / 50)
    assert float(rows["spend", "EUR"]["value"]) == 0.5
    assert rows["spend", "EUR"]["compared_with"] == ""


def test_filters_of_the_link_hold_for_the_file(server: PagesServer) -> None:
    stamp, rows = table(download(server, f"overview/messages.csv?{WEEK}&country=DE&compare=none")[2])
    assert sum(int(row["messages"]) for row in rows) == 12
    assert stamp["Filters"] == "Country: DE"
    assert "Compared with" not in stamp


def test_what_is_not_possible_is_refused_instead_of_left_out(server: PagesServer) -> None:
    status, _, data = download(server, f"overview/messages.csv?{WEEK}&country=XX")
    assert (status, data.decode()) == (400, "Country “XX” is not known; allowed are US, DE.\n")
    status, _, data = download(server, "overview/nothing.csv")
    assert status == 404
    assert data.decode().startswith(
        "There is no 'nothing.csv' of this page; there are page.html, open-alerts.c"
    )
    assert " numbers.csv, " in data.decode()
    assert download(server, "nowhere/messages.csv")[0] == 404
    status, _, data = download(server, "overview/messages.csv", Host="evil.example:80")
    assert status == 421
    assert b'asked for as "evil.example:80"' in data


def test_rows_are_downloaded_whole_in_every_format(rows_server: PagesServer) -> None:
    stamp, rows = table(download(rows_server, f"messages/messages.csv?{MARCH}&sort=date_created")[2])
    assert (stamp["Rows"], len(rows)) == ("64", 64)
    texts = {row["message_sid"]: row["body"] for row in rows}
    assert texts[sid(61)] == SCRIPT
    assert texts[sid(62)] == f"'{FORMULA}"
    assert texts[sid(63)] == "'+1 thanks\tfor\nthat — 😀"
    assert rows[0]["date_created"].startswith("2025-03-03T06:00:00")

    data = download(rows_server, f"messages/messages.parquet?{MARCH}")[2]
    file = pq.ParquetFile(io.BytesIO(data))
    by_sid = {row["message_sid"]: row for row in file.read().to_pylist()}
    assert len(by_sid) == 64
    assert (by_sid[sid(62)]["body"], str(by_sid[sid(61)]["spend"])) == (FORMULA, "0.050000")
    assert json.loads(file.schema_arrow.metadata[b"workbench"])["Rows"] == "64"

    book = openpyxl.load_workbook(
        io.BytesIO(download(rows_server, f"messages/messages.xlsx?{MARCH}")[2]), read_only=False
    )
    page = book["Messages"]
    assert page.max_row == 65
    heading = [cell.value for cell in page[1]]
    cells = {row[0].value: row for row in page.iter_rows(min_row=2)}
    formula = cells[sid(62)][heading.index("body")]
    assert (formula.data_type, formula.value) == ("s", FORMULA)
    assert dict(book["About"].iter_rows(values_only=True))["Rows"] == "64"


def test_rows_are_downloaded_as_searched_and_a_searched_number_is_not_written_down(
    rows_server: PagesServer,
) -> None:
    data = download(rows_server, f"messages/messages.csv?{MARCH}&q=%2B4915123456789")[2]
    stamp, rows = table(data)
    assert [row["message_sid"] for row in rows] == [sid(61)]
    assert stamp["Filters"] == "Search: a phone number"
    assert "4915123456789" not in data.decode()


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_no_full_number_is_in_a_file(rows_server: PagesServer, ending: str) -> None:
    data = download(rows_server, f"messages/messages.{ending}?{MARCH}")[2]
    if ending == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(data))
        data = str([row for page in book for row in page.iter_rows(values_only=True)]).encode()
    if ending == "parquet":
        data = str(pq.ParquetFile(io.BytesIO(data)).read().to_pylist()).encode()
    assert b"***" in data
    for number in (AMERICAN, GERMAN):
        assert number.encode() not in data


def test_a_page_as_html_needs_nothing_and_runs_nothing_of_strangers(rows_server: PagesServer) -> None:
    _, headers, data = download(rows_server, f"messages/page.html?{MARCH}&sort=-date_created")
    text = data.decode()
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "Rows 1 to 50 of 64, as on screen" in text
    assert "default-src 'none'" in text
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']?https?:", text)


def test_csv_without_a_stamp_is_only_data(rows_server: PagesServer) -> None:
    data = download(rows_server, f"messages/messages.csv?{MARCH}&stamp=no")[2]
    assert data.startswith(b'"message_sid","date_created"')

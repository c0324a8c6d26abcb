"""From a number to the messages behind it, to one message, and back: links, search, downloads, phone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, Visitor, visit
from tests.messages import payload
from tests.ui.known import AMERICAN, GERMAN, HOSTILE, at, save
from tests.ui.rows_known import DST_DAY, FORMULA, SCRIPT, dst_messages, row_messages, sid
from tests.ui.serving import served
from workbench.lake import open_lake
from workbench.server.pages import PagesServer
from workbench.settings import Settings, load_settings

MARCH = "since=2025-03-01&until=2025-03-29"


@pytest.fixture(scope="module")
def rows_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("home"))})
    with open_lake(settings) as lake:
        save(lake, [*row_messages(), *dst_messages()])
    return settings


@pytest.fixture(scope="module")
def rows_server(rows_settings: Settings) -> Iterator[PagesServer]:
    with served(rows_settings) as server:
        yield server


@pytest.fixture
def reader(browser: Browser, rows_server: PagesServer) -> Iterator[Visitor]:
    opened = visit(browser, rows_server, color_scheme="light", accept_downloads=True)
    yield opened
    opened.context.close()
    assert opened.errors == []
    assert opened.strangers == []


def open_rows(visitor: Visitor, address: str) -> Page:
    visitor.page.goto(visitor.base + address)
    visitor.page.locator("tr[data-sid]").first.wait_for(timeout=PATIENCE)
    return visitor.page


def test_from_a_number_to_its_messages_to_one_of_them_and_back(reader: Visitor) -> None:
    page = reader.open(f"overview?{MARCH}&country=US")
    table = page.locator("tr[data-key='30003']")
    table.get_by_title("Show these messages").click()
    expect(page.locator("tr[data-sid]")).to_have_count(1)
    assert page.url.endswith(
        "messages?since=2025-03-01&until=2025-03-29&country=US&outcome=undelivered&outcome=failed"
        "&error_code=30003&back=overview"
    )
    page.locator("tr[data-sid] .time a").click()
    message = page.locator(".message")
    expect(message.get_by_role("heading", name="undelivered")).to_be_visible()
    assert f"message={sid(64)}" in page.url
    text = message.inner_text()
    assert "30003 Unreachable destination handset" in text
    assert "Who can fix it" in text
    assert "2 segments of UCS-2" not in text  # 205 characters are four segments of 67
    assert "4 segments of UCS-2, 205 16-bit units" in text
    assert "UCS-2 because of ’ (U+2019)" in text
    assert "4 billed by Twilio" in text
    assert "$0.0332" in text
    # The way back keeps the filters.
    trail = page.get_by_role("navigation", name="Breadcrumb")
    trail.get_by_role("link", name="Messages").click()
    expect(page.locator("tr[data-sid]")).to_have_count(1)
    trail.get_by_role("link", name="Overview").click()
    page.locator("[data-metric=messages] .value").wait_for()
    assert "country=US" in page.url
    assert "since=2025-03-01" in page.url


def test_rows_are_read_page_by_page_and_in_any_order(reader: Visitor) -> None:
    page = open_rows(reader, f"messages?{MARCH}")
    expect(page.locator("tr[data-sid]")).to_have_count(50)
    expect(page.locator(".pager [role=status]")).to_have_text("1–50 of 64")
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".pager [role=status]")).to_have_text("51–64 of 64")
    assert page.url.endswith("&page=2")
    page.get_by_role("button", name="Price").click()
    expect(page.locator("tr[data-sid]").first).to_have_attribute("data-sid", sid(61))
    assert page.url.endswith("&sort=-spend")
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Price")
    page.go_back()
    expect(page.locator(".pager [role=status]")).to_have_text("51–64 of 64")


def test_a_search_is_in_the_link_but_a_number_is_not(reader: Visitor) -> None:
    page = open_rows(reader, f"messages?{MARCH}")
    search = page.get_by_role("searchbox", name="Search messages")
    search.fill("number 17 is")
    expect(page.locator("tr[data-sid]")).to_have_count(1)
    assert page.url.endswith("&q=number+17+is")
    search.fill(GERMAN)
    expect(page.locator("tr[data-sid]")).to_have_attribute("data-sid", sid(61))
    assert "4915" not in page.url
    expect(search).to_be_focused()
    search.fill("no such words")
    expect(page.get_by_text("No message that matches the search in this period")).to_be_visible()


def test_a_page_behind_the_last_is_the_last_and_nonsense_is_named(reader: Visitor) -> None:
    page = open_rows(reader, f"messages?{MARCH}&page=99&sort=colour&message=12")
    expect(page.locator(".pager [role=status]")).to_have_text("51–64 of 64")
    expect(page.locator(".notice")).to_contain_text("Sort “colour” is not known; allowed are date_created")
    expect(page.locator(".notice")).to_contain_text("Message “12” is no message SID")


def test_hostile_texts_stay_texts_everywhere(reader: Visitor) -> None:
    page = open_rows(reader, f"messages?{MARCH}&sort=-date_created")
    expect(page.locator(f"tr[data-sid='{sid(61)}']")).to_contain_text(SCRIPT)
    expect(page.locator(f"tr[data-sid='{sid(62)}']")).to_contain_text(HOSTILE)
    page.goto(f"{reader.base}messages?{MARCH}&message={sid(61)}")
    expect(page.locator(".body")).to_have_text(SCRIPT)
    assert page.locator(".body img, .body script").count() == 0


def test_no_full_number_reaches_the_browser(reader: Visitor) -> None:
    page = open_rows(reader, f"messages?{MARCH}")
    page.goto(f"{reader.base}messages?{MARCH}&message={sid(63)}")
    expect(page.locator(".thread li.open")).to_be_visible()
    everything = "".join(reader.frames) + page.content()
    assert "+1415***0123" in everything
    for number in (AMERICAN, GERMAN):
        assert number not in everything
        assert number[1:] not in everything


def test_a_message_that_is_not_there_says_so(reader: Visitor) -> None:
    reader.page.goto(f"{reader.base}messages?message={sid(4095)}")
    expect(reader.page.get_by_text("It may not be synced yet, or Twilio has deleted it.")).to_be_visible()


def test_everything_can_be_done_from_the_keyboard(reader: Visitor) -> None:
    page = open_rows(reader, f"messages?{MARCH}")
    page.locator("tr[data-sid] .time a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".message")).to_be_visible()
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Messages").focus()
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-sid]")).to_have_count(50)
    menu = page.get_by_label("Download Messages")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Parquet").last).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Parquet").last).to_be_hidden()
    expect(menu).to_be_focused()


@pytest.mark.parametrize(
    ("label", "ending"), [("CSV", "csv"), ("Excel (XLSX)", "xlsx"), ("Parquet", "parquet")]
)
def test_what_is_shown_is_downloaded(reader: Visitor, tmp_path: Path, label: str, ending: str) -> None:
    page = open_rows(reader, f"messages?{MARCH}&q=%3DHYPERLINK")
    page.get_by_label("Download Messages").click()
    with page.expect_download() as started:
        page.get_by_role("link", name=label, exact=True).last.click()
    assert (
        started.value.suggested_filename == f"workbench-messages-messages-2025-03-01-to-2025-03-28.{ending}"
    )
    path = tmp_path / f"file.{ending}"
    started.value.save_as(path)
    assert read_body(path, ending) == ("'" if ending == "csv" else "") + FORMULA


def read_body(path: Path, ending: str) -> str:
    """The text of the only message of a file."""
    if ending == "parquet":
        (row,) = pq.read_table(path).to_pylist()
        return str(row["body"])
    if ending == "xlsx":
        heading, row = openpyxl.load_workbook(path)["Messages"].iter_rows(values_only=True)
        return str(dict(zip(heading, row, strict=True))["body"])
    lines = path.read_text(encoding="utf-8").split("\n")
    (cells,) = csv.DictReader(io.StringIO("\n".join(lines[int(lines[0].split()[5]) :])))
    return cells["body"]


def test_a_chart_is_saved_as_a_picture_and_a_page_as_one_file(reader: Visitor, tmp_path: Path) -> None:
    page = reader.open(f"overview?{MARCH}")
    page.locator(".plot .bars path").first.wait_for(state="attached")
    page.get_by_label("Download Messages").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Picture (PNG)").first.click()
    started.value.save_as(tmp_path / "chart.png")
    head = (tmp_path / "chart.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (2000, 920)
    page.get_by_label("Download this page").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="This page, HTML").click()
    started.value.save_as(tmp_path / "page.html")
    alone = reader.context.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto((tmp_path / "page.html").as_uri())
    alone.locator(".bars path").first.wait_for(state="attached")
    expect(alone.locator(".card").first).to_contain_text("64")
    assert asked == [(tmp_path / "page.html").as_uri()]


def test_two_currencies_are_never_added(reader: Visitor) -> None:
    reader.open(f"overview?{MARCH}")
    # 60 plain ones, the formula's and the undelivered one in dollars; the script's in euros.
    assert reader.card("spend")[1:4] == ["$0.548", "€0.0500", "USD, EUR"]


def test_the_night_of_a_dst_change_has_its_own_hours(reader: Visitor) -> None:
    page = reader.open(f"overview?{DST_DAY}")
    # 22:59 UTC is still the 29th in Berlin, 22:00 UTC already the 31st.
    assert reader.card("messages")[1] == "4"
    page.goto(f"{reader.base}messages?{DST_DAY}")
    times = page.locator("tr[data-sid] .time")
    expect(times).to_have_text(
        ["2025-03-30 23:59:00", "2025-03-30 03:30:00", "2025-03-30 01:30:00", "2025-03-30 00:00:00"]
    )


def test_a_time_that_the_lake_does_not_cover_is_not_compared(reader: Visitor) -> None:
    page = reader.open("overview?since=2025-03-03&until=2025-03-05")
    expect(page.locator(".period")).to_contain_text("not whole: history begins 4 Mar 2025")
    expect(page.locator("[data-metric=messages] .change")).to_have_count(0)


def test_rare_filters_are_behind_one_word_and_open_when_used(reader: Visitor) -> None:
    page = reader.open(f"overview?{MARCH}")
    expect(page.locator("summary", has_text="Sender type")).to_be_hidden()
    page.locator("summary", has_text="More filters").click()
    page.locator("summary", has_text="Error code").click()
    page.get_by_role("checkbox", name="30003").check()
    expect(page.locator("[data-metric=messages] .value")).to_have_text("1")
    assert "error_code=30003" in page.url
    expect(page.locator("summary", has_text="More filters")).to_contain_text("1 in use")


def test_news_do_not_take_the_readers_place_and_can_wait(reader: Visitor, rows_settings: Settings) -> None:
    page = reader.open("overview?since=2024-05-01&until=2024-05-08")
    value = page.locator("[data-metric=messages] .value")
    page.locator("[data-metric=segments]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    add(rows_settings, 900)
    expect(value).to_have_text("1")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-metric=segments]")).to_be_focused()
    # Switched off, changes wait for the reader; this browser remembers it.
    page.get_by_role("switch", name="Auto refresh").click()
    expect(page.get_by_role("switch", name="Auto refresh")).to_have_attribute("aria-checked", "false")
    add(rows_settings, 901)
    page.get_by_role("button", name="New data: show it").click()
    expect(value).to_have_text("2")
    reader.open("overview?since=2024-05-01&until=2024-05-08")
    expect(page.get_by_role("switch", name="Auto refresh")).to_have_attribute("aria-checked", "false")
    page.get_by_role("switch", name="Auto refresh").click()


def add(settings: Settings, number: int) -> None:
    moment = "Fri, 03 May 2024 12:00:00 +0000"
    message = {
        **payload(number, **at(3, 3)),
        "date_created": moment,
        "date_sent": moment,
        "date_updated": moment,
    }
    with open_lake(settings) as lake:
        save(lake, [message])


def test_a_phone_shows_rows_and_a_message_without_sideways(
    browser: Browser, rows_server: PagesServer
) -> None:
    phone = visit(
        browser, rows_server, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True,
        color_scheme="dark",
    )  # fmt: skip
    page = open_rows(phone, f"messages?{MARCH}")
    narrow(page)
    expect(page.locator(".panel").first).to_have_css("background-color", "rgb(21, 27, 34)")
    page.locator("tr[data-sid]").first.tap()
    expect(page.locator(".message")).to_be_visible()
    narrow(page)
    phone.context.close()
    assert phone.errors == []
    assert phone.strangers == []


def narrow(page: Page) -> None:
    inner = page.locator(".main-content").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert inner[0] <= inner[1]


def test_a_lake_of_one_message(browser: Browser, settings: Settings) -> None:
    with open_lake(settings) as lake:
        save(lake, [payload(1, **at(3, 3))])
    with served(settings) as server:
        visitor = visit(browser, server)
        visitor.open("overview?since=2025-03-03&until=2025-03-04")
        assert visitor.card("messages")[1] == "1"
        assert visitor.card("delivery_rate")[1] == "–"
        assert "only 1 final, too few for a rate" in " ".join(visitor.card("delivery_rate"))
        page = open_rows(visitor, "messages?since=2025-03-03&until=2025-03-04")
        expect(page.locator(".pager [role=status]")).to_have_text("1–1 of 1")
        visitor.context.close()
        assert visitor.errors == []

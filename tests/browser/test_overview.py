"""The overview as people see it: the numbers counted by hand, links, light and dark, desktop and phone."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visitor, visit
from tests.messages import payload
from tests.ui.known import AMERICAN, GERMAN, HOSTILE, WEEK, at, save
from workbench.lake import open_lake
from workbench.server.pages import PagesServer
from workbench.settings import Settings

ADDRESS = f"overview?{WEEK}"


def test_the_numbers_are_those_counted_by_hand(visitor: Visitor) -> None:
    page = visitor.open(ADDRESS)
    assert visitor.card("messages") == ["Messages", "72", "44 %"]
    assert visitor.card("delivery_rate")[:4] == ["Delivery rate", "79.4 %", "0.6 pp", "of 63 final"]
    assert visitor.card("undelivered_rate") == [
        "Undelivered rate", "12.7 %", "7.3 pp", "of 63 final", "4 in flight"
    ]  # fmt: skip
    assert visitor.card("spend")[:4] == ["Spend", "€0.500", "nothing to compare", "$0.463"]
    assert visitor.card("cost_per_delivered")[1:3] == ["$0.0106", "2.0 %"]
    assert visitor.card("in_flight") == ["In flight", "4"]
    assert visitor.card("opt_outs")[:2] == ["Opt-outs", "2"]
    assert visitor.card("segments")[:2] == ["Segments", "82"]
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    line = page.locator(".freshness").inner_text()
    assert re.fullmatch(r"as of \d\d:\d\d UTC·?\s*never synced·?\s*4 in flight·?\s*98\.2 % priced", line)
    expect(page.locator(".period")).to_have_text(
        "Chosen days3 Mar – 9 Mar 2025 (UTC), against 24 Feb – 2 Mar 2025"
    )


def test_charts_are_drawn_by_the_plotly_that_fits(visitor: Visitor) -> None:
    page = visitor.open(ADDRESS)
    expect(page.locator(".plot")).to_have_count(3)
    # Four non-empty bars of the first week's outcomes stand on Tuesday and Wednesday alone.
    page.locator(".plot .bars path").first.wait_for()
    assert page.evaluate("globalThis.moduleName.version") == "4.1.1"
    expect(page.locator(".series").first.get_by_role("button")).to_have_text(
        [
            "Delivered",
            "Unknown",
            "In flight",
            "Undelivered",
            "Failed",
            "Received",
            "Before: 24 Feb – 2 Mar 2025",
        ]
    )


def test_a_definition_stands_behind_each_number(visitor: Visitor) -> None:
    page = visitor.open(ADDRESS)
    page.locator("[data-metric=delivery_rate]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Delivery rate")).to_be_visible()
    text = dialog.inner_text()
    assert "delivered or read messages" in text
    assert "Sample size\n63" in text
    assert "from message_facts" in text
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    # And by keyboard alone.
    page.locator("[data-metric=spend]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("heading", name="Spend", exact=True)).to_be_visible()


def test_reasons_are_ranked_and_open_into_what_to_do(visitor: Visitor) -> None:
    page = visitor.open(ADDRESS)
    rows = page.locator("tr[data-key='30003'], tr[data-key='21610'], tr[data-key='30007']")
    expect(rows).to_have_count(3)
    words = " ".join(rows.first.inner_text().split())
    assert words == "30003 Unreachable destination handset 6 60.0 % 60.0 %"
    rows.first.get_by_role("button").click()
    expect(page.locator("tr.detail")).to_contain_text("What to do")


def test_a_link_shows_the_same_view_elsewhere(
    visitor: Visitor, browser: Browser, known_server: PagesServer
) -> None:
    page = visitor.open(ADDRESS)
    page.locator("summary", has_text="Country").click()
    page.get_by_role("checkbox", name="Germany").check()
    expect(page.locator("[data-metric=messages] .value")).to_have_text("12")
    assert page.url == f"{known_server.url}{ADDRESS}&country=DE"
    other = visit(browser, known_server)
    other.open(page.url.removeprefix(known_server.url))
    assert other.card("messages")[1] == "12"
    expect(other.page.locator(".chip")).to_have_count(2)
    other.context.close()


def test_back_and_forward_lead_through_what_was_shown(visitor: Visitor) -> None:
    page = visitor.open(ADDRESS)
    value = page.locator("[data-metric=messages] .value")
    page.get_by_role("button", name=HOSTILE, exact=True).click()
    expect(value).to_have_text("10")
    page.get_by_role("button", name="Remove filter Sender").click()
    expect(value).to_have_text("72")
    page.go_back()
    expect(value).to_have_text("10")
    page.go_back()
    expect(value).to_have_text("72")
    page.go_forward()
    expect(value).to_have_text("10")
    assert "sender=" in page.url


def test_a_comparison_can_be_chosen_or_left(visitor: Visitor) -> None:
    page = visitor.open("overview?since=2025-03-05&until=2025-03-07")
    expect(page.locator(".period")).to_contain_text("against 3 Mar – 4 Mar 2025")
    page.get_by_label("Compare with").select_option("year")
    expect(page.locator(".period")).to_contain_text("not compared: history begins")
    page.get_by_label("Compare with").select_option("none")
    expect(page.locator(".period")).to_have_text("Chosen days5 Mar – 6 Mar 2025 (UTC)")
    assert page.url.endswith("compare=none")
    expect(page.locator("[data-metric=messages] .change")).to_have_count(0)


def test_impossible_values_are_named_dismissed_and_ignored(visitor: Visitor) -> None:
    page = visitor.open(f"{ADDRESS}&country=XX&period=12d&sender=<img src=x onerror=alert(1)>")
    notice = page.locator(".notice")
    expect(notice).to_contain_text("Country “XX” is not known; allowed are US, DE.")
    expect(notice).to_contain_text("Sender “<img src=x onerror=alert(1)>” is not known")
    expect(notice).to_contain_text("Period “12d” is not known; allowed are 7d, 30d, 90d, today, yesterday, ")
    assert visitor.card("messages")[1] == "72"
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)


def test_a_click_on_a_bar_looks_at_that_day(visitor: Visitor) -> None:
    page = visitor.open(ADDRESS)
    chart = page.locator(".plot").first
    chart.locator(".bars path").first.wait_for()
    chart.scroll_into_view_if_needed()
    box = chart.locator(".nsewdrag").bounding_box()
    assert box is not None
    # Seven days side by side; the first bar is as high as the chart.
    page.mouse.click(box["x"] + box["width"] / 14, box["y"] + box["height"] * 0.8)
    expect(page.locator("[data-metric=messages] .value")).to_have_text("40")
    assert page.url.endswith("overview?since=2025-03-03&until=2025-03-04")
    page.get_by_role("button", name="Remove filter Days").click()
    expect(page.get_by_text("Last 30 days")).to_be_visible()


def test_strangers_texts_stay_texts(visitor: Visitor) -> None:
    page = visitor.open(ADDRESS)
    row = page.get_by_role("button", name=HOSTILE, exact=True)
    expect(row).to_be_visible()
    assert row.locator("b").count() == 0


def test_no_full_number_reaches_the_browser(visitor: Visitor) -> None:
    page = visitor.open(f"{ADDRESS}&sender=%2B1202***0110")
    page.locator("[data-metric=messages]").click()
    everything = "".join(visitor.frames) + page.content()
    assert "+12025550110" in everything
    for number in (AMERICAN, GERMAN):
        assert number not in everything
        assert number[1:] not in everything


def test_the_theme_switch_restyles_everything_and_is_remembered(visitor: Visitor) -> None:
    page = visitor.open(ADDRESS)
    bar = page.locator(".plot .bars path").first
    bar.wait_for()
    card = page.locator("[data-metric=messages]")
    assert bar.evaluate("e => getComputedStyle(e).fill") == "rgb(47, 111, 179)"
    assert card.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
    page.get_by_label("Toggle theme").click()
    page.wait_for_function("document.cookie.includes('workbench_theme=dark')")
    expect(bar).to_have_css("fill", "rgb(74, 143, 214)")
    assert card.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(21, 27, 34)"
    visitor.open(ADDRESS)
    expect(card).to_have_css("background-color", "rgb(21, 27, 34)")


def test_a_dark_system_gets_a_dark_page(browser: Browser, known_server: PagesServer) -> None:
    visitor = visit(browser, known_server, color_scheme="dark")
    visitor.open(ADDRESS)
    expect(visitor.page.locator("[data-metric=messages]")).to_have_css("background-color", "rgb(21, 27, 34)")
    visitor.context.close()


def test_a_phone_shows_the_numbers_first_and_nothing_sideways(phone: Visitor) -> None:
    page = phone.open(ADDRESS)
    expect(page.get_by_label("Open drawer")).to_be_visible()
    expect(page.locator("form.filters")).to_have_count(0)
    widths = page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]")
    assert max(widths) <= 390
    inner = page.locator(".main-content").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert inner[0] <= inner[1]
    first, second = (page.locator("button.card").nth(number).bounding_box() for number in (0, 1))
    assert first is not None
    assert second is not None
    assert first["y"] == second["y"], "two columns"
    page.get_by_label("Open drawer").tap()
    expect(page.locator("form.filters")).to_be_visible()
    page.get_by_text("7 days", exact=True).tap()
    page.wait_for_url("**/overview?period=7d")


def test_a_narrow_window_of_a_desktop_starts_without_its_drawer(
    browser: Browser, known_server: PagesServer
) -> None:
    visitor = visit(browser, known_server, viewport={"width": 390, "height": 844})
    visitor.open(ADDRESS)
    expect(visitor.page.locator("form.filters")).to_have_count(0)
    visitor.context.close()


def test_the_page_draws_itself_again_when_somebody_commits(
    visitor: Visitor, known_settings: Settings
) -> None:
    page = visitor.open("overview?since=2024-01-01&until=2024-01-08")
    value = page.locator("[data-metric=messages] .value")
    expect(value).to_have_text("0")
    expect(page.get_by_text("The newest message is of")).to_have_count(0)
    with open_lake(known_settings) as lake:
        message = payload(950, **at(3, 3), status="delivered")
        moment = "Wed, 03 Jan 2024 12:00:00 +0000"
        save(lake, [{**message, "date_created": moment, "date_sent": moment, "date_updated": moment}])
    expect(value).to_have_text("1")


def test_days_without_messages_say_what_is_there(visitor: Visitor) -> None:
    page = visitor.open("overview?since=2025-06-01&until=2025-06-08")
    expect(page.get_by_text("No messages in this period with these filters.").first).to_contain_text(
        "The newest message is of 8 Mar 2025."
    )
    expect(page.get_by_text("Nothing failed in this period with these filters.")).to_be_visible()
    assert visitor.card("delivery_rate")[1] == "–"

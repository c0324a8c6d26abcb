"""The pages below the overview in a real browser: their numbers, their links, and texts that stay texts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visitor, visit
from tests.messages import payload
from tests.ui.known import OURS, WEEK, at, known_messages, save
from tests.ui.serving import served
from workbench.lake import open_lake
from workbench.server.pages import PagesServer
from workbench.settings import Settings, load_settings

PAGES = ("cost", "segmentation", "throughput", "failures")
_SCRIPT = "<script>window.hit = 1</script> it’s a very long text of a stranger, over seventy units"


@pytest.fixture(scope="module")
def pages_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesServer]:
    """The lake counted by hand, with a hostile text and a minute at a sender's limit in the week after."""
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("home"))})
    _fill(settings)
    with served(settings) as server:
        yield server


def _fill(settings: Settings) -> None:
    start = datetime(2025, 3, 12, 9, tzinfo=UTC)
    busy = [
        payload(2000 + n, date_created=start, date_sent=start + timedelta(seconds=n), **{"from": OURS})
        for n in range(60)
    ]
    hostile = [payload(3000, **at(3, 13), body=_SCRIPT, num_segments="2", price="-0.0200")]
    with open_lake(settings) as lake:
        save(lake, [*known_messages(), *busy, *hostile])
        lake.write(
            lambda cursor: cursor.execute(
                "insert into senders (account_sid, sender, sender_type, mps_limit, mps_limit_source, "
                "read_at) select distinct account_sid, sender, sender_type, 1, 'configuration', now() "
                f"from raw_messages where sender = '{OURS}'"
            )
        )


@pytest.fixture
def window(browser: Browser, pages_server: PagesServer) -> Iterator[Visitor]:
    opened = visit(browser, pages_server, color_scheme="light")
    yield opened
    opened.context.close()
    assert opened.errors == []
    assert opened.strangers == []


def go(visitor: Visitor, address: str) -> None:
    visitor.page.goto(visitor.base + address)
    visitor.page.locator("button.card .value").first.wait_for()
    expect(visitor.page.locator(".skeleton")).to_have_count(0)


def test_the_numbers_of_cost_and_failures(window: Visitor) -> None:
    go(window, f"cost?{WEEK}")
    assert window.card("wasted_spend")[1:2] == ["$0.0684"]
    waste = window.page.locator("tr[data-key='30003 USD'], tr[data-key='30003']").first
    expect(waste).to_contain_text("$0.0498")
    go(window, f"failures?{WEEK}")
    assert window.card("error_rate")[:2] == ["Error rate", "15.9 %"]
    assert window.card("error_rate_without_opt_outs")[1] == "13.1 %"
    row = window.page.locator("tr[data-key='30003']").first
    row.get_by_role("button").click()
    expect(window.page.locator("tr.detail")).to_contain_text("What to do")
    window.page.locator("tr.detail").get_by_role("link", name="Its messages").click()
    code = window.page.locator("button.code-button").first
    expect(code).to_contain_text("30003")
    code.focus()
    window.page.keyboard.press("Enter")
    expect(window.page.locator("dialog")).to_contain_text("Who can fix it")
    window.page.keyboard.press("Escape")
    expect(window.page.locator("dialog")).to_have_count(0)


def test_what_changed_leads_to_the_page_that_shows_more_with_the_filters(window: Visitor) -> None:
    go(window, "overview?since=2025-03-10&until=2025-03-17&country=US")
    item = window.page.locator("li", has_text="was at its limit for 1 minute")
    expect(item).to_contain_text("+12025550110")
    item.get_by_role("link").click()
    window.page.wait_for_url("**/throughput?*")
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Throughput")
    for part in ("since=2025-03-10", "until=2025-03-17", "country=US", "sender="):
        assert part in window.page.url
    assert window.card("minutes_at_limit")[:2] == ["Minutes at the limit", "1"]
    assert window.card("queue_wait_p95")[1] == "56 s"


def test_a_click_on_a_code_filters_by_it(window: Visitor) -> None:
    go(window, f"failures?{WEEK}")
    pareto = window.page.locator("figure", has_text="Most frequent error codes").locator(".plot")
    pareto.locator(".bars path").first.wait_for()
    pareto.scroll_into_view_if_needed()
    box = pareto.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    window.page.mouse.click(box["x"] + box["width"] / 6, box["y"] + box["height"] * 0.9)
    window.page.wait_for_url("**error_code=30003")
    expect(window.page.locator("[data-metric=not_delivered] .value")).to_have_text("6")


def test_a_strangers_text_is_text_with_its_cheaper_form(window: Visitor) -> None:
    go(window, "segmentation?since=2025-03-10&until=2025-03-17")
    row = window.page.get_by_role("button", name="<script>window.hit").first
    expect(row).to_be_visible()
    row.click()
    expect(window.page.locator("tr.detail").first).to_contain_text("it's a very long text")
    assert window.page.evaluate("window.hit") is None
    assert window.page.locator(".panel b, .panel script").count() == 0


def test_no_page_scrolls_sideways_on_a_phone(browser: Browser, pages_server: PagesServer) -> None:
    phone = visit(
        browser, pages_server, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    for name in PAGES:
        go(phone, f"{name}?since=2025-02-24&until=2025-03-17")
        inner = phone.page.locator(".main-content").evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert inner[0] <= inner[1], name
        wide = phone.page.locator(".scroll").evaluate_all(
            "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).length"
        )
        assert wide == 0, f"a table of {name} is cut off"
    phone.context.close()
    assert phone.errors == []

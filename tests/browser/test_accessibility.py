"""Every page with axe-core in both themes, and what no rule of it sees: keyboard, focus, tables of charts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visitor, visit
from tests.ui.known import WEEK
from workbench.server.pages import PagesServer
from workbench.ui.navigation import discover_pages

#: The inbox has a layout and a keyboard of its own, with tests of its own.
PAGES = [info.name for info in discover_pages() if info.name != "inbox"]


@pytest.fixture(scope="module")
def reader(browser: Browser, known_server: PagesServer) -> Iterator[Visitor]:
    """One window for all: the pages are opened one after the other."""
    visitor = visit(browser, known_server, color_scheme="light", reduced_motion="reduce")
    yield visitor
    visitor.context.close()


def opened(reader: Visitor, address: str) -> Page:
    page = reader.page
    page.goto(reader.base + address)
    expect(page.locator("h1").first).to_be_visible()
    expect(page.locator("[aria-busy=true]:visible")).to_have_count(0)
    return page


def faults(page: Page) -> dict[str, list[str]]:
    """What axe finds: each rule with the elements that break it."""
    response = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return {rule["id"]: [node["html"][:160] for node in rule["nodes"]] for rule in response["violations"]}


@pytest.mark.parametrize("name", PAGES)
def test_axe_has_nothing_to_say(reader: Visitor, name: str) -> None:
    for theme in ("default", "dark"):
        page = opened(reader, f"{name}?{WEEK}&theme={theme}")
        assert faults(page) == {}, theme
        assert page.locator("h1").count() >= 1


def focused(page: Page) -> str:
    """The tag and the name of what has the focus, through all shadow roots."""
    return str(
        page.evaluate("""() => {
      let element = document.activeElement
      while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
      return `${element.localName} ${element.getAttribute('aria-label') || element.textContent}`
    }""")
    )


def test_the_keyboard_reaches_the_content_and_shows_where_it_is(reader: Visitor) -> None:
    page = opened(reader, f"overview?{WEEK}")
    for _ in range(4):
        page.keyboard.press("Tab")
        if focused(page) == "button Skip to content":
            break
    assert focused(page) == "button Skip to content"
    page.keyboard.press("Enter")
    assert focused(page) == "h1 Overview"
    # Wherever the focus goes, an outline says so.
    for _ in range(25):
        page.keyboard.press("Tab")
        outline = page.evaluate("""() => {
          let element = document.activeElement
          while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
          const parts = [element, element.closest('label'), element.nextElementSibling].filter(Boolean)
          return parts.map((part) => getComputedStyle(part).outlineStyle)
        }""")
        assert set(outline) != {"none"}, focused(page)


def test_a_chart_is_read_and_opened_by_keyboard(reader: Visitor) -> None:
    page = opened(reader, f"overview?{WEEK}")
    chart = page.get_by_role("application", name="Chart: Messages,")
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(chart.get_by_role("status")).to_have_text("2025-03-03, Delivered, 40")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{reader.base}overview?since=2025-03-04&until=2025-03-05")


def test_a_chart_is_a_table_too(reader: Visitor) -> None:
    page = opened(reader, f"overview?{WEEK}")
    page.get_by_role("button", name="Show as table: Messages").click()
    table = page.get_by_role("region", name="Messages as a table")
    assert [head.inner_text() for head in table.get_by_role("columnheader").all()][:1] == ["Delivered"]
    assert table.get_by_role("row").count() == 8
    expect(table.get_by_role("row").nth(2).get_by_role("rowheader")).to_have_text("2025-03-04")
    table.get_by_role("button", name="2025-03-04").click()
    expect(page).to_have_url(f"{reader.base}overview?since=2025-03-04&until=2025-03-05")

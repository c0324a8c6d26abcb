"""No tile shows a number under the heading of other filters: seen in every frame of a slow change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visitor, visit
from tests.ui.known import WEEK
from workbench.server.pages import PagesServer
from workbench.ui.page_data import PageData

_SLOW_SECONDS = 0.15

#: Notes, frame by frame, the heading and what each tile lets a reader see.
_WATCH = """() => {
  const everywhere = (root, elements = []) => {
    for (const element of root.querySelectorAll('*')) {
      elements.push(element)
      if (element.shadowRoot) everywhere(element.shadowRoot, elements)
    }
    return elements
  }
  const seen = (element) => element && element.checkVisibility({visibilityProperty: true})
  window.frames_seen = []
  const look = () => {
    const all = everywhere(document)
    const text = (selector) => all.filter((e) => e.matches(selector) && seen(e)).map((e) => e.textContent)
    window.frames_seen.push({
      heading: text('.head .chip').join(' ') || 'all',
      messages: text('[data-metric=messages] .value')[0] ?? null,
      rows: text('tbody td').length,
      busy: all.filter((e) => e.matches('[aria-busy=true]')).length,
      charts: all.filter((e) => e.matches('.plot .main-svg') && seen(e)).length,
    })
    window.watching = requestAnimationFrame(look)
  }
  look()
}"""


@pytest.fixture
def slow(browser: Browser, known_server: PagesServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitor]:
    """The overview of the known week, behind a store that needs a while for each metric."""
    visitor = visit(browser, known_server, color_scheme="light")
    visitor.open(f"overview?{WEEK}")
    expect(visitor.page.locator("[aria-busy=true]")).to_have_count(0)
    answer = PageData.metric

    def slowly(data: PageData, *names: Any, **options: Any) -> Any:
        time.sleep(_SLOW_SECONDS)
        return answer(data, *names, **options)

    monkeypatch.setattr(PageData, "metric", slowly)
    yield visitor
    visitor.context.close()
    assert visitor.errors == []


def frames_of(page: Page) -> list[dict[str, Any]]:
    noted: list[dict[str, Any]] = page.evaluate(
        "() => { cancelAnimationFrame(window.watching); return frames_seen }"
    )
    return noted


def change(page: Page, act: Any, value: str) -> list[dict[str, Any]]:
    """What was seen from the click until every tile had its answer."""
    page.evaluate(_WATCH)
    act()
    expect(page.locator("[data-metric=messages] .value")).to_have_text(value)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    return frames_of(page)


def test_no_frame_shows_a_number_of_other_filters(slow: Visitor) -> None:
    page = slow.page
    germany = page.get_by_role("button", name="Germany")
    noted = change(page, germany.click, "12")
    assert {(f["heading"], f["messages"]) for f in noted if f["messages"]} == {
        ("Days3 Mar – 9 Mar 2025", "72"), ("Days3 Mar – 9 Mar 2025 CountryGermany", "12"),
    }  # fmt: skip
    # From the click on nothing is shown until the answer, also while the heading is still the old one.
    hidden = [f for f in noted if f["messages"] is None]
    assert hidden
    assert hidden[0]["heading"] == "Days3 Mar – 9 Mar 2025"
    assert (hidden[0]["rows"], hidden[0]["charts"]) == (0, 0)
    assert hidden[0]["busy"] >= 5
    values = [f["messages"] for f in noted]
    assert values == sorted(values, key=["72", None, "12"].index)
    # Whoever clicked by keyboard goes on from there.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body")

    back = change(page, page.go_back, "72")
    assert {(f["heading"], f["messages"]) for f in back if f["messages"]} == {
        ("Days3 Mar – 9 Mar 2025 CountryGermany", "12"), ("Days3 Mar – 9 Mar 2025", "72"),
    }  # fmt: skip


def test_a_refused_change_gives_the_numbers_back(slow: Visitor) -> None:
    page = slow.page
    # What is there already is asked for again: the tiles get their numbers back.
    page.evaluate("history.replaceState({}, '', location.search + '&country=ZZ')")
    page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    expect(page.get_by_text("Country “ZZ” is not known")).to_be_visible()
    expect(page.locator("[data-metric=messages] .value")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)

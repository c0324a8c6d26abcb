"""Signing in, in a real browser: the form, the page behind it, and the way out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.access.people import PASSWORDS, home_with_people
from tests.browser.conftest import Visitor, visit
from tests.ui.known import known_messages, save
from tests.ui.serving import served
from workbench.lake import open_lake
from workbench.server.pages import PagesServer


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesServer]:
    settings = home_with_people(tmp_path_factory.mktemp("guarded") / "home")
    with open_lake(settings) as lake:
        save(lake, known_messages())
    with served(settings) as server:
        yield server


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_in_and_out(browser: Browser, guarded: PagesServer, size: tuple[int, int], scheme: str) -> None:
    viewport = {"width": size[0], "height": size[1]}
    visitor = visit(browser, guarded, viewport=viewport, color_scheme=scheme)
    try:
        _in_and_out(visitor, scheme)
        assert visitor.errors == []
        assert visitor.strangers == []
    finally:
        visitor.context.close()


def _in_and_out(visitor: Visitor, scheme: str) -> None:
    page = visitor.page
    page.goto(visitor.base + "overview?period=90d")
    expect(page.get_by_label("Name")).to_be_focused()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(245, 246, 248)", "dark": "rgb(13, 18, 23)"}[scheme]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Name").fill("vic")
    page.get_by_label("Password").fill(PASSWORDS["vic"])
    page.get_by_role("button", name="Sign in").click()
    page.locator("[data-metric=messages] .value").wait_for()
    assert page.url == visitor.base + "overview?period=90d"
    assert page.evaluate("document.cookie").find("workbench=") == -1
    if page.viewport_size and page.viewport_size["width"] > 900:
        expect(page.get_by_text("viewer", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Name")).to_be_visible()
    page.goto(visitor.base + "overview")
    expect(page.get_by_label("Password")).to_be_visible()

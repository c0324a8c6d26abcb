"""What is seen when there is nothing to show: an empty lake, a broken page, a lake that fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import visit
from tests.messages import payload
from tests.ui.known import at, save
from tests.ui.serving import served
from workbench.lake import open_lake
from workbench.server import pages
from workbench.settings import Settings
from workbench.ui import page as page_module
from workbench.ui.navigation import discover_pages


def test_an_empty_lake_says_how_to_fill_it_and_then_draws(
    browser: Browser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(settings) as server:
        visitor = visit(browser, server)
        page = visitor.page
        page.goto(f"{server.url}overview?since=2025-03-03&until=2025-03-10")
        expect(page.get_by_role("heading", name="No messages yet")).to_be_visible()
        expect(page.get_by_text("workbench sync", exact=True)).to_be_visible()
        expect(page.locator("button.card")).to_have_count(0)
        with open_lake(settings) as lake:
            save(lake, [payload(1, **at(3, 3))])
        expect(page.locator("[data-metric=messages] .value")).to_have_text("1")
        expect(page.get_by_role("heading", name="No messages yet")).to_be_hidden()
        visitor.context.close()
        assert visitor.errors == []
        assert visitor.strangers == []


PAGES = {
    "overview": '"""Overview: fine."""\nfrom workbench import ui\npage = ui.Page("overview", __doc__, [])\n',
    "broken": '"""Broken: not at all."""\nraise RuntimeError("<b>no such thing</b>")\n',
    "half": (
        '"""Half: one part fails."""\nfrom workbench import ui\n'
        'page = ui.Page("half", __doc__, [ui.Cards(["messages"]), ui.Cards(["no_such_metric"])])\n'
    ),
}


def test_a_broken_page_is_not_an_empty_one(
    browser: Browser, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "dashboards"
    folder.mkdir()
    for name, source in PAGES.items():
        (folder / f"{name}.py").write_text(source)
    monkeypatch.setattr(pages, "discover_pages", lambda: discover_pages(folder))
    monkeypatch.setattr(page_module, "discover_pages", lambda: discover_pages(folder))
    with open_lake(settings) as lake:
        save(lake, [payload(1, **at(3, 3))])
    with served(settings) as server:
        visitor = visit(browser, server)
        page = visitor.page
        page.goto(f"{server.url}broken")
        expect(page.get_by_role("alert")).to_contain_text(
            "broken.py cannot be loaded: RuntimeError: <b>no such thing</b>"
        )
        # The others are one click away.
        page.get_by_role("link", name="Half").click()
        expect(page.locator("[data-metric=messages] .value")).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("No metric named 'no_such_metric'.")
        visitor.context.close()
        assert visitor.errors == []

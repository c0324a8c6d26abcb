"""A real Chromium in front of the real pages server, over the lake that was counted by hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect, sync_playwright

from tests.ui.known import known_messages, note_days, save
from tests.ui.serving import served
from workbench.lake import open_lake
from workbench.server.pages import PagesServer
from workbench.settings import Settings, load_settings

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: A page is given this long to show something, in milliseconds.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason="NO CHROMIUM on this machine: the browser tests were not run")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(missing)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def known_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("home"))})
    with open_lake(settings) as lake:
        save(lake, known_messages())
        note_days(lake)
    return settings


@pytest.fixture(scope="module")
def known_server(known_settings: Settings) -> Iterator[PagesServer]:
    with served(known_settings, idle_session_ms=8_000) as server:
        yield server


@dataclass
class Visitor:
    """A browser window that notices what no reader should: errors, and requests to anywhere else."""

    context: BrowserContext
    page: Page
    base: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("websocket", self._note_socket)

    def _note(self, url: str) -> None:
        if not url.startswith((self.base, self.base.replace("http", "ws", 1), "data:", "blob:")):
            self.strangers.append(url)

    def _note_socket(self, socket: WebSocket) -> None:
        self._note(socket.url)
        socket.on("framereceived", lambda frame: self.frames.append(str(frame)))

    def open(self, address: str) -> Page:
        """Go to an address and wait until its cards are drawn."""
        self.page.goto(self.base + address)
        self.page.locator("[data-metric=messages] .value").wait_for(timeout=PATIENCE)
        return self.page

    def card(self, metric: str) -> list[str]:
        """What a card says, line by line."""
        return self.page.locator(f"[data-metric={metric}]").inner_text().splitlines()


def visit(browser: Browser, server: PagesServer, **options: Any) -> Visitor:
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    context.set_default_timeout(PATIENCE)
    if server.link:
        # Opened once before: the browser is remembered.
        context.request.get(server.address, max_redirects=0)
    visitor = Visitor(context, context.new_page(), server.url)
    visitor.listen()
    return visitor


@pytest.fixture
def visitor(browser: Browser, known_server: PagesServer) -> Iterator[Visitor]:
    """A desktop window in light; afterwards nothing may have gone wrong in it."""
    opened = visit(browser, known_server, color_scheme="light")
    yield opened
    opened.context.close()
    assert opened.errors == []
    assert opened.strangers == []


@pytest.fixture
def phone(browser: Browser, known_server: PagesServer) -> Iterator[Visitor]:
    opened = visit(
        browser, known_server, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    yield opened
    opened.context.close()
    assert opened.errors == []
    assert opened.strangers == []

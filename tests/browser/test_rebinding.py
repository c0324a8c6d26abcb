"""A website against the pages, in a real browser: its name leads to this machine; scripts, forms, frames."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import _FLAGS, CHROMIUM, PATIENCE, visit
from tests.ui.serving import served
from workbench.server.pages import PagesServer
from workbench.settings import Settings, load_settings
from workbench.ui.navigation import discover_pages

ATTACKER = "attacker.test"


@pytest.fixture(scope="module", params=["", "[access]\ntoken = false\n"], ids=["link", "open"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesServer]:
    """Also without a token a website gets nothing."""
    home = tmp_path_factory.mktemp("rebinding")
    (home / "workbench.toml").write_text(request.param)
    with served(load_settings({"WORKBENCH_HOME": str(home)})) as running:
        yield running


@pytest.fixture(scope="module")
def misled() -> Iterator[Browser]:
    """A browser for which the attacker's name is this machine."""
    with sync_playwright() as playwright:
        rule = f"--host-resolver-rules=MAP {ATTACKER} 127.0.0.1"
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=[*_FLAGS, rule])
        yield launched
        launched.close()


@contextmanager
def website() -> Iterator[int]:
    """A server of somebody else, with an empty page; its port."""

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><body>")

        def log_message(self, *_: object) -> None:
            """The test looks at the browser."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Empty) as running, ThreadPoolExecutor(1) as thread:
        thread.submit(running.serve_forever)
        try:
            yield running.server_port
        finally:
            running.shutdown()


#: What a script on a page learns of an address: the texts it reads, and how its websocket ends.
_ATTACK = """async (base) => {
  const text = async (path, options) => { try { return await (await fetch(base + path, options)).text() }
    catch (error) { return "failed" } }
  const socket = await new Promise((done) => {
    const opened = new WebSocket(base.replace("http", "ws") + "/inbox/ws", ["bokeh", "x.y"])
    opened.onopen = () => done("open"); opened.onerror = () => done("refused") })
  return { page: await text("/inbox"), chosen: await text("/inbox?bokeh-session-id=mine"),
    credentials: await text("/overview", {credentials: "include"}), healthz: await text("/healthz"),
    posted: await text("/login", {method: "POST", body: new URLSearchParams({name: "ana"})}),
    file: await text("/download/messages/messages.csv"), socket } }"""


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_name_led_to_this_machine_gets_nothing(
    misled: Browser, server: PagesServer, size: tuple[int, int], scheme: str, tmp_path: Path
) -> None:
    context = misled.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)  # type: ignore[arg-type]
    remember(context.request.get, server)
    page = context.new_page()
    base = f"http://{ATTACKER}:{server.port}"
    answer = page.goto(f"{base}/inbox")
    assert answer
    assert answer.status == 421
    expect(page.get_by_role("heading", name="This name is not served here")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(f'asked for as "{ATTACKER}:{server.port}"')
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(245, 246, 248)", "dark": "rgb(13, 18, 23)"}[scheme]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=tmp_path / "refused.png")
    context.close()


def test_scripts_of_a_rebound_page_read_nothing(misled: Browser, server: PagesServer) -> None:
    """As far as the browser can tell the page is of the same origin: its scripts may read every answer."""
    # Without the answer's own policy: as if the page had come from elsewhere before the name moved.
    context = misled.new_context(bypass_csp=True)
    remember(context.request.get, server)
    page = context.new_page()
    base = f"http://{ATTACKER}:{server.port}"
    page.goto(f"{base}/inbox")
    learned = page.evaluate(_ATTACK, base)
    assert learned.pop("socket") == "refused"
    for name, text in learned.items():
        assert text.startswith('This server was asked for as "attacker.test:'), name
    assert framed(page, f"{base}/inbox") == "chrome-error://chromewebdata/"
    assert post_form(page, f"{base}/login") == 421
    context.close()


@pytest.mark.parametrize("name", [ATTACKER, "127.0.0.1", "localhost"])
def test_a_page_of_another_origin_gets_nothing(misled: Browser, server: PagesServer, name: str) -> None:
    """Also one of another port of this machine, whose requests carry our cookie."""
    with website() as port:
        context = misled.new_context()
        remember(context.request.get, server)
        for target in ("127.0.0.1", "localhost"):
            page = context.new_page()
            page.goto(f"http://{name}:{port}/")
            base = f"http://{target}:{server.port}"
            learned = page.evaluate(_ATTACK, base)
            assert learned.pop("socket") == "refused"
            assert set(learned.values()) == {"failed"}
            assert framed(page, f"{base}/inbox") == "chrome-error://chromewebdata/"
            assert post_form(page, f"{base}/inbox") in (403, 405)
        context.close()


def framed(page: Page, address: str) -> str:
    """What stands in a frame that was led to an address."""
    with page.expect_event(
        "framenavigated", predicate=lambda frame: frame != page.main_frame, timeout=PATIENCE
    ):
        page.evaluate(
            "(address) => { const frame = document.createElement('iframe'); frame.src = address; "
            "document.body.append(frame) }",
            address,
        )
    return page.frames[-1].url


def post_form(page: Page, address: str) -> int:
    """The status of the answer to a form."""
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.evaluate(
            "(address) => { const form = document.createElement('form'); form.method = 'post'; "
            "form.action = address; document.body.append(form); form.submit() }",
            address,
        )
    return answer.value.status


def remember(get: object, server: PagesServer) -> None:
    """The victim's browser has opened the link before."""
    if server.link:
        get(server.address, max_redirects=0)  # type: ignore[operator]


def test_no_page_breaks_its_own_policy(misled: Browser, settings: Settings) -> None:
    with served(settings) as server:
        for info in discover_pages():
            visitor = visit(misled, server)
            visitor.page.goto(f"{server.url}{info.name}")
            expect(visitor.page.get_by_role("heading").first).to_be_visible()
            visitor.page.wait_for_load_state("networkidle")
            visitor.context.close()
            # The browser reports what a policy stopped as an error.
            assert visitor.errors == [], info.name


def test_without_the_link_the_page_says_where_it_is(misled: Browser, settings: Settings) -> None:
    with served(settings) as server:
        for width, scheme in ((1440, "light"), (390, "dark")):
            context = misled.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            page.goto(f"{server.url}overview")
            expect(page.get_by_role("heading", name="Open the link with the token")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.goto(server.address)
            expect(page.get_by_role("heading", name="No messages yet")).to_be_visible()
            assert "token" not in page.url
            assert page.evaluate("document.cookie").find("workbench-") == -1
            context.close()

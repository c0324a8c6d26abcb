"""The pages process: addresses, refusals, clean ends, and sessions that leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from bokeh.document import Document
from panel.io.state import state
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from tests.ui.known import known_messages, save
from tests.ui.serving import authorization, get, served, visit
from workbench.errors import ConfigError
from workbench.lake import Lake, open_lake
from workbench.server.left_browsers import expect_left_browsers
from workbench.server.pages import PagesServer
from workbench.server.ports import require_loopback
from workbench.settings import Settings, load_settings
from workbench.ui.navigation import discover_pages


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "", "::", "::1", "192.168.1.4", "example.com", "127.0.0.1.example.com"]
)
def test_other_machines_are_refused_without_sign_in(host: str, settings: Settings) -> None:
    with pytest.raises(ConfigError, match="no sign-in is configured") as refused:
        PagesServer(settings, 0, host)
    with pytest.raises(ConfigError, match=r"listen on 127\.0\.0\.1 only"):
        require_loopback(host)
    assert repr(host) in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "localhost"])
def test_this_machine_is_served(host: str) -> None:
    require_loopback(host)


def test_a_taken_port_is_named(settings: Settings) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ConfigError, match=f"Port {port} on 127.0.0.1 cannot be used"):
            PagesServer(settings, port)


def test_every_page_answers_and_the_root_leads_to_the_overview(known_lake: Lake, settings: Settings) -> None:
    with served(settings) as server:
        status, address, _ = get(server, "?period=7d&country=DE")
        assert (status, address) == (200, f"{server.url}overview?period=7d&country=DE")
        for info in discover_pages():
            assert get(server, info.name)[0] == 200
        status, _, body = get(server, "healthz")
        assert (status, json.loads(body)) == (
            200,
            {"status": "ok", "pages": [info.name for info in discover_pages()]},
        )
        status, _, body = get(server, "nothing/here")
        assert status == 404
        assert 'href="/overview"' in body


def test_a_websocket_of_another_site_is_refused(settings: Settings) -> None:
    with served(settings) as server:
        request = (
            f"GET /overview/ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\nOrigin: http://evil.example\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(request.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 403")


def documents() -> int:
    gc.collect()
    return sum(isinstance(thing, Document) for thing in gc.get_objects())


def busy_watchers() -> int:
    return len(state.param.watchers.get("busy", {}).get("value", []))


def settle(expected: int) -> int:
    """The number of documents once it is no more than expected, or after a while."""
    deadline = time.monotonic() + 40
    while documents() > expected and time.monotonic() < deadline:
        time.sleep(0.2)
    return documents()


def test_closed_pages_leave_nothing_behind(
    known_lake: Lake, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(settings, idle_session_ms=5_000) as server:
        visit(server, "overview")
        watchers = busy_watchers()
        # Other tests of this process left some, and each thread may remember the last one it worked on;
        # thirty cannot hide among those.
        at_rest = documents() + 8
        for _ in range(30):
            assert '"roots"' in visit(server, "overview"), "no session was ever there, so nothing is counted"
        assert settle(at_rest) <= at_rest
        assert busy_watchers() == watchers


def run_server(home: Path, port: int) -> subprocess.Popen[str]:
    code = (
        "import sys; from workbench.settings import load_settings; "
        "from workbench.server.pages import PagesServer, print_address; "
        "PagesServer(load_settings({'WORKBENCH_HOME': sys.argv[1]}), int(sys.argv[2])).run(print_address)"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(home), str(port)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_while_a_page_is_open(home: Path, number: signal.Signals) -> None:
    process = run_server(home, 0)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        match = re.search(r"The dashboards are at http://127\.0\.0\.1:(\d+)/\?token=(\w+) ", line)
        assert match
        port = int(match[1])
        with socket.create_connection(("127.0.0.1", port)) as reader:
            open_websocket(reader, port, match[2])
            process.send_signal(number)
            assert process.wait(10) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def open_websocket(connection: socket.socket, port: int, link_token: str) -> None:
    bearer = {"Authorization": f"Bearer {link_token}"}
    page = httpx.get(f"http://127.0.0.1:{port}/overview", headers=bearer, timeout=20)
    token = re.findall(r'"token":"([^"]+)"', page.text)[0]
    request = (
        f"GET /overview/ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: bokeh, {token}\r\nOrigin: http://127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {link_token}\r\n\r\n"
    )
    connection.sendall(request.encode())
    assert connection.recv(100).startswith(b"HTTP/1.1 101")


def test_the_lake_stays_open_to_others_while_pages_are_served(home: Path) -> None:
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with served(settings) as server, open_lake(settings) as writer:
        save(writer, known_messages())
        assert get(server, "overview")[0] == 200


def test_a_page_that_is_broken_says_so(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from workbench.server import pages

    folder = tmp_path / "dashboards"
    folder.mkdir()
    (folder / "overview.py").write_text(
        '"""Overview: fine."""\nfrom workbench import ui\npage = ui.Page("overview", __doc__, [])'
    )
    (folder / "broken.py").write_text('"""Broken: not at all."""\nraise RuntimeError("no such thing")')
    monkeypatch.setattr(pages, "discover_pages", lambda: discover_pages(folder))
    with served(settings) as server:
        assert "broken.py cannot be loaded: RuntimeError: no such thing" in visit(server, "broken")
        assert get(server, "overview")[0] == 200


def test_head_is_get_without_the_body(known_lake: Lake, settings: Settings) -> None:
    with served(settings) as server:
        for path in ("overview", "healthz", "static/js/bokeh.min.js", "no-such-page", "?period=7d"):
            answers = [_ask(server, method, path) for method in ("GET", "HEAD")]
            (status, headers, body), (head_status, head_headers, head_body) = answers
            assert (head_status, head_body) == (status, b""), path
            assert head_headers.get("Content-Type") == headers.get("Content-Type")
            if path in ("healthz", "static/js/bokeh.min.js"):
                assert head_headers["Content-Length"] == str(len(body))


def _ask(server: PagesServer, method: str, path: str) -> tuple[int, Mapping[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    with closing(connection):
        connection.request(method, f"/{path}", headers=authorization(server))
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def test_a_browser_that_leaves_prints_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """asyncio tells of a failed task that nobody waited for when it is collected."""
    loop = asyncio.new_event_loop()
    expect_left_browsers(loop)

    async def fail(error: Exception) -> None:
        task = asyncio.ensure_future(_failing(error))
        await asyncio.wait([task])
        del task
        gc.collect()

    with closing(loop):
        for error in (WebSocketClosedError(), StreamClosedError()):
            loop.run_until_complete(fail(error))
        assert [record.levelname for record in caplog.records if record.exc_info] == []
        loop.run_until_complete(fail(ZeroDivisionError("of our own")))
    assert "of our own" in caplog.text


async def _failing(error: Exception) -> None:
    raise error

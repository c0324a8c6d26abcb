"""The real pages server on a thread of the test's own, on a free port."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from workbench.server.pages import PagesServer
from workbench.settings import Settings


@contextmanager
def served(settings: Settings, *, idle_session_ms: int = 15_000, port: int = 0) -> Iterator[PagesServer]:
    server = PagesServer(settings, port=port, idle_session_ms=idle_session_ms)
    answers = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="pages") as thread:
        running = thread.submit(server.run, lambda _: answers.set())
        running.add_done_callback(lambda _: answers.set())
        try:
            assert answers.wait(60), "the pages server did not start"
            yield server
        finally:
            server.stop()
            running.result(30)


def authorization(server: PagesServer) -> dict[str, str]:
    """What a script sends instead of a browser's cookie."""
    return {"Authorization": f"Bearer {server.link.token}"} if server.link else {}


def get(server: PagesServer, path: str) -> tuple[int, str, str]:
    """Status, final address and body."""
    answer = httpx.get(server.url + path, headers=authorization(server), timeout=20, follow_redirects=True)
    return answer.status_code, str(answer.url), answer.text


def visit(server: PagesServer, page: str) -> str:
    """Open a page as a browser does, up to its whole document over the websocket, and close it again."""
    token = re.findall(r'"token":"([^"]+)"', get(server, page)[2])[0]
    headers = {"Origin": server.url.rstrip("/"), **authorization(server)}
    address = HTTPRequest(f"ws://127.0.0.1:{server.port}/{page}/ws", headers=headers)

    async def read_document() -> str:
        socket = await websocket_connect(address, subprotocols=["bokeh", token], max_message_size=2**24)
        answer = ""
        # Each message is a header, its metadata and its content; first comes an acknowledgement.
        for _ in range(3):
            await socket.read_message()
        for part in ({"msgid": "1", "msgtype": "PULL-DOC-REQ"}, {}, {}):
            await socket.write_message(json.dumps(part))
        while '"roots"' not in answer:
            answer = str(await socket.read_message())
        socket.close()
        while await socket.read_message() is not None:
            pass
        return answer

    return asyncio.run(read_document())

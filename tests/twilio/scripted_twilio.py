"""A real HTTP server on 127.0.0.1 that answers exactly what a test wrote down, down to broken bytes."""

from __future__ import annotations

import asyncio
import base64
import gzip
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from tornado.iostream import IOStream, StreamClosedError
from tornado.netutil import bind_sockets
from tornado.tcpserver import TCPServer

from workbench.settings import Credentials, Secret

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "f00dfeedcafe4b1d8badc0ffee123456"
API_KEY = "SK" + "fedcba9876543210" * 2
API_SECRET = "Zq8vK3tWmY7rXp2nLs9dGh4jBc6fTe1a"
BASIC = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
BASIC_KEY = base64.b64encode(f"{API_KEY}:{API_SECRET}".encode()).decode()
SECRETS = (AUTH_TOKEN, API_SECRET, BASIC, BASIC_KEY)

WITH_TOKEN = Credentials(ACCOUNT_SID, Secret(AUTH_TOKEN))
WITH_KEY = Credentials(ACCOUNT_SID, None, API_KEY, Secret(API_SECRET))


@dataclass(frozen=True)
class Cut:
    """Some bytes, after which the connection closes."""

    data: bytes = b""


@dataclass(frozen=True)
class Reset:
    """The connection is reset, not closed."""


@dataclass(frozen=True)
class Trickle:
    """Byte after byte, with a pause in seconds before each."""

    data: bytes
    pause: float


Reply = bytes | Cut | Reset | Trickle
"""Plain bytes are a whole answer; the connection stays open for the next request."""


@dataclass(frozen=True)
class Seen:
    """One request as it came over the wire."""

    method: str
    uri: str
    headers: dict[str, str]
    client_port: int


def json_reply(
    payload: Any, status: int = 200, headers: Mapping[str, str] | None = None, *, gzipped: bool = False
) -> bytes:
    body = orjson.dumps(payload)
    extra = {"Content-Type": "application/json", **(headers or {})}
    if gzipped:
        body, extra["Content-Encoding"] = gzip.compress(body), "gzip"
    return raw_reply(body, status, extra)


def raw_reply(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None, *, length: int | None = None
) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def refusal(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> bytes:
    """An error answer in the shape of Twilio's 2010 API."""
    url = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": url, "status": status}
    return json_reply(body, status, headers)


@dataclass
class ScriptedTwilio:
    """Answers from ``script`` in order; when that is used up, from ``otherwise``."""

    port: int
    script: list[Reply] = field(default_factory=list)
    otherwise: Callable[[Seen], Awaitable[Reply]] | None = None
    seen: list[Seen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def uris(self) -> list[str]:
        return [request.uri for request in self.seen]

    async def reply_to(self, request: Seen) -> Reply:
        self.seen.append(request)
        if self.script:
            return self.script.pop(0)
        if self.otherwise is None:
            return raw_reply(f"nothing scripted for {request.uri}".encode(), 501)
        return await self.otherwise(request)


class _Server(TCPServer):
    """HTTP/1.1 as far as a GET needs it; tornado's own server would not send broken answers."""

    def __init__(self, twilio: ScriptedTwilio) -> None:
        super().__init__()
        self._twilio = twilio
        self.streams: set[IOStream] = set()

    async def handle_stream(self, stream: IOStream, address: Any) -> None:
        self.streams.add(stream)
        try:
            while not stream.closed():
                head = (await stream.read_until(b"\r\n\r\n")).decode("latin-1")
                await _write(stream, await self._twilio.reply_to(_parse(head, address[1])))
        except StreamClosedError:
            return
        finally:
            self.streams.discard(stream)
            stream.close()


def _parse(head: str, client_port: int) -> Seen:
    first, *lines = head.strip().split("\r\n")
    method, uri, _ = first.split(" ")
    pairs = (line.split(": ", 1) for line in lines)
    return Seen(method, uri, {name.lower(): value for name, value in pairs}, client_port)


async def _write(stream: IOStream, reply: Reply) -> None:
    if isinstance(reply, bytes):
        await stream.write(reply)
    elif isinstance(reply, Trickle):
        for position in range(len(reply.data)):
            await asyncio.sleep(reply.pause)
            await stream.write(reply.data[position : position + 1])
    elif isinstance(reply, Cut):
        await stream.write(reply.data)
        stream.close()
    else:
        # Linger 0: the kernel sends RST instead of a polite FIN.
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()


@contextmanager
def scripted_twilio() -> Iterator[ScriptedTwilio]:
    """Run the server in a thread with a loop of its own until the block ends."""
    sockets = bind_sockets(0, "127.0.0.1")
    twilio = ScriptedTwilio(sockets[0].getsockname()[1])
    loop, stop, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()

    async def serve() -> None:
        server = _Server(twilio)
        server.add_sockets(sockets)
        ready.set()
        await stop.wait()
        server.stop()
        for stream in list(server.streams):
            stream.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield twilio
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()

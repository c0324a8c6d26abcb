"""Limits how many connections a server takes, and for how long, so that no caller exhausts its files or log.

Half of the files that the process may open stay free for the lake. When none is left, nothing is accepted for
a moment; connections wait with the system meanwhile.
"""

from __future__ import annotations

import ipaddress
import logging
import resource
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream

log = logging.getLogger(__name__)

#: Seconds for the head of a request (also without one: an idle connection ends), and for its body.
HEAD_SECONDS, BODY_SECONDS = 20.0, 15.0
_MOST, _LEAST, _LEAST_PER_ADDRESS = 1_000, 32, 16
_PAUSE_SECONDS = 1.0
_ACCEPTED_AT_ONCE = 64
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(frozen=True)
class Limits:
    """The most connections at one time: of all callers, and of one address."""

    in_all: int
    per_address: int


def limits_for(files: int) -> Limits:
    """What a process may take that may open so many files. Pure."""
    in_all = max(_LEAST, min(_MOST, files // 2))
    return Limits(in_all, max(_LEAST_PER_ADDRESS, in_all // 4))


def limit_connections(
    server: HTTPServer, shared: Sequence[Network] = (), limits: Limits | None = None
) -> None:
    """Accept connections of a server within limits from now on; it listens already.

    Args:
        shared: addresses that many people come from, as a proxy's; only the limit of all counts for them.
            This machine is always one.
        limits: those of the files that this process may open, if not given.
    """
    limits = limits or limits_for(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    door = _Door(server, limits, (*_LOOPBACK, *shared))
    for number, listening in server._sockets.items():
        server._handlers[number]()
        server._handlers[number] = door.watch(listening)


class _Door:
    """Accepts for one server; on the thread of its loop."""

    def __init__(self, server: HTTPServer, limits: Limits, shared: Sequence[Network]) -> None:
        self._server, self._limits, self._shared = server, limits, shared
        self._open: list[tuple[IOStream, str]] = []
        # Websockets leave the server's own list, so streams are remembered here.
        handle_stream = server.handle_stream

        def remember(stream: IOStream, address: Any) -> Any:
            self._open.append((stream, address[0]))
            return handle_stream(stream, address)

        server.handle_stream = remember  # type: ignore[method-assign]

    def watch(self, listening: socket.socket) -> Callable[[], None]:
        """Begin to accept; gives what ends it."""
        loop = IOLoop.current()
        waiting: list[object] = []

        def begin() -> None:
            waiting.clear()
            loop.add_handler(listening, accept, IOLoop.READ)

        def accept(_: Any, events: int) -> None:
            try:
                self._accept(listening)
            except OSError as error:
                # The connection stays in the queue: without a pause this would be tried without end.
                log.warning("no connection is accepted for %g s: %s", _PAUSE_SECONDS, error)
                loop.remove_handler(listening)
                waiting.append(loop.call_later(_PAUSE_SECONDS, begin))

        def end() -> None:
            if waiting:
                loop.remove_timeout(waiting.pop())
            else:
                loop.remove_handler(listening)

        begin()
        return end

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                connection, address = listening.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            if refusal := self._refusal(address[0]):
                log.warning("connections refused: %s", refusal)
                _refuse(connection)
            else:
                self._server._handle_connection(connection, address)

    def _refusal(self, address: str) -> str | None:
        self._open = [(stream, other) for stream, other in self._open if not stream.closed()]
        if len(self._open) >= self._limits.in_all:
            return f"{self._limits.in_all} are open, the most at one time"
        own = sum(other == address for _, other in self._open)
        if own >= self._limits.per_address and not self._is_shared(address):
            return f"an address has {self._limits.per_address} open, the most at one time"
        return None

    def _is_shared(self, address: str) -> bool:
        parsed = ipaddress.ip_address(address.partition("%")[0])
        return any(parsed in network for network in self._shared)


def _refuse(connection: socket.socket) -> None:
    connection.setblocking(False)
    try:
        connection.send(_BUSY)
    except OSError as error:
        log.debug("a refused connection had gone already: %s", error)
    finally:
        connection.close()

"""The process of the HTTP interface: one app on one port, within limits, until it is told to end."""

from __future__ import annotations

import asyncio
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from workbench.errors import ConfigError
from workbench.home import API_LOCK
from workbench.http_api.app import create_app
from workbench.lake.fleet.presence import present
from workbench.lake.lock import shared
from workbench.roles import find_people_with
from workbench.server.access.settings import access_settings, require_safe_host
from workbench.server.connections import HEAD_SECONDS, limits_for
from workbench.server.hosts import served_hosts
from workbench.server.ports import find_port
from workbench.settings import Settings

_END_SECONDS = 10
_MOST_HEAD_BYTES = 32 * 1024


class ApiServer:
    """The interface of one installation, on the thread that calls :meth:`run`."""

    def __init__(self, settings: Settings, port: int, host: str = "127.0.0.1") -> None:
        """Check what can be checked; nothing is opened before the first request.

        Raises:
            ConfigError: the port is taken, or others could reach the host and no sign-in is configured.
        """
        access = access_settings(settings)
        require_safe_host(host, access)
        self.settings, self.host = settings, host
        self.port = find_port(host, port, "--api-port")
        hosts = served_hosts(self.port, access.configured_hosts, host)
        config = uvicorn.Config(
            create_app(settings, hosts),
            host=host,
            port=self.port,
            http=PatientProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=int(HEAD_SECONDS),
            timeout_graceful_shutdown=_END_SECONDS,
            limit_concurrency=limits_for(resource.getrlimit(resource.RLIMIT_NOFILE)[0]).in_all,
            h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
        )
        self._server = _Server(config)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/"

    def run(self, announce: Callable[[str], None] = lambda url: None) -> None:
        """Answer until :meth:`stop`; in the main thread Ctrl-C and SIGTERM end it.

        Raises:
            ConfigError: it could not begin; the log says why.
        """
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: self.stop())
        # Whoever does not come through the door is nobody.
        find_people_with(lambda: None)
        try:
            with shared(self.settings.home / API_LOCK), present(self.settings, "api"):
                asyncio.run(self._serve(announce))
        finally:
            find_people_with(None)
        if not self._server.started:
            raise ConfigError(f"The HTTP interface could not begin at {self.url}; the reason is above.")

    def stop(self) -> None:
        """End ``run``. Safe to call from a signal handler, another thread, or twice."""
        self._server.should_exit = True

    async def _serve(self, announce: Callable[[str], None]) -> None:
        async def tell() -> None:
            while not self._server.started:
                await asyncio.sleep(0.02)
            announce(self.url)

        telling = asyncio.create_task(tell())
        try:
            await self._server.serve()
        finally:
            telling.cancel()


class _Server(uvicorn.Server):
    """Ends as we end it; uvicorn would send itself the signal once more, and so die of it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class PatientProtocol(H11Protocol):
    """Ends a connection on which no whole head of a request comes in time; uvicorn would wait for ever."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _watch_head(self) -> None:
        is_waiting = self.cycle is None or self.cycle.response_complete
        if not is_waiting:
            self._stop_timer()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._end_if_waiting)

    def _end_if_waiting(self) -> None:
        self._head_timer = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

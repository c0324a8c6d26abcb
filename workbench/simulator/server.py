"""Serves a simulated account over HTTP: in a thread for tests, in the foreground for the command line."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable
from types import TracebackType

from tornado.httpserver import HTTPServer

from workbench.simulator.account.account import Account
from workbench.simulator.account.answers import People
from workbench.simulator.errors import SimulatorError
from workbench.simulator.faults import Faults
from workbench.simulator.rest.routes import make_application
from workbench.simulator.runtime import Options, Runtime
from workbench.simulator.webhooks.callbacks import Callbacks, Habits
from workbench.simulator.webhooks.forms import Urls

_PEOPLE_LOOK_EVERY = 0.5


class Server:
    """A running simulator; stop it with :meth:`stop` or leave its `with` block."""

    def __init__(
        self, runtime: Runtime, host: str, port: int, *, gzip: bool, urls: Urls, habits: Habits
    ) -> None:
        self.runtime = runtime
        self._gzip = gzip
        self._socket = _listen(host, port)
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self._socket.getsockname()[1]}"
        self.callbacks = runtime.callbacks = Callbacks(runtime.account, self.url, urls, habits)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def account(self) -> Account:
        return self.runtime.account

    @property
    def options(self) -> Options:
        return self.runtime.options

    @property
    def faults(self) -> Faults:
        return self.runtime.faults

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Answer requests until :meth:`stop`."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = HTTPServer(make_application(self.runtime, gzip=self._gzip))
        server.add_socket(self._socket)
        self.callbacks.begin()
        workers = [asyncio.create_task(self.callbacks.run()), asyncio.create_task(self._let_people_answer())]
        self._ready.set()
        ready()
        await self._stop.wait()
        for worker in workers:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker
        server.stop()
        await server.close_all_connections()

    async def _let_people_answer(self) -> None:
        """While the option is on, recipients answer what came through the API since."""
        people = People(self.account)
        while True:
            await asyncio.sleep(_PEOPLE_LOOK_EVERY)
            if self.options.people_answer:
                people.write()
            else:
                people.overlook()

    def start(self) -> Server:
        """Run in a thread of its own; returns once requests are answered."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self.run()), name="simulator", daemon=True)
        self._thread.start()
        self._ready.wait()
        return self

    def stop(self) -> None:
        """Stop answering; waits until the thread has ended."""
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(
    account: Account,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    options: Options | None = None,
    gzip: bool = False,
    callbacks: Urls | None = None,
    habits: Habits | None = None,
) -> Server:
    """Serve an account in a thread, for tests and demos. Port 0 takes a free one; see `.url`.

    Args:
        options: latency, concurrency limit and the like.
        gzip: compress answers for clients that accept it.
        callbacks: default addresses for status callbacks and inbound webhooks.
        habits: order, repeats, delay and loss of callbacks.
    """
    runtime = Runtime(account, options)
    return Server(runtime, host, port, gzip=gzip, urls=callbacks or Urls(), habits=habits or Habits()).start()


def run(
    account: Account,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    options: Options | None = None,
    gzip: bool = False,
    callbacks: Urls | None = None,
    habits: Habits | None = None,
    ready: Callable[[Server], None] = lambda server: None,
) -> None:
    """Serve an account in the foreground until SIGINT or SIGTERM; `ready` is called once it answers."""
    server = Server(
        Runtime(account, options), host, port, gzip=gzip, urls=callbacks or Urls(), habits=habits or Habits()
    )

    async def main() -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, server.stop)
        await server.run(lambda: ready(server))

    asyncio.run(main())


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        raise SimulatorError(
            f"Cannot listen on {host}, port {port}: {reason}. Choose another port; 0 takes a free one."
        ) from error
    listening.setblocking(False)
    return listening

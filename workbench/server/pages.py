"""The pages process: every page, the users' own too, at its own address, behind sign-in where there is one.

Panel's own Tornado server, because it lets go of closed sessions. Pages ask the lake on threads, so that a
slow question of one does not freeze the others, and change what they show on the server's thread only.
Panel's own thread pool (`nthreads`) stays off: it writes to websockets from its threads, which breaks them.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from html import escape
from typing import Any

import click
import panel as pn
from panel.io.document import _cleanup_doc
from panel.io.server import get_server
from panel.io.session import generate_session
from panel.io.state import set_curdoc, state
from tornado.ioloop import IOLoop
from tornado.web import RedirectHandler, RequestHandler

from workbench.alerts import rule_files
from workbench.api.notifications import open_bell
from workbench.home import PAGES_LOCK
from workbench.lake.fleet.presence import present
from workbench.lake.lock import shared
from workbench.server.access.gate import Gate
from workbench.server.access.headers import pages_csp, security_headers
from workbench.server.access.link import ARGUMENT, LinkGate
from workbench.server.access.own_tokens import bears_token, metrics_token
from workbench.server.access.settings import (
    HOSTS_SETTING,
    access_settings,
    allowed_origins,
    require_safe_host,
)
from workbench.server.access.sign_in import server_options, signed_in
from workbench.server.access.sign_in_page import notice_page
from workbench.server.connections import BODY_SECONDS, HEAD_SECONDS, limit_connections
from workbench.server.downloads import DownloadHandler
from workbench.server.figures.requests import METRICS_PATH, Figures, MetricsHandler
from workbench.server.front import known_host, log_answer, own_pages, stand_before
from workbench.server.hosts import served_hosts
from workbench.server.left_browsers import expect_left_browsers
from workbench.server.ports import find_port
from workbench.server.served_pages import ServedPages
from workbench.settings import Settings
from workbench.ui.bell import use_bell
from workbench.ui.navigation import START_PAGE, discover_pages, own_page_problems
from workbench.ui.panels.view_alerts import use_view_alerts
from workbench.ui.store import forget_lake, use_settings

log = logging.getLogger(__name__)

_IDLE_SESSION_MS = 15_000
_LOOK_AT_SESSIONS_SECONDS = 10.0
_MOST_FORM_BYTES = 64 * 1024


class PagesServer:
    """The pages of one installation, on the thread that calls :meth:`run`."""

    def __init__(
        self,
        settings: Settings,
        port: int,
        host: str = "127.0.0.1",
        *,
        idle_session_ms: int = _IDLE_SESSION_MS,
    ) -> None:
        """Check where to serve; nothing is opened before ``run``.

        Args:
            port: 0 picks a free one.
            idle_session_ms: how long a page without a browser is remembered.

        Raises:
            ConfigError: others reach the host and there is no sign-in, or the port is taken.
        """
        self.access = access_settings(settings)
        require_safe_host(host, self.access)
        self.settings = settings
        self.host = host
        self.port = find_port(host, port)
        self.gate = Gate(settings, self.access, self.origins) if self.access.is_on else None
        self.link = None
        if not self.gate and self.access.token:
            self.link = LinkGate(settings.home, self.port, is_secure=self.access.is_secure)
        self._may_read_figures = partial(bears_token, expected=metrics_token(settings.home))
        self._figures = Figures("pages")
        self._idle_session_ms = idle_session_ms
        self._loop: IOLoop | None = None
        self._is_stopped = False

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/"

    @property
    def address(self) -> str:
        """What to open first: with the token where one is needed."""
        url = (self.access.url or self.url).rstrip("/") + "/"
        return f"{url}?{ARGUMENT}={self.link.token}" if self.link else url

    @property
    def origins(self) -> tuple[str, ...]:
        """The hosts whose pages may open a websocket here."""
        return allowed_origins(self.access, self.host, self.port)

    def run(self, announce: Callable[[str], None] | None = None) -> None:
        """Answer until :meth:`stop`; in the main thread also Ctrl-C and SIGTERM end it.

        Args:
            announce: called with the address once it answers.

        Raises:
            LakeError: the lake cannot be opened.
            ConfigError, Unreachable: of the sign-in provider.
        """
        use_settings(self.settings)
        use_bell(open_bell if self.settings.notifications.enabled else None)
        use_view_alerts(rule_files)
        pn.config.nthreads = None
        # Made in this thread: sockets and clean-up jobs belong to the loop of the thread that makes them.
        self._loop = loop = IOLoop()
        expect_left_browsers(loop.asyncio_loop)
        lock = shared(self.settings.home / PAGES_LOCK)
        with _signals_put_back(), lock, present(self.settings, "pages"):
            server = self._build(loop)
            _open_once(server._tornado, START_PAGE)
            for number in _own_signals():
                signal.signal(number, lambda *_: self.stop())
            server.start()
            limit_connections(server._http, self.access.trusted_proxies)
            self._guard(server._tornado)
            self._watch_pages(server)
            if self.gate:
                self.gate.open(server._tornado)
                self._watch_sessions(loop, self.gate, server._tornado)
            if announce:
                loop.add_callback(announce, self.address)
            try:
                if not self._is_stopped:
                    with self._figures.log_counter:
                        loop.start()
            finally:
                server.stop(wait=False)
                loop.close(all_fds=True)
                if self.gate:
                    self.gate.close()
                forget_lake()

    def stop(self) -> None:
        """End ``run``. Safe to call from a signal handler, another thread, or twice."""
        self._is_stopped = True
        if self._loop:
            self._loop.add_callback(self._loop.stop)

    def _guard(self, application: Any) -> None:
        hosts = served_hosts(self.port, self.access.configured_hosts, self.host)
        checks = [known_host(hosts, HOSTS_SETTING, notice_page), own_pages(frozenset(self.origins))]
        if self.gate:
            checks += [signed_in(self.gate), self.gate.check_session]
        elif self.link:
            checks += [self.link.check]
        stand_before(application, *checks)

    def _watch_pages(self, server: Any) -> None:
        figures, application = self._figures, server._tornado
        figures.gauge("workbench_page_sessions", "Open pages.", lambda: len(server.get_sessions()))
        figures.gauge("workbench_page_websockets", "Browsers at them.", lambda: len(application._clients))

    def _log_answer(self, handler: RequestHandler) -> None:
        self._figures.note(handler)
        log_answer(handler)

    def _watch_sessions(self, loop: IOLoop, gate: Gate, application: Any) -> None:
        """Close open pages whose session has ended."""
        gate.close_ended(application)
        loop.call_later(_LOOK_AT_SESSIONS_SECONDS, self._watch_sessions, loop, gate, application)

    def _build(self, loop: IOLoop) -> Any:
        """Panel's server with all pages."""
        served = ServedPages(discover_pages())
        pages = served.openers(self.settings.home)
        for problem in own_page_problems(self.settings.home):
            log.warning("Notice: %s", problem)
        headers = security_headers(pages_csp(self.access, self.origins), is_secure=self.access.is_secure)
        options = server_options(self.gate) if self.gate else {}
        return get_server(
            pages,
            port=self.port,
            address=self.host,
            loop=loop,
            title=dict.fromkeys(pages, "Workbench"),
            websocket_origin=list(self.origins),
            session_history=0,
            unused_session_lifetime_milliseconds=self._idle_session_ms,
            check_unused_sessions_milliseconds=max(self._idle_session_ms // 2, 100),
            extra_patterns=[
                (r"/", RedirectHandler, {"url": f"/{START_PAGE}", "permanent": False}),
                (r"/healthz", HealthHandler, {"door": self.gate or self.link}),
                (
                    METRICS_PATH,
                    MetricsHandler,
                    {"figures": self._figures, "is_own": self._may_read_figures},
                ),
                (r"/download/([a-z0-9_]+)/([a-z0-9.-]+)", DownloadHandler, {"pages": served}),
                *options.pop("extra_patterns", ()),
            ],
            default_handler_class=NotFoundHandler,
            transforms=[headers],
            log_function=self._log_answer,
            http_server_kwargs={
                "max_body_size": _MOST_FORM_BYTES,
                "idle_connection_timeout": HEAD_SECONDS,
                "body_timeout": BODY_SECONDS,
            },
            **options,
        )


def _open_once(application: Any, page: str) -> None:
    """Open a page and end it, so that the first reader does not wait for imports.

    One page has brought what all of them need: the others are as fast the first time as the second.
    """
    session = generate_session(application.applications[f"/{page}"].application)
    with set_curdoc(session.document):
        state._on_load(None)
    _cleanup_doc(session.document, destroy=True)


class HealthHandler(RequestHandler):
    """Says that the process answers, for whoever supervises it; which pages there are to those let in."""

    def initialize(self, door: Gate | LinkGate | None) -> None:
        self._door = door

    def get(self) -> None:
        is_open = self._door is None or self._door.lets_in(self.request)
        self.write(
            {"status": "ok"} | ({"pages": [info.name for info in discover_pages()]} if is_open else {})
        )


class NotFoundHandler(RequestHandler):
    """An address that is none of ours, with the way back."""

    def prepare(self) -> None:
        self.set_status(404)
        listed = [info for info in discover_pages() if info.is_listed]
        links = [f'<li><a href="/{escape(info.name)}">{escape(info.title)}</a>' for info in listed]
        self.finish(_NOT_FOUND + "".join(links))


_NOT_FOUND = """<!doctype html><html lang=en><meta charset=utf-8>
<meta name=viewport content="width=device-width"><title>No such page</title>
<style>:root { color-scheme: light dark } body { font: 16px/1.5 system-ui; margin: 12vh auto; width: 34rem;
max-width: 90vw }</style><h1>No such page</h1><p>These are there:<ul>"""


def _own_signals() -> tuple[signal.Signals, ...]:
    """Ctrl-C and SIGTERM where this is the main thread; elsewhere they belong to somebody else."""
    is_main = threading.current_thread() is threading.main_thread()
    return (signal.SIGINT, signal.SIGTERM) if is_main else ()


@contextmanager
def _signals_put_back() -> Iterator[None]:
    # Panel, too, puts a handler of its own on Ctrl-C and leaves it there.
    before = {number: signal.getsignal(number) for number in _own_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def print_address(url: str) -> None:
    """Say where the pages are."""
    click.echo(f"The dashboards are at {url} – Ctrl-C ends them.", err=True)

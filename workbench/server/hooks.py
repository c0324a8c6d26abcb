"""The hooks process: webhooks, the schedule, and fetching what only callbacks know, on this machine only.

A process of its own, because building a page holds a server for half a second and a webhook must not wait.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import Application

from workbench.api.schedule import schedule_of
from workbench.conversations.reply_files import ReplyFiles
from workbench.errors import WorkbenchError
from workbench.home import HOOKS_LOCK, SPOOL_FOLDER
from workbench.lake.fleet.presence import present
from workbench.lake.lock import only_one
from workbench.lake.spool import Spool
from workbench.server.access.headers import security_headers
from workbench.server.access.own_tokens import bears_token, link_token, metrics_token
from workbench.server.access.settings import HOSTS_SETTING
from workbench.server.callback_fetch import Fetcher
from workbench.server.connections import BODY_SECONDS, HEAD_SECONDS, limit_connections
from workbench.server.figures.hooks import HooksFigures, commit_seconds
from workbench.server.figures.lake import LakeFigures
from workbench.server.figures.requests import METRICS_PATH, Figures, MetricsHandler
from workbench.server.front import known_host, stand_before
from workbench.server.health import Health
from workbench.server.hook_settings import HookSettings, hook_settings
from workbench.server.hooks_lake import HooksLake, WebhookWriter
from workbench.server.hosts import host_of, served_hosts
from workbench.server.intake import Applier, Intake
from workbench.server.ports import find_port, require_loopback
from workbench.server.reply_files import ReplyFileHandler
from workbench.server.scheduling import Scheduler
from workbench.server.webhook_handlers import (
    MOST_BYTES,
    Hooks,
    InboundHandler,
    LiveHandler,
    RateCap,
    ReadyHandler,
    StatusHandler,
)
from workbench.settings import INBOUND_PATH as INBOUND_PATH
from workbench.settings import MEDIA_PATH, Settings
from workbench.settings import STATUS_PATH as STATUS_PATH

log = logging.getLogger(__name__)

SET_ASIDE_FILE = "set-aside.jsonl"
_LAST_APPLY_SECONDS = 5.0


class HooksServer:
    """The hooks of one installation, on the thread that calls :meth:`run`."""

    def __init__(self, settings: Settings, port: int, host: str = "127.0.0.1") -> None:
        """Check what can be checked; nothing is opened before ``run``.

        Raises:
            ConfigError: the host is not this machine, the port is taken, or the settings say no.
        """
        require_loopback(host)
        self.settings, self.host = settings, host
        self.hook_settings: HookSettings = hook_settings(settings)
        self.schedule = schedule_of(settings)
        self.port = find_port(host, port, "--hooks-port")
        public = [host_of(settings.public_url)] if settings.public_url else []
        self.hosts = served_hosts(self.port, [*public, *settings.access.configured_hosts], host)
        self._loop: IOLoop | None = None
        self._is_stopped = False
        self._failure: WorkbenchError | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/"

    def run(self, announce: Callable[[str], None] = lambda url: None) -> None:
        """Answer until :meth:`stop`; in the main thread Ctrl-C and SIGTERM end it.

        Raises:
            LakeBusy: another hooks process serves this installation.
            ConfigError: the lake does not belong to these settings.
        """
        self._loop = loop = IOLoop()
        with only_one(self.settings.home / HOOKS_LOCK, "hooks process"), present(self.settings, "hooks"):
            if threading.current_thread() is threading.main_thread():
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, lambda *_: self.stop())
            try:
                self._serve(loop, announce)
            finally:
                loop.close(all_fds=True)
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """End ``run``. Safe to call from a signal handler, another thread, or twice."""
        self._is_stopped = True
        if self._loop:
            self._loop.add_callback(self._loop.stop)

    def _serve(self, loop: IOLoop, announce: Callable[[str], None]) -> None:
        """Make the parts, each from those before it; run them; end them in an order that loses nothing."""
        settings, home = self.hook_settings, self.settings.home
        spool = Spool(home / SPOOL_FOLDER)
        if spool.torn_bytes:
            log.warning("the spool ends in %d bytes that were never answered for", spool.torn_bytes)
        lake = HooksLake(self.settings)
        fetcher = Fetcher(self.settings, lake)
        scheduler = Scheduler(self.settings, lake, self.schedule)
        figures = Figures("hooks")
        note_commit = commit_seconds(figures.registry).observe
        writer = WebhookWriter(lake, fetcher.wake, partial(scheduler.hurry, "maintenance"), note_commit)
        applier = Applier(spool, writer.save, partial(_set_aside, home))
        intake = Intake(spool, loop.asyncio_loop, applier.wake)  # type: ignore[attr-defined]
        hooks = Hooks(settings, intake, applier, lake, RateCap(settings.most_per_second))
        health = Health(home, hooks, spool, scheduler)
        figures.registry.register(HooksFigures(hooks, spool, health))
        figures.registry.register(LakeFigures(lake.opened))
        server = self._http_server(hooks, health, figures)
        applier.start()
        fetcher.start()
        scheduler.start()
        loop.add_callback(announce, self.url)
        loop.call_later(0.5, self._watch, loop, applier)
        try:
            if not self._is_stopped:
                with figures.log_counter:
                    loop.start()
        finally:
            server.stop()
            fetcher.close()
            scheduler.close()
            loop.run_sync(server.close_all_connections)
            intake.close()
            applier.close(_LAST_APPLY_SECONDS)
            hooks.refusals.say()
            spool.close()

    def _http_server(self, hooks: Hooks, health: Health, figures: Figures) -> HTTPServer:
        tokens = link_token(self.settings.home), metrics_token(self.settings.home)
        is_own, may_read_figures = (partial(bears_token, expected=token) for token in tokens)
        application = Application(
            [
                (STATUS_PATH, StatusHandler, {"hooks": hooks}),
                (INBOUND_PATH, InboundHandler, {"hooks": hooks}),
                (
                    f"{MEDIA_PATH}/([0-9a-f]{{64}})",
                    ReplyFileHandler,
                    {"files": ReplyFiles(self.settings.home)},
                ),
                (r"/healthz", LiveHandler),
                (r"/readyz", ReadyHandler, {"health": health.report, "is_own": is_own}),
                (METRICS_PATH, MetricsHandler, {"figures": figures, "is_own": may_read_figures}),
            ],
            log_function=figures.note,
            transforms=[security_headers()],
        )
        setting = f"{HOSTS_SETTING}, or set WORKBENCH_PUBLIC_URL to it"
        stand_before(application, known_host(self.hosts, setting))
        server = HTTPServer(
            application,
            max_header_size=32 * 1024,
            # Above MOST_BYTES the handler answers 413; a body above this ends the connection.
            max_body_size=8 * MOST_BYTES,
            body_timeout=BODY_SECONDS,
            idle_connection_timeout=HEAD_SECONDS,
        )
        server.listen(self.port, self.host)
        limit_connections(server)
        return server

    def _watch(self, loop: IOLoop, applier: Applier) -> None:
        """End the process when the applier met an error that no later attempt can mend."""
        if applier.fatal:
            self._failure = applier.fatal
            self.stop()
        else:
            loop.call_later(0.5, self._watch, loop, applier)


def _set_aside(home: Path, record: bytes, error: Exception) -> None:
    """Keep a record that the lake can never take, for a person to look at."""
    descriptor = os.open(
        home / SPOOL_FOLDER / SET_ASIDE_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        os.write(descriptor, record + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    log.error("a webhook fits no table and was set aside in %s: %s", SET_ASIDE_FILE, error)

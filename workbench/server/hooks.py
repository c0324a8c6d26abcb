"""The hooks process: webhooks, the schedule, and fetching what only callbacks know, on this machine only.

A process of its own, because building a page holds a server for half a second and a webhook must not wait.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import Application

from workbench.errors import LakeError, WorkbenchError
from workbench.lake.connect import Lake, open_lake
from workbench.lake.lock import only_one
from workbench.lake.secret_key import KEY_FILE, privacy_key
from workbench.lake.spool import Spool
from workbench.lake.webhooks import WebhooksSaved, save_webhooks
from workbench.messaging.privacy import Privacy, privacy_mode
from workbench.server.access.headers import security_headers
from workbench.server.access.settings import HOSTS_SETTING
from workbench.server.callback_fetch import Fetcher
from workbench.server.connections import BODY_SECONDS, HEAD_SECONDS, limit_connections
from workbench.server.front import known_host, stand_before
from workbench.server.hook_settings import HookSettings, hook_settings
from workbench.server.hosts import host_of, served_hosts
from workbench.server.intake import Applier, Intake
from workbench.server.ports import find_port, require_loopback
from workbench.server.schedule import schedule_of
from workbench.server.scheduling import Scheduler
from workbench.server.webhook_forms import read_record
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
from workbench.settings import STATUS_PATH as STATUS_PATH
from workbench.settings import Settings
from workbench.sync.shared.privacy import open_privacy

log = logging.getLogger(__name__)

SPOOL_FOLDER, SET_ASIDE_FILE = "spool", "set-aside.jsonl"
_LATE_SECONDS = 60.0
_LEAST_FREE_BYTES = 50 * 2**20
_LAST_APPLY_SECONDS = 5.0
#: Each commit leaves a few small files, and every later one is slower for them.
_COMMITS_TO_MERGE = 400
#: And each leaves some memory behind, which only a new engine gives back, in a quarter of a second.
_COMMITS_TO_RENEW = 250


class HooksLake:
    """The lake as the applier needs it: opened when it can be, opened anew after trouble."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lake: Lake | None = None
        self._lock = threading.Lock()
        self._commits = 0
        self.privacy = _early_privacy(settings)

    def save(self, records: Sequence[bytes]) -> WebhooksSaved | None:
        """Save them all or none.

        Raises:
            ConfigError: the lake does not belong to these settings.
            LakeError: not now.
        """
        webhooks = [read_record(record) for record in records]
        now = datetime.now(UTC)
        try:
            lake = self.opened()
            if not webhooks:
                lake.snapshot_id()
                return None
            saved = lake.write(lambda cursor: save_webhooks(cursor, webhooks, now))
        except LakeError:
            self.close()
            raise
        self._renew_sometimes(lake)
        return saved

    def _renew_sometimes(self, lake: Lake) -> None:
        self._commits += 1
        if self._commits >= _COMMITS_TO_RENEW:
            try:
                lake.renew()
                self._commits = 0
            except LakeError as error:
                # What was saved is saved; the next commit tries again.
                log.warning("the lake keeps its memory for now: %s", error)

    def opened(self) -> Lake:
        """The lake, for whichever thread asks."""
        with self._lock:
            if self._lake is None:
                lake = open_lake(self._settings)
                try:
                    self.privacy = open_privacy(lake, self._settings.privacy.mode)
                except BaseException:
                    lake.close()
                    raise
                self._lake = lake
            return self._lake

    def close(self) -> None:
        with self._lock:
            lake, self._lake = self._lake, None
        if lake:
            lake.close()


def _early_privacy(settings: Settings) -> Privacy | None:
    """What may be written before the lake is reached; None where only the lake's key file could tell."""
    mode = privacy_mode(settings.privacy.mode)
    if not mode.needs_key:
        return Privacy(mode)
    return Privacy(mode, privacy_key(settings.home)) if (settings.home / KEY_FILE).exists() else None


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
        with only_one(self.settings.home / "hooks.lock", "hooks process"):
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
        spool = Spool(self.settings.home / SPOOL_FOLDER)
        if spool.torn_bytes:
            log.warning("the spool ends in %d bytes that were never answered for", spool.torn_bytes)
        lake = HooksLake(self.settings)
        fetcher = Fetcher(self.settings, lake)
        scheduler = Scheduler(self.settings, lake, self.schedule)
        commits = 0

        def apply(records: Sequence[bytes]) -> None:
            saved = lake.save(records)
            hooks.privacy = lake.privacy
            if saved and saved.statuses.waiting:
                fetcher.wake()
            nonlocal commits
            commits += 1
            if commits % _COMMITS_TO_MERGE == 0:
                scheduler.hurry("maintenance")

        applier = Applier(spool, apply, lambda record, error: _set_aside(self.settings.home, record, error))
        intake = Intake(spool, loop.asyncio_loop, applier.wake)  # type: ignore[attr-defined]
        hooks = Hooks(
            self.hook_settings, intake, applier, lake.privacy, RateCap(self.hook_settings.most_per_second)
        )
        health = Health(self.settings.home, hooks, spool, lake, scheduler)
        hooks.health = health.report
        server = _http_server(hooks, self.port, self.host, self.hosts)
        helpers = (fetcher, scheduler)
        applier.start()
        for helper in helpers:
            helper.start()
        loop.add_callback(announce, self.url)
        loop.call_later(0.5, self._watch, loop, applier)
        try:
            if not self._is_stopped:
                loop.start()
        finally:
            server.stop()
            for helper in helpers:
                helper.close()
            loop.run_sync(server.close_all_connections)
            intake.close()
            applier.close(_LAST_APPLY_SECONDS)
            hooks.refusals.say()
            spool.close()

    def _watch(self, loop: IOLoop, applier: Applier) -> None:
        """End with the reason when the applier met one that no later attempt can heal."""
        if applier.fatal:
            self._failure = applier.fatal
            self.stop()
        else:
            loop.call_later(0.5, self._watch, loop, applier)


class Health:
    """What `/readyz` says."""

    def __init__(self, home: Path, hooks: Hooks, spool: Spool, lake: HooksLake, scheduler: Scheduler) -> None:
        self._home, self._hooks, self._spool, self._lake = home, hooks, spool, lake
        self._scheduler = scheduler

    def report(self) -> dict[str, Any]:
        """`ready` is whether webhooks are stored and reach the lake."""
        applier = self._hooks.applier
        lag = applier.lag_seconds()
        free = shutil.disk_usage(self._home).free
        troubles = [text for text in (applier.trouble, self._disk_trouble(free)) if text]
        if lag > _LATE_SECONDS:
            troubles.append(f"The lake is {lag:.0f} seconds behind.")
        elif (quiet := applier.quiet_seconds()) > _LATE_SECONDS:
            troubles.append(f"The lake was not reached for {quiet:.0f} seconds.")
        return {
            "ready": not troubles,
            "troubles": troubles,
            "webhooks": self._hooks.settings.off or "on",
            "waiting_for_lake": self._spool.waiting,
            "lag_seconds": round(lag, 1),
            "stored": self._hooks.intake.stored,
            "refused": dict(self._hooks.refusals.total),
            "failed_jobs": self._scheduler.failed(),
            "schedule": self._scheduler.report(),
        }

    def _disk_trouble(self, free: int) -> str | None:
        if free < _LEAST_FREE_BYTES:
            return f"The disk of {self._home} has {free / 2**20:.0f} MB left."
        return None if os.access(self._home, os.W_OK) else f"{self._home} cannot be written."


def _http_server(hooks: Hooks, port: int, host: str, hosts: frozenset[str]) -> HTTPServer:
    application = Application(
        [
            (STATUS_PATH, StatusHandler, {"hooks": hooks}),
            (INBOUND_PATH, InboundHandler, {"hooks": hooks}),
            (r"/healthz", LiveHandler),
            (r"/readyz", ReadyHandler, {"hooks": hooks}),
        ],
        log_function=lambda handler: None,
        transforms=[security_headers()],
    )
    stand_before(application, known_host(hosts, f"{HOSTS_SETTING}, or set WORKBENCH_PUBLIC_URL to it"))
    server = HTTPServer(
        application,
        max_header_size=32 * 1024,
        # Past it the handler answers 413; a body may still be that much longer before the line is cut.
        max_body_size=8 * MOST_BYTES,
        body_timeout=BODY_SECONDS,
        idle_connection_timeout=HEAD_SECONDS,
    )
    server.listen(port, host)
    limit_connections(server)
    return server


def _set_aside(home: Path, record: bytes, error: Exception) -> None:
    """Keep a record that the lake will never take, for a person to look at."""
    descriptor = os.open(
        home / SPOOL_FOLDER / SET_ASIDE_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        os.write(descriptor, record + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    log.error("a webhook fits no table and was set aside in %s: %s", SET_ASIDE_FILE, error)

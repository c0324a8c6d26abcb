"""Twilio's BulkExport over real HTTP on 127.0.0.1: the API on one port, the storage on another."""

from __future__ import annotations

import asyncio
import base64
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from tests.messages import ACCOUNT

AUTH_TOKEN = "bulk-token-0123456789"
_BASIC = "Basic " + base64.b64encode(f"{ACCOUNT}:{AUTH_TOKEN}".encode()).decode()
#: A page holds so few days that every list takes several.
PAGE_SIZE = 3


@dataclass
class Exports:
    """What Twilio has exported, what was asked of it, and how it misbehaves."""

    port: int
    storage_port: int
    files: dict[str, bytes] = field(default_factory=dict)
    """Stored bytes by day."""
    created: dict[str, str] = field(default_factory=dict)
    """When a day was exported; by default the day after."""
    jobs: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """`METHOD /path` of every request to the API."""
    answers: list[tuple[str, Any]] = field(default_factory=list)
    """Path and JSON of every answer of the API."""
    downloads: list[dict[str, str]] = field(default_factory=list)
    """Headers of every request to the storage."""
    links: dict[str, str] = field(default_factory=dict)
    """Day by link token; a link works once."""
    faults: list[str] = field(default_factory=list)
    """What the next downloads do: `expired`, `cut` …"""
    storage: str | None = None
    """Where links lead, if not to our storage."""
    post_status: int = 201
    forbidden: str | None = None
    """A path that these credentials may not use."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Api(RequestHandler):
    def initialize(self, exports: Exports) -> None:
        self.exports = exports

    def prepare(self) -> None:
        self.exports.asked.append(f"{self.request.method} {self.request.path}")
        if self.request.headers.get("Authorization") != _BASIC:
            self.answer({"code": 20003, "message": "Authenticate", "status": 401}, 401)
        elif self.request.path == self.exports.forbidden:
            self.answer({"code": 20003, "message": "Forbidden", "status": 403}, 403)

    def answer(self, payload: Any, status: int = 200) -> None:
        self.set_status(status)
        self.exports.answers.append((self.request.path, payload))
        self.finish(payload)

    def page(self, key: str, rows: list[dict[str, Any]]) -> None:
        number = int(self.get_query_argument("Page", "0"))
        here = f"https://bulkexports.twilio.com{self.request.path}?PageSize={PAGE_SIZE}&Page="
        following = f"{here}{number + 1}" if len(rows) > (number + 1) * PAGE_SIZE else None
        meta = {
            "page": number, "page_size": PAGE_SIZE, "key": key, "url": f"{here}{number}",
            "first_page_url": f"{here}0", "previous_page_url": None, "next_page_url": following,
        }  # fmt: skip
        self.answer({key: rows[number * PAGE_SIZE : (number + 1) * PAGE_SIZE], "meta": meta})


class _Days(_Api):
    def get(self) -> None:
        days = [
            {
                "day": day,
                "size": len(data),
                "create_date": self.exports.created.get(day, "2026-09-15"),
                "friendly_name": "nightly",
                "resource_type": "Messages",
            }
            for day, data in sorted(self.exports.files.items(), reverse=True)
        ]
        self.page("days", days)


class _Day(_Api):
    def get(self, day: str) -> None:
        if day not in self.exports.files:
            self.answer(
                {"code": 20404, "message": "The requested resource was not found", "status": 404}, 404
            )
            return
        token = secrets.token_hex(400)  # signed links are long
        self.exports.links[token] = day
        storage = self.exports.storage or f"http://127.0.0.1:{self.exports.storage_port}/"
        link = f"{storage}daily/{day}?X-Amz-Signature={token}"
        self.set_header("Location", link)
        self.answer({"redirect_to": link}, 307)


class _Jobs(_Api):
    def get(self) -> None:
        self.page("jobs", self.exports.jobs)

    def post(self) -> None:
        if self.exports.post_status != 201:
            self.answer({"code": 20500, "message": "Internal", "status": 500}, self.exports.post_status)
            return
        job: dict[str, object] = {
            "job_sid": f"JS{len(self.exports.jobs) + 1:032x}",
            "friendly_name": self.get_body_argument("FriendlyName"),
            "resource_type": "Messages",
            "start_day": self.get_body_argument("StartDay"),
            "end_day": self.get_body_argument("EndDay"),
            "webhook_url": None,
            "webhook_method": None,
            "email": None,
            "details": [],
            "job_queue_position": "4",
            "estimated_completion_time": "2026-09-20T20:20:14.547",
        }
        self.exports.jobs.append(job)
        self.answer(job, 201)


class _Balance(_Api):
    def get(self) -> None:
        self.answer({"account_sid": ACCOUNT, "balance": "25.00", "currency": "EUR"})


class _Storage(RequestHandler):
    def initialize(self, exports: Exports) -> None:
        self.exports = exports

    async def get(self, day: str) -> None:
        self.exports.downloads.append(dict(self.request.headers))
        fault = self.exports.faults.pop(0) if self.exports.faults else ""
        token = self.get_query_argument("X-Amz-Signature")
        if fault == "expired" or self.exports.links.pop(token, None) != day:
            raise HTTPError(403)
        data = self.exports.files[day]
        self.set_header("Content-Type", "application/octet-stream")
        if fault == "html":
            self.finish("<html>Maintenance</html>")
        elif fault == "short":
            self.finish(data[: len(data) // 2])
        elif fault == "cut":
            self.set_header("Content-Length", str(len(data)))
            self.write(data[: len(data) // 2])
            await self.flush()
            self.request.connection.stream.close()  # type: ignore[union-attr]
        else:
            self.finish(data)

    def log_exception(self, *_: Any) -> None:
        """Broken connections are what these tests are about."""


@contextmanager
def bulk_exports() -> Iterator[Exports]:
    """Run both servers in a thread with a loop of its own until the block ends."""
    api_sockets, storage_sockets = bind_sockets(0, "127.0.0.1"), bind_sockets(0, "127.0.0.1")
    exports = Exports(api_sockets[0].getsockname()[1], storage_sockets[0].getsockname()[1])
    shared = {"exports": exports}
    api = Application(
        [
            ("/v1/Exports/Messages/Days", _Days, shared),
            ("/v1/Exports/Messages/Days/([0-9-]+)", _Day, shared),
            ("/v1/Exports/Messages/Jobs", _Jobs, shared),
            (f"/2010-04-01/Accounts/{ACCOUNT}/Balance.json", _Balance, shared),
        ],
        log_function=lambda handler: None,
    )
    storage = Application([("/daily/([0-9-]+)", _Storage, shared)], log_function=lambda handler: None)
    ready, stop, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()

    async def run() -> None:
        servers = []
        for application, sockets in ((api, api_sockets), (storage, storage_sockets)):
            server = HTTPServer(application)
            server.add_sockets(sockets)
            servers.append(server)
        ready.set()
        await stop.wait()
        for server in servers:
            server.stop()
            await server.close_all_connections()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield exports
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()


__all__ = ["ACCOUNT", "AUTH_TOKEN", "Exports", "bulk_exports"]

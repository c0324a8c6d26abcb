"""What all answers of the API have in common: credentials, limits, faults, latency, headers, errors.

A resource implements `on_get`, `on_post` and `on_delete`, which are plain functions of the account at `now`;
everything asynchronous is in this module.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import socket
import struct
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import responses
from typing import Any
from urllib.parse import parse_qsl

import orjson
from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler

from workbench.simulator.account.arrivals import arrive
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.sids import derive_hex
from workbench.simulator.errors import ApiError, not_found
from workbench.simulator.faults import Fault
from workbench.simulator.runtime import Runtime

_DRIPS = 10


class ApiHandler(RequestHandler):
    """Base of all resources."""

    account: Ledger
    """Whose resource this is: the account in the path, else the caller's."""
    caller: Ledger
    """Whose credentials came with the request."""
    now: int

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self.runtime: Runtime = application.settings["runtime"]
        self._started = time.perf_counter()
        self._fault: Fault | None = None
        self._active = 0
        super().__init__(application, request, **kwargs)

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "application/json;charset=utf-8")

    def compute_etag(self) -> str | None:
        """None: the API sends no ETag."""
        return None

    async def prepare(self) -> None:
        self._active = self.runtime.requests.begin()
        limit = self.runtime.options.concurrency_limit
        if limit is not None and self._active > limit:
            raise ApiError(
                429, 20429, "Too many requests: this account has too many of them at the same time"
            )
        self._fault = self.runtime.faults.draw(str(self.request.method), self.request.path)
        if self.runtime.options.latency:
            await asyncio.sleep(self.runtime.options.latency)
        if self._fault is not None and self._fault.when == "before":
            await self._go_wrong(self._fault)

    def _authenticate(self) -> Ledger:
        """The account whose credentials came with the request; 401/20003 without."""
        given = _basic_auth(self.request.headers.get("Authorization", ""))
        for ledger in self.runtime.account.ledgers:
            if given in ((ledger.sid, ledger.auth_token), (ledger.api_key, ledger.api_secret)):
                return ledger
        raise ApiError(401, 20003, "Authentication failed: no such account, or a wrong token")

    def _owner(self, path: dict[str, str]) -> Ledger:
        """The account named in the path, which is the caller's own or one of its subaccounts."""
        caller = self.caller = self._authenticate()
        sid = path.pop("account_sid", caller.sid)
        for ledger in self.runtime.account.ledgers:
            if ledger.sid == sid and caller.sid in (ledger.sid, ledger.owner_sid):
                return ledger
        raise not_found(self.request.path)

    def named_owner(self, sid: str) -> Ledger:
        """The account with a SID, for addresses that need no credentials."""
        for ledger in self.runtime.account.ledgers:
            if ledger.sid == sid:
                return ledger
        raise not_found(self.request.path)

    async def get(self, **path: str) -> None:
        await self._answer("on_get", path)

    async def post(self, **path: str) -> None:
        await self._answer("on_post", path)

    async def delete(self, **path: str) -> None:
        await self._answer("on_delete", path)

    async def _answer(self, operation: str, path: dict[str, str]) -> None:
        if not hasattr(self, operation):
            raise ApiError(405, 20004, f"{self.request.method} is not allowed on {self.request.path}")
        account = self.runtime.account
        with account.lock:
            self.account = self._owner(path)
            self.now = account.tick()
            self.set_header("Date", format_datetime(datetime.fromtimestamp(self.now, UTC), usegmt=True))
            answer = getattr(self, operation)(**path)
        if self._fault is not None and self._fault.when == "after":
            await self._go_wrong(self._fault)
        body = answer if isinstance(answer, bytes) else b"" if answer is None else orjson.dumps(answer)
        await self._send(body)

    def form(self) -> dict[str, list[str]]:
        """The posted form: every value of every field, blanks included."""
        fields: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.request.body.decode("utf-8", "replace"), keep_blank_values=True):
            fields.setdefault(name, []).append(value)
        return fields

    def query(self) -> dict[str, str]:
        """The query, the last value of each name, blanks included."""
        return dict(parse_qsl(self.request.query, keep_blank_values=True))

    async def _go_wrong(self, fault: Fault) -> None:
        """Execute a fault that replaces the answer; the other kinds are executed by :meth:`_send`."""
        if fault.kind == "status":
            if fault.retry_after is not None:
                self.set_header("Retry-After", f"{fault.retry_after:g}")
            raise ApiError(
                fault.status, fault.code or _usual_code(fault.status), "A fault that was asked for"
            )
        if fault.kind == "reset":
            self._reset()
        elif fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "arrivals":
            with self.runtime.account.lock:
                arrive(self.runtime.account.main, self.runtime.account.tick(), fault.count)

    def _reset(self) -> None:
        """Close the connection with a reset, not with a normal end."""
        stream = self.detach()
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()
        self._count(0, 0)

    async def _send(self, body: bytes) -> None:
        kind = self._fault.kind if self._fault is not None else None
        if self._finished:
            return
        if kind == "garble":
            body = body[: len(body) // 2]
        if kind == "alter" and self._fault is not None:
            body = body.replace(self._fault.find.encode(), self._fault.put.encode())
        if kind == "truncate":
            await self._send_raw(body, len(body) // 2)
            return
        self._set_answer_headers()
        if kind == "drip" and self._fault is not None:
            await self._drip(body, self._fault.seconds)
        elif body:
            self.write(body)
        await self.finish()

    async def _drip(self, body: bytes, seconds: float) -> None:
        self.set_header("Content-Length", str(len(body)))
        step = max(1, len(body) // _DRIPS)
        for start in range(0, len(body), step):
            self.write(body[start : start + step])
            await self.flush()
            await asyncio.sleep(seconds / _DRIPS)

    async def _send_raw(self, body: bytes, length: int) -> None:
        """Announce the whole body, send only the first `length` bytes, and close the connection."""
        status, stream = self.get_status(), self.detach()
        head = f"HTTP/1.1 {status} {responses[status]}\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        # If the client closes the connection first, the result is the same.
        with contextlib.suppress(StreamClosedError):
            await stream.write(head.encode() + body[:length])
        stream.close()
        self._count(status, length)

    def _set_answer_headers(self) -> None:
        elapsed = time.perf_counter() - self._started
        self.set_header("Twilio-Concurrent-Requests", str(self._active))
        self.set_header("Twilio-Request-Id", "RQ" + derive_hex(f"{self._started}", self.request.path))
        self.set_header("Twilio-Request-Duration", f"{elapsed:.3f}")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Twilio's error document; also for errors that tornado raises itself."""
        error = kwargs.get("exc_info", (None, None))[1]
        if not isinstance(error, ApiError):
            error = ApiError(status_code, _usual_code(status_code), responses.get(status_code, "Unknown"))
        self._set_answer_headers()
        if status_code == 401:
            self.set_header("WWW-Authenticate", 'Basic realm="Twilio API"')
        self.finish(orjson.dumps(error.body()))

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """As in tornado, but a Retry-After header that was set before is kept."""
        retry_after = self._headers.get("Retry-After")
        super_clear = super().send_error
        if retry_after is None:
            super_clear(status_code, **kwargs)
            return
        self.clear()
        self.set_status(status_code)
        self.set_header("Retry-After", retry_after)
        self.write_error(status_code, **kwargs)

    def log_exception(self, *args: Any) -> None:
        """Log every exception with its traceback, except refusals, which are normal answers."""
        if not isinstance(args[1], HTTPError):
            super().log_exception(*args)

    def on_finish(self) -> None:
        self._count(self.get_status(), int(self._headers.get("Content-Length", 0)))

    def _count(self, status: int, length: int) -> None:
        self.runtime.requests.end(
            {
                "method": self.request.method,
                "path": self.request.path,
                "query": self.request.query,
                "status": status,
                "milliseconds": round((time.perf_counter() - self._started) * 1000, 3),
                "bytes": length,
            }
        )


class UnknownPath(ApiHandler):
    """Every path without a resource."""

    def _owner(self, path: dict[str, str]) -> Ledger:
        super()._owner(path)
        raise not_found(self.request.path)

    def on_get(self) -> object:
        raise not_found(self.request.path)

    on_post = on_delete = on_get


def last_values(form: Mapping[str, list[str]]) -> dict[str, str]:
    """The last value of each field of a form."""
    return {name: values[-1] for name, values in form.items()}


def _basic_auth(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


def _usual_code(status: int) -> int:
    return {401: 20003, 403: 20003, 404: 20404, 405: 20004, 429: 20429}.get(status, 20500)

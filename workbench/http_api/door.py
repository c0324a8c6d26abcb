"""What every request passes before any route: its id, its name, its token, its turn, its size and its time.

The rest runs as the token's person (`workbench.roles.acting_as`). Outside of this nobody is signed in, so
what goes around the door may do nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.errors import WorkbenchError
from workbench.http_api.head_requests import as_get
from workbench.http_api.problems import ApiProblem, problem_of, unexpected_problem
from workbench.http_api.rate_limits import RateLimits
from workbench.logs.request_ids import HEADER, request_id_for, use_request_id
from workbench.roles import acting_as
from workbench.server.access.headers import STRICT_CSP
from workbench.server.access.settings import HOSTS_SETTING
from workbench.server.access.tokens import TokenDoor
from workbench.server.connections import BODY_SECONDS
from workbench.server.figures.requests import METRICS_PATH, Figures

MOST_BYTES = 4 * 2**20
OPEN_TO_ALL = ("/healthz", METRICS_PATH, "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/docs/")
"""What says nothing of anybody, or asks for a token of its own; a path that ends in `/` with all below it."""


class Door:
    """Stands before an app.

    Args:
        hosts: values of `Host` that are answered, see :func:`workbench.server.hosts.served_hosts`.
        headers: of every answer.
        figures: count the answers by their route.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: frozenset[str],
        tokens: TokenDoor,
        limits: RateLimits,
        headers: Mapping[str, str],
        figures: Figures,
    ) -> None:
        self._app, self._hosts, self._tokens, self._limits = app, hosts, tokens, limits
        self._figures = figures
        self._headers = {"Cache-Control": "no-store", "Content-Security-Policy": STRICT_CSP, **headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope, send = as_get(scope, send)
        given = [
            value.decode("latin-1") for name, value in scope["headers"] if name == HEADER.lower().encode()
        ]
        request_id = request_id_for(given)
        use_request_id(request_id)
        answer, began = _Answer(send, {**self._headers, HEADER: request_id}), time.perf_counter()
        try:
            await self._let_in(scope, _limited(scope, receive), answer)
        except WorkbenchError as error:
            await problem_of(error)(scope, receive, answer.send)
        except Exception as error:
            if not answer.has_begun:
                await unexpected_problem(error)(scope, receive, answer.send)
        finally:
            self._figures.count(_kind_of(scope, answer.status), answer.status, time.perf_counter() - began)

    async def _let_in(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        self._require_host(scope)
        path: str = scope["path"]
        if any(path == each or (each.endswith("/") and path.startswith(each)) for each in OPEN_TO_ALL):
            await self._app(scope, receive, answer.send)
            return
        token = self._tokens.token_of(scope["headers"])
        taken = self._limits.take(token.name)
        answer.headers |= self._limits.headers(taken)
        if not taken.is_allowed:
            raise ApiProblem(
                429,
                "too-many-requests",
                f"The token {token.name} asked {self._limits.per_minute} times within a minute; so many "
                f"are allowed. Come again in {taken.seconds} s. [api] requests_per_minute is the limit.",
            )
        scope.setdefault("state", {})["token"] = token
        with acting_as(token.actor):
            await self._app(scope, receive, answer.send)

    def _require_host(self, scope: Scope) -> None:
        named = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
        if len(named) != 1 or named[0] not in self._hosts or not scope["raw_path"].startswith(b"/"):
            raise ApiProblem(
                421,
                "misdirected",
                f"This server was asked for as {', '.join(named)[:80]!r}, and answers only to the names that "
                f"it was told: add it to {HOSTS_SETTING}, and start the server again.",
            )


class _Answer:
    """Adds headers to an answer that has none of that name, and knows whether it has begun.

    Attributes:
        status: 499 where nobody was answered any more, as when the caller went away.
    """

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send, self.headers, self.has_begun, self.status = send, headers, False, 499

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun, self.status = True, message["status"]
            given = {name.lower() for name, _ in message["headers"]}
            missing = [
                (name.lower().encode(), value.encode("latin-1"))
                for name, value in self.headers.items()
                if name.lower().encode() not in given
            ]
            message = {**message, "headers": [*message["headers"], *missing]}
        await self._send(message)


def _kind_of(scope: Scope, status: int) -> str:
    """The name of the route that answered; never the path, which callers choose."""
    if name := getattr(scope.get("route"), "name", None):
        return str(name)
    return "not_found" if status == 404 else "refused"


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Gives no more of a body than is allowed, and for no longer."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if length.isdigit() and int(length) > MOST_BYTES:
        raise ApiProblem(413, "too-large", _TOO_LARGE)
    until, read, is_whole = time.monotonic() + BODY_SECONDS, 0, False

    async def limited() -> Message:
        nonlocal read, is_whole
        if is_whole:
            # What follows is only that the caller went away, however long the answer takes.
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), max(0.0, until - time.monotonic()))
        except TimeoutError as error:
            raise HTTPException(
                408, f"The body did not come within {BODY_SECONDS:g} s; send it again."
            ) from error
        read += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        if read > MOST_BYTES:
            raise HTTPException(413, _TOO_LARGE)
        return message

    return limited


_TOO_LARGE = f"The body is larger than {MOST_BYTES:,} bytes; send a long list in several batches."

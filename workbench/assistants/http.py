"""The assistant's server over streamable HTTP, as an ASGI application that another one has at `/mcp`.

Each request bears its own token and stands for itself: there is no session that others could take over.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from workbench.assistants.backing import Backing
from workbench.assistants.caller import AssistantCaller
from workbench.assistants.server import AssistantServer, build_server
from workbench.errors import NotAllowed, WorkbenchError

if TYPE_CHECKING:
    from workbench.api.installation import Installation

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_MOST_BYTES = 256 * 1024
"""Of a request: arguments of tools are short."""

log = logging.getLogger(__name__)
_caller: ContextVar[AssistantCaller | None] = ContextVar("assistant_caller", default=None)


def mcp_application(
    installation_provider: Callable[[], Installation],
    authenticate: Callable[[Scope], AssistantCaller],
    *,
    hosts: Sequence[str] = LOOPBACK,
    may_propose: bool = False,
) -> McpApplication:
    """The application for the route `/mcp`; enter its :meth:`McpApplication.running` in the lifespan.

    Args:
        installation_provider: gives the installation of a request; it stays open.
        authenticate: the caller of a request, from its ASGI scope; raises a WorkbenchError whose text says
            what to send instead, NotAllowed where the token is known and may not.
        hosts: Host names that it answers to, with any port or none.
        may_propose: whether it has the tool that proposes replies.
    """
    backing = Backing(installation_provider, _current_caller)
    return McpApplication(backing, build_server(backing, may_propose=may_propose), authenticate, hosts)


class McpApplication:
    """An ASGI application; alone under a server it runs by its own lifespan."""

    def __init__(
        self,
        backing: Backing,
        server: AssistantServer,
        authenticate: Callable[[Scope], AssistantCaller],
        hosts: Sequence[str],
    ) -> None:
        self._backing, self._server, self._authenticate = backing, server, authenticate
        names = [*hosts, *(f"{host}:*" for host in hosts)]
        self._security = TransportSecuritySettings(
            allowed_hosts=names,
            allowed_origins=[f"{scheme}://{name}" for scheme in ("http", "https") for name in names],
        )
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What requests need while the process serves; may be entered again afterwards."""
        manager = StreamableHTTPSessionManager(
            self._server._lowlevel_server,
            json_response=True,
            stateless=True,
            security_settings=self._security,
            max_request_body_size=_MOST_BYTES,
        )
        try:
            async with manager.run():
                self._manager = manager
                yield
        finally:
            self._manager = None
            self._backing.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            caller = self._authenticate(scope)
        except WorkbenchError as error:
            status = 403 if isinstance(error, NotAllowed) else 401
            headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
            problem = {
                "type": "about:blank",
                "status": status,
                "title": "Not allowed" if status == 403 else "No token",
                "detail": str(error),
            }
            response = JSONResponse(problem, status, headers, "application/problem+json")
            await response(scope, receive, send)
            return
        if self._manager is None:
            raise RuntimeError("The lifespan has not entered McpApplication.running().")
        token = _caller.set(caller)
        try:
            await self._manager.handle_request(scope, receive, send)
        finally:
            _caller.reset(token)

    async def _live(self, receive: Receive, send: Send) -> None:
        message: Message = await receive()
        assert message["type"] == "lifespan.startup"
        async with self.running():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _current_caller() -> AssistantCaller:
    """Who asks in this context; refuses where nobody does."""
    caller = _caller.get()
    if caller is None:
        raise NotAllowed("Nobody asks: the request bears no token.")
    return caller

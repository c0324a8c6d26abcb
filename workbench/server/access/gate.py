"""The gate before the pages: who is asking. Everything that signing in needs, made from the settings once."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from bokeh.util.token import get_session_id
from panel.io.state import state
from tornado.httputil import HTTPServerRequest

from workbench.errors import WorkbenchError
from workbench.roles import Actor, find_people_with
from workbench.server.access.attempts import Attempts
from workbench.server.access.callers import Caller, caller
from workbench.server.access.private_files import access_key
from workbench.server.access.sessions import Sessions
from workbench.server.access.trail import Trail
from workbench.server.access.users import Users
from workbench.server.front import Answer, RefusedHandler
from workbench.settings import AccessSettings, Settings

log = logging.getLogger(__name__)


class Gate:
    """What the handlers of one server share; nothing is open before :meth:`open`.

    Args:
        hosts: what may stand in an `Origin` header.

    Raises:
        ConfigError: a file of the home is not as it must be, or nobody could sign in.
    """

    def __init__(self, settings: Settings, access: AccessSettings, hosts: tuple[str, ...]) -> None:
        self.access, self.hosts = access, hosts
        self._application: Any = None
        self.key = access_key(settings.home)
        self.users = Users(settings.home)
        self.sessions = Sessions(access, self.users, self.key, settings.home)
        self.attempts = Attempts()
        self.trail = Trail(settings)
        if access.method == "password" and not self.users.all():
            log.warning("nobody can sign in yet: run `workbench users add NAME --role admin`")

    def open(self, application: Any) -> None:
        """From now on the pages of this server know who is asking, and the trail is kept."""
        self._application = application
        find_people_with(self.person_of_page)
        self.trail.start()

    def lets_in(self, request: HTTPServerRequest) -> bool:
        """Whether somebody who is signed in asks."""
        return self.person(request) is not None

    def close(self) -> None:
        find_people_with(None)
        self.trail.close()

    def caller(self, request: HTTPServerRequest) -> Caller:
        """Where a request came from, as far as the proxies in front are trusted."""
        return caller(request.remote_ip, request.headers, request.protocol, self.access.trusted_proxies)

    def is_own_origin(self, request: HTTPServerRequest) -> bool:
        """Whether a form was sent by one of our own pages; a browser always says where from."""
        origin = request.headers.get("Origin")
        return origin is None or urlsplit(origin).netloc.lower() in self.hosts

    def person(self, request: HTTPServerRequest) -> Actor | None:
        """Who is signed in; None also while that cannot be found out."""
        try:
            return self.sessions.person(request)
        except WorkbenchError as error:
            log.warning("nobody is let in: %s", error)
            return None

    def login(self, request: HTTPServerRequest) -> str | None:
        """The sign-in that a request belongs to; None also while that cannot be found out."""
        try:
            return self.sessions.login(request)
        except WorkbenchError as error:
            log.warning("nobody is let in: %s", error)
            return None

    def person_of_page(self) -> Actor | None:
        """Who acts in the current page, if they still may.

        The cookie of the websocket says it, not who opened the page. Where the two differ, or two people are
        in the page, it is nobody.
        """
        doc = state.curdoc
        requests = self._requests_of(doc.session_context if doc is not None else None)
        logins = {self.login(request) for request in requests}
        if len(logins) > 1:
            log.error("a page is open for more than one person; nobody may do anything in it")
            return None
        return self.person(requests[-1]) if requests else None

    def check_session(self, request: HTTPServerRequest) -> Answer | None:
        """Refuses a websocket that would join the page of somebody else."""
        pages = _pages_named(self._application, request)
        logins = {self.login(other) for page in pages for other in self._requests_of(page)}
        if logins <= {self.login(request)}:
            return None
        return RefusedHandler, {"status": 403, "reason": "this page was opened by somebody else"}

    def _requests_of(self, context: Any) -> list[HTTPServerRequest]:
        """The request that opened a page, then those of its websockets.

        Bokeh gives pages a copy with the cookies chosen above; the browser's own request is behind it.
        """
        if context is None:
            return []
        clients = list(self._application._clients) if self._application else []
        sockets = [client._socket for client in clients if client.session is context._session]
        requests = [getattr(context.request, "_request", None), *(socket.request for socket in sockets)]
        return [request for request in requests if isinstance(request, HTTPServerRequest)]

    def close_ended(self, application: Any) -> int:
        """Cut the websockets of people whose session ended while a page was open; how many were cut."""
        ended = [
            connection._socket
            for connection in list(application._clients)
            if self.person(connection._socket.request) is None
        ]
        for socket in ended:
            socket.close(4401, "signed out")
        return len(ended)


def _pages_named(application: Any, request: HTTPServerRequest) -> list[Any]:
    """The open pages whose session the token of a websocket names."""
    protocols = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    try:
        name = get_session_id(protocols[-1].strip())
    except (ValueError, KeyError, TypeError):
        # Not a token: Bokeh will not take it either.
        return []
    contexts = [context._session_contexts.get(name) for context in application.applications.values()]
    return [context for context in contexts if context is not None]

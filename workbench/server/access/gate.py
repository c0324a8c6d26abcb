"""The gate before the pages: everything that signing in needs, made from the settings once."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from bokeh.server.auth_provider import AuthProvider
from panel.io.state import state
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from workbench.config import Settings
from workbench.errors import WorkbenchError
from workbench.roles import Person, find_people_with
from workbench.server.access.attempts import Attempts
from workbench.server.access.callers import Caller, caller
from workbench.server.access.handlers import LoginHandler, LogoutHandler, StrangerHandler
from workbench.server.access.headers import security_headers
from workbench.server.access.private_files import access_key
from workbench.server.access.sessions import Sessions
from workbench.server.access.settings import AccessSettings
from workbench.server.access.trail import Trail
from workbench.server.access.users import Users

log = logging.getLogger(__name__)

LOGIN_PATH, LOGOUT_PATH, PROVIDER_PATH = "/login", "/logout", "/login/provider"
#: Signing in itself, whether the process lives, and scripts, styles and fonts, which say nothing of anybody.
_OPEN_TO_ALL = (LOGIN_PATH, LOGOUT_PATH, "/healthz", "/static/", "/favicon.ico")
_MOST_FORM_BYTES = 64 * 1024
#: All that a page needs to know of its request. The session's cookie stays out of the page's own text.
_PAGE_COOKIES, _PAGE_HEADERS = ["workbench_theme"], ["User-Agent", "Host", "Accept-Language"]


class Gate:
    """What the handlers of one server share; nothing is open before :meth:`open`.

    Args:
        hosts: what may stand in an `Origin` header.

    Raises:
        ConfigError: a file of the home is not as it must be, or nobody could sign in.
    """

    def __init__(self, settings: Settings, access: AccessSettings, hosts: tuple[str, ...]) -> None:
        self.access, self.hosts = access, hosts
        self.key = access_key(settings.home)
        self.users = Users(settings.home)
        self.sessions = Sessions(access, self.users, self.key, settings.home)
        self.attempts = Attempts()
        self.trail = Trail(settings)
        if access.method == "password" and not self.users.all():
            log.warning("nobody can sign in yet: run `workbench users add NAME --role admin`")

    def open(self, application: Any) -> None:
        """From now on nothing is answered to strangers, pages know who is asking, and the trail is kept.

        Whatever the server answers, pages, websockets, files and what is added one day, is behind this one
        check; only the paths named here are not.
        """
        find = application.find_handler

        def guarded(request: HTTPServerRequest, **kwargs: Any) -> Any:
            if request.path.startswith(_OPEN_TO_ALL) or self.person(request):
                return find(request, **kwargs)
            return application.get_handler_delegate(request, StrangerHandler)

        application.find_handler = guarded
        find_people_with(self.person_of_page)
        self.trail.start()

    def close(self) -> None:
        find_people_with(None)
        self.trail.close()

    def server_options(self) -> dict[str, Any]:
        """What Panel's server is to be made with.

        Raises:
            ConfigError, Unreachable: of the OpenID provider.
        """
        options: dict[str, Any] = {
            "auth_provider": SignIn(self),
            "gate": self,
            "transforms": [security_headers(self.access, self.hosts)],
            "cookie_secret": self.key,
            # A session's address in a page is signed, so that nobody can make up one of somebody else.
            "sign_sessions": True,
            "secret_key": self.key.encode(),
            "include_cookies": _PAGE_COOKIES,
            "include_headers": _PAGE_HEADERS,
            "http_server_kwargs": {"max_body_size": _MOST_FORM_BYTES},
        }
        if self.access.oauth:
            from workbench.server.access.provider import panel_options, provider_handler

            options |= panel_options(self.access, PROVIDER_PATH)
            options["extra_patterns"] = [(PROVIDER_PATH, provider_handler())]
        return options

    def caller(self, request: HTTPServerRequest) -> Caller:
        """Where a request came from, as far as can be believed."""
        return caller(request.remote_ip, request.headers, request.protocol, self.access.trusted_proxies)

    def is_own_origin(self, request: HTTPServerRequest) -> bool:
        """Whether a form was sent by one of our own pages; a browser always says where from."""
        origin = request.headers.get("Origin")
        return origin is None or urlsplit(origin).netloc.lower() in self.hosts

    def person(self, request: HTTPServerRequest) -> Person | None:
        """Who is signed in; nobody while it cannot be told."""
        try:
            return self.sessions.person(request)
        except WorkbenchError as error:
            log.warning("nobody is let in: %s", error)
            return None

    def person_of_page(self) -> Person | None:
        """Who opened the page that is being worked on, if they still may."""
        doc = state.curdoc
        context = doc.session_context if doc is not None else None
        proxy = context.request if context else None
        # Bokeh gives pages a copy with the cookies chosen above; the browser's own request is behind it.
        request = getattr(proxy, "_request", None)
        return self.person(request) if isinstance(request, HTTPServerRequest) else None

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


class SignIn(AuthProvider):  # type: ignore[misc]
    """Tells Panel's handlers, page and websocket alike, who is signed in."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        super().__init__()

    @property
    def get_user(self) -> Any:
        def name(handler: RequestHandler) -> str | None:
            person = self._gate.person(handler.request)
            return person.name if person else None

        return name

    @property
    def login_url(self) -> str:
        return LOGIN_PATH

    @property
    def login_handler(self) -> Any:
        return LoginHandler

    @property
    def logout_url(self) -> str:
        return LOGOUT_PATH

    @property
    def logout_handler(self) -> Any:
        return LogoutHandler

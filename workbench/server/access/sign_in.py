"""Puts the sign-in before Panel's server: the check of every request, the options, and the handlers."""

from __future__ import annotations

from typing import Any

from bokeh.server.auth_provider import AuthProvider
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from workbench.server.access.gate import Gate
from workbench.server.access.handlers import LoginHandler, LogoutHandler, StrangerHandler
from workbench.server.figures.requests import METRICS_PATH
from workbench.server.front import Answer, Check

LOGIN_PATH, LOGOUT_PATH, PROVIDER_PATH = "/login", "/logout", "/login/provider"
#: Signing in itself, whether the process lives, and scripts, styles and fonts, which say nothing of anybody.
_OPEN_TO_ALL = (LOGIN_PATH, LOGOUT_PATH, "/healthz", "/static/", "/favicon.ico")
#: All that a page needs to know of its request. The session's cookie stays out of the page's own text.
_PAGE_COOKIES, _PAGE_HEADERS = ["workbench_theme"], ["User-Agent", "Host", "Accept-Language"]


def signed_in(gate: Gate) -> Check:
    """Refuses every request of somebody who is not signed in, but for the paths named above."""

    def check(request: HTTPServerRequest) -> Answer | None:
        # The figures ask for a token of their own.
        is_open = request.path.startswith(_OPEN_TO_ALL) or request.path == METRICS_PATH
        is_open = is_open or gate.lets_in(request)
        return None if is_open else (StrangerHandler, {})

    return check


def server_options(gate: Gate) -> dict[str, Any]:
    """What Panel's server is to be made with.

    Raises:
        ConfigError, Unreachable: of the OpenID provider.
    """
    options: dict[str, Any] = {
        "auth_provider": SignIn(gate),
        "gate": gate,
        "cookie_secret": gate.key,
        # A session's address in a page is signed, so that nobody can make up one of somebody else.
        "sign_sessions": True,
        "secret_key": gate.key.encode(),
        "include_cookies": _PAGE_COOKIES,
        "include_headers": _PAGE_HEADERS,
    }
    if gate.access.provider:
        from workbench.server.access.provider import panel_options, provider_handler

        options |= panel_options(gate.access, PROVIDER_PATH)
        options["extra_patterns"] = [(PROVIDER_PATH, provider_handler())]
    return options


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

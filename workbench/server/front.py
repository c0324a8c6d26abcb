"""Checks of every request before any handler gets it, in every process. The first refusal is the answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from workbench.logs.request_ids import HEADER, request_id_for, use_request_id
from workbench.server.access.headers import STRICT_CSP
from workbench.server.hosts import is_served

log = logging.getLogger(__name__)

Answer = tuple[type[RequestHandler], dict[str, Any]]
"""A handler that answers instead, and its arguments."""
Check = Callable[[HTTPServerRequest], Answer | None]
"""None: this check has nothing against the request."""

Explain = Callable[[str, str, list[str]], str]
"""Makes a page of a title, what happened and what to do."""

_LONGEST_SHOWN = 80
_SESSION_ARGUMENTS = ("bokeh-session-id", "bokeh-token")


def stand_before(application: Any, *checks: Check) -> None:
    """From now on each request has an id and passes these checks, in this order, whatever is asked for.

    Pages, websockets, files and what is added one day are found by `find_handler`; nothing goes around it.
    """
    find = application.find_handler

    def guarded(request: HTTPServerRequest, **kwargs: Any) -> Any:
        use_request_id(request_id_for(request.headers.get_list(HEADER)))
        for check in checks:
            answer = check(request)
            if answer:
                return application.get_handler_delegate(request, *answer)
        delegate = find(request, **kwargs)
        if request.method == "HEAD":
            delegate.handler_class = _with_head(delegate.handler_class)
        return delegate

    application.find_handler = guarded


@cache
def _with_head(handler_class: type[RequestHandler]) -> type[RequestHandler]:
    """The handler, answering HEAD as GET; Tornado leaves out the body."""
    has_own = handler_class.head is not RequestHandler.head
    if has_own or handler_class.get is RequestHandler.get or issubclass(handler_class, WebSocketHandler):
        return handler_class
    return type(handler_class.__name__, (handler_class,), {"head": handler_class.get})


def known_host(hosts: frozenset[str], setting: str, explain: Explain | None = None) -> Check:
    """Refuses a request that was sent to another name.

    Args:
        hosts: what :func:`workbench.server.hosts.served_hosts` gives.
        setting: which setting names further hosts; said in the answer.
        explain: for browsers; without it they get text as everybody else.
    """
    arguments = {"setting": setting, "explain": explain}

    def check(request: HTTPServerRequest) -> Answer | None:
        return None if is_served(request, hosts) else (MisdirectedHandler, arguments)

    return check


def own_pages(hosts: frozenset[str]) -> Check:
    """Refuses a websocket that none of our own pages opened, and an address that brings a session with it.

    Tornado believes `Sec-Fetch-Site` and an `Origin` that equals `Host` before Bokeh's list is asked, and an
    absent `Origin` altogether. A session id in an address could be somebody else's: two people in one session
    would act as each other.

    Args:
        hosts: what may stand in `Origin`.
    """

    def check(request: HTTPServerRequest) -> Answer | None:
        is_websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        if is_websocket and not _is_own(request.headers.get_list("Origin"), hosts):
            return RefusedHandler, {"status": 403, "reason": "websockets are for pages of this server"}
        named = [name for name in _SESSION_ARGUMENTS if name in request.arguments]
        if named or "Bokeh-Session-Id" in request.headers:
            return RefusedHandler, {"status": 403, "reason": "a session cannot be chosen"}
        return None

    return check


def _is_own(origins: list[str], hosts: frozenset[str]) -> bool:
    if len(origins) != 1:
        return False
    scheme, separator, host = origins[0].lower().partition("://")
    return scheme in ("http", "https") and bool(separator) and host in hosts


def log_answer(handler: RequestHandler) -> None:
    """For Tornado's `log_function`: what failed here, without the query, which may hold a token or a number.

    What was refused is the caller's affair; a stranger cannot fill the log with it.
    """
    status, request = handler.get_status(), handler.request
    level = logging.ERROR if status >= 500 else logging.DEBUG
    log.log(level, "%d %s %r", status, request.method, request.path[:_LONGEST_SHOWN])


class _AnyMethod(tuple[str, ...]):
    """Tornado asks whether a method is supported before `prepare`; a refusal is for all of them."""

    def __contains__(self, method: object) -> bool:
        return True


class RefusedHandler(RequestHandler):
    """A refusal in one line, whatever the method."""

    SUPPORTED_METHODS = _AnyMethod()

    def initialize(self, status: int, reason: str) -> None:
        self._refusal = status, reason

    def set_default_headers(self) -> None:
        self.set_header("Content-Security-Policy", STRICT_CSP)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        status, reason = self._refusal
        self.set_status(status)
        self.finish(f"Refused: {reason}.\n")


class MisdirectedHandler(RequestHandler):
    """421: the request was meant for another name. Says which setting would allow it."""

    SUPPORTED_METHODS = _AnyMethod()

    def initialize(self, setting: str, explain: Explain | None) -> None:
        self._setting, self._explain = setting, explain

    def set_default_headers(self) -> None:
        self.set_header("Content-Security-Policy", STRICT_CSP)
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        self.set_status(421)
        asked = (self.request.headers.get("Host") or "")[:_LONGEST_SHOWN]
        explanation = (
            f'This server was asked for as "{asked}", and answers only to the names that it was told.'
        )
        remedy = f"If you want to use this name, add it to {self._setting}, and start the server again."
        warning = (
            "If you did not ask for this, close the page: a website may have tried to reach your workbench "
            "through your browser. It got nothing."
        )
        if self._explain and "text/html" in self.request.headers.get("Accept", ""):
            self.finish(self._explain("This name is not served here", explanation, [remedy, warning]))
        else:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(f"{explanation} {remedy}\n")

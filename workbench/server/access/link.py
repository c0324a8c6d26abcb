"""The link that opens the pages where nobody signs in: it carries a token that only this user can read.

Without it any other user of the machine, and any page in a browser that gets through, would be an admin. The
token is in a file, so that open pages go on after a restart; removing the file makes the next start print
another link.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from workbench.server.access.handlers import safe_path
from workbench.server.access.headers import STRICT_CSP
from workbench.server.access.own_tokens import TOKEN_FILE, are_equal, bears_token, link_token
from workbench.server.access.sign_in_page import notice_page
from workbench.server.figures.requests import METRICS_PATH
from workbench.server.front import Answer

ARGUMENT = "token"
#: Whether the process lives, and scripts, styles and fonts, which say nothing of anybody.
_OPEN_TO_ALL = ("/healthz", "/static/", "/favicon.ico")
_COOKIE_FLAGS: dict[str, Any] = {"httponly": True, "samesite": "Lax", "path": "/", "max_age": 30 * 86_400}
_WHERE = (
    "The command “workbench serve” printed a link with a token when it was started. Open that link once; "
    "this browser is remembered for 30 days.",
    f"The token is also in the file {TOKEN_FILE} of the installation's home. Only the user who runs the "
    "workbench can read it, so that nobody else on this machine gets in.",
)


class LinkGate:
    """Lets in whoever opened the link once, by a cookie; scripts may send the token as a bearer token.

    Args:
        port: of the pages.
        is_secure: whether browsers come over https.

    Raises:
        ConfigError: as :func:`link_token`.
    """

    def __init__(self, home: Path, port: int, *, is_secure: bool = False) -> None:
        self.token, self.is_secure = link_token(home), is_secure
        # Cookies are shared by all ports: two installations on one machine must not replace each other's.
        self.cookie = f"workbench-{port}"
        # Not the token itself: what a browser keeps opens the pages of this port only.
        self.cookie_value = hmac.new(self.token.encode(), self.cookie.encode(), hashlib.sha256).hexdigest()

    def check(self, request: HTTPServerRequest) -> Answer | None:
        """Who answers instead of the page: the one that takes the token out of the address, or refuses."""
        if request.path.startswith(_OPEN_TO_ALL) or request.path == METRICS_PATH:
            return None
        if ARGUMENT not in request.query_arguments and self.lets_in(request):
            return None
        return LinkHandler, {"gate": self}

    def lets_in(self, request: HTTPServerRequest) -> bool:
        """Whether a request has the cookie or the token."""
        morsel = request.cookies.get(self.cookie)
        has_cookie = morsel is not None and are_equal(morsel.value, self.cookie_value)
        return has_cookie or bears_token(request, self.token)

    def knows(self, token: str) -> bool:
        return are_equal(token, self.token)


class LinkHandler(RequestHandler):
    """Takes the token out of the address, or says where the link is."""

    def initialize(self, gate: LinkGate) -> None:
        self._gate = gate

    def set_default_headers(self) -> None:
        self.set_header("Content-Security-Policy", STRICT_CSP)
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        tokens = [
            value.decode("utf-8", "replace") for value in self.request.query_arguments.get(ARGUMENT, [])
        ]
        if self.request.method not in ("GET", "HEAD") or self.request.headers.get("Upgrade"):
            self.set_status(403)
            self.finish()
        elif len(tokens) == 1 and self._gate.knows(tokens[0]):
            flags = {**_COOKIE_FLAGS, "secure": self._gate.is_secure}
            self.set_cookie(self._gate.cookie, self._gate.cookie_value, **flags)
            self.redirect(self._without_token())
        elif tokens and self._gate.lets_in(self.request):
            self.redirect(self._without_token())
        else:
            self._explain(is_wrong=bool(tokens))

    def _explain(self, *, is_wrong: bool) -> None:
        self.set_status(403)
        chosen = self.get_cookie("workbench_theme")
        self.finish(
            notice_page(
                "Open the link with the token",
                "The token in this link is not the one of this workbench."
                if is_wrong
                else "This browser has not opened the workbench before.",
                _WHERE,
                None if chosen is None else chosen == "dark",
            )
        )

    def _without_token(self) -> str:
        parts = [
            part for part in self.request.query.split("&") if unquote_plus(part.partition("=")[0]) != ARGUMENT
        ]
        return safe_path(self.request.path + ("?" + "&".join(parts) if any(parts) else ""))

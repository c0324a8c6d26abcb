"""Signing in with a password, and signing out."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Any
from urllib.parse import quote, urlsplit

from tornado.web import HTTPError, RequestHandler

from workbench.errors import WorkbenchError
from workbench.server.access.gate import Gate
from workbench.server.access.headers import STRICT_CSP
from workbench.server.access.sign_in_page import password_page, provider_page, refusal_page, sign_out_page
from workbench.server.access.users import User

log = logging.getLogger(__name__)

#: A check takes 64 MB for a moment; too many at once would exhaust the memory.
_CHECKS_AT_ONCE, _MOST_WAITING = 2, 16
_WRONG = "The name or the password is wrong."


class AccessHandler(RequestHandler):
    """What the pages around signing in have in common."""

    @property
    def gate(self) -> Gate:
        gate: Gate = self.settings["gate"]
        return gate

    @property
    def dark(self) -> bool | None:
        """What was chosen on a page before; None leaves it to the system."""
        chosen = self.get_cookie("workbench_theme")
        return None if chosen is None else chosen == "dark"

    def set_default_headers(self) -> None:
        self.set_header("Content-Security-Policy", STRICT_CSP)
        self.set_header("Cache-Control", "no-store")

    def next_path(self) -> str:
        return safe_path(self.get_argument("next", "/"))

    def explain(self, status: int, title: str, message: str) -> None:
        self.set_status(status)
        self.finish(refusal_page(title, message, self.dark))

    def refuse_stranger(self) -> bool:
        """Whether a form came from another site, and was refused."""
        if self.gate.is_own_origin(self.request):
            return False
        self.explain(
            403,
            "Not from here",
            f"This form came from {self.request.headers.get('Origin')!r}, which [access] url and origins "
            "do not name.",
        )
        return True

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish(refusal_page("That did not work", f"HTTP {status_code}.", self.dark))


class LoginHandler(AccessHandler):
    """The page that asks, and the answer to it."""

    _checking = asyncio.Semaphore(_CHECKS_AT_ONCE)
    _waiting = 0

    def get(self) -> None:
        if self._refuse_plain_http():
            return
        if self.gate.person(self.request):
            self.redirect(self.next_path())
        elif provider := self.gate.access.provider:
            start = f"/login/provider?next={quote(self.next_path())}"
            self.finish(provider_page(start, provider.label, dark=self.dark))
        else:
            self.finish(password_page(self.next_path(), dark=self.dark))

    async def post(self) -> None:
        if self._refuse_plain_http() or self.refuse_stranger():
            return
        if self.gate.access.method != "password":
            raise HTTPError(405)
        name = self.get_body_argument("name", "")[:64]
        address = self.gate.caller(self.request).address
        if LoginHandler._waiting >= _MOST_WAITING:
            self._ask_again(503, "Too many people are signing in. Try again in a moment.", name)
            return
        wait = self.gate.attempts.take(name, address)
        if wait:
            self.set_header("Retry-After", str(math.ceil(wait)))
            self._ask_again(429, f"Too many attempts. Try again in {_spoken(wait)}.", name)
            return
        try:
            user = await self._check(name, self.get_body_argument("password", "", strip=False))
            self._answer(user, name, address)
        except (WorkbenchError, OSError) as error:
            log.error("nobody can sign in: %s", error)
            self._ask_again(503, "Signing in does not work now. The reason is in the server's log.", name)

    async def _check(self, name: str, password: str) -> User | None:
        LoginHandler._waiting += 1
        try:
            async with self._checking:
                return await asyncio.to_thread(self.gate.users.check, name, password)
        finally:
            LoginHandler._waiting -= 1

    def _answer(self, user: User | None, name: str, address: str) -> None:
        if user is None:
            self.gate.attempts.failed(name, address)
            # Somebody may have typed the password into the wrong field: only known names are written down.
            known = name.strip().lower() in self.gate.users.all()
            actor = f"user:{name.strip().lower()}" if known else "user:unknown"
            self.gate.trail.note("sign-in-failed", actor, address=address)
            log.warning("a sign-in failed, from %s", address)
            self._ask_again(401, _WRONG, name)
            return
        # The trail first: nobody is let in whose sign-in cannot be written down.
        self.gate.trail.note(
            "sign-in", f"user:{user.name}", address=address, role=user.role, method="password"
        )
        self.gate.attempts.succeeded(name, address)
        self.gate.sessions.start(self, user.name, user.proof)
        self.redirect(self.next_path(), status=303)

    def _ask_again(self, status: int, error: str, name: str) -> None:
        self.set_status(status)
        self.finish(password_page(self.next_path(), error, name, self.dark))

    def _refuse_plain_http(self) -> bool:
        """Whether the request was refused: without TLS in front the password would travel unencrypted."""
        caller, access = self.gate.caller(self.request), self.gate.access
        if not access.is_secure or caller.is_https:
            return False
        reason = (
            "the proxy in front says that people reach it over plain HTTP (X-Forwarded-Proto)"
            if caller.through_proxy
            else f"this request came from {caller.address} without TLS, and that is none of [access] "
            "trusted_proxies"
        )
        self.explain(403, "Not over plain HTTP", f"People sign in at {access.url} only: {reason}.")
        return True


class LogoutHandler(AccessHandler):
    """Ends the session of this browser."""

    def get(self) -> None:
        person = self.gate.person(self.request)
        if person is None:
            self.redirect("/login")
        else:
            self.finish(sign_out_page(person.name, self.dark))

    async def post(self) -> None:
        if self.refuse_stranger():
            return
        try:
            # On a thread: in a fleet the database has to take it, and the pages must not wait for that.
            person = await asyncio.to_thread(self.gate.sessions.end, self)
        except WorkbenchError as error:
            log.error("a session could not be ended for good: %s", error)
            self.explain(
                503,
                "Signed out in this browser only",
                "The database of the fleet does not answer, so a copy of your session, should somebody have "
                "one, ends with its time only.",
            )
            return
        if person:
            address = self.gate.caller(self.request).address
            try:
                self.gate.trail.note("sign-out", person.actor, address=address)
            except OSError as error:
                # The session has ended. Keeping somebody signed in because a note failed would help nobody.
                log.error("a sign-out could not be written down: %s", error)
        self.redirect("/login", status=303)


class StrangerHandler(AccessHandler):
    """The answer to whoever is not signed in: a page leads to signing in, anything else is refused."""

    def prepare(self) -> None:
        is_page = self.request.method in ("GET", "HEAD") and not self.request.headers.get("Upgrade")
        if is_page:
            self.redirect(f"/login?next={quote(self.request.uri or '/', safe='')}")
        else:
            self.set_status(403)
            self.finish()


def safe_path(path: str) -> str:
    """A path of this server to go on to; the start for anything that could lead elsewhere."""
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    is_own = path.startswith("/") and not path.startswith("//") and not (parts.scheme or parts.netloc)
    is_plain = all(" " < character < "\x7f" and character != "\\" for character in path)
    return path if is_own and is_plain and not path.startswith(("/login", "/logout")) else "/"


def _spoken(seconds: float) -> str:
    return f"{math.ceil(seconds)} s" if seconds <= 90 else f"{math.ceil(seconds / 60)} minutes"

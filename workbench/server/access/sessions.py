"""Sessions: a signed cookie that says who signed in and when, believed only while all of it still holds.

It ends by time, by signing out, when the password changes and when the person is removed. A role is looked up
anew each time, so that a change counts at once.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from http.cookies import Morsel
from pathlib import Path
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler, create_signed_value, decode_signed_value

from workbench.lake.fleet.freshness import require_current
from workbench.lake.fleet.shared_files import change_files
from workbench.private_files import PrivateContent
from workbench.roles import Actor
from workbench.server.access.users import Users
from workbench.settings import AccessSettings

ENDED_FILE = "signed-out.json"
_DAY, _HOUR = 86_400.0, 3_600.0


class Sessions:
    """The sessions of one installation; safe to ask from any thread."""

    def __init__(
        self,
        access: AccessSettings,
        users: Users,
        key: str,
        home: Path,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._access, self._users, self._key, self._clock = access, users, key, clock
        self._ended = _Ended(home, clock)
        # The prefix makes browsers refuse the cookie from anywhere but this very host over https.
        self.cookie = "__Host-workbench" if access.is_secure else "workbench"

    def start(self, handler: RequestHandler, name: str, proof: str = "") -> None:
        """Sign in whoever made this request."""
        session = {"n": name, "i": secrets.token_urlsafe(18), "p": proof, "m": self._access.method}
        value = create_signed_value(self._key, self.cookie, json.dumps(session), clock=self._clock)
        seconds = int(self._access.session_hours * _HOUR)
        handler.set_cookie(self.cookie, value, max_age=seconds, **self._flags())

    def end(self, handler: RequestHandler) -> Actor | None:
        """Sign out: the cookie goes, and is not believed again should somebody have copied it.

        Raises:
            LakeError: in a fleet, the database does not answer: the cookie goes, a copy of it holds.
        """
        handler.set_cookie(self.cookie, "", max_age=0, **self._flags())
        person, session = self._person_and_session(handler.request)
        if session:
            self._ended.add(session["i"], self._clock() + self._access.session_hours * _HOUR)
        return person

    def person(self, request: HTTPServerRequest) -> Actor | None:
        """Who is signed in, in the browser that made this request; None: nobody, or not any more."""
        return self._person_and_session(request)[0]

    def login(self, request: HTTPServerRequest) -> str | None:
        """Which signing in the cookie of a request comes from; None: nobody is signed in by it."""
        person, session = self._person_and_session(request)
        return str(session["i"]) if person and session else None

    def _person_and_session(self, request: HTTPServerRequest) -> tuple[Actor | None, dict[str, Any] | None]:
        session = self._session(request.cookies)
        if session is None or session["m"] != self._access.method or session["i"] in self._ended:
            return None, None
        role = self._role(session)
        return (Actor(session["n"], role), session) if role else (None, None)

    def _session(self, cookies: Mapping[str, Morsel[Any]]) -> dict[str, Any] | None:
        morsel = cookies.get(self.cookie)
        days = self._access.session_hours * _HOUR / _DAY
        value = morsel and decode_signed_value(
            self._key, self.cookie, morsel.value, max_age_days=days, clock=self._clock
        )
        return json.loads(value) if value else None

    def _role(self, session: dict[str, Any]) -> str | None:
        if self._access.method == "oauth":
            return self._access.role_of(session["n"])
        user = self._users.all().get(session["n"])
        return user.role if user and secrets.compare_digest(user.proof, session["p"]) else None

    def _flags(self) -> dict[str, Any]:
        return {"httponly": True, "secure": self._access.is_secure, "samesite": "Lax", "path": "/"}


class _Ended:
    """Sessions that were signed out before their time; in a file, so that no restart believes them.

    Read again whenever it changed: in a fleet, signing out on one machine counts on all.
    """

    def __init__(self, home: Path, clock: Callable[[], float]) -> None:
        self._home, self._path, self._clock = home, home / ENDED_FILE, clock
        self._lock = threading.Lock()
        self._file = PrivateContent[dict[str, float]](self._path, _read_ended, {})

    def __contains__(self, session: str) -> bool:
        require_current(self._home, ENDED_FILE)
        return session in self._file.content()

    def add(self, session: str, until: float) -> None:
        with self._lock, change_files(self._home, f"{ENDED_FILE}.lock") as changes:
            now = self._clock()
            ended = {name: end for name, end in self._file.content().items() if end > now}
            changes.write(self._path, json.dumps(ended | {session: until}))


def _read_ended(path: Path) -> dict[str, float]:
    ended: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return ended

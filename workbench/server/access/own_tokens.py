"""The tokens that an installation makes for itself, each in a file that only its user can read.

They open the pages where nobody signs in, and the figures of each process. Processes without pages need them
too, so nothing here knows what a page is made of.
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from tornado.httputil import HTTPServerRequest

from workbench.errors import ConfigError
from workbench.files import create_whole
from workbench.private_files import require_private

TOKEN_FILE, METRICS_TOKEN_FILE = "link.token", "metrics.token"
_TOKEN_BYTES = 32


def link_token(home: Path) -> str:
    """The token of an installation's link; see :func:`own_token`."""
    return own_token(home / TOKEN_FILE)


def metrics_token(home: Path) -> str:
    """The token that opens `/metrics` and nothing else; see :func:`own_token`."""
    return own_token(home / METRICS_TOKEN_FILE)


def own_token(path: Path) -> str:
    """The token in a file of the home, made once.

    Raises:
        ConfigError: others may read the file, or it holds no token.
    """
    if not path.exists():
        # Of two processes at once the first one's stays, so that both print the same link.
        create_whole(path, secrets.token_hex(_TOKEN_BYTES))
    require_private(path)
    token = path.read_text(encoding="utf-8").strip()
    if len(token) < _TOKEN_BYTES:
        raise ConfigError(f"{path} holds no token. Remove it; the next start makes a new one.")
    return token


def bears_token(request: HTTPServerRequest, expected: str) -> bool:
    """Whether a request has the token as a bearer token."""
    return is_bearer_of(request.headers.get("Authorization", ""), expected)


def is_bearer_of(authorization: str, expected: str) -> bool:
    """Whether the header `Authorization` has the token as a bearer token."""
    scheme, _, token = authorization.partition(" ")
    return scheme.lower() == "bearer" and are_equal(token.strip(), expected)


def are_equal(given: str, expected: str) -> bool:
    """Whether two tokens are the same, in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "backslashreplace"), expected.encode())

"""The id of the request or the job that this thread or task works for; it stands in each line of the log."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "X-Request-Id"
_GIVEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,35}", re.ASCII)
#: What could be somebody's number, or a secret, is not repeated.
_TELLING = re.compile(r"(?:[0-9][_-]?){7}|[0-9a-fA-F]{32}", re.ASCII)
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def request_id_for(given: list[str]) -> str:
    """The id that a caller gave, if it is a short plain word; else a new one.

    Args:
        given: the values of the header.
    """
    if len(given) == 1 and _GIVEN.fullmatch(given[0]) and not _TELLING.search(given[0]):
        return given[0]
    return new_request_id()


def new_request_id() -> str:
    """A random id; letters only, so that it is never taken for a number."""
    return "".join(secrets.choice("bcdfghjkmnpqrstvwxz") for _ in range(16))


def use_request_id(request_id: str | None) -> None:
    """From now on lines of this task carry it; with None none."""
    _current.set(request_id)


def current_request_id() -> str | None:
    """The id of what this task works for; None where it works for nobody."""
    return _current.get()


@contextmanager
def request_id_used(request_id: str) -> Iterator[None]:
    """As :func:`use_request_id`, until the end of a block."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)

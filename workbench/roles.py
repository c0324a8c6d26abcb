"""Who is asking, and what they may do: the one question before a number is revealed or a message is sent.

A viewer sees everything with numbers masked. An agent may also reveal numbers and reply. An admin may do
everything. Whoever works at this machine without sign-in (a notebook, a command, pages on loopback) is
`local:NAME` and an admin: they can read the files anyway.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from workbench.errors import NotAllowed

ROLES = ("viewer", "agent", "admin")
"""Each may do what those before it may."""


@dataclass(frozen=True)
class Actor:
    """Who is asking."""

    name: str
    role: str
    is_local: bool = False
    """At this machine, without sign-in."""

    @property
    def actor(self) -> str:
        """As the audit trail names them."""
        return f"{'local' if self.is_local else 'user'}:{self.name or 'nobody'}"

    def may(self, role: str) -> bool:
        """Whether their role is this one or includes it."""
        return bool(self.name) and ROLES.index(self.role) >= ROLES.index(role)


NOBODY = Actor("", "viewer")
"""Sign-in is on and whoever asks is not signed in, or no more."""

_find: Callable[[], Actor | None] | None = None


def find_people_with(find: Callable[[], Actor | None] | None) -> None:
    """From now on ``find`` says who is asking in this process; None: the person at this machine, always."""
    global _find
    _find = find


_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


@contextmanager
def acting_as(person: Actor) -> Iterator[None]:
    """Whatever this thread does inside is done by ``person``: for work that leaves the thread of a page."""
    token = _acting.set(person)
    try:
        yield
    finally:
        _acting.reset(token)


def current_user() -> Actor:
    """Who is asking. With sign-in on and nobody to be found it is :data:`NOBODY`, who may do nothing."""
    acting = _acting.get()
    if acting is not None:
        return acting
    return _local_person() if _find is None else _find() or NOBODY


def require_role(role: str, doing: str) -> Actor:
    """The person who asks, if they may.

    Args:
        role: the least role that it takes.
        doing: what they are about to do, as `reveal a number`.

    Raises:
        NotAllowed: they may not.
    """
    person = current_user()
    if not person.name:
        raise NotAllowed(f"Only somebody who is signed in may {doing}: sign in again.")
    if not person.may(role):
        raise NotAllowed(
            f"{person.name} may not {doing}: that takes the role {role!r}, and theirs is {person.role!r}. "
            "An admin can change it."
        )
    return person


def current_actor() -> str:
    """Who is asking, as the audit trail names them: `local:ops`, `user:ana`."""
    return current_user().actor


def local_actor() -> str:
    """The person at this machine's keyboard, as the operating system knows them: `local:ops`."""
    return _local_person().actor


def _local_person() -> Actor:
    try:
        return Actor(getpass.getuser(), "admin", is_local=True)
    except (OSError, KeyError):
        # A container may run a user id that has no name.
        return Actor("unknown", "admin", is_local=True)

"""Who the user is and what they may do: checked before a number is revealed or a message is sent.

A viewer sees everything with numbers masked. An agent may also reveal numbers and reply. An admin may do
everything. A user at this machine without sign-in (a notebook, a command, pages on loopback) is `local:NAME`
and an admin, because they can read the files anyway.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from workbench.errors import NotAllowed

ROLES = ("viewer", "agent", "admin")
"""Each role includes the ones before it."""

ActorKind = Literal["user", "local", "token", "rule", "assistant"]
"""Somebody signed in, the person at this machine, a program with a token, a rule of the settings, or an
assistant that this person lets ask."""


@dataclass(frozen=True)
class Actor:
    """A user, with their role."""

    name: str
    role: str
    kind: ActorKind = "user"

    @property
    def is_local(self) -> bool:
        """Whether the user is at this machine, without sign-in."""
        return self.kind == "local"

    @property
    def actor(self) -> str:
        """The user's name in the audit trail."""
        return f"{self.kind}:{self.name or 'nobody'}"

    def may(self, role: str) -> bool:
        """Whether the user's role is this one or includes it."""
        return bool(self.name) and ROLES.index(self.role) >= ROLES.index(role)


NOBODY = Actor("", "viewer")
"""The user if sign-in is on and they are not signed in, or no longer."""

_find: Callable[[], Actor | None] | None = None


def find_people_with(find: Callable[[], Actor | None] | None) -> None:
    """Set the function that finds the user in this process; with None it is always the local user."""
    global _find
    _find = find


_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


@contextmanager
def acting_as(person: Actor) -> Iterator[None]:
    """Make ``person`` the user of this thread, for work of a page that runs in another thread."""
    token = _acting.set(person)
    try:
        yield
    finally:
        _acting.reset(token)


def current_user() -> Actor:
    """The present user. If sign-in is on and no user is found, :data:`NOBODY`, who may do nothing."""
    acting = _acting.get()
    if acting is not None:
        return acting
    return local_user() if _find is None else _find() or NOBODY


def require_role(role: str, doing: str) -> Actor:
    """The present user, if their role permits the action.

    Args:
        role: the lowest role that permits it.
        doing: the action, such as `reveal a number`.

    Raises:
        NotAllowed: the user's role does not permit it.
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
    """The present user's name in the audit trail: `local:ops`, `user:ana`."""
    return current_user().actor


def local_actor() -> str:
    """The local user by their name in the operating system: `local:ops`."""
    return local_user().actor


def local_user() -> Actor:
    """The user at this machine, by their name in the operating system."""
    try:
        return Actor(getpass.getuser(), "admin", kind="local")
    except (OSError, KeyError):
        # In a container a user id may have no name.
        return Actor("unknown", "admin", kind="local")

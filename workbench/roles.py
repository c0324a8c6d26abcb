"""Who is asking, and what they may do: the one question before a number is revealed or a message is sent.

A viewer sees everything with numbers masked. An agent may also reveal numbers and reply. An admin may do
everything. Whoever works at this machine without sign-in (a notebook, a command, pages on loopback) is
`local:NAME` and an admin: they can read the files anyway.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import dataclass

from workbench.errors import NotAllowed

ROLES = ("viewer", "agent", "admin")
"""Each may do what those before it may."""


@dataclass(frozen=True)
class Person:
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


NOBODY = Person("", "viewer")
"""Sign-in is on and whoever asks is not signed in, or no more."""

_find: Callable[[], Person | None] | None = None


def find_people_with(find: Callable[[], Person | None] | None) -> None:
    """From now on ``find`` says who is asking in this process; None: the person at this machine, always."""
    global _find
    _find = find


def current_user() -> Person:
    """Who is asking. With sign-in on and nobody to be found it is :data:`NOBODY`, who may do nothing."""
    return _local_person() if _find is None else _find() or NOBODY


def require_role(role: str, doing: str, person: Person | None = None) -> Person:
    """The person who asks, if they may.

    Args:
        role: the least role that it takes.
        doing: what they are about to do, as `reveal a number`.
        person: who asks, where that was found out before; by default :func:`current_user`.

    Raises:
        NotAllowed: they may not.
    """
    person = person or current_user()
    if not person.name:
        raise NotAllowed(f"Only somebody who is signed in may {doing}: sign in again.")
    if not person.may(role):
        raise NotAllowed(
            f"{person.name} may not {doing}: that takes the role {role!r}, and theirs is {person.role!r}. "
            "An admin can change it."
        )
    return person


def local_actor() -> str:
    """The person at this machine's keyboard, as the operating system knows them: `local:ops`."""
    return _local_person().actor


def _local_person() -> Person:
    try:
        return Person(getpass.getuser(), "admin", is_local=True)
    except (OSError, KeyError):
        # A container may run a user id that has no name.
        return Person("unknown", "admin", is_local=True)

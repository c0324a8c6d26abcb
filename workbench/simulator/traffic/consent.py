"""Who opted out, by keyword or in free words, and what that means for the next message to them.

Twilio honours a keyword within a messaging service (or for one sender outside of any). An opt-out in free
words is honoured if the company notices it; otherwise every later message is a breach.
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.messaging.keywords import keyword
from workbench.simulator.messages import AFTER_OPT_OUT, AFTER_REVOCATION
from workbench.simulator.traffic.profile import Sender

NOT_SENT = -1
"""Verdict: the company knows of the opt-out and does not send."""

REFUSED = -2
"""Verdict: Twilio knows of the opt-out and refuses."""


class KeywordReply(NamedTuple):
    """A contact opted out or in by keyword, for one scope."""

    at: int
    contact: str
    scope: int
    opted_out: bool


def scope_of(service: int, sender: int) -> int:
    """The scope of an opt-out: a messaging service, or a sender outside of any."""
    return service if service >= 0 else -1 - sender


def is_opt_out(body: str, sender: Sender) -> bool | None:
    """True for an opt-out keyword, False for an opt-in, None for anything else."""
    meaning = keyword(body, toll_free=sender.kind == "toll-free")
    return {"opt-out": True, "opt-in": False}.get(meaning or "")


class ContactConsents:
    """The state of every contact of one account, by number; grows with the traffic."""

    def __init__(self) -> None:
        self._left: dict[int, set[int]] = {}
        self._revoked: dict[int, int | None] = {}

    def leave(self, contact: int, scope: int) -> None:
        """By keyword."""
        self._left.setdefault(contact, set()).add(scope)

    def come_back(self, contact: int, scope: int) -> None:
        scopes = self._left.get(contact, set())
        scopes.discard(scope)
        if not scopes:
            self._left.pop(contact, None)

    def revoke(self, contact: int, scope: int, *, noticed: bool) -> None:
        """An opt-out in free words; if it is not noticed, sending in the same scope continues."""
        self._revoked[contact] = None if noticed else scope

    def has_revoked(self, contact: int) -> bool:
        return contact in self._revoked

    @property
    def overlooked(self) -> list[int]:
        """The contacts whose free words were not noticed."""
        return [contact for contact, scope in self._revoked.items() if scope is not None]

    @property
    def gone(self) -> list[int]:
        """The contacts who opted out of a scope by keyword."""
        return list(self._left)

    def verdict(self, contact: int, scope: int, *, marketing: bool, answering: bool) -> int:
        """NOT_SENT, REFUSED, or the breach flags of a message that is sent (0: no breach)."""
        flags = 0
        if contact in self._revoked:
            if self._revoked[contact] != scope or answering:
                return NOT_SENT
            flags = AFTER_REVOCATION
        scopes = self._left.get(contact)
        if scopes is None:
            return flags
        if scope in scopes:
            return REFUSED
        return flags | AFTER_OPT_OUT if marketing else flags

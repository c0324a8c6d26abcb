"""The senders and messaging services of an account as they are now: numbers come, leave a service, move away.

The generated traffic keeps the profile that it began with, so that a seed always gives the same traffic;
everything that a client does sees this inventory. An index stays valid, because messages refer to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from workbench.simulator.account.sids import derive_sid
from workbench.simulator.traffic.pools import make_pools
from workbench.simulator.traffic.profile import Profile, Sender, Service

NO_SERVICE = -1
_PREFIXES = {"short code": "SC", "alphanumeric": "AI", "whatsapp": "XE", "rcs": "XE"}


class Inventory:
    """Senders and services by index; what is gone keeps its index and is no longer owned."""

    def __init__(self, account_sid: str, profile: Profile) -> None:
        self.profile = profile
        self.addresses = [sender.address for sender in profile.senders]
        self.sender_sids = [sender_sid(account_sid, sender) for sender in profile.senders]
        self.service_sids = [derive_sid(account_sid, "MG", service.name) for service in profile.services]
        self._gone_senders: set[int] = set()
        self._gone_services: set[int] = set()
        self._pools = make_pools(profile)

    def senders(self) -> Iterator[tuple[int, Sender]]:
        """Index and sender of those that the account has now."""
        for index, sender in enumerate(self.profile.senders):
            if index not in self._gone_senders:
                yield index, sender

    def members(self, service: int) -> Iterator[tuple[int, Sender]]:
        """The senders that are in a messaging service now."""
        return ((index, sender) for index, sender in self.senders() if sender.service == service)

    def services(self) -> Iterator[tuple[int, Service]]:
        """Index and service of those that the account has now."""
        for index, service in enumerate(self.profile.services):
            if index not in self._gone_services:
                yield index, service

    def sender_index(self, address: str) -> int | None:
        """The index of a sender by its address; None if the account does not have it."""
        return next((index for index, sender in self.senders() if sender.address == address), None)

    def sender_by_sid(self, sid: str) -> int | None:
        """The index of a sender by its SID; None if the account does not have it."""
        return next((index for index, _ in self.senders() if self.sender_sids[index] == sid), None)

    def service_by_sid(self, sid: str) -> int | None:
        """The index of a service by its SID; None if the account does not have it."""
        return next((index for index, _ in self.services() if self.service_sids[index] == sid), None)

    def pick(self, service: int, place: int, serial: int, fits: Callable[[Sender], bool]) -> int | None:
        """The sender that a service uses for a country: of the usual pool, else of all members that fit."""
        senders = self.profile.senders
        usual = [index for index in self._pools[service][place] if fits(senders[index])]
        pool = usual or [index for index, sender in self.members(service) if fits(sender)]
        return pool[serial % len(pool)] if pool else None

    def add_sender(self, sender: Sender, sid: str) -> None:
        self._set_senders((*self.profile.senders, sender))
        self.addresses.append(sender.address)
        self.sender_sids.append(sid)

    def remove_sender(self, index: int) -> None:
        """The number goes back to Twilio or to another account, and so out of its service."""
        self.assign(index, NO_SERVICE)
        self._gone_senders.add(index)

    def assign(self, index: int, service: int) -> None:
        """Put a sender into a service, or into none."""
        senders = list(self.profile.senders)
        senders[index] = senders[index]._replace(service=service)
        self._set_senders(tuple(senders))

    def add_service(self, service: Service, sid: str) -> None:
        self.profile = replace(self.profile, services=(*self.profile.services, service))
        self.service_sids.append(sid)
        self._pools = make_pools(self.profile)

    def remove_service(self, index: int) -> None:
        """The service is deleted; its senders stay, in no service."""
        for member, _ in list(self.members(index)):
            self.assign(member, NO_SERVICE)
        self._gone_services.add(index)

    def _set_senders(self, senders: tuple[Sender, ...]) -> None:
        self.profile = replace(self.profile, senders=senders)
        self._pools = make_pools(self.profile)


def sender_sid(account_sid: str, sender: Sender) -> str:
    """The SID of a sender that the account had from its beginning."""
    return derive_sid(account_sid, _PREFIXES.get(sender.kind, "PN"), sender.address)

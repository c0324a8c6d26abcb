"""What a process last saw of all leases, read every two seconds on the connection that it has anyway."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import psycopg

from workbench.lake.address import LakeAddress
from workbench.lake.fleet.keeper import RENEW_EVERY, keeper_of
from workbench.lake.fleet.leases import Lease, leases_of, read_last_leases


class LeaseWatch:
    """Reads the leases again and again until :meth:`close`."""

    def __init__(self, address: LakeAddress) -> None:
        self.every = RENEW_EVERY
        self._address = address
        self._leases: Mapping[str, Lease] | None = None
        self._guard = threading.Lock()
        self._is_changed = False
        keeper_of(address).add(self, in_seconds=0.0)

    @property
    def leases(self) -> Mapping[str, Lease] | None:
        """Each lease by name as its last holder has or had it; None while the server does not answer."""
        return self._leases

    def look(self) -> None:
        """Read them now.

        Raises:
            LakeError: the server does not answer.
        """
        self._keep(read_last_leases(self._address))

    def take_change(self) -> bool:
        """Whether another one took, gave back or left a lease since this was asked last."""
        with self._guard:
            was_changed, self._is_changed = self._is_changed, False
        return was_changed

    def close(self) -> None:
        keeper_of(self._address).remove(self)

    def beat(self, connection: psycopg.Connection) -> None:
        """Read them; called by the keeper."""
        self._keep(leases_of(connection))

    def trouble(self) -> None:
        """The server could not be asked; called by the keeper."""
        self._leases = None

    def _keep(self, leases: list[Lease]) -> None:
        read = {lease.name: lease for lease in leases}
        with self._guard:
            self._is_changed |= _standing(self._leases or {}) != _standing(read)
            self._leases = read


def _standing(leases: Mapping[str, Lease]) -> set[tuple[str, int, str]]:
    return {(lease.name, lease.term, lease.state) for lease in leases.values()}

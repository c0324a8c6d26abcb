"""For long-running work that one machine does while the others wait to go on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.lake.address import lake_address
from workbench.settings import Settings

if TYPE_CHECKING:
    from workbench.lake.fleet.leases import HeldLease


class Standby:
    """This process in the queue for a lease. For one thread; on a lake of one machine it always has it."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings, self._name = settings, name
        self._address = lake_address(settings)
        self._lease: HeldLease | None = None

    def leader(self) -> str:
        """The machine that has the lease; empty where this one has it or just took it.

        Raises:
            LakeError: the database of the lake does not answer.
        """
        if self._address.kind == "sqlite" or (self._lease and not self._lease.is_lost()):
            return ""
        # Loads a driver that a lake of one machine does not need.
        from workbench.lake.fleet.leases import Lease, take_lease
        from workbench.lake.fleet.machines import machine_name

        self.close()
        lease = take_lease(self._address, self._name, machine_name(self._settings.home))
        if isinstance(lease, Lease):
            return lease.machine
        self._lease = lease
        return ""

    def is_lost(self) -> bool:
        """Whether another machine may have gone on since :meth:`leader` said that this one has it."""
        return self._lease is not None and self._lease.is_lost()

    def close(self) -> None:
        """Let another machine go on at once."""
        lease, self._lease = self._lease, None
        if lease:
            lease.release()

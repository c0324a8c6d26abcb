"""What the scheduler of one machine knows of the jobs of the others: who runs one, and who died in one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from workbench.api.jobs import job_lease
from workbench.lake.address import lake_address
from workbench.settings import Settings

if TYPE_CHECKING:
    from workbench.lake.fleet.lease_watch import LeaseWatch
    from workbench.lake.fleet.leases import Lease


class JobsElsewhere:
    """The leases of jobs, as they were a moment ago; on a lake of one machine there are none."""

    def __init__(self, settings: Settings) -> None:
        self._address, self._home = lake_address(settings), settings.home
        self._watch: LeaseWatch | None = None
        self._machine = ""

    def start(self) -> None:
        if self._address.kind == "sqlite":
            return
        # Loads a driver that a lake of one machine does not need.
        from workbench.lake.fleet.lease_watch import LeaseWatch
        from workbench.lake.fleet.machines import machine_name

        self._machine = machine_name(self._home)
        self._watch = LeaseWatch(self._address)

    def close(self) -> None:
        if self._watch:
            self._watch.close()

    def may_start(self, job: str) -> bool:
        """Whether a run of the job could begin: nobody runs it, and the database of the lake answers."""
        if self._watch is None:
            return True
        if self._watch.leases is None:
            return False
        lease = self._lease(job)
        return lease is None or lease.state != "held"

    def last_started(self, job: str) -> datetime | None:
        """When it began last on any machine; not every run is noted in the lake."""
        lease = self._lease(job)
        return lease.taken_at if lease else None

    def is_left(self, job: str) -> bool:
        """Whether another machine died while it ran the job."""
        lease = self._lease(job)
        return lease is not None and lease.state == "left" and lease.machine != self._machine

    def term(self, job: str) -> int | None:
        """The term of its last run, 0 before the first; None on a lake of one machine."""
        if self._watch is None:
            return None
        lease = self._lease(job)
        return lease.term if lease else 0

    def is_elsewhere_now(self, job: str) -> bool:
        """Ask whether another machine runs it or ran it since it was looked at.

        Raises:
            LakeError: the database of the lake does not answer.
        """
        if self._watch is None:
            return False
        self._watch.look()
        lease = self._lease(job)
        return lease is not None and lease.machine != self._machine

    def take_change(self) -> bool:
        """Whether any machine began or ended something since this was asked last."""
        return self._watch is not None and self._watch.take_change()

    def _lease(self, job: str) -> Lease | None:
        return ((self._watch and self._watch.leases) or {}).get(job_lease(job))

"""What only one process may do at a time on a lake, wherever it runs: a lock in the home, and a lease.

On a lake of one machine the lock is enough. On PostgreSQL it keeps the processes of one home apart without
asking the server, and a lease keeps the machines apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import LakeBusy, WorkbenchError
from workbench.lake.address import LakeAddress
from workbench.lake.lock import only_one

if TYPE_CHECKING:
    from workbench.lake.fleet.leases import HeldLease, Lease


class Sole:
    """The right to do something alone on a lake; on a lake of several machines it can be lost."""

    def __init__(self, lease: HeldLease | None) -> None:
        self._lease = lease

    @property
    def term(self) -> int | None:
        """Which holder of the lease this is, counted from 1; None on a lake of one machine."""
        return self._lease.term if self._lease else None

    def is_lost(self) -> bool:
        """Whether another machine may do it by now; True for good once it was."""
        return self._lease is not None and self._lease.is_lost()

    def on_loss(self, call: Callable[[], object]) -> None:
        """Call something when it is lost, on a thread of its own."""
        if self._lease:
            self._lease.on_loss(call)


@contextmanager
def only_one_of_lake(address: LakeAddress, home: Path, name: str, doing: str) -> Iterator[Sole]:
    """Be the only process that does something on a lake.

    What is raised after the right was lost becomes LakeBusy: it was stopped because of that.

    Args:
        name: of the lock's file in the home, without its end, and of the lease.
        doing: what it is called in messages.

    Raises:
        LakeBusy: another process does it, here or on another machine; the message says which and since when.
        LakeError: the database of the lake does not answer.
    """
    with only_one(home / f"{name}.lock", doing), only_one_machine(address, home, name, doing) as sole:
        yield sole


@contextmanager
def only_one_machine(address: LakeAddress, home: Path, name: str, doing: str) -> Iterator[Sole]:
    """As :func:`only_one_of_lake`, without the lock in the home: it keeps only machines apart."""
    if address.kind == "sqlite":
        yield Sole(None)
        return
    lease = _take(address, home, name, doing)
    try:
        yield Sole(lease)
    except WorkbenchError as error:
        if not lease.is_lost():
            raise
        raise LakeBusy(
            f"This {doing} was stopped: the database of the lake could not be reached for some seconds, and "
            "another machine may go on with it. What was saved is kept; run the same command again."
        ) from error
    finally:
        lease.release()


def describe_holder(lease: Lease) -> str:
    """Who holds a lease, for a message."""
    return f"machine {lease.machine}, {lease.process}, since {lease.taken_at:%Y-%m-%d %H:%M:%S} UTC"


def _take(address: LakeAddress, home: Path, name: str, doing: str) -> HeldLease:
    # Loads a driver that a lake of one machine does not need.
    from workbench.lake.fleet.leases import VALID_SECONDS, Lease, take_lease
    from workbench.lake.fleet.machines import machine_name

    lease = take_lease(address, name, machine_name(home))
    if isinstance(lease, Lease):
        raise LakeBusy(
            f"Another {doing} is running on this lake ({describe_holder(lease)}). Wait for it to end, or "
            f"stop it there; if that machine died, its place is free after {VALID_SECONDS:.0f} seconds."
        )
    return lease

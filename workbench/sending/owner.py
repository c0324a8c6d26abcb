"""Which process sends a message, and whether that process still lives. Only if it does not, another process
may decide what became of the message.

Each process that sends holds a lock of its own, which the operating system frees at any kind of death. A
process that is only held up (suspended, swapped out) still holds it, so nobody takes its unfinished message
for an abandoned one.

The lock of another machine cannot be seen. On a lake of several machines each process that sends therefore
holds a lease as well (`lake/fleet/leases.py`), and these rules together keep a message from being sent twice:

- A process makes a request only while the lease under which it committed the intent was never lost
  (:meth:`Owner.pledge`). It knows the end of its lease by its own count, without the server, and before the
  server does: also when the network was cut, when it was suspended, when the machine slept, and when somebody
  sets its clock. A lease that was taken anew is another one, so nothing that was intended before the gap is
  requested after it.
- A request that began just before the end is with Twilio some seconds later at most (5 s to connect). Nobody
  decides about the message until :data:`LATEST_START` after the lease's end, by the server's clock. Then
  Twilio's log has the message, or it will never come.
- A process that ends in an orderly way gives its lease back, and nobody has to wait.
- Where the server restarts, nobody can take a message, because that is a transaction there. Leases are
  renewed when it is back, or are lost as above.
- Messages are recognised in Twilio's log by their time, and an intent has the time of the machine that wrote
  it. A machine whose clock differs from the server's by more than :data:`CLOCK_TOLERANCE` does not send, so
  that two machines differ by less than the match allows for.

What is left: a process that is suspended between its last look at the lease and the first byte of the
request, a moment later, and goes on after more than a minute. No lease can exclude that, since Twilio takes
no key with a request. Whoever was to be written to at that moment may then be written to twice.
"""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import LakeBusy, LakeError
from workbench.lake.address import LakeAddress
from workbench.lake.connect import Lake
from workbench.lake.lock import is_held, only_one

if TYPE_CHECKING:
    from workbench.lake.fleet.leases import HeldLease

log = logging.getLogger(__name__)

GONE_ELSEWHERE_AFTER = timedelta(hours=1)
"""Of a process on another machine that holds no lease, as older versions had none. It makes no request that
it intended long ago (see :data:`LATEST_START`), so after this time it will not make it any more."""

LATEST_START = timedelta(seconds=60)
"""A request is not made any more so long after its intent was committed."""

CLOCK_TOLERANCE = 10.0
"""Seconds by which a machine's clock may differ from the server's; a third of `log_matching.BEFORE`."""

_LEASED = "lease-"
"""Begins the second half of the id of a process that holds a lease."""

_LIVES_FOR = 1.0
"""Seconds for which the answer that a process of another machine lives is good."""


class Pledge:
    """Under what a process commits its intents; it makes their requests only while this is kept."""

    def __init__(self, lease: HeldLease | None) -> None:
        self._lease = lease

    def is_kept(self) -> bool:
        """Whether no other machine can have decided about the intents."""
        return self._lease is None or not self._lease.is_lost()


class Owner:
    """This process, as the outbox knows it."""

    def __init__(self, folder: Path, machine: str, fleet: LakeAddress | None = None) -> None:
        self._folder, self._machine, self._fleet = folder, machine, fleet
        nonce = secrets.token_hex(8)
        self._id = f"{machine}/{nonce}" if fleet is None else f"{machine}/{_LEASED}{nonce}"
        self._busy: set[str] = set()
        self._guard = threading.Lock()
        self._lease: HeldLease | None = None
        self._lease_guard = threading.Lock()
        self._alive_at: dict[str, float] = {}
        # Held until the process ends, however it ends.
        self._held = ExitStack()
        self._held.enter_context(only_one(self._lock(self._id.partition("/")[2]), "send"))
        if fleet is not None:
            atexit.register(self._give_back, os.getpid())

    @property
    def id(self) -> str:
        """What a row of the lake says that this process is at.

        Raises:
            LakeError: as :meth:`pledge`.
        """
        self.pledge()
        return self._id

    def pledge(self) -> Pledge:
        """Make sure that other machines see this process live; ask for it before intents are committed.

        Raises:
            LakeBusy: the database of the lake does not answer.
            LakeError: the clock of this machine is wrong.
        """
        if self._fleet is None:
            return Pledge(None)
        with self._lease_guard:
            if self._lease is None or self._lease.is_lost():
                self._lease = self._take(self._fleet)
            ahead = self._lease.clock_ahead
            if abs(ahead) > CLOCK_TOLERANCE:
                side = "ahead of" if ahead > 0 else "behind"
                raise LakeError(
                    f"The clock of this machine is {abs(ahead):.0f} s {side} that of the lake's database; up "
                    f"to {CLOCK_TOLERANCE:.0f} s are allowed, since messages are recognised by their time. "
                    "Nothing was sent. Set the clocks of both, best by NTP."
                )
            return Pledge(self._lease)

    def begin(self, keys: Iterable[str]) -> set[str]:
        """Take messages for the calling thread; those that no other thread of this process has."""
        with self._guard:
            free = set(keys) - self._busy
            self._busy |= free
            return free

    def end(self, keys: Iterable[str]) -> None:
        """Give messages back that :meth:`begin` gave."""
        with self._guard:
            self._busy -= set(keys)

    def is_abandoned(self, owner: str, intended_at: datetime, now: datetime) -> bool:
        """Whether the process that intended a message will surely make no request for it any more.

        For a message that the caller has from :meth:`begin`: no other thread of this process works on it.

        Raises:
            LakeBusy: it is of another machine, and the database of the lake does not answer.
        """
        machine, _, nonce = owner.partition("/")
        if owner == self._id:
            return True
        # Where two machines have one name, the lock is on the other one.
        if machine == self._machine and (self._fleet is None or self._lock(nonce).exists()):
            return not is_held(self._lock(nonce))
        if self._fleet is not None and nonce.startswith(_LEASED):
            return self._is_gone(self._fleet, owner)
        return now - intended_at > GONE_ELSEWHERE_AFTER

    def is_free(self, key: str, owner: str, intended_at: datetime, now: datetime) -> bool:
        """As :meth:`is_abandoned`, for a message that the caller does not have."""
        with self._guard:
            busy = key in self._busy
        return not busy and self.is_abandoned(owner, intended_at, now)

    def _take(self, fleet: LakeAddress) -> HeldLease:
        from workbench.lake.fleet.leases import Lease, forget_leases, take_lease

        forget_leases(fleet, _lease_name(""), days=7)
        for _ in range(10):
            lease = take_lease(fleet, _lease_name(self._id), self._machine)
            if not isinstance(lease, Lease):
                return lease
            # The one before, which this process counts as lost a moment earlier than the server does.
            time.sleep(0.2)
        raise LakeBusy(
            "This process could not show other machines that it lives. Run the same command again."
        )

    def _is_gone(self, fleet: LakeAddress, owner: str) -> bool:
        from workbench.lake.fleet.leases import has_ended

        if time.monotonic() - self._alive_at.get(owner, float("-inf")) < _LIVES_FOR:
            return False
        if has_ended(fleet, _lease_name(owner), LATEST_START.total_seconds()):
            return True
        self._alive_at[owner] = time.monotonic()
        return False

    def _give_back(self, process: int) -> None:
        # A child that was forked ends with the handlers of its parent, whose lease this is.
        if self._lease is None or os.getpid() != process:
            return
        try:
            self._lease.release()
        except RuntimeError as error:
            # From 3.12 on, Python starts no thread so late. The lease then ends by itself.
            log.debug("the lease of this process was not given back: %s", error)

    def _lock(self, nonce: str) -> Path:
        return self._folder / f"{nonce}.lock"


def takeover_seconds(lake: Lake) -> float:
    """How long the messages of a machine that died stay in doubt before another one decides about them."""
    if lake.address.kind == "sqlite":
        return 0.0
    from workbench.lake.fleet.leases import VALID_SECONDS

    return VALID_SECONDS + LATEST_START.total_seconds()


def _lease_name(owner: str) -> str:
    from workbench.lake.fleet.leases import PROCESS_THAT_SENDS

    return f"{PROCESS_THAT_SENDS}{owner}"


_owners: dict[tuple[int, Path, str], Owner] = {}
_owners_guard = threading.Lock()


def this_process(lake: Lake) -> Owner:
    """The owner that all sends of this process on a lake share."""
    if lake.address.kind == "sqlite":
        # Whoever writes this catalog sees this folder, and its locks.
        folder, machine = Path(lake.address.catalog).parent / "sending", "here"
    else:
        # Loads a driver that a lake of one machine does not need.
        from workbench.lake.fleet.machines import machine_name

        folder, machine = lake.home / "sending", machine_name(lake.home)
    with _owners_guard:
        # After a fork the child is another process.
        place_key = (os.getpid(), folder, lake.address.catalog)
        if place_key not in _owners:
            fleet = None if lake.address.kind == "sqlite" else lake.address
            _owners[place_key] = Owner(folder, machine, fleet)
        return _owners[place_key]

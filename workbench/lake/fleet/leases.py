"""Leases: of all machines of a lake one holds a name, and another one takes it within seconds of its end.

A lease is a row in the catalog's database. Whether somebody may have it is decided there, in one statement
and by the server's clock, so the clocks of the machines do not matter. The holder renews it every two
seconds; what was not renewed for eight seconds is free. So it ends with its holder, however that ended:
killed, suspended, cut off from the network.

The holder itself counts its eight seconds from before it asked, on a clock that also runs while the machine
sleeps. It therefore knows that it lost the lease before the server gives it to anybody else, even where it
cannot reach the server. A lease that was lost once stays lost: what it guarded may have been done elsewhere
meanwhile. A holder that is suspended just after it looked can still do a little after it lost the lease;
whoever does what must never happen twice waits longer (`sending/owner.py`).

After a restart of the server the rows are still there, and the renewal goes on if it was quick enough.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import psycopg

from workbench.errors import LakeError
from workbench.lake.address import LakeAddress
from workbench.lake.fleet.database import asked_quickly
from workbench.lake.fleet.keeper import RENEW_EVERY, keeper_of

log = logging.getLogger(__name__)

VALID_SECONDS = 8.0
"""So long after its last renewal a lease is free for others."""

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps; on macOS the monotonic clock does."""

PROCESS_THAT_SENDS = "send "
"""So begins the name of a lease that shows that a process lives, and that leads nothing."""

LeaseState = Literal["held", "ended", "left"]
"""`ended`: its holder gave it back. `left`: its holder did not, and renews it no longer."""


@dataclass(frozen=True)
class Lease:
    """A row of `leases`; times by the server's clock."""

    name: str
    holder: str
    """The process, as `process 4711, workbench #1f0c…`; the part after the # is of this one holding."""
    machine: str
    term: int
    """Grows each time that the holder changes."""
    taken_at: datetime
    expires_at: datetime
    state: LeaseState = "held"

    @property
    def is_held(self) -> bool:
        return self.state == "held"

    @property
    def process(self) -> str:
        """The holder as people read it."""
        return self.holder.partition(" #")[0]


class HeldLease:
    """A lease that this process took, and that a thread renews until :meth:`release`."""

    def __init__(self, address: LakeAddress, name: str, holder: str, term: int, until: float) -> None:
        self.address, self.name, self.holder, self.term = address, name, holder, term
        self.lost = threading.Event()
        """Set as soon as anybody in this process notices that it is lost; :meth:`is_lost` looks by itself."""
        self.clock_ahead = 0.0
        """Seconds by which the clock of this machine is ahead of the server's, as the last renewal saw it."""
        self._until = until
        self._on_loss: list[Callable[[], object]] = []
        self._guard = threading.Lock()
        self.every = RENEW_EVERY

    def is_lost(self) -> bool:
        """Whether another machine may have it by now; True for good once it was."""
        if not self.lost.is_set() and _now() >= self._until:
            self._lose()
        return self.lost.is_set()

    def on_loss(self, call: Callable[[], object]) -> None:
        """Call something when it is lost, on the thread that notices; at once where it is lost already."""
        with self._guard:
            self._on_loss.append(call)
            is_late = self.lost.is_set()
        if is_late:
            call()

    def release(self) -> None:
        """Give it back, so that others need not wait for its end. From now on it counts as lost."""
        keeper_of(self.address).remove(self)
        with self._guard:
            self._on_loss.clear()
            was_lost = self.lost.is_set()
            self.lost.set()
        if was_lost:
            return
        try:
            with asked_quickly(self.address) as connection:
                connection.execute(_RELEASE, [self.name, self.holder])
        except LakeError as error:
            log.debug("the lease %s ends by itself, as it could not be given back: %s", self.name, error)

    def beat(self, connection: psycopg.Connection) -> None:
        """Renew it; called by the keeper."""
        if self.is_lost():
            return
        asked_at, wall_clock = _now(), time.time()
        row = connection.execute(_RENEW, [VALID_SECONDS, self.name, self.holder]).fetchone()
        if row is None or self.is_lost():
            self._lose()
            return
        self._until = asked_at + VALID_SECONDS
        self.note_clock(wall_clock, float(row[0]))

    def note_clock(self, asked_at: float, server_time: float) -> None:
        """Note the server's time of an answer, and when it was asked by this machine's clock."""
        self.clock_ahead = (asked_at + time.time()) / 2 - server_time

    def trouble(self) -> None:
        """The server could not be asked; called by the keeper."""
        self.is_lost()

    def _lose(self) -> None:
        with self._guard:
            if self.lost.is_set():
                return
            self.lost.set()
            calls = tuple(self._on_loss)
        log.warning("the lease %s was lost: another machine may go on with it", self.name)
        for call in calls:
            call()


def take_lease(address: LakeAddress, name: str, machine: str) -> HeldLease | Lease:
    """Take a lease and keep it renewed, or return the one that is in the way.

    Raises:
        LakeError: the server does not answer.
    """
    holder = f"{this_process_shown()} #{secrets.token_hex(8)}"
    for _ in range(2):
        with asked_quickly(address) as connection:
            asked_at, wall_clock = _now(), time.time()
            row = connection.execute(_TAKE, [name, holder, machine, VALID_SECONDS]).fetchone()
            if row is not None:
                lease = HeldLease(address, name, holder, int(row[0]), asked_at + VALID_SECONDS)
                lease.note_clock(wall_clock, float(row[1]))
                keeper_of(address).add(lease)
                return lease
            in_the_way = connection.execute(f"{_READ} where name = %s", [name]).fetchone()
        if in_the_way is not None:
            return Lease(*in_the_way)
    # It was removed twice in between, which only tidying of old rows does.
    raise LakeError(f"The lease {name} of {address.shown} cannot be read. Run the same command again.")


def read_leases(address: LakeAddress) -> list[Lease]:
    """The leases that somebody holds now, by name."""
    return [lease for lease in read_last_leases(address) if lease.is_held]


def read_last_leases(address: LakeAddress) -> list[Lease]:
    """Every lease as its last holder has or had it, by name."""
    with asked_quickly(address) as connection:
        return leases_of(connection)


def leases_of(connection: psycopg.Connection) -> list[Lease]:
    """As :func:`read_last_leases`, on a connection that is there."""
    return [Lease(*row) for row in connection.execute(f"{_READ} order by name").fetchall()]


def has_ended(address: LakeAddress, name: str, seconds: float) -> bool:
    """Whether a lease was given back, or ended that many seconds ago by the server's clock without it.

    A lease without a row ended long ago (:func:`forget_leases`): ask only for one that somebody took.
    """
    with asked_quickly(address) as connection:
        row = connection.execute(
            "select holder = '' or expires_at < clock_timestamp() - make_interval(secs => %s) "
            "from leases where name = %s",
            [seconds, name],
        ).fetchone()
    return bool(row[0]) if row else True


def forget_leases(address: LakeAddress, prefix: str, days: int) -> None:
    """Remove the rows of leases with such names that ended so many days ago."""
    with asked_quickly(address) as connection:
        connection.execute(
            "delete from leases where starts_with(name, %s) "
            "and expires_at < now() - make_interval(days => %s)",
            [prefix, days],
        )


def this_process_shown() -> str:
    """This process as people can find it on its machine."""
    return f"process {os.getpid()}, {Path(sys.argv[0]).name or 'python'}"


def _now() -> float:
    return time.clock_gettime(_CLOCK)


_TAKE = """
    insert into leases (name, holder, machine, term, taken_at, expires_at)
    values (%s, %s, %s, 1, now(), now() + make_interval(secs => %s))
    on conflict (name) do update set
        holder = excluded.holder, machine = excluded.machine, term = leases.term + 1,
        taken_at = excluded.taken_at, expires_at = excluded.expires_at
    where leases.expires_at <= now()
    returning term, extract(epoch from clock_timestamp())
"""

_RENEW = """
    update leases set expires_at = now() + make_interval(secs => %s) where name = %s and holder = %s
    returning extract(epoch from clock_timestamp())
"""

#: Without a holder: who had it is no longer of interest, and that it was given back is.
_RELEASE = "update leases set expires_at = now(), holder = '' where name = %s and holder = %s"

_READ = """
    select name, holder, machine, term, taken_at, expires_at,
        case when expires_at > clock_timestamp() then 'held' when holder = '' then 'ended' else 'left' end
    from leases
"""

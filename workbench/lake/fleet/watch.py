"""A server's look at its fleet, every two seconds: what changed on another machine holds here, too.

One small question finds out whether anything is new. Who may come in is believed only while such a look
succeeded a short time ago: a server that is cut off from the database lets nobody in, for it could not know
of somebody who was removed.
"""

from __future__ import annotations

import logging
import threading
import time

import psycopg

from workbench.errors import LakeRefused, WorkbenchError
from workbench.home import FLEET_STATE
from workbench.lake.fleet.database import connected
from workbench.lake.fleet.member import FleetMember
from workbench.lake.fleet.rows import read_newest

log = logging.getLogger(__name__)

EVERY_SECONDS = 2.0


class FleetWatch:
    """The look of one process, on a thread of its own from :meth:`start` to :meth:`close`."""

    def __init__(self, member: FleetMember, every: float = EVERY_SECONDS) -> None:
        self._member, self._every = member, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet-watch", daemon=True)
        self._newest: tuple[str | None, int] | None = None
        self._is_trouble = False
        self.seen_at = time.monotonic()
        """When the last look succeeded."""
        self.conflicts: tuple[str, ...] = ()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        # It may wait for a server that does not answer; as a daemon it ends with the process.
        self._thread.join(self._every)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with connected(self._member.address) as connection:
                    self._look_until_stopped(connection)
            except WorkbenchError as error:
                if not self._is_trouble:
                    log.error("the fleet cannot be asked, so after some seconds nobody is let in: %s", error)
                self._is_trouble = True
                self._stop.wait(self._every)
            except Exception:
                log.exception("an error that nobody expected while the fleet was asked")
                self._is_trouble = True
                self._stop.wait(self._every)

    def _look_until_stopped(self, connection: psycopg.Connection) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            self._look(connection)
            # From before the question: what was changed after it is not in the answer.
            self.seen_at = began
            if self._is_trouble:
                self._is_trouble = False
                log.info("the fleet answers again")
            self._stop.wait(self._every)

    def _look(self, connection: psycopg.Connection) -> None:
        newest = read_newest(connection)
        if newest[0] is None and not (self._member.home / FLEET_STATE).exists():
            return  # no fleet was begun yet
        if newest[0] != self._member.key.check:
            raise LakeRefused(
                "The fleet has another key now (`workbench fleet rekey`): give it to this machine and start "
                "the servers again."
            )
        # What was left in conflict is looked at again: somebody may have settled it.
        if newest != self._newest or self.conflicts:
            taken = self._member.take(connection)
            self.conflicts, self._newest = taken.secret_conflicts, newest
            if taken.names:
                log.info("%d files are new from the fleet", len(taken.names))

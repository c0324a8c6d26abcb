"""Keeps fresh what a process says of itself in the catalog's database: with one thread and one connection.

A connection that breaks is made anew. Every statement is bounded in time, so that a network that was cut does
not hold the thread for longer than a lease is valid.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import ExitStack
from typing import Protocol

import psycopg

from workbench.errors import LakeError
from workbench.lake.address import LakeAddress
from workbench.lake.fleet.database import bounded, connected

log = logging.getLogger(__name__)

RENEW_EVERY = 2.0
_AFTER_TROUBLE = 0.5
_PATIENCE = 3.0


class Kept(Protocol):
    """Something that stays true only while it is written again and again."""

    every: float
    """Seconds."""

    def beat(self, connection: psycopg.Connection) -> None:
        """Write it again."""

    def trouble(self) -> None:
        """Is told that it could not be written now."""


class Keeper:
    """The thread of one process for one lake; it runs while there is something to keep."""

    def __init__(self, address: LakeAddress) -> None:
        self._address = address
        self._due: dict[Kept, float] = {}
        self._guard = threading.Lock()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_away = False

    def add(self, kept: Kept, *, in_seconds: float | None = None) -> None:
        """Keep something from now on; it was written just now, or is after `in_seconds`."""
        with self._guard:
            self._due[kept] = time.monotonic() + (kept.every if in_seconds is None else in_seconds)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)
                self._thread.start()
        self._changed.set()

    def remove(self, kept: Kept) -> None:
        """Keep it no longer; a renewal that is under way may still end."""
        with self._guard:
            self._due.pop(kept, None)
        self._changed.set()

    def _run(self) -> None:
        while self._is_needed():
            try:
                with ExitStack() as open_connection:
                    self._keep(open_connection)
            except Exception as error:
                # Whatever it was, a lease that is renewed no longer would end the work that it guards.
                self._say_away(error)
                for kept in self._all():
                    kept.trouble()
                time.sleep(_AFTER_TROUBLE)

    def _is_needed(self) -> bool:
        with self._guard:
            if not self._due:
                self._thread = None
            return self._thread is not None

    def _keep(self, open_connection: ExitStack) -> None:
        connection = open_connection.enter_context(connected(self._address, patience=_PATIENCE))
        while kept_things := self._all():
            self._changed.clear()
            with bounded(connection, _PATIENCE):
                for kept in kept_things:
                    if self._is_due(kept):
                        kept.beat(connection)
            if self._is_away:
                self._is_away = False
                log.warning("the database of the lake answers again")
            self._changed.wait(self._rest())

    def _all(self) -> tuple[Kept, ...]:
        with self._guard:
            return tuple(self._due)

    def _is_due(self, kept: Kept) -> bool:
        """Whether it is to be written now; then its next time is settled."""
        with self._guard:
            due_at, now = self._due.get(kept), time.monotonic()
            if due_at is None or due_at > now:
                return False
            self._due[kept] = now + kept.every
            return True

    def _rest(self) -> float:
        with self._guard:
            return max(0.0, min(self._due.values(), default=0.0) - time.monotonic())

    def _say_away(self, error: Exception) -> None:
        if not self._is_away:
            self._is_away = True
            is_expected = isinstance(error, LakeError)
            log.warning(
                "the database of the lake is asked again until it answers: %s",
                error,
                exc_info=not is_expected,
            )


_keepers: dict[tuple[int, str], Keeper] = {}
_keepers_guard = threading.Lock()


def keeper_of(address: LakeAddress) -> Keeper:
    """The one keeper of this process for a lake."""
    with _keepers_guard:
        # After a fork the child is another process, without the thread.
        return _keepers.setdefault((os.getpid(), address.catalog), Keeper(address))

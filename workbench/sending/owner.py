"""Which process sends a message, and whether that process still lives. Only if it does not, another process
may decide what became of the message.

Each process that sends holds a lock of its own, which the operating system frees at any kind of death. A
process that is only held up (suspended, swapped out) still holds it, so nobody takes its unfinished message
for an abandoned one.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from workbench.lake.connect import Lake
from workbench.lake.lock import is_held, only_one

GONE_ELSEWHERE_AFTER = timedelta(hours=1)
"""On another machine a lock cannot be seen. A process there makes no request that it intended long ago (see
:data:`LATEST_START`), so after this time it will not make it any more."""

LATEST_START = timedelta(seconds=60)
"""A request is not made any more so long after its intent was committed."""


class Owner:
    """This process, as the outbox knows it."""

    def __init__(self, folder: Path, machine: str) -> None:
        self._folder, self._machine = folder, machine
        nonce = secrets.token_hex(8)
        self.id = f"{machine}/{nonce}"
        self._busy: set[str] = set()
        self._guard = threading.Lock()
        # Held until the process ends, however it ends.
        self._held = ExitStack()
        self._held.enter_context(only_one(self._lock(nonce), "send"))

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
        """
        machine, _, nonce = owner.partition("/")
        if owner == self.id:
            return True
        if machine == self._machine:
            return not is_held(self._lock(nonce))
        return now - intended_at > GONE_ELSEWHERE_AFTER

    def is_free(self, key: str, owner: str, intended_at: datetime, now: datetime) -> bool:
        """As :meth:`is_abandoned`, for a message that the caller does not have."""
        with self._guard:
            busy = key in self._busy
        return not busy and self.is_abandoned(owner, intended_at, now)

    def _lock(self, nonce: str) -> Path:
        return self._folder / f"{nonce}.lock"


_owners: dict[tuple[int, Path], Owner] = {}
_owners_guard = threading.Lock()


def this_process(lake: Lake) -> Owner:
    """The owner that all sends of this process on a lake share."""
    if lake.address.kind == "sqlite":
        # Whoever writes this catalog sees this folder, and its locks.
        folder, machine = Path(lake.address.catalog).parent / "sending", "here"
    else:
        place = hashlib.blake2s(str(lake.home).encode(), digest_size=4).hexdigest()
        folder, machine = lake.home / "sending", f"{socket.gethostname()}-{place}"
    with _owners_guard:
        # After a fork the child is another process.
        place_key = (os.getpid(), folder)
        if place_key not in _owners:
            _owners[place_key] = Owner(folder, machine)
        return _owners[place_key]

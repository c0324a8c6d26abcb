"""Tells within a fraction of a second that somebody committed to the lake: one watcher a process.

On a SQLite catalog every commit changes the catalog's file or its write-ahead log. Reading their times and
sizes costs microseconds, so the watcher does it five times a second, and asks the lake for its snapshot only
after a difference. A Postgres catalog is asked for its snapshot once a second.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.lake.address import LakeAddress

log = logging.getLogger(__name__)

Listener = Callable[[], None]

_LOOK_EVERY_FILE, _LOOK_EVERY_QUERY = 0.2, 1.0
#: Without a change the listeners are called after this many seconds, because "as of" moves on too.
_LONGEST_SILENCE = 15.0


class LakeWatcher:
    """Calls its listeners, on its own thread, whenever somebody committed.

    Listeners are called at most once per look. A slow one delays the others, so each only schedules its work.

    Args:
        snapshot_id: asks the lake.
    """

    def __init__(self, address: LakeAddress, snapshot_id: Callable[[], int]) -> None:
        self._snapshot_id = snapshot_id
        self._files = (
            [Path(address.catalog + end) for end in ("", "-wal")] if address.kind == "sqlite" else []
        )
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, listener: Listener) -> Listener:
        """Call ``listener`` after every change from now on; the first one starts the watcher's thread."""
        with self._lock:
            self._listeners.add(listener)
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._watch, name="lake-changes", daemon=True)
                self._thread.start()
        return listener

    def remove(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.discard(listener)

    def close(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(5)

    def _watch(self) -> None:
        look, snapshot, called_at = self._look(), self._snapshot(), time.monotonic()
        while not self._stop.wait(_LOOK_EVERY_FILE if self._files else _LOOK_EVERY_QUERY):
            new_look = self._look()
            new_snapshot = snapshot if self._files and new_look == look else self._snapshot()
            look = new_look
            if new_snapshot == snapshot and time.monotonic() - called_at < _LONGEST_SILENCE:
                continue
            snapshot, called_at = new_snapshot, time.monotonic()
            with self._lock:
                listeners = tuple(self._listeners)
            for listener in listeners:
                _call(listener)

    def _look(self) -> tuple[tuple[int, int], ...]:
        seen = [_state(path) for path in self._files]
        return tuple(seen)

    def _snapshot(self) -> int | None:
        try:
            return self._snapshot_id()
        except WorkbenchError as error:
            log.debug("the lake could not be asked for its snapshot: %s", error)
            return None


def _call(listener: Listener) -> None:
    try:
        listener()
    except Exception:
        # The other listeners and the next change must not depend on this one.
        log.exception("what follows a change of the lake failed: %r", listener)


def _state(path: Path) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size

"""Ends a sync early and without loss: on request, or because one of its threads failed."""

from __future__ import annotations

import threading
import time

from workbench.errors import WorkbenchError

_LOOK_EVERY_SECONDS = 0.1


class SyncStopped(WorkbenchError):
    """The sync was asked to end before it was done; what was read is kept."""

    exit_code = 130  # as in shells, for an interrupted command


class Cancellation:
    """Shared by the threads of a sync and by its Twilio client, which may be waiting for a retry."""

    def __init__(self, asked: threading.Event | None = None) -> None:
        """`asked` is set from outside to request the end; a failure of a thread never sets it."""
        self._asked = asked or threading.Event()
        self._failed, self._ended = threading.Event(), threading.Event()

    def fail(self) -> None:
        """Make the other threads end, because one of them failed."""
        self._failed.set()

    def end(self) -> None:
        """Request the end from inside of the process, as when another machine may go on with it."""
        self._ended.set()

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set() or self._ended.is_set()

    @property
    def is_set(self) -> bool:
        return self.is_asked or self._failed.is_set()

    def pause(self, seconds: float) -> None:
        """Sleep until the time is over or the sync ends.

        Raises:
            SyncStopped: the sync ended during the sleep.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._failed.wait(min(left, _LOOK_EVERY_SECONDS))
            if self.is_set:
                raise SyncStopped("The sync was stopped while it waited to ask Twilio again.")

"""Ends a sync early and in order: because somebody asked, or because one of its threads failed."""

from __future__ import annotations

import threading
import time

from workbench.errors import WorkbenchError

_LOOK_EVERY_SECONDS = 0.1


class SyncStopped(WorkbenchError):
    """Somebody asked the sync to end before it was done; what was read is kept."""

    exit_code = 130  # as a shell says of an interrupted command


class Cancellation:
    """Shared by a sync's threads and by its Twilio client, which may be waiting to try again."""

    def __init__(self, asked: threading.Event | None = None) -> None:
        """`asked` is set by somebody outside, who keeps it: a failure of ours never sets it."""
        self._asked = asked or threading.Event()
        self._failed = threading.Event()

    def fail(self) -> None:
        """Let the other threads end, because one of them failed."""
        self._failed.set()

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    @property
    def is_set(self) -> bool:
        return self._asked.is_set() or self._failed.is_set()

    def pause(self, seconds: float) -> None:
        """Sleep, but not a moment longer than the sync goes on.

        Raises:
            SyncStopped: it ended meanwhile.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._failed.wait(min(left, _LOOK_EVERY_SECONDS))
            if self.is_set:
                raise SyncStopped("The sync was stopped while it waited to ask Twilio again.")

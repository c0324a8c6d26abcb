"""Keeps callers from filling the log: one line of each kind a minute, with how many more there were."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_SECONDS = 60.0
_MOST_KINDS = 1_000


class LogLimit(logging.Filter):
    """For a handler. Lines of our own differ by their whole text, those of libraries by their template; all
    by the error that they tell of."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, ...], tuple[float, int]] = {}
        """When a line of this kind was last written, and how many were left out since."""

    def filter(self, record: logging.LogRecord) -> bool:
        is_ours = record.name.partition(".")[0] == "workbench"
        error: list[str] = getattr(record, "trace", [])[-1:]
        kind = (record.name, record.getMessage() if is_ours else str(record.msg)[:80], *error)
        now = self._clock()
        said_at, left_out = self._said.get(kind, (float("-inf"), 0))
        if now - said_at < _SECONDS:
            self._said[kind] = (said_at, left_out + 1)
            return False
        if len(self._said) >= _MOST_KINDS:
            self._forget(now)
        self._said[kind] = (now, 0)
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} more of this kind)", ()
        return True

    def _forget(self, now: float) -> None:
        self._said = {kind: entry for kind, entry in self._said.items() if now - entry[0] < _SECONDS}
        while len(self._said) >= _MOST_KINDS:
            self._said.pop(next(iter(self._said)))

"""How many requests may be in flight at once: learned from the answers, shared by all threads.

Twilio limits concurrent requests per account and does not publish the number; other programs of the account
count, too. So the limit rises by one after some good answers and is halved after an answer 429.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

REQUESTS_AT_ONCE = 16
"""The most that one process asks for at once, whatever the answers allow."""


@dataclass(frozen=True)
class ConcurrencyState:
    """The limit that follows from the answers so far."""

    allowed: int
    """Requests that may be in flight at once."""
    streak: int = 0
    """Good answers since the last change of the limit or the last bad answer."""
    halvings: int = 0
    """How often the limit was halved."""


def next_pace(
    pace: ConcurrencyState, status: int | None, *, halvings_at_start: int, maximum: int, step: int
) -> ConcurrencyState:
    """The pace after one more answer.

    Args:
        status: HTTP status of the answer, None when none came.
        halvings_at_start: ``pace.halvings`` when that request began. Of several 429 answers to requests that
            began before the limit was halved, only the first halves it.
        maximum: the highest limit.
        step: good answers needed to allow one more.
    """
    if status == 429:
        if halvings_at_start < pace.halvings:
            return pace
        return ConcurrencyState(max(1, pace.allowed // 2), 0, pace.halvings + 1)
    if status is None or status >= 500:
        return replace(pace, streak=0)
    if pace.streak + 1 < step:
        return replace(pace, streak=pace.streak + 1)
    return replace(pace, allowed=min(pace.allowed + 1, maximum), streak=0)


class Slot:
    """Permission for one request in flight; report its answer with :meth:`answered`."""

    def __init__(self, limit: AdaptiveLimit, halvings_at_start: int) -> None:
        self._limit = limit
        self._halvings_at_start = halvings_at_start

    def answered(self, status: int | None) -> None:
        """Adjust the limit to this answer; None means that no complete answer came."""
        self._limit._learn(status, self._halvings_at_start)


class AdaptiveLimit:
    """Lets at most as many threads into ``with limit.slot():`` as the answers so far allow."""

    def __init__(self, maximum: int = REQUESTS_AT_ONCE, *, start: int = 2, step: int = 4) -> None:
        """Begin at ``start``, allow one more per ``step`` good answers up to ``maximum``.

        Raises:
            ValueError: unless 1 <= start <= maximum and step >= 1.
        """
        if not 1 <= start <= maximum or step < 1:
            raise ValueError(
                f"start {start}, maximum {maximum}, step {step}: need 1 <= start <= maximum, step >= 1"
            )
        self._maximum = maximum
        self._step = step
        self._pace = ConcurrencyState(start)
        self._in_flight = 0
        self._changed = threading.Condition()

    @property
    def pace(self) -> ConcurrencyState:
        return self._pace

    @property
    def in_flight(self) -> int:
        return self._in_flight

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Wait for a free slot and hold it until the block ends, however it ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._in_flight < self._pace.allowed)
            self._in_flight += 1
            slot = Slot(self, self._pace.halvings)
        try:
            yield slot
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def _learn(self, status: int | None, halvings_at_start: int) -> None:
        with self._changed:
            self._pace = next_pace(
                self._pace,
                status,
                halvings_at_start=halvings_at_start,
                maximum=self._maximum,
                step=self._step,
            )
            self._changed.notify_all()

    def __repr__(self) -> str:
        pace = self._pace
        return f"AdaptiveLimit(allowed={pace.allowed}, maximum={self._maximum}, halvings={pace.halvings})"

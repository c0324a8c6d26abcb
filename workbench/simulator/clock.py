"""The account's clock: tests can stop it, set it, or let a day pass in a minute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

DAY = 86_400


def epoch(at: datetime | str) -> int:
    """Whole seconds since 1970 of an aware datetime or an ISO 8601 text; a text without zone is UTC."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())


def day_of(seconds: float) -> int:
    """The UTC day an instant falls on, counted from 1970-01-01."""
    return int(seconds // DAY)


class Clock:
    """A clock that can be set, frozen, advanced and sped up. Safe to use from several threads.

    ``rate`` is how many simulated seconds pass in one real second: 1 by default; 0 stops the clock.
    """

    def __init__(
        self,
        at: datetime | str | None = None,
        *,
        rate: float = 1.0,
        outside: Callable[[], float] = time.time,
    ) -> None:
        self._outside = outside
        self._lock = threading.Lock()
        self._rate = rate
        self._anchor = outside()
        self._at = self._anchor if at is None else float(epoch(at))

    @classmethod
    def frozen(cls, at: datetime | str) -> Clock:
        return cls(at, rate=0.0)

    def now(self) -> float:
        """Seconds since 1970, as this account sees them."""
        with self._lock:
            return self._now()

    def _now(self) -> float:
        return self._at + (self._outside() - self._anchor) * self._rate

    @property
    def rate(self) -> float:
        return self._rate

    def set(self, at: datetime | str | float) -> None:
        """Jump to an instant; the rate stays."""
        self._rebase(float(at) if isinstance(at, int | float) else float(epoch(at)), self._rate)

    def advance(self, seconds: float) -> None:
        self._rebase(self.now() + seconds, self._rate)

    def run(self, rate: float = 1.0) -> None:
        """Continue from the present instant at another rate; 0 stops the clock."""
        self._rebase(self.now(), rate)

    def freeze(self) -> None:
        self.run(0.0)

    def _rebase(self, at: float, rate: float) -> None:
        with self._lock:
            self._anchor, self._at, self._rate = self._outside(), at, rate

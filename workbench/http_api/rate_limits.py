"""How often each token may ask: a bucket of a minute's requests that fills again evenly."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

_MINUTE = 60.0


@dataclass(frozen=True)
class Taken:
    """What was said to one request."""

    is_allowed: bool
    remaining: int
    seconds: int
    """Until one more is allowed, or, where requests remain, until all are."""


class RateLimits:
    """Counts requests of one process; on the thread of its loop.

    Args:
        per_minute: how many a token may make, at once or spread.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> Taken:
        """Count a request of a token, if it may be made."""
        now, rate = self._clock(), self.per_minute / _MINUTE
        level, then = self._buckets.get(name, (float(self.per_minute), now))
        level = min(float(self.per_minute), level + (now - then) * rate)
        if level < 1:
            self._buckets[name] = (level, now)
            return Taken(False, 0, max(1, math.ceil((1 - level) / rate)))
        level -= 1
        self._buckets[name] = (level, now)
        return Taken(True, int(level), math.ceil((self.per_minute - level) / rate))

    def headers(self, taken: Taken) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers."""
        headers = {
            "RateLimit-Policy": f'"minute";q={self.per_minute};w=60',
            "RateLimit": f'"minute";r={taken.remaining};t={taken.seconds}',
        }
        return headers if taken.is_allowed else {**headers, "Retry-After": str(taken.seconds)}

"""How fast a batch goes: a token bucket in segments per second. The bucket is pure, the pacer waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

SLOWEST = 0.05
"""A bucket that is slowed down again and again still moves: one segment in twenty seconds."""

RECOVERY_SECONDS, RECOVERY = 60.0, 1.25
"""After so many seconds without trouble the pace grows by this factor, up to the limit again."""


@dataclass(frozen=True)
class TokenBucket:
    """`level` segments may go at once at `at` (monotonic seconds); `rate` segments per second come in.

    It holds one second's worth, so that a pause is not made up for by a burst.
    """

    limit: float
    rate: float
    level: float
    at: float
    troubled_at: float | None = None

    @property
    def capacity(self) -> float:
        return max(1.0, self.rate)


def new_bucket(limit: float, now: float) -> TokenBucket:
    """A bucket for a sender's limit in segments per second, holding the first second's worth."""
    return TokenBucket(limit, limit, max(1.0, limit), now)


def take(bucket: TokenBucket, segments: int, now: float) -> tuple[TokenBucket, float]:
    """The bucket after a message, and the seconds to wait before it goes.

    A message larger than the bucket goes when the bucket is full, and the rest is owed: over any time T no
    more than ``rate * T`` plus the larger of one bucket and one message go out.
    """
    level = min(bucket.capacity, bucket.level + max(0.0, now - bucket.at) * bucket.rate)
    missing = max(0.0, min(float(segments), bucket.capacity) - level)
    wait = missing / bucket.rate
    return replace(bucket, level=level + missing - segments, at=max(now, bucket.at) + wait), wait


def slow_down(bucket: TokenBucket, now: float) -> TokenBucket:
    """Half the pace: Twilio's queue for the sender is full."""
    rate = max(SLOWEST, bucket.rate / 2)
    return replace(bucket, rate=rate, level=min(bucket.level, 0.0), troubled_at=now)


def recover(bucket: TokenBucket, now: float) -> TokenBucket:
    """A little faster again, once the trouble is some time ago."""
    if bucket.troubled_at is None or now - bucket.troubled_at < RECOVERY_SECONDS:
        return bucket
    rate = min(bucket.limit, bucket.rate * RECOVERY)
    return replace(bucket, rate=rate, troubled_at=None if rate == bucket.limit else now)


class Pacer:
    """Holds each message until its turn.

    Args:
        limit: segments per second.
        stop: ends a wait early.
        clock: monotonic seconds.
    """

    def __init__(
        self, limit: float, stop: threading.Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stop, self._clock = stop, clock
        self._bucket = new_bucket(limit, clock())

    @property
    def rate(self) -> float:
        return self._bucket.rate

    def wait_for(self, segments: int) -> bool:
        """Wait for a message's turn; False when asked to stop meanwhile."""
        self._bucket, seconds = take(recover(self._bucket, self._clock()), segments, self._clock())
        return not self._stop.wait(seconds) if seconds > 0 else not self._stop.is_set()

    def slow_down(self) -> None:
        self._bucket = slow_down(self._bucket, self._clock())

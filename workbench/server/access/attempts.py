"""How often somebody may try to sign in: longer and longer pauses after failures, by address and by name.

By address the pause grows to 15 minutes. By name it stays below a minute, so that a stranger who knows a name
cannot keep its owner out.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE_TRIES = 5
_LONGEST_FOR_ADDRESS, _LONGEST_FOR_NAME = 900.0, 45.0
_FORGOTTEN_AFTER = 3_600.0
_MOST_REMEMBERED = 20_000


@dataclass
class _Record:
    failures: int
    blocked_until: float
    last_at: float

    def begin_pause(self, now: float, longest: float) -> None:
        if self.failures >= FREE_TRIES:
            self.blocked_until = now + min(2.0 ** min(self.failures - FREE_TRIES, 20), longest)


class Attempts:
    """Counts attempts; a success takes its own back. Remembers a bounded number of names and addresses."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def take(self, name: str, address: str) -> float:
        """Count an attempt as failed, before it is known how it ends.

        Returns:
            0 when it may be made; else the seconds to wait, and it does not count.
        """
        now = self._clock()
        keys = _keys(name, address)
        wait = max(self._wait(key, now) for key, _ in keys)
        if wait > 0:
            return wait
        for key, longest in keys:
            self._fail(key, longest, now)
        return 0.0

    def failed(self, name: str, address: str) -> None:
        """The attempt failed: the pause begins now, however long the check took."""
        now = self._clock()
        for key, longest in _keys(name, address):
            if record := self._records.get(key):
                record.begin_pause(now, longest)

    def succeeded(self, name: str, address: str) -> None:
        """The attempt succeeded: the pauses of this name and this address start again from the shortest."""
        for key, _ in _keys(name, address):
            self._records.pop(key, None)

    def _wait(self, key: str, now: float) -> float:
        record = self._records.get(key)
        return max(0.0, record.blocked_until - now) if record else 0.0

    def _fail(self, key: str, longest: float, now: float) -> None:
        record = self._records.pop(key, None)
        if record is None or now - record.last_at > _FORGOTTEN_AFTER:
            record = _Record(0, 0.0, now)
        record.failures += 1
        record.last_at = now
        record.begin_pause(now, longest)
        self._records[key] = record
        while len(self._records) > _MOST_REMEMBERED:
            self._records.popitem(last=False)


def _keys(name: str, address: str) -> list[tuple[str, float]]:
    return [
        (f"address {_network_of(address)}", _LONGEST_FOR_ADDRESS),
        (f"name {name.strip().lower()[:64]}", _LONGEST_FOR_NAME),
    ]


def _network_of(address: str) -> str:
    """The network that counts as one address: a household has a whole /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{parsed}/64", strict=False)) if parsed.version == 6 else address

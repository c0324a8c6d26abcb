"""The outcome of a message and its time: delivered, refused with a code, or without a receipt.

Shares and codes are similar to those that senders report. Some phones never receive anything; for the others
the outcome is random.
"""

from __future__ import annotations

import random
from bisect import bisect
from itertools import accumulate
from typing import NamedTuple

from workbench.simulator.messages import (
    CARRIER_FILTERED,
    DELIVERED,
    FAILED,
    NEVER,
    SENT,
    UNDELIVERED,
)
from workbench.simulator.traffic.world import COUNTRIES


class Outcome(NamedTuple):
    """How a message ends that was accepted for sending."""

    status: int
    error: int = 0
    leaves: bool = True
    """False if it fails before it is sent, so that `date_sent` stays null."""
    flags: int = 0


class Chances:
    """Error codes by weight."""

    def __init__(self, weights: dict[int, float]) -> None:
        self._codes = list(weights)
        self._bounds = list(accumulate(weights.values()))

    def draw(self, rng: random.Random) -> int:
        return self._codes[bisect(self._bounds, rng.random() * self._bounds[-1])]


_REFUSED = Chances({30003: 34, 30008: 24, 30005: 14, 30007: 14, 30006: 8, 30004: 6})
_REFUSED_MARKETING = Chances({30007: 46, 30003: 20, 30008: 14, 30004: 10, 30005: 6, 30006: 4})
_FAILED = Chances({21614: 30, 21211: 22, 30008: 18, 30450: 8, 30036: 12, 21408: 4, 30001: 6})
_FAILED_AT_CREATE = frozenset({21614, 21211, 21408})
_FAILED_AFTER_SENDING = frozenset({30008})
_FAILED_SHARE = 0.006

_DEAD, _LANDLINE, _OFTEN_OFF = 7, 11, 17
"""Of a thousand contacts: numbers out of service, landlines, phones that are mostly off."""

_UNREGISTERED_SHARE = 0.62
_UNVERIFIED_SHARE = 0.45
_FILTERED_SHARE = 0.55


def decide(
    rng: random.Random,
    country: int,
    kind: str,
    *,
    contact: int,
    registered: bool,
    marketing: bool,
    filtering: bool,
) -> Outcome:
    """The outcome of one outbound message; it depends on `contact`, because some phones never receive."""
    chance = rng.random()
    if not registered:
        if kind == "toll-free" and chance < _UNVERIFIED_SHARE:
            return Outcome(FAILED, 30032, leaves=False)
        if kind == "long code" and chance < _UNREGISTERED_SHARE:
            return Outcome(UNDELIVERED, 30034)
    if kind == "whatsapp":
        return _decide_whatsapp(chance)
    if filtering and kind == "long code" and country < 2 and chance < _FILTERED_SHARE:
        return Outcome(UNDELIVERED, 30007, flags=CARRIER_FILTERED)
    return _decide_by_phone(contact) or _decide_by_chance(rng, country, marketing)


def _decide_whatsapp(chance: float) -> Outcome:
    if chance < 0.01:
        return Outcome(FAILED, 63016, leaves=False)
    return Outcome(UNDELIVERED, 63024) if chance < 0.02 else Outcome(DELIVERED)


def _decide_by_phone(contact: int) -> Outcome | None:
    history = (contact * 2_654_435_761 >> 7) % 1000
    if history >= _OFTEN_OFF:
        return None
    if history < _DEAD:
        return Outcome(UNDELIVERED, 30005)
    return Outcome(UNDELIVERED, 30006 if history < _LANDLINE else 30003)


def _decide_by_chance(rng: random.Random, country: int, marketing: bool) -> Outcome:
    place, chance = COUNTRIES[country], rng.random()
    if chance < _FAILED_SHARE:
        code = _FAILED.draw(rng)
        return Outcome(FAILED, code, leaves=code in _FAILED_AFTER_SENDING)
    if chance < _FAILED_SHARE + place.no_receipt:
        return Outcome(SENT)
    if chance < _FAILED_SHARE + place.no_receipt + place.undelivered:
        return Outcome(UNDELIVERED, (_REFUSED_MARKETING if marketing else _REFUSED).draw(rng))
    return Outcome(DELIVERED)


def seconds_to_done(rng: random.Random, country: int, outcome: Outcome) -> int:
    """Seconds from sent (or from queued, if it is never sent) to the last status."""
    if outcome.status == FAILED:
        return 0 if outcome.error in _FAILED_AT_CREATE else 1 + int(rng.random() * 5)
    if outcome.status == UNDELIVERED:
        waits = outcome.error in (30003, 30008) and rng.random() < 0.3
        return 2 + int(rng.random() * (14_000 if waits else 40))
    if rng.random() < 0.012:
        # The phone was off, and the message waited.
        return 60 + int(rng.random() ** 2 * 20_000)
    return 1 + int(COUNTRIES[country].delay * rng.lognormvariate(0.0, 0.6))


def seconds_to_price(rng: random.Random, outcome: Outcome) -> int:
    """Seconds from the last status to the price; -1 if it never comes, as for failed messages."""
    if outcome.status == FAILED:
        return NEVER
    chance, spread = rng.random(), rng.random()
    if chance < 0.9:
        return 30 + int(spread * 400)
    if chance < 0.985:
        return 400 + int(spread * 3_600)
    return 3_600 + int(spread * 70_000) if chance < 0.999 else NEVER

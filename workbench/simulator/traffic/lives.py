"""Computes the life of a generated message: its place in a sender's queue, its instants, its price."""

from __future__ import annotations

import random
from typing import NamedTuple

from workbench.simulator.messages import (
    CANCELED,
    DELIVERED,
    FAILED,
    INBOUND,
    NEVER,
    OUTBOUND_API,
    OUTBOUND_REPLY,
    RECEIVED,
    SENT,
    Message,
)
from workbench.simulator.traffic.contacts import ContactList
from workbench.simulator.traffic.outcomes import Outcome, seconds_to_done, seconds_to_price
from workbench.simulator.traffic.profile import Profile
from workbench.simulator.traffic.world import rate

_ARRIVED = Outcome(RECEIVED)


class UnsentMessage(NamedTuple):
    """What is known of a message before it is sent."""

    serial: int
    created: int
    contact: int
    sender: int
    """Index of the sender that is or will be picked."""
    service: int
    body: int
    segments: int
    media: int
    due: int = NEVER
    """For a scheduled one: seconds until it is due."""
    is_reply: bool = False


class Lives:
    """Turns drafts into messages; remembers until when each sender's queue is full."""

    def __init__(self, profile: Profile, contacts: ContactList) -> None:
        self._profile = profile
        self._contacts = contacts
        self._free_at = [0.0] * len(profile.senders)

    def outbound(self, rng: random.Random, draft: UnsentMessage, outcome: Outcome) -> Message:
        """A message with this outcome; if it is sent, it waits in the sender's queue."""
        country = self._contacts.countries[draft.contact]
        picked = max(draft.due, 0) + 1 + int(rng.random() * 3) if draft.service >= 0 else NEVER
        ready = max(picked, 0)
        sent = self._leave(draft, ready) if outcome.leaves else NEVER
        took = seconds_to_done(rng, country, outcome)
        at_once = not outcome.leaves and took == 0
        done = 0 if at_once else max(sent, ready) + took
        if outcome.status == SENT:
            done = NEVER
        return Message(
            draft.serial,
            draft.created,
            OUTBOUND_REPLY if draft.is_reply else OUTBOUND_API,
            outcome.status,
            NEVER if at_once and draft.service >= 0 else draft.sender,
            self._address(draft),
            draft.service,
            draft.body,
            draft.segments,
            draft.media,
            self._price(draft, outbound=True),
            outcome.error,
            draft.due,
            NEVER if at_once else picked,
            sent,
            done,
            self._read(rng, draft, outcome, done),
            _after(max(sent, done), seconds_to_price(rng, outcome)),
        )

    def canceled(self, rng: random.Random, draft: UnsentMessage) -> Message:
        """A scheduled message that is canceled before it is due; it never gets a sender."""
        done = int(draft.due * (0.1 + 0.8 * rng.random()))
        return self._never_sent(draft, CANCELED)._replace(scheduled=draft.due, done=done)

    def refused(self, rng: random.Random, draft: UnsentMessage) -> Message:
        """A message of a service to a person who opted out: accepted, then failed."""
        return self._never_sent(draft, FAILED)._replace(error=21610, done=1 + int(rng.random() * 3))

    def _never_sent(self, draft: UnsentMessage, status: int) -> Message:
        return Message(
            draft.serial,
            draft.created,
            OUTBOUND_API,
            status,
            NEVER,
            self._address(draft),
            draft.service,
            draft.body,
            0,
            draft.media,
            0,
        )

    def inbound(self, rng: random.Random, draft: UnsentMessage, flags: int) -> Message:
        """A message from a contact."""
        done = int(rng.random() * 2)
        return Message(
            draft.serial,
            draft.created,
            INBOUND,
            RECEIVED,
            draft.sender,
            self._address(draft),
            draft.service,
            draft.body,
            draft.segments,
            draft.media,
            self._price(draft, outbound=False),
            sent=0,
            done=done,
            priced=_after(done, seconds_to_price(rng, _ARRIVED)),
            flags=flags,
        )

    def _leave(self, draft: UnsentMessage, ready: int) -> int:
        """When the message leaves the queue, at the sender's segments per second."""
        if draft.due >= 0:
            return ready + 1
        start = max(float(draft.created + ready), self._free_at[draft.sender])
        segments = 1 if draft.media else draft.segments
        self._free_at[draft.sender] = start + segments / self._profile.senders[draft.sender].mps
        return int(start) + 1 - draft.created

    def _read(self, rng: random.Random, draft: UnsentMessage, outcome: Outcome, done: int) -> int:
        if self._profile.senders[draft.sender].kind != "whatsapp" or outcome.status != DELIVERED:
            return NEVER
        return done + 5 + int(rng.random() ** 3 * 9000) if rng.random() < 0.7 else NEVER

    def _address(self, draft: UnsentMessage) -> str:
        address = self._contacts.addresses[draft.contact]
        return f"whatsapp:{address}" if self._profile.senders[draft.sender].kind == "whatsapp" else address

    def _price(self, draft: UnsentMessage, *, outbound: bool) -> int:
        kind = self._profile.senders[draft.sender].kind
        country = self._contacts.countries[draft.contact]
        base, fee, per_message = rate(country, kind, outbound=outbound, media=draft.media > 0)
        price = base + fee if per_message else (base + fee) * draft.segments
        factor = self._profile.price_factor
        return price if factor == 1.0 else round(price * factor)


def _after(done: int, seconds: int) -> int:
    return done + seconds if seconds >= 0 else NEVER

"""What the company plans to send on a day, and which people write to it: the input of a day's traffic.

Times of day are in the contact's local time. A plan knows nothing of consent, queues and outcomes. These
depend on earlier messages; :mod:`workbench.simulator.traffic.generator` decides them message by message.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from workbench.simulator.clock import DAY
from workbench.simulator.traffic.contacts import ContactList
from workbench.simulator.traffic.profile import Profile
from workbench.simulator.traffic.world import AREAS, COUNTRIES

PURPOSES = (
    "otp", "order", "delivery", "reminder", "survey", "promotion", "auto-reply", "answer",
    "question", "thanks", "rating", "help", "opt-out", "opt-in", "revocation",
)  # fmt: skip
(
    OTP, ORDER, DELIVERY, REMINDER, SURVEY, PROMOTION, AUTO_REPLY, ANSWER,
    QUESTION, THANKS, RATING, HELP, OPT_OUT, OPT_IN, REVOCATION,
) = range(len(PURPOSES))  # fmt: skip
INBOUND_PURPOSES = frozenset({QUESTION, THANKS, RATING, HELP, OPT_OUT, OPT_IN, REVOCATION})


class PlannedSend(NamedTuple):
    """A planned message. Plans are sorted by instant, then by `order`."""

    at: int
    order: int
    purpose: int
    contact: int
    sender: int
    """-1 lets the messaging service pick."""
    service: int
    turn: int = 0
    """How many messages the conversation has had."""


_WEEKDAYS = (1.0, 1.06, 1.06, 1.02, 1.08, 0.74, 0.6)
_GROWTH_PER_DAY = 0.0012
_PLANNED = 0.915
"""Share of a day's messages that is planned; the rest are answers to them."""
_SUNDAY = 6

# Share of the day's volume, and when in local time (hour: weight).
_STEADY: dict[int, tuple[float, dict[int, float]]] = {
    OTP: (0.25, {**dict.fromkeys(range(7, 24), 2), 0: 1, 5: 0.5, 6: 1, 20: 4, 21: 4}),
    ORDER: (0.27, {hour: (1, 2, 3)[min(2, (hour - 7) // 3)] for hour in range(7, 23)}),
    DELIVERY: (0.145, {8: 4, 9: 4, 10: 2, 11: 2, 12: 2, 13: 2, 14: 2, 15: 2, 16: 2, 17: 1, 18: 1}),
    REMINDER: (0.095, {9: 3, 10: 3, 11: 2, 12: 1, 14: 2, 15: 2, 16: 2, 17: 1}),
    SURVEY: (0.012, {11: 1, 12: 1, 17: 2, 18: 2}),
}
_HOURS = {purpose: (list(hours), list(accumulate(hours.values()))) for purpose, (_, hours) in _STEADY.items()}
_TALK = 0.031
_WHATSAPP = 0.012
_LOCAL_STORE = 0.013
_TRIAL = 0.012
_CAMPAIGN = 0.50
_CAMPAIGN_PER_SECOND = 20
_LONGEST_CAMPAIGN_HOURS = 2.5
_EUROPE_CAMPAIGN = 0.06
_MISTAKE = 0.03
_MISTAKE_EVERY, _MISTAKE_OFFSET = 11, 4

Fits = Callable[[str, str], bool]
"""Whether a contact in a country and a time zone is suitable."""

_STILL_ON_THE_LIST = 0.2
"""How often a campaign is sent to a person whose opt-out in free text was not noticed."""


class Audience(NamedTuple):
    """The contacts that can be written to, and the opt-outs of earlier days."""

    contacts: ContactList
    offsets: Sequence[int]
    overlooked: Sequence[int]
    """Contacts who opted out in free text, which was not noticed."""
    opted_out: Sequence[int]
    """Contacts who opted out by keyword; only the sender to which they wrote must stop."""


def plan_day(
    profile: Profile, day: int, offset: int, rng: random.Random, audience: Audience
) -> list[PlannedSend]:
    """Every planned message of a UTC day, in order. `offset` counts days since the account was opened."""
    weekday = (day + 3) % 7
    volume = profile.messages_per_day * _PLANNED * _WEEKDAYS[weekday]
    volume *= (1 + _GROWTH_PER_DAY * offset) * (0.95 + 0.1 * rng.random())
    intents = [
        *_steady(profile, day, volume, rng, audience),
        *_talks(profile, day, volume, rng, audience),
        *_small_streams(profile, day, weekday, volume, rng, audience),
        *_campaigns(profile, day, weekday, offset, volume, rng, audience),
    ]
    return sorted(intent._replace(order=order) for order, intent in enumerate(intents))


def _how_many(expected: float, rng: random.Random) -> int:
    """A random whole number near the expected one; if that is below 1, sometimes 1."""
    return int(expected) + (rng.random() < expected % 1)


def _steady(
    profile: Profile, day: int, volume: float, rng: random.Random, audience: Audience
) -> Iterator[PlannedSend]:
    service = profile.roles.notifications
    if service is None:
        return
    random_float, contacts, start = rng.random, audience.contacts, day * DAY
    people = len(contacts)
    for purpose, (share, _) in _STEADY.items():
        hours, bounds = _HOURS[purpose]
        total = bounds[-1]
        for _ in range(_how_many(volume * share, rng)):
            # Some people get more messages than others.
            contact = int(people * random_float() ** 1.5)
            local = hours[bisect(bounds, random_float() * total)] * 3600 + int(random_float() * 3600)
            at = start + (local - audience.offsets[contacts.areas[contact]]) % DAY
            yield PlannedSend(at, 0, purpose, contact, -1, service)


def _talks(
    profile: Profile, day: int, volume: float, rng: random.Random, audience: Audience
) -> Iterator[PlannedSend]:
    """People write to the support desk: North Americans by SMS, everybody else by WhatsApp."""
    support, whatsapp = profile.roles.support, profile.roles.whatsapp
    for _ in range(_how_many(volume * _TALK, rng)):
        if support is not None:
            contact = _pick_contact(audience, rng, lambda iso, _: iso in ("US", "CA"))
            at = _local_time(day, 8.5, 20, contact, rng, audience)
            yield PlannedSend(at, 0, QUESTION, contact, support, profile.senders[support].service)
    for _ in range(_how_many(volume * _WHATSAPP, rng)):
        if whatsapp is not None:
            contact = _pick_contact(audience, rng, lambda iso, _: iso != "US")
            at = _local_time(day, 8, 21, contact, rng, audience)
            yield PlannedSend(at, 0, QUESTION, contact, whatsapp, -1)


def _small_streams(
    profile: Profile, day: int, weekday: int, volume: float, rng: random.Random, audience: Audience
) -> Iterator[PlannedSend]:
    """A store that texts on its own from an unregistered number, and a toll-free number on trial."""
    store, trial = profile.roles.local_store, profile.roles.trial_toll_free
    if store is not None and weekday != _SUNDAY:
        nearby = [
            contact
            for contact in audience.opted_out
            if AREAS[audience.contacts.areas[contact]].zone == "America/Chicago"
        ]
        for _ in range(_how_many(volume * _LOCAL_STORE, rng)):
            if nearby and rng.random() < 0.04:
                contact = rng.choice(nearby)
            else:
                contact = _pick_contact(audience, rng, lambda _, zone: zone == "America/Chicago")
            yield PlannedSend(
                _local_time(day, 11, 16, contact, rng, audience), 0, PROMOTION, contact, store, -1
            )
    if trial is not None:
        for _ in range(_how_many(volume * _TRIAL, rng)):
            contact = _pick_contact(audience, rng, lambda iso, _: iso == "US")
            yield PlannedSend(_local_time(day, 12, 18, contact, rng, audience), 0, SURVEY, contact, trial, -1)


def _campaigns(
    profile: Profile,
    day: int,
    weekday: int,
    offset: int,
    volume: float,
    rng: random.Random,
    audience: Audience,
) -> Iterator[PlannedSend]:
    """Tuesday by short code, Thursday by toll-free number, Wednesday in Europe; sometimes too early."""
    service = profile.roles.promotions
    if service is None:
        return
    pool = [index for index, sender in enumerate(profile.senders) if sender.service == service]
    fast = max(pool, key=lambda index: profile.senders[index].mps)
    slow = min(pool, key=lambda index: profile.senders[index].mps)
    noon = day * DAY + 17 * 3600 + 1800
    if weekday in (1, 3):
        size = _how_many(volume * _CAMPAIGN, rng)
        limit = int(profile.senders[slow].mps * 3600 * _LONGEST_CAMPAIGN_HOURS / 2)
        people = _campaign_people(size, rng, audience)
        for index, contact in enumerate(people):
            overflow = weekday == 1 or index >= limit
            sender = (
                fast if overflow and COUNTRIES[audience.contacts.countries[contact]].iso == "US" else slow
            )
            yield PlannedSend(noon + index // _CAMPAIGN_PER_SECOND, 0, PROMOTION, contact, sender, service)
    if weekday != _SUNDAY and offset % _MISTAKE_EVERY == _MISTAKE_OFFSET:
        # Sent at nine in New York, which is six on the west coast.
        early = day * DAY + 14 * 3600 + 600
        for index in range(_how_many(volume * _MISTAKE, rng)):
            contact = _pick_contact(audience, rng, lambda _, zone: zone in _COASTS)
            yield PlannedSend(early + index // _CAMPAIGN_PER_SECOND, 0, PROMOTION, contact, slow, service)
    if weekday == 2 and profile.roles.notifications is not None and _has_alphanumeric(profile):
        morning = day * DAY + 10 * 3600
        for index in range(_how_many(volume * _EUROPE_CAMPAIGN, rng)):
            contact = _pick_contact(audience, rng, lambda iso, _: iso in ("GB", "DE", "FR"))
            yield PlannedSend(morning + index // 5, 0, PROMOTION, contact, -1, profile.roles.notifications)


_COASTS = ("America/New_York", "America/Los_Angeles")


def _has_alphanumeric(profile: Profile) -> bool:
    return any(sender.kind == "alphanumeric" for sender in profile.senders)


def _campaign_people(size: int, rng: random.Random, audience: Audience) -> list[int]:
    overlooked = [contact for contact in audience.overlooked if rng.random() < _STILL_ON_THE_LIST]
    rest = (_pick_contact(audience, rng, lambda iso, _: iso in ("US", "CA")) for _ in range(size))
    return list(dict.fromkeys([*overlooked, *rest]))


def _pick_contact(audience: Audience, rng: random.Random, fits: Fits) -> int:
    """A contact with a suitable country and zone; after many tries any contact, for very small audiences."""
    contacts = audience.contacts
    for _ in range(200):
        contact = int(len(contacts) * rng.random())
        area = AREAS[contacts.areas[contact]]
        if fits(COUNTRIES[area.country].iso, area.zone):
            return contact
    return contact


def _local_time(
    day: int, first: float, last: float, contact: int, rng: random.Random, audience: Audience
) -> int:
    """A random instant of the UTC day that is between two hours in the contact's local time."""
    local = int((first + (last - first) * rng.random()) * 3600)
    return day * DAY + (local - audience.offsets[audience.contacts.areas[contact]]) % DAY

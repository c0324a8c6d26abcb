"""Generates a company's messages day by day: executes the plan of the day, with queues, outcomes and replies.

The traffic of a day depends on the seed and on the days before it (opt-outs, open conversations, queues),
never on a later day; so generating more days does not change earlier ones.
"""

from __future__ import annotations

import random
from array import array
from heapq import heapify, heappop, heappush

from workbench.simulator.clock import DAY
from workbench.simulator.messages import (
    DELIVERED,
    FAILED,
    IN_QUIET_HOURS,
    MARKETING,
    NEVER,
    OPT_IN,
    OPT_OUT,
    REVOCATION,
    SENT,
    UNREGISTERED,
    Message,
)
from workbench.simulator.traffic.consent import REFUSED, ContactConsents, KeywordReply, scope_of
from workbench.simulator.traffic.contacts import ContactList, zone_offsets
from workbench.simulator.traffic.lives import Lives, UnsentMessage
from workbench.simulator.traffic.outcomes import Outcome, decide
from workbench.simulator.traffic.plans import (
    ANSWER,
    AUTO_REPLY,
    HELP,
    INBOUND_PURPOSES,
    PROMOTION,
    PURPOSES,
    QUESTION,
    RATING,
    REMINDER,
    SURVEY,
    THANKS,
    Audience,
    PlannedSend,
    plan_day,
)
from workbench.simulator.traffic.plans import OPT_IN as OPT_IN_TEXT
from workbench.simulator.traffic.plans import OPT_OUT as OPT_OUT_TEXT
from workbench.simulator.traffic.plans import REVOCATION as REVOCATION_TEXT
from workbench.simulator.traffic.pools import make_pools
from workbench.simulator.traffic.profile import Profile, Sender
from workbench.simulator.traffic.templates import TEMPLATES, choices, fill, media_of
from workbench.simulator.traffic.world import COUNTRIES

DAY_BITS = 24
"""How many low bits of a serial number count the messages of a day; the higher bits are the day."""

_NOTICED = 0.6
"""Share of free-text revocations that somebody at the company notices and honours everywhere."""

_TRIED_ANYWAY = 0.08
"""Share of messages to opted-out people that are sent to Twilio, which fails them; others are not sent."""

_CALLED_OFF = 0.05
"""Share of scheduled messages that are canceled."""

_FILTERING_FROM, _FILTERING_TO = 15 * 3600, 21 * 3600


class Traffic:
    """The messages of one account; call :meth:`next_day` again and again."""

    def __init__(self, profile: Profile, seed: int | str, first_day: int) -> None:
        self.profile = profile
        self.contacts = ContactList(seed, profile.contacts)
        self.consent_events: list[KeywordReply] = []
        self.day = first_day
        """The next day to generate, counted from 1970-01-01."""
        self._first_day = first_day
        self._seed = seed
        self._rng = random.Random()
        self._coming: list[PlannedSend] = []
        self._messages: list[Message] = []
        self._order = 0
        self._lives = Lives(profile, self.contacts)
        self._last_sent = array("q", bytes(8 * len(self.contacts)))
        self._consent = ContactConsents()
        self._pools = make_pools(profile)

    def next_day(self) -> list[Message]:
        """Every message created on the next UTC day, in order of creation."""
        day, self.day = self.day, self.day + 1
        rng = self._rng = random.Random(f"{self._seed}:{day}")
        self._offsets = zone_offsets(day)
        offset, self._start, self._messages = day - self._first_day, day * DAY, []
        every = self.profile.filtering_every
        self._filtering = bool(every) and offset % every == every // 2
        audience = Audience(self.contacts, self._offsets, self._consent.overlooked, self._consent.gone)
        plan = plan_day(self.profile, day, offset, rng, audience)
        # The plan's messages have the first numbers; replies and other consequences have the next ones.
        self._order = len(plan) + len(self._coming)
        carried = [
            intent._replace(order=len(plan) + index) for index, intent in enumerate(sorted(self._coming))
        ]
        coming = self._coming = plan + carried
        heapify(coming)
        end = self._start + DAY
        while coming and coming[0].at < end:
            intent = heappop(coming)
            if intent.purpose in INBOUND_PURPOSES:
                self._receive(intent)
            else:
                self._send(intent)
        return self._messages

    def _serial(self) -> int:
        return (self.day - 1) << DAY_BITS | len(self._messages)

    def _expect(self, at: int, purpose: int, contact: int, sender: int, service: int, turn: int = 0) -> None:
        self._order += 1
        heappush(self._coming, PlannedSend(at, self._order, purpose, contact, sender, service, turn))

    def _send(self, intent: PlannedSend) -> None:
        """One outbound message: whether it is sent, its text, sender, times and outcome."""
        marketing = intent.purpose == PROMOTION
        answering = intent.purpose in (AUTO_REPLY, ANSWER)
        scope = self._scope(intent)
        flags = self._consent.verdict(intent.contact, scope, marketing=marketing, answering=answering)
        if flags < 0:
            if flags == REFUSED and intent.service >= 0 and self._rng.random() < _TRIED_ANYWAY:
                self._messages.append(self._lives.refused(self._rng, self._draft(intent)))
            return
        draft = self._draft(intent)
        if draft.due >= 0 and self._rng.random() < _CALLED_OFF:
            self._messages.append(self._lives.canceled(self._rng, draft))
            return
        outcome = self._outcome(intent, draft)
        message = self._lives.outbound(self._rng, draft, outcome)
        flags |= outcome.flags | (MARKETING if marketing else 0)
        self._messages.append(self._judge(message, flags, intent.contact))
        if message.sent >= 0:
            latest = max(self._last_sent[intent.contact], message.created + message.sent)
            self._last_sent[intent.contact] = latest
        if outcome.status in (DELIVERED, SENT):
            self._provoke(intent, message, draft.sender)

    def _draft(self, intent: PlannedSend) -> UnsentMessage:
        """The message before it is sent: text, sender and time."""
        rng, contact, country = self._rng, intent.contact, self.contacts.countries[intent.contact]
        with_media = country < 2 and intent.service >= 0
        fitting = choices(PURPOSES[intent.purpose], COUNTRIES[country].language, with_media)
        template = fitting[int(rng.random() * len(fitting))]
        body, segments = fill(template, rng.getrandbits(32))
        return UnsentMessage(
            self._serial(),
            intent.at,
            contact,
            intent.sender if intent.sender >= 0 else self.pick_sender(intent.service, country, contact),
            intent.service,
            body,
            segments,
            TEMPLATES[template].media,
            self._due(intent),
            intent.purpose == AUTO_REPLY,
        )

    def _outcome(self, intent: PlannedSend, draft: UnsentMessage) -> Outcome:
        sender = self.profile.senders[draft.sender]
        return decide(
            self._rng,
            self.contacts.countries[intent.contact],
            sender.kind,
            contact=intent.contact,
            registered=sender.registered,
            marketing=intent.purpose == PROMOTION,
            filtering=self._filtering and _FILTERING_FROM <= intent.at - self._start < _FILTERING_TO,
        )

    def _scope(self, intent: PlannedSend) -> int:
        """The scope of an opt-out of this message; a number in a service has the service's scope."""
        service = self.profile.senders[intent.sender].service if intent.sender >= 0 else intent.service
        return scope_of(service, intent.sender)

    def pick_sender(self, service: int, country: int, contact: int) -> int:
        """The sender that a messaging service uses for a contact in a country; always the same one."""
        pool = self._pools[service][country]
        return pool[contact % len(pool)]

    def _due(self, intent: PlannedSend) -> int:
        """Seconds until a scheduled message is due; most are not scheduled."""
        if intent.purpose != REMINDER or intent.service < 0 or self._rng.random() >= 0.2:
            return NEVER
        return DAY + int(self._rng.random() * 900)

    def _judge(self, message: Message, flags: int, contact: int) -> Message:
        """Add the flags of legal breaches; only messages that were really sent have them."""
        if message.status == FAILED or message.sent < 0:
            return message._replace(flags=flags & MARKETING)
        if not self.profile.senders[message.sender].registered:
            flags |= UNREGISTERED
        if flags & MARKETING:
            local = (message.created + message.sent + self._offsets[self.contacts.areas[contact]]) % DAY
            if not 8 * 3600 <= local < 21 * 3600:
                flags |= IN_QUIET_HOURS
        return message._replace(flags=flags) if flags else message

    def _provoke(self, intent: PlannedSend, message: Message, sender: int) -> None:
        """Plan what the contact may answer, and when."""
        rng, purpose, contact, service = self._rng, intent.purpose, intent.contact, intent.service
        if self.profile.senders[sender].kind == "alphanumeric":
            return
        arrived = message.created + max(message.done, message.sent)
        if purpose == PROMOTION:
            answer = _answer_to_promotion(rng.random())
        elif purpose == SURVEY:
            answer = RATING if rng.random() < 0.3 else None
        elif purpose == ANSWER:
            answer = THANKS if rng.random() < 0.65 / (1 + intent.turn) else None
        else:
            answer = REVOCATION_TEXT if purpose == REMINDER and rng.random() < 0.0012 else None
        if answer is not None and not self._consent.has_revoked(contact):
            wait = 20 + int(rng.random() ** 2 * 5400)
            self._expect(arrived + wait, answer, contact, sender, service, intent.turn + 1)

    def _receive(self, intent: PlannedSend) -> None:
        """One inbound message, and what it changes."""
        rng, contact, purpose = self._rng, intent.contact, intent.purpose
        leaves = purpose in (OPT_OUT_TEXT, REVOCATION_TEXT)
        if leaves and intent.at <= self._last_sent[contact]:
            # A message to this person is in flight; whether it comes after the opt-out would be unclear.
            return
        sender = self.profile.senders[intent.sender]
        country = self.contacts.countries[contact]
        fitting = choices(PURPOSES[purpose], COUNTRIES[country].language, country < 2)
        if purpose == OPT_OUT_TEXT and sender.kind == "toll-free":
            fitting = tuple(index for index in fitting if TEMPLATES[index].text.strip().upper() == "STOP")
        body, segments = fill(fitting[int(rng.random() * len(fitting))], rng.getrandbits(32))
        draft = UnsentMessage(
            self._serial(),
            intent.at,
            contact,
            intent.sender,
            intent.service,
            body,
            segments,
            media_of(body),
        )
        self._messages.append(self._lives.inbound(rng, draft, self._hear(intent)))
        self._react(intent, sender)

    def _hear(self, intent: PlannedSend) -> int:
        """Apply an opt-in or opt-out in the contact's words; returns the flags of the message."""
        contact, scope = intent.contact, self._scope(intent)
        address = self.contacts.addresses[contact]
        if intent.purpose == OPT_OUT_TEXT:
            self._consent.leave(contact, scope)
            self.consent_events.append(KeywordReply(intent.at, address, scope, True))
            return OPT_OUT
        if intent.purpose == OPT_IN_TEXT:
            self._consent.come_back(contact, scope)
            self.consent_events.append(KeywordReply(intent.at, address, scope, False))
            return OPT_IN
        if intent.purpose == REVOCATION_TEXT:
            self._consent.revoke(contact, scope, noticed=self._rng.random() < _NOTICED)
            return REVOCATION
        return 0

    def _react(self, intent: PlannedSend, sender: Sender) -> None:
        """Plan the company's answer to an inbound message."""
        rng, at, purpose = self._rng, intent.at, intent.purpose
        contact, index, service = intent.contact, intent.sender, intent.service
        if purpose == OPT_OUT_TEXT and rng.random() < 0.08:
            self._expect(at + 3600 + int(rng.random() * 200_000), OPT_IN_TEXT, contact, index, service)
        if purpose not in (QUESTION, THANKS) or (purpose == THANKS and rng.random() < 0.5):
            return
        # A number answers by itself, even if it is also in a pool.
        if purpose == QUESTION and rng.random() < 0.3:
            self._expect(at + 2, AUTO_REPLY, contact, index, NEVER)
        if rng.random() < 0.92:
            wait = 60 + int(rng.random() ** 3 * 9_000)
            self._expect(at + wait, ANSWER, contact, index, NEVER, intent.turn)


def _answer_to_promotion(chance: float) -> int | None:
    for share, purpose in ((0.015, OPT_OUT_TEXT), (0.019, REVOCATION_TEXT), (0.021, HELP), (0.034, THANKS)):
        if chance < share:
            return purpose
    return None

"""People who answer what a user of the account sends: soon, so that somebody who tries it sees them.

Generated traffic has its own replies; this is for messages that came through the API. Most people with whom a
conversation is under way answer, few others do, and of those one may opt out.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from workbench.messaging.addresses import country
from workbench.simulator.account.account import Account
from workbench.simulator.account.arrivals import receive
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.log import EXTRA
from workbench.simulator.clock import DAY
from workbench.simulator.messages import DELIVERED, INBOUND, OUTBOUND_API, SENT, Message
from workbench.simulator.traffic.plans import OPT_OUT, PURPOSES, QUESTION, THANKS
from workbench.simulator.traffic.templates import body_text, choices, fill
from workbench.simulator.traffic.world import COUNTRIES, COUNTRY_INDEX

_CONVERSATION_DAYS = 3
# What somebody answers, by the share of messages up to which they do.
_IN_CONVERSATION = ((0.65, THANKS), (0.9, QUESTION))
_OTHERWISE = ((0.015, OPT_OUT), (0.05, THANKS), (0.07, QUESTION))
_SOONEST, _LATEST = 4, 20


class ComingReply(NamedTuple):
    """What somebody will write; sorted by instant."""

    at: int
    contact: str
    sender: int
    text: str


class People:
    """Answers the messages that come through the API of an account from now on."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._read: dict[str, int] = {}
        self._coming: dict[str, list[ComingReply]] = {}
        self.overlook()

    def overlook(self) -> None:
        """Nobody answers what was sent until now."""
        for ledger in self._account.ledgers:
            self._read[ledger.sid] = len(ledger.log.extras)
            self._coming[ledger.sid] = []

    def write(self) -> list[Message]:
        """Whoever's time has come writes; gives what was written."""
        with self._account.lock:
            now = self._account.tick()
            return [message for ledger in self._account.ledgers for message in self._write_to(ledger, now)]

    def _write_to(self, ledger: Ledger, now: int) -> list[Message]:
        extras, coming = ledger.log.extras, self._coming[ledger.sid]
        sent = [extras[EXTRA + number] for number in range(self._read[ledger.sid], len(extras))]
        coming += filter(None, (answer_to(ledger, message) for message in sent))
        due = sorted(answer for answer in coming if answer.at <= now)
        self._coming[ledger.sid] = [answer for answer in coming if answer.at > now]
        written = [
            receive(ledger, now, sender=answer.sender, contact=answer.contact, body=answer.text)
            for answer in due
            if not ledger.is_opted_out(answer.contact, ledger.scope(answer.sender), now)
        ]
        self._read[ledger.sid] = len(extras)
        return written


def answer_to(ledger: Ledger, message: Message) -> ComingReply | None:
    """What the recipient of a message answers, if anything; depends on the account and the message alone."""
    if message.direction != OUTBOUND_API or message.status not in (DELIVERED, SENT):
        return None
    if ledger.profile.senders[message.sender].kind == "alphanumeric":
        return None
    rng = random.Random(f"{ledger.sid}:{message.serial}:answer")
    chance = rng.random()
    habits = _IN_CONVERSATION if _is_in_conversation(ledger, message) else _OTHERWISE
    purpose = next((purpose for share, purpose in habits if chance < share), None)
    if purpose is None:
        return None
    place = COUNTRIES[COUNTRY_INDEX.get(country(message.contact.rpartition(":")[2]) or "US", 0)]
    body, _ = fill(rng.choice(choices(PURPOSES[purpose], place.language, False)), rng.getrandbits(32))
    arrived = message.created + max(message.sent, message.done)
    wait = _SOONEST + rng.randrange(_LATEST - _SOONEST)
    return ComingReply(arrived + wait, message.contact, message.sender, body_text(body))


def _is_in_conversation(ledger: Ledger, message: Message) -> bool:
    """Whether this person wrote to this sender lately."""
    lately = ledger.log.created_between(message.created - _CONVERSATION_DAYS * DAY, message.created)
    return any(
        other.direction == INBOUND and other.sender == message.sender and other.contact == message.contact
        for other in lately
    )

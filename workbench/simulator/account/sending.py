"""The further life of a message that is created through the API: its queue, its outcome, its price."""

from __future__ import annotations

import random
from dataclasses import dataclass

from workbench.messaging.addresses import country
from workbench.messaging.segments import count_segments
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.recipients import number_kind, refuse
from workbench.simulator.account.requests import Request
from workbench.simulator.clock import DAY
from workbench.simulator.messages import (
    FAILED,
    INBOUND,
    MEDIA_AS_LINK,
    NEVER,
    OUTBOUND_API,
    SENT,
    STATUSES,
    UNDELIVERED,
    Message,
)
from workbench.simulator.traffic.outcomes import Outcome, decide, seconds_to_done, seconds_to_price
from workbench.simulator.traffic.profile import Sender
from workbench.simulator.traffic.world import COUNTRY_INDEX, rate

_UNKNOWN_PHONE = 999
"""A phone without a history, for the probability of delivery."""

_MEDIA_LINK = "https://mms.example.com/m/0a1b2c3d"
"""Stands for the short address of media that is sent as a link; only its length counts."""

ALLOWED_OUTCOMES = ("delivered", "sent", "undelivered", "failed")


@dataclass(frozen=True)
class PlannedOutcome:
    """The outcome of the next message to an address, set through the control API."""

    status: str | None = None
    """The last status: delivered, undelivered, failed or sent."""
    error_code: int = 0
    refuse: int | None = None
    """Answer the create request with 400 and this code."""
    seconds: int | None = None
    """Seconds from sent to the last status."""
    queue_seconds: int | None = None
    """Seconds from created to sent."""


def check_queue(ledger: Ledger, request: Request, now: int, hours: float) -> None:
    """Refuse a message that would wait too long in its queue; a service fails it later (30001).

    Raises:
        ApiError: 400/21611.
    """
    if request.sender >= 0 and queue_seconds(ledger, request.sender, now) > hours * 3600:
        raise refuse(21611, f"The queue of {ledger.profile.senders[request.sender].address} is full")


def queue_seconds(ledger: Ledger, sender: int, now: int) -> float:
    """How long a message that joins this sender's queue now waits."""
    ahead = (
        max(1, message.segments)
        for message in ledger.log.waiting(now)
        if message.sender == sender and message.scheduled < 0
    )
    return sum(ahead) / ledger.profile.senders[sender].mps


def compose(
    ledger: Ledger, request: Request, now: int, planned: PlannedOutcome | None = None, max_hours: float = 10.0
) -> Message:
    """The accepted message with its whole life; its random numbers depend on account and serial number."""
    serial = ledger.log.next_serial()
    rng = random.Random(f"{ledger.sid}:{serial}")
    place = COUNTRY_INDEX.get(country(request.to.rpartition(":")[2]) or "US", 0)
    index = _chosen_sender(ledger, request, place, serial)
    sender = ledger.profile.senders[index]
    wait = 0.0 if request.send_at is not None else queue_seconds(ledger, index, now)
    if request.service >= 0 and wait > max_hours * 3600:
        outcome = Outcome(FAILED, 30001, leaves=False)
    elif wait > request.validity:
        outcome = Outcome(FAILED, 30036, leaves=False)
    elif planned is not None and planned.status is not None:
        outcome = Outcome(
            STATUSES.index(planned.status), planned.error_code, leaves=planned.status != "failed"
        )
    else:
        outcome = _chance(ledger, rng, place, index, request, now)
    segments = count_segments(_text_as_sent(request), smart_encoding=_is_smart(ledger, request)).segments
    message = Message(
        serial,
        now,
        OUTBOUND_API,
        outcome.status,
        index,
        request.to,
        request.service,
        request.body,
        segments,
        request.media,
        _price(ledger, place, sender, segments, as_mms=request.is_mms),
        outcome.error,
        NEVER if request.send_at is None else request.send_at - now,
        flags=request.flags,
    )
    return _with_instants(message, rng, place, outcome, int(wait), planned or PlannedOutcome())


def _chosen_sender(ledger: Ledger, request: Request, place: int, serial: int) -> int:
    """The request's own sender, or the one that its messaging service picks.

    Raises:
        ApiError: 400/21703, the service has none that can carry this message.
    """
    if request.sender >= 0:
        return request.sender
    picked = ledger.inventory.pick(request.service, place, serial, request.fits)
    if picked is None:
        raise refuse(21703, f"The Messaging Service has no sender that can reach {request.to}.")
    return picked


def _is_smart(ledger: Ledger, request: Request) -> bool:
    """Whether characters are replaced by similar ones of GSM-7: for this message, or by its service."""
    if request.smart_encoded or request.service < 0:
        return request.smart_encoded
    settings = ledger.settings.get(ledger.service_sids[request.service], {})
    usual = ledger.profile.services[request.service].smart_encoding
    return bool(settings.get("smart_encoding", usual))


def _text_as_sent(request: Request) -> str:
    """The text of the SMS: media that cannot be sent as MMS is a link behind the body."""
    return f"{request.body} {_MEDIA_LINK}".strip() if request.flags & MEDIA_AS_LINK else request.body


def _with_instants(
    message: Message, rng: random.Random, place: int, outcome: Outcome, wait: int, planned: PlannedOutcome
) -> Message:
    """The message with its instants: sender picked, sent, last status, price known."""
    picked = max(message.scheduled, 0) + 1 + rng.randrange(3) if message.service >= 0 else NEVER
    queued = 1 + wait if planned.queue_seconds is None else planned.queue_seconds
    sent = max(picked, 0) + queued if outcome.leaves else NEVER
    took = seconds_to_done(rng, place, outcome) if planned.seconds is None else planned.seconds
    done = max(sent, picked, 0) + took
    priced = seconds_to_price(rng, outcome)
    return message._replace(
        picked=picked,
        sent=sent,
        done=NEVER if outcome.status == SENT else done,
        priced=done + priced if priced >= 0 else NEVER,
    )


def _chance(
    ledger: Ledger, rng: random.Random, place: int, index: int, request: Request, now: int
) -> Outcome:
    sender = ledger.profile.senders[index]
    if (
        sender.kind == "whatsapp"
        and not request.is_template
        and not _wrote_lately(ledger, index, request.to, now)
    ):
        return Outcome(FAILED, 63016, leaves=False)
    if number_kind(request.to) == "landline":
        return Outcome(UNDELIVERED, 30006)
    return decide(
        rng,
        place,
        sender.kind,
        contact=_UNKNOWN_PHONE,
        registered=sender.registered,
        marketing=False,
        filtering=False,
    )


def _wrote_lately(ledger: Ledger, index: int, contact: str, now: int) -> bool:
    """Whether WhatsApp's window of 24 hours after a contact's message is open."""
    lately = ledger.log.created_between(now - DAY, now)
    return any(m.direction == INBOUND and m.contact == contact and m.sender == index for m in lately)


def _price(ledger: Ledger, place: int, sender: Sender, segments: int, *, as_mms: bool) -> int:
    cost = rate(place, sender.kind, outbound=True, media=as_mms)
    units = (cost.base + cost.carrier_fee) * (1 if cost.per_message else segments)
    return round(units * ledger.profile.price_factor)

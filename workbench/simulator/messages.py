"""A message with all of its later changes, fixed at its creation; its state at an instant is a pure function.

No timer changes a message. It is created with the instants of every later change, and :func:`state_at` gives
what the API shows at a given second. So status changes, late prices and new messages all follow from the
clock.
"""

from __future__ import annotations

from typing import NamedTuple

STATUSES = (
    "accepted", "scheduled", "queued", "sending", "sent", "delivered", "undelivered", "failed", "read",
    "canceled", "receiving", "received",
)  # fmt: skip
(
    ACCEPTED, SCHEDULED, QUEUED, SENDING, SENT, DELIVERED, UNDELIVERED, FAILED, READ,
    CANCELED, RECEIVING, RECEIVED,
) = range(len(STATUSES))  # fmt: skip
FINAL = frozenset({DELIVERED, UNDELIVERED, FAILED, READ, CANCELED, RECEIVED})

DIRECTIONS = ("inbound", "outbound-api", "outbound-reply", "outbound-call")
INBOUND, OUTBOUND_API, OUTBOUND_REPLY, OUTBOUND_CALL = range(len(DIRECTIONS))

NEVER = -1
"""Means: this instant never comes, or there is no sender or service."""

# What is known of a message beyond what the API shows; bits of Message.flags.
AFTER_REVOCATION = 1
AFTER_OPT_OUT = 2
IN_QUIET_HOURS = 4
UNREGISTERED = 8
OPT_OUT = 16
REVOCATION = 32
OPT_IN = 64
CARRIER_FILTERED = 128
MARKETING = 256
CONTENT_DISCARDED = 512
ADDRESS_OBFUSCATED = 1024
MEDIA_AS_LINK = 2048

FLAG_NAMES = {
    AFTER_REVOCATION: "sent_after_free_text_revocation",
    AFTER_OPT_OUT: "marketing_after_opt_out_from_another_sender",
    IN_QUIET_HOURS: "marketing_in_quiet_hours",
    UNREGISTERED: "sent_by_unregistered_sender",
    OPT_OUT: "opt_out",
    REVOCATION: "free_text_revocation",
    OPT_IN: "opt_in",
    CARRIER_FILTERED: "filtered_on_a_bad_day",
    MARKETING: "marketing",
    CONTENT_DISCARDED: "content_discarded",
    ADDRESS_OBFUSCATED: "address_obfuscated",
    MEDIA_AS_LINK: "media_as_link",
}
BREACHES = (AFTER_REVOCATION, AFTER_OPT_OUT, IN_QUIET_HOURS, UNREGISTERED)


class Message(NamedTuple):
    """One message with its whole life. Instants are seconds after `created`; -1 means never.

    A tuple of numbers and text, because an account has millions and Python's garbage collector skips them.
    """

    serial: int
    created: int
    """Seconds since 1970."""
    direction: int
    status: int
    """The last status; for `read` it is `delivered`, with a `read` instant."""
    sender: int
    """Index of our side's address in the profile; -1 if none was ever picked."""
    contact: str
    service: int
    body: str | int
    """Text, or the code of a template with its blanks filled (see templates.render)."""
    segments: int
    media: int
    price: int
    """Charge in world.UNIT, positive; shown from `priced` on."""
    error: int = 0
    scheduled: int = NEVER
    """When a scheduled message is due."""
    picked: int = NEVER
    """When a messaging service picks the sender."""
    sent: int = NEVER
    done: int = NEVER
    """When the last status is reached."""
    read: int = NEVER
    priced: int = NEVER
    flags: int = 0


class State(NamedTuple):
    """What the API shows of a message at one instant; instants are seconds since 1970."""

    status: str
    has_sender: bool
    """False while a messaging service has not picked one: `from` is null and there are "0" segments."""
    sent: int | None
    updated: int
    priced: bool
    error: int


def timeline(message: Message) -> list[tuple[int, int]]:
    """Every (instant, status) of a message, in order; the first is its status at creation."""
    created = message.created
    if message.direction == INBOUND:
        return [(created, RECEIVING), (created + message.done, RECEIVED)]
    steps = [(created, _first_status(message))]
    if message.scheduled >= 0 and message.status != CANCELED:
        steps.append((created + message.scheduled, ACCEPTED))
    if message.picked >= 0:
        steps.append((created + message.picked, QUEUED))
    if message.sent >= 0:
        # At least one second in the queue, so that a new message is never in `sending` at once.
        ready = max(message.picked, 0)
        steps.append((created + min(message.sent, max(ready + 1, message.sent - 1)), SENDING))
        steps.append((created + message.sent, SENT))
    if message.status != SENT and message.done >= 0:
        steps.append((created + message.done, message.status))
    if message.read >= 0:
        steps.append((created + message.read, READ))
    return steps


def _first_status(message: Message) -> int:
    if message.scheduled >= 0:
        return SCHEDULED
    return ACCEPTED if message.service >= 0 else QUEUED


def state_at(message: Message, now: int) -> State:
    """What the API shows of a message at `now`, which must not be before its creation."""
    status, updated = RECEIVING, message.created
    for at, step in timeline(message):
        if at > now:
            break
        status, updated = step, at
    priced_at = message.created + message.priced
    priced = message.priced >= 0 and priced_at <= now
    sent_at = message.created + message.sent
    return State(
        STATUSES[status],
        message.sender >= 0
        and (
            message.direction == INBOUND
            or message.service < 0
            or 0 <= message.picked <= now - message.created
        ),
        sent_at if message.sent >= 0 and sent_at <= now else None,
        max(updated, priced_at) if priced else updated,
        priced,
        message.error if status == message.status or status == READ else 0,
    )


def is_mms(message: Message) -> bool:
    """Whether it is carried and charged as MMS; media that became a link is SMS."""
    return message.media > 0 and not message.flags & MEDIA_AS_LINK


def is_sent_off(message: Message, now: int) -> bool:
    """Whether the message was sent or has its last status: from then on only what is retained is kept."""
    since = now - message.created
    return 0 <= message.sent <= since or 0 <= message.done <= since


def is_content_discarded(message: Message, now: int) -> bool:
    """Whether body and media are no longer kept (`ContentRetention=discard`)."""
    return bool(message.flags & CONTENT_DISCARDED) and is_sent_off(message, now)


def shown_contact(message: Message, now: int) -> str:
    """The contact's address as it is still shown: `AddressRetention=obfuscate` hides the last four digits."""
    if message.flags & ADDRESS_OBFUSCATED and is_sent_off(message, now):
        return message.contact[:-4] + "XXXX"
    return message.contact


def settled_at(message: Message) -> int:
    """The instant of its last change; after it, the message changes only through the API."""
    if message.status == CANCELED:
        return message.created + message.done
    return message.created + max(
        0, message.scheduled, message.picked, message.sent, message.done, message.read, message.priced
    )


def final_position(message: Message) -> tuple[int, int]:
    """Its place in the log after sending: by date_sent, or by date_created if that stays null."""
    return message.created + max(message.sent, 0), message.serial


def position_at(message: Message, now: int) -> tuple[int, int]:
    """Its place in the log at `now`."""
    sent_at = message.created + message.sent
    waits = message.sent < 0 or sent_at > now
    return message.created if waits else sent_at, message.serial

"""Reads a create request and refuses a wrong one with the code that Twilio gives.

The checks run in the order in which a caller should correct errors: recipient, sender, content, schedule,
permission.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from workbench.messaging.addresses import channel
from workbench.simulator.account.contents import render
from workbench.simulator.account.ledger import MAX_MEDIA, Ledger
from workbench.simulator.account.recipients import (
    can_reach,
    check_from,
    check_region,
    check_to,
    gets_mms,
    refuse,
    takes_mms,
)
from workbench.simulator.messages import ADDRESS_OBFUSCATED, CONTENT_DISCARDED, MEDIA_AS_LINK
from workbench.simulator.traffic.profile import Sender

LONGEST_BODY = 1600
EARLIEST_SCHEDULE, LATEST_SCHEDULE = 300, 35 * 86_400
LONGEST_VALIDITY = 36_000

Form = dict[str, list[str]]


@dataclass(frozen=True)
class Request:
    """A create request that passed its checks."""

    to: str
    sender: int
    """-1: the messaging service picks."""
    service: int
    body: str
    media: int
    send_at: int | None
    callback_url: str | None
    is_template: bool = False
    validity: int = LONGEST_VALIDITY
    """How many seconds it may wait in the queue."""
    smart_encoded: bool = False
    flags: int = 0
    """What the message keeps for its life: see the constants of `messages.py`."""

    @property
    def is_mms(self) -> bool:
        """Whether its media is sent as media, not as a link."""
        return self.media > 0 and not self.flags & MEDIA_AS_LINK

    def fits(self, sender: Sender) -> bool:
        """Whether this sender can carry the message, which a messaging service asks of each of its own."""
        return can_reach(sender, self.to) and (takes_mms(sender) or not self.is_mms)


def read_request(ledger: Ledger, form: Form, now: int, *, mms_converter: bool = True) -> Request:
    """Check a create request.

    Args:
        mms_converter: whether media becomes a link where there is no MMS; a service may set it for itself.

    Raises:
        ApiError: 400 with the code Twilio gives for what is wrong.
    """
    to = check_to(_value(form, "To"))
    service = _check_service(ledger, _value(form, "MessagingServiceSid"))
    sender = _check_sender(ledger, _value(form, "From"), to, service)
    body, media = _check_content(ledger, form, to)
    if service >= 0:
        settings = ledger.settings.get(ledger.service_sids[service], {})
        mms_converter = settings.get("mms_converter", mms_converter)
    request = Request(
        to,
        sender,
        service,
        body,
        media,
        _check_schedule(form, service, now),
        _check_callback(_value(form, "StatusCallback")),
        is_template=bool(_value(form, "ContentSid")),
        validity=_check_validity(_value(form, "ValidityPeriod")),
        smart_encoded=_value(form, "SmartEncoded").lower() == "true",
        flags=_retention(form) | (_check_mms(ledger, sender, to, mms_converter) if media else 0),
    )
    _check_permission(ledger, request, now, force=_value(form, "ForceDelivery").lower() == "true")
    return request


def _value(form: Form, name: str) -> str:
    return form.get(name, [""])[-1]


def _check_service(ledger: Ledger, sid: str) -> int:
    if not sid:
        return -1
    service = ledger.inventory.service_by_sid(sid)
    if service is None:
        raise refuse(21701, f"The Messaging Service {sid} does not exist.")
    if not any(ledger.inventory.members(service)):
        raise refuse(21704, f"The Messaging Service {sid} contains no phone numbers.")
    return service


def _check_sender(ledger: Ledger, address: str, to: str, service: int) -> int:
    if not address:
        if service < 0:
            raise refuse(21603, "A 'From' or 'MessagingServiceSid' parameter is required to send a message.")
        return -1
    index = check_from(ledger.inventory, address, to)
    sender = ledger.profile.senders[index]
    if service >= 0 and sender.service != service:
        raise refuse(21711, f"The 'From' address {address} is not in the Messaging Service.")
    if not can_reach(sender, to):
        raise refuse(21612, f"The 'To' number {to} cannot be reached from {address}.")
    return index


def _check_content(ledger: Ledger, form: Form, to: str) -> tuple[str, int]:
    """The body and how many media files; a content template is filled in."""
    body, media = _value(form, "Body"), [url for url in form.get("MediaUrl", []) if url]
    content_sid, variables = _value(form, "ContentSid"), _value(form, "ContentVariables")
    if content_sid:
        body, media = render(ledger.contents.get(content_sid), content_sid, variables, channel(to))
    elif variables:
        raise refuse(21654, "A ContentSid is required with ContentVariables.")
    if not body and not media:
        raise refuse(21619, "A text message body or media urls must be specified.")
    if len(body) > LONGEST_BODY:
        raise refuse(21617, f"The message body has {len(body)} characters; {LONGEST_BODY} are allowed.")
    if len(media) > MAX_MEDIA:
        raise refuse(21623, f"{len(media)} media files; {MAX_MEDIA} are allowed.")
    for url in media:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise refuse(21620, f"Invalid media URL: {url}")
    return body, len(media)


def _retention(form: Form) -> int:
    """What of the message is not kept once it is sent, as flags."""
    content, address = _value(form, "ContentRetention"), _value(form, "AddressRetention")
    if content not in ("", "retain", "discard"):
        raise refuse(30029, f"Invalid ContentRetention {content}; it is 'retain' or 'discard'.")
    if address not in ("", "retain", "obfuscate"):
        raise refuse(30030, f"Invalid AddressRetention {address}; it is 'retain' or 'obfuscate'.")
    discarded = CONTENT_DISCARDED if content == "discard" else 0
    return discarded | (ADDRESS_OBFUSCATED if address == "obfuscate" else 0)


def _check_mms(ledger: Ledger, sender: int, to: str, converter: bool) -> int:
    """The flag of a message whose media becomes a link, because MMS does not reach the recipient."""
    if sender >= 0 and not takes_mms(ledger.profile.senders[sender]):
        raise refuse(21621, f"The 'From' number {ledger.inventory.addresses[sender]} is not enabled for MMS.")
    if gets_mms(to):
        return 0
    if not converter:
        raise refuse(21612, f"The 'To' number {to} cannot be reached with MMS.")
    return MEDIA_AS_LINK


def _check_validity(text: str) -> int:
    if not text:
        return LONGEST_VALIDITY
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LONGEST_VALIDITY):
        raise refuse(21624, f"Invalid validity period {text}; it goes from 1 to {LONGEST_VALIDITY} seconds")
    return int(text)


def _check_schedule(form: Form, service: int, now: int) -> int | None:
    kind, send_at = _value(form, "ScheduleType"), _value(form, "SendAt")
    if not kind and not send_at:
        return None
    if service < 0:
        raise refuse(35118, "A MessagingServiceSid is required to schedule a message")
    if kind != "fixed":
        raise refuse(35126, "ScheduleType must be 'fixed'")
    if not send_at:
        raise refuse(35111, "SendAt is missing")
    try:
        at = datetime.fromisoformat(send_at)
    except ValueError as error:
        raise refuse(35114, f"SendAt is no ISO 8601 time: {send_at}") from error
    if at.tzinfo is None:
        raise refuse(35114, f"SendAt has no time zone: {send_at}")
    due = int(at.timestamp())
    if due < now + EARLIEST_SCHEDULE:
        raise refuse(35114, f"SendAt must be at least {EARLIEST_SCHEDULE} seconds ahead")
    if due > now + LATEST_SCHEDULE:
        raise refuse(35115, "SendAt must be at most 35 days ahead")
    return due


def _check_callback(url: str) -> str | None:
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "_" in parts.hostname:
        raise refuse(21609, f"Invalid 'StatusCallback' address: {url}")
    return url


def _check_permission(ledger: Ledger, request: Request, now: int, *, force: bool) -> None:
    check_region(request.to, force=force)
    scope = request.service if request.service >= 0 else ledger.scope(request.sender)
    if ledger.is_opted_out(request.to, scope, now):
        raise refuse(21610, f"{request.to} has opted out of messages from this sender.")

"""Reads a create request and refuses a wrong one with the code that Twilio gives.

The checks run in the order in which a caller should correct errors: recipient, sender, content, schedule,
permission.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from workbench.messaging.addresses import channel, country, is_e164
from workbench.simulator.account.ledger import MAX_MEDIA, Ledger
from workbench.simulator.errors import ApiError
from workbench.simulator.traffic.profile import Sender
from workbench.simulator.traffic.world import COUNTRIES, COUNTRY_INDEX

LONGEST_BODY = 1600
EARLIEST_SCHEDULE, LATEST_SCHEDULE = 300, 35 * 86_400
LONGEST_VALIDITY = 36_000
_CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")

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


def read_request(ledger: Ledger, form: Form, now: int) -> Request:
    """Check a create request.

    Raises:
        ApiError: 400 with the code Twilio gives for what is wrong.
    """
    to = _check_to(_value(form, "To"))
    service = _check_service(ledger, _value(form, "MessagingServiceSid"))
    sender = _check_from(ledger, _value(form, "From"), to, service)
    body, media = _check_content(form)
    _check_validity(_value(form, "ValidityPeriod"))
    request = Request(
        to,
        sender,
        service,
        body,
        media,
        _check_schedule(form, service, now),
        _check_callback(_value(form, "StatusCallback")),
        is_template=bool(_value(form, "ContentSid")),
    )
    _check_permission(ledger, request, now)
    return request


def _value(form: Form, name: str) -> str:
    return form.get(name, [""])[-1]


def refuse(code: int, message: str) -> ApiError:
    """The answer to a wrong request: HTTP 400 with Twilio's code."""
    return ApiError(400, code, message)


def _check_to(to: str) -> str:
    if not to:
        raise refuse(21604, "A 'To' phone number is required")
    number = to.partition(":")[2] if channel(to) != "sms" else to
    if channel(to) == "sms" and not is_e164(number):
        raise refuse(21211, f"Invalid 'To' phone number: {to}")
    if is_e164(number) and country(number) is None:
        raise refuse(21211, f"Invalid 'To' phone number: {to}")
    return to


def _check_service(ledger: Ledger, sid: str) -> int:
    if not sid:
        return -1
    if sid not in ledger.service_sids:
        raise refuse(21701, f"The messaging service {sid} does not exist")
    service = ledger.service_sids.index(sid)
    if not any(sender.service == service for sender in ledger.profile.senders):
        raise refuse(21703, f"The messaging service {sid} has no sender to send from")
    return service


def _check_from(ledger: Ledger, address: str, to: str, service: int) -> int:
    if not address:
        if service < 0:
            raise refuse(21603, "A 'From' number or a 'MessagingServiceSid' is required")
        return -1
    if channel(address) != channel(to):
        raise refuse(21910, f"'From' {address} and 'To' {to} are of different channels")
    owned = [index for index, sender in enumerate(ledger.profile.senders) if sender.address == address]
    if not owned:
        raise refuse(21606, f"The 'From' address {address} is not a sender of this account")
    sender = ledger.profile.senders[owned[0]]
    if service >= 0 and sender.service != service:
        raise refuse(21711, f"The 'From' address {address} is not in the messaging service")
    _check_route(sender, to)
    return owned[0]


def _check_route(sender: Sender, to: str) -> None:
    place = COUNTRY_INDEX.get(country(to) or "")
    alphanumeric_refused = place is not None and not COUNTRIES[place].takes_alphanumeric
    if sender.kind == "alphanumeric" and alphanumeric_refused:
        raise refuse(21612, f"An alphanumeric sender cannot reach {to}")
    if sender.kind in ("short code", "toll-free") and country(to) not in ("US", "CA"):
        raise refuse(21612, f"{sender.address} cannot reach {to}")


def _check_content(form: Form) -> tuple[str, int]:
    body, media = _value(form, "Body"), [url for url in form.get("MediaUrl", []) if url]
    content = _value(form, "ContentSid")
    if not body and not media and not content:
        raise refuse(21602, "A message body, a media address or a content SID is required")
    if content and not _CONTENT_SID.fullmatch(content):
        raise refuse(21656, f"Invalid ContentSid: {content}")
    if len(body) > LONGEST_BODY:
        raise refuse(21617, f"The body has {len(body)} characters; {LONGEST_BODY} are allowed")
    if len(media) > MAX_MEDIA:
        raise refuse(21623, f"{len(media)} media files; {MAX_MEDIA} are allowed")
    for url in media:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise refuse(21620, f"Invalid media address: {url}")
    return body or (f"Content template {content}" if content else ""), len(media)


def _check_validity(text: str) -> None:
    if text and not (text.isdigit() and 1 <= int(text) <= LONGEST_VALIDITY):
        raise refuse(21624, f"Invalid validity period {text}; it goes from 1 to {LONGEST_VALIDITY} seconds")


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


def _check_permission(ledger: Ledger, request: Request, now: int) -> None:
    number = request.to.rpartition(":")[2]
    if is_e164(number) and country(number) not in COUNTRY_INDEX:
        raise refuse(21408, f"Sending to the region of {request.to} is not enabled")
    scope = request.service if request.service >= 0 else ledger.scope(request.sender)
    if ledger.is_opted_out(request.to, scope, now):
        raise refuse(21610, f"{request.to} has opted out of messages from this sender")

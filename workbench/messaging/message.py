"""One message as a row: from Twilio's JSON to typed values, and what follows from one row alone.

Source of the fields: Twilio's Message resource (API 2010). Numbers arrive as text, dates as RFC 2822
in GMT, money negative for a charge; `num_segments` is "0" until a messaging service picks a sender.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypeVar

from workbench.errors import WorkbenchError
from workbench.messaging.addresses import address_kind, country
from workbench.messaging.keywords import keyword
from workbench.messaging.revocations import find_revocation
from workbench.messaging.segments import encoding_of
from workbench.messaging.status import status_rank


class MessageRow(NamedTuple):
    """A row of `raw_messages`: times in UTC, `price` as received (negative for a charge)."""

    message_sid: str
    account_sid: str
    messaging_service_sid: str | None
    direction: str
    is_outbound: bool
    status: str
    status_rank: int
    error_code: int | None
    from_address: str | None
    to_address: str | None
    sender: str | None
    sender_type: str | None
    contact: str | None
    country: str | None
    conversation_id: str | None
    body: str | None
    keyword: str | None
    revocation: str | None
    revocation_language: str | None
    encoding: str | None
    segments: int | None
    media_count: int | None
    price: Decimal | None
    currency: str | None
    date_created: datetime
    date_sent: datetime | None
    date_updated: datetime | None


class MalformedMessage(WorkbenchError):
    """An answer of Twilio's that is not a message; names the SID and the field."""


def message_row(payload: Mapping[str, Any], account_currency: str | None = None) -> MessageRow:
    """Read one Message resource.

    Args:
        payload: the JSON object.
        account_currency: used where `price_unit` is empty, which it may be until the price is known.

    Raises:
        MalformedMessage: a field that must be there is missing or unreadable.
    """
    sid = payload.get("sid")
    if not sid:
        raise MalformedMessage("Twilio's answer holds a message without a sid.")
    direction = payload.get("direction") or "outbound-api"
    is_outbound = direction != "inbound"
    sent = _date(payload, "date_sent", sid)
    updated = _date(payload, "date_updated", sid)
    created = _date(payload, "date_created", sid) or sent or updated
    if created is None:
        raise MalformedMessage(f"Message {sid} has no date_created, date_sent or date_updated.")
    from_address, to_address = payload.get("from") or None, payload.get("to") or None
    sender, contact = (from_address, to_address) if is_outbound else (to_address, from_address)
    service = payload.get("messaging_service_sid") or None
    kind = address_kind(sender) if sender else None
    body, status = payload.get("body"), payload.get("status") or "unknown"
    currency = payload.get("price_unit") or account_currency
    word = None if is_outbound else keyword(body, toll_free=kind == "toll-free")
    # A keyword is an answer already; only what Twilio does not act on waits for a reader.
    wish = None if is_outbound or word else find_revocation(body)
    return MessageRow(
        message_sid=sid,
        account_sid=payload.get("account_sid") or "",
        messaging_service_sid=service,
        direction=direction,
        is_outbound=is_outbound,
        status=status,
        status_rank=status_rank(status),
        error_code=_number(int, payload, "error_code", sid),
        from_address=from_address,
        to_address=to_address,
        sender=sender,
        sender_type=kind,
        contact=contact,
        country=country(contact) if contact else None,
        conversation_id=conversation_id(sender or service, contact),
        body=body,
        keyword=word,
        revocation=wish and wish.phrase,
        revocation_language=wish and wish.language,
        encoding=encoding_of(body) if body else None,
        segments=_number(int, payload, "num_segments", sid),
        media_count=_number(int, payload, "num_media", sid),
        price=_number(Decimal, payload, "price", sid),
        currency=currency.upper() if currency else None,
        date_created=created,
        date_sent=sent,
        date_updated=updated,
    )


def conversation_id(our_side: str | None, contact: str | None) -> str | None:
    """The id shared by all messages between one sender (or messaging service) and one contact.

    Stable and without a readable number in it, so that it may stand in an address bar.
    """
    if not our_side or not contact:
        return None
    return "CV" + hashlib.blake2s(f"{our_side}|{contact}".encode(), digest_size=12).hexdigest()


def parse_date(text: str) -> datetime:
    """An RFC 2822 date of Twilio's ("Fri, 24 May 2019 17:44:46 +0000") in UTC.

    Raises:
        ValueError: the text is not such a date.
    """
    if len(text) == 31 and text.endswith("+0000"):
        month = _MONTHS.get(text[8:11])
        if month:  # the usual form, without the general parser: this runs three times for every row
            return datetime.fromisoformat(f"{text[12:16]}-{month}-{text[5:7]}T{text[17:25]}+00:00")
    parsed = parsedate_to_datetime(text)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


T = TypeVar("T", int, Decimal)

_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}


def _date(payload: Mapping[str, Any], field: str, sid: str) -> datetime | None:
    text = payload.get(field)
    if not text:
        return None
    try:
        return parse_date(text)
    except (ValueError, TypeError) as error:
        raise MalformedMessage(f"Message {sid} has {field} {text!r}, which is no RFC 2822 date.") from error


def _number(kind: Callable[[Any], T], payload: Mapping[str, Any], field: str, sid: str) -> T | None:
    value = payload.get(field)
    if value is None or value == "":
        return None
    try:
        return kind(value)
    except (ValueError, TypeError, InvalidOperation) as error:
        raise MalformedMessage(f"Message {sid} has {field} {value!r}, which is no number.") from error

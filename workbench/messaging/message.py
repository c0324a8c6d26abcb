"""Turns one message from Twilio's JSON into a row of typed values, with the columns that follow from one row.

Source of the fields: Twilio's Message resource (API 2010). Numbers arrive as text, dates as RFC 2822
in GMT, money negative for a charge; `num_segments` is "0" until a messaging service picks a sender.
Other forms that are clear are read too: numbers as JSON numbers, dates in ISO 8601. Anything else is refused
with the name of the field, because a guess would be a wrong number in a report.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, NamedTuple

from workbench.errors import WorkbenchError
from workbench.messaging.addresses import address_kind, country
from workbench.messaging.keywords import OwnKeywords, keyword
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
    """The row cannot be read as a message; the text quotes only the SID and names of fields.

    `field` is the wrong field and `reason` what is wrong with it. If no single field is wrong, `field` is
    None and `reason` is the whole text.
    """

    def __init__(self, text: str, field: str | None = None, reason: str | None = None) -> None:
        super().__init__(text)
        self.field = field
        self.reason = reason or text


def message_row(payload: Mapping[str, Any], account_currency: str | None = None) -> MessageRow:
    """Read one Message resource.

    Args:
        payload: the JSON object.
        account_currency: used where `price_unit` is empty, as it may be until the price is known.

    Raises:
        MalformedMessage: a required field is missing or unreadable.
    """
    sid = _sid(payload)
    from_address, to_address, body = payload.get("from"), payload.get("to"), payload.get("body")
    direction, status = payload.get("direction"), payload.get("status")
    account_sid, service, currency = (
        payload.get("account_sid"), payload.get("messaging_service_sid"), payload.get("price_unit")
    )  # fmt: skip
    _check_texts((from_address, to_address, body, direction, status, account_sid, service, currency), payload)
    direction = direction or "outbound-api"
    # If Twilio adds a direction one day, its first letters will still tell inbound from outbound.
    is_outbound = not direction.startswith("inbound")
    created, sent, updated = _dates(payload, sid)
    from_address, to_address, service = from_address or None, to_address or None, service or None
    sender, contact = (from_address, to_address) if is_outbound else (to_address, from_address)
    kind = address_kind(sender) if sender else None
    status, currency = status or "unknown", currency or account_currency
    word = None if is_outbound else keyword(body, toll_free=kind == "toll-free")
    # Twilio acts on keywords itself; only other wishes to be left alone wait for a person to read them.
    wish = None if is_outbound or word else find_revocation(body)
    return MessageRow(
        message_sid=sid,
        account_sid=account_sid or "",
        messaging_service_sid=service,
        direction=direction,
        is_outbound=is_outbound,
        status=status,
        status_rank=status_rank(status),
        error_code=_count(payload, "error_code", sid) or None,  # 0 is none
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
        segments=_count(payload, "num_segments", sid),
        media_count=_count(payload, "num_media", sid),
        price=_price(payload, sid),
        currency=currency.upper() if currency else None,
        date_created=created,
        date_sent=sent,
        date_updated=updated,
    )


def with_own_keyword(row: MessageRow, own: OwnKeywords) -> MessageRow:
    """The row with the meaning that its text has in the account's own words; Twilio's words come first.

    An opt-out counts although a byte or two of it cannot be read.
    """
    if not own or row.keyword or row.is_outbound or not row.body:
        return row
    is_toll_free = row.sender_type == "toll-free"
    word = keyword(row.body, toll_free=is_toll_free, own=own)
    if word is None and _UNREADABLE in row.body:
        torn_word = keyword(row.body.replace(_UNREADABLE, ""), toll_free=is_toll_free, own=own)
        word = torn_word if torn_word == "opt-out" else None
    if word is None:
        return row
    return row._replace(keyword=word, revocation=None, revocation_language=None)


_UNREADABLE = "\ufffd"


def _sid(payload: object) -> str:
    """The SID of the message; raises if the payload is not an object with one."""
    if not isinstance(payload, Mapping):
        raise MalformedMessage("Twilio's answer holds a message that is no object.", None, "no object")
    sid = payload.get("sid")
    if type(sid) is not str or not _is_sid(sid):
        raise MalformedMessage(
            "Twilio's answer holds a message without a sid.", "sid", "missing or no SID" if sid else "missing"
        )
    return sid


def _dates(payload: Mapping[str, Any], sid: str) -> tuple[datetime, datetime | None, datetime | None]:
    """When it was created, sent and updated; a missing creation date is filled with one of the others."""
    sent = _date(payload, "date_sent", sid)
    updated = _date(payload, "date_updated", sid)
    created = _date(payload, "date_created", sid) or sent or updated
    if created is None:
        raise MalformedMessage(
            f"Message {sid} has no date_created, date_sent or date_updated.",
            "date_created",
            "missing, and so are date_sent and date_updated",
        )
    return created, sent, updated


def conversation_id(our_side: str | None, contact: str | None) -> str | None:
    """The id shared by all messages between one sender (or messaging service) and one contact.

    It never changes and contains no readable number, so it can be part of a page's address.
    """
    if not our_side or not contact:
        return None
    return "CV" + hashlib.blake2s(f"{our_side}|{contact}".encode(), digest_size=12).hexdigest()


@lru_cache(maxsize=8192)
def parse_date(text: str) -> datetime:
    """A date from Twilio, in UTC: RFC 2822 ("Fri, 24 May 2019 17:44:46 +0000") or ISO 8601 with a time.

    Raises:
        ValueError: the text is not such a date.
    """
    if len(text) == 31 and text.endswith("+0000"):
        month = _MONTHS.get(text[8:14])
        if month:  # a shortcut for the usual form, because this runs three times for every row
            return datetime.fromisoformat(f"{text[12:16]}-{month}-{text[5:7]}T{text[17:25]}+00:00")
    if text[:4].isdigit() and len(text) < len("20260901T0000"):
        raise ValueError("a day without a time")
    parsed = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
    parsed = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    if not _FIRST_YEAR <= parsed.year < _AFTER_LAST_YEAR:
        raise ValueError("no year of a message")
    return parsed


#: With the century in the key, so that years outside it take the slow path, which checks them.
_MONTHS = {
    f"{name} 20": f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_is_sid = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}").fullmatch
_FIRST_YEAR, _AFTER_LAST_YEAR = 2000, 2100
"""Years that no message can have: before Twilio existed, and after the last day of our tables of days."""


_TEXTS = ("from", "to", "body", "direction", "status", "account_sid", "messaging_service_sid", "price_unit")


def _check_texts(values: Sequence[Any], payload: Mapping[str, Any]) -> None:
    """Refuse a value that is neither a text nor None."""
    try:
        "".join(["" if value is None else value for value in values])  # five times faster than isinstance
    except TypeError:
        for field in _TEXTS:
            if not isinstance(payload.get(field), str | None):
                raise _malformed(payload["sid"], field, "no text") from None


def _date(payload: Mapping[str, Any], field: str, sid: str) -> datetime | None:
    value = payload.get(field)
    if value is None or value == "":
        return None
    try:
        return parse_date(value)
    except _NO_DATE:
        raise _malformed(sid, field, "no date: neither RFC 2822 nor ISO 8601 with a time") from None


_NO_DATE = (ValueError, TypeError, OverflowError, LookupError, AttributeError)


def read_date(value: object) -> datetime | None:
    """A date as :func:`parse_date` reads it; None for anything else."""
    try:
        return parse_date(value) if isinstance(value, str) else None
    except _NO_DATE:
        return None


_MOST = 2**31 - 1


def _count(payload: Mapping[str, Any], field: str, sid: str) -> int | None:
    value = payload.get(field)
    if value is None or value == "":
        return None
    # Twilio's own form first; the rest of the function reads other forms.
    if type(value) is str and len(value) < 10 and value.isdigit() and value.isascii():
        return int(value)
    count = read_number(value)
    if count is None or count != count.to_integral_value() or not 0 <= count <= _MOST:
        raise _malformed(sid, field, "no whole number from 0 to 2,147,483,647")
    return int(count)


def _price(payload: Mapping[str, Any], sid: str) -> Decimal | None:
    value = payload.get("price")
    if value is None or value == "":
        return None
    price = _price_text(value) if type(value) is str else read_amount(value, whole_digits=6, decimals=6)
    if price is None:
        raise _malformed(sid, "price", "no amount below a million with at most six decimals")
    return price


@lru_cache(maxsize=4096)
def _price_text(text: str) -> Decimal | None:
    """Cached, because an account pays few different prices."""
    return read_amount(text, whole_digits=6, decimals=6)


_NUMBER = re.compile(r"\s*[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?\s*")


def read_number(value: object) -> Decimal | None:
    """A finite number that came as text or as a number; None for anything else."""
    if type(value) is str:
        return Decimal(value) if _NUMBER.fullmatch(value) else None
    if type(value) is float:
        value = Decimal(repr(value))
    number = Decimal(value) if type(value) is int else value if type(value) is Decimal else None
    return number if number is not None and number.is_finite() else None


def read_amount(value: object, *, whole_digits: int, decimals: int) -> Decimal | None:
    """A number that fits a column without losing anything; None for anything else.

    A JSON number is a binary float, so its digits beyond the fifteenth are rounding errors.
    """
    number = read_number(value)
    if number is None or number.adjusted() >= whole_digits:
        return None
    if int(number.as_tuple().exponent) >= -decimals:
        return number
    rounded = round(number, decimals)
    noise = abs(number).scaleb(-14) if type(value) is float else 0
    return rounded if abs(rounded - number) <= noise and rounded.adjusted() < whole_digits else None


def _malformed(sid: str, field: str, reason: str) -> MalformedMessage:
    return MalformedMessage(f"Message {sid} has a {field} that is {reason}.", field, reason)

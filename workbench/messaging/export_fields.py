"""Reads and checks the fields of an exported message; any value of a file gives a result or a reason. Pure.

A reason never quotes the value from the file, because it may be a number or a body.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from workbench.messaging import address_reader
from workbench.messaging.address_reader import NumberContext
from workbench.messaging.message import MalformedMessage, parse_date

Record = Mapping[str, Any]
"""Fields by the names of Twilio's Message resource, from JSON or from text."""

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
_WORD = re.compile(r"[A-Za-z][A-Za-z _-]{0,39}")
_DIRECTIONS = {
    "inbound": "inbound",
    "incoming": "inbound",
    "outboundapi": "outbound-api",
    "outgoingapi": "outbound-api",
    "outboundcall": "outbound-call",
    "outgoingcall": "outbound-call",
    "outboundreply": "outbound-reply",
    "outgoingreply": "outbound-reply",
}


def read_text(record: Record, name: str) -> str | None:
    value = record.get(name)
    if value is not None and not isinstance(value, str):
        raise MalformedMessage(f"{name} is no text")
    return value


def read_sid(record: Record, name: str) -> str | None:
    sid = read_text(record, name) or None
    if sid and not _SID.fullmatch(sid):
        raise MalformedMessage(f"{name} is no SID")
    return sid


def read_status(record: Record) -> str:
    """Any word, because Twilio may add a status any day."""
    return _word(record, "status").lower().replace(" ", "_")


def read_direction(record: Record) -> str:
    """The direction in the API's words; the console writes "Outgoing API" for outbound-api."""
    direction = _DIRECTIONS.get(re.sub(r"[^a-z]", "", _word(record, "direction").lower()))
    if direction is None:
        raise MalformedMessage("direction is not one that Twilio uses")
    return direction


def read_address(record: Record, name: str, numbers: NumberContext) -> str | None:
    """The address as Twilio writes it; if a spreadsheet changed it, restored where it has one meaning."""
    text = read_text(record, name) or None
    try:
        return text and address_reader.read_address(text, numbers)
    except address_reader.AddressRefused as error:
        is_about_it = error.reason.startswith("it ")
        reason = f" {error.reason[3:]}" if is_about_it else f": {error.reason}"
        raise MalformedMessage(f"{name}{reason}") from error


def read_count(record: Record, name: str) -> int | None:
    value = record.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, int | str) or not re.fullmatch(r"[0-9]{1,9}", str(value)):
        raise MalformedMessage(f"{name} is no whole number")
    return int(value)


def read_price(record: Record) -> Decimal | None:
    """An amount that fits DECIMAL(12, 6) without rounding."""
    value = record.get("price")
    if value is None or value == "":
        return None
    try:
        price = Decimal(str(value))
        is_amount = price.is_finite() and abs(price) < 1_000_000 and price == round(price, 6)
    except InvalidOperation:
        is_amount = False
    if not is_amount:
        raise MalformedMessage("price is no amount with at most six decimals")
    return price


def read_currency(record: Record) -> str | None:
    currency = read_text(record, "price_unit") or None
    if currency and not re.fullmatch(r"[A-Za-z]{3}", currency):
        raise MalformedMessage("price_unit is no currency")
    return currency


def read_date(record: Record, name: str, zone: tzinfo | None) -> str | None:
    """The date as the Message resource writes it.

    Args:
        zone: the time zone of dates that name none; without it such dates are refused, because a guess would
            change when messages were sent.
    """
    text = read_text(record, name)
    if not text:
        return None
    try:
        return _as_rfc_2822(text, zone)
    except LookupError as error:
        raise MalformedMessage(f"{name} names no time zone: say which one it is in") from error
    except (ValueError, OverflowError, TypeError) as error:
        raise MalformedMessage(f"{name} is no date that can be read") from error


def _word(record: Record, name: str) -> str:
    value = read_text(record, name)
    if not value or not _WORD.fullmatch(value):
        raise MalformedMessage(f"{name} is missing or no word")
    return value


@lru_cache(maxsize=65_536)
def _as_rfc_2822(text: str, zone: tzinfo | None) -> str:
    read: Callable[[str], datetime] = _read_iso if text[:4].isdigit() else _read_rfc_2822
    moment = read(text)
    if moment.tzinfo is None:
        if zone is None:
            raise LookupError(text)
        moment = moment.replace(tzinfo=zone)
    moment = moment.astimezone(UTC)
    if not 2000 <= moment.year < 2100:
        raise ValueError(text)
    return format_datetime(moment)


#: Hours from UTC by the names that the console writes. A name with several meanings (IST) is none of them.
_ZONES = {
    "UTC": 0, "GMT": 0, "UT": 0, "Z": 0,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MET": 1, "MEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
}  # fmt: skip


def _read_rfc_2822(text: str) -> datetime:
    """As Python reads it, but for names of zones: it takes those that it does not know for UTC."""
    moment, _, name = text.strip().rpartition(" ")
    if not name.isalpha():
        return parse_date(text)
    if name.upper() not in _ZONES:
        raise ValueError(text)
    return parse_date(f"{moment} {_ZONES[name.upper()] * 100:+05d}")


def _read_iso(text: str) -> datetime:
    moment, space, name = text.rpartition(" ")
    if space and name in _ZONES:
        return datetime.fromisoformat(moment).replace(tzinfo=timezone(timedelta(hours=_ZONES[name])))
    if len(text) < len("2026-09-01T00:00"):
        raise ValueError(text)  # a day without a time
    return datetime.fromisoformat(text)

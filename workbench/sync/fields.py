"""Reads values out of Twilio's rows without trust: text, numbers, times, web addresses without passwords."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from workbench.errors import WorkbenchError
from workbench.messaging.message import parse_date

Row = Mapping[str, Any]


class MalformedRow(WorkbenchError):
    """An answer of Twilio's lacks a field that it must have, or holds something else in it."""


def required(row: Row, name: str) -> str:
    """A text that must be there."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedRow(f"Twilio's answer holds a row without {name}.")
    return value


def text(row: Row, name: str) -> str | None:
    """A text; None when it is empty."""
    value = row.get(name)
    return str(value) if value not in (None, "") else None


def whole(row: Row, name: str) -> int | None:
    value = number(row, name, 0)
    return None if value is None else int(value)


def number(row: Row, name: str, digits: int) -> Decimal | None:
    """A number that came as text or as a number, rounded to so many decimals; None when it is empty."""
    value = row.get(name)
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits))
    except InvalidOperation as error:
        raise MalformedRow(f"Twilio's answer holds {name} {value!r}, which is no number.") from error


def flag(row: Row, name: str) -> bool | None:
    value = row.get(name)
    return value if isinstance(value, bool) else None


def moment(row: Row, name: str) -> datetime | None:
    """A time in either of Twilio's spellings, RFC 2822 (2010 API) or ISO 8601 (newer), in UTC."""
    value = text(row, name)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value) if value[:1].isdigit() else parse_date(value)
    except ValueError as error:
        raise MalformedRow(f"Twilio's answer holds {name} {value!r}, which is no time.") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def address(row: Row, name: str) -> str | None:
    """A web address without the user and password that it may carry; None when it is empty."""
    value = text(row, name)
    return None if value is None else without_userinfo(value)


# In plain text, and as it stands inside another address's query.
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")
_ENCODED_USERINFO = re.compile(r"(?<=%3A%2F%2F)(?:(?!%2F|%3F|%23)[^&/?#\s])*%40", re.IGNORECASE)


def without_userinfo(value: str) -> str:
    """The text with `user:password@` taken out of every address in it, URL-encoded ones included."""
    return _ENCODED_USERINFO.sub("", _USERINFO.sub("", value))


def without_query(value: str | None) -> str | None:
    """An address up to its query."""
    return None if value is None else re.split(r"[?#]", value, maxsplit=1)[0]

"""Reads and checks values of Twilio's rows: text, numbers, times, web addresses without passwords.

Every clear form of a value is read; other values are refused with the name of the field. The error never
quotes the value, because it may be a phone number or a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from workbench.errors import WorkbenchError
from workbench.messaging.message import read_date, read_number

Row = Mapping[str, Any]

_MOST = 2**31 - 1


class MalformedRow(WorkbenchError):
    """An answer of Twilio lacks a required field, or the field has a wrong value."""

    def __init__(self, text: str, field: str | None = None, reason: str | None = None) -> None:
        super().__init__(text)
        self.field = field
        self.reason = reason or text


def required(row: Row, name: str) -> str:
    """A required text."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedRow(f"Twilio's answer holds a row without {name}.", name, "missing or no text")
    return value


def required_sid(row: Row, name: str) -> str:
    """A required SID, which becomes part of paths and keys."""
    value = required(row, name)
    if not _SID.fullmatch(value):
        raise _malformed(name, "no SID")
    return value


_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


def text(row: Row, name: str) -> str | None:
    """A text, or a number as text; None when it is empty."""
    value = row.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise _malformed(name, "no text")


def whole(row: Row, name: str) -> int | None:
    """A whole number, rounded; None when it is empty."""
    value = row.get(name)
    if value is None or value == "":
        return None
    parsed = read_number(value)
    if parsed is None or abs(parsed) > _MOST:
        raise _malformed(name, f"no number up to {_MOST:,}")
    return int(parsed)


def number(row: Row, name: str, digits: int, *, whole_digits: int = 12) -> Decimal | None:
    """A number, given as text or number, rounded to `digits` decimals; None if it is empty."""
    value = row.get(name)
    if value is None or value == "":
        return None
    parsed = read_number(value)
    if parsed is None or parsed.adjusted() >= whole_digits:
        raise _malformed(name, f"no number of at most {whole_digits} digits")
    rounded = round(parsed, digits)
    if rounded.adjusted() >= whole_digits:
        raise _malformed(name, f"no number of at most {whole_digits} digits")
    return rounded


def flag(row: Row, name: str) -> bool | None:
    """Yes or no, also as the words `true` and `false`; None when it is empty."""
    value = row.get(name)
    if value is None or value == "":
        return None
    switch = _FLAGS.get(value) if isinstance(value, bool | str) else None
    if switch is None:
        raise _malformed(name, "neither true nor false")
    return switch


_FLAGS = {True: True, False: False, "true": True, "false": False}


def moment(row: Row, name: str) -> datetime | None:
    """A time in either of Twilio's spellings, RFC 2822 (2010 API) or ISO 8601 (newer), in UTC."""
    value = row.get(name)
    if value is None or value == "":
        return None
    parsed = read_date(value)
    if parsed is None:
        raise _malformed(name, "no time: neither RFC 2822 nor ISO 8601")
    return parsed


def gmt_day(row: Row, name: str) -> date:
    """A required GMT day; a time of day after it is allowed."""
    value = required(row, name)
    try:
        day = date.fromisoformat(value) if len(value) == len("2026-09-01") else None
    except ValueError:
        day = None
    day = day or ((whole_time := read_date(value)) and whole_time.astimezone(UTC).date())
    if day is None or not 2000 <= day.year < 2100:
        raise _malformed(name, "no day")
    return day


def part(row: Row, name: str) -> Row:
    """An object within the row; empty when there is none."""
    value = row.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _malformed(name, "no object")
    return value


def parts(row: Row, name: str) -> Sequence[Any]:
    """A list within the row; empty when there is none."""
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _malformed(name, "no list")
    return value


def _malformed(name: str, reason: str) -> MalformedRow:
    return MalformedRow(f"Twilio's answer holds a {name} that is {reason}.", name, reason)


def address(row: Row, name: str) -> str | None:
    """A web address without the user and password that it may contain; None if it is empty."""
    value = text(row, name)
    return None if value is None else without_userinfo(value)


# In plain text, and URL-encoded as in the query of another address.
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")
_ENCODED_USERINFO = re.compile(r"(?<=%3A%2F%2F)(?:(?!%2F|%3F|%23)[^&/?#\s])*%40", re.IGNORECASE)


def without_userinfo(value: str) -> str:
    """The text without `user:password@` in any of its addresses, also URL-encoded ones."""
    return _ENCODED_USERINFO.sub("", _USERINFO.sub("", value))


def without_query(value: str | None) -> str | None:
    """An address up to its query."""
    return None if value is None else re.split(r"[?#]", value, maxsplit=1)[0]

"""Reads values out of Twilio's rows without trust: text, numbers, times, web addresses without passwords.

What can be understood is read, however it is written; what cannot is refused, naming the field. A refusal
repeats nothing of the value: that may be a number or a text of somebody's.
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
    """An answer of Twilio's lacks a field that it must have, or holds something else in it."""

    def __init__(self, text: str, field: str | None = None, reason: str | None = None) -> None:
        super().__init__(text)
        self.field = field
        self.reason = reason or text


def required(row: Row, name: str) -> str:
    """A text that must be there."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedRow(f"Twilio's answer holds a row without {name}.", name, "missing or no text")
    return value


def required_sid(row: Row, name: str) -> str:
    """A SID that must be there: it becomes part of paths and keys."""
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
    found = read_number(value)
    if found is None or abs(found) > _MOST:
        raise _malformed(name, f"no number up to {_MOST:,}")
    return int(found)


def number(row: Row, name: str, digits: int, *, whole_digits: int = 12) -> Decimal | None:
    """A number that came as text or as a number, rounded to so many decimals; None when it is empty."""
    value = row.get(name)
    if value is None or value == "":
        return None
    found = read_number(value)
    if found is None or found.adjusted() >= whole_digits:
        raise _malformed(name, f"no number of at most {whole_digits} digits")
    rounded = round(found, digits)
    if rounded.adjusted() >= whole_digits:
        raise _malformed(name, f"no number of at most {whole_digits} digits")
    return rounded


def flag(row: Row, name: str) -> bool | None:
    """Yes or no, also as the words `true` and `false`; None when it is empty."""
    value = row.get(name)
    if value is None or value == "":
        return None
    said = _FLAGS.get(value) if isinstance(value, bool | str) else None
    if said is None:
        raise _malformed(name, "neither true nor false")
    return said


_FLAGS = {True: True, False: False, "true": True, "false": False}


def moment(row: Row, name: str) -> datetime | None:
    """A time in either of Twilio's spellings, RFC 2822 (2010 API) or ISO 8601 (newer), in UTC."""
    value = row.get(name)
    if value is None or value == "":
        return None
    found = read_date(value)
    if found is None:
        raise _malformed(name, "no time: neither RFC 2822 nor ISO 8601")
    return found


def gmt_day(row: Row, name: str) -> date:
    """A GMT day that must be there, also where a time stands beside it."""
    value = required(row, name)
    try:
        found = date.fromisoformat(value) if len(value) == len("2026-09-01") else None
    except ValueError:
        found = None
    found = found or ((whole_time := read_date(value)) and whole_time.astimezone(UTC).date())
    if found is None or not 2000 <= found.year < 2100:
        raise _malformed(name, "no day")
    return found


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

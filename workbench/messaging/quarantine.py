"""Quarantine: what is stored of a row from Twilio that cannot be read, until it can be. Pure.

One unreadable row must not stop the reading of a million others. It is set aside with the wrong field, the
reason and, if the privacy mode allows it, the value; a body or a number that the mode forbids is never
stored. In every mode but `full` only the shape of the value is stored (`9999-99-99`), which shows what is
wrong.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from workbench.messaging.addresses import address_kind
from workbench.messaging.keywords import keyword
from workbench.messaging.message import read_date
from workbench.messaging.privacy import Privacy

R = TypeVar("R")

STATUS_CALLBACKS, INBOUND_WEBHOOKS = "status callbacks", "inbound webhooks"
"""Names for what Twilio sends by webhook; the resources that we list are in ``twilio/resources.py``."""

LONGEST_VALUE = 500
LONGEST_SHAPE = 64

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
#: A value that matches none of these is not stored as an address: it may be a text in the wrong field.
_ADDRESS = re.compile(r"([a-z]{2,12}:)?\+?[0-9]{3,15}")
_TEXTS = frozenset({"body", "Body", "alert_text"})
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")

Failure = tuple[Any, Exception]
"""A row as it came, and why it could not be read."""


@dataclass(frozen=True)
class HeardOptOut:
    """An opt-out in an inbound message with another unreadable field: the opt-out counts all the same."""

    address: str
    """The contact, as the lake keeps it."""
    scope: str
    said_to: str | None
    happened_at: datetime | None


@dataclass(frozen=True)
class QuarantinedRow:
    """A row of `quarantined_rows`, without its times.

    `row_key` is the SID, or a digest if there is no SID. `part` is what must be read again to get the row: a
    GMT day, a service, a country. `field` is None if the row as a whole is wrong.
    """

    resource: str
    account_sid: str
    row_key: str
    sid: str | None
    part: str
    from_address: str | None
    to_address: str | None
    field: str | None
    reason: str
    raw_value: str | None
    opt_out: HeardOptOut | None = None
    """Saved into the consent ledger, not into this table."""


def read_each(items: Iterable[Any], read: Callable[[Any], R]) -> tuple[list[R], list[Failure]]:
    """Read row by row; an error of `read` concerns that row only. Returns the results and the failures."""
    rows: list[R] = []
    failures: list[Failure] = []
    for item in items:
        try:
            rows.append(read(item))
        except Exception as error:
            failures.append((item, error))
    return rows, failures


def quarantine(
    failures: Sequence[Failure],
    *,
    resource: str,
    account_sid: str,
    privacy: Privacy,
    part_of: Callable[[Any], str] = lambda item: "",
) -> list[QuarantinedRow]:
    """The rows to store for these failures: one for each SID; equal rows without a SID are all stored."""
    rows: dict[str, QuarantinedRow] = {}
    equal: Counter[str] = Counter()
    for item, error in failures:
        fields: Mapping[str, Any] = item if isinstance(item, Mapping) else {}
        sid = next((sid for name in _SID_FIELDS if (sid := _sid(fields.get(name)))), None)
        key = sid or _digest(item, privacy)
        equal[key] += 1
        if not sid and equal[key] > 1:
            key = f"{key}-{equal[key]}"
        field = getattr(error, "field", None)
        from_address, to_address = _sides(fields, resource, privacy)
        rows[key] = QuarantinedRow(
            resource=resource,
            account_sid=account_sid,
            row_key=key,
            sid=sid,
            part=part_of(item),
            from_address=from_address,
            to_address=to_address,
            field=field,
            reason=getattr(error, "reason", None) or f"cannot be read ({type(error).__name__})",
            raw_value=raw_value(fields.get(field) if field else item, field, privacy),
            # The webhook receiver has already saved the opt-out of a webhook.
            opt_out=None if resource in _PUSHED else _opt_out(fields, privacy),
        )
    return list(rows.values())


_SID_FIELDS = ("sid", "MessageSid", "SmsSid", "SmsMessageSid")


def raw_value(value: Any, field: str | None, privacy: Privacy) -> str | None:
    """A value as it may be stored: JSON in mode `full`, else its shape; None if empty or a message text."""
    if value is None:
        return None
    if privacy.keeps_all:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        text = _USERINFO.sub("", text)
        return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"
    if field is None or field in _TEXTS or isinstance(value, dict | list):
        return None
    return shape(str(value))


def shape(text: str) -> str:
    """The text with `a` for every letter and `9` for every digit, shortened."""
    marks = "".join(
        "9" if sign.isdigit() else "a" if sign.isalpha() else sign if sign.isascii() else "?"
        for sign in text[:LONGEST_SHAPE]
    )
    return marks + ("…" if len(text) > LONGEST_SHAPE else "")


def _opt_out(fields: Mapping[str, Any], privacy: Privacy) -> HeardOptOut | None:
    """The opt-out in a listed message; it covers every sender if the receiving number cannot be read."""
    contact, said_to, body = _address(fields.get("from")), fields.get("to"), fields.get("body")
    if not contact or not isinstance(body, str) or str(fields.get("direction")).startswith("outbound"):
        return None
    if not isinstance(said_to, str) or address_kind(said_to) in ("alphanumeric", "unknown"):
        said_to = None
    if keyword(body, toll_free=address_kind(said_to) == "toll-free", own=privacy.own_keywords) != "opt-out":
        return None
    return HeardOptOut(
        address=privacy.contact(contact) or contact,
        scope=_sid(fields.get("messaging_service_sid")) or said_to or "*",
        said_to=said_to,
        happened_at=read_date(fields.get("date_created")),
    )


def _sid(value: Any) -> str | None:
    return value if isinstance(value, str) and _SID.fullmatch(value) else None


#: Webhooks have no direction: an inbound message comes from the contact, a status belongs to an outbound one.
_PUSHED = {INBOUND_WEBHOOKS: "inbound", STATUS_CALLBACKS: "outbound"}


def _sides(fields: Mapping[str, Any], resource: str, privacy: Privacy) -> tuple[str | None, str | None]:
    """Sender and receiver as the lake stores them; without a known direction, both count as contacts."""
    direction = _PUSHED.get(resource, fields.get("direction"))
    is_inbound = isinstance(direction, str) and direction.startswith("inbound")
    is_outbound = isinstance(direction, str) and direction.startswith("outbound")
    from_address = _address(fields.get("from", fields.get("From")))
    to_address = _address(fields.get("to", fields.get("To")))
    return (
        from_address if is_outbound else privacy.contact(from_address),
        to_address if is_inbound else privacy.contact(to_address),
    )


def _address(value: Any) -> str | None:
    return value if isinstance(value, str) and _ADDRESS.fullmatch(value) else None


def _digest(item: Any, privacy: Privacy) -> str:
    """A key for rows without a SID; values that may not be stored are left out of it."""
    if isinstance(item, Mapping) and not privacy.keeps_all:
        item = {name: value for name, value in item.items() if name not in _TEXTS}
    return privacy.fingerprint(repr(item).encode("utf-8", "replace"))

"""Rows of Twilio's that cannot be read: what is kept of them until they can. Pure.

One row that nobody can read must not end what reads a million others. It is set aside with the field at
fault, the reason and, as far as the privacy mode allows, the value: never a body or a number that it forbids.
In every mode but `full` the value is kept as its shape only (`9999-99-99`), which says what is wrong with it.
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
"""The resources of what Twilio pushes; those that are listed are named in ``twilio/resources.py``."""

LONGEST_VALUE = 500
LONGEST_SHAPE = 64

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
#: What is none of these is not kept as an address: it may be a text that came into the wrong field.
_ADDRESS = re.compile(r"([a-z]{2,12}:)?\+?[0-9]{3,15}")
_TEXTS = frozenset({"body", "Body", "alert_text"})
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")

Failure = tuple[Any, Exception]
"""A row as it came, and why it could not be read."""


@dataclass(frozen=True)
class HeardOptOut:
    """An opt-out in an inbound message of which something else cannot be read: it counts all the same."""

    address: str
    """The contact, as the lake keeps it."""
    scope: str
    said_to: str | None
    happened_at: datetime | None


@dataclass(frozen=True)
class QuarantinedRow:
    """A row of `quarantined_rows`, without its times.

    `row_key` is the SID, or a digest where there is none; `part` is what has to be read again to see the row:
    a GMT day, a service, a country. `field` is None where the row as a whole is at fault.
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
    """Goes into the consent ledger, not into the table."""


def read_each(items: Iterable[Any], read: Callable[[Any], R]) -> tuple[list[R], list[Failure]]:
    """Read row by row; whatever one of them does to `read` ends that row only."""
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
    """What is kept of rows that could not be read; of one SID once, of equal rows without a SID each."""
    found: dict[str, QuarantinedRow] = {}
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
        found[key] = QuarantinedRow(
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
            # Of a webhook the one that took it has heard it already.
            opt_out=None if resource in _PUSHED else _opt_out(fields, privacy),
        )
    return list(found.values())


_SID_FIELDS = ("sid", "MessageSid", "SmsSid", "SmsMessageSid")


def raw_value(value: Any, field: str | None, privacy: Privacy) -> str | None:
    """A value as it may be kept: as JSON in mode `full`, else its shape; None for nothing, and for a text."""
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
    """The text with `a` for every letter and `9` for every digit, cut short."""
    marks = "".join(
        "9" if sign.isdigit() else "a" if sign.isalpha() else sign if sign.isascii() else "?"
        for sign in text[:LONGEST_SHAPE]
    )
    return marks + ("…" if len(text) > LONGEST_SHAPE else "")


def _opt_out(fields: Mapping[str, Any], privacy: Privacy) -> HeardOptOut | None:
    """The opt-out in a listed message; for everything where it cannot be read whom it was said to."""
    contact, said_to, body = _address(fields.get("from")), fields.get("to"), fields.get("body")
    if not contact or not isinstance(body, str) or str(fields.get("direction")).startswith("outbound"):
        return None
    if not isinstance(said_to, str) or address_kind(said_to) in ("alphanumeric", "unknown"):
        said_to = None
    if keyword(body, toll_free=address_kind(said_to) == "toll-free") != "opt-out":
        return None
    return HeardOptOut(
        address=privacy.contact(contact) or contact,
        scope=_sid(fields.get("messaging_service_sid")) or said_to or "*",
        said_to=said_to,
        happened_at=read_date(fields.get("date_created")),
    )


def _sid(value: Any) -> str | None:
    return value if isinstance(value, str) and _SID.fullmatch(value) else None


#: Webhooks name no direction: what comes in is from the contact, and a status is of what we sent to them.
_PUSHED = {INBOUND_WEBHOOKS: "inbound", STATUS_CALLBACKS: "outbound"}


def _sides(fields: Mapping[str, Any], resource: str, privacy: Privacy) -> tuple[str | None, str | None]:
    """Sender and receiver as the lake keeps them; where it is not known who is who, both as contacts."""
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
    """Tells rows without a SID apart; of what may not be kept nothing goes into it."""
    if isinstance(item, Mapping) and not privacy.keeps_all:
        item = {name: value for name, value in item.items() if name not in _TEXTS}
    return privacy.fingerprint(repr(item).encode("utf-8", "replace"))

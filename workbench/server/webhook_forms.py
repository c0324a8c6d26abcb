"""From the body of a webhook to a record that may be kept, and from the record to what the lake saves. Pure.

What the privacy mode forbids is gone before anything is written: a record goes to the disk as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from workbench.errors import UsageError
from workbench.lake.statuses import StatusNews
from workbench.lake.webhooks import InboundWebhook, StatusWebhook
from workbench.messaging.keywords import opt_out_type
from workbench.messaging.message import MessageRow, message_row
from workbench.messaging.privacy import Privacy

Fields = Mapping[str, Sequence[str]]

MOST_FIELDS = 200
_LONGEST_STATUS = 64
_INT32 = 2**31 - 1
_MOST_PARTS = 10_000

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")

#: What the other tables hold already.
_STATUS_KNOWN = {
    "MessageSid", "SmsSid", "MessageStatus", "SmsStatus", "AccountSid", "From", "To", "ApiVersion",
    "MessagingServiceSid", "ErrorCode",
}  # fmt: skip
_INBOUND_KNOWN = {
    "MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "MessagingServiceSid", "From", "To", "Body",
    "NumMedia", "NumSegments", "SmsStatus", "ApiVersion",
}  # fmt: skip
#: Where not everything may be kept: only what can hold no text, name, number or place of a person.
_HARMLESS = re.compile(
    r"RawDlrDoneDate|ChannelInstallSid|ChannelPrefix|EventType|OptOutType|MessageType|ReferralNumMedia"
    r"|MediaContentType\d+|(From|To)Country|Forwarded|FrequentlyForwarded|OriginalRepliedMessageSid"
)


class Malformed(UsageError):
    """The body cannot be read, or lacks what every webhook has."""


def read_form(body: bytes) -> dict[str, list[str]]:
    """The fields of a form, empty ones included, each with all its values in order.

    Raises:
        Malformed: too many fields, or not UTF-8.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise Malformed(f"The form cannot be read as UTF-8 with at most {MOST_FIELDS} fields.") from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def read_json(body: bytes) -> dict[str, list[str]]:
    """As :func:`read_form` for a JSON object of plain values."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed("The body is no JSON.") from error
    if not isinstance(found, dict) or len(found) > MOST_FIELDS:
        raise Malformed(f"The body is no JSON object of at most {MOST_FIELDS} fields.")
    return {name: [_text(value)] for name, value in found.items() if value is not None}


def status_record(fields: Fields, received_at: datetime, privacy: Privacy) -> bytes:
    """A status callback, ready for the disk.

    Raises:
        Malformed: no message, account or status in it.
    """
    status = _one(fields, "MessageStatus") or _one(fields, "SmsStatus")
    if not status or len(status) > _LONGEST_STATUS:
        raise Malformed("MessageStatus is missing or longer than any status.")
    code = _number(_one(fields, "ErrorCode"), _INT32)
    rest = _rest(fields, _STATUS_KNOWN, privacy)
    if code is None and _one(fields, "ErrorCode") and privacy.keeps_all:
        rest["ErrorCode"] = _one(fields, "ErrorCode")
    record = {
        "kind": "status",
        "message_sid": _sid(fields),
        "account_sid": _account(fields),
        "status": status,
        "error_code": code or None,
        "received_at": received_at,
        "fields": orjson.dumps(rest).decode() if rest else None,
    }
    return orjson.dumps(record)


def inbound_message(fields: Fields, received_at: datetime) -> MessageRow:
    """The message that came in, complete; `OptOutType` wins over the words of its body.

    Raises:
        Malformed: no message, account, sender or receiver in it.
    """
    sides = {"from": _one(fields, "From"), "to": _one(fields, "To")}
    if not all(sides.values()):
        raise Malformed("From or To is missing.")
    row = message_row(
        {
            **sides,
            "sid": _sid(fields),
            "account_sid": _account(fields),
            "messaging_service_sid": _one(fields, "MessagingServiceSid"),
            "direction": "inbound",
            "status": (_one(fields, "SmsStatus") or "received")[:_LONGEST_STATUS],
            "body": _one(fields, "Body") or "",
            "num_segments": _number(_one(fields, "NumSegments"), _MOST_PARTS),
            "num_media": _number(_one(fields, "NumMedia"), _MOST_PARTS) or 0,
            "date_created": f"{received_at.astimezone(UTC):%a, %d %b %Y %H:%M:%S} +0000",
        }
    )
    said = opt_out_type(_one(fields, "OptOutType"))
    return row._replace(keyword=said) if said else row


def inbound_record(fields: Fields, message: MessageRow, privacy: Privacy) -> bytes:
    """An inbound message with all else that came with it, as far as it may be kept, ready for the disk."""
    record = {
        "kind": "inbound",
        "message": privacy.apply(message)._asdict(),
        "fields": orjson.dumps(_rest(fields, _INBOUND_KNOWN, privacy)).decode(),
    }
    return orjson.dumps(record)


def read_record(record: bytes) -> StatusWebhook | InboundWebhook:
    """What the lake saves of a record."""
    found: dict[str, Any] = orjson.loads(record)
    if found.pop("kind") == "inbound":
        message = found["message"]
        message["date_created"] = datetime.fromisoformat(message["date_created"])
        return InboundWebhook(MessageRow(**message), found["fields"])
    fields = found.pop("fields")
    found["received_at"] = datetime.fromisoformat(found["received_at"])
    return StatusWebhook(StatusNews(**found), fields)


def _rest(fields: Fields, known: set[str], privacy: Privacy) -> dict[str, Any]:
    return {
        name: values[0] if len(values) == 1 else list(values)
        for name, values in fields.items()
        if name not in known and (privacy.keeps_all or _HARMLESS.fullmatch(name))
    }


def _sid(fields: Fields) -> str:
    sid = _one(fields, "MessageSid") or _one(fields, "SmsSid") or _one(fields, "SmsMessageSid")
    if not _SID.fullmatch(sid):
        raise Malformed("MessageSid is missing or no SID.")
    return sid


def _account(fields: Fields) -> str:
    sid = _one(fields, "AccountSid")
    if not _ACCOUNT.fullmatch(sid):
        raise Malformed("AccountSid is missing or no account's SID.")
    return sid


def _one(fields: Fields, name: str) -> str:
    values = fields.get(name)
    return values[0] if values else ""


def _number(text: str, most: int) -> int | None:
    """A whole number in range; what is none is no reason to refuse a message."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= most else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()

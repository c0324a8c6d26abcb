"""From the body of a webhook to a record that may be kept, and from the record to what the lake saves. Pure.

What the privacy mode forbids is gone before anything is written: a record goes to the disk as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from workbench.errors import UsageError
from workbench.lake.consent import EVERYTHING, ConsentEvent
from workbench.lake.statuses import StatusCallback
from workbench.lake.webhooks import InboundWebhook, StatusWebhook, UnreadWebhook
from workbench.messaging import json_text
from workbench.messaging.json_text import REPLACEMENT, replace_surrogates
from workbench.messaging.keywords import (
    NO_OWN_KEYWORDS,
    Keyword,
    OwnKeywords,
    keyword,
    opt_out_type,
)
from workbench.messaging.message import MessageRow, message_row, with_own_keyword
from workbench.messaging.privacy import Privacy
from workbench.messaging.quarantine import INBOUND_WEBHOOKS, QuarantinedRow, quarantine

Fields = Mapping[str, Sequence[str]]

MOST_FIELDS = 200
_LONGEST_STATUS = 64
_INT32 = 2**31 - 1
_MOST_PARTS = 10_000

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")

#: Fields that other tables hold already.
_STATUS_KNOWN = {
    "MessageSid", "SmsSid", "MessageStatus", "SmsStatus", "AccountSid", "From", "To", "ApiVersion",
    "MessagingServiceSid", "ErrorCode",
}  # fmt: skip
_INBOUND_KNOWN = {
    "MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "MessagingServiceSid", "From", "To", "Body",
    "NumMedia", "NumSegments", "SmsStatus", "ApiVersion",
}  # fmt: skip
#: Where not everything may be kept: fields that cannot hold a text, name, number or place of a person.
_HARMLESS = re.compile(
    r"RawDlrDoneDate|ChannelInstallSid|ChannelPrefix|EventType|OptOutType|MessageType|ReferralNumMedia"
    r"|MediaContentType\d+|(From|To)Country|Forwarded|FrequentlyForwarded|OriginalRepliedMessageSid"
)


class Malformed(UsageError):
    """The body cannot be read, or lacks what every webhook has; `field` is the one at fault."""

    def __init__(self, text: str, field: str | None = None) -> None:
        super().__init__(text)
        self.field = field
        self.reason = text


def read_form(body: bytes) -> list[dict[str, list[str]]]:
    """The fields of a form, empty ones included, each with all its values in order.

    Of a form that is not UTF-8 there are several readings, and the signature tells which is meant: its bytes
    as they are (those that are no text as surrogates), as Windows-1252, and with U+FFFD in their place.

    Raises:
        Malformed: too many fields.
    """
    text = _BEYOND_ASCII.sub(lambda sign: b"%%%02X" % sign[0][0], body).decode("ascii")
    try:
        return [_fields(text, "utf-8", "strict")]
    except UnicodeDecodeError:
        return [_fields(text, *how) for how in _OTHER_READINGS]
    except ValueError as error:
        raise Malformed(f"The form has more than {MOST_FIELDS} fields.") from error


_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_OTHER_READINGS = (("utf-8", "surrogateescape"), ("cp1252", "replace"), ("utf-8", "replace"))


def _fields(text: str, encoding: str, errors: str) -> dict[str, list[str]]:
    pairs = parse_qsl(
        text, keep_blank_values=True, max_num_fields=MOST_FIELDS, encoding=encoding, errors=errors
    )
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def as_text(fields: Fields) -> dict[str, list[str]]:
    """The fields with U+FFFD for what no text can hold, once the signature was checked."""
    clean: dict[str, list[str]] = {}
    for name, values in fields.items():
        clean.setdefault(replace_surrogates(name), []).extend(map(replace_surrogates, values))
    return clean


def read_json(body: bytes) -> dict[str, list[str]]:
    """As :func:`read_form` for a JSON object of plain values."""
    try:
        document, _ = json_text.read_json(body)
    except json_text.UnreadableJson as error:
        raise Malformed("The body is no JSON.") from error
    if not isinstance(document, dict) or len(document) > MOST_FIELDS:
        raise Malformed(f"The body is no JSON object of at most {MOST_FIELDS} fields.")
    return {name: [_text(value)] for name, value in document.items() if value is not None}


def status_record(fields: Fields, received_at: datetime, privacy: Privacy) -> bytes:
    """A status callback, ready for the disk.

    Raises:
        Malformed: no message, account or status in it.
    """
    status = _one(fields, "MessageStatus") or _one(fields, "SmsStatus")
    if not status or len(status) > _LONGEST_STATUS:
        raise Malformed("MessageStatus is missing or longer than any status.", "MessageStatus")
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


def inbound_message(
    fields: Fields, received_at: datetime, own_keywords: OwnKeywords = NO_OWN_KEYWORDS
) -> MessageRow:
    """The message that came in, complete; `OptOutType` wins over the words of its body.

    Raises:
        Malformed: no message, account, sender or receiver in it.
    """
    sides = {"from": _one(fields, "From"), "to": _one(fields, "To")}
    if not all(sides.values()):
        raise Malformed("From or To is missing.", "From" if not sides["from"] else "To")
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
    opt_out = opt_out_type(_one(fields, "OptOutType")) or _torn_opt_out(row)
    return row._replace(keyword=opt_out) if opt_out else with_own_keyword(row, own_keywords)


def _torn_opt_out(row: MessageRow) -> Keyword | None:
    """An opt-out in which a byte or two cannot be read. To miss one would be worse than a false one."""
    if row.keyword or REPLACEMENT not in (row.body or ""):
        return None
    word = keyword((row.body or "").replace(REPLACEMENT, ""), toll_free=row.sender_type == "toll-free")
    return word if word == "opt-out" else None


def unread_record(
    fields: Fields,
    error: Exception,
    resource: str,
    received_at: datetime,
    privacy: Privacy,
    own_account: str,
) -> bytes:
    """A genuine webhook that cannot be read, as far as it may be kept, ready for the disk.

    An opt-out in it counts as soon as it is known who it is from: for the number it was said to, or for
    everything where that cannot be read.

    Args:
        own_account: whose auth token signs what names no account.
    """
    item = {name: values[0] for name, values in fields.items() if values}
    account_sid = item.get("AccountSid", "")
    [row] = quarantine(
        [(item, error)],
        resource=resource,
        account_sid=account_sid if _ACCOUNT.fullmatch(account_sid) else own_account,
        privacy=privacy,
        part_of=lambda _: received_at.astimezone(UTC).date().isoformat(),
    )
    record = {
        "kind": "unread",
        "row": asdict(row),
        "opt_out": _opt_out(fields, privacy) if resource == INBOUND_WEBHOOKS else None,
        "received_at": received_at,
    }
    return orjson.dumps(record)


def _opt_out(fields: Fields, privacy: Privacy) -> dict[str, str | None] | None:
    body = _one(fields, "Body").replace(REPLACEMENT, "")
    opt_out = opt_out_type(_one(fields, "OptOutType")) or keyword(body, own=privacy.own_keywords)
    if opt_out != "opt-out" or not _one(fields, "From"):
        return None
    scope = _one(fields, "MessagingServiceSid") or _one(fields, "To") or EVERYTHING
    said_to = _one(fields, "To") or None
    return {"address": privacy.contact(_one(fields, "From")) or "", "scope": scope, "said_to": said_to}


def inbound_record(fields: Fields, message: MessageRow, privacy: Privacy) -> bytes:
    """An inbound message with all else that came with it, as far as it may be kept, ready for the disk."""
    record = {
        "kind": "inbound",
        "message": privacy.apply(message)._asdict(),
        "fields": orjson.dumps(_rest(fields, _INBOUND_KNOWN, privacy)).decode(),
    }
    return orjson.dumps(record)


def read_record(record: bytes) -> StatusWebhook | InboundWebhook | UnreadWebhook:
    """What the lake saves of a record."""
    stored: dict[str, Any] = orjson.loads(record)
    kind = stored.pop("kind")
    if kind == "unread":
        return _unread_webhook(stored)
    if kind == "inbound":
        message = stored["message"]
        message["date_created"] = datetime.fromisoformat(message["date_created"])
        return InboundWebhook(MessageRow(**message), stored["fields"])
    fields = stored.pop("fields")
    stored["received_at"] = datetime.fromisoformat(stored["received_at"])
    return StatusWebhook(StatusCallback(**stored), fields)


def _unread_webhook(stored: Mapping[str, Any]) -> UnreadWebhook:
    row, received_at = QuarantinedRow(**stored["row"]), datetime.fromisoformat(stored["received_at"])
    if not stored["opt_out"]:
        return UnreadWebhook(row, None)
    event = ConsentEvent(
        account_sid=row.account_sid,
        kind="opt-out",
        source="keyword",
        happened_at=received_at,
        evidence="The webhook that told it could not be read as a whole.",
        message_sid=row.sid,
        **stored["opt_out"],
    )
    return UnreadWebhook(row, event)


def _rest(fields: Fields, known: set[str], privacy: Privacy) -> dict[str, Any]:
    return {
        name: values[0] if len(values) == 1 else list(values)
        for name, values in fields.items()
        if name not in known and (privacy.keeps_all or _HARMLESS.fullmatch(name))
    }


def _sid(fields: Fields) -> str:
    sid = _one(fields, "MessageSid") or _one(fields, "SmsSid") or _one(fields, "SmsMessageSid")
    if not _SID.fullmatch(sid):
        raise Malformed("MessageSid is missing or no SID.", "MessageSid")
    return sid


def _account(fields: Fields) -> str:
    sid = _one(fields, "AccountSid")
    if not _ACCOUNT.fullmatch(sid):
        raise Malformed("AccountSid is missing or no account's SID.", "AccountSid")
    return sid


def _one(fields: Fields, name: str) -> str:
    values = fields.get(name)
    return values[0] if values else ""


def _number(text: str, most: int) -> int | None:
    """A whole number in range, else None: a wrong count is no reason to refuse a message."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= most else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()

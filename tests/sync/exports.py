"""Messages of the API as the files that Twilio exports, for tests of importing."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

CONSOLE = {
    "From": "from",
    "To": "to",
    "Body": "body",
    "Status": "status",
    "SentDate": "date_sent",
    "ApiVersion": "api_version",
    "NumSegments": "num_segments",
    "ErrorCode": "error_code",
    "AccountSid": "account_sid",
    "Sid": "sid",
    "Direction": "direction",
    "Price": "price",
    "PriceUnit": "price_unit",
}
_NOT_EXPORTED = ("price_unit", "error_message", "api_version", "uri", "subresource_uris")


def iso(text: str | None) -> str | None:
    """An RFC 2822 date as the exports write it."""
    if text is None:
        return None
    moment: datetime = parsedate_to_datetime(text)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def export_record(message: dict[str, Any]) -> dict[str, Any]:
    """A Message resource as a BulkExport record."""
    kept = {name: value for name, value in message.items() if name not in _NOT_EXPORTED}
    return {
        **kept,
        **{name: iso(message[name]) for name in ("date_created", "date_sent", "date_updated")},
        "num_segments": int(message["num_segments"]),
        "num_media": int(message["num_media"]),
        "error_code": message["error_code"] or 0,
        "flags": 17,
        "start": (iso(message["date_created"]) or "")[:10],
    }


def json_lines(messages: Iterable[dict[str, Any]]) -> bytes:
    """A BulkExport file, not compressed."""
    return "".join(json.dumps(export_record(message)) + "\n" for message in messages).encode()


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def console_csv(messages: Iterable[dict[str, Any]]) -> bytes:
    """A log file of the console."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(CONSOLE)
    for message in messages:
        values = {**message, "date_sent": iso(message["date_sent"]), "api_version": "2010-04-01"}
        writer.writerow(["" if values[name] is None else values[name] for name in CONSOLE.values()])
    return text.getvalue().encode()

"""Reads exported messages into the rows that the API gives: BulkExport's JSON lines, the console's CSV. Pure.

A BulkExport record is a Message resource without `price_unit`, `error_message` and `uri`; its dates are
ISO 8601 in UTC, its counts are numbers, and an `error_code` of 0 means none
(https://www.twilio.com/docs/usage/bulkexport/day). JSON lines of the Message resource itself are read too.

The console's log file has the columns ``From, To, Body, Status, SentDate, ApiVersion, NumSegments, ErrorCode,
AccountSid, Sid, Direction, Price, PriceUnit``; other spellings of these names are accepted. It does not say
when a message was created.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, NamedTuple

import orjson

from workbench.errors import UsageError
from workbench.messaging import export_fields as fields
from workbench.messaging.address_reader import LOG_NUMBERS, NumberContext
from workbench.messaging.json_text import read_json
from workbench.messaging.message import MalformedMessage, MessageRow, message_row


@dataclass(frozen=True)
class ExportOrigin:
    """What is known of an export besides its file; it fills in what the file leaves out."""

    account_sid: str
    currency: str | None = None
    """The account's, for prices without one."""
    zone: tzinfo | None = None
    """The time zone of dates that name none; without it such dates are refused."""
    numbers: NumberContext = LOG_NUMBERS
    """How to read numbers that a spreadsheet has changed."""


class ExportedMessage(NamedTuple):
    """A row, and whether its `date_created` is a guess: the date of sending, if the file has no other."""

    row: MessageRow
    is_created_guessed: bool


def read_json_line(line: bytes, origin: ExportOrigin) -> ExportedMessage:
    """One line of a BulkExport file.

    Raises:
        MalformedMessage: the line cannot be read; the text gives the reason and quotes only names of fields.
    """
    try:
        record = _json_of(line)
    except ValueError as error:  # of either reader
        raise MalformedMessage("not JSON, or cut off") from error
    if not isinstance(record, dict):
        raise MalformedMessage("not a JSON object")
    return _exported(record, origin)


def _json_of(line: bytes) -> Any:
    """The line as JSON in UTF-8; the only repair is U+FFFD in place of half a surrogate pair."""
    line.decode()
    record, repairs = read_json(line)
    return record if repairs else orjson.loads(line)


@dataclass(frozen=True)
class CsvLayout:
    """Which column of a CSV holds which field."""

    columns: tuple[str | None, ...]
    """The Message resource's name of each column, None for one that is not read."""
    unknown: tuple[str, ...] = ()
    """Columns that mean nothing to us, as the file spells them."""

    def read(self, values: Sequence[str], origin: ExportOrigin) -> ExportedMessage:
        """One record.

        Raises:
            MalformedMessage: the record cannot be read; the text gives the reason and quotes no value.
        """
        if len(values) != len(self.columns):
            raise MalformedMessage(f"{len(values)} columns where the header has {len(self.columns)}")
        try:
            "".join(values).encode()
        except UnicodeEncodeError as error:
            raise MalformedMessage("not UTF-8") from error
        pairs = zip(self.columns, values, strict=True)
        return _exported(
            {name: value if name == "body" else value.strip() for name, value in pairs if name}, origin
        )


_SPELLINGS = {
    "sid": "sid messagesid smsmessagesid smssid",
    "account_sid": "accountsid",
    "messaging_service_sid": "messagingservicesid",
    "from": "from fromnumber fromaddress",
    "to": "to tonumber toaddress",
    "body": "body messagebody",
    "status": "status messagestatus smsstatus",
    "direction": "direction",
    "num_segments": "numsegments segments messagesegments numberofsegments",
    "num_media": "nummedia mediacount numberofmedia",
    "price": "price",
    "price_unit": "priceunit currency",
    "error_code": "errorcode",
    "date_sent": "sentdate datesent",
    "date_created": "datecreated createddate",
    "date_updated": "dateupdated updateddate",
}
_FIELD_OF = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings.split()}
_IGNORED = frozenset({"apiversion", "errormessage", "uri", "subresourceuris", "flags", "start"})
_REQUIRED = {"sid": "Sid", "from": "From", "to": "To", "status": "Status", "direction": "Direction"}
_BEGINNINGS = ("date_sent", "date_created")


def read_csv_header(header: Sequence[str], file_name: str) -> CsvLayout:
    """Find the columns by their names, whatever their case, spaces and underscores.

    Raises:
        UsageError: a required column is missing or a column is there twice; the text names them, and the
            columns that are not known.
    """
    spellings = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    columns = tuple(_FIELD_OF.get(spelling) for spelling in spellings)
    known_columns = _FIELD_OF.keys() | _IGNORED
    unknown = tuple(
        name for name, spelling in zip(header, spellings, strict=True) if spelling not in known_columns
    )
    missing = [shown for name, shown in _REQUIRED.items() if name not in columns]
    if not any(name in columns for name in _BEGINNINGS):
        missing.append("SentDate")
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if missing or twice:
        problem = f"has no column {', '.join(missing)}" if missing else f"has {', '.join(twice)} twice"
        strange = f"; not known: {', '.join(unknown)}" if unknown else ""
        raise UsageError(
            f"{file_name} {problem}{strange}. Give BulkExport's JSON lines, or the console's CSV with Sid, "
            "From, To, Body, Status, Direction, SentDate, NumSegments, Price and PriceUnit."
        )
    return CsvLayout(columns, unknown)


def _exported(record: fields.Record, origin: ExportOrigin) -> ExportedMessage:
    sid = fields.read_sid(record, "sid")
    account_sid = fields.read_sid(record, "account_sid") or origin.account_sid
    if not sid:
        raise MalformedMessage("sid is missing")
    if account_sid != origin.account_sid:
        raise MalformedMessage("a message of another account")
    created = fields.read_date(record, "date_created", origin.zone)
    sent = fields.read_date(record, "date_sent", origin.zone)
    if not created and not sent:
        raise MalformedMessage("neither date_created nor date_sent")
    row = message_row(
        {
            "sid": sid,
            "account_sid": account_sid,
            "messaging_service_sid": fields.read_sid(record, "messaging_service_sid"),
            "from": fields.read_address(record, "from", origin.numbers),
            "to": fields.read_address(record, "to", origin.numbers),
            "body": fields.read_text(record, "body"),
            "status": fields.read_status(record),
            "direction": fields.read_direction(record),
            "num_segments": fields.read_count(record, "num_segments"),
            "num_media": fields.read_count(record, "num_media"),
            "error_code": fields.read_count(record, "error_code") or None,
            "price": fields.read_price(record),
            "price_unit": fields.read_currency(record) or origin.currency,
            "date_created": created,
            "date_sent": sent,
            "date_updated": fields.read_date(record, "date_updated", origin.zone),
        }
    )
    return ExportedMessage(row, created is None)

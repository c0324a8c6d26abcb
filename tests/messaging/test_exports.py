"""Records of exported files as rows: BulkExport's JSON, the console's CSV, and everything that is neither."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies

from tests.messages import ACCOUNT, CONTACT, SENDER, payload
from workbench.errors import UsageError
from workbench.lake.save import message_table
from workbench.messaging.exports import (
    CsvLayout,
    ExportedMessage,
    ExportOrigin,
    read_csv_header,
    read_json_line,
)
from workbench.messaging.message import MalformedMessage, message_row

ORIGIN = ExportOrigin(ACCOUNT, "USD")
SID = f"SM{1:032x}"
HEADER = (
    "From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit"
)


def record(**changes: Any) -> dict[str, Any]:
    """A BulkExport record, field for field as Twilio writes it; the message of `tests.messages.payload`."""
    return {
        "status": "delivered",
        "account_sid": ACCOUNT,
        "from": SENDER,
        "to": CONTACT,
        "body": "Your parcel is on its way.",
        "num_segments": 1,
        "date_sent": "2026-09-01T12:00:00Z",
        "date_updated": "2026-09-01T12:00:05Z",
        "price": "-0.00830",
        "date_created": "2026-09-01T12:00:00Z",
        "error_code": 0,
        "sid": SID,
        "flags": 65618,
        "messaging_service_sid": None,
        "direction": "outbound-api",
        "start": "2026-09-01",
        "num_media": 0,
        **changes,
    }


def read(**changes: Any) -> ExportedMessage:
    return read_json_line(json.dumps(record(**changes)).encode(), ORIGIN)


def test_a_record_is_the_row_that_the_api_gives() -> None:
    assert read() == (message_row(payload()), False)


def test_lines_of_the_message_resource_itself_are_read_too() -> None:
    assert read_json_line(json.dumps(payload()).encode(), ORIGIN).row == message_row(payload())


def test_a_price_without_a_unit_is_in_the_accounts_currency() -> None:
    line = json.dumps(record()).encode()
    assert read_json_line(line, ExportOrigin(ACCOUNT, "EUR")).row.currency == "EUR"
    assert read_json_line(line, ExportOrigin(ACCOUNT)).row.currency is None
    assert read(price_unit="gbp").row.currency == "GBP"


@pytest.mark.parametrize(
    ("field", "value", "name", "expected"),
    [
        ("error_code", 0, "error_code", None),
        ("error_code", "0", "error_code", None),
        ("error_code", 30007, "error_code", 30007),
        ("error_code", "30007", "error_code", 30007),
        ("price", None, "price", None),
        ("price", -0.0075, "price", Decimal("-0.0075")),
        ("price", "-0.000375", "price", Decimal("-0.000375")),
        ("num_segments", "3", "segments", 3),
        ("body", "", "body", ""),
        ("body", None, "body", None),
        ("date_sent", None, "date_sent", None),
        ("date_sent", "2026-09-01T14:00:00+02:00", "date_sent", datetime(2026, 9, 1, 12, tzinfo=UTC)),
        ("date_sent", "2026-09-01T12:00:00.547Z", "date_sent", datetime(2026, 9, 1, 12, tzinfo=UTC)),
        ("status", "Partially Delivered", "status", "partially_delivered"),
        ("direction", "Outgoing API", "direction", "outbound-api"),
        ("direction", "outbound-reply", "direction", "outbound-reply"),
    ],
)
def test_values(field: str, value: Any, name: str, expected: Any) -> None:
    assert getattr(read(**{field: value}).row, name) == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sid": None}, "sid is missing"),
        ({"sid": "SM1"}, "sid is no SID"),
        ({"sid": 7}, "sid is no text"),
        ({"account_sid": "AC" + "1" * 32}, "a message of another account"),
        ({"status": None}, "status is missing or no word"),
        ({"status": "<b>"}, "status is missing or no word"),
        ({"direction": None}, "direction is missing or no word"),
        ({"direction": "sideways"}, "direction is not one that Twilio uses"),
        ({"date_created": None, "date_sent": None}, "neither date_created nor date_sent"),
        # As printed in Twilio's own documentation of the format.
        ({"date_updated": "2020-01-013T03:57:34Z"}, "date_updated is no date that can be read"),
        ({"date_created": "2026-09-01"}, "date_created is no date that can be read"),
        ({"date_created": "0001-01-01T00:00:00Z"}, "date_created is no date that can be read"),
        ({"date_created": "06/11/2019 22:05:25 MST"}, "date_created is no date that can be read"),
        ({"date_created": 1756728000}, "date_created is no text"),
        ({"date_created": "2026-09-01T12:00:00"}, "date_created names no time zone: say which one it is in"),
        ({"price": "NaN"}, "price is no amount with at most six decimals"),
        ({"price": "-Infinity"}, "price is no amount with at most six decimals"),
        ({"price": "1e9"}, "price is no amount with at most six decimals"),
        ({"price": "-0.00000001"}, "price is no amount with at most six decimals"),
        ({"price": "free"}, "price is no amount with at most six decimals"),
        ({"price": True}, "price is no amount with at most six decimals"),
        ({"price": [1]}, "price is no amount with at most six decimals"),
        ({"price_unit": "dollars"}, "price_unit is no currency"),
        ({"num_segments": -1}, "num_segments is no whole number"),
        ({"num_segments": 1.5}, "num_segments is no whole number"),
        ({"num_media": 99999999999}, "num_media is no whole number"),
        ({"body": {"text": 1}}, "body is no text"),
        ({"messaging_service_sid": "none"}, "messaging_service_sid is no SID"),
        ({"from": "1.41556E+10"}, "from was rounded by a spreadsheet"),
    ],
)
def test_reasons(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read(**changes)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"sid": "SM', "not JSON, or cut off"),
        (b'{"body": "\xff"}', "not JSON, or cut off"),
        (b'{"body": "\\ud800"}', "sid is missing"),
        (b"[1]", "not a JSON object"),
        (b"null", "not a JSON object"),
    ],
)
def test_lines_that_are_no_record(line: bytes, reason: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read_json_line(line, ORIGIN)
    assert str(caught.value) == reason


JSON_VALUES = strategies.one_of(
    strategies.none(), strategies.booleans(), strategies.integers(), strategies.floats(allow_nan=False),
    strategies.text(max_size=40), strategies.lists(strategies.integers(), max_size=2),
)  # fmt: skip


@settings(deadline=None)  # the first number loads the number plans
@given(strategies.dictionaries(strategies.sampled_from(sorted(record())), JSON_VALUES, max_size=4))
def test_any_value_gives_a_row_or_a_reason_that_repeats_nothing_of_it(changes: dict[str, Any]) -> None:
    texts = [value for value in changes.values() if isinstance(value, str) and len(value) > 8]
    try:
        row = read_json_line(json.dumps(record(**changes)).encode(), ORIGIN).row
    except MalformedMessage as error:
        repeated = [text for text in texts if text in str(error)]
    else:
        repeated = []
        assert message_table([row]).num_rows == 1  # every type and every range fits the lake
    assert repeated == []


# --- CSV ---


def csv_values(**changes: str) -> list[str]:
    """The same message as the console writes it; `changes` by column."""
    values = {
        "From": SENDER,
        "To": CONTACT,
        "Body": "Your parcel is on its way.",
        "Status": "delivered",
        "SentDate": "2026-09-01T12:00:00Z",
        "ApiVersion": "2010-04-01",
        "NumSegments": "1",
        "ErrorCode": "",
        "AccountSid": ACCOUNT,
        "Sid": SID,
        "Direction": "outbound-api",
        "Price": "-0.00830",
        "PriceUnit": "USD",
    }
    assert ",".join(values) == HEADER
    return list({**values, **changes}.values())


def console() -> CsvLayout:
    return read_csv_header(HEADER.split(","), "log.csv")


def test_a_console_row_is_the_same_message_as_far_as_the_file_knows_it() -> None:
    row, is_guessed = console().read(csv_values(), ORIGIN)
    expected = message_row(payload())._replace(media_count=None, date_updated=None)
    assert row == expected
    assert is_guessed


@pytest.mark.parametrize(
    "spellings",
    [
        {},
        {"SentDate": "sent_date", "NumSegments": "num_segments", "Sid": "sid", "PriceUnit": "price_unit"},
        {"SentDate": "Date Sent", "NumSegments": "Segments", "Sid": "Message SID", "PriceUnit": "Currency"},
        {
            "SentDate": "DATESENT",
            "Body": "Message Body",
            "Status": "Message Status",
            "Sid": "SMS Message SID",
        },
        {"From": "\ufeffFrom", "To": " To ", "NumSegments": "Message Segments", "Sid": "SmsSid"},
    ],
)
def test_spellings_of_the_header(spellings: dict[str, str]) -> None:
    header = ",".join(spellings.get(name, name) for name in HEADER.split(","))
    layout = read_csv_header(header.split(","), "log.csv")
    assert layout.unknown == ()
    assert layout.read(csv_values(), ORIGIN) == console().read(csv_values(), ORIGIN)


def test_a_date_of_creation_in_the_file_is_no_guess() -> None:
    layout = read_csv_header([*HEADER.split(","), "DateCreated", "DateUpdated"], "log.csv")
    row, is_guessed = layout.read([*csv_values(), "2026-09-01T11:59:00Z", "2026-09-01T12:01:00Z"], ORIGIN)
    assert (row.date_created, is_guessed) == (datetime(2026, 9, 1, 11, 59, tzinfo=UTC), False)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-09-01 12:00:00 UTC", None, 12),
        ("2026-09-01 05:00:00 PDT", None, 12),
        ("2026-09-01 08:00:00 EDT", None, 12),
        ("2026-09-01T05:00:00-07:00", None, 12),
        ("2026-09-01 14:00:00 CEST", None, 12),
        ("2026-09-01 13:00:00 CET", None, 12),
        ("2026-09-01 13:00:00 BST", None, 12),
        ("2026-09-01 13:00:00 WEST", None, 12),
        ("2026-09-01 12:00:00 WET", None, 12),
        ("2026-09-01 15:00:00 EEST", None, 12),
        ("2026-09-01 14:00:00 EET", None, 12),
        ("2026-09-01 15:00:00 MSK", None, 12),
        ("Tue, 01 Sep 2026 14:00:00 CEST", None, 12),
        ("Tue, 01 Sep 2026 13:00:00 BST", ZoneInfo("America/New_York"), 12),
        ("Tue, 01 Sep 2026 08:00:00 EDT", None, 12),
        ("Tue, 01 Sep 2026 12:00:00 GMT", None, 12),
        ("Tue, 01 Sep 2026 12:00:00 +0000", None, 12),
        ("2026-09-01 12:00:00", ZoneInfo("UTC"), 12),
        ("2026-09-01 14:00:00", ZoneInfo("Europe/Berlin"), 12),
    ],
)
def test_dates_in_the_log(text: str, zone: Any, expected: int) -> None:
    origin = ExportOrigin(ACCOUNT, "USD", zone)
    row, _ = console().read(csv_values(SentDate=text), origin)
    assert row.date_sent == datetime(2026, 9, 1, expected, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2026-09-01 12:00:00 IST", "Tue, 01 Sep 2026 12:00:00 IST", "Tue, 01 Sep 2026 12:00:00 XYZ"]
)
def test_a_zone_with_several_meanings_or_none_is_refused_and_not_taken_for_utc(text: str) -> None:
    with pytest.raises(MalformedMessage, match="date_sent is no date that can be read"):
        console().read(csv_values(SentDate=text), ORIGIN)


@pytest.mark.parametrize("code", ["0", "", "30003"])
def test_an_error_code_of_0_is_none(code: str) -> None:
    row, _ = console().read(csv_values(ErrorCode=code), ORIGIN)
    assert row.error_code == {"0": None, "": None, "30003": 30003}[code]
    for value in (code, int(code or 0)):
        read = message_row(payload(error_code=value))
        assert read.error_code == {"0": None, "": None, "30003": 30003}[code]


def test_a_missing_column_is_named_with_those_that_are_not_known() -> None:
    with pytest.raises(UsageError, match=r"log.csv has no column Sid, Direction; not known: Sidd, Way\."):
        read_csv_header(["From", "To", "Status", "SentDate", "Sidd", "Way"], "log.csv")
    with pytest.raises(UsageError, match="has no column SentDate"):
        read_csv_header(["Sid", "From", "To", "Status", "Direction"], "log.csv")
    with pytest.raises(UsageError, match="has body twice"):
        read_csv_header([*HEADER.split(","), "Message Body"], "log.csv")


def test_columns_that_mean_nothing_are_named_and_not_read() -> None:
    layout = read_csv_header([*HEADER.split(","), "Tags"], "log.csv")
    assert layout.unknown == ("Tags",)
    assert layout.read([*csv_values(), "vip"], ORIGIN).row == console().read(csv_values(), ORIGIN).row


def test_a_row_of_another_width_or_encoding_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="12 columns where the header has 13"):
        console().read(csv_values()[:-1], ORIGIN)
    with pytest.raises(MalformedMessage, match="not UTF-8"):
        console().read(csv_values(Body="caf\udce9"), ORIGIN)


def test_space_around_a_value_is_not_part_of_it_but_of_a_body() -> None:
    row, _ = console().read(csv_values(Status=" delivered ", Body=" hi "), ORIGIN)
    assert (row.status, row.body) == ("delivered", " hi ")


@pytest.mark.parametrize(
    "spelling",
    [
        "14155550123", "14155550123.0", "1.4155550123E+10", "1 (415) 555-0123", "'+14155550123",
        '="+14155550123"', "+1\u00a0415\u00a0555\u00a00123", "\u202a+14155550123\u202c",
        "＋１４１５５５５０１２３",
        "tel:+1-415-555-0123", "0014155550123", "14,155,550,123",
    ],
)  # fmt: skip
def test_a_number_that_a_spreadsheet_changed_is_the_number_that_twilio_wrote(spelling: str) -> None:
    row = console().read(csv_values(To=spelling), ORIGIN).row
    assert row.to_address == "+14155550123"
    assert row.country == "US"


@pytest.mark.parametrize(
    ("spelling", "reason"),
    [
        ("1.41556E+10", "to was rounded by a spreadsheet"),
        ("4155550123", "to: its country code is missing"),
        ("+1 415 555 0123 ext 5", "to has an extension, which gets no messages"),
    ],
)
def test_a_number_with_digits_lost_is_refused_without_repeating_it(spelling: str, reason: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        console().read(csv_values(To=spelling), ORIGIN)
    assert str(refused.value) == reason

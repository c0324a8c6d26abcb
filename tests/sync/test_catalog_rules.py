"""The decisions behind the catalog, without account or lake; and rows by key in a real lake."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from workbench.errors import LakeError
from workbench.lake import Lake
from workbench.lake.save import Saved
from workbench.lake.save_rows import replace_rows, save_rows
from workbench.sync.account.senders import SenderAnswers, sender_rows
from workbench.sync.account.usage import _price_row, is_parent, price_lists, usage_rows
from workbench.sync.shared import fields
from workbench.sync.shared.days import days_to_read, spans
from workbench.sync.shared.fields import MalformedRow, without_userinfo

NOW = datetime(2026, 9, 10, tzinfo=UTC)


def day(number: int) -> date:
    return date(2026, 9, number)


def test_settled_days_are_read_once_and_recent_ones_again() -> None:
    settled = {day(1), day(2)}
    assert days_to_read(day(1), day(12), settled, 7) == [day(n) for n in (12, 11, 10, 9, 8, 7, 6, 5, 4, 3)]
    assert days_to_read(day(11), day(12), {day(11), day(12)}, 7) == [day(12), day(11)]
    assert days_to_read(day(13), day(12), set(), 7) == []


def test_spans_are_unbroken_and_not_too_long() -> None:
    days = [day(n) for n in (12, 11, 10, 9, 5, 4, 1)]
    assert spans(days, 3) == [(day(10), day(12)), (day(9), day(9)), (day(4), day(5)), (day(1), day(1))]
    assert spans([], 3) == []


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("https://user:pass@example.com/a?b=c@d", "https://example.com/a?b=c@d"),
        ("https://user@example.com", "https://example.com"),
        ("https://us:p@ss@example.com/x", "https://example.com/x"),
        ("https://example.com/a@b", "https://example.com/a@b"),
        ("see http://a:b@one.com and http://c:d@two.com", "see http://one.com and http://two.com"),
        (
            "url=https%3A%2F%2Fuser%3Apass%40example.com%2Fx&to=a%40b",
            "url=https%3A%2F%2Fexample.com%2Fx&to=a%40b",
        ),
        ("url=https%3a%2f%2fu:p%40h&x=1", "url=https%3a%2f%2fh&x=1"),
        ("mail me@example.com", "mail me@example.com"),
    ],
)
def test_passwords_are_taken_out_of_addresses(given: str, left: str) -> None:
    assert without_userinfo(given) == left


def test_fields_are_read_without_trust() -> None:
    row = {"n": "1.23456789", "z": 0, "e": "", "t": "2026-09-10T01:02:03Z", "o": True}
    assert fields.number(row, "n", 4) == Decimal("1.2346")
    assert fields.number(row, "z", 2) == Decimal("0.00")
    assert fields.number(row, "e", 2) is None
    assert fields.moment(row, "t") == datetime(2026, 9, 10, 1, 2, 3, tzinfo=UTC)
    assert fields.moment({"t": "Thu, 10 Sep 2026 01:02:03 +0000"}, "t") == fields.moment(row, "t")
    assert (fields.flag(row, "o"), fields.flag(row, "e"), fields.text(row, "e")) == (True, None, None)
    for read in (
        lambda: fields.number({"n": "many"}, "n", 2),
        lambda: fields.moment({"t": "soon"}, "t"),
        lambda: fields.flag(row, "n"),
        lambda: fields.text({"s": ["a"]}, "s"),
        lambda: fields.required({"s": ""}, "s"),
        lambda: fields.required({"s": {}}, "s"),
    ):
        with pytest.raises(MalformedRow, match="Twilio's answer"):
            read()


def test_parents_of_usage_are_those_with_children() -> None:
    known = {
        "sms",
        "sms-inbound",
        "turnmegabytes",
        "turnmegabytes-ireland",
        "smsx",
        "mms-messages-carrierfees",
    }
    assert {name for name in known if is_parent(name, known)} == {"sms", "sms-inbound", "turnmegabytes"}
    assert is_parent("totalprice", set())


def test_usage_prices_come_as_text_or_number() -> None:
    row = {"category": "sms-outbound-longcode", "start_date": "2026-09-01", "price_unit": "usd", "count": "2"}
    prices = [usage_rows([{**row, "price": price}])[0]["price"] for price in ("0.0166", 0.0166, "0", None)]
    assert prices == [Decimal("0.0166"), Decimal("0.0166"), Decimal(0), None]
    assert usage_rows([row])[0]["currency"] == "USD"


def test_prices_by_carrier_and_kind_of_number() -> None:
    answer = {
        "price_unit": "usd",
        "outbound_sms_prices": [
            {
                "carrier": "att",
                "mcc": "310",
                "mnc": "410",
                "prices": [{"base_price": "0.05", "number_type": "x"}],
            }
        ],
        "inbound_sms_prices": [{"base_price": 0.01, "current_price": "0.009", "number_type": "local"}],
    }
    prices = [tuple(row.values()) for row in map(_price_row, price_lists(answer))]
    assert prices == [
        ("inbound", "", "", "", "local", Decimal("0.01"), Decimal("0.009"), "USD"),
        ("outbound", "att", "310", "410", "x", Decimal("0.05"), None, "USD"),
    ]


NUMBER = {"phone_number": "+12065550101", "sid": "PN1", "capabilities": {"sms": True, "mms": True}}


def by_sender(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["sender"]: row for row in rows}


def test_channel_senders_of_pools_are_senders() -> None:
    member = {"sid": "XE1", "sender": "whatsapp:+14155550111", "messaging_service_sid": "MG1"}
    senders = by_sender(sender_rows(SenderAnswers([], [], [], {member["sender"]: member}), {}, {}, NOW))
    row = senders["whatsapp:+14155550111"]
    assert (row["sender_type"], row["messaging_service_sid"], row["mps_limit"]) == ("whatsapp", "MG1", 80)


def test_lists_that_were_not_read_take_nothing_away() -> None:
    pools: dict[str, dict[str, Any]] = {
        "+12065550101": {"sid": "PN1", "sender": "+12065550101", "messaging_service_sid": "MG1"}
    }
    pools["SHOP"] = {"sid": "AI1", "sender": "SHOP", "messaging_service_sid": "MG1", "capabilities": ["SMS"]}
    campaigns = {"MG1": {"campaign_status": "VERIFIED"}}
    stored = by_sender(sender_rows(SenderAnswers([NUMBER], [], [], pools, campaigns), {}, {}, NOW))
    assert stored["+12065550101"]["registration_status"] == "VERIFIED"
    later = datetime(2026, 9, 11, tzinfo=UTC)

    def compared(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return by_sender([{**row, "read_at": NOW} for row in rows])

    assert compared(sender_rows(SenderAnswers(), stored, {}, later)) == stored
    assert compared(sender_rows(SenderAnswers([NUMBER], []), stored, {}, later)) == stored
    assert compared(sender_rows(SenderAnswers(None, None, [], pools, campaigns), stored, {}, later)) == stored
    without = by_sender(sender_rows(SenderAnswers([], [], [], pools, campaigns), stored, {}, later))
    assert without["+12065550101"]["removed_at"] is None  # still in a pool
    gone = by_sender(sender_rows(SenderAnswers([], [], [], {}, {}), stored, {}, later))
    assert {name: row["removed_at"] for name, row in gone.items()} == {"+12065550101": later, "SHOP": later}


BALANCE = {"account_sid": "AC1", "balance": Decimal("1.5"), "currency": "USD", "read_at": NOW}


def test_rows_are_written_only_where_they_differ(lake: Lake) -> None:
    def save(*rows: dict[str, object]) -> Saved:
        return lake.write(lambda cursor: save_rows(cursor, "balances", rows, key=("account_sid",)))

    assert save(BALANCE, {**BALANCE, "account_sid": "AC2"}) == Saved(2, 0)
    snapshot = lake.snapshot_id()
    later = datetime(2026, 9, 11, tzinfo=UTC)
    assert save(BALANCE, {**BALANCE, "account_sid": "AC2", "read_at": later}) == Saved(0, 0)
    assert lake.snapshot_id() == snapshot
    assert save(
        {**BALANCE, "balance": Decimal(2), "read_at": later}, {**BALANCE, "account_sid": "AC3"}
    ) == Saved(1, 1)
    assert save({"account_sid": "AC1", "currency": None}) == Saved(0, 1)
    assert save() == Saved()
    assert lake.rows("select account_sid, balance, currency, read_at from balances order by 1") == [
        ("AC1", Decimal(2), None, later),
        ("AC2", Decimal("1.5"), "USD", NOW),
        ("AC3", Decimal("1.5"), "USD", NOW),
    ]


def test_rows_that_do_not_fit_are_refused(lake: Lake) -> None:
    for rows, reason in (
        ([{**BALANCE, "colour": "red"}], "columns it lacks"),
        ([BALANCE, {"account_sid": "AC2"}], "not all the same"),
        ([{**BALANCE, "account_sid": None}], "has no account_sid"),
        ([{**BALANCE, "balance": "much"}], "does not fit"),
    ):
        with pytest.raises(LakeError, match=reason):
            lake.write(lambda cursor, rows=rows: save_rows(cursor, "balances", rows, key=("account_sid",)))  # type: ignore[misc]
    with pytest.raises(LakeError, match="no table"):
        lake.write(lambda cursor: save_rows(cursor, "balances; drop", [BALANCE], key=("account_sid",)))


def test_replaced_rows_go(lake: Lake) -> None:
    def replace(*balances: int) -> Saved:
        rows = [{**BALANCE, "balance": Decimal(number)} for number in balances]
        return lake.write(
            lambda cursor: replace_rows(
                cursor, "balances", rows, key=("account_sid", "balance"), within={"account_sid": "AC1"}
            )
        )

    assert replace(1, 2, 3) == Saved(3, 0)
    assert replace(2, 3, 4) == Saved(1, 1)
    assert lake.rows("select balance::integer from balances order by 1") == [(2,), (3,), (4,)]

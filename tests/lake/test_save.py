"""Saving messages: repeated, out of order, redacted, priced late."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as hypothesis_settings

from tests.messages import CONTACT, SENDER, payload
from workbench.lake import Lake
from workbench.lake.save import MESSAGE_SCHEMA, Saved, message_table, save_messages
from workbench.messaging.message import message_row

NOW = datetime(2026, 9, 2, tzinfo=UTC)


def save(lake: Lake, *payloads: dict[str, Any]) -> Saved:
    table = message_table([message_row(item) for item in payloads])
    return lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))


def test_public_columns_of_the_messages_view(lake: Lake) -> None:
    with lake.cursor() as cursor:
        names = [column[0] for column in cursor.execute("select * from messages").description]
    assert names == [
        "message_sid", "account_sid", "messaging_service_sid", "direction", "is_outbound", "status",
        "is_final", "error_code", "from_address", "to_address", "sender", "contact", "country", "body",
        "encoding", "segments", "media_count", "spend", "currency", "date_created", "date_sent",
        "date_updated", "conversation_id",
    ]  # fmt: skip


def test_a_message_row_is_a_row_of_its_table(lake: Lake) -> None:
    """The fields of MessageRow make the table that is saved; the migrations write the same columns down.

    The template is worked out while saving: it depends on the texts that are there.
    """
    with lake.cursor() as cursor:
        stored = cursor.execute("select * from raw_messages limit 0").to_arrow_table().schema
    assert {field.name: str(field.type) for field in stored} == {"template": "string"} | {
        field.name: str(field.type).replace("tz=UTC", f"tz={stored.field('date_sent').type.tz}")
        for field in MESSAGE_SCHEMA
    }
    kinds = {
        str(field.type): field.name for field in MESSAGE_SCHEMA if field.name not in ("body", "segments")
    }
    assert kinds == {
        "string": "currency", "bool": "is_outbound", "int16": "status_rank", "int32": "media_count",
        "decimal128(12, 6)": "price", "timestamp[us, tz=UTC]": "date_updated",
    }  # fmt: skip


def test_a_saved_message_reads_back(lake: Lake) -> None:
    assert save(lake, payload()) == Saved(added=1)
    row = lake.rows(
        "select sender, contact, country, is_outbound, is_final, encoding, segments, spend, currency, "
        "date_created from messages"
    )
    created = datetime(2026, 9, 1, 12, tzinfo=UTC)
    assert row == [(SENDER, CONTACT, "US", True, True, "GSM-7", 1, Decimal("0.008300"), "USD", created)]


def test_sides_swap_for_inbound(lake: Lake) -> None:
    save(
        lake,
        payload(1),
        payload(2, direction="inbound", status="received", **{"from": CONTACT, "to": SENDER}),
    )
    rows = lake.rows("select distinct sender, contact, conversation_id from messages")
    assert len(rows) == 1
    assert rows[0][:2] == (SENDER, CONTACT)


def test_the_same_rows_again_change_nothing(lake: Lake) -> None:
    messages = [payload(number) for number in range(1, 50)]
    save(lake, *messages)
    before = lake.rows("select * from raw_messages order by message_sid")
    assert save(lake, *messages) == Saved()
    assert lake.rows("select * from raw_messages order by message_sid") == before


def test_only_differing_rows_count_as_changed(lake: Lake) -> None:
    save(lake, payload(1, status="sent", price=None), payload(2))
    assert save(lake, payload(1), payload(2), payload(3)) == Saved(added=1, changed=1)
    assert lake.rows("select status, spend from messages order by message_sid") == [
        ("delivered", Decimal("0.008300")),
        ("delivered", Decimal("0.008300")),
        ("delivered", Decimal("0.008300")),
    ]


def test_a_late_sent_leaves_delivered_alone(lake: Lake) -> None:
    save(lake, payload(1))
    save(lake, payload(1, status="sent", price=None, date_sent=None))
    assert lake.rows("select status, spend is null, date_sent is null from messages") == [
        ("delivered", False, False)
    ]


def test_a_message_twice_in_one_batch_keeps_the_later_state(lake: Lake) -> None:
    assert save(lake, payload(1), payload(1, status="queued")) == Saved(added=1)
    assert lake.value("select status from messages") == "delivered"


def test_a_redacted_body_is_honoured_and_its_encoding_stays(lake: Lake) -> None:
    save(lake, payload(1, body="It’s ready"))
    save(lake, payload(1, body=""))
    assert lake.rows("select body, encoding from messages") == [("", "UCS-2")]


def test_a_stop_is_known_also_after_redaction(lake: Lake) -> None:
    inbound = {"direction": "inbound", "status": "received", "from": CONTACT, "to": SENDER}
    save(lake, payload(1, body=" Stop ", **inbound))
    save(lake, payload(1, body="", **inbound))
    assert lake.value("select keyword from message_facts") == "opt-out"


def test_a_sender_picked_later_joins_its_conversation(lake: Lake) -> None:
    service = "MG" + "1" * 32
    early = {"status": "accepted", "from": None, "num_segments": "0", "messaging_service_sid": service}
    save(lake, payload(1, **early, price=None, date_sent=None))
    before = lake.value("select conversation_id from messages")
    save(lake, payload(1, messaging_service_sid=service), payload(2))
    after = lake.rows("select distinct conversation_id from messages")
    assert before is not None
    assert len(after) == 1
    assert after[0][0] != before


def test_a_move_of_a_known_message_is_an_event_once(lake: Lake) -> None:
    save(lake, payload(1, status="queued", price=None))
    for _ in range(2):
        save(lake, payload(1, status="undelivered", error_code=30003))
    assert lake.rows("select status, error_code, source, received_at from status_events") == [
        ("undelivered", 30003, "sync", NOW)
    ]


LIFE = [
    payload(1, status="accepted", price=None, num_segments="0", date_sent=None, **{"from": None}),
    payload(1, status="sent", price=None),
    payload(1, status="delivered", price=None),
    payload(1, status="delivered"),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(LIFE)))))
def test_status_and_price_end_the_same_in_any_order(lake: Lake, order: tuple[int, ...]) -> None:
    for index in order:
        save(lake, LIFE[index])
    found = lake.rows("select status, spend, sender, date_sent from messages")
    sent = datetime(2026, 9, 1, 12, tzinfo=UTC)
    assert found == [("delivered", Decimal("0.008300"), SENDER, sent)]


@hypothesis_settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(strategies.data())
def test_batches_cut_anywhere_give_the_same_rows(lake: Lake, data: strategies.DataObject) -> None:
    number = data.draw(strategies.integers(10_000, 2**60))
    rows = [payload(number + index, status=status) for index in range(6) for status in ("sent", "delivered")]
    cut = data.draw(strategies.integers(0, len(rows)))
    save(lake, *rows[:cut])
    save(lake, *rows[cut:])
    sids = [f"SM{number + index:032x}" for index in range(6)]
    found = lake.rows("select status from messages where list_contains(?, message_sid)", [sids])
    assert found == [("delivered",)] * 6


def test_two_currencies_and_six_decimals_are_kept(lake: Lake) -> None:
    save(lake, payload(1, price="-0.000375"), payload(2, price="-1.5", price_unit="eur"))
    assert lake.rows("select currency, spend from messages order by 1") == [
        ("EUR", Decimal("1.500000")),
        ("USD", Decimal("0.000375")),
    ]


def test_hostile_bodies_are_only_text(lake: Lake) -> None:
    bodies = ["'; drop table raw_messages; --", "\x00\x1b[31m", "=HYPERLINK(1)", "<script>", "🏳️‍🌈"]
    save(lake, *[payload(number, body=body) for number, body in enumerate(bodies, start=1)])
    assert [row[0] for row in lake.rows("select body from messages order by message_sid")] == bodies

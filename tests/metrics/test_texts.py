"""The groups of texts against every single text, and what they leave out."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.messages import payload
from workbench.lake import Lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.messaging.segments import count_segments
from workbench.metrics import texts
from workbench.metrics.texts import query_texts

BODIES = [
    "Your code is 123456.",
    "Your code is 99.",
    "Hi Ana, your table is at 19:30. It’s by the window, see https://example.com/x1",
    "Hi Bob, your table is at 20:00. It’s by the window, see https://example.com/y2",
    "{braces} and €uros " + "x" * 150,
    "Привет, ваш заказ готов",
    "🎉🎉 " + "party " * 14,
    "plain " * 30,
]


def fill(lake: Lake, bodies: list[str], first: int = 1, **fields: object) -> None:
    """Save messages with these texts, numbered from ``first``."""
    rows = []
    for number, body in enumerate(bodies, start=first):
        segments = str(count_segments(body).segments)
        rows.append(message_row(payload(number, **{"body": body, "num_segments": segments, **fields})))
    table = message_table(rows)
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=datetime.now(UTC)))


def test_every_text_is_counted_as_if_alone(lake: Lake) -> None:
    """Twilio's count here is our own for each text; a group whose example were wrong would differ."""
    fill(lake, BODIES)
    found = query_texts(lake)
    assert found.costs.messages == 8
    assert (found.costs.mismatched, found.costs.mismatches, found.without_text) == (0, [], 0)
    assert sum(template.segments for template in found.costs.templates) == sum(
        count_segments(body).segments for body in BODIES
    )
    # Numbers, links and greeted names are blanks.
    by_text = {template.text: template.messages for template in found.costs.templates}
    assert by_text["Your code is ⟨…⟩."] + by_text.get("Your code is ⟨…⟩", 0) == 2
    assert by_text["Hi ⟨…⟩, your table is at ⟨…⟩. It’s by the window, see ⟨…⟩"] == 2


def test_a_bill_that_differs_is_listed_with_its_reason(lake: Lake) -> None:
    fill(lake, ["It’s " + "x" * 90] * 3, num_segments="1")
    fill(lake, ["word " * 12] * 2, first=11, num_segments="2")
    found = query_texts(lake).costs
    assert [(one.messages, one.billed, one.counted, one.is_smart_encoding) for one in found.mismatches] == [
        (3, 1, 2, True),
        (2, 2, 1, False),
    ]
    assert (found.mismatched, found.messages) == (5, 5)


def test_mms_whatsapp_inbound_and_what_is_in_flight_are_not_sms(lake: Lake) -> None:
    others = [
        {"num_media": "1"},
        {"from": "whatsapp:+12025550110", "to": "whatsapp:+14155550123"},
        {"direction": "inbound", "status": "received"},
        {"status": "queued", "num_segments": "0"},
    ]
    for number, fields in enumerate(others):
        fill(lake, ["“text”"], first=number + 50, **fields)
    assert query_texts(lake).costs.messages == 0


def test_messages_without_a_text_are_counted_and_said(lake: Lake) -> None:
    fill(lake, ["a", "b", "c"])
    lake.write(lambda cursor: cursor.execute("update raw_messages set body = null where body <> 'a'"))
    found = query_texts(lake)
    assert (found.costs.messages, found.without_text) == (1, 2)


def test_rare_texts_beyond_the_most_are_counted_as_left_out(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "MOST_GROUPS", 1)
    fill(lake, ["the same words"] * 3 + ["something else entirely", "and this too"])
    found = query_texts(lake)
    assert (found.costs.messages, found.left_out) == (3, 2)


def test_filters_and_periods_narrow(lake: Lake) -> None:
    fill(lake, BODIES)
    assert query_texts(lake, {"encoding": ["UCS-2"]}).costs.messages == 4
    assert query_texts(lake, {"day": "2026-09-01"}, timezone="Europe/Berlin").costs.messages == 8
    assert query_texts(lake, None, "2026-09-02", None).costs.messages == 0


def test_money_is_by_currency(lake: Lake) -> None:
    fill(lake, ["It’s " + "x" * 90] * 2, price="-0.0200")
    fill(lake, ["It’s " + "x" * 90], price="-0.0500", first=11, price_unit="EUR")
    template = query_texts(lake).costs.templates[0]
    assert dict(template.spend) == {"USD": Decimal("0.04"), "EUR": Decimal("0.05")}
    # 95 characters are two segments of UCS-2, and one of GSM-7.
    assert dict(template.saved) == {"USD": Decimal("0.02"), "EUR": Decimal("0.025")}

"""What saved messages say about consent, whoever tells of them and how often."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.messages import ACCOUNT, CONTACT, SENDER, payload
from workbench.lake import Lake
from workbench.lake.consent import ConsentEvent, find_suppressions, save_consent_events
from workbench.lake.migrations import known_migrations
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row

NOW = datetime(2026, 9, 2, tzinfo=UTC)
SERVICE = "MG" + "1" * 32


def hour(hour: int) -> datetime:
    return datetime(2026, 9, 1, hour, tzinfo=UTC)


def inbound(number: int, body: str, at: datetime, **changes: Any) -> dict[str, Any]:
    sides = {"from": CONTACT, "to": SENDER, "direction": "inbound", "status": "received"}
    return payload(number, body=body, date_created=at, date_sent=at, **{**sides, **changes})


def save(lake: Lake, *payloads: dict[str, Any]) -> None:
    table = message_table([message_row(item) for item in payloads])
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))


def suppressed(lake: Lake, *scopes: str) -> list[tuple[str, str, datetime]]:
    with lake.cursor() as cursor:
        return find_suppressions(cursor, [CONTACT], scopes).get(CONTACT, [])


def test_a_stop_suppresses_the_sender_and_nothing_else(lake: Lake) -> None:
    save(lake, inbound(1, " stop ", hour(12)))
    assert suppressed(lake, SENDER) == [(SENDER, "keyword", hour(12))]
    assert suppressed(lake, "+12025550199") == []


def test_a_stop_to_a_service_reaches_all_of_it(lake: Lake) -> None:
    save(lake, inbound(1, "STOP", hour(12), messaging_service_sid=SERVICE))
    assert suppressed(lake, SERVICE) == [(SERVICE, "keyword", hour(12))]


def test_a_start_after_it_lifts_it_in_any_order_of_arrival(lake: Lake) -> None:
    save(lake, inbound(2, "START", hour(13)))
    save(lake, inbound(1, "STOP", hour(12)))
    assert suppressed(lake, SENDER) == []
    save(lake, inbound(3, "Unsubscribe", hour(14)))
    assert suppressed(lake, SENDER) == [(SENDER, "keyword", hour(14))]


def test_at_the_same_second_the_opt_out_counts(lake: Lake) -> None:
    save(lake, inbound(1, "STOP", hour(12)), inbound(2, "START", hour(12)))
    assert suppressed(lake, SENDER) == [(SENDER, "keyword", hour(12))]


def test_a_refusal_by_twilio_is_an_opt_out_also_when_it_comes_late(lake: Lake) -> None:
    save(lake, payload(1, status="queued"))
    assert suppressed(lake, SENDER) == []
    save(lake, payload(1, status="failed", error_code=21610))
    assert suppressed(lake, SENDER) == [(SENDER, "twilio-21610", hour(12))]


def test_hearing_it_again_adds_nothing(lake: Lake) -> None:
    messages = [inbound(1, "STOP", hour(12)), inbound(2, "HELP", hour(13)), inbound(3, "thanks", hour(14))]
    save(lake, *messages)
    save(lake, *messages)
    save(lake, inbound(1, "STOP", hour(12), price="-0.00750"))
    assert lake.rows("select kind, message_sid from consent_events order by kind") == [
        ("help", f"SM{2:032x}"),
        ("opt-out", f"SM{1:032x}"),
    ]


def test_our_own_text_with_a_keyword_in_it_says_nothing(lake: Lake) -> None:
    save(lake, payload(1, body="STOP"))
    assert lake.value("select count(*) from consent_events") == 0


def test_an_opt_out_from_everything_counts_for_every_sender(lake: Lake) -> None:
    event = ConsentEvent(ACCOUNT, CONTACT, "*", "opt-out", "agent", hour(9), evidence="By telephone.")
    assert lake.write(lambda cursor: save_consent_events(cursor, [event, event], NOW)) == 1
    assert lake.write(lambda cursor: save_consent_events(cursor, [event], NOW)) == 0
    assert suppressed(lake, "+12025550199") == [("*", "agent", hour(9))]


def test_messages_from_before_the_ledger_are_in_it(lake: Lake) -> None:
    """A lake that was filled before consent was kept: its messages say it when the table is made."""
    save(lake, inbound(1, "STOP", hour(12)), payload(2, error_code=21610), inbound(3, "hello", hour(13)))
    events = "select event_id, address, scope, kind, source, happened_at from consent_events order by 1"
    before = lake.rows(events)
    backfill = next(m for m in known_migrations() if m.version == 13).sql
    statement = backfill[backfill.index("insert into") : backfill.index(";", backfill.index("insert into"))]
    lake.write(lambda cursor: cursor.execute("delete from consent_events"))
    lake.write(lambda cursor: cursor.execute(statement))
    assert lake.rows(events) == before
    assert len(before) == 2

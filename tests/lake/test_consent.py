"""What saved messages say about consent, whoever tells of them and how often."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.messages import ACCOUNT, CONTACT, SENDER, payload
from workbench.lake import Lake
from workbench.lake.consent import ConsentEvent, Side, find_suppressions, save_consent_events
from workbench.lake.memberships import note_pools
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


def suppressed(
    lake: Lake, sender: str | None, service: str | None = None, contact: str = CONTACT
) -> list[tuple[str, str, datetime]]:
    with lake.cursor() as cursor:
        side = Side(ACCOUNT, sender, service)
        return find_suppressions(cursor, [contact], side).get(contact, [])


def read_pools(lake: Lake, *members: tuple[str, str], at: datetime = NOW) -> None:
    """All messaging services of the account were read, and these are the senders in them."""
    lake.write(lambda cursor: note_pools(cursor, ACCOUNT, members, at))


def test_a_stop_suppresses_the_sender_and_nothing_else(lake: Lake) -> None:
    read_pools(lake)
    save(lake, inbound(1, " stop ", hour(12)))
    assert suppressed(lake, SENDER) == [(SENDER, "keyword", hour(12))]
    assert suppressed(lake, "+12025550199") == []


def test_a_stop_to_a_service_reaches_all_of_it(lake: Lake) -> None:
    save(lake, inbound(1, "STOP", hour(12), messaging_service_sid=SERVICE))
    assert suppressed(lake, None, SERVICE) == [(SERVICE, "keyword", hour(12))]


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
    backfill = next(m for m in known_migrations() if m.name == "consent_and_audit").sql
    statement = backfill[backfill.index("insert into") : backfill.index(";", backfill.index("insert into"))]
    # The table has got a column since.
    columns = (
        "event_id, account_sid, address, scope, kind, source, evidence, wording_version, message_sid, actor"
    )
    statement = statement.replace(
        "consent_events", f"consent_events ({columns}, happened_at, recorded_at)", 1
    )
    lake.write(lambda cursor: cursor.execute("delete from consent_events"))
    lake.write(lambda cursor: cursor.execute(statement))
    assert lake.rows(events) == before
    assert len(before) == 2


POOLED, OTHER = "+12025550111", "+12025550112"


def test_a_stop_whose_webhook_names_no_service_reaches_the_service_of_its_number(lake: Lake) -> None:
    read_pools(lake, (SENDER, SERVICE), (POOLED, SERVICE))
    save(lake, inbound(1, "STOP", hour(12)))
    for sender, service in [(SENDER, None), (None, SERVICE), (POOLED, None), (POOLED, SERVICE)]:
        assert suppressed(lake, sender, service) == [(SENDER, "keyword", hour(12))]
    assert suppressed(lake, OTHER) == []


def test_a_number_that_leaves_its_service_stays_opted_out_and_so_does_the_service(lake: Lake) -> None:
    read_pools(lake, (SENDER, SERVICE), at=hour(1))
    save(lake, inbound(1, "STOP", hour(12), messaging_service_sid=SERVICE))
    read_pools(lake, at=hour(14))
    assert suppressed(lake, SENDER) == suppressed(lake, None, SERVICE) == [(SERVICE, "keyword", hour(12))]
    # A number that joins the service later is of the service that they left.
    read_pools(lake, (POOLED, SERVICE), at=hour(16))
    assert suppressed(lake, POOLED) == [(SERVICE, "keyword", hour(12))]


def test_a_number_that_had_left_before_takes_nothing_along(lake: Lake) -> None:
    read_pools(lake, (SENDER, SERVICE), (POOLED, SERVICE), at=hour(1))
    read_pools(lake, (POOLED, SERVICE), at=hour(2))
    save(lake, inbound(1, "STOP", hour(12)))
    assert suppressed(lake, SENDER) != []
    assert suppressed(lake, None, SERVICE) == suppressed(lake, POOLED) == []


def test_where_no_service_can_be_read_every_sender_counts_as_one_of_them(lake: Lake) -> None:
    save(lake, inbound(1, "STOP", hour(12)))
    for sender, service in [(SENDER, None), (POOLED, None), (None, SERVICE), (POOLED, SERVICE)]:
        assert suppressed(lake, sender, service) == [(SENDER, "keyword", hour(12))]
    with lake.cursor() as cursor:
        elsewhere = Side("AC" + "9" * 32, POOLED)
        assert find_suppressions(cursor, [CONTACT], elsewhere) == {}, "another account has other services"
    read_pools(lake)
    assert suppressed(lake, POOLED) == suppressed(lake, None, SERVICE) == []


def test_a_message_with_both_proves_the_membership(lake: Lake) -> None:
    save(lake, payload(1, messaging_service_sid=SERVICE), payload(2, **{"from": OTHER}))
    save(lake, payload(3, **{"from": POOLED, "messaging_service_sid": "MG" + "2" * 32}))
    save(lake, inbound(4, "STOP", hour(13)))
    assert suppressed(lake, None, SERVICE) == [(SENDER, "keyword", hour(13))]
    assert suppressed(lake, POOLED) == [], "it is known to be in another service"
    assert suppressed(lake, OTHER) != [], "nobody knows where it is"


def test_a_start_lifts_what_it_reaches_and_no_more(lake: Lake) -> None:
    other_service = "MG" + "2" * 32
    read_pools(lake, (SENDER, SERVICE), (POOLED, SERVICE), (OTHER, other_service), at=hour(1))
    save(lake, inbound(1, "STOP", hour(12)), inbound(2, "STOP", hour(12), to=OTHER))
    save(lake, inbound(3, "START", hour(13), to=POOLED))
    assert suppressed(lake, SENDER) == suppressed(lake, None, SERVICE) == suppressed(lake, POOLED) == []
    assert suppressed(lake, None, other_service) == suppressed(lake, OTHER) != []


def test_a_start_to_a_number_that_left_leaves_the_service_alone(lake: Lake) -> None:
    read_pools(lake, (SENDER, SERVICE), at=hour(1))
    save(lake, inbound(1, "STOP", hour(12), messaging_service_sid=SERVICE))
    read_pools(lake, at=hour(14))
    save(lake, inbound(2, "START", hour(15)))
    assert suppressed(lake, SENDER) == []
    assert suppressed(lake, None, SERVICE) == [(SERVICE, "keyword", hour(12))]


def test_a_start_to_a_sender_does_not_lift_an_opt_out_from_everything(lake: Lake) -> None:
    event = ConsentEvent(ACCOUNT, CONTACT, "*", "opt-out", "agent", hour(9))
    lake.write(lambda cursor: save_consent_events(cursor, [event], NOW))
    save(lake, inbound(1, "START", hour(13)))
    assert suppressed(lake, SENDER) == [("*", "agent", hour(9))]
    again = ConsentEvent(ACCOUNT, CONTACT, "*", "opt-in", "agent", hour(14))
    lake.write(lambda cursor: save_consent_events(cursor, [again], NOW))
    assert suppressed(lake, SENDER) == []


def test_where_membership_is_unknown_a_start_lifts_its_own_sender_only(lake: Lake) -> None:
    save(lake, inbound(1, "STOP", hour(12)))
    save(lake, inbound(2, "START", hour(13), to=POOLED))
    assert suppressed(lake, POOLED) == [], "it was said to this one"
    assert suppressed(lake, SENDER) != []
    assert suppressed(lake, None, SERVICE) != []
    save(lake, inbound(3, "START", hour(14)))
    assert suppressed(lake, SENDER) == suppressed(lake, None, SERVICE) == []


def test_toll_free_and_whatsapp_go_by_the_same_rule(lake: Lake) -> None:
    toll_free, whatsapp = "+18885550100", "whatsapp:+14155238886"
    read_pools(lake, (toll_free, SERVICE), (SENDER, SERVICE), (whatsapp, SERVICE))
    save(lake, inbound(1, "STOP", hour(12), to=toll_free))
    assert suppressed(lake, SENDER) == [(toll_free, "keyword", hour(12))]
    assert suppressed(lake, whatsapp, contact=f"whatsapp:{CONTACT}") == [], "WhatsApp has opt-outs of its own"
    save(lake, inbound(2, "START", hour(13), to=toll_free))
    save(lake, inbound(3, "stop", hour(14), to=whatsapp, **{"from": f"whatsapp:{CONTACT}"}))
    assert suppressed(lake, whatsapp, contact=f"whatsapp:{CONTACT}") == [(whatsapp, "keyword", hour(14))]
    assert suppressed(lake, None, SERVICE, contact=f"whatsapp:{CONTACT}") != []
    assert suppressed(lake, SENDER) == suppressed(lake, None, SERVICE) == []


def test_a_lake_of_an_older_version_learns_who_was_told_and_which_senders_were_together(lake: Lake) -> None:
    save(
        lake,
        payload(1, messaging_service_sid=SERVICE, **{"from": POOLED}),
        inbound(2, "STOP", hour(13), messaging_service_sid=SERVICE),
    )
    script = next(m for m in known_migrations() if m.name == "opt_outs").sql
    statements = [script[script.index(begin) :].partition(";")[0] for begin in ("merge into", "insert into")]

    def as_before(cursor: Any) -> None:
        cursor.execute("update consent_events set said_to = null")
        cursor.execute("delete from membership_spans")
        for statement in statements:
            cursor.execute(statement)

    lake.write(as_before)
    assert lake.rows("select scope, said_to from consent_events") == [(SERVICE, SENDER)]
    assert lake.rows(
        "select sender, messaging_service_sid, first_seen_at, left_at from membership_spans order by sender"
    ) == [(SENDER, SERVICE, hour(13), None), (POOLED, SERVICE, hour(12), None)]
    assert suppressed(lake, SENDER) == suppressed(lake, POOLED) == [(SERVICE, "keyword", hour(13))]

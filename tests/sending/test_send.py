"""One message at a time, over real HTTP: sent once, or not, and always with a record."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.lakes import lake_of
from tests.sending.conftest import POOLED, SENDER, creates, sent_to
from workbench import TwilioError, UsageError, Workbench
from workbench.api.sending import check, draft_of
from workbench.simulator import Fault, Server
from workbench.simulator.account.sending import PlannedOutcome

#: Whatever the clock says where these run.
ANY_HOUR: dict[str, Any] = {"sender": SENDER, "ignore_quiet_hours": True}


def states(wb: Workbench, key: str) -> list[str]:
    rows = lake_of(wb).rows(
        "select state from outbox_events where key = ? "
        "order by attempt, happened_at, state = 'intended' desc",
        [key],
    )
    return [row[0] for row in rows]


def test_without_confirm_nothing_leaves(wb: Workbench, server: Server) -> None:
    before = creates(server)
    shown = wb.send("+14155550200", "Hello", **ANY_HOUR)
    assert (shown.state, shown.message_sid) == ("unconfirmed", None)
    assert "confirm=True" in shown.why()
    assert creates(server) == before
    assert states(wb, shown.key) == []


def test_a_message_is_sent_once_however_often_the_cell_runs(wb: Workbench, server: Server) -> None:
    first = wb.send("+14155550201", "Your order is ready", confirm=True, **ANY_HOUR)
    assert first.state == "sent"
    assert first.message_sid is not None
    again = [wb.send("+1 (415) 555-0201", "Your order is ready", confirm=True, **ANY_HOUR) for _ in range(3)]
    assert {(one.state, one.message_sid) for one in again} == {("already_sent", first.message_sid)}
    other_sender = wb.send(
        "+14155550201", "Your order is ready", confirm=True, sender=POOLED, ignore_quiet_hours=True
    )
    assert other_sender.state == "already_sent"
    assert sent_to(server)["+14155550201"] == 1
    assert states(wb, first.key) == ["intended", "accepted"]


def test_another_batch_says_the_same_again(wb: Workbench, server: Server) -> None:
    sids = {
        wb.send("+14155550202", "Rent is due", confirm=True, batch=month, **ANY_HOUR).message_sid
        for month in ("October", "November")
    }
    assert len(sids) == 2
    assert sent_to(server)["+14155550202"] == 2


def test_the_message_is_in_the_log_at_once(wb: Workbench) -> None:
    sent = wb.send("+14155550203", "Grüße {{ '{{' }} 7 * 7 }} <b>&amp;", confirm=True, **ANY_HOUR)
    row = lake_of(wb).rows(
        "select body, to_address, direction, is_outbound from messages where message_sid = ?",
        [sent.message_sid],
    )
    assert row == [("Grüße {{ 7 * 7 }} <b>&amp;", "+14155550203", "outbound-api", True)]


def test_a_refusal_is_a_result_and_may_be_tried_again(wb: Workbench, server: Server) -> None:
    server.runtime.planned["+14155550204"] = PlannedOutcome(refuse=21408)
    refused = wb.send("+14155550204", "Hello", confirm=True, **ANY_HOUR)
    assert (refused.state, refused.error_code) == ("failed", 21408)
    assert "+14155550204" not in (refused.problem or "")
    assert wb.send("+14155550204", "Hello", confirm=True, **ANY_HOUR).state == "sent"
    assert states(wb, refused.key) == ["intended", "refused", "intended", "accepted"]


def test_21610_opts_the_person_out_for_good(wb: Workbench, server: Server) -> None:
    server.runtime.planned["+14155550205"] = PlannedOutcome(refuse=21610)
    assert wb.send("+14155550205", "Hello", confirm=True, **ANY_HOUR).error_code == 21610
    before = creates(server)
    blocked = wb.send("+14155550205", "Something else", confirm=True, **ANY_HOUR)
    assert blocked.state == "blocked"
    assert "Opted out" in blocked.why()
    assert creates(server) == before
    event = lake_of(wb).rows("select scope, kind, source from consent_events where address = '+14155550205'")
    assert event == [(SENDER, "opt-out", "twilio-21610")]


def test_21610_of_a_pooled_sender_reaches_the_whole_service(wb: Workbench, server: Server) -> None:
    service = server.account.main.service_sids[0]
    server.runtime.planned["+14155550206"] = PlannedOutcome(refuse=21610)
    wb.send("+14155550206", "Hello", confirm=True, sender=POOLED, ignore_quiet_hours=True)
    by_service = wb.send("+14155550206", "Hi", confirm=True, service=service, ignore_quiet_hours=True)
    assert by_service.state == "blocked"
    elsewhere = wb.send("+14155550206", "Hi", confirm=True, **ANY_HOUR)
    assert elsewhere.state == "sent"


@pytest.mark.parametrize("scope", ["*", SENDER])
def test_an_opt_out_blocks_whatever_is_asked(wb: Workbench, server: Server, scope: str) -> None:
    from workbench.lake.consent import ConsentEvent, save_consent_events

    number = "+14155550207" if scope == "*" else "+14155550208"
    event = ConsentEvent(server.account.account_sid, number, scope, "opt-out", "test", datetime.now(UTC))
    lake_of(wb).write(lambda cursor: save_consent_events(cursor, [event], datetime.now(UTC)))
    before = creates(server)
    assert wb.send(number, "Hello", confirm=True, **ANY_HOUR).state == "blocked"
    assert creates(server) == before


def test_an_opt_out_after_the_look_is_seen_with_the_intent(wb: Workbench, server: Server) -> None:
    """The look says yes, the person leaves, and the same look is used to send."""
    from workbench.lake.consent import ConsentEvent, save_consent_events
    from workbench.sending.deliver import deliver

    installation = wb._installation
    draft, variables = draft_of(installation, "Hello", {"sender": SENDER})
    rows = [{**variables, "to": "+14155550209"}]
    checked = check(installation, draft, rows, ignore_quiet_hours=True)
    assert not checked[0].is_blocked
    event = ConsentEvent(
        server.account.account_sid, "+14155550209", SENDER, "opt-out", "test", datetime.now(UTC)
    )
    lake_of(wb).write(lambda cursor: save_consent_events(cursor, [event], datetime.now(UTC)))
    before = creates(server)
    result = deliver(installation.send_context, checked)[0]
    assert (result.state, creates(server)) == ("blocked", before)
    assert states(wb, result.key) == []


def test_an_answer_that_is_lost_is_found_in_the_log(wb: Workbench, server: Server) -> None:
    for number, kind in (("+14155550210", "reset"), ("+14155550211", "truncate"), ("+14155550212", "garble")):
        server.faults.add(Fault(kind, when="after", method="POST"))  # type: ignore[arg-type]
        assert wb.send(number, "Hello", confirm=True, **ANY_HOUR).state == "sent", kind
        assert sent_to(server)[number] == 1
        assert wb.send(number, "Hello", confirm=True, **ANY_HOUR).state == "already_sent"


@pytest.mark.parametrize(("when", "expected"), [("after", "sent"), ("before", "unclear")])
def test_a_server_error_is_never_answered_with_a_second_request(
    wb: Workbench, server: Server, when: Any, expected: str
) -> None:
    number = "+14155550213" if when == "after" else "+14155550214"
    server.faults.add(Fault("status", status=503, when=when, method="POST"))
    before = creates(server)
    assert wb.send(number, "Hello", confirm=True, **ANY_HOUR).state == expected
    assert creates(server) == before + 1


def test_what_never_arrived_is_sent_once_the_log_is_sure(wb: Workbench, server: Server) -> None:
    import time

    server.faults.add(Fault("reset", when="before", method="POST"))
    lost = wb.send("+14155550215", "Hello", confirm=True, **ANY_HOUR)
    assert lost.state == "unclear"
    assert wb.send("+14155550215", "Hello", confirm=True, **ANY_HOUR).state == "unclear"
    assert sent_to(server)["+14155550215"] == 0
    time.sleep(2.1)
    assert wb.send("+14155550215", "Hello", confirm=True, **ANY_HOUR).state == "sent"
    assert sent_to(server)["+14155550215"] == 1


def test_two_identical_messages_that_were_lost_are_told_apart_by_their_number(
    wb: Workbench, server: Server
) -> None:
    """Both answers are lost and one message was made: one intent has it, sending the other makes two."""
    import time

    for when in ("after", "before"):
        server.faults.add(Fault("reset", when=when, method="POST"))
        server.faults.add(Fault("status", status=503, method="GET"))
        server.faults.add(Fault("status", status=503, method="GET", times=6))
        first = wb.send("+14155550216", "Hello", confirm=True, batch=when, **ANY_HOUR)
        server.faults.clear()
        assert first.state == "unclear"
    time.sleep(2.1)
    ended = [
        wb.send("+14155550216", "Hello", confirm=True, batch=when, **ANY_HOUR).state
        for when in ("before", "after")
    ]
    assert sorted(ended) == ["already_sent", "sent"]
    assert sent_to(server)["+14155550216"] == 2


def test_a_row_of_the_log_that_cannot_be_read_leaves_open_only_what_it_may_be(
    wb: Workbench, server: Server
) -> None:
    import time

    assert wb.send("+14155550241", "First", confirm=True, **ANY_HOUR).state == "sent"
    server.faults.add(Fault("alter", method="GET", times=None, find='"First"', put="7"))
    server.faults.add(Fault("reset", when="after", method="POST"))
    assert wb.send("+14155550241", "Second", confirm=True, **ANY_HOUR).state == "sent"
    server.faults.clear()
    server.faults.add(Fault("alter", method="GET", times=None, find='"Third"', put="7"))
    server.faults.add(Fault("reset", when="after", method="POST"))
    assert wb.send("+14155550241", "Third", confirm=True, **ANY_HOUR).state == "unclear"
    time.sleep(2.1)
    again = wb.send("+14155550241", "Third", confirm=True, **ANY_HOUR)
    assert again.state == "unclear"
    assert "cannot be read" in again.why()
    server.faults.clear()
    assert wb.send("+14155550241", "Third", confirm=True, **ANY_HOUR).state == "already_sent"
    assert sent_to(server)["+14155550241"] == 3


def test_scheduling_and_canceling(wb: Workbench, server: Server) -> None:
    service = server.account.main.service_sids[0]
    later = datetime.now(UTC) + timedelta(hours=20)
    sent = wb.send("+14155550217", "Later", confirm=True, service=service, at=later, ignore_quiet_hours=True)
    assert sent.state == "scheduled"
    assert sent.message_sid is not None
    assert wb.outbox.cancel(sent.message_sid).status == "canceled"
    assert (
        lake_of(wb).value("select status from messages where message_sid = ?", [sent.message_sid])
        == "canceled"
    )
    with pytest.raises(TwilioError, match="30409"):
        wb.outbox.cancel(sent.message_sid)


def test_a_cancellation_whose_answer_cannot_be_read_is_on_record(wb: Workbench, server: Server) -> None:
    service = server.account.main.service_sids[0]
    later = datetime.now(UTC) + timedelta(hours=20)
    sent = wb.send("+14155550242", "Later", confirm=True, service=service, at=later, ignore_quiet_hours=True)
    assert sent.message_sid is not None
    server.faults.add(Fault("alter", method="POST", find='"body":"Later"', put='"body":7'))
    assert wb.outbox.cancel(sent.message_sid).status == "canceled"
    trail = lake_of(wb).rows(
        "select detail from audit_events where action = 'cancel' and subject = ?", [sent.message_sid]
    )
    assert [json.loads(detail) for (detail,) in trail] == [{"status": "canceled"}]
    assert lake_of(wb).rows(
        "select resource, field from quarantined_rows where sid = ? and resolved_at is null",
        [sent.message_sid],
    ) == [("messages", "body")]


def test_a_zone_is_converted_and_not_relabelled(wb: Workbench, server: Server) -> None:
    service = server.account.main.service_sids[0]
    moment = (datetime.now(UTC) + timedelta(hours=30)).replace(microsecond=0)
    in_tokyo = moment.astimezone(__import__("zoneinfo").ZoneInfo("Asia/Tokyo"))
    sent = wb.send(
        "+14155550218",
        "Later",
        confirm=True,
        service=service,
        at=in_tokyo.isoformat(),
        ignore_quiet_hours=True,
    )
    assert sent.message_sid
    serial = server.account.main.serial_of(sent.message_sid)
    assert serial is not None
    message = server.account.main.log.get(serial, server.account.now())
    assert message
    assert message.scheduled is not None
    assert message.created + message.scheduled == int(moment.timestamp())


def test_the_audit_names_no_number_and_the_override(wb: Workbench) -> None:
    wb.send("+14155550219", "Secret text", confirm=True, **ANY_HOUR)
    trail = lake_of(wb).rows("select action, subject, detail from audit_events")
    assert {row[0] for row in trail} <= {"send", "override-quiet-hours", "cancel"}
    assert not any("4155550219" in str(row) or "Secret text" in str(row) for row in trail)
    assert "+1415***0219" in {row[1] for row in trail}


def test_contradictions_are_errors(wb: Workbench) -> None:
    with pytest.raises(UsageError, match="one text"):
        wb.send("+14155550220", "Hello", content_sid="HX" + "0" * 32)
    with pytest.raises(UsageError, match="no option 'sendr'"):
        wb.send("+14155550220", "Hello", sendr=SENDER)  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="nothing was sent"):
        wb.send("+14155550220", "Hello", confirm=5, sender=SENDER)

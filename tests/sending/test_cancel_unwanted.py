"""Who opts out after a message was scheduled for them does not get it, by whatever door the opt-out comes.

One account and one home for the file: each test has people of its own.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.lakes import lake_of
from tests.messages import payload
from tests.sending.conftest import POOLED, SENDER
from workbench import Workbench
from workbench.api.cancellations import CancelConsumer, run_cancellations
from workbench.api.jobs import run_job
from workbench.errors import WorkbenchError
from workbench.lake.consent import ConsentEvent, save_consent_events
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.sending.cancel_unwanted import cancel_unwanted, note_missed
from workbench.server.consumers import CONSUMERS
from workbench.server.worker import Worker
from workbench.simulator import Fault, Server

PEOPLE = (f"+1415555{number:04}" for number in count(600))
_serials = count(700)


def schedule(wb: Workbench, server: Server, *people: str, hours: float = 20, batch: str = "one") -> list[str]:
    """SIDs of messages that Twilio keeps for later."""
    sent = wb.send_batch(
        [{"to": person} for person in people],
        "See you",
        confirm=len(people),
        service=server.account.main.service_sids[0],
        at=datetime.now(UTC) + timedelta(hours=hours),
        batch=batch,
        ignore_quiet_hours=True,
    )
    assert sent.counts == {"scheduled": len(people)}
    return [str(each.message_sid) for each in sent.results]


def at_twilio(server: Server, sid: str) -> str:
    """The status of a message there, asked without our client."""
    account = server.account
    uri = f"{server.url}/2010-04-01/Accounts/{account.account_sid}/Messages/{sid}.json"
    answer = httpx.get(uri, auth=(account.account_sid, account.auth_token))
    return str(answer.raise_for_status().json()["status"])


def cancel_elsewhere(server: Server, sid: str) -> None:
    """Cancel a message without our client, as in Twilio's console."""
    account = server.account
    uri = f"{server.url}/2010-04-01/Accounts/{account.account_sid}/Messages/{sid}.json"
    form = {"Status": "canceled"}
    httpx.post(uri, data=form, auth=(account.account_sid, account.auth_token)).raise_for_status()


def look(wb: Workbench) -> datetime | None:
    """One look of the worker."""
    consumer = CancelConsumer()
    try:
        return consumer(lake_of(wb), wb._installation.settings, datetime.now(UTC))
    finally:
        consumer.close()


def trail(wb: Workbench, sid: str) -> list[tuple[str, str, dict[str, Any]]]:
    rows = lake_of(wb).rows(
        "select action, actor, detail from audit_events where subject = ? order by seq", [sid]
    )
    return [(action, actor, json.loads(detail)) for action, actor, detail in rows]


def write(
    wb: Workbench, server: Server, person: str, body: str, to: str = POOLED, minutes_ago: int = 0
) -> str:
    """A message from a person comes by webhook."""
    moment = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    message = payload(
        next(_serials),
        **{
            "from": person, "to": to, "body": body, "direction": "inbound", "status": "received",
            "account_sid": server.account.account_sid, "date_created": moment,
        },
    )  # fmt: skip
    table = message_table([message_row(message)])
    lake_of(wb).write(
        lambda cursor: save_messages(cursor, table, source="callback", received_at=datetime.now(UTC))
    )
    return str(message["sid"])


def by_webhook(wb: Workbench, server: Server, person: str, folder: Path) -> None:
    write(wb, server, person, "STOP")


def by_sync(wb: Workbench, server: Server, person: str, folder: Path) -> None:
    note = {"from": person, "to": POOLED, "body": "Stop"}
    assert httpx.post(f"{server.url}/_simulator/inbound", json=note).status_code == 200
    wb.sync(since=datetime.now(UTC) - timedelta(days=1), messages_only=True)


def by_decision(wb: Workbench, server: Server, person: str, folder: Path) -> None:
    sid = write(wb, server, person, "please stop texting me")
    wb.consent.decide(sid, "opt-out")


def by_import(wb: Workbench, server: Server, person: str, folder: Path) -> None:
    file = folder / "left.csv"
    file.write_text(f"address,kind,scope,source,date\n{person},opt-out,*,old system,2026-03-01T09:30Z\n")
    _, added = wb.consent.import_file(file, confirm=True)
    assert added == 1


def by_hand(wb: Workbench, server: Server, person: str, folder: Path) -> None:
    wb.consent.record(person, "opt-out", source="phone call")


def on_the_sender(wb: Workbench, server: Server, person: str, folder: Path) -> None:
    wb.consent.record(person, "opt-out", source="web form", scope=POOLED)


Door = Callable[[Workbench, Server, str, Path], None]


DOORS: tuple[Door, ...] = (by_webhook, by_sync, by_decision, by_import, by_hand, on_the_sender)


def test_an_opt_out_by_any_door_cancels(wb: Workbench, server: Server, tmp_path: Path) -> None:
    people = {door: next(PEOPLE) for door in DOORS}
    *of_people, others = schedule(wb, server, *people.values(), next(PEOPLE))
    sids = dict(zip((door.__name__ for door in DOORS), of_people, strict=True))
    [second] = schedule(wb, server, people[by_webhook], hours=30, batch="two")
    assert look(wb) is None
    assert {at_twilio(server, sid) for sid in (*sids.values(), second, others)} == {"scheduled"}
    for door, person in people.items():
        door(wb, server, person, tmp_path)
    assert look(wb) is None
    assert {name: at_twilio(server, sid) for name, sid in sids.items()} == {
        "by_webhook": "canceled", "by_sync": "canceled", "by_decision": "canceled", "by_import": "canceled",
        "by_hand": "canceled", "on_the_sender": "canceled",
    }  # fmt: skip
    assert (at_twilio(server, second), at_twilio(server, others)) == ("canceled", "scheduled")
    status = lake_of(wb).value("select status from messages where message_sid = ?", [second])
    assert status == "canceled"
    [(action, actor, detail)] = trail(wb, second)
    assert (action, actor, detail["because"]) == ("cancel", "rule:opt-out-block", "opted out")
    assert trail(wb, others) == []


def test_another_spelling_of_the_number_is_the_same_person(wb: Workbench, server: Server) -> None:
    [sid] = schedule(wb, server, "+525512345678")
    says = ConsentEvent(
        server.account.account_sid, "whatsapp:+5215512345678", "*", "opt-out", "web form", datetime.now(UTC)
    )
    lake_of(wb).write(lambda cursor: save_consent_events(cursor, [says], datetime.now(UTC)))
    look(wb)
    assert at_twilio(server, sid) == "canceled"


def test_an_opt_out_that_does_not_reach_it_or_was_taken_back_leaves_it(wb: Workbench, server: Server) -> None:
    elsewhere, back, waiting = next(PEOPLE), next(PEOPLE), next(PEOPLE)
    sids = schedule(wb, server, elsewhere, back, waiting)
    write(wb, server, elsewhere, "STOP", to=SENDER)
    write(wb, server, back, "STOP", minutes_ago=2)
    write(wb, server, back, "START")
    write(wb, server, waiting, "please stop texting me")
    assert look(wb) is None
    assert [at_twilio(server, sid) for sid in sids] == ["scheduled"] * 3
    assert [trail(wb, sid) for sid in sids] == [[], [], []]


def test_a_message_that_is_no_longer_scheduled_is_left_alone(wb: Workbench, server: Server) -> None:
    person = next(PEOPLE)
    [sid] = schedule(wb, server, person)
    wb.outbox.cancel(sid)
    by_hand(wb, server, person, Path())
    assert run_cancellations(wb._installation, threading.Event()).cancelled == 0
    assert [action for action, _, _ in trail(wb, sid)] == ["cancel"]


def test_ended_after_twilio_cancelled_and_before_it_was_noted(wb: Workbench, server: Server) -> None:
    person = next(PEOPLE)
    [sid] = schedule(wb, server, person)
    by_hand(wb, server, person, Path())
    cancel_elsewhere(server, sid)
    assert look(wb) is None
    assert look(wb) is None
    assert [(action, detail["status"]) for action, _, detail in trail(wb, sid)] == [("cancel", "canceled")]
    assert lake_of(wb).value("select status from messages where message_sid = ?", [sid]) == "canceled"


def test_twilio_is_down_and_comes_back(wb: Workbench, server: Server) -> None:
    person = next(PEOPLE)
    [sid] = schedule(wb, server, person)
    by_hand(wb, server, person, Path())
    server.faults.add(Fault("reset", method="POST", times=None))
    for _ in range(2):
        again_at = look(wb)
        assert again_at is not None
        assert again_at - datetime.now(UTC) < timedelta(seconds=31)
    with pytest.raises(WorkbenchError, match=f"{sid}.* could not be cancelled yet"):
        run_job(wb._installation, "cancellations")
    assert at_twilio(server, sid) == "scheduled"
    [(action, _, detail)] = trail(wb, sid)
    assert action == "cancel-failed"
    assert person not in json.dumps(detail)
    assert lake_of(wb).rows("select job from failed_jobs") == [("cancellations",)]
    assert "\njob cancellations failed " in repr(wb.status())
    server.faults.clear()
    assert run_job(wb._installation, "cancellations").detail == "1 message to people who opted out cancelled"
    assert at_twilio(server, sid) == "canceled"
    assert [action for action, _, _ in trail(wb, sid)] == ["cancel-failed", "cancel"]
    assert lake_of(wb).rows("select job from failed_jobs") == []


def test_a_time_that_came_first_is_said_once(wb: Workbench, server: Server) -> None:
    person, cancelled, other = next(PEOPLE), next(PEOPLE), next(PEOPLE)
    sid, cancelled_sid, _ = schedule(wb, server, person, cancelled, other, hours=2)
    by_hand(wb, server, person, Path())
    by_hand(wb, server, cancelled, Path())
    cancel_elsewhere(server, cancelled_sid)
    context = wb._installation.send_context
    late = replace(context, clock=lambda: datetime.now(UTC) + timedelta(hours=3))
    assert note_missed(context) == ()
    assert cancel_unwanted(late).cancelled == 0
    server.faults.add(Fault("status", method="GET", status=401, times=None))
    assert note_missed(late) == ()
    server.faults.clear()
    assert note_missed(late) == (sid,)
    assert note_missed(late) == ()
    assert [action for action, _, _ in trail(wb, sid)] == ["cancel-missed"]
    assert at_twilio(server, sid) == "scheduled"
    assert cancel_unwanted(context).cancelled == 1


def test_a_request_whose_end_nobody_knows_is_settled_and_cancelled(wb: Workbench, server: Server) -> None:
    person = next(PEOPLE)
    server.faults.add(Fault("reset", when="after", method="POST"))
    server.faults.add(Fault("status", method="GET", status=404, times=None))
    service, at = server.account.main.service_sids[0], datetime.now(UTC) + timedelta(hours=9)
    sent = wb.send(person, "Unclear", confirm=True, service=service, at=at, ignore_quiet_hours=True)
    assert sent.state == "unclear"
    by_hand(wb, server, person, Path())
    context = wb._installation.send_context
    later = replace(context, clock=lambda: datetime.now(UTC) + timedelta(minutes=3))
    done = cancel_unwanted(later)
    assert (done.cancelled, done.unclear) == (0, 1)
    assert "run `workbench outbox settle`" in done.trouble()
    server.faults.clear()
    done = cancel_unwanted(later)
    assert (done.cancelled, done.unclear, done.trouble()) == (1, 0, "")


def test_an_erasure_cancels_before_it_removes(wb: Workbench, server: Server) -> None:
    person = next(PEOPLE)
    sids = schedule(wb, server, person, next(PEOPLE))
    assert wb.subject.erase(person, confirm=True, twilio="redact").is_done
    assert [at_twilio(server, sid) for sid in sids] == ["canceled", "scheduled"]
    [(action, _, detail)] = trail(wb, sids[0])
    assert (action, detail["because"]) == ("cancel", "erased")
    assert lake_of(wb).rows("select 1 from outbox_events where message_sid = ?", [sids[0]]) == []


def test_the_worker_does_it_when_somebody_opts_out(wb: Workbench, server: Server) -> None:
    person = next(PEOPLE)
    [sid] = schedule(wb, server, person)
    [consumer] = [each for each in CONSUMERS if isinstance(each.run, CancelConsumer)]
    assert isinstance(consumer.run, CancelConsumer)
    worker = Worker(wb._installation.settings, [consumer])
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(worker.run)
        try:
            write(wb, server, person, "STOP")
            deadline = time.monotonic() + 60
            while at_twilio(server, sid) != "canceled":
                assert time.monotonic() < deadline, "it was not cancelled"
                time.sleep(0.05)
        finally:
            worker.stop()
            running.result(30)
            consumer.run.close()

"""The feed: each fact once, in order, whatever brings it and whoever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.lake.feeding import (
    BEGAN,
    NOW,
    begin_feed,
    decide,
    hear,
    kinds,
    noted,
    outbound,
    question,
    receive,
    sid,
    sync,
)
from tests.lakes import begin_lake
from workbench.compliance.do_not_contact import remove_entry
from workbench.lake import Lake, open_lake
from workbench.lake.changed_tables import read_changed_tables
from workbench.lake.consent import ConsentEvent, save_consent_events
from workbench.lake.feed import (
    FeedForgotten,
    advance_cursor,
    append_feed,
    begin_cursor,
    forget_old_feed,
    read_cursor,
    read_feed,
    read_feed_position,
    skip_forgotten,
)
from workbench.settings import load_settings

PERSON = "+14155550123"
MINUTE = timedelta(minutes=1)
_numbers = count(1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One lake for all examples; each has people and messages of its own."""
    home = tmp_path_factory.mktemp("feed") / "home"
    with begin_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        yield begin_feed(lake)


@pytest.fixture
def person() -> str:
    return f"+1415556{next(_numbers):04d}"


def after(lake: Lake) -> int:
    append_feed(lake, NOW)
    return read_feed_position(lake).last


def test_history_and_what_comes_late_are_no_events(shared: Lake, person: str) -> None:
    start, numbers = after(shared), [next(_numbers) for _ in range(4)]
    sync(
        shared,
        question(numbers[0], person, at=BEGAN - MINUTE),
        outbound(numbers[1], person, at=BEGAN - MINUTE),
        question(numbers[2], person, at=BEGAN + MINUTE),
    )
    assert append_feed(shared, NOW) == 1
    assert [event.message_sid for event in noted(shared, start)] == [sid(numbers[2])]
    sync(shared, question(numbers[3], person, at=NOW - timedelta(minutes=1)))
    assert append_feed(shared, NOW + timedelta(days=3)) == 0


def test_an_old_message_that_is_delivered_now_is_an_event_and_a_repair_of_its_past_is_none(
    shared: Lake, person: str
) -> None:
    start, (heard, repaired) = after(shared), (next(_numbers), next(_numbers))
    long_ago = NOW - timedelta(days=20)
    sync(shared, outbound(heard, person, at=long_ago), outbound(repaired, person, at=long_ago), at=long_ago)
    assert append_feed(shared, NOW) == 0
    hear(shared, heard, "delivered")
    sync(shared, outbound(repaired, person, "delivered", at=long_ago), source="reconcile")
    assert append_feed(shared, NOW) == 1
    (event,) = noted(shared, start)
    assert (event.message_sid, event.detail["status"]) == (sid(heard), "delivered")


def test_a_first_message_its_conversation_and_an_opt_out_come_in_order(shared: Lake, person: str) -> None:
    start, number = after(shared), next(_numbers)
    receive(shared, number, person, "STOP")
    append_feed(shared, NOW)
    sync(shared, question(number, person, "STOP", NOW - timedelta(seconds=3)))
    assert append_feed(shared, NOW) == 0
    events = noted(shared, start)
    assert kinds(events) == ["conversation.created", "message.received", "contact.opted_out"]
    assert len({event.conversation_id for event in events}) == 1
    assert [event.contact for event in events] == [person] * 3
    assert dict(events[1].detail) == {"keyword": "opt-out", "media": 0}


def test_an_opt_out_that_is_taken_back_is_told_and_is_no_opt_in(shared: Lake, person: str) -> None:
    start, number = after(shared), next(_numbers)
    receive(shared, number, person, "please leave me alone")
    opt_out = ConsentEvent("AC" + "0" * 32, person, "+12025550110", "opt-out", "phone call", NOW)
    shared.write(lambda cursor: save_consent_events(cursor, [opt_out], NOW))
    append_feed(shared, NOW)
    remove_entry(shared, opt_out.event_id, "A mistake.", actor="user:root", now=NOW + MINUTE)
    append_feed(shared, NOW + MINUTE)
    append_feed(shared, NOW + MINUTE)
    [told, lifted] = [event for event in noted(shared, start) if event.kind.startswith("contact.")]
    assert (told.kind, lifted.kind) == ("contact.opted_out", "contact.opt_out_lifted")
    assert (lifted.contact, lifted.happened_at) == (person, NOW + MINUTE)
    assert dict(lifted.detail) == {
        "source": "do-not-contact list", "scope": "+12025550110", "actor": "user:root",
    }  # fmt: skip


def test_a_status_that_comes_before_its_message_waits_for_it(shared: Lake, person: str) -> None:
    start, number = after(shared), next(_numbers)
    hear(shared, number, "delivered", at=NOW - MINUTE)
    assert append_feed(shared, NOW) == 0
    sync(shared, outbound(number, person, "sent", NOW - 2 * MINUTE))
    append_feed(shared, NOW)
    statuses = [event for event in noted(shared, start) if event.kind == "message.status"]
    assert [event.detail["status"] for event in statuses][-1] == "delivered"


def test_a_status_that_comes_late_moves_nothing(shared: Lake, person: str) -> None:
    start, number = after(shared), next(_numbers)
    sync(shared, outbound(number, person, "queued"))
    hear(shared, number, "undelivered", 30003)
    append_feed(shared, NOW)
    hear(shared, number, "sent")
    assert append_feed(shared, NOW) == 0
    statuses = [event for event in noted(shared, start) if event.kind == "message.status"]
    assert dict(statuses[-1].detail) == {"status": "undelivered", "previous": None, "error_code": 30003}


def test_what_people_decide_and_what_undoes_it(shared: Lake, person: str) -> None:
    start, (first, second) = after(shared), (next(_numbers), next(_numbers))
    receive(shared, first, person, "Hello?", NOW - 10 * MINUTE)
    decide(shared, person, "assignee", "ann", NOW - 9 * MINUTE)
    decide(shared, person, "label", "urgent", NOW - 8 * MINUTE)
    decide(shared, person, "note", "a private one", NOW - 7 * MINUTE)
    resolved = decide(shared, person, "state", "resolved", NOW - 6 * MINUTE)
    receive(shared, second, person, "And?", NOW - 5 * MINUTE)
    append_feed(shared, NOW)
    events = noted(shared, start)
    assert kinds(events) == [
        "conversation.created", "message.received", "conversation.assigned", "conversation.labelled",
        "conversation.state", "message.received", "conversation.reopened",
    ]  # fmt: skip
    assert (events[-1].event_id, events[-1].message_sid) == (f"{resolved}:reopened", sid(second))
    assert dict(events[-1].detail) == {"was": "resolved", "because": "message"}
    assert {event.contact for event in events} == {person}


def test_the_end_of_a_snooze_is_an_event_though_nobody_wrote(shared: Lake, person: str) -> None:
    receive(shared, next(_numbers), person, "Hello?", NOW - 10 * MINUTE)
    decide(shared, person, "state", "snoozed", NOW - 9 * MINUTE, until=NOW + MINUTE)
    start = after(shared)
    later = NOW + 2 * MINUTE
    assert append_feed(shared, later, {"raw_messages"}) == 0
    assert append_feed(shared, later, {"conversation_events"}) == 1
    (event,) = noted(shared, start)
    assert dict(event.detail) == {"was": "snoozed", "because": "snooze over"}
    assert append_feed(shared, later) == 0


def test_an_alert_opens_and_recovers_once(shared: Lake) -> None:
    start = after(shared)
    columns = "event_id, rule, subject, group_values, severity, metric, page, title, evidence, cause, link"
    shared.write(
        lambda cursor: cursor.execute(
            f"insert into alert_events ({columns}, began_at, opened_at, seen_at) "
            "select 'a1', 'failure-rate', '', '{}', 'critical', 'm', 'p', 't', 'e', 'c', 'l', $now, $now, "
            "$now",
            {"now": NOW - MINUTE},
        )
    )
    assert (append_feed(shared, NOW), append_feed(shared, NOW)) == (1, 0)
    shared.write(lambda cursor: cursor.execute("update alert_events set recovered_at = ?", [NOW]))
    assert (append_feed(shared, NOW), append_feed(shared, NOW)) == (1, 0)
    opened, recovered = noted(shared, start)
    assert (opened.kind, recovered.kind) == ("alert.opened", "alert.recovered")
    assert opened.detail == {"alert": "a1", "rule": "failure-rate", "severity": "critical", "metric": "m"}


STATUSES = ("queued", "sent", "delivered")
"""In the order in which a message goes through them."""


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[str, ...]]:
    """What brings two inbound messages and an outbound one, in any order and again, with looks in between."""
    ways: list[tuple[str, ...]] = []
    for message in ("first", "second"):
        ways += [("receive", message)] * draw(st.integers(0, 2))
        ways += [("sync inbound", message)] * draw(st.integers(0 if ("receive", message) in ways else 1, 2))
    ways += [("hear", "third", each) for each in draw(st.lists(st.sampled_from(STATUSES), max_size=3))]
    brought = draw(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=2))
    ways += [("sync outbound", "third", status) for status in brought]
    ways += [("look",)] * draw(st.integers(0, 3))
    return draw(st.permutations(ways))


@given(deliveries())
@hypothesis_settings(max_examples=6)
def test_each_fact_is_one_event_whatever_brings_it_in_which_order(
    shared: Lake, steps: list[tuple[str, ...]]
) -> None:
    start = after(shared)
    person = f"+1415557{next(_numbers):04d}"
    number = {name: next(_numbers) for name in ("first", "second", "third")}
    told: list[str] = []
    for step, *about in steps:
        if step == "look":
            append_feed(shared, NOW)
        elif step == "receive":
            receive(shared, number[about[0]], person, "STOP")
        elif step == "sync inbound":
            sync(shared, question(number[about[0]], person, "STOP", NOW - timedelta(seconds=2)))
        else:
            told.append(about[1])
            if step == "hear":
                hear(shared, number[about[0]], about[1])
            else:
                sync(shared, outbound(number[about[0]], person, about[1]))
    append_feed(shared, NOW)
    assert append_feed(shared, NOW) == 0
    events = noted(shared, start)
    assert [event.position for event in events] == list(range(start + 1, start + 1 + len(events)))
    assert len({event.event_id for event in events}) == len(events)
    of_kind = {kind: kinds(events).count(kind) for kind in set(kinds(events)) - {"message.status"}}
    assert of_kind == {"message.received": 2, "contact.opted_out": 2, "conversation.created": 1}
    seen = [STATUSES.index(event.detail["status"]) for event in events if event.kind == "message.status"]
    assert seen == sorted(set(seen))
    assert seen[-1] == max(map(STATUSES.index, told))


def test_a_cursor_moves_with_the_effect_or_not_at_all(shared: Lake, person: str) -> None:
    after(shared)
    begun = begin_cursor(shared, "counter", NOW)
    assert begun == read_feed_position(shared).last
    sync(shared, question(next(_numbers), person))
    append_feed(shared, NOW)
    last = read_feed(shared, begun, 10)[-1].position

    def fail(cursor: Any) -> None:
        advance_cursor(cursor, "counter", last, NOW)
        raise RuntimeError("the effect fails")

    with pytest.raises(RuntimeError):
        shared.write(fail)
    assert read_cursor(shared, "counter") == begun
    assert shared.write(lambda cursor: advance_cursor(cursor, "counter", last, NOW))
    assert not shared.write(lambda cursor: advance_cursor(cursor, "counter", last, NOW))
    assert read_cursor(shared, "counter") == last


def test_a_consumer_that_is_behind_what_was_deleted_is_told(lake: Lake) -> None:
    begin_feed(lake)
    begin_cursor(lake, "slow", NOW)
    sync(lake, question(1, PERSON))
    append_feed(lake, NOW)
    forget_old_feed(lake, NOW + timedelta(days=60))
    assert kinds(noted(lake)) == ["conversation.created", "message.received"]
    later = NOW + timedelta(days=20)
    sync(lake, question(2, PERSON, at=later))
    append_feed(lake, later)
    forget_old_feed(lake, NOW + timedelta(days=29))
    assert len(noted(lake)) == 3
    forget_old_feed(lake, NOW + timedelta(days=31))
    with pytest.raises(FeedForgotten, match="The events 1 to 2 are older than 30 days and were deleted"):
        noted(lake)
    assert skip_forgotten(lake, "slow", NOW) == 2
    assert read_cursor(lake, "slow") == 2
    assert [event.position for event in noted(lake, 2)] == [3]


def test_the_tables_that_changed_are_told_by_the_catalog(lake: Lake) -> None:
    before = lake.snapshot_id()
    assert read_changed_tables(lake, before).names == frozenset()
    sync(lake, question(1, PERSON))
    changed = read_changed_tables(lake, before)
    assert changed.names is not None
    assert "raw_messages" in changed.names
    assert "alert_events" not in changed.names
    begin_feed(lake)
    assert read_changed_tables(lake, changed.snapshot).names == frozenset({"feed_state"})
    assert read_changed_tables(lake, -1).names is None


APPENDER = """
import sys
from datetime import UTC, datetime
from workbench.lake import open_lake
from workbench.lake.feed import append_feed
from workbench.settings import load_settings
with open_lake(load_settings()) as lake:
    print("ready", flush=True)
    while True:
        append_feed(lake, datetime(2026, 9, 10, 12, tzinfo=UTC))
"""


def test_appenders_that_are_killed_lose_nothing_and_note_nothing_twice(lake: Lake, home: Path) -> None:
    begin_feed(lake)
    environ = {**os.environ, "WORKBENCH_HOME": str(home)}

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", APPENDER], env=environ, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        with process.stdout as said:
            assert said.readline() == "ready\n"
        return process

    running = [start(), start()]
    try:
        for number in range(1, 25):
            sync(lake, question(number, f"+1415558{number:04d}"))
            if number % 6 == 0:
                time.sleep(0.01 * number)
                killed = running.pop(0)
                killed.send_signal(signal.SIGKILL)
                assert killed.wait(10) == -signal.SIGKILL
                running.append(start())
    finally:
        for process in running:
            process.kill()
            process.wait()
    append_feed(lake, NOW)
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as reader:
        events = noted(reader)
    assert [event.position for event in events] == list(range(1, 49))
    assert sorted(event.message_sid for event in events if event.message_sid) == [
        sid(number) for number in range(1, 25)
    ]

"""Decisions on opt-out requests and entries of the do-not-contact list, and taking both back.

One lake for the file: each test has people of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.messages import ACCOUNT, SENDER, payload
from workbench import Workbench
from workbench.compliance.checks import prepare_audits
from workbench.compliance.do_not_contact import read_blocked, remove_entry, remove_person
from workbench.compliance.revocations import decide, read_queue, undo
from workbench.errors import UsageError
from workbench.lake import Lake, open_lake
from workbench.lake.consent import ConsentEvent, Side, find_suppressions, save_consent_events
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.roles import Actor, acting_as
from workbench.settings import load_settings

SEPTEMBER = datetime(2026, 9, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 9, 3, 12, tzinfo=UTC)
numbers = count(1)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with open_lake(load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("ledger"))})) as lake:
        yield lake


def person() -> str:
    return f"+141555{next(numbers):05}"


def writes(lake: Lake, contact: str, body: str) -> str:
    """SID of a message that a person wrote."""
    message = payload(
        next(numbers), **{"from": contact, "to": SENDER}, body=body, direction="inbound", status="received"
    )
    table = message_table([message_row(message)])
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))
    prepare_audits(lake, NOW)
    return str(message["sid"])


def says(lake: Lake, contact: str, kind: str, source: str, scope: str = "*", days: int = 0) -> None:
    at = SEPTEMBER + timedelta(days=days)
    event = ConsentEvent(ACCOUNT, contact, scope, kind, source, at)
    lake.write(lambda cursor: save_consent_events(cursor, [event], at))


def blocks(lake: Lake, contact: str) -> list[str]:
    """The scopes that keep somebody from being written to by our sender."""
    with lake.cursor() as cursor:
        found_for = find_suppressions(cursor, [contact], Side(ACCOUNT, SENDER))
    return sorted(scope for scope, _, _ in found_for.get(contact, []))


def state(lake: Lake, sid: str) -> tuple[str, bool]:
    [row] = lake.rows("select state, is_late from revocations where message_sid = ?", [sid])
    return row[0], row[1]


def opted_in(lake: Lake, contact: str) -> list[tuple[str, str]]:
    return lake.rows("select scope, state from consent_state where address = ? order by scope", [contact])


def test_a_decision_that_is_undone_waits_again_and_leaves_no_consent(ledger: Lake) -> None:
    contact = person()
    sid = writes(ledger, contact, "please stop texting me")
    waiting = state(ledger, sid)
    decide(ledger, sid, "opt-out", actor="user:ana", now=NOW)
    assert (state(ledger, sid)[0], blocks(ledger, contact)) == ("opt-out", [SENDER])
    undone = undo(ledger, sid, actor="user:ben", now=NOW + timedelta(minutes=1))
    assert (undone.decision, undone.actor) == ("waiting", "user:ben")
    assert state(ledger, sid) == waiting == ("waiting", True)
    assert sid in set(read_queue(ledger)["message_sid"])
    assert blocks(ledger, contact) == []
    assert opted_in(ledger, contact) == [], "nobody agreed to anything"
    with pytest.raises(UsageError, match="Nobody has decided on"):
        undo(ledger, sid, actor="user:ben", now=NOW + timedelta(minutes=2))


def test_undoing_a_second_decision_brings_back_the_first(ledger: Lake) -> None:
    contact = person()
    sid = writes(ledger, contact, "please stop texting me")
    decide(ledger, sid, "opt-out", actor="a", now=NOW)
    decide(ledger, sid, "not-opt-out", actor="a", now=NOW + timedelta(minutes=1))
    assert (state(ledger, sid)[0], blocks(ledger, contact)) == ("not-opt-out", [])
    assert undo(ledger, sid, actor="a", now=NOW + timedelta(minutes=2)).decision == "opt-out"
    assert (state(ledger, sid)[0], blocks(ledger, contact)) == ("opt-out", [SENDER])
    with pytest.raises(UsageError, match="is an undo, which is not undone: decide anew"):
        undo(ledger, sid, actor="a", now=NOW + timedelta(minutes=3))
    assert (state(ledger, sid)[0], blocks(ledger, contact)) == ("opt-out", [SENDER])
    decide(ledger, sid, "not-opt-out", actor="a", now=NOW + timedelta(minutes=4))
    assert blocks(ledger, contact) == []


def test_a_stale_page_neither_undoes_nor_replaces_what_somebody_decided_since(ledger: Lake) -> None:
    contact = person()
    sid = writes(ledger, contact, "please stop texting me")
    seen = decide(ledger, sid, "not-opt-out", actor="user:ana", seen="", now=NOW).decision_id
    decide(ledger, sid, "opt-out", actor="user:ben", now=NOW + timedelta(minutes=1))
    later = NOW + timedelta(minutes=2)
    with pytest.raises(UsageError, match=r"Somebody decided on SM\w+ since; it is opt-out now"):
        undo(ledger, sid, actor="user:ana", decision_id=seen, now=later)
    for stale in ("", seen):
        with pytest.raises(UsageError, match="Somebody decided on"):
            decide(ledger, sid, "not-opt-out", actor="user:ana", seen=stale, now=later)
    assert (state(ledger, sid)[0], blocks(ledger, contact)) == ("opt-out", [SENDER])


def test_a_second_click_on_undo_does_not_bring_back_what_the_first_undid(ledger: Lake) -> None:
    contact = person()
    sid = writes(ledger, contact, "please stop texting me")
    decide(ledger, sid, "opt-out", actor="a", now=NOW)
    wrong = decide(ledger, sid, "not-opt-out", actor="a", now=NOW + timedelta(minutes=1)).decision_id
    undo(ledger, sid, actor="a", decision_id=wrong, now=NOW + timedelta(minutes=2))
    with pytest.raises(UsageError, match="Somebody decided on"):
        undo(ledger, sid, actor="a", decision_id=wrong, now=NOW + timedelta(minutes=3))
    assert blocks(ledger, contact) == [SENDER]
    frame = read_queue(ledger, "opt-out").set_index("message_sid")
    assert (frame.loc[sid, "decision_id"], frame.loc[sid, "is_undo"]) == (f"{wrong}:undo", True)


def test_an_undo_back_to_an_opt_out_restores_all_that_it_reached(ledger: Lake) -> None:
    contact = person()
    sid = writes(ledger, contact, "please stop texting me")
    decide(ledger, sid, "opt-out", actor="a", now=NOW)
    decide(ledger, sid, "opt-out", actor="a", scope="*", now=NOW + timedelta(minutes=1))
    before = said_to(ledger, contact)
    assert before == [("*", None), (SENDER, SENDER)]
    decide(ledger, sid, "not-opt-out", actor="a", now=NOW + timedelta(minutes=2))
    assert blocks(ledger, contact) == []
    undone = undo(ledger, sid, actor="a", now=NOW + timedelta(minutes=3))
    assert (undone.decision, undone.scope) == ("opt-out", f"*, {SENDER}")
    assert (blocks(ledger, contact), said_to(ledger, contact)) == (["*", SENDER], before)


def test_an_undo_restores_no_opt_out_that_an_earlier_decision_lifted(ledger: Lake) -> None:
    contact = person()
    sid = writes(ledger, contact, "please stop texting me")
    steps = [("opt-out", "*"), ("not-opt-out", None), ("opt-out", None), ("not-opt-out", None)]
    for minute, (decision, scope) in enumerate(steps):
        decide(ledger, sid, decision, actor="a", scope=scope, now=NOW + timedelta(minutes=minute))
    assert undo(ledger, sid, actor="a", now=NOW + timedelta(minutes=9)).scope == SENDER
    assert (blocks(ledger, contact), said_to(ledger, contact)) == ([SENDER], [(SENDER, SENDER)])


def test_undoing_a_wider_opt_out_leaves_the_narrower_one_of_before(ledger: Lake) -> None:
    contact = person()
    sid = writes(ledger, contact, "please stop texting me")
    decide(ledger, sid, "opt-out", actor="a", now=NOW)
    decide(ledger, sid, "opt-out", actor="a", scope="*", now=NOW + timedelta(minutes=1))
    assert undo(ledger, sid, actor="a", now=NOW + timedelta(minutes=2)).scope == SENDER
    assert (state(ledger, sid)[0], blocks(ledger, contact)) == ("opt-out", [SENDER])


def said_to(lake: Lake, contact: str) -> list[tuple[str, str | None]]:
    """Scope and sender of the opt-outs in force."""
    return lake.rows(
        "select scope, said_to from consent_events where address = ? and kind = 'opt-out' "
        "and event_id in (select event_id from opt_out_spans where until is null) order by scope",
        [contact],
    )


STEPS = st.lists(st.sampled_from(["opt-out", "not-opt-out", "undo"]), max_size=5)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, stop_before=st.booleans())
def test_any_order_of_decisions_blocks_while_the_last_says_opt_out(
    ledger: Lake, steps: list[str], stop_before: bool
) -> None:
    """And a keyword that the person wrote holds through all of it."""
    contact = person()
    sid = writes(ledger, contact, "please stop texting me")
    if stop_before:
        says(ledger, contact, "opt-out", "keyword", SENDER)
    holding, is_undo = ["waiting"], False
    for minute, step in enumerate(steps):
        at = NOW + timedelta(minutes=minute)
        if step != "undo":
            decide(ledger, sid, step, actor="a", now=at)
            holding.append(step)
            is_undo = False
        elif is_undo and holding[-1] != "waiting":
            with pytest.raises(UsageError, match="is an undo"):
                undo(ledger, sid, actor="a", now=at)
        elif holding[-1] != "waiting":
            # Undone decisions stay in the record: what an undo put back is the last decision then.
            holding.append(holding[-2])
            undo(ledger, sid, actor="a", now=at)
            is_undo = True
    assert state(ledger, sid)[0] == holding[-1]
    assert blocks(ledger, contact) == ([SENDER] if stop_before or holding[-1] == "opt-out" else [])


def test_an_entry_that_people_made_goes_and_leaves_what_the_person_said(ledger: Lake) -> None:
    contact = person()
    says(ledger, contact, "opt-out", "file crm.csv")
    says(ledger, contact, "opt-out", "file other.csv", days=1)
    says(ledger, contact, "opt-out", "keyword", SENDER)
    [entry] = [row for row in read_blocked(ledger)[0] if row.address == contact and row.scope == "*"]
    assert (entry.source, entry.is_removable) == ("file other.csv", True)
    removed = remove_entry(ledger, entry.event_id, "wrong person", actor="user:ana", now=NOW)
    assert removed.still_blocked == (SENDER,), "their own STOP is not lifted with it"
    assert blocks(ledger, contact) == [SENDER]
    assert opted_in(ledger, contact) == [(SENDER, "opt-out")]
    with pytest.raises(UsageError, match="not on the do-not-contact list any more"):
        remove_entry(ledger, entry.event_id, "wrong person", actor="user:ana", now=NOW)
    detail = ledger.value(
        "select detail from audit_events where action = 'block-remove' order by seq desc limit 1"
    )
    assert detail == '{"because": "wrong person", "opt_outs": 2, "scope": "*"}'


@pytest.mark.parametrize(
    ("source", "fix"),
    [("keyword", "writing START"), ("twilio-21610", "writing START"), ("revocation", "Undo the decision")],
)
def test_what_a_person_said_is_not_removed(ledger: Lake, source: str, fix: str) -> None:
    contact = person()
    says(ledger, contact, "opt-out", "file crm.csv", SENDER)
    says(ledger, contact, "opt-out", source, SENDER, days=1)
    with pytest.raises(UsageError, match=fix):
        remove_person(ledger, [contact], SENDER, "they asked", actor="a", now=NOW)
    assert blocks(ledger, contact) == [SENDER]


@pytest.mark.parametrize(
    ("scope", "because", "problem"), [("*", "ok then", "in none"), ("*", " x ", "No reason")]
)
def test_what_cannot_be_removed_says_why(ledger: Lake, scope: str, because: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        remove_person(ledger, [person()], scope, because, actor="a", now=NOW)


def test_an_opt_out_after_a_removal_holds(ledger: Lake) -> None:
    contact = person()
    says(ledger, contact, "opt-out", "file crm.csv")
    remove_person(ledger, [contact], "*", "imported by mistake", actor="a", now=SEPTEMBER + timedelta(days=1))
    says(ledger, contact, "opt-out", "phone call", days=2)
    assert blocks(ledger, contact) == ["*"]


def test_the_list_is_searched_and_counted(ledger: Lake) -> None:
    contact = person()
    says(ledger, contact, "opt-out", "phone call with Rosa")
    rows, total = read_blocked(ledger, search="with rosa", limit=1)
    assert ([row.address for row in rows], total) == ([contact], 1)
    _, everybody = read_blocked(ledger, limit=1)
    assert everybody > 1
    assert read_blocked(ledger, search=contact)[1] == 0, "a whole number is found only by its look-up"
    assert read_blocked(ledger, search=contact, number=contact)[1] == 1


def test_an_entry_of_a_masked_number_is_not_removed_for_one_of_several_people(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "WORKBENCH_HOME": str(tmp_path), "WORKBENCH_PRIVACY": "masked", "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": "b" * 32,
        }
    )  # fmt: skip
    # Both are +1415***0150 there.
    one, other = "+14155550150", "+14155660150"
    with Workbench(settings) as wb, acting_as(Actor("rosa", "admin")):
        wb.consent.record(other, "opt-out", source="phone call")
        lake = wb._installation.lake
        [entry] = read_blocked(lake)[0]
        assert entry.address == "+1415***0150"
        for confirm in (False, True):
            with pytest.raises(UsageError, match="can be several people"):
                wb.consent.remove(one, because="wrong person", confirm=confirm)
        with pytest.raises(UsageError, match="can be several people"):
            remove_entry(lake, entry.event_id, "wrong person", actor="user:rosa")
        assert blocks(lake, "+1415***0150") == ["*"]

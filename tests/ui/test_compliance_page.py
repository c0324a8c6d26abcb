"""Compliance worked from the page: requests decided, the list managed, audits by place of the recipients."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from tests.messages import ACCOUNT, SENDER, payload
from tests.ui.known import save
from workbench.api.consent_door import open_consent
from workbench.compliance.checks import prepare_audits
from workbench.lake import open_lake
from workbench.lake.save_rows import save_rows
from workbench.roles import Actor, acting_as
from workbench.settings import load_settings
from workbench.ui import Page
from workbench.ui import store as stores
from workbench.ui.components import AuditListComponent, DoNotContactComponent, OptOutRequestsComponent
from workbench.ui.panels.audits import AuditList, local_time
from workbench.ui.panels.do_not_contact import DoNotContact
from workbench.ui.panels.opt_out_requests import OptOutRequests, time_left
from workbench.ui.session import PageSession
from workbench.ui.store import Store, current_store, use_settings

TEXAN, NEW_YORKER, GERMAN, ASKING = "+15125550101", "+12125550102", "+4915123456789", "+12065550103"
NIGHT = datetime(2026, 9, 2, 4, 30, tzinfo=UTC)
ANA, ROSA, VIEW = Actor("ana", "agent"), Actor("rosa", "admin"), Actor("vic", "viewer")
SID = f"SM{9:032x}"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    home = tmp_path_factory.mktemp("compliance_page")
    settings = load_settings(
        {"WORKBENCH_HOME": str(home), "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "b" * 32}
    )
    with open_lake(settings) as lake:
        at = {"date_created": NIGHT, "date_sent": NIGHT, "date_updated": NIGHT}
        people = [TEXAN, TEXAN, NEW_YORKER, GERMAN]
        sent = [payload(n, **at, to=to, body=f"Offer {n}") for n, to in enumerate(people, 1)]
        asking = {"from": ASKING, "to": SENDER, "direction": "inbound", "status": "received"}
        save(lake, [*sent, payload(9, **asking, body="please stop texting <b>me</b>")])
        named = {
            "account_sid": ACCOUNT, "sender": SENDER, "sender_type": "long code", "friendly_name": "Desk",
            "read_at": NIGHT,
        }  # fmt: skip
        lake.write(lambda cursor: save_rows(cursor, "senders", [named], key=("account_sid", "sender")))
        prepare_audits(lake, NIGHT + timedelta(days=40))
    yield use_settings(settings)
    stores.forget_lake()


def session_of(panel: Any) -> PageSession:
    page = Page("compliance", "Compliance: all.", [panel], defaults={"direction": "all"})
    session = page.open("?since=2026-09-01&until=2026-09-08&period=custom", current_store())
    session.refresh()
    return session


def audit(opened: Store) -> AuditListComponent:
    session = session_of(AuditList("Sent in quiet hours", "quiet-hours"))
    return cast(AuditListComponent, session.components[0])


def test_an_audit_shows_place_local_time_text_and_the_way_to_the_message(opened: Store) -> None:
    component = audit(opened)
    assert (component.total, len(component.rows)) == (4, 4)
    assert {(place["key"], place["name"], place["rows"]) for place in component.places} == {
        ("US", "US", 3), ("US-TX", "Texas", 2), ("US-NY", "New York", 1), ("DE", "DE", 1),
    }  # fmt: skip
    row = next(row for row in component.rows if row["text"] == "Offer 1")
    assert (row["contact"], row["place"]) == ("+1512***0101", "Texas")
    assert row["local"] == "Tue 1 Sep, 23:30"
    assert row["message"].startswith("messages?")
    assert f"message=SM{1:032x}" in row["message"]
    assert row["conversation"].startswith("inbox?conversation=C")


def test_a_chosen_state_narrows_the_rows_and_stays_when_the_page_is_drawn_again(opened: Store) -> None:
    component = audit(opened)
    component._handle_msg({"choose": {"place": "US-TX"}})
    assert (component.place, component.total) == ("US-TX", 2)
    assert {row["text"] for row in component.rows} == {"Offer 1", "Offer 2"}
    component.redraw()
    assert (component.place, len(component.rows)) == ("US-TX", 2)
    component._handle_msg({"choose": {"place": "US-TX", "limit": 1}})
    assert (component.total, len(component.rows)) == (2, 1)
    component._handle_msg({"choose": {"place": "US-ZZ"}})
    assert (component.place, component.total) == ("", 4), "a place without rows is none"


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        (NEW_YORKER, "Wed 2 Sep, 00:30"),
        # Part of Florida keeps the time of Chicago, but not the area code of Miami.
        ("+18505550100", "Tue 1 Sep, 23:30 to Wed 00:30"),
        ("whatsapp:" + NEW_YORKER, "Wed 2 Sep, 00:30"),
        ("55501", ""),
    ],
)
def test_the_local_time_is_that_of_the_area(contact: str, expected: str) -> None:
    assert local_time(contact, NIGHT) == expected


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(240, ("10 days left", "")), (47, ("1 day left", "soon")), (5, ("5 hours left", "soon")),
     (1, ("1 hour left", "soon")), (-30, ("1 day late", "late"))],
)  # fmt: skip
def test_the_time_left_to_honour_a_request(hours: int, expected: tuple[str, str]) -> None:
    now = datetime(2026, 9, 7, 12, tzinfo=UTC)
    assert time_left(now + timedelta(hours=hours, minutes=1), now) == expected


def trail(store: Store) -> tuple[str, str]:
    [(action, actor)] = store.lake.rows("select action, actor from audit_events order by seq desc limit 1")
    return action, actor


def test_a_request_is_decided_and_undone_by_those_who_may(opened: Store) -> None:
    with acting_as(VIEW):
        component = cast(OptOutRequestsComponent, session_of(OptOutRequests(open_consent)).components[0])
        assert (component.counts["waiting"], component.may_decide) == (1, False)
        [row] = component.rows
        assert (row["sid"], row["contact"], row["sender"]) == (SID, "+1206***0103", "Desk (+12025550110)")
        assert (row["text"], row["tone"]) == ("please stop texting <b>me</b>", "late")
        decide = {"sid": SID, "decision": "opt-out", "everything": True, "note": "read by phone", "seen": ""}
        component._handle_msg({"decide": decide})
        assert component.notice["is_error"]
        assert "takes the role 'agent'" in component.notice["text"]
    assert opened.lake.value("select count(*) from revocation_decisions") == 0
    with acting_as(ANA):
        component = cast(OptOutRequestsComponent, session_of(OptOutRequests(open_consent)).components[0])
        component._handle_msg({"decide": decide})
        assert (component.notice["is_error"], component.counts["waiting"]) == (False, 0)
        assert trail(opened) == ("revocation-decision", "user:ana")
        assert opened.lake.rows("select scope from suppressions where address = ?", [ASKING]) == [("*",)]
        component._handle_msg({"choose": {"view": "opt-out"}})
        [row] = component.rows
        assert row["decided"].startswith("An opt-out, decided by ana, ")
        assert row["decided"].endswith(": read by phone")
        assert row["may_undo"]
        undo = {"sid": SID, "decision_id": row["decision_id"]}
        with acting_as(ROSA):
            open_consent.decide(
                cast(Any, opened.settings), opened.lake, SID, "opt-out",
                everything=False, note="", seen=row["decision_id"],
            )  # fmt: skip
        component._handle_msg({"undo": undo})
        assert component.notice["is_error"]
        assert "Somebody decided on" in component.notice["text"], "not hers any more"
        component.redraw()
        [row] = component.rows
        component._handle_msg({"undo": {**undo, "decision_id": row["decision_id"]}})
        [row] = component.rows
        assert (component.notice["is_error"], row["may_undo"]) == (False, False), "an undo is not undone"
        component._handle_msg({"decide": {**decide, "decision": "not-opt-out", "seen": row["decision_id"]}})
        assert (component.notice["is_error"], component.rows) == (False, [])
        component._handle_msg({"choose": {"view": "not-opt-out"}})
        [row] = component.rows
        component._handle_msg({"undo": {**undo, "decision_id": row["decision_id"]}})
        assert opened.lake.rows("select scope from suppressions where address = ?", [ASKING]) == [("*",)]
        component._handle_msg({"choose": {"view": "opt-out"}})
        [row] = component.rows
        component._handle_msg({"decide": {**decide, "decision": "not-opt-out", "seen": row["decision_id"]}})
        assert (component.counts["waiting"], component.rows) == (0, [])
        assert opened.lake.rows("select 1 from suppressions where address = ?", [ASKING]) == []


def blocked_list() -> DoNotContactComponent:
    return cast(DoNotContactComponent, session_of(DoNotContact(open_consent)).components[0])


def test_the_list_is_kept_from_the_page(opened: Store) -> None:
    record = {
        "address": "(415) 555-0199", "kind": "opt-out", "scope": "*", "source": "Phone call", "date": "",
        "evidence": "call of 2 September, recording 17", "wording_version": "",
    }  # fmt: skip
    with acting_as(ANA):
        component = blocked_list()
        component._handle_msg({"record": record})
        assert component.notice["is_error"], "a number without a country needs one"
        component._handle_msg({"record": {**record, "address": "+1 415 555 0199"}})
        assert component.notice == {
            "text": "+1415***0199: opt-out of everything is on record.",
            "is_error": False,
        }
        [row] = component.rows
        assert (row["contact"], row["scope"], row["source"]) == ("+1415***0199", "Everything", "Phone call")
        assert (row["by"], row["evidence"]) == ("ana", "call of 2 September, recording 17")
        component._handle_msg({"remove": {"id": row["id"], "because": "wrong number"}})
        assert "takes the role 'admin'" in component.notice["text"]
    with acting_as(ROSA):
        component = blocked_list()
        component._handle_msg({"remove": {"id": row["id"], "because": "wrong number"}})
        assert component.notice == {"text": "+1415***0199 is off the list.", "is_error": False}
        assert (component.rows, component.message) == ([], "Nobody is on the list.")
        assert trail(opened) == ("block-remove", "user:rosa")


def test_an_opt_in_needs_its_date_and_says_how_it_was_given(opened: Store) -> None:
    record = {
        "address": GERMAN, "kind": "opt-in", "scope": "*", "source": "Paper form", "date": "",
        "evidence": "form 12", "wording_version": "terms 2026-01",
    }  # fmt: skip
    with acting_as(ANA):
        component = blocked_list()
        component._handle_msg({"record": record})
        assert "date is missing" in component.notice["text"]
        component._handle_msg({"record": {**record, "date": "2026-08-01T09:30"}})
        assert not component.notice["is_error"]
    assert opened.lake.rows(
        "select kind, source, evidence, wording_version, happened_at, actor from consent_events "
        "where address = ?",
        [GERMAN],
    ) == [
        (
            "opt-in",
            "Paper form",
            "form 12",
            "terms 2026-01",
            datetime(2026, 8, 1, 9, 30, tzinfo=UTC),
            "user:ana",
        )
    ]


def test_a_whole_number_is_searched_by_a_look_up_in_the_trail(opened: Store) -> None:
    with acting_as(VIEW):
        component = blocked_list()
        component._handle_msg({"choose": {"search": TEXAN}})
        assert trail(opened) == ("number-lookup", "user:vic")
        assert component.message == "Nobody on the list has that."
        looked_up = opened.lake.value("select count(*) from audit_events where action = 'number-lookup'")
        component.redraw()
        component._handle_msg({"choose": {"search": TEXAN, "limit": 50}})
        assert (
            opened.lake.value("select count(*) from audit_events where action = 'number-lookup'") == looked_up
        )

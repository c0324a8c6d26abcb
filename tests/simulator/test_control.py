"""The hands of a test inside the account."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.simulator.conftest import NOW, Api
from workbench.simulator import Clock, summary


def test_overview_names_accounts_and_senders(quiet: Api) -> None:
    seen = quiet.http.get("/_simulator").json()
    assert seen["account_sid"] == quiet.account.account_sid
    assert seen["now"] == datetime.fromisoformat(NOW).timestamp()
    assert seen["accounts"][0]["senders"][0]["address"] == "+12065550101"
    assert list(seen["accounts"][1]["services"].values()) == ["Store updates", "Store offers"]


def test_truth_is_every_row_of_every_account(quiet: Api) -> None:
    lines = [json.loads(line) for line in quiet.http.get("/_simulator/truth").text.splitlines()]
    mine = {row["sid"]: row for row in lines if row["account_sid"] == quiet.account.account_sid}
    listed = list(quiet.walk(PageSize=1000))
    assert len(listed) == len(mine)
    for row in listed:
        truth = mine[row["sid"]]
        assert {name: truth[name] for name in row} == row
        assert set(truth["truth"]) == {"purpose", "settled", "flags"}
    counted = quiet.http.get("/_simulator/summary").json()
    assert counted == summary(quiet.account)
    assert counted["messages"] == len(lines)
    only = quiet.http.get(f"/_simulator/truth?account_sid={quiet.account.account_sid}").text.splitlines()
    assert len(only) == len(mine)


def test_breaches_are_counted_in_the_summary(quiet: Api) -> None:
    sids_by_kind = quiet.http.get("/_simulator/breaches").json()
    counted = quiet.http.get("/_simulator/summary").json()["breaches"]
    assert {name: len(sids) for name, sids in sids_by_kind.items()} == counted
    assert counted["sent_by_unregistered_sender"] > 0


def test_the_clock_is_set_advanced_frozen_and_hurried(simulator: Api) -> None:
    assert simulator.control("clock", set="2026-09-01T18:00:00Z")["now"] == 1_788_285_600
    assert simulator.control("clock", advance=90)["now"] == 1_788_285_690
    hurried = simulator.control("clock", rate=3600)
    assert hurried["rate"] == 3600
    assert simulator.control("clock", rate=0)["now"] > hurried["now"]


def test_a_message_from_the_past_can_turn_up(simulator: Api) -> None:
    injected = simulator.control(
        "messages",
        contact="+14155550177",
        sender="+14155550104",
        body="late",
        created="2026-08-20T10:00:00Z",
        status="undelivered",
        error_code=30005,
    )
    assert injected["date_created"] == "Thu, 20 Aug 2026 10:00:00 +0000"
    assert simulator.message(injected["sid"]) == injected
    (message,) = simulator.walk(To="+14155550177", DateSent="2026-08-20")
    assert (message["status"], message["error_code"]) == ("undelivered", 30005)


def test_somebody_else_redacts_and_deletes(simulator: Api) -> None:
    first, second = [row["sid"] for row in simulator.walk()][5:7]
    assert simulator.control("redact", sid=first)["body"] == ""
    assert simulator.control("delete", sid=second) == {"deleted": second}
    assert simulator.message(first)["body"] == ""
    assert simulator.http.get(f"{simulator.base}/Messages/{second}.json").status_code == 404


@pytest.mark.parametrize(
    ("what", "body", "message"),
    [
        ("inbound", {"from": "+14155550177", "to": "+19995550000"}, "is not a sender of"),
        ("inbound", {}, "KeyError"),
        ("outcomes", {"to": "+14155550177", "status": "eaten"}, "it is one of delivered, sent"),
        ("faults", {"kind": "fire"}, "No fault named 'fire'"),
        ("options", {"speed": 3}, "No option named 'speed'; known: concurrency_limit"),
        ("redact", {"sid": "SM1"}, "No message SM1"),
    ],
)
def test_wrong_requests_say_what_is_wrong(
    simulator: Api, what: str, body: dict[str, object], message: str
) -> None:
    answer = simulator.http.post(f"/_simulator/{what}", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_unknown_actions_list_the_known_ones(quiet: Api) -> None:
    answer = quiet.http.get("/_simulator/magic")
    assert answer.status_code == 404
    assert "POST /_simulator/inbound" in answer.json()["error"]


def test_a_clock_without_the_outside_stands_on_its_own() -> None:
    seconds = iter([100.0, 110.0, 120.0, 120.0, 130.0, 140.0])
    clock = Clock("2026-01-01T00:00:00", rate=2.0, outside=lambda: next(seconds))
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert clock.now() == start + 20
    clock.freeze()
    assert clock.now() == start + 40
    assert clock.now() == start + 40

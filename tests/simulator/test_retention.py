"""What a message does not keep: `ContentRetention=discard`, `AddressRetention=obfuscate`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.conftest import Api, build
from tests.simulator.receiver import Receiver, receiving
from workbench.simulator import serve

CUSTOMER, SHOWN = "+14155550177", "+1415555XXXX"
DESK = "+14155550104"


def send(api: Api, **form: str) -> Any:
    api.control("outcomes", to=CUSTOMER, status="delivered", seconds=5, queue_seconds=3)
    created = api.create(To=CUSTOMER, From=DESK, Body="Your code is 1234", **form)
    assert created.status_code == 201, created.text
    return created.json()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_both_are_gone_once_the_message_is_sent(simulator: Api) -> None:
    created = send(simulator, ContentRetention="discard", AddressRetention="obfuscate")
    assert (created["to"], created["body"]) == (CUSTOMER, "Your code is 1234")
    simulator.control("clock", advance=60)
    row = simulator.message(created["sid"])
    assert (row["to"], row["body"], row["status"], row["from"]) == (SHOWN, "", "delivered", DESK)
    listed = {row["sid"]: row for row in simulator.walk(PageSize=1000)}
    assert listed[created["sid"]] == row
    assert [row["sid"] for row in simulator.walk(To=CUSTOMER)] == []
    assert [row["sid"] for row in simulator.walk(To=SHOWN)] == [created["sid"]]


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ({"ContentRetention": "discard"}, (CUSTOMER, "")),
        ({"AddressRetention": "obfuscate"}, (SHOWN, "Your code is 1234")),
        ({"ContentRetention": "retain", "AddressRetention": "retain"}, (CUSTOMER, "Your code is 1234")),
        ({}, (CUSTOMER, "Your code is 1234")),
    ],
)
def test_each_of_them_alone(simulator: Api, form: dict[str, str], shown: tuple[str, str]) -> None:
    sid = send(simulator, **form)["sid"]
    simulator.control("clock", advance=60)
    row = simulator.message(sid)
    assert (row["to"], row["body"]) == shown


def test_a_message_that_failed_keeps_nothing_either(simulator: Api) -> None:
    simulator.control("outcomes", to=CUSTOMER, status="failed", error_code=30007)
    form = {"ContentRetention": "discard", "AddressRetention": "obfuscate"}
    sid = simulator.create(To=CUSTOMER, From=DESK, Body="secret", **form).json()["sid"]
    simulator.control("clock", advance=60)
    row = simulator.message(sid)
    assert (row["status"], row["to"], row["body"], row["date_sent"]) == ("failed", SHOWN, "", None)


def test_discarded_content_has_no_media(simulator: Api) -> None:
    sid = send(simulator, ContentRetention="discard", MediaUrl="https://example.com/a.png")["sid"]
    path = f"{simulator.base}/Messages/{sid}/Media"
    media = simulator.get(f"{path}.json")["media_list"]
    assert len(media) == 1
    assert simulator.download(f"{path}/{media[0]['sid']}").status_code == 200
    simulator.control("clock", advance=60)
    assert simulator.get(f"{path}.json")["media_list"] == []
    assert simulator.download(f"{path}/{media[0]['sid']}").status_code == 404
    assert simulator.message(sid)["num_media"] == "1"


def test_callbacks_show_what_the_row_shows(simulator: Api, receiver: Receiver) -> None:
    receiver.auth_token = simulator.account.auth_token
    simulator.control("callbacks", status_url=receiver.url)
    send(simulator, AddressRetention="obfuscate")
    simulator.control("clock", advance=60)
    receiver.wait_for(3)
    told = [(form["MessageStatus"], form["To"]) for form in receiver.forms]
    assert told == [("sending", CUSTOMER), ("sent", SHOWN), ("delivered", SHOWN)]
    assert receiver.signed == [True, True, True]


def test_an_opt_out_still_counts(simulator: Api) -> None:
    sid = send(simulator, AddressRetention="obfuscate")["sid"]
    simulator.control("clock", advance=60)
    simulator.control("inbound", **{"from": CUSTOMER, "to": DESK, "body": "STOP"})
    refused = simulator.create(To=CUSTOMER, From=DESK, Body="hi", AddressRetention="obfuscate")
    assert refused.json()["code"] == 21610
    assert simulator.message(sid)["to"] == SHOWN


def test_it_holds_after_a_restart(tmp_path: Any) -> None:
    state = tmp_path / "state.jsonl"
    for turn in range(2):
        with serve(build(messages=300, state=state)) as server:
            api = Api(server)
            if turn == 0:
                sid = send(api, ContentRetention="discard", AddressRetention="obfuscate")["sid"]
            api.control("clock", advance=60)
            row = api.message(sid)
            assert (row["to"], row["body"]) == (SHOWN, "")
            api.http.close()
            server.account.close()

"""Webhooks come, signed, in the order that was asked for, and their answers count."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.conftest import Api, build
from tests.simulator.receiver import Receiver, receiving
from workbench.simulator import Urls, serve
from workbench.simulator.webhooks.forms import RetryRule, retry_rule, twiml_messages
from workbench.simulator.webhooks.signature import sign

CUSTOMER, DESK = "+14155550177", "+14155550104"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def simulator(receiver: Receiver) -> Iterator[Api]:
    """An account whose every message is told to the receiver."""
    urls = Urls(status=receiver.url, inbound=receiver.url)
    with serve(build(messages=300), callbacks=urls) as server:
        receiver.auth_token = server.account.auth_token
        api = Api(server)
        yield api
        api.http.close()


def send(api: Api, status: str = "delivered", **form: Any) -> str:
    api.control(
        "outcomes", to=CUSTOMER, status=status, error_code=30003 * (status == "undelivered"), seconds=5
    )
    return str(api.create(To=CUSTOMER, From=DESK, Body="Hello é", **form).json()["sid"])


def test_every_status_but_the_first_is_told_and_signed(simulator: Api, receiver: Receiver) -> None:
    sid = send(simulator)
    simulator.control("clock", advance=30)
    form = receiver.wait_for(3)[-1]
    assert receiver.statuses(sid) == ["sending", "sent", "delivered"]
    assert all(receiver.signed)
    assert form == {
        "AccountSid": simulator.account.account_sid,
        "ApiVersion": "2010-04-01",
        "From": DESK,
        "MessageSid": sid,
        "MessageStatus": "delivered",
        "RawDlrDoneDate": "2609011620",
        "SmsSid": sid,
        "SmsStatus": "delivered",
        "To": CUSTOMER,
    }


def test_a_failure_carries_its_code_and_a_service_its_sid(simulator: Api, receiver: Receiver) -> None:
    service = simulator.account.main.service_sids[0]
    simulator.control("outcomes", to=CUSTOMER, status="undelivered", error_code=30003, seconds=5)
    sid = simulator.create(To=CUSTOMER, MessagingServiceSid=service, Body="hi").json()["sid"]
    simulator.control("clock", advance=60)
    form = receiver.wait_for(4)[-1]
    assert receiver.statuses(sid) == ["queued", "sending", "sent", "undelivered"]
    assert (form["ErrorCode"], form["MessagingServiceSid"]) == ("30003", service)
    assert "ErrorCode" not in receiver.forms[2]


def test_the_messages_own_address_wins(simulator: Api, receiver: Receiver) -> None:
    with receiving() as other:
        other.auth_token = simulator.account.auth_token
        sid = send(simulator, StatusCallback=other.url + "?campaign=7&x=#rc=2&rp=all")
        simulator.control("clock", advance=30)
        other.wait_for(3)
        assert other.statuses(sid) == ["sending", "sent", "delivered"]
        assert all(other.signed)
    assert receiver.forms == []


def test_a_cancelled_message_is_told_so(simulator: Api, receiver: Receiver) -> None:
    service = simulator.account.main.service_sids[0]
    form = {"ScheduleType": "fixed", "SendAt": "2026-09-02T12:00:00Z"}
    sid = simulator.create(To=CUSTOMER, MessagingServiceSid=service, Body="hi", **form).json()["sid"]
    simulator.control("clock", advance=5)
    simulator.http.post(f"{simulator.base}/Messages/{sid}.json", data={"Status": "canceled"})
    receiver.wait_for(1)
    simulator.control("clock", set="2026-09-02T12:01:00")
    time.sleep(0.3)
    assert receiver.statuses(sid) == ["canceled"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [("reversed", ["delivered", "sent", "sending"]), ("shuffled", None)],
)
def test_order_and_repeats_can_be_set(
    simulator: Api, receiver: Receiver, order: str, expected: list[str] | None
) -> None:
    simulator.control("callbacks", order=order, repeats=2)
    sid = send(simulator)
    simulator.control("clock", advance=3)
    time.sleep(0.3)
    assert receiver.forms == []
    simulator.control("clock", advance=30)
    receiver.wait_for(6)
    told = receiver.statuses(sid)
    assert Counter(told) == {"sending": 2, "sent": 2, "delivered": 2}
    if expected is not None:
        assert told[::2] == expected


def test_losses_can_be_set(simulator: Api, receiver: Receiver) -> None:
    simulator.control("callbacks", lost=1.0)
    send(simulator)
    simulator.control("clock", advance=30)
    time.sleep(0.4)
    assert receiver.forms == []


def test_an_inbound_message_is_told_with_its_media(simulator: Api, receiver: Receiver) -> None:
    to = "+13125550102"
    row = simulator.control("inbound", **{"from": CUSTOMER, "to": to, "body": "Stop", "media": 1})
    form = receiver.wait_for(1)[0]
    assert receiver.signed == [True]
    assert (form["From"], form["To"], form["Body"], form["NumMedia"]) == (CUSTOMER, to, "Stop", "1")
    assert form["MessageSid"] == form["SmsMessageSid"] == form["SmsSid"] == row["sid"]
    assert (form["SmsStatus"], form["OptOutType"]) == ("received", "STOP")
    assert (form["FromCity"], form["FromCountry"], form["MediaContentType0"]) == ("", "US", "image/png")
    assert simulator.download(form["MediaUrl0"]).content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("to", "body", "kind"),
    [
        ("+13125550102", "stop", "STOP"),
        ("+13125550102", "START", "START"),
        ("+13125550102", "Info", "HELP"),
        ("+13125550102", "Stop please", None),
        # Toll-free opt-outs are the network's: Advanced Opt-Out does not see them, also not in a service.
        ("+18335550108", "STOP", None),
        ("+18335550108", "START", None),
        # No service, no Advanced Opt-Out.
        ("+17135550105", "STOP", None),
    ],
)
def test_the_opt_out_type_of_a_keyword(
    simulator: Api, receiver: Receiver, to: str, body: str, kind: str | None
) -> None:
    simulator.control("inbound", **{"from": CUSTOMER, "to": to, "body": body})
    form = receiver.wait_for(1)[0]
    assert (form["To"], form["Body"], form.get("OptOutType")) == (to, body, kind)


def test_a_numbers_own_webhook_and_its_service(simulator: Api, receiver: Receiver) -> None:
    ledger = simulator.account.main
    number, service = ledger.sender_sids[1], ledger.service_sids[0]
    with receiving() as of_number, receiving() as of_service:
        simulator.http.post(
            f"{simulator.base}/IncomingPhoneNumbers/{number}.json", data={"SmsUrl": of_number.url}
        )
        simulator.http.post(f"/v1/Services/{service}", data={"InboundRequestUrl": of_service.url})
        message = {"from": CUSTOMER, "to": "+13125550102", "body": "hello"}
        simulator.control("inbound", **message)
        of_service.wait_for(1)
        simulator.http.post(f"/v1/Services/{service}", data={"UseInboundWebhookOnNumber": "true"})
        simulator.control("inbound", **message)
        of_number.wait_for(1)
    assert (len(of_service.forms), len(of_number.forms), receiver.forms) == (1, 1, [])


def test_twiml_is_answered_with_a_message(simulator: Api, receiver: Receiver) -> None:
    receiver.answer = lambda form: (
        200,
        "<Response><Message><Body>Thanks &amp; bye</Body></Message></Response>",
    )
    simulator.control("inbound", **{"from": CUSTOMER, "to": DESK, "body": "hello"})
    receiver.wait_for(1)
    deadline = time.monotonic() + 5
    replies: list[Any] = []
    while not replies and time.monotonic() < deadline:
        replies = [row for row in simulator.walk(To=CUSTOMER) if row["direction"] == "outbound-reply"]
    assert [(row["from"], row["body"]) for row in replies] == [(DESK, "Thanks & bye")]


def test_trouble_is_tried_again_as_the_address_says_and_raises_an_alert(
    simulator: Api, receiver: Receiver
) -> None:
    receiver.answer = lambda form: (503, "")
    send(simulator, StatusCallback=receiver.url + "#rc=2&rp=5xx", status="failed")
    simulator.control("clock", advance=60)
    receiver.wait_for(3)
    tokens = {headers["I-Twilio-Idempotency-Token"] for headers in receiver.headers}
    assert len(tokens) == 1
    time.sleep(0.3)
    assert len(receiver.forms) == 3
    alerts = simulator.get("/v1/Alerts")["alerts"]
    assert "11200" in {alert["error_code"] for alert in alerts if alert["request_url"]}
    posted = simulator.control("callbacks")["posted"]
    assert [(post["attempt"], post["status"], post["trouble"]) for post in posted] == [
        (0, 503, "5xx"),
        (1, 503, "5xx"),
        (2, 503, "5xx"),
    ]


def test_the_traffic_itself_is_told_as_the_clock_goes_on(simulator: Api, receiver: Receiver) -> None:
    ledger, before = simulator.account.main, simulator.account.now()
    simulator.control("clock", advance=6 * 3600)
    now = simulator.account.now()
    expected = {ledger.rows.sid(message) for message in ledger.log.created_between(before, now - 600)}
    assert len(expected) > 3
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and not expected <= {form["MessageSid"] for form in receiver.forms}:
        time.sleep(0.02)
    assert expected <= {form["MessageSid"] for form in receiver.forms}


def test_the_signature_of_a_known_example() -> None:
    """Computed with openssl: HMAC-SHA1 of the address, then each name and value in order, in base64."""
    fields = {"To": "+18005551212", "CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": ""}
    assert sign("12345", "https://example.com/hook?a=b#rc=2", fields) == "TuFJXK0glepfwsJFLkytfeh+ejs="


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://a.example/x", RetryRule(1, frozenset({"ct"}))),
        ("https://a.example/x#rc=3&rp=ct,rt", RetryRule(3, frozenset({"ct", "rt"}))),
        ("https://a.example/x?y=1#rc=99&rp=all", RetryRule(5, frozenset({"all"}))),
        ("https://a.example/x#rc=many", RetryRule(1, frozenset({"ct"}))),
    ],
)
def test_rules_for_trying_again(url: str, rule: RetryRule) -> None:
    assert retry_rule(url) == rule


def test_reading_twiml() -> None:
    two = "<Response><Message>One</Message><Message><Body>Two</Body><Media>https://a</Media></Message></Response>"
    assert list(twiml_messages(two)) == [("One", 0), ("Two", 1)]
    assert list(twiml_messages("<Response/>")) == list(twiml_messages("")) == list(twiml_messages("OK")) == []

"""The official client as we use it: one request, four kinds of answer, and no secret anywhere."""

from __future__ import annotations

import logging
import pickle
import socket
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.requests_seen import requests_seen
from workbench.errors import TwilioAuthError, TwilioError
from workbench.messaging.message import message_row
from workbench.settings import Credentials, Secret
from workbench.simulator import Account, Fault, Server, serve
from workbench.simulator.account.sending import PlannedOutcome
from workbench.twilio.sending import Accepted, MessageSender, NewMessage, NotSent, SendRefused, Unclear

SENDER = "+14155550104"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = Account.build(days=1, messages=1000)
    with serve(account) as running:
        yield running
    account.close()


def credentials(server: Server) -> Credentials:
    return Credentials(server.account.account_sid, Secret(server.account.auth_token))


@pytest.fixture(scope="module")
def sender(server: Server) -> Iterator[MessageSender]:
    with MessageSender(credentials(server), base_url=server.url) as opened:
        yield opened


def posts(server: Server) -> int:
    """POSTs so far; one that is still being answered, or counted, is waited for."""
    deadline = time.monotonic() + 20
    while server.runtime.requests.active and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    return sum(entry["method"] == "POST" for entry in requests_seen(server))


def test_what_is_accepted_is_the_message_as_twilio_has_it(server: Server, sender: MessageSender) -> None:
    made = sender.create(NewMessage("+14155550300", "Grüße\n“x”", SENDER, validity_seconds=60))
    assert isinstance(made, Accepted)
    row = message_row(made.payload)
    assert (row.message_sid, row.body, row.from_address, row.contact) == (
        made.message_sid, "Grüße\n“x”", SENDER, "+14155550300",
    )  # fmt: skip
    assert row.status == "queued"
    assert row.date_created.tzinfo is not None


@pytest.mark.parametrize(("code", "status"), [(21610, 400), (21408, 400), (30450, 400)])
def test_a_refusal_has_twilios_code_and_no_number(
    server: Server, sender: MessageSender, code: int, status: int
) -> None:
    server.runtime.planned["+14155550301"] = PlannedOutcome(refuse=code)
    refused = sender.create(NewMessage("+14155550301", "Hello", SENDER))
    assert isinstance(refused, SendRefused)
    assert (refused.status, refused.code) == (status, code)
    invalid = sender.create(NewMessage("+21012345678", "Hello", SENDER))
    assert isinstance(invalid, SendRefused)
    assert "+21012345678" not in invalid.problem


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("status", status=500, method="POST"), Unclear),
        (Fault("status", status=503, when="after", method="POST"), Unclear),
        (Fault("status", status=429, method="POST"), SendRefused),
        (Fault("reset", method="POST"), Unclear),
        (Fault("reset", when="after", method="POST"), Unclear),
        (Fault("truncate", when="after", method="POST"), Unclear),
        (Fault("garble", when="after", method="POST"), Unclear),
    ],
)
def test_whatever_goes_wrong_there_is_one_request(
    server: Server, sender: MessageSender, fault: Fault, expected: type[Any]
) -> None:
    before = posts(server)
    server.faults.add(fault)
    assert isinstance(sender.create(NewMessage("+14155550302", "Hello", SENDER)), expected)
    assert posts(server) == before + 1


def test_nobody_listens_means_not_sent(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with MessageSender(credentials(server), base_url=f"http://127.0.0.1:{port}") as nobody:
        assert isinstance(nobody.create(NewMessage("+14155550303", "Hello", SENDER)), NotSent)


def test_an_answer_that_does_not_come_ends(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.twilio.sending.READ_SECONDS", 0.3)
    with MessageSender(credentials(server), base_url=server.url) as impatient:
        server.faults.add(Fault("delay", seconds=2, method="POST"))
        assert isinstance(impatient.create(NewMessage("+14155550304", "Hello", SENDER)), Unclear)


def test_times_become_utc() -> None:
    at = datetime(2026, 11, 30, 9, 0, tzinfo=ZoneInfo("America/New_York"))
    arguments = NewMessage("+1", "x", send_at=at).arguments()
    assert arguments["send_at"].isoformat() == "2026-11-30T14:00:00+00:00"
    assert arguments["schedule_type"] == "fixed"


def test_a_wrong_password_is_refused_and_never_shown(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = Credentials(server.account.account_sid, Secret("not-the-token-of-this-account"))
    with MessageSender(wrong, base_url=server.url) as stranger:
        refused = stranger.create(NewMessage("+14155550305", "my secret", SENDER))
        assert isinstance(refused, SendRefused)
        assert refused.status == 401
        with pytest.raises(TwilioAuthError):
            stranger.cancel("SM" + "0" * 32)
        for text in (repr(stranger), refused.problem, caplog.text):
            assert "not-the-token" not in text
            assert "my secret" not in text
        with pytest.raises(TypeError):
            pickle.dumps(stranger)


def test_what_is_not_there_cannot_be_canceled(sender: MessageSender) -> None:
    with pytest.raises(TwilioError, match="20404"):
        sender.cancel("SM" + "0" * 32)

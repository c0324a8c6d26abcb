"""Twilio's Consent API is told once, within its limits, and what it refuses is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import jsonschema
import pytest

from tests.compliance.conftest import environment
from tests.simulator.test_conformance import SPECS
from workbench.compliance.consent_push import plan_push, push_consent
from workbench.lake import Lake, open_lake
from workbench.lake.consent import ConsentEvent, save_consent_events
from workbench.settings import load_settings
from workbench.simulator import Account, Clock, Options, Server, serve
from workbench.twilio.client import TwilioClient

NOW = datetime(2026, 9, 10, tzinfo=UTC)
SENDER = "+12065550101"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = Account.build(start=date(2026, 9, 8), days=2, messages=100, clock=Clock.frozen(NOW))
    with serve(account, options=Options(concurrency_limit=None)) as running:
        yield running
    account.close()


@pytest.fixture
def client(server: Server, tmp_path: Path) -> Iterator[TwilioClient]:
    settings = load_settings(environment(tmp_path, server))
    with TwilioClient(settings.credentials, base_url=server.url, sleep=lambda seconds: None) as made:
        yield made


@pytest.fixture
def ledger(server: Server, tmp_path: Path) -> Iterator[Lake]:
    """60 people of one sender; one more of everything, of a topic, of a stranger's sender, by 21610."""
    account = server.account.account_sid
    told = [
        (f"+1415555{number:04}", SENDER, "opt-in" if number % 2 else "opt-out", "website")
        for number in range(60)
    ]
    told += [
        ("+14155550900", "*", "opt-out", "letter"),
        ("+14155550901", "topic:offers", "opt-out", "letter"),
        ("+14155550902", "+19998887777", "opt-out", "keyword"),
        ("+14155550903", SENDER, "opt-out", "twilio-21610"),
    ]
    events = [ConsentEvent(account, who, scope, kind, source, NOW) for who, scope, kind, source in told]
    with open_lake(load_settings(environment(tmp_path, server))) as lake:
        lake.write(lambda cursor: save_consent_events(cursor, events, NOW))
        yield lake


def test_what_can_be_told_is_told_once(ledger: Lake, client: TwilioClient, server: Server) -> None:
    plan = plan_push(ledger, client.account_sid)
    assert (len(plan.items), plan.left_out) == (61, 2)
    waits: list[float] = []
    done = push_consent(ledger, client, "local:ops", sleep=waits.append)
    assert (done.accepted, [answer.problem for answer in done.refused]) == (60, ["INVALID_SENDER_ID"])
    # 61 items in requests of 25: two pauses, which keep to 100 requests a minute.
    assert waits == [0.6, 0.6]
    consents = httpx.get(f"{server.url}/_simulator/consents").json()
    assert len(consents) == 60
    assert {item["status"] for item in consents if item["contact_id"].endswith("01")} == {"opt-in"}
    # Only what was refused is told again.
    assert [item.contact for item in plan_push(ledger, client.account_sid).items] == ["+14155550902"]
    assert [row[0] for row in ledger.rows("select action from audit_events")] == ["consent-push"]


@pytest.mark.skipif(not SPECS.is_dir(), reason=f"Twilio's OpenAPI files are not at {SPECS}")
def test_the_simulated_answer_is_as_the_specification_says(server: Server) -> None:
    spec = json.loads((SPECS / "twilio_accounts_v1.json").read_text())
    operation = spec["paths"]["/v1/Consents/Bulk"]["post"]
    sample = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["examples"]["post"]
    answer = post(server, sample["value"]["Items"])
    assert answer.status_code == 201
    schema = spec["components"]["schemas"]["accounts.v1.bulk_consents"]
    jsonschema.validate(answer.json(), {"type": "object", "properties": {"items": {"type": "array"}}})
    assert answer.json().keys() == schema["properties"].keys()
    expected = operation["responses"]["201"]["content"]["application/json"]["examples"]["post"]["value"]
    assert answer.json()["items"][0].keys() == expected["items"][0].keys()


def test_the_simulated_limits(server: Server) -> None:
    assert post(server, []).status_code == 400
    assert post(server, ["{}"] * 26).status_code == 400
    assert post(server, ["no json", "{}"]).json()["items"][1]["error_code"] == 30646
    statuses = {post(server, ["{}"]).status_code for _ in range(110)}
    assert statuses == {201, 429}
    server.account.clock.advance(61)
    assert post(server, ["{}"]).status_code == 201


def post(server: Server, items: list[str]) -> httpx.Response:
    return httpx.post(
        f"{server.url}/v1/Consents/Bulk",
        data={"Items": items},
        auth=(server.account.account_sid, server.account.auth_token),
    )

"""`workbench connect` against the simulated account and the real hooks: shown, proven, set, audited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.ports import free_port
from tests.server.hooking import environment, hooks_process, wait_until_live
from workbench.api import Installation
from workbench.api.webhooks import connect_webhooks
from workbench.errors import ConfigError, TwilioError
from workbench.lake import open_lake
from workbench.settings import load_settings
from workbench.simulator import Account, Fault, Server, serve
from workbench.twilio.client import TwilioClient
from workbench.webhook_setup.setup import connect

OLD = "https://ana:hunter2@old.example/in"


@pytest.fixture(scope="module")
def twilio() -> Iterator[Server]:
    account = Account.build(days=2, messages=500)
    with serve(account) as running:
        yield running
    account.close()


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory, twilio: Server) -> Iterator[dict[str, str]]:
    port = free_port()
    variables = environment(
        tmp_path_factory.mktemp("connect") / "home",
        WORKBENCH_PUBLIC_URL=f"http://127.0.0.1:{port}",
        WORKBENCH_TWILIO_BASE_URL=twilio.url,
        TWILIO_ACCOUNT_SID=twilio.account.account_sid,
        TWILIO_AUTH_TOKEN=twilio.account.auth_token,
    )
    with hooks_process(variables, port) as process:
        wait_until_live(port, process)
        yield variables


def run(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", "connect", *arguments],
        env={**os.environ, **environ}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def api(twilio: Server) -> httpx.Client:
    auth = (twilio.account.account_sid, twilio.account.auth_token)
    return httpx.Client(base_url=twilio.url, auth=auth, timeout=20, trust_env=False)


def state(twilio: Server) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    with api(twilio) as client:
        base = f"/2010-04-01/Accounts/{twilio.account.account_sid}"
        services = client.get("/v1/Services", params={"PageSize": 100}).json()["services"]
        numbers = client.get(f"{base}/IncomingPhoneNumbers.json", params={"PageSize": 1000}).json()
        return services, numbers["incoming_phone_numbers"]


def test_it_is_shown_proven_set_and_audited(twilio: Server, environ: dict[str, str]) -> None:
    url = environ["WORKBENCH_PUBLIC_URL"] + "/webhooks/twilio"
    before = state(twilio)
    with api(twilio) as client:
        client.post(f"/v1/Services/{before[0][0]['sid']}", data={"InboundRequestUrl": OLD})
    before = state(twilio)

    shown = run(environ)
    assert shown.returncode == 0, shown.stderr
    assert f"InboundRequestUrl: https://***@old.example/in → {url}/inbound" in shown.stdout
    assert "overrides it" in shown.stdout
    assert shown.stdout.count("ok    ") == 4
    assert "Nothing was changed" in shown.stderr
    assert state(twilio) == before

    done = run(environ, "--confirm")
    assert done.returncode == 0, done.stderr
    services, numbers = state(twilio)
    for service in services:
        assert service["inbound_request_url"] == f"{url}/inbound"
        assert service["inbound_method"] == "POST"
        assert service["status_callback"] == f"{url}/status"
        assert service["use_inbound_webhook_on_number"] is False
    alone = [number for number in numbers if number["sms_url"]]
    assert {number["sms_url"] for number in alone} <= {f"{url}/inbound"}
    assert all(number["status_callback"] is None for number in numbers)

    again = run(environ, "--confirm")
    assert (again.returncode, again.stderr) == (0, "Everything is set.\n")
    with open_lake(load_settings(environ)) as lake:
        rows = lake.rows("select subject, detail from audit_events where action = 'connect' order by seq")
    assert len(rows) == len(services) + len(alone) + sum("short code" in subject for subject, _ in rows)
    assert "hunter2" not in str(rows)
    assert json.loads(rows[0][1])["fields"]["InboundRequestUrl"] == [
        "https://***@old.example/in",
        f"{url}/inbound",
    ]


def test_what_cannot_be_read_is_left_out_and_said(twilio: Server, environ: dict[str, str]) -> None:
    settings = load_settings(environ)
    services, numbers = state(twilio)
    for path, row in (("/v1/Services", services[0]), ("/2010-04-01", numbers[0])):
        find = f'"sid":"{row["sid"]}"'
        twilio.faults.add(Fault("alter", times=None, path=path, find=find, put='"sid":7'))
    try:
        with TwilioClient(settings.credentials, base_url=twilio.url) as client:
            shown = connect(settings, client, lambda: open_lake(settings), prover=lambda *_: [])
    finally:
        twilio.faults.clear()
    left_out = {services[0]["sid"], numbers[0]["sid"]}
    assert {plan.sid for plan in shown.plans} >= {row["sid"] for row in [*services, *numbers]} - left_out
    assert not left_out & {plan.sid for plan in shown.plans}
    assert f"1 of {len(services)} messaging services that Twilio lists have no SID" in " ".join(shown.notices)
    assert f"1 of {len(numbers)} phone numbers that Twilio lists have no SID" in " ".join(shown.notices)


@pytest.mark.parametrize(
    ("path", "what", "kinds"),
    [
        ("SMS/ShortCodes", "short codes", {"messaging service", "phone number"}),
        ("IncomingPhoneNumbers", "phone numbers", {"messaging service", "short code"}),
        ("/v1/Services", "messaging services", {"phone number", "short code"}),
        ("/PhoneNumbers", "senders of MG", {"messaging service", "phone number", "short code"}),
    ],
)
def test_a_list_that_twilio_refuses_is_named_and_the_rest_is_shown_and_set(
    twilio: Server, environ: dict[str, str], path: str, what: str, kinds: set[str]
) -> None:
    settings = load_settings(environ)
    sid = twilio.account.account_sid
    whole_path = {
        "SMS/ShortCodes": f"/2010-04-01/Accounts/{sid}/SMS/ShortCodes.json",
        "IncomingPhoneNumbers": f"/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers.json",
        "/PhoneNumbers": f"/v1/Services/{state(twilio)[0][0]['sid']}/PhoneNumbers",
    }.get(path, path)
    twilio.faults.add(Fault("status", times=None, status=403, code=20403, path=whole_path, method="GET"))
    try:
        with TwilioClient(settings.credentials, base_url=twilio.url) as client:
            shown = connect(settings, client, lambda: open_lake(settings), prover=lambda *_: [])
            done = connect(settings, client, lambda: open_lake(settings), confirm=True, prover=lambda *_: [])
    finally:
        twilio.faults.clear()
    assert {plan.kind for plan in shown.plans} == kinds
    [unread] = shown.unread
    assert unread.startswith(what)
    assert "could not be read: " in unread
    assert "20403" in unread or "403" in unread
    is_pool = path in ("/v1/Services", "/PhoneNumbers")
    assert any("is not known for all of them" in notice for notice in shown.notices) == is_pool
    assert not done.pending
    assert not done.failures
    assert [*done.unread] == [unread]


def test_where_no_list_can_be_read_nothing_is_shown(twilio: Server, environ: dict[str, str]) -> None:
    settings = load_settings(environ)
    twilio.faults.add(Fault("status", times=None, status=401, code=20003, method="GET"))
    try:
        with TwilioClient(settings.credentials, base_url=twilio.url) as client, pytest.raises(TwilioError):
            connect(settings, client, lambda: open_lake(settings), prover=lambda *_: [])
    finally:
        twilio.faults.clear()


def test_nothing_is_set_while_the_proof_fails(twilio: Server, environ: dict[str, str]) -> None:
    before = state(twilio)
    failed = run({**environ, "WORKBENCH_PUBLIC_URL": f"http://127.0.0.1:{free_port()}"}, "--confirm")
    assert failed.returncode == 1
    assert "FAILED  GET /healthz" in failed.stdout
    assert "nothing was changed at Twilio" in failed.stderr
    assert state(twilio) == before


def test_a_fault_at_twilio_is_tried_again(twilio: Server, environ: dict[str, str]) -> None:
    service = state(twilio)[0][0]["sid"]
    with api(twilio) as client:
        client.post(f"/v1/Services/{service}", data={"InboundMethod": "GET"})
        fault = {"kind": "status", "status": 503, "times": 1, "method": "POST", "path": "/v1"}
        assert client.post("/_simulator/faults", json=fault).status_code == 200
    assert run(environ, "--confirm").returncode == 0
    assert state(twilio)[0][0]["inbound_method"] == "POST"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"WORKBENCH_PUBLIC_URL": ""}, "WORKBENCH_PUBLIC_URL is not set.*cloudflared"),
        ({"WORKBENCH_PUBLIC_URL": "https://my_host.example"}, "underscore"),
        (
            {"TWILIO_AUTH_TOKEN": "", "TWILIO_API_KEY": "SK" + "a" * 32, "TWILIO_API_SECRET": "x"},
            "set TWILIO_AUTH_TOKEN as well",
        ),
    ],
)
def test_what_is_missing_is_named(environ: dict[str, str], changes: dict[str, str], message: str) -> None:
    given = {name: value for name, value in {**environ, **changes}.items() if value}
    with Installation(load_settings(given)) as installation, pytest.raises(ConfigError, match=message):
        connect_webhooks(installation)

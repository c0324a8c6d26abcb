"""The whole examination against an account that answers over HTTP, by the command that people type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from workbench import Workbench
from workbench.doctor.check_result import CheckResult
from workbench.settings import load_settings
from workbench.simulator import Account, Fault, Server, serve


@pytest.fixture(scope="module")
def twilio() -> Iterator[Server]:
    account = Account.build(days=2, messages=500)
    with serve(account) as running:
        yield running
    account.close()


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory, twilio: Server) -> dict[str, str]:
    variables = {
        "WORKBENCH_HOME": str(tmp_path_factory.mktemp("doctor") / "home"),
        "WORKBENCH_TWILIO_BASE_URL": twilio.url,
        "TWILIO_ACCOUNT_SID": twilio.account.account_sid,
        "TWILIO_AUTH_TOKEN": twilio.account.auth_token,
    }
    with Workbench(load_settings(variables)) as wb:
        wb.sync(since=datetime.now(UTC).date().isoformat())
    return variables


def examine(environ: dict[str, str], *names: str) -> list[CheckResult]:
    with Workbench(load_settings(environ)) as wb:
        return list(wb.doctor(names).results)


def states(results: list[CheckResult]) -> list[tuple[str, str]]:
    return [(result.state, result.subject) for result in results]


def run(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", *arguments],
        env={**os.environ, **environ}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def api(twilio: Server) -> httpx.Client:
    auth = (twilio.account.account_sid, twilio.account.auth_token)
    return httpx.Client(base_url=twilio.url, auth=auth, timeout=20, trust_env=False)


def first_lone_number(client: httpx.Client, account_sid: str) -> dict[str, Any]:
    """A number that is in no messaging service."""
    services = client.get("/v1/Services").json()["services"]
    members = {
        row["sid"]
        for service in services
        for row in client.get(f"/v1/Services/{service['sid']}/PhoneNumbers").json()["phone_numbers"]
    }
    numbers = client.get(f"/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers.json").json()
    return next(row for row in numbers["incoming_phone_numbers"] if row["sid"] not in members)


def test_a_key_is_better_than_the_token(twilio: Server, environ: dict[str, str]) -> None:
    (result,) = examine(environ, "credentials")
    assert result.state == "warning"
    with_key = {
        **environ,
        "TWILIO_API_KEY": twilio.account.api_key,
        "TWILIO_API_SECRET": twilio.account.api_secret,
    }
    (result,) = examine(with_key, "credentials")
    assert result.state == "fine"
    assert twilio.account.api_secret not in repr(result)


def test_credentials_that_twilio_refuses(environ: dict[str, str]) -> None:
    (result,) = examine({**environ, "TWILIO_AUTH_TOKEN": "0" * 32}, "credentials")
    assert result.state == "failure"
    assert "401" in result.evidence


def test_an_account_that_is_suspended(twilio: Server, environ: dict[str, str]) -> None:
    path = f"/2010-04-01/Accounts/{twilio.account.account_sid}.json"
    assert states(examine(environ, "account")) == [("fine", "")]
    twilio.faults.add(Fault("alter", path=path, find='"active"', put='"suspended"'))
    assert states(examine(environ, "account")) == [("failure", "")]


def test_where_answers_go(twilio: Server, environ: dict[str, str]) -> None:
    with api(twilio) as client:
        lone = first_lone_number(client, twilio.account.account_sid)
        name = f"{lone['friendly_name']} ({lone['phone_number']})"
        path = f"/2010-04-01/Accounts/{twilio.account.account_sid}/IncomingPhoneNumbers/{lone['sid']}.json"

        def set_and_examine(**form: str) -> list[CheckResult]:
            client.post(path, data=form).raise_for_status()
            public = {**environ, "WORKBENCH_PUBLIC_URL": "https://sms.example.com"}
            return [result for result in examine(public, "inbound-webhooks") if result.subject == name]

        (unset,) = set_and_examine(SmsUrl="")
        assert (unset.state, unset.evidence) == ("warning", "No webhook takes what people answer (number).")
        (demo,) = set_and_examine(SmsUrl="https://demo.twilio.com/welcome/sms/reply/", SmsMethod="POST")
        assert demo.state == "failure"
        (elsewhere,) = set_and_examine(SmsUrl="https://ana:hunter2@old.example/in", SmsMethod="POST")
        assert elsewhere.state == "warning"
        assert "https://***@old.example/in" in elsewhere.evidence
        assert "hunter2" not in repr(elsewhere)
        ours = "https://sms.example.com/webhooks/twilio/inbound"
        (with_get,) = set_and_examine(SmsUrl=ours, SmsMethod="GET")
        assert with_get.state == "failure"
        assert set_and_examine(SmsUrl=ours, SmsMethod="POST") == []


def test_services_that_say_nothing(twilio: Server, environ: dict[str, str]) -> None:
    with api(twilio) as client:
        services = client.get("/v1/Services").json()["services"]
        silent, *others = services
        for service in others:
            client.post(
                f"/v1/Services/{service['sid']}", data={"StatusCallback": "https://sms.example.com/s"}
            )
        assert states(examine(environ, "status-callback")) == [("warning", silent["friendly_name"])]
        client.post(f"/v1/Services/{silent['sid']}", data={"StatusCallback": "https://sms.example.com/s"})
        assert states(examine(environ, "status-callback")) == [("fine", "")]

        assert states(examine(environ, "service-override")) == [("fine", "")]
        overridden = {"InboundRequestUrl": "https://sms.example.com/in", "UseInboundWebhookOnNumber": "true"}
        client.post(f"/v1/Services/{silent['sid']}", data=overridden).raise_for_status()
        assert states(examine(environ, "service-override")) == [("warning", silent["friendly_name"])]


def test_a_twilio_that_cannot_be_reached_is_said_once_per_check(environ: dict[str, str]) -> None:
    gone = {**environ, "WORKBENCH_TWILIO_BASE_URL": "http://127.0.0.1:9"}
    results = examine(
        gone, "inbound-webhooks", "service-override", "status-callback", "settings", "days-read"
    )
    assert [result.state for result in results[:1]] == ["fine"]
    unknown = [result.check for result in results if result.state == "unknown"]
    assert unknown == ["inbound-webhooks", "service-override", "status-callback"]


def test_the_command(environ: dict[str, str]) -> None:
    listed = run(environ, "doctor", "--offline", "--all")
    assert "settings: The settings of" in listed.stdout
    assert "-     credentials, account, balance, usage-trigger" in listed.stdout
    assert listed.stdout.count("It needs the network, and --offline was given.") == 1
    as_json = json.loads(run(environ, "doctor", "time-zones", "packages", "--format", "json").stdout)
    assert [result["check"] for result in as_json["results"]] == ["packages", "time-zones"]
    fine = run(environ, "doctor", "time-zones", "packages")
    assert (fine.returncode, fine.stdout.splitlines()[0][:6]) == (0, "2 fine")
    assert run(environ, "doctor", "credentials").returncode == 1
    unknown = run(environ, "doctor", "credential")
    assert unknown.returncode == 2
    assert "Did you mean 'credentials'?" in unknown.stderr


def test_a_safe_repair_is_made_after_a_yes(environ: dict[str, str]) -> None:
    key = Path(environ["WORKBENCH_HOME"]) / "privacy.key"
    key.chmod(0o644)
    doctor = [sys.executable, "-m", "workbench", "doctor", "secret-files", "--fix"]

    def answer(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            doctor, env={**os.environ, **environ}, capture_output=True, text=True, timeout=60, input=text
        )  # fmt: skip

    refused = answer("n\n")
    assert refused.returncode == 2
    assert f"secret-files: close {key} to others (mode 0600)?" in refused.stderr
    assert key.stat().st_mode & 0o777 == 0o644
    assert answer("y\n").returncode == 0
    assert key.stat().st_mode & 0o777 == 0o600


def test_no_account_and_no_lake(tmp_path: Path) -> None:
    empty = {"WORKBENCH_HOME": str(tmp_path / "home")}
    listed = run(empty, "doctor", "--all")
    assert listed.returncode == 1
    assert "WARN  credentials: No account is set up." in listed.stdout
    assert listed.stdout.count("There is no lake at") == 1
    unexamined = "clock, lake, lake-catalog, lake-files, unknown-files, lake-growth, subaccounts"
    assert f"????  idle-settings, {unexamined}" in listed.stdout
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("name", "text", "mode", "said"),
    [
        ("workbench.toml", "timezone = ", 0o600, "workbench.toml is not valid TOML"),
        ("workbench.toml", 'timezone = "Mars/Olympus"\nnonsense = 1\n', 0o600, "Mars/Olympus"),
        ("credentials.toml", "", 0o644, "credentials.toml can be read by others (mode 0644)"),
    ],
)
def test_settings_that_are_too_wrong_to_open_anything(
    tmp_path: Path, name: str, text: str, mode: int, said: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / name).write_text(text)
    (home / name).chmod(mode)
    listed = run({"WORKBENCH_HOME": str(home)}, "doctor")
    assert listed.returncode == 2
    assert "FAIL  settings:" in listed.stdout
    assert said in listed.stdout
    assert listed.stdout.count("The settings are wrong, so it could not be examined.") == 1
    as_json = json.loads(run({"WORKBENCH_HOME": str(home)}, "doctor", "--format", "json").stdout)
    assert as_json["counts"]["failure"] >= 1


@pytest.mark.parametrize("name", ["credentials.toml", "tokens.toml", "notification_targets.toml"])
def test_secrets_that_others_can_read_are_closed(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("")
    file.chmod(0o644)
    fixed = subprocess.run(
        [sys.executable, "-m", "workbench", "doctor", "secret-files", "--fix"],
        env={**os.environ, "WORKBENCH_HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=60, input="y\n",
    )  # fmt: skip
    assert fixed.returncode == 0, fixed.stderr
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_code_is_explained(environ: dict[str, str]) -> None:
    explained = run(environ, "explain", "30034").stdout
    assert "US A2P 10DLC" in explained
    assert "your registration" in explained
    assert "https://www.twilio.com/docs/api/errors/30034" in explained
    unknown = run(environ, "explain", "39999")
    assert unknown.returncode == 0
    assert "here              never, as of" in unknown.stdout
    wrong = run(environ, "explain", "thirty")
    assert wrong.returncode == 2
    assert "'thirty' is no error code of Twilio; write its digits, as 30007." in wrong.stderr

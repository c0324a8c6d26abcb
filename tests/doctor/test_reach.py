"""The way from Twilio to here: real hooks, nobody there, certificates that end soon or that nobody trusts."""

from __future__ import annotations

import shutil
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.doctor.conftest import NOW
from tests.ports import free_port
from tests.server.hooking import environment, hooks_process, wait_until_live
from tests.webhook_setup.test_prove import answering, certificate
from workbench.doctor.check_result import CheckResult
from workbench.doctor.examination import Examination
from workbench.doctor.reach import certificate_end, check_certificate, check_webhooks, judge_certificate
from workbench.lake import open_lake
from workbench.settings import load_settings
from workbench.settings.read import SettingsReader

NEEDS_OPENSSL = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="NO openssl: certificates were not tried"
)


def examined(variables: dict[str, str]) -> Examination:
    settings = load_settings(variables)
    return Examination(
        settings, SettingsReader(settings, (), (), {}, ""), open_lake=lambda: open_lake(settings), now=NOW
    )


def states(results: list[CheckResult]) -> list[str]:
    return [result.state for result in results]


def test_hooks_that_answer_through_the_public_address(tmp_path: Path) -> None:
    port = free_port()
    variables = environment(tmp_path / "home", WORKBENCH_PUBLIC_URL=f"http://127.0.0.1:{port}")
    with hooks_process(variables, port) as process:
        wait_until_live(port, process)
        results = list(check_webhooks(examined(variables)))
    assert states(results) == ["fine", "fine", "fine", "fine"]
    assert [result.subject for result in results] == [
        "GET /healthz",
        "signed POST /webhooks/twilio/status",
        "signed POST /webhooks/twilio/inbound",
        "forged POST /webhooks/twilio/status",
    ]


def test_nobody_behind_the_public_address(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    *_, last = check_webhooks(examined(environment(tmp_path / "home", WORKBENCH_PUBLIC_URL=url)))
    assert (last.state, last.subject) == ("failure", "GET /healthz")
    assert "cannot be reached" in last.evidence


def test_an_address_without_anything_that_could_sign(tmp_path: Path) -> None:
    variables = environment(tmp_path / "home", TWILIO_API_KEY="SK" + "1" * 32, TWILIO_API_SECRET="s" * 32)
    del variables["TWILIO_AUTH_TOKEN"]
    (result,) = check_webhooks(examined(variables))
    assert result.state == "failure"
    assert "Set TWILIO_AUTH_TOKEN as well" in result.repair


def test_no_public_address_is_no_fault(tmp_path: Path) -> None:
    variables = {"WORKBENCH_HOME": str(tmp_path / "home")}
    assert states(list(check_webhooks(examined(variables)))) == ["skipped"]
    assert states(list(check_certificate(examined(variables)))) == ["skipped"]


@pytest.mark.parametrize(
    ("days", "state"),
    [(90, "fine"), (21, "fine"), (20, "warning"), (7, "warning"), (6, "failure"), (-1, "failure")],
)
def test_how_long_a_certificate_is_valid(days: int, state: str) -> None:
    result = judge_certificate("sms.example.com", NOW + timedelta(days=days, hours=1), NOW)
    assert result.state == state


@NEEDS_OPENSSL
def test_the_end_of_a_certificate_is_read_from_the_server(tmp_path: Path) -> None:
    file = certificate(tmp_path, "127.0.0.1")
    with answering(200, tls=file) as url:
        port = int(url.rpartition(":")[2])
        ends_at = certificate_end("127.0.0.1", port, ssl.create_default_context(cafile=str(file)))
    # It was made a moment ago, for two days.
    assert timedelta(days=1, hours=23) < ends_at - datetime.now(UTC) <= timedelta(days=2)


@NEEDS_OPENSSL
def test_a_certificate_that_nobody_trusts(tmp_path: Path) -> None:
    with answering(200, tls=certificate(tmp_path, "127.0.0.1")) as url:
        (result,) = check_certificate(examined(environment(tmp_path / "home", WORKBENCH_PUBLIC_URL=url)))
    assert result.state == "failure"
    assert "The certificate of 127.0.0.1 is not valid" in result.evidence


def test_a_host_that_does_not_answer(tmp_path: Path) -> None:
    url = f"https://127.0.0.1:{free_port()}"
    (result,) = check_certificate(examined(environment(tmp_path / "home", WORKBENCH_PUBLIC_URL=url)))
    assert result.state == "failure"
    assert "cannot be reached" in result.evidence

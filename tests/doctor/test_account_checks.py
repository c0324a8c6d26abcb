"""Judgements about the account, its senders and the machine, from tables of what Twilio and machines say."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.doctor.conftest import NOW, Patient
from workbench.doctor import machine, run
from workbench.doctor.account import judge_account, judge_balance, read_balance
from workbench.doctor.check_result import CheckResult, Diagnosis, lines_of
from workbench.doctor.examination import Examination
from workbench.doctor.machine import wrong_packages
from workbench.doctor.senders import Route, inbound_route
from workbench.errors import LakeError, TwilioError, UnknownName
from workbench.lake import Lake


@pytest.mark.parametrize(
    ("account", "state"),
    [
        ({"status": "active", "type": "Full"}, "fine"),
        ({"status": "active", "type": "Trial"}, "warning"),
        ({"status": "suspended", "type": "Full"}, "failure"),
        ({"status": "closed", "type": "Full"}, "failure"),
        # A key that may not read the account gives no row; nobody may call that fine.
        ({}, "failure"),
    ],
)
def test_the_state_of_the_account(account: dict[str, Any], state: str) -> None:
    assert judge_account(account).state == state


@pytest.mark.parametrize(
    ("balance", "spend", "state", "days"),
    [
        ("437.70", "6.24", "fine", "70 days"),
        ("14.00", "1.00", "fine", "14 days"),
        ("13.99", "1.00", "warning", "13 days"),
        ("2.99", "1.00", "failure", "2 days"),
        ("0", "1.00", "failure", "The balance is $0.00."),
        ("-3.10", "1.00", "failure", "The balance is −$3.10."),
        ("20", None, "fine", "no spend of the last 30 days is known"),
    ],
)
def test_how_long_the_balance_lasts(balance: str, spend: str | None, state: str, days: str) -> None:
    result = judge_balance(Decimal(balance), "USD", Decimal(spend) if spend else None)
    assert result.state == state
    assert days in result.evidence


@pytest.mark.parametrize("balance", [None, "", "NaN", "Infinity", "12,50"])
def test_a_balance_that_is_no_number_is_not_zero(balance: str | None) -> None:
    with pytest.raises(TwilioError, match="no number"):
        read_balance({"balance": balance, "currency": "usd"})


SERVICE = {
    "sid": "MG" + "1" * 32, "friendly_name": "Offers", "inbound_request_url": "https://a.example/in",
    "inbound_method": "POST", "use_inbound_webhook_on_number": False,
}  # fmt: skip
NUMBER = {
    "sid": "PN" + "1" * 32, "sms_url": "https://b.example/in", "sms_method": "GET", "sms_application_sid": "",
}  # fmt: skip
OF_SERVICE = Route("https://a.example/in", "POST", "messaging service Offers")
OF_NUMBER = Route("https://b.example/in", "GET", "number")
ROUTES: list[tuple[dict[str, Any], dict[str, Any] | None, Route]] = [
    (NUMBER, None, OF_NUMBER),
    (NUMBER, SERVICE, OF_SERVICE),
    (NUMBER, {**SERVICE, "use_inbound_webhook_on_number": True}, OF_NUMBER),
    ({**NUMBER, "sms_application_sid": "AP1"}, None, Route("", "", "application AP1")),
    # The service comes before the application.
    ({**NUMBER, "sms_application_sid": "AP1"}, SERVICE, OF_SERVICE),
    ({**NUMBER, "sms_url": None}, None, Route("", "GET", "number")),
]


@pytest.mark.parametrize(("sender", "service", "route"), ROUTES)
def test_whose_webhook_counts(sender: dict[str, Any], service: dict[str, Any] | None, route: Route) -> None:
    assert inbound_route(sender, service) == route


def test_files_with_secrets(patient: Patient, home: Path) -> None:
    (home / "credentials.toml").write_text("")
    (home / "credentials.toml").chmod(0o600)
    assert patient.states("secret-files") == [("fine", "")]
    (home / "credentials.toml").chmod(0o640)
    (result,) = patient.results("secret-files")
    assert (result.state, result.subject) == ("failure", "credentials.toml")
    assert result.repair == f"Run `chmod 600 {home / 'credentials.toml'}`."


def test_settings_that_are_wrong_or_mean_nothing(patient: Patient) -> None:
    assert patient.states("settings") == [("fine", "")]
    patient.reading = patient.reading._replace(
        problems=("timezone is 'Mars'.",), notices=("X has no effect.",)
    )
    patient.own_file_problems = lambda: ["metrics/mine.py, line 3: no such column."]
    assert patient.states("settings") == [("failure", ""), ("failure", ""), ("warning", "")]


def test_packages() -> None:
    assert list(wrong_packages(["duckdb>=1", "nothing-of-this-name>=2; python_version < '3'"])) == []
    assert list(wrong_packages(["duckdb>=99", "no-such-package"])) == [
        f"duckdb is {_version('duckdb')}; duckdb>=99 is needed.",
        "no-such-package is not installed; no-such-package is needed.",
    ]


def _version(name: str) -> str:
    import importlib.metadata

    return importlib.metadata.version(name)


def test_time_zones(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert patient.states("time-zones") == [("fine", "")]
    monkeypatch.setattr(machine, "_ZONE_SAMPLES", (("Mars/Olympus", 0),))
    assert patient.states("time-zones") == [("failure", "")]


def test_a_disk_that_fills(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    for free, state in ((500 * 2**30, "fine"), (900 * 2**20, "failure"), (30 * 2**30, "failure")):
        monkeypatch.setattr("shutil.disk_usage", lambda path, free=free: usage(1000 * 2**30, 0, free))
        assert patient.states("disk") == [(state, "")]


def test_one_check_that_fails_hides_none(patient: Patient) -> None:
    def broken() -> Lake:
        raise LakeError("There is no lake yet: run `workbench sync`.")

    examination = Examination(patient.settings, patient.reading, open_lake=broken, now=NOW)
    diagnosis = run.examine(examination)
    states = {result.check: result.state for result in diagnosis.results}
    assert states["settings"] == "fine"
    assert states["sync"] == states["days-read"] == states["lake"] == "unknown"
    assert states["balance"] == states["webhook-proof"] == "skipped"
    assert diagnosis.exit_code == 1


def test_a_check_that_does_not_exist(patient: Patient) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'balance'"):
        patient.results("balence")


def test_the_gravest_comes_first_and_same_findings_become_one() -> None:
    def result(state: Any, subject: str, evidence: str = "It is unset.") -> CheckResult:
        return CheckResult(state, evidence, "Set it.", "https://a.example", subject, "inbound")

    diagnosis = Diagnosis(
        NOW,
        (
            result("fine", "", "All well."),
            result("warning", "+12025550110"),
            result("warning", "+12025550111"),
            result("failure", "+12025550112", "It is gone."),
        ),
    )
    assert lines_of(diagnosis, all_results=False) == [
        "FAIL  inbound, +12025550112: It is gone.",
        "      → Set it.",
        "      https://a.example",
        "WARN  inbound, +12025550110, +12025550111: It is unset.",
        "      → Set it.",
        "      https://a.example",
        "1 failed, 2 warnings, 1 fine (as of 2026-09-30 12:00 UTC)",
    ]
    assert diagnosis.exit_code == 2

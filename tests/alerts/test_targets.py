"""Who is told, and how: a webhook and a mail server on this machine, the SMS cap; secrets are nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner

from tests.alerts.conftest import NOW, Receiver, write_targets
from tests.mail_inbox import Inbox
from tests.ports import free_port
from workbench.alerts.deliver import within_sms_cap
from workbench.alerts.notices import AlertNotice
from workbench.alerts.targets import alert_targets
from workbench.cli import main
from workbench.errors import ConfigError
from workbench.lake import open_lake
from workbench.lake.alerts import AlertDelivery
from workbench.settings import Secret, load_settings
from workbench.settings.describe import effective_settings
from workbench.settings.read import read_settings
from workbench.targets.answers import NoticeWords, TargetAnswer
from workbench.targets.by_apprise import judge_log, tell_by_apprise

WORDS = NoticeWords("Critical: it burns", "It burns since noon.", "It burns.", "key", is_critical=True)


def no_sms(to: str, text: str, key: str) -> TargetAnswer:
    raise AssertionError("nobody asked for an SMS")


@pytest.mark.parametrize(
    ("status", "outcome", "detail"),
    [
        (200, "delivered", "taken"),
        (401, "failed", "the service answered with HTTP 401"),
        (500, "failed", "the service answered with HTTP 500"),
        (504, "unknown", "the service answered with HTTP 504"),
    ],
)
def test_what_a_service_answers(receiver: Receiver, status: int, outcome: str, detail: str) -> None:
    receiver.answers = [status]
    assert tell_by_apprise(Secret(receiver.address), WORDS) == TargetAnswer(outcome, detail)  # type: ignore[arg-type]
    assert len(receiver.received) == (status == 200)


def test_nobody_listens_there(receiver: Receiver) -> None:
    address = receiver.address
    receiver.close()
    assert tell_by_apprise(Secret(address), WORDS) == TargetAnswer("failed", "the service cannot be reached")


@pytest.mark.parametrize(
    ("log", "outcome"),
    [
        ("Socket Exception: HTTPSConnectionPool(host='x'): Read timed out. (read timeout=4.0)", "unknown"),
        ("Socket Exception: ('Connection aborted.', RemoteDisconnected('Remote end closed'))", "unknown"),
        ("Socket Exception: Failed to resolve 'x' (NameResolutionError)", "failed"),
        ("Failed to send Slack notification: Not Found, error=404.", "failed"),
        ("something that no version said before", "unknown"),
    ],
)  # fmt: skip
def test_only_what_certainly_did_not_arrive_is_called_failed(log: str, outcome: str) -> None:
    assert judge_log(log).outcome == outcome


def test_the_address_is_in_no_log_no_repr_and_no_answer(
    receiver: Receiver, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_targets(home, receiver.address)
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    (target,) = alert_targets(settings, no_sms)
    caplog.set_level(logging.DEBUG)
    for status in (200, 500):
        receiver.answers = [status]
        assert "hush-hush" not in repr(target.tell(WORDS))
    assert len(receiver.received) == 1
    shown = [caplog.text, repr(target), repr(settings.alerts.targets)]
    shown += [str(row) for row in effective_settings(settings, read_settings(home=home))]
    assert [text for text in shown if "hush-hush" in text] == []


def test_a_wrong_address_is_refused_without_showing_it(home: Path) -> None:
    write_targets(home, "no address, but hush-hush")
    with pytest.raises(ConfigError, match="alert_targets must hold names with addresses") as refused:
        load_settings({"WORKBENCH_HOME": str(home)})
    assert "hush-hush" not in str(refused.value)


def test_the_targets_of_a_variable(home: Path) -> None:
    settings = load_settings(
        {
            "WORKBENCH_HOME": str(home),
            "WORKBENCH_ALERT_TARGETS": "ops=json://a.example/x=1,2 team=slack://b/c/d",
        }
    )
    addresses = {name: secret.reveal() for name, secret in settings.alerts.targets.items()}
    assert addresses == {"ops": "json://a.example/x=1,2", "team": "slack://b/c/d"}


@pytest.fixture
def mail_server() -> Iterator[tuple[Inbox, int]]:
    mailbox = Inbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield mailbox, controller.port
    controller.stop()


def mail_settings_text(port: int, to: str) -> str:
    return (
        f'[smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nfrom = "workbench@example.com"\n'
        f"[alerts]\nmail_to = {to}\n"
    )


def test_a_mail_through_the_settings_of_reports(home: Path, mail_server: tuple[Inbox, int]) -> None:
    mailbox, port = mail_server
    home.mkdir()
    (home / "workbench.toml").write_text(mail_settings_text(port, '["ann@example.com", "gone@example.com"]'))
    (target,) = alert_targets(load_settings({"WORKBENCH_HOME": str(home)}), no_sms)
    assert target.tell(WORDS) == TargetAnswer("delivered", "refused: g***@example.com")
    (envelope,) = mailbox.envelopes
    assert isinstance(envelope.content, bytes)
    mail = message_from_bytes(envelope.content)
    assert envelope.rcpt_tos == ["ann@example.com"]
    assert mail["Subject"] == "Critical: it burns"
    assert mail["From"] == "workbench@example.com"
    assert mail.get_payload() == "It burns since noon.\r\n"


def test_a_mail_server_that_is_away(home: Path) -> None:
    home.mkdir()
    (home / "workbench.toml").write_text(mail_settings_text(free_port(), '"ann@example.com"'))
    (target,) = alert_targets(load_settings({"WORKBENCH_HOME": str(home)}), no_sms)
    answer = target.tell(WORDS)
    assert answer.outcome == "failed"
    assert "cannot be reached" in answer.detail


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('sms_to = "+14155550123"', "sms_per_day is not set"),
        ('sms_to = "4155550123"\nsms_per_day = 3', "write numbers with their country code"),
        ('mail_to = "ann"', "[alerts] mail_to has 'ann'"),
        ('quiet_hours = "22-7"', '22-7'),
        ('repeat = "soon"', 'a length of time, as "24h"'),
        ('budget = "500"', 'an amount with its currency'),
        ('targets = { ops = "slack://x/y/z" }', "Secrets do not belong there"),
    ],
)  # fmt: skip
def test_impossible_settings(home: Path, text: str, named: str) -> None:
    home.mkdir()
    (home / "workbench.toml").write_text(f"[alerts]\n{text}\n")
    with pytest.raises(ConfigError) as refused:
        load_settings({"WORKBENCH_HOME": str(home)})
    assert named in str(refused.value)
    assert "slack://" not in str(refused.value)


def sms_notice(number: int) -> AlertNotice:
    return AlertNotice(f"rule-{number}", "opened", "sms +1415***0123", 1, ())


def sms_told(minutes_ago: int, outcome: str) -> AlertDelivery:
    at = NOW - timedelta(minutes=minutes_ago)
    return AlertDelivery("1", "e", "r", "", "opened", "sms +1415***0123", 1, at, at, outcome)


@pytest.mark.parametrize(
    ("told", "kept", "held"),
    [
        ([], 3, 1),
        ([sms_told(10, "delivered"), sms_told(20, "unknown")], 1, 3),
        ([sms_told(10, "failed")], 3, 1),
        ([sms_told(1500, "delivered")], 3, 1),
        ([sms_told(1, "delivered"), sms_told(2, "claimed"), sms_told(3, "delivered")], 0, 4),
    ],
)
def test_the_cap_of_sms(told: list[AlertDelivery], kept: int, held: int) -> None:
    notices = [*map(sms_notice, range(4)), AlertNotice("rule", "opened", "ops", 1, ())]
    let_through, waiting = within_sms_cap(notices, told, 3, NOW)
    assert len([each for each in let_through if each.target.startswith("sms ")]) == kept
    assert waiting == held
    assert "ops" in [each.target for each in let_through]


def test_without_a_cap_no_sms_goes() -> None:
    assert within_sms_cap([sms_notice(1)], [], None, NOW) == ([], 1)


def test_the_command_tests_each_target(
    home: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_targets(home, receiver.address)
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    open_lake(load_settings()).close()
    told = CliRunner().invoke(main, ["alerts", "test", "--format", "csv"])
    assert (told.exit_code, told.stdout) == (0, "target,outcome,detail\nops,delivered,taken\n"), told.output
    assert receiver.titles == ["Test of the workbench's alerts"]
    receiver.answers = [403]
    refused = CliRunner().invoke(main, ["alerts", "test", "ops", "--format", "csv"])
    assert refused.exit_code == 1
    assert "ops,failed,the service answered with HTTP 403" in refused.stdout
    unknown = CliRunner().invoke(main, ["alerts", "test", "opps"])
    assert unknown.exit_code == 2
    assert "No target named 'opps'. Did you mean 'ops'?" in unknown.stderr

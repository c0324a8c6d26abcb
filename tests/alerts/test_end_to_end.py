"""From messages in a lake to a webhook, and what the commands show."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.alerts.conftest import NOW, Receiver, Traffic, write_targets
from workbench.alerts.run import look
from workbench.alerts.targets import alert_targets
from workbench.cli import main
from workbench.lake import Lake
from workbench.settings import Settings, load_settings
from workbench.targets.answers import TargetAnswer


def no_sms(to: str, text: str, key: str) -> TargetAnswer:
    raise AssertionError("nobody asked for an SMS")


@pytest.fixture
def settings(home: Path, receiver: Receiver) -> Settings:
    write_targets(home, receiver.address)
    return load_settings({"WORKBENCH_HOME": str(home)})


def test_told_once_and_recovered_once(
    lake: Lake, settings: Settings, traffic: Traffic, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic.weeks(NOW, delivered=200, failed=1)
    traffic.messages(NOW - timedelta(minutes=30), delivered=170, failed=30)
    traffic.synced(NOW)
    targets = alert_targets(settings, no_sms)

    for minute in range(3):
        look(lake, settings, targets, NOW + timedelta(minutes=minute))
    assert receiver.titles == [
        "Critical: More messages fail",
        "Warning: An error code spikes: 30003 Unreachable destination handset",
    ]
    told = receiver.received[0]["message"]
    assert told.splitlines()[:3] == [
        "More messages fail",
        "Since 2026-09-30 12:00 (UTC).",
        "Error rate without opt-outs: 15.0 % of 200 final from 2026-09-30 11:00 to 2026-09-30 12:00 (UTC). "
        "The rule warns above 2.0 %. Usual at these hours is 0.50 %.",
    ]
    assert "Likely cause: 30003 Unreachable destination handset" in told
    assert "failures?since=2026-09-30&until=2026-10-01" in told

    later = NOW + timedelta(hours=2)
    traffic.messages(later - timedelta(minutes=30), delivered=200)
    traffic.synced(later)
    for minute in (0, 20, 25):
        look(lake, settings, targets, later + timedelta(minutes=minute))
    assert receiver.titles[2:] == [
        "Over: An error code spikes: 30003 Unreachable destination handset",
        "Over: More messages fail",
    ]

    monkeypatch.setenv("WORKBENCH_HOME", str(settings.home))
    shown = CliRunner().invoke(main, ["alerts", "history", "--format", "csv"])
    assert shown.exit_code == 0, shown.output
    assert "opened to ops: delivered; recovered to ops: delivered" in shown.stdout
    assert "hush-hush" not in shown.output

"""A process that is killed while it tells: no notice is sent twice, and none is forgotten silently."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.alerts.conftest import NOW, Receiver, write_targets
from tests.alerts.test_end_to_end import no_sms
from workbench.alerts.built_in_rules import BUILT_IN
from workbench.alerts.run import look
from workbench.alerts.targets import alert_targets
from workbench.lake import open_lake
from workbench.lake.alerts import read_deliveries, read_event_history
from workbench.lake.jobs import JobRun, begin_job_run
from workbench.settings import load_settings

#: Kills its own process when it comes to a step of `deliver`: before or after the real function.
KILLED = """
import os, signal, sys
from datetime import datetime
from workbench.alerts import deliver, run
from workbench.alerts.targets import alert_targets
from workbench.lake import open_lake
from workbench.settings import load_settings

home, step, now = sys.argv[1:]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def after(function):
    return lambda *given: (function(*given), die())

settings = load_settings({"WORKBENCH_HOME": home})
targets = alert_targets(settings, die)
if step == "before the claim":
    deliver.claim_deliveries = die
elif step == "after the claim":
    deliver.claim_deliveries = after(deliver.claim_deliveries)
elif step == "after it was told":
    deliver.end_deliveries = lambda lake, rows: die() if rows else None
elif step == "after its outcome was noted":
    real = deliver.end_deliveries
    deliver.end_deliveries = lambda lake, rows: (real(lake, rows), die() if rows else None)
with open_lake(settings) as lake:
    run.look(lake, settings, targets, datetime.fromisoformat(now))
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which a job failed."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    home.mkdir()
    others = [name for name in BUILT_IN if name != "job-failed"]
    off = [f"[alerts.rules.{name}]\nenabled = false\n" for name in others]
    (home / "workbench.toml").write_text("".join(off))
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        begin_job_run(lake, JobRun("1", "reports", NOW, NOW, "failed", None, "no printer"))
    return home


@pytest.mark.parametrize(
    ("step", "received", "outcomes"),
    [
        ("before the claim", 1, ["delivered"]),
        ("after the claim", 0, ["unknown"]),
        ("after it was told", 1, ["unknown"]),
        ("after its outcome was noted", 1, ["delivered"]),
    ],
)
def test_a_kill_at_each_step(
    step: str, received: int, outcomes: list[str], prepared: Path, tmp_path: Path, receiver: Receiver
) -> None:
    home = tmp_path / "home"
    shutil.copytree(prepared, home)
    write_targets(home, receiver.address)
    # The catalog names its files by their place beside it, so a copy is a lake of its own.
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(home), step, NOW.isoformat()], env={**os.environ}, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL

    settings = load_settings({"WORKBENCH_HOME": str(home)})
    targets = alert_targets(settings, no_sms)
    with open_lake(settings) as lake:
        for minutes in (1, 15):
            look(lake, settings, targets, NOW + timedelta(minutes=minutes))
        told = read_deliveries(lake, NOW - timedelta(days=1))
        assert len(receiver.received) == received
        assert [each.outcome for each in told] == outcomes
        assert [event.rule for event in read_event_history(lake, 10)] == ["job-failed"]
        if outcomes == ["unknown"]:
            assert "not known" in str(told[0].detail)

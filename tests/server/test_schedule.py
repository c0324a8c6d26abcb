"""When jobs are due, what cron and systemd are told, and what a run leaves behind."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.lakes import lake_of
from tests.messages import ACCOUNT
from workbench.api import Workbench
from workbench.api.jobs import run_job
from workbench.api.schedule import Rule, schedule_of
from workbench.errors import ConfigError, UsageError, WorkbenchError
from workbench.lake.jobs import read_last_job_runs
from workbench.lake.lock import only_one
from workbench.metrics.freshness import freshness
from workbench.server import scheduling
from workbench.server.hooks_lake import HooksLake
from workbench.server.schedule_text import schedule_text
from workbench.settings import load_settings
from workbench.ui.store import Store

BEGAN = datetime(2026, 9, 1, 12, tzinfo=UTC)


def settings(home: Path, text: str = "") -> Any:
    home.mkdir(parents=True, exist_ok=True)
    (home / "workbench.toml").write_text(text)
    return load_settings({"WORKBENCH_HOME": str(home)})


def test_an_interval_is_due_at_once_then_after_each_run() -> None:
    rule = Rule("sync", every=timedelta(minutes=5))
    assert rule.due_at(None, BEGAN) == BEGAN
    assert rule.due_at(BEGAN - timedelta(hours=9), BEGAN) < BEGAN, "a missed run is due"
    assert rule.due_at(BEGAN, BEGAN) == BEGAN + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("zone", "last", "due"),
    [
        ("UTC", None, datetime(2026, 9, 2, 3, 30, tzinfo=UTC)),
        ("America/New_York", None, datetime(2026, 9, 2, 7, 30, tzinfo=UTC)),
        ("UTC", datetime(2026, 8, 20, 3, 31, tzinfo=UTC), datetime(2026, 8, 21, 3, 30, tzinfo=UTC)),
        ("UTC", datetime(2026, 9, 1, 3, 30, tzinfo=UTC), datetime(2026, 9, 2, 3, 30, tzinfo=UTC)),
    ],
)
def test_a_time_of_day_is_due_once_a_day_and_caught_up(
    zone: str, last: datetime | None, due: datetime
) -> None:
    assert Rule("reconcile", at=time(3, 30), timezone=zone).due_at(last, BEGAN) == due


def test_a_backup_is_due_only_where_it_has_a_place_to_go(home: Path) -> None:
    assert "backup" not in {rule.job for rule in schedule_of(settings(home, ""))}
    rules = schedule_of(settings(home, '[backup]\ntarget = "/mnt/backups"\n'))
    assert Rule("backup", at=time(2, 30), timezone="UTC") in rules


def test_jobs_can_be_moved_and_switched_off(home: Path) -> None:
    jobs = ("maintenance", "doctor", "alerts", "cancellations", "reports", "retention")
    off = "".join(f'{job} = "off"\n' for job in jobs)
    rules = schedule_of(settings(home, f'[schedule]\nsync = "2h"\nreconcile = "23:59"\n{off}'))
    assert rules == (
        Rule("sync", every=timedelta(hours=2)), Rule("reconcile", at=time(23, 59), timezone="UTC")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('sync = "5"', "'5'"),
        ("sync = 5", "5;"),
        ('sync = "25:00"', "'25:00'"),
        ('snyc = "5m"', "Did you mean 'sync'"),
    ],
)
def test_impossible_times_are_named(home: Path, line: str, named: str) -> None:
    with pytest.raises(ConfigError, match="schedule") as refused:
        schedule_of(settings(home, f"[schedule]\n{line}\n"))
    assert named in str(refused.value)


def test_an_error_that_nobody_expected_does_not_end_the_schedule(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(scheduling, "_LOOK_EVERY", 0.02)
    monkeypatch.setattr(scheduling, "_AFTER_TROUBLE", 0.02)
    begun = threading.Event()

    def no_process(*args: Any, **options: Any) -> Any:
        if "no memory" in caplog.text:
            begun.set()
        raise OSError("no memory for a process")

    monkeypatch.setattr("subprocess.Popen", no_process)
    account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "0" * 32}
    with_account = load_settings({"WORKBENCH_HOME": str(home), **account})
    lake = HooksLake(with_account)
    scheduler = scheduling.Scheduler(with_account, lake, [Rule("sync", every=timedelta(milliseconds=1))])
    scheduler.start()
    try:
        assert begun.wait(30), "the schedule ended"
    finally:
        scheduler.close()
        lake.close()


RULES = (
    Rule("sync", every=timedelta(minutes=5)),
    Rule("maintenance", every=timedelta(hours=2)),
    Rule("reconcile", at=time(3, 5), timezone="Europe/Berlin"),
)


def test_the_crontab() -> None:
    lines = schedule_text(RULES, "cron", home="/srv/my lake/100%", python="/opt/py").splitlines()
    command = "WORKBENCH_HOME='/srv/my lake/100\\%' /opt/py -m workbench schedule run"
    assert lines[2:] == [
        f"*/5 * * * * {command} sync",
        f"0 */2 * * * {command} maintenance",
        f"5 3 * * * {command} reconcile",
    ]


def test_what_cron_cannot_say_is_refused() -> None:
    with pytest.raises(UsageError, match="every 7 minutes"):
        schedule_text((Rule("sync", every=timedelta(minutes=7)),), "cron", home="/h", python="p")


def test_the_systemd_units() -> None:
    text = schedule_text(RULES, "systemd", home="/srv/100%", python="/opt/py")
    assert 'Environment="WORKBENCH_HOME=/srv/100%%"' in text
    assert "OnUnitActiveSec=300s" in text
    assert "OnCalendar=*-*-* 03:05:00 Europe/Berlin" in text
    assert text.count("[Timer]") == text.count("[Service]") == 3


def test_a_run_is_noted_and_a_failure_is_seen_everywhere(home: Path) -> None:
    with Workbench(settings(home)) as wb:
        lake_of(wb)  # as a sync before
        done = run_job(wb._installation, "maintenance")
        assert (done.outcome, done.error) == ("done", None)
        assert done.detail is not None
        assert "rows left the catalog" in done.detail
        with pytest.raises(WorkbenchError):
            run_job(wb._installation, "sync")  # no credentials
        assert lake_of(wb).rows("select job, error is not null from failed_jobs") == [("sync", True)]
        assert freshness(lake_of(wb)).failed_jobs == ("sync",)
        # The way of the pages, which do not read the messages again.
        assert Store(lake_of(wb)).freshness().failed_jobs == ("sync",)
        outcomes = {run.job: run.outcome for run in read_last_job_runs(lake_of(wb))}
        assert outcomes == {"maintenance": "done", "sync": "failed"}
        assert "job sync" in repr(wb.status())
        with pytest.raises(UsageError, match="Did you mean 'sync'"):
            run_job(wb._installation, "snyc")


def test_one_job_at_a_time(home: Path) -> None:
    with Workbench(settings(home)) as wb, only_one(home / "jobs.lock", "scheduled job"):
        lake_of(wb)
        with pytest.raises(WorkbenchError, match="Another scheduled job is running"):
            run_job(wb._installation, "maintenance")
        assert read_last_job_runs(lake_of(wb)) == []

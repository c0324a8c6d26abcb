"""The job that watches over the others: beside them, and noted only where it did something."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.alerts.conftest import Receiver, write_targets
from tests.lakes import lake_of
from workbench import UsageError, Workbench
from workbench.api.jobs import run_job
from workbench.api.schedule import schedule_of
from workbench.errors import WorkbenchError
from workbench.lake.jobs import read_last_job_runs
from workbench.lake.lock import only_one
from workbench.settings import load_settings


def test_a_failed_job_is_told_while_another_one_runs(home: Path, receiver: Receiver) -> None:
    write_targets(home, receiver.address)
    with Workbench(load_settings({"WORKBENCH_HOME": str(home)})) as wb:
        lake_of(wb)
        with pytest.raises(WorkbenchError):
            run_job(wb._installation, "sync")  # no credentials
        with only_one(home / "jobs.lock", "scheduled job"):
            done = run_job(wb._installation, "alerts")
        assert done.detail == "1 began, 0 ended, 1 open; notices: 1 delivered"
        assert receiver.titles == ["Warning: A job failed: sync"]
        assert "The job sync failed at " in receiver.received[0]["message"]
        (row,) = wb.alerts.list().to_dict("records")
        assert (row["rule"], row["told"]) == ("job-failed", "opened to ops: delivered")

        # Nothing new: nothing is told, and no version of the lake is made.
        before = lake_of(wb).snapshot_id()
        assert run_job(wb._installation, "alerts").detail == "0 began, 0 ended, 1 open"
        assert lake_of(wb).snapshot_id() == before
        assert {run.job: run.outcome for run in read_last_job_runs(lake_of(wb))} == {
            "alerts": "done",
            "sync": "failed",
        }

        wb.alerts.mute("job-failed", hours=8)
        shown = wb.alerts.list(rules=True).set_index("rule")["state"]
        assert shown["job-failed"].startswith("muted until ")
        assert shown["failure-rate"] == "on"
        assert (wb.alerts.unmute("job-failed"), wb.alerts.unmute("job-failed")) == (True, False)
        with pytest.raises(UsageError, match="Did you mean 'job-failed'"):
            wb.alerts.mute("job-faild")


def test_two_looks_at_once_are_refused(home: Path) -> None:
    with Workbench(load_settings({"WORKBENCH_HOME": str(home)})) as wb:
        lake_of(wb)
        with (
            only_one(home / "alerts.lock", "look at the alerts"),
            pytest.raises(WorkbenchError, match="Another look at the alerts is running"),
        ):
            wb.alerts.run()


def test_alerts_that_are_off_are_not_scheduled(home: Path) -> None:
    home.mkdir()
    (home / "workbench.toml").write_text("[alerts]\nenabled = false\n")
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    assert "alerts" not in [rule.job for rule in schedule_of(settings)]
    with Workbench(settings) as wb, pytest.raises(UsageError, match="enabled is false"):
        wb.alerts.run()

"""The page Health: what the doctor found last, one row for findings that differ only in whom they concern."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from workbench.lake import Lake
from workbench.lake.health import HealthState, save_health
from workbench.lake.jobs import JobRun, begin_job_run
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.store import use_lake

START = datetime(2026, 9, 1, 12, tzinfo=UTC)


def state(kind: str, subject: str, evidence: str = "No webhook.", hour: int = 0) -> HealthState:
    at = START + timedelta(hours=hour)
    return HealthState("inbound-webhooks", subject, kind, evidence, "Set it.", "https://a.example", at, at)


def shown(lake: Lake) -> list[list[list[str]]]:
    """The texts of both tables' rows, under the alerts, before anything else than states is in the lake."""
    info = next(info for info in discover_pages() if info.name == "health")
    session = load_page(info).open("", store=use_lake(lake))
    session.refresh()
    return [
        [[cell["text"] for cell in row["cells"]] for row in component.rows]
        for component in session.components[1:3]
    ]


def test_the_runs_of_the_jobs_are_shown(lake: Lake) -> None:
    for number, (job, outcome, error) in enumerate(
        [("sync", "done", None), ("sync", "failed", "Twilio is away."), ("reports", "running", None)]
    ):
        began = START + timedelta(hours=number)
        ended = None if outcome == "running" else began + timedelta(seconds=75)
        begin_job_run(lake, JobRun(str(number), job, began, ended, outcome, None, error))
    info = next(info for info in discover_pages() if info.name == "health")
    session = load_page(info).open("", store=use_lake(lake))
    session.refresh()
    rows = session.components[3].rows
    assert [[cell["text"] for cell in row["cells"]] for row in rows] == [
        ["Reports", "running", "–"], ["Sync", "failed", "1 min 15 s"], ["Sync", "done", "1 min 15 s"]
    ]  # fmt: skip
    assert rows[1]["detail"][-1] == ["Error", "Twilio is away."]


def test_an_examination_is_shown_without_any_message(lake: Lake) -> None:
    assert shown(lake) == [[], []]
    first = [state("warning", "East"), state("warning", "West"), state("fine", "", "All is well.")]
    save_health(lake, first)
    assert shown(lake) == [
        [["Inbound webhooks: East, West", "Warning", "new"]],
        [["Inbound webhooks", "Fine", "new"]],
    ]
    later = [state("warning", "East", hour=2), state("failure", "West", "A demo answers.", hour=2)]
    save_health(lake, later)
    assert shown(lake) == [
        [["Inbound webhooks: West", "Failed", "new"], ["Inbound webhooks: East", "Warning", "2 h"]],
        [],
    ]

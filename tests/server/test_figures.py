"""What /metrics says, to whom, and that the dashboard asks for nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.conversations.known import known_messages, save_known
from tests.server.hooking import Caller, environment, hooked
from tests.ui.serving import get, served
from workbench.doctor.check_result import CheckResult, Diagnosis
from workbench.doctor.history import states_of
from workbench.errors import LakeBusy
from workbench.lake import Lake, open_lake
from workbench.lake.health import save_health
from workbench.lake.jobs import JobRun, begin_job_run
from workbench.server.figures.lake import CACHE_SECONDS, LakeFigures
from workbench.settings import load_settings

ROOT = Path(__file__).parents[2]
BEGAN = datetime(2026, 9, 7, 12, tzinfo=UTC)
Value = Callable[..., float | None]


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value_in(text: str, name: str, **labels: str) -> float | None:
    return samples(text).get((name, frozenset(labels.items())))


def ask(caller: Caller, home: Path) -> str:
    token = (home / "metrics.token").read_text()
    answer = caller.http.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return answer.text


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("figures") / "home"
    with open_lake(load_settings(environment(home))) as lake:
        save_known(lake)
        for number, (job, outcome, seconds) in enumerate(
            [
                ("sync", "failed", 30),
                ("sync", "done", 90),
                ("reports", "failed", 5),
                ("doctor", "running", None),
            ]
        ):
            began = BEGAN + timedelta(hours=number)
            ended = began + timedelta(seconds=seconds) if seconds else None
            begin_job_run(lake, JobRun(f"run {number}", job, began, ended, outcome, None, "+12025550110"))
        results = [
            CheckResult("failure", "No webhook.", "", "", "+12025550110", "inbound"),
            CheckResult("warning", "No webhook.", "", "", "+12025550111", "inbound"),
            CheckResult("fine", "All is well.", check="disk"),
        ]
        save_health(lake, states_of(Diagnosis(BEGAN, results)))
    return home


@pytest.fixture(scope="module")
def caller(home: Path) -> Iterator[Caller]:
    with hooked(load_settings(environment(home))) as caller:
        caller.settle()
        yield caller


def test_the_state_of_the_installation(caller: Caller, home: Path) -> None:
    text = ask(caller, home)
    began = BEGAN.timestamp()
    for name, labels, expected in (
        ("workbench_lake_readable", {}, 1),
        ("workbench_ready", {}, 1),
        ("workbench_webhooks_on", {}, 1),
        ("workbench_spool_records", {}, 0),
        ("workbench_lake_lag_seconds", {}, 0),
        ("workbench_messages", {}, len(list(known_messages()))),
        ("workbench_quarantined_rows", {}, 0),
        ("workbench_job_last_start_timestamp_seconds", {"job": "sync"}, began + 3600),
        ("workbench_job_last_end_timestamp_seconds", {"job": "sync"}, began + 3690),
        ("workbench_job_last_duration_seconds", {"job": "sync"}, 90),
        ("workbench_job_last_outcome", {"job": "sync", "outcome": "done"}, 1),
        ("workbench_job_last_outcome", {"job": "sync", "outcome": "failed"}, 0),
        ("workbench_job_last_outcome", {"job": "reports", "outcome": "failed"}, 1),
        ("workbench_job_last_outcome", {"job": "doctor", "outcome": "running"}, 1),
        ("workbench_health_results", {"state": "failure"}, 1),
        ("workbench_health_results", {"state": "warning"}, 1),
        ("workbench_health_results", {"state": "fine"}, 1),
        ("workbench_health_examined_timestamp_seconds", {}, began),
        ("workbench_outbox_messages", {"state": "unclear"}, 0),
        ("workbench_log_lines_total", {"level": "critical"}, 0),
    ):
        assert value_in(text, name, **labels) == expected, (name, labels)
    assert value_in(text, "workbench_build_info", process="hooks", version="0.1.0") == 1


def test_what_is_not_known_is_absent(caller: Caller, home: Path) -> None:
    text = ask(caller, home)
    assert "workbench_job_last_end_timestamp_seconds{" in text
    for name, labels in (
        ("workbench_job_last_end_timestamp_seconds", {"job": "doctor"}),  # still running
        ("workbench_job_last_duration_seconds", {"job": "doctor"}),
        ("workbench_job_last_outcome", {"job": "retention", "outcome": "done"}),  # never ran
        ("workbench_last_sync_timestamp_seconds", {}),  # no sync was ever done
    ):
        assert value_in(text, name, **labels) is None, name


def test_requests_and_webhooks_are_counted(caller: Caller, home: Path) -> None:
    before = ask(caller, home)
    assert caller.inbound(901).status_code == 200
    assert caller.status(902).status_code == 204
    assert caller.post("/webhooks/twilio/status", {"From": "+12025550110"}, "forged").status_code == 403
    assert caller.http.get("/+12025550110").status_code == 404
    assert caller.http.get("/readyz", headers={"Host": "evil.example"}).status_code == 421
    caller.settle()
    after = ask(caller, home)
    for name, labels in (
        ("workbench_http_requests_total", {"kind": "inbound_webhook", "status": "200"}),
        ("workbench_http_requests_total", {"kind": "status_callback", "status": "204"}),
        ("workbench_http_requests_total", {"kind": "status_callback", "status": "403"}),
        ("workbench_http_requests_total", {"kind": "not_found", "status": "404"}),
        ("workbench_http_requests_total", {"kind": "refused", "status": "421"}),
        ("workbench_http_request_seconds_count", {"kind": "inbound_webhook"}),
        ("workbench_webhooks_refused_total", {"status": "403"}),
    ):
        assert (value_in(after, name, **labels) or 0) - (value_in(before, name, **labels) or 0) == 1, name
    stored = [value_in(text, "workbench_webhooks_stored_total") or 0 for text in (before, after)]
    assert stored[1] - stored[0] == 2
    assert (value_in(after, "workbench_lake_commit_seconds_count") or 0) >= 1


def test_no_label_tells_of_people(caller: Caller, home: Path) -> None:
    labels = [value for _, pairs in samples(ask(caller, home)) for _, value in pairs]
    assert len(labels) > 50
    assert [value for value in labels if re.search(r"[0-9]{6}|[A-Z]{2}[0-9a-f]{30}", value)] == []


def test_only_its_own_token_opens_it(caller: Caller, home: Path) -> None:
    link, own = ((home / name).read_text() for name in ("link.token", "metrics.token"))
    assert (home / "metrics.token").stat().st_mode & 0o777 == 0o600
    for headers in ({}, {"Authorization": f"Bearer {link}"}, {"Authorization": f"Basic {own}"}):
        answer = caller.http.get("/metrics", headers=headers)
        assert answer.status_code == 401
        assert "workbench_" not in answer.text
    right = {"Authorization": f"Bearer {own}"}
    assert caller.http.get("/metrics", headers={**right, "Host": "evil.example"}).status_code == 421
    assert "failed_jobs" not in caller.http.get("/readyz", headers=right).json()


def test_a_lake_that_does_not_answer_leaves_nothing_of_before(home: Path) -> None:
    now, errors = [0.0], [False]
    with open_lake(load_settings(environment(home)), read_only=True) as lake:

        def opened() -> Lake:
            if errors[0]:
                raise LakeBusy("not now")
            return lake

        figures = LakeFigures(opened, lambda: now[0])

        def names() -> set[str]:
            return {family.name for family in figures.collect() if isinstance(family, Metric)}

        assert "workbench_messages" in names()
        errors[0], now[0] = True, CACHE_SECONDS
        assert names() == {"workbench_lake_readable"}
        errors[0], now[0] = False, 2 * CACHE_SECONDS
        assert "workbench_messages" in names()


def test_a_lake_without_a_log_has_no_messages_not_0(tmp_path: Path) -> None:
    with open_lake(load_settings({"WORKBENCH_HOME": str(tmp_path)})) as lake:
        names = {family.name for family in LakeFigures(lambda: lake).collect()}
    assert "workbench_outbox_messages" in names
    assert {name for name in names if "message" in name} == {"workbench_outbox_messages"}
    assert "workbench_health_results" not in names


def test_every_figure_of_the_dashboard_is_there(caller: Caller, home: Path) -> None:
    """On one of the servers, and with the labels that it asks for."""
    hooks = ask(caller, home)
    with served(load_settings(environment(home))) as pages:
        get(pages, "health")
        token = {"Authorization": f"Bearer {(home / 'metrics.token').read_text()}"}
        figures = httpx.get(f"{pages.url}metrics", headers=token)
        assert httpx.get(f"{pages.url}metrics").status_code == 401
    assert value_in(figures.text, "workbench_http_requests_total", kind="page", status="200") == 1
    there = {name for text in (hooks, figures.text) for name, _ in samples(text)}
    there |= {"workbench_last_sync_timestamp_seconds"}  # absent here: no sync was ever done
    panels = json.loads((ROOT / "docs/grafana.json").read_text())["panels"]
    asked = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in re.findall(r"(?:workbench|process)_[a-z_]+", target["expr"])
    }
    assert len(panels) == 20
    assert len(asked) > 20
    assert asked <= there

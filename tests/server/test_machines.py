"""Several machines serve one lake: one worker acts, a job runs on one machine, and the others take over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from tests.lake.test_leases import TAKEN_OVER_WITHIN
from tests.machines import SharedLake, share_lake, wait_until
from tests.messages import ACCOUNT
from tests.postgres import PostgresServer
from tests.requests_seen import requests_seen
from workbench import LakeBusy, Workbench
from workbench.api.jobs import run_job
from workbench.api.schedule import Rule
from workbench.doctor.worker_state import read_worker_state
from workbench.lake import Lake, open_lake
from workbench.lake.address import LakeAddress, lake_address
from workbench.lake.fleet.leases import HeldLease, read_leases, take_lease
from workbench.lake.fleet.machines import machine_name
from workbench.lake.jobs import read_last_job_runs
from workbench.server.consumers import Consumer
from workbench.server.hooks_lake import HooksLake
from workbench.server.scheduling import Scheduler
from workbench.server.worker import Worker
from workbench.settings import Settings, load_settings
from workbench.simulator import Account, Fault, serve


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, postgres_machine: PostgresServer) -> SharedLake:
    return share_lake(tmp_path_factory.mktemp("machines"), postgres_machine)


def settings_of(shared: SharedLake, name: str, **changes: str) -> Settings:
    account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "0" * 32}
    return load_settings({**account, **shared.environment(name, **changes)})


def give_jobs(monkeypatch: pytest.MonkeyPatch, settings: Settings, shared: SharedLake, url: str = "") -> None:
    """A job's process has the environment of its server, and of it only the home is another one's."""
    credentials = settings.credentials
    environment = {
        **shared.environment("first"),
        "TWILIO_ACCOUNT_SID": credentials.account_sid,
        "TWILIO_AUTH_TOKEN": "0" * 32,
        **({"WORKBENCH_TWILIO_BASE_URL": url} if url else {}),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@contextmanager
def scheduling(settings: Settings, *rules: Rule) -> Iterator[Scheduler]:
    lake = HooksLake(settings)
    scheduler = Scheduler(settings, lake, rules)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.close()
        lake.close()


def test_one_worker_acts_and_another_goes_on_when_it_was_killed(
    shared: SharedLake, postgres_machine: PostgresServer
) -> None:
    runs: list[datetime] = []

    def act(lake: Lake, settings: Settings, now: datetime) -> datetime:
        runs.append(now)
        return now + timedelta(seconds=1)

    second = settings_of(shared, "second")
    environ = {**os.environ, **shared.environment("first")}
    command = [sys.executable, "-m", "workbench", "serve", "--only", "worker"]
    with subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL) as first:
        try:
            home = shared.home("first")
            wait_until(lambda: (state := read_worker_state(home)) and state.looked_at, 120)
            worker = Worker(second, [Consumer("acts", act)])
            with ThreadPoolExecutor(1) as thread:
                running = thread.submit(worker.run)
                try:
                    wait_until(lambda: (state := read_worker_state(second.home)) and state.standing_by)
                    state = read_worker_state(second.home)
                    assert state is not None
                    assert (state.standing_by, runs) == (machine_name(home), [])
                    first.send_signal(signal.SIGKILL)
                    assert wait_until(lambda: runs) < TAKEN_OVER_WITHIN
                    for _ in range(2):
                        postgres_machine.stop()
                        postgres_machine.start()
                        seen = len(runs)
                        wait_until(lambda seen=seen: len(runs) > seen)  # type: ignore[misc]
                    wait_until(lambda: (state := read_worker_state(second.home)) and not state.standing_by)
                finally:
                    worker.stop()
                    running.result(30)
        finally:
            first.kill()
    assert [lease.name for lease in read_leases(_address(shared))] == []


def test_a_job_that_is_due_on_two_machines_runs_once(
    shared: SharedLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_jobs(monkeypatch, settings_of(shared, "first"), shared)
    rule = Rule("maintenance", every=timedelta(hours=2))
    with (
        open_lake(settings_of(shared, "first")) as lake,
        scheduling(settings_of(shared, "first"), rule),
        scheduling(settings_of(shared, "second"), rule),
    ):
        wait_until(lambda: [run.outcome for run in read_last_job_runs(lake)] == ["done"], 120)
        time.sleep(4)
        assert lake.rows("select job, outcome from job_runs") == [("maintenance", "done")]


def test_a_job_is_begun_anew_when_its_machine_died_in_it(
    shared: SharedLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(Account.build(days=1, messages=100)) as server:
        # Twilio does not answer for as long as the test takes.
        server.faults.add(Fault("delay", when="before", seconds=120, times=None))
        changes = {"WORKBENCH_TWILIO_BASE_URL": server.url, "TWILIO_ACCOUNT_SID": server.account.account_sid}
        give_jobs(monkeypatch, settings_of(shared, "first", **changes), shared, server.url)
        rule = Rule("sync", every=timedelta(hours=2))
        address = _address(shared)
        with scheduling(settings_of(shared, "first", **changes), rule) as first:
            wait_until(lambda: [lease.name for lease in read_leases(address)] == ["job sync", "sync"], 120)
            with scheduling(settings_of(shared, "second", **changes), rule) as second:
                time.sleep(4)
                assert "sync" not in second._running, "it started a process that can only be refused"
                first._running["sync"].kill()
                took = wait_until(lambda: "sync" in second._running)
                assert took < TAKEN_OVER_WITHIN
                time.sleep(2)
                assert first._running["sync"].poll() is not None, "who died in it does not begin it again"
                second._running["sync"].kill()


def test_a_second_sync_is_refused_before_it_asks_for_anything(shared: SharedLake) -> None:
    with serve(Account.build(days=2, messages=300)) as server:
        changes = {
            "WORKBENCH_TWILIO_BASE_URL": server.url,
            "TWILIO_ACCOUNT_SID": server.account.account_sid,
            "TWILIO_AUTH_TOKEN": server.account.auth_token,
        }
        wait_until(lambda: not read_leases(_address(shared)))
        server.faults.add(Fault("delay", when="before", seconds=1, times=2))
        with (
            Workbench(settings_of(shared, "first", **changes)) as first,
            Workbench(settings_of(shared, "second", **changes)) as second,
            ThreadPoolExecutor(1) as thread,
        ):
            syncing = thread.submit(first.sync, messages_only=True)
            wait_until(lambda: read_leases(_address(shared)))
            with pytest.raises(LakeBusy, match=r"Another sync is running on this lake \(machine "):
                second.sync(messages_only=True)
            assert syncing.result(60).listed > 200
        pages = [
            (entry["path"], entry["query"])
            for entry in requests_seen(server)
            if entry["path"].endswith("/Messages.json")
        ]
        assert len(pages) == len(set(pages)) > 0


def test_a_job_that_ran_elsewhere_since_it_was_due_does_not_run_again(shared: SharedLake) -> None:
    lease = take_lease(_address(shared), "job alerts", "elsewhere")
    assert isinstance(lease, HeldLease)
    with Workbench(settings_of(shared, "second")) as wb:
        with pytest.raises(LakeBusy, match=r"Another run of the job alerts is running .*machine elsewhere"):
            run_job(wb._installation, "alerts")
        lease.release()
        with pytest.raises(LakeBusy, match="Another machine ran the job alerts a moment ago"):
            run_job(wb._installation, "alerts", after_term=lease.term - 1)


def _address(shared: SharedLake) -> LakeAddress:
    return lake_address(settings_of(shared, "first"))

"""``workbench sync --watch`` and signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from workbench.simulator import Fault, Server


def start(environ: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "workbench", "sync", *arguments],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_watch_syncs_again_survives_trouble_and_ends_cleanly(
    environ: dict[str, str], run: Run, server: Server
) -> None:
    assert run("sync", "--since", server.account.start.isoformat()).returncode == 0
    watcher = start(environ, "--watch", "1s", "--json")
    assert watcher.stdout is not None
    assert watcher.stderr is not None
    first = json.loads(watcher.stdout.readline())
    assert first["listed"] > 0
    second = run("sync", "--watch", "1s")
    assert (second.returncode, f"process {watcher.pid}" in second.stderr) == (3, True)
    server.runtime.faults.add(Fault("reset", times=2))
    assert json.loads(watcher.stdout.readline())["account_sid"] == server.account.account_sid
    watcher.send_signal(signal.SIGTERM)
    _, stderr = watcher.communicate(timeout=20)
    assert (watcher.returncode, stderr) == (0, "")


def test_watch_tells_of_a_twilio_that_is_away_and_goes_on(environ: dict[str, str], run: Run) -> None:
    watcher = start({**environ, "WORKBENCH_TWILIO_BASE_URL": "http://127.0.0.1:9"}, "--watch", "1s")
    assert watcher.stderr is not None
    assert "Tried again in 1s" in watcher.stderr.readline()
    watcher.send_signal(signal.SIGINT)
    watcher.communicate(timeout=30)
    assert watcher.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_long_sync_in_order(
    environ: dict[str, str], run: Run, server: Server, home: Path, number: signal.Signals
) -> None:
    server.options.latency = 0.4
    try:
        syncing = start(environ, "--since", "2026-01-01")
        while not (home / "sync.lock").exists():
            assert syncing.poll() is None
        syncing.send_signal(number)
        _, stderr = syncing.communicate(timeout=30)
    finally:
        server.options.latency = 0.0
    assert syncing.returncode == 130
    assert "run it again" in stderr or "stopped" in stderr
    assert "Traceback" not in stderr
    assert json.loads(run("status", "--json").stdout)["sync"]["last_run"]["outcome"] == "stopped"


@pytest.mark.parametrize("interval", ["5", "m", "0s", "soon", "-1m"])
def test_wrong_intervals_are_named(run: Run, interval: str) -> None:
    done = run("sync", f"--watch={interval}")
    assert done.returncode == 2
    assert repr(interval) in done.stderr


def test_watch_takes_no_period(run: Run) -> None:
    done = run("sync", "--watch", "5m", "--full")
    assert (done.returncode, "--full" in done.stderr) == (2, True)

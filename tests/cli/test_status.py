"""`workbench status`: what runs and what waits, on one screen, once or again and again."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conversations.known import save_known
from tests.messages import ACCOUNT
from workbench import UsageError, Workbench
from workbench.cli.checking import _redrawn
from workbench.doctor.check_result import CheckResult, Diagnosis
from workbench.doctor.history import states_of
from workbench.lake import Lake, open_lake
from workbench.lake.health import save_health
from workbench.lake.jobs import JobRun, begin_job_run
from workbench.lake.lock import only_one, shared
from workbench.lake.spool import Spool
from workbench.settings import Settings, load_settings

BEGAN = datetime(2026, 9, 7, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("status")
    account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "b" * 32}
    settings = load_settings({"WORKBENCH_HOME": str(home), **account})
    with open_lake(settings) as lake:
        save_known(lake)
        note_runs(lake)
        results = [
            CheckResult("failure", "No webhook.", check="inbound"),
            CheckResult("fine", "x", check="disk"),
        ]
        save_health(lake, states_of(Diagnosis(BEGAN, results)))
    Spool(home / "spool").append([b"one", b"another"])
    return settings


def note_runs(lake: Lake) -> None:
    for number, (outcome, said) in enumerate(
        [("done", "3 read"), ("failed", "Twilio is away."), ("done", "4 read")]
    ):
        began = BEGAN + timedelta(hours=number)
        ended = began + timedelta(seconds=75)
        begin_job_run(lake, JobRun(str(number), "sync", began, ended, outcome, said))


@pytest.fixture(scope="module")
def wb(settings: Settings) -> Iterator[Workbench]:
    with Workbench(settings) as opened:
        yield opened


def test_what_runs_and_what_waits(settings: Settings, wb: Workbench) -> None:
    said = dict(wb.status().lines())
    assert (
        said["servers"]
        == "none on this machine: no webhook is taken and no job started here: `workbench serve`"
    )
    assert said["spool"] == "2 webhooks on the disk, on the way to the lake"
    assert said["health"] == "1 failed, 1 fine (2026-09-07 12:00 UTC): `workbench doctor`"
    assert said["job sync"] == "done 2026-09-07 14:01 UTC: 4 read; next when a server or cron starts it"
    assert said["job retention"] == "never ran; next when a server or cron starts it"
    assert "outbox" not in said
    with only_one(settings.home / "hooks.lock", "hooks process"):
        said = dict(wb.status().lines())
        assert said["servers"] == "hooks run on this machine, and no pages"
        assert said["job sync"].endswith("; next now")
        assert "; next about 20" in said["job retention"]
        with shared(settings.home / "pages.lock"), shared(settings.home / "pages.lock"):
            assert dict(wb.status().lines())["servers"] == "pages and hooks run on this machine"


def test_settings_that_a_server_has_not_read_are_said(settings: Settings, wb: Workbench) -> None:
    file, locks = (
        settings.home / "workbench.toml",
        tuple(settings.home / f"{name}.lock" for name in ("hooks", "pages", "api", "worker")),
    )
    file.write_text('[keywords]\nopt_out = ["ARRET"]\n')
    os.utime(file, (BEGAN.timestamp(), BEGAN.timestamp()))
    with (
        only_one(locks[0], "hooks process"),
        shared(locks[1]),
        shared(locks[2]),
        only_one(locks[3], "worker process"),
    ):
        assert "settings" not in dict(wb.status().lines())
        assert [result.state for result in wb.doctor("running-settings").results] == ["fine"]
        runs = ("hooks run", "pages run", "HTTP interface runs", "worker runs")
        for lock, server_runs in zip(locks, runs, strict=True):
            os.utime(lock, (BEGAN.timestamp() - 60, BEGAN.timestamp() - 60))
            said = [value for label, value in wb.status().lines() if label == "settings"]
            assert said[-1] == (
                f"workbench.toml changed at 2026-09-07 12:00:00 UTC, and the {server_runs} since "
                "2026-09-07 11:59:00 UTC with what it said before. Start `workbench serve` again."
            )
        assert [result.state for result in wb.doctor("running-settings").results] == ["warning"] * 4
    assert "settings" not in dict(wb.status().lines()), "what ended has read nothing"
    file.unlink()


def test_the_last_runs_of_each_job(wb: Workbench) -> None:
    runs = [value for label, value in wb.status(runs=2).lines() if label == "run sync"]
    assert runs == [
        "2026-09-07 14:00 UTC done in 1 min 15 s: 4 read",
        "2026-09-07 13:00 UTC failed in 1 min 15 s: Twilio is away.",
    ]
    with pytest.raises(UsageError, match="The number of runs is -1"):
        wb.status(runs=-1)


def environ(settings: Settings) -> dict[str, str]:
    return {**os.environ, "WORKBENCH_HOME": str(settings.home), "TERM": "xterm"}


def test_watched_through_a_pipe_it_comes_again_and_ends_in_order(settings: Settings) -> None:
    command = [sys.executable, "-m", "workbench", "status", "--watch", "1s", "--format", "json"]
    watcher = subprocess.Popen(
        command, env=environ(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert watcher.stdout is not None
    seen = [json.loads(watcher.stdout.readline()) for _ in range(2)]
    assert seen[0]["freshness"]["as_of"] < seen[1]["freshness"]["as_of"]
    assert seen[0]["operations"]["webhooks_on_disk"] == 2
    watcher.send_signal(signal.SIGINT)
    rest, errors = watcher.communicate(timeout=30)
    assert (watcher.returncode, errors) == (0, "")
    assert all(json.loads(line) for line in rest.splitlines())


def test_watched_on_a_terminal_it_is_drawn_in_place(settings: Settings) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "workbench", "status", "--watch"]
    watcher = subprocess.Popen(command, env=environ(settings), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while b"\x1b[J" not in shown:
        shown += os.read(ours, 4096)
    watcher.send_signal(signal.SIGINT)
    assert watcher.wait(30) == 0
    os.close(ours)
    assert shown.startswith(b"\x1b[H")
    assert b"home" in shown
    assert shown.count(b"\n") < 24, "it fits the terminal"


def test_what_does_not_fit_a_terminal_is_said() -> None:
    drawn = _redrawn("one\ntwo is long\nthree\nfour\nfive", 60, 4)
    assert drawn == (
        "\x1b[Hone\x1b[K\ntwo is long\x1b[K\n… 3 more lines; without --watch all are shown\x1b[K\x1b[J"
    )
    assert _redrawn("two is long", 6, 24) == "\x1b[Htwo i…\x1b[K\x1b[J"


def test_it_loads_no_pandas(settings: Settings, tmp_path: Path) -> None:
    """Of a command that is typed all day the time to load pandas would be a third."""
    text = (
        "import sys; from click.testing import CliRunner; from workbench.cli import main; "
        "done = CliRunner().invoke(main, ['status']); print(done.exit_code, "
        "sorted({'pandas', 'twilio', 'httpx', 'tornado', 'panel', 'phonenumbers'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", text], env=environ(settings), capture_output=True, text=True
    )
    assert answer.stdout == "0 []\n"

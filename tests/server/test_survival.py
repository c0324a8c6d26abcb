"""Whole processes: killed under load, out of disk, without a token, restarted, ended in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port
from tests.server.hooking import calling, environment, hooks_process, sid, wait_until_live
from workbench.lake import open_lake
from workbench.settings import load_settings
from workbench.tokens.store import Tokens


def hammer(port: int, home: Path, first: int, stored: set[int], over: threading.Event) -> None:
    """Post one status after another, and note what was answered 2xx."""
    with calling(port, home) as caller, suppress(httpx.HTTPError):
        for number in count(first):
            if over.is_set():
                return
            if caller.status(number, "sent").status_code == 204:
                stored.add(number)


def test_what_was_answered_survives_kill_9_under_load(home: Path) -> None:
    environ, stored, over = environment(home), set[int](), threading.Event()
    for life in range(2):
        port = free_port()
        with hooks_process(environ, port) as process:
            threads = [
                threading.Thread(
                    target=hammer, args=(port, home, (life * 9 + worker) * 100_000, stored, over)
                )
                for worker in range(1, 5)
            ]
            for thread in threads:
                thread.start()
            time.sleep(1.5 + life)
            process.send_signal(signal.SIGKILL)
            for thread in threads:
                thread.join(20)
    assert len(stored) > 50
    port = free_port()
    with hooks_process(environ, port), calling(port, home) as caller:
        caller.settle()
    with open_lake(load_settings(environ)) as lake:
        rows = [found for (found,) in lake.rows("select message_sid from status_events")]
    assert len(rows) == len(set(rows)), "twice"
    assert {sid(number) for number in stored} <= set(rows), "lost"


def test_a_full_disk_is_answered_503_and_nothing_answered_is_lost(home: Path) -> None:
    environ, port = environment(home), free_port()
    with open_lake(load_settings(environ)):
        pass
    # No file may grow beyond 300 blocks of 512 bytes: as good as a full disk, for the spool and the lake.
    limited = ("sh", "-c", 'ulimit -f 300; exec "$@"', "sh")
    with hooks_process(environ, port, *limited), calling(port, home) as caller:
        filler = {f"Field{number}": "x" * 500 for number in range(60)}
        codes = {number: caller.status(number, "sent", **filler).status_code for number in range(1, 25)}
        assert set(codes.values()) == {204, 503}
    port = free_port()
    with hooks_process(environ, port), calling(port, home) as caller:
        caller.settle()
    with open_lake(load_settings(environ)) as lake:
        held = {found for (found,) in lake.rows("select message_sid from status_events")}
    assert {sid(number) for number, code in codes.items() if code == 204} <= held


API_KEY_ONLY = {"TWILIO_AUTH_TOKEN": "", "TWILIO_API_KEY": "SK" + "0" * 32, "TWILIO_API_SECRET": "s"}


def run_serve(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", "serve", "--port", "0", "--hooks-port", "0", "--api-port", "0",
         *arguments],
        env={**os.environ, **environ}, capture_output=True, text=True, timeout=40,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "text", "named"),
    [
        (API_KEY_ONLY, "", "TWILIO_AUTH_TOKEN"),
        ({}, '[webhooks]\nhelp_replay = "x"\n', "Did you mean 'help_reply'"),
        ({}, "[webhooks]\nmost_per_second = 0\n", "most_per_second is 0"),
        ({}, '[schedule]\nsync = "often"\n', "'often'"),
        ({"TWILIO_WEBHOOK_KEY": "k"}, "", "TWILIO_WEBHOOK_SECRET"),
    ],
)  # fmt: skip
def test_wrong_settings_are_one_line_before_anything_starts(
    home: Path, changes: dict[str, str], text: str, named: str
) -> None:
    environ = environment(home, **changes)
    if text:
        (home / "workbench.toml").write_text(text)
    done = run_serve(environ)
    assert (done.returncode, named in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_hooks_process_names_the_first(home: Path) -> None:
    port = free_port()
    with hooks_process(environment(home), port) as process:
        done = run_serve(environment(home), "--only", "hooks")
        assert (done.returncode, f"process {process.pid}" in done.stderr) == (3, True), done.stderr


def wait_for(what: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


@pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="finds the processes in /proc, which is Linux's"
)
def test_serve_starts_a_dead_process_again_and_ends_all(home: Path, tmp_path: Path) -> None:
    ports = {"--port": free_port(), "--hooks-port": free_port(), "--api-port": free_port()}
    arguments = [str(part) for pair in ports.items() for part in pair]
    said = tmp_path / "stderr"
    with said.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "workbench", "serve", *arguments],
            env={**os.environ, **environment(home)}, stderr=file,
        )  # fmt: skip
    try:
        wait_until_live(ports["--port"])
        wait_until_live(ports["--hooks-port"])
        # Nobody may come in without a token, so the process of programs starts with the first.
        assert len(children_of(process.pid)) == 3
        assert f"Programs come to http://127.0.0.1:{ports['--api-port']}/api/v1/ once" in said.read_text()
        tokens = Tokens(home)
        tokens.add(tokens.check_new("shop", "viewer", (), None), "local:ops")
        wait_until_live(ports["--api-port"])
        before = children_of(process.pid)
        assert len(before) == 4
        hooks = next(
            pid for pid in before if b"hooks" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        )
        os.kill(hooks, signal.SIGKILL)
        wait_for(lambda: "The hooks process ended (killed by SIGKILL)" in said.read_text())
        wait_for(lambda: len(set(children_of(process.pid)) - {hooks}) == 4)
        wait_until_live(ports["--hooks-port"])
        alive = children_of(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in alive)
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="finds the processes in /proc, which is Linux's"
)
def test_when_serve_is_killed_its_processes_end_too(home: Path) -> None:
    ports = [free_port(), free_port()]
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench", "serve", "--port", str(ports[0]), "--hooks-port", str(ports[1]),
         "--api-port", "0"],
        env={**os.environ, **environment(home)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for port in ports:
            wait_until_live(port)
        children = children_of(process.pid)
    finally:
        process.kill()
        process.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))


def test_a_lake_in_another_privacy_mode_ends_the_process_with_the_reason(home: Path) -> None:
    environ, port = environment(home), free_port()
    with hooks_process(environ, port), calling(port, home) as caller:
        caller.settle()
    done = run_serve({**environ, "WORKBENCH_PRIVACY": "no_body"}, "--only", "hooks")
    assert (done.returncode, "privacy mode full" in done.stderr) == (2, True), done.stderr

"""How many signed status callbacks the hooks take, and how long each waits for its answer.

Everything is real: `workbench serve` with both processes, a simulated account, a client in a process of its
own. The rows in the lake are compared with what was answered, one by one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.ports import free_port
from benchmarks.report import load_average, machine_facts, table
from benchmarks.stand_in import stand_in

NAME = "webhooks"
_PUBLIC_URL = "https://hooks.example"


@dataclass(frozen=True)
class Load:
    """One run of the client: what it saw, and the memory of the server in MB along the way."""

    label: str
    seen: dict[str, Any]
    memory_mb: tuple[float, ...] = ()


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--webhook-seconds", type=float, default=20, help="of each run")
    parser.add_argument(
        "--held-seconds", type=float, help="of the run held at 800 a second; 600 shows the memory"
    )
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--webhook-messages", type=int, default=20_000, help="in the lake they are about")


def run(options: argparse.Namespace) -> str:
    """Measure, and give the report as Markdown."""
    load = load_average()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        stand_in(options.webhook_messages, 30) as account,
    ):
        home = Path(name) / "home"
        home.mkdir()
        (home / "workbench.toml").write_text(
            '[schedule]\nsync = "off"\nreconcile = "off"\n[webhooks]\nmost_per_second = 100000\n'
            "[access]\ntoken = false\n"
        )
        environment = {**os.environ, **account.environment, "WORKBENCH_HOME": str(home)}
        environment["WORKBENCH_PUBLIC_URL"] = _PUBLIC_URL
        _workbench(environment, "sync")
        plan = _write_plan(environment, Path(name) / "plan.json")
        floor = _measure_floor(options, plan)
        with _serving(environment) as ports:
            loads, answered = _measure_server(options, plan, environment, ports, Path(name))
            behind = _wait_for_lake(ports[1], home)
        verdict = _compare(environment, answered)
    return _report(options, [floor, *loads], verdict, behind, load)


def _measure_floor(options: argparse.Namespace, plan: Path) -> Load:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.floor_hooks", str(port)])
    try:
        time.sleep(1.5)
        return Load("floor: the web server answers 204 and does nothing", _call(options, plan, port))
    finally:
        process.kill()
        process.wait()


def _measure_server(
    options: argparse.Namespace,
    plan: Path,
    environment: Mapping[str, str],
    ports: tuple[int, int],
    folder: Path,
) -> tuple[list[Load], set[str]]:
    pid, answered = _pid_listening(ports[1]), set[str]()

    whole = json.loads(plan.read_text())

    def load(label: str, part: int, per_second: float = 0, seconds: float | None = None) -> Load:
        # Each run has messages of its own: what was told before would move nothing.
        plan.write_text(json.dumps({**whole, "message_sids": whole["message_sids"][part::3]}))
        answers, memory, over = folder / "answers.json", list[float](), threading.Event()
        watch = threading.Thread(target=_watch_memory, args=(pid, memory, over))
        watch.start()
        seen = _call(options, plan, ports[1], per_second, answers, seconds)
        over.set()
        watch.join()
        answered.update(json.loads(answers.read_text()))
        return Load(label, seen, tuple(memory))

    loads = [load("alone, as fast as it goes", 0)]
    with _busy(environment, ports[0]):
        loads.append(load("a dashboard open and a sync running, as fast as it goes", 1))
        held = options.held_seconds or options.webhook_seconds
        loads.append(load(f"the same, held at 800 a second for {held:.0f} s", 2, 800, held))
    return loads, answered


def _call(
    options: argparse.Namespace,
    plan: Path,
    port: int,
    per_second: float = 0,
    answers: Path | None = None,
    seconds: float | None = None,
) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.caller", f"http://127.0.0.1:{port}", str(plan)]
    command += ["--seconds", str(seconds or options.webhook_seconds)]
    command += ["--connections", str(options.connections)]
    command += ["--per-second", str(per_second)]
    command += ["--answers", str(answers)] if answers else []
    found: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    _say(json.dumps(found))
    return found


@contextmanager
def _serving(environment: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    ports = free_port(), free_port()
    command = [
        sys.executable,
        "-m",
        "workbench",
        "serve",
        "--port",
        str(ports[0]),
        "--hooks-port",
        str(ports[1]),
        "--api-port",
        "0",
    ]
    process = subprocess.Popen(command, env=dict(environment))
    try:
        for port in ports:
            _wait_for(port)
        yield ports
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def _busy(environment: Mapping[str, str], pages_port: int) -> Iterator[None]:
    """A full sync again and again, and a dashboard that a browser holds open and that follows the news."""
    from playwright.sync_api import sync_playwright

    over = threading.Event()

    def sync_again_and_again() -> None:
        while not over.is_set():
            _workbench(environment, "sync", "--full")

    syncing = threading.Thread(target=sync_again_and_again)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        browser.new_page().goto(f"http://127.0.0.1:{pages_port}/overview")
        syncing.start()
        try:
            yield
        finally:
            over.set()
            syncing.join()
            browser.close()


def _compare(environment: Mapping[str, str], answered: set[str]) -> str:
    sql = "select message_sid || ' ' || status as name from status_events where source = 'callback'"
    rows = [row["name"] for row in json.loads(_workbench(environment, "sql", sql, "--format", "json"))]
    lost, twice = answered - set(rows), len(rows) - len(set(rows))
    return f"{len(answered):,} callbacks answered 2xx; of these lost: {len(lost):,}; twice: {twice:,}."


def _report(
    options: argparse.Namespace, loads: Sequence[Load], verdict: str, behind: float, load: str
) -> str:
    header = ["", "per second", "p50 ms", "p99 ms", "longest ms", "requests", "not 2xx", "MB by quarters"]
    return "\n\n".join(
        [
            "## Webhooks",
            machine_facts(),
            f"Load average before the first run: {load}. {options.connections} connections, "
            f"{options.webhook_seconds:.0f} s each, about {options.webhook_messages:,} messages in the lake.",
            table(header, [_cells(one) for one in loads]),
            f"{verdict} The lake had all of it {behind:.1f} s after the last answer. MB: the median of the "
            "hooks process in each quarter of a run.",
        ]
    )


def _cells(load: Load) -> list[str]:
    seen = load.seen
    bad = sum(count for code, count in seen["codes"].items() if not 200 <= int(code) < 300)
    memory = ", ".join(f"{median:.0f}" for median in _by_quarters(load.memory_mb)) or "–"
    figures = [
        f"{seen[name]:,.{digits}f}"
        for name, digits in (("per_second", 0), ("p50_ms", 1), ("p99_ms", 1), ("longest_ms", 0))
    ]
    return [load.label, *figures, f"{seen['requests']:,}", f"{bad:,}", memory]


def _by_quarters(values: Sequence[float]) -> list[float]:
    """The median of each quarter of a run; fewer where there are fewer values."""
    length = max(len(values) // 4, 1)
    return [statistics.median(values[at : at + length]) for at in range(0, length * 4, length) if values[at:]]


def _write_plan(environment: Mapping[str, str], path: Path) -> Path:
    sql = "select message_sid from messages where is_outbound order by date_created desc"
    sids = [row["message_sid"] for row in json.loads(_workbench(environment, "sql", sql, "--format", "json"))]
    path.write_text(
        json.dumps(
            {
                "token": environment["TWILIO_AUTH_TOKEN"],
                "account_sid": environment["TWILIO_ACCOUNT_SID"],
                "public_url": _PUBLIC_URL,
                "message_sids": sids,
            }
        )
    )
    return path


def _workbench(environment: Mapping[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "workbench", *arguments]
    return subprocess.run(command, env=dict(environment), check=True, capture_output=True, text=True).stdout


def _watch_memory(pid: int, found: list[float], over: threading.Event) -> None:
    while not over.is_set():
        with suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            found.append(int(status.partition("VmRSS:")[2].split()[0]) / 1024)
        over.wait(1.0)


def _pid_listening(hooks_port: int) -> int:
    """The hooks process, by its command line."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if b"hooks" in words and str(hooks_port).encode() in words:
                return int(path.parent.name)
    raise RuntimeError("The hooks process was not found; memory is measured on Linux only.")


def _wait_for_lake(port: int, home: Path) -> float:
    began = time.monotonic()
    token = (home / "link.token").read_text()
    while json.loads(_get(port, "readyz", {"Authorization": f"Bearer {token}"}))["waiting_for_lake"]:
        time.sleep(0.1)
    return time.monotonic() - began


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError):
            _get(port, "healthz")
            return
        time.sleep(0.2)
    raise RuntimeError(f"Nothing answers on port {port}.")


def _get(port: int, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return bytes(error.read())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

"""How many requests of programs the HTTP interface answers, beside the bare web server it is made of.

`workbench serve --only api` is a process of its own, over a synced lake, and sends to the simulated account.
Each run ends after its seconds or its number of requests, so that all of it takes less than a minute.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.ports import free_port
from benchmarks.report import load_average, machine_facts, table
from benchmarks.stand_in import stand_in

NAME = "api"
_READS = {
    "GET /conversations?view=waiting": "/conversations?view=waiting&limit=50",
    "GET /messages": "/messages?limit=50",
    "GET /metrics/delivery_rate/values?by=day": "/metrics/delivery_rate/values?by=day",
}
_QUIET = 'as_of = 2026-11-25\n[default]\nsend = "00:00-24:00"\nsource = "this benchmark"\n'
_SETTINGS = """
[api]
requests_per_minute = 1000000
[sending]
settle_after_seconds = 1
[mps_limits]
"long code" = 400
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    group = parser.add_argument_group("api")
    group.add_argument("--api-seconds", type=float, default=5, help="of each run, at most")
    group.add_argument("--api-requests", type=int, default=5_000, help="of each run, at most")
    group.add_argument("--api-sends", type=int, default=200, help="messages that are sent, at most")
    group.add_argument("--api-connections", type=int, default=8)
    group.add_argument("--api-messages", type=int, default=20_000, help="in the lake")


def run(options: argparse.Namespace) -> str:
    """Measure, and give the report as Markdown."""
    load = load_average()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        stand_in(options.api_messages, 30) as account,
    ):
        folder = Path(name)
        environment = {**os.environ, **account.environment, "WORKBENCH_HOME": str(folder / "home")}
        _make_home(folder / "home")
        _workbench(environment, "sync")
        token = _workbench(environment, "tokens", "create", "bench", "--role", "agent").strip()
        sender = _sender(environment)
        with _process("benchmarks.floor_api", "{port}", environment=environment) as port:
            floor = _call(options, folder, port, _get("/floor", "", options.api_requests))
        arguments = ("serve", "--only", "api", "--api-port", "{port}")
        with _process("workbench", *arguments, environment=environment) as port:
            seen = {
                label: _call(options, folder, port, _get(path, token, options.api_requests))
                for label, path in _READS.items()
            }
            sends = [_send(sender, number, token) for number in range(options.api_sends)]
            seen["POST /messages, confirmed"] = _call(options, folder, port, sends)
        accepted = _accepted(environment)
    return _report(options, floor, seen, accepted, load)


def _make_home(home: Path) -> None:
    home.mkdir()
    (home / "workbench.toml").write_text(_SETTINGS)
    # No hour is quiet, whenever it runs.
    (home / "quiet_hours.toml").write_text(_QUIET)


def _get(path: str, token: str, count: int) -> list[str]:
    return [
        f"GET /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAuthorization: Bearer {token}\r\n\r\n"
    ] * count


def _send(sender: str, number: int, token: str) -> str:
    body = json.dumps(
        {"to": f"+1415558{number:04}", "sender": sender, "body": f"Order {number} is ready.", "confirm": True}
    )
    return (
        "POST /api/v1/messages HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nIdempotency-Key: bench-{number}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )


def _call(options: argparse.Namespace, folder: Path, port: int, requests: Sequence[str]) -> dict[str, Any]:
    plan = folder / "plan.json"
    whole = [text.replace("127.0.0.1:PORT", f"127.0.0.1:{port}") for text in requests]
    # The first request opens the lake and is not counted.
    for part, seconds in ((whole[:1], 30.0), (whole[1:], options.api_seconds)):
        plan.write_text(json.dumps({"requests": part}))
        command = [sys.executable, "-m", "benchmarks.caller", f"http://127.0.0.1:{port}", str(plan)]
        command += ["--seconds", str(seconds), "--connections", str(min(options.api_connections, len(part)))]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seen: dict[str, Any] = json.loads(printed)
    print(printed.strip(), file=sys.stderr, flush=True)
    return seen


@contextmanager
def _process(module: str, *arguments: str, environment: Mapping[str, str]) -> Iterator[int]:
    port = free_port()
    words = [argument.format(port=port) for argument in arguments]
    process = subprocess.Popen([sys.executable, "-m", module, *words], env=dict(environment))
    try:
        _wait_until(lambda: httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code > 0)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _wait_until(answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if answers():
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError("The server does not answer within a minute; what it said is above.")


def _sender(environment: Mapping[str, str]) -> str:
    """The long code that sent the most."""
    sql = (
        "select sender from messages where is_outbound and sender like '+1%' and length(sender) = 12 "
        "group by sender order by count(*) desc limit 1"
    )
    return str(json.loads(_workbench(environment, "sql", sql, "--format", "json"))[0]["sender"])


def _accepted(environment: Mapping[str, str]) -> int:
    """Messages that the account took, by the outbox."""
    return len(
        json.loads(_workbench(environment, "outbox", "list", "--state", "accepted", "--format", "json"))
    )


def _workbench(environment: Mapping[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "workbench", *arguments]
    return subprocess.run(command, env=dict(environment), check=True, capture_output=True, text=True).stdout


def _report(
    options: argparse.Namespace,
    floor: Mapping[str, Any],
    seen: Mapping[str, Mapping[str, Any]],
    accepted: int,
    load: str,
) -> str:
    header = ["", "per second", "floor is faster by", "p50 ms", "p99 ms", "requests", "not 2xx"]
    rows = {"floor: FastAPI and uvicorn answer a constant": floor, **seen}
    return "\n\n".join(
        [
            "## HTTP interface",
            machine_facts(),
            f"Load average before the first run: {load}. {options.api_connections} connections, at most "
            f"{options.api_seconds:g} s each, about {options.api_messages:,} messages in the lake; server, "
            "caller and the simulated account share the machine.",
            table(header, [_cells(label, figures, floor) for label, figures in rows.items()]),
            f"The outbox has {accepted:,} messages that the account took.",
        ]
    )


def _cells(label: str, figures: Mapping[str, Any], floor: Mapping[str, Any]) -> list[str]:
    bad = sum(count for code, count in figures["codes"].items() if not 200 <= int(code) < 300)
    return [
        label,
        f"{figures['per_second']:,.1f}",
        f"{floor['per_second'] / figures['per_second']:,.0f}",
        f"{figures['p50_ms']:,.1f}",
        f"{figures['p99_ms']:,.1f}",
        f"{figures['requests']:,}",
        f"{bad:,}",
    ]

"""The account that everybody is measured on: one simulator process, the same for all."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Requests:
    """What one contender asked of the server."""

    total: int
    most_at_once: int
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class StandIn:
    """A running stand-in; `environment` leads a contender to it, `since` is its first day."""

    environment: dict[str, str]
    since: date

    def set_latency(self, seconds: float) -> None:
        self._control("POST", "options", {"latency": seconds})

    def forget_requests(self) -> None:
        self._control("DELETE", "requests")

    def requests(self) -> Requests:
        """Those since they were last forgotten."""
        found = self._control("GET", "requests?limit=20000")
        addresses = tuple(
            f"{entry['path']}?{entry['query']}" for entry in found["latest"] if entry["status"] == 200
        )
        return Requests(found["total"], found["most_active"], addresses)

    def _control(self, method: str, what: str, body: dict[str, Any] | None = None) -> Any:
        return _control(self.environment["WORKBENCH_TWILIO_BASE_URL"], method, what, body)


@contextmanager
def stand_in(messages: int, days: int) -> Iterator[StandIn]:
    """Start the simulator; its clock stands still, so that everybody finds the same rows."""
    command = [sys.executable, "-m", "workbench", "simulate", "--port", "0", "--until-stdin-closes"]
    command += ["--messages", str(messages), "--days", str(days)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        environment = {}
        while line := process.stdout.readline().strip():
            name, _, value = line.removeprefix("export ").partition("=")
            environment[name] = value
        if not environment:
            raise RuntimeError("The simulator did not start; run `workbench simulate` to see why.")
        base = environment["WORKBENCH_TWILIO_BASE_URL"]
        _control(base, "POST", "clock", {"rate": 0})
        yield StandIn(environment, date.fromisoformat(_control(base, "GET", "")["start"]))
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


def _control(base_url: str, method: str, what: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    # The address is the one that our own child process printed.
    request = urllib.request.Request(f"{base_url}/_simulator/{what}", data=data, method=method)
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)

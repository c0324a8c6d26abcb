"""A large account: the memory of its first sync, and what a sync costs when nothing has changed.

The second figure is split: the time of the very same requests, sent again and thrown away, and the rest.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.child import Measured, measure
from benchmarks.peers import CONTENDERS, Place, contender_environment, replay_command
from benchmarks.report import table
from benchmarks.stand_in import stand_in

LARGE_DAYS = 365


@dataclass(frozen=True)
class LargeLake:
    """The first sync (without latency), the second one (with), and its requests alone (with)."""

    messages: int
    days: int
    latency_ms: int
    first: Measured
    again: Measured
    again_requests: int
    requests_alone: Measured

    def report(self) -> str:
        """One table, and what its rows are."""
        rest = self.again.seconds - self.requests_alone.seconds
        rows = [
            _cells("first sync, 0 ms", self.first),
            _cells(f"again, nothing changed, {self.latency_ms} ms", self.again),
            _cells(f"its {self.again_requests:,} requests alone", self.requests_alone),
        ]
        return (
            table(["", "seconds", "CPU s", "peak MB", "messages read", "added", "changed"], rows)
            + f"\n\n{self.messages:,} messages of {self.days} days. The second sync took {rest:.1f} s more "
            "than its requests, which were sent again with the floor's concurrency and thrown away."
        )


def measure_large_lake(
    messages: int, days: int, latency_ms: int, folder: Path, concurrency: int
) -> LargeLake:
    """Fill a lake, sync it again, send the second sync's requests alone."""
    with stand_in(messages, days) as server:
        environment = contender_environment(server.environment, folder)
        command = CONTENDERS["workbench"].command(
            Place(server.since, folder, Path(sys.executable), concurrency)
        )
        _say(f"large lake: a first sync of {messages:,} messages …")
        first = measure(command, environment, folder)
        _say(f"large lake: {first.seconds:.1f} s, {first.peak_mb:.0f} MB; again …")
        server.set_latency(latency_ms / 1000)
        server.forget_requests()
        again = measure(command, environment, folder)
        asked = server.requests()
        alone = measure(
            replay_command(_write_addresses(asked.addresses, folder), concurrency), environment, folder
        )
    return LargeLake(first.printed["added"], days, latency_ms, first, again, asked.total, alone)


def _write_addresses(addresses: tuple[str, ...], folder: Path) -> Path:
    path = folder / "addresses.txt"
    path.write_text("\n".join(addresses))
    return path


def _cells(name: str, run: Measured) -> list[str]:
    counts = [
        f"{run.printed[key]:,}" if key in run.printed else "–" for key in ("listed", "added", "changed")
    ]
    return [name, f"{run.seconds:.2f}", f"{run.processor_seconds:.1f}", f"{run.peak_mb:.0f}", *counts]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

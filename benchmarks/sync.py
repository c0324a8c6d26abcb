"""How fast a sync is, and how much memory it takes, beside what people would use instead.

Every figure is of a whole process, from its start to its exit, imports and the creation of its database
included. All of them talk to one simulator process, which answers after a fixed latency.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.child import Measured, measure
from benchmarks.large_lake import LARGE_DAYS, LargeLake, measure_large_lake
from benchmarks.peers import (
    CONTENDERS,
    DLT_PACKAGES,
    INGESTR,
    Contender,
    Place,
    contender_environment,
    install_peers,
)
from benchmarks.report import load_average, machine_facts, table
from benchmarks.stand_in import Requests, StandIn, stand_in

LATENCIES_MS = (50, 250, 1000)
_LARGE = "large"


@dataclass(frozen=True)
class Result:
    """The runs of one contender at one latency, and what the last of them asked of the server."""

    contender: Contender
    runs: tuple[Measured, ...]
    requests: Requests
    rows: int

    @property
    def seconds(self) -> float:
        return statistics.median(run.seconds for run in self.runs)

    @property
    def peak_mb(self) -> float:
        return max(run.peak_mb for run in self.runs)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--messages", type=int, default=100_000, help="in the account that all read")
    parser.add_argument("--days", type=int, default=90, help="over which they are spread")
    parser.add_argument("--latency", type=int, nargs="+", default=list(LATENCIES_MS), help="in milliseconds")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the median counts")
    parser.add_argument("--concurrency", type=int, default=16, help="of the floor")
    parser.add_argument(
        "--only", nargs="+", choices=[*CONTENDERS, _LARGE], help="measure these and no others"
    )
    parser.add_argument(
        "--large-messages", type=int, default=1_000_000, help="in the account of the large lake"
    )
    parser.add_argument("--large-days", type=int, default=LARGE_DAYS)


def run(options: argparse.Namespace) -> str:
    """Measure, and give the report as Markdown."""
    chosen = options.only or [*CONTENDERS, _LARGE]
    load = load_average()
    results: Mapping[int, Sequence[Result]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        contenders = [CONTENDERS[one] for one in chosen if one != _LARGE]
        if contenders:
            results = _measure_all(contenders, options, folder)
        large = None
        if _LARGE in chosen:
            large = measure_large_lake(
                options.large_messages, options.large_days, max(options.latency), folder, options.concurrency
            )
    return _report(options, results, large, load)


def _measure_all(
    contenders: Sequence[Contender], options: argparse.Namespace, folder: Path
) -> dict[int, list[Result]]:
    needs_peers = any(contender.name.startswith("dlt") for contender in contenders)
    python = install_peers(folder) if needs_peers else Path(sys.executable)
    with stand_in(options.messages, options.days) as server:
        place = Place(server.since, folder, python, options.concurrency)
        # The server keeps the JSON of rows it has written: nobody shall be the first.
        warm = _measure_one(CONTENDERS["floor"], place, server, repeat=1)
        return {
            latency: _measure_at(latency, contenders, place, server, options.repeat, warm.rows)
            for latency in options.latency
        }


def _measure_at(
    latency_ms: int,
    contenders: Sequence[Contender],
    place: Place,
    server: StandIn,
    repeat: int,
    expected_rows: int,
) -> list[Result]:
    server.set_latency(latency_ms / 1000)
    results = []
    for contender in contenders:
        if contender.longest_latency_ms is not None and latency_ms > contender.longest_latency_ms:
            continue
        result = _measure_one(contender, place, server, repeat=repeat if contender.repeats else 1)
        if result.rows != expected_rows:
            raise RuntimeError(f"{contender.label} has {result.rows:,} rows of {expected_rows:,}.")
        _say(f"{latency_ms} ms, {contender.label}: {result.seconds:.1f} s, {result.peak_mb:.0f} MB")
        results.append(result)
    return results


def _measure_one(contender: Contender, place: Place, server: StandIn, *, repeat: int) -> Result:
    runs = []
    for _ in range(repeat):
        server.forget_requests()
        with _fresh(place) as fresh:
            environment = contender_environment(server.environment, fresh.folder)
            runs.append(measure(contender.command(fresh), environment, fresh.folder))
            requests = server.requests()
            rows = _count_rows(runs[-1], environment)
    return Result(contender, tuple(runs), requests, rows)


@contextmanager
def _fresh(place: Place) -> Iterator[Place]:
    """The same place with an empty folder."""
    with tempfile.TemporaryDirectory(dir=place.folder) as name:
        yield Place(place.since, Path(name), place.peers_python, place.concurrency)


def _count_rows(run: Measured, environment: Mapping[str, str]) -> int:
    """Peers count what is in their database themselves; ours is asked from outside."""
    if "rows" in run.printed:
        return int(run.printed["rows"])
    sql = "select count(distinct message_sid) as rows from messages"
    command = [sys.executable, "-m", "workbench", "sql", sql, "--format", "json"]
    answer = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=True)
    return int(json.loads(answer.stdout)[0]["rows"])


def _report(
    options: argparse.Namespace,
    results: Mapping[int, Sequence[Result]],
    large: LargeLake | None,
    load: str,
) -> str:
    parts = ["## Sync", machine_facts(DLT_PACKAGES), f"Load average before the first run: {load}."]
    if results:
        parts.append(
            f"About {options.messages:,} messages of {options.days} days. Seconds are the median of "
            f"{options.repeat} runs (*spread*: the fastest and the slowest), memory is the highest peak, "
            "*ratio* how many times as long as our sync it took. All hold every message (checked)."
        )
    for latency, measured in results.items():
        parts += [f"### {latency} ms per answer", _latency_table(measured)]
    if any(contender.longest_latency_ms for contender in CONTENDERS.values()) and results:
        parts.append(_left_out(options.latency))
    if large:
        parts += ["### A large lake", large.report()]
    parts += ["### Not measured", INGESTR]
    return "\n\n".join(part for part in parts if part)


def _latency_table(results: Sequence[Result]) -> str:
    header = ["", "seconds", "spread", "ratio", "peak MB", "CPU s", "requests", "at once", "rows"]
    ours = next((result.seconds for result in results if result.contender.name == "workbench"), None)
    return table(header, [_cells(result, ours) for result in results])


def _cells(result: Result, ours: float | None) -> list[str]:
    seconds = [run.seconds for run in result.runs]
    return [
        result.contender.label,
        f"{result.seconds:.2f}",
        f"{min(seconds):.2f}–{max(seconds):.2f}",
        "–" if ours is None else f"{result.seconds / ours:.2f}",
        f"{result.peak_mb:.0f}",
        f"{statistics.median(run.processor_seconds for run in result.runs):.1f}",
        f"{result.requests.total:,}",
        f"{result.requests.most_at_once}",
        f"{result.rows:,}",
    ]


def _left_out(latencies: Sequence[int]) -> str:
    lines = [
        f"{contender.label}: run once, and not above {contender.longest_latency_ms} ms, where thousands of "
        "requests one after another take most of an hour."
        for contender in CONTENDERS.values()
        if contender.longest_latency_ms and max(latencies) > contender.longest_latency_ms
    ]
    return " ".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

"""What things cost as a lake grows: the same questions to lakes of several sizes, one process for each.

The lakes are those of :mod:`benchmarks.large_account`. What writes (a sync, maintenance, an erasure) does so
in a copy whose data files are the lake's own, by hard links, so that a lake can be measured again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.child import TookTooLong, measure
from benchmarks.large_account import fill_account
from benchmarks.report import load_average, machine_facts, table
from benchmarks.scale_steps import names_of_pages
from workbench.lake import open_lake
from workbench.settings import load_settings

_ROOT = Path(__file__).parents[1]
_READING = (
    "open",
    "metric-month",
    "metric-all",
    "thread",
    "inbox",
    *(f"page:{name}" for name in names_of_pages()),
)
_WRITING = ("sync", "maintenance", "erasure")
_STATUS = "status"
#: What asks for everything there is; all else is about a fixed period or one conversation, and should not
# grow.
_OF_EVERYTHING = frozenset({"metric-all: answer", "inbox: table of conversations made", "inbox: search",
                            "erasure: what an erasure would remove",
                                "erasure: one person erased"})  # fmt: skip


@dataclass
class SizeCosts:
    """What was measured on the lake of one size: by question, wall and processor seconds, peak megabytes."""

    messages: int
    gigabytes: float
    files: int
    costs: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    group = parser.add_argument_group("scale")
    group.add_argument(
        "--sizes",
        default="1000000,10000000",
        help="numbers of messages, with commas; a lake of each is kept in LAKE_HOMES",
    )
    group.add_argument(
        "--longest-step", type=int, default=600, help="seconds after which a question is given up"
    )
    group.add_argument(
        "--steps", nargs="+", choices=[*_READING, _STATUS, *_WRITING], help="only these questions"
    )


def run(options: argparse.Namespace) -> str:
    """Measure, and give the report as Markdown."""
    load = load_average()
    sizes = [int(size) for size in options.sizes.split(",")]
    steps = options.steps or [*_READING, _STATUS, *_WRITING]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        homes = (options.lake_homes or Path(name)).resolve()
        measured = [_measure_size(homes / str(size), size, steps, options.longest_step) for size in sizes]
    heard = f"Load average before the first question: {load}; after the last: {load_average()}."
    return "\n\n".join(["## Scale", machine_facts(), f"{heard} {_HOW}", *_report(measured)])


def _measure_size(home: Path, messages: int, steps: Sequence[str], longest: int) -> SizeCosts:
    if not (home / "lake").exists():
        _say(f"{messages:,} messages: filling a lake …")
        fill_account(load_settings({"WORKBENCH_HOME": str(home)}), messages, datetime.now(UTC).date())
    sizes = _describe(home, messages)
    for step in steps:
        if step not in _WRITING:
            _ask(sizes, step, home, longest)
    writing = [step for step in _WRITING if step in steps]
    if writing:
        copy = home.parent / f"{home.name}-copy"
        _copy_home(home, copy)
        try:
            for step in writing:
                _ask(sizes, step, copy, longest)
        finally:
            shutil.rmtree(copy)
    return sizes


def _describe(home: Path, messages: int) -> SizeCosts:
    paths = [path for path in (home / "lake").rglob("*") if path.is_file()]
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)}), read_only=True) as lake:
        files = lake.value("select sum(file_count) from ducklake_table_info('lake')")
    return SizeCosts(messages, sum(path.stat().st_size for path in paths) / 1e9, int(files))


def _copy_home(home: Path, copy: Path) -> None:
    """The home with a catalog of its own; data files are never changed, so they can be shared."""
    shutil.rmtree(copy, ignore_errors=True)

    def copied(source: str, target: str) -> None:
        if source.endswith(".parquet"):
            os.link(source, target)
        else:
            shutil.copy2(source, target)

    shutil.copytree(home, copy, copy_function=copied, ignore=shutil.ignore_patterns("tmp", "*.lock"))


def _ask(size: SizeCosts, step: str, home: Path, longest: int) -> None:
    _say(f"{size.messages:,} messages: {step} …")
    command = [sys.executable, "-m", "benchmarks.scale_steps", step, str(home)]
    if step == _STATUS:
        command = [sys.executable, "-m", "workbench", "status", "--format", "json"]
    try:
        answer = measure(command, {"WORKBENCH_HOME": str(home)}, _ROOT, longest=longest)
    except (RuntimeError, TookTooLong) as error:
        size.failed[step] = f"more than {longest} s" if isinstance(error, TookTooLong) else "failed"
        _say(str(error))
        return
    if step == _STATUS:
        size.costs[step] = (answer.seconds, answer.processor_seconds, answer.peak_mb)
        return
    for part, (wall, processor) in answer.printed.items():
        size.costs[f"{step}: {part}"] = (wall, processor, answer.peak_mb)
        _say(f"    {part}: {wall:.2f} s, {processor:.2f} s of processor, {answer.peak_mb:.0f} MB")


def _report(measured: Sequence[SizeCosts]) -> list[str]:
    questions = list(dict.fromkeys(name for size in measured for name in [*size.costs, *size.failed]))
    header = [""]
    for size in measured:
        header += [f"{size.messages / 1e6:g} M: s", "CPU s", "peak MB"]
    rows = [[question, *(cell for size in measured for cell in _cells(size, question)), _growth(measured,
        question)]
            for question in questions]  # fmt: skip
    lakes = "; ".join(
        f"{size.messages:,} messages in {size.files:,} files and {size.gigabytes:.2f} GB" for size in measured
    )
    return [f"{lakes}.", table([*header, "CPU grew"], rows), _GROWTH]


def _cells(size: SizeCosts, question: str) -> list[str]:
    if question in size.costs:
        wall, processor, peak = size.costs[question]
        return [f"{wall:.2f}", f"{processor:.2f}", f"{peak:.0f}"]
    return [size.failed.get(question) or size.failed.get(question.partition(": ")[0], "–"), "–", "–"]


def _growth(measured: Sequence[SizeCosts], question: str) -> str:
    """How many times the processor time of the smallest lake the largest one takes."""
    first, last = measured[0].costs.get(question), measured[-1].costs.get(question)
    if first is None or last is None or len(measured) < 2:
        return "–"
    mark = " (of everything)" if question in _OF_EVERYTHING else ""
    return f"× {last[1] / max(first[1], 0.01):.1f}{mark}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


_HOW = (
    "The machine was shared with other work, so wall seconds vary by a multiple and processor seconds by "
    "a half. "
    "Each question is asked in a process of its own, with its peak memory; parts in one process share it. "
    "Pages are "
    "asked for their usual period (the last 30 days, beside the 30 before) without a browser, after the "
    "server has "
    "counted the lake by day. The two years are filled with real variety: some thousand texts, fifty "
    "senders, four "
    "accounts, a person for each five messages."
)
_GROWTH = (
    "*CPU grew*: processor seconds of the largest lake over those of the smallest. A period of 30 days "
    "holds as many "
    "more messages as the whole lake does, so what reads each message of its period grows with it; what "
    "has to stay "
    "flat is what grows more than that."
)

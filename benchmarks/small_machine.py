"""``python -m benchmarks.small_machine``: the demo, then the server on its home, with one core and 1 GB.

It prints how long each takes until a page answers, and the most memory that all its processes had together:
the sum of their proportional set sizes, in which what several share counts once. The limits are those of a
control group (version 1), which root can make; without them it says so and takes only one core.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.ports import free_port

_GROUPS = Path("/sys/fs/cgroup")
_NAME = f"workbench-benchmark-{os.getpid()}"
_PERIOD_US = 100_000
_LONGEST_SECONDS = 600
_STEADY_SECONDS = 30


@contextmanager
def limited(memory: int) -> Iterator[list[Path]]:
    """Files that a process's id is written into to limit it; none where this machine lets nobody."""
    folders = [_GROUPS / "memory" / _NAME, _GROUPS / "cpu" / _NAME]
    try:
        for folder in folders:
            folder.mkdir()
        (folders[0] / "memory.limit_in_bytes").write_text(str(memory))
        (folders[1] / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (folders[1] / "cpu.cfs_quota_us").write_text(str(_PERIOD_US))
    except OSError as error:
        print(f"No limits: {error}. One core is taken, and any amount of memory.")
        yield []
        return
    yield [folder / "cgroup.procs" for folder in folders]
    for folder in folders:
        folder.rmdir()


def processes_of(root: int) -> list[int]:
    """A process and all its descendants."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    tree = [root]
    for process in tree:
        tree += [child for child, parent in parents.items() if parent == process]
    return tree


def memory_of(root: int) -> float:
    """Proportional set size of all processes, in MB."""
    total = 0
    for process in processes_of(root):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/overview", timeout=60) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        return error.code == 403  # the page itself, which wants the token of its link
    except OSError:
        return False


def measure(name: str, arguments: list[str], home: Path, limits: list[Path]) -> None:
    port, began, peak = free_port(), time.monotonic(), 0.0
    command = [
        sys.executable,
        "-m",
        "workbench",
        *arguments,
        "--port",
        str(port),
        "--hooks-port",
        "0",
        "--api-port",
        "0",
    ]
    with tempfile.TemporaryFile() as log:

        def enter() -> None:
            for limit in limits:
                limit.write_text(str(os.getpid()))
            if not limits:
                os.sched_setaffinity(0, {0})

        environment = {**os.environ, "WORKBENCH_HOME": str(home)}
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, preexec_fn=enter)
        answered_after = None
        try:
            while answered_after is None and time.monotonic() - began < _LONGEST_SECONDS:
                peak = max(peak, memory_of(process.pid))
                if process.poll() is not None:
                    break
                answered_after = time.monotonic() - began if answers(port) else None
                time.sleep(0.1)
            until = time.monotonic() + _STEADY_SECONDS
            while answered_after is not None and time.monotonic() < until:
                peak = max(peak, memory_of(process.pid))
                answers(port)
                time.sleep(0.5)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        log.seek(0)
        said = log.read().decode(errors="replace")
    if answered_after is None or "it starts again" in said:
        raise SystemExit(f"{name} did not stay alive:\n{said[-2000:]}")
    print(f"{name}: the page answers after {answered_after:.1f} s; at most {peak:.0f} MB, with its page used")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000, help="of the demo's account")
    parser.add_argument("--memory-mb", type=int, default=1024)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, limited(options.memory_mb * 2**20) as limits:
        home = Path(folder)
        if limits:
            print(f"One core, {options.memory_mb:,} MB (control groups); {options.messages:,} messages.")
        demo = ["demo", "--messages", str(options.messages)]
        measure("The first demo", demo, home, limits)
        measure("The demo again", demo, home, limits)
        measure("serve", ["serve"], home / "demo", limits)


if __name__ == "__main__":
    main()

"""Run by test_killed_removals.py: an erasure or a retention run, killed before its nth change.

Each run is a fork, so that it dies as a process does and none pays for the imports again. Prints a JSON line
for each: what was there after the kill, and after somebody finished it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from tests.lakes import lake_of
from workbench import Workbench
from workbench.api.jobs import run_job
from workbench.compliance import finishing, proof, retention
from workbench.compliance.orders import read_orders
from workbench.compliance.trail import verify_trail
from workbench.lake import purge
from workbench.lake.connect import Lake
from workbench.lake.removals import read_unfinished
from workbench.settings import load_settings

_IMPORTED_ONCE = (pd, pc, finishing, proof, retention)
PERSON = "+19995550142"
_CHANGES: tuple[tuple[Any, str], ...] = (
    (os, "replace"), (os, "unlink"), (os, "pwrite"), (Lake, "write"), (Lake, "run_alone"),
    (purge, "_compact"),
)  # fmt: skip
_FINISHERS: tuple[Callable[[Workbench], object], ...] = (
    lambda wb: run_job(wb._installation, "maintenance"),
    lambda wb: run_job(wb._installation, "retention"),
    lambda wb: wb.subject.erase("+14155550199", local_only=True, confirm=True),
)


def kill_at(nth: int) -> None:
    """Die before the nth change of a file or of the lake, which is after the one before it."""
    seen = 0

    def tick() -> None:
        nonlocal seen
        seen += 1
        if seen == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            tick()
            return change(*arguments, **named)

        return run

    for owner, name in _CHANGES:
        setattr(owner, name, counted(getattr(owner, name)))


def forked(work: Callable[[], object]) -> bool:
    """Do it in a process of its own; whether that was killed."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException as error:
            sys.stderr.write(f"failed: {error!r}\n")
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def opened(home: Path) -> Workbench:
    return Workbench(load_settings({**os.environ, "WORKBENCH_HOME": str(home)}))


def state(wb: Workbench) -> dict[str, Any]:
    """What is left of the person and of what is too old, and what is on record about its removal."""
    lake = lake_of(wb)
    trail = "select action, json_extract_string(detail, '$.state') from audit_events order by seq"
    return {
        "rows": lake.value("select count(*) from raw_messages where contact = ?", [PERSON]),
        "alerts": lake.value("select count(*) from alerts"),
        "unfinished": [str(removal) for removal in read_unfinished(lake)],
        "orders": len(read_orders(lake.home)),
        "trail": lake.rows(trail),
        "is_whole": verify_trail(lake).is_whole,
    }


def finish(home: Path, nth: int, told: Path) -> None:
    """Whoever comes next, each time another one; tells what was there before and after."""
    with opened(home) as wb:
        after = state(wb)
        _FINISHERS[nth % len(_FINISHERS)](wb)
        told.write_text(json.dumps({"after": after, "finished": state(wb)}))


def begin(what: str, home: Path, nth: int) -> None:
    """Erase or apply retention, and be killed on the way."""
    wb = opened(home)
    assert lake_of(wb).value("select count(*) from raw_messages") > 0
    kill_at(nth)
    if what == "erase":
        wb.subject.erase(PERSON, local_only=True, confirm=True)
    else:
        wb.retention.run(confirm=True)


def main(what: str, template: Path, folder: Path, step: int) -> None:
    """Kill it before each `step`-th change, begun anywhere among the first, until nothing is left to kill."""
    told = folder / "told.json"
    first = 1 + os.getpid() % step
    for nth in count(first, step):
        home = folder / f"{what}-{nth}"
        shutil.copytree(template, home)
        was_killed = forked(partial(begin, what, home, nth))
        forked(partial(finish, home, nth, told))
        line = {"home": str(home), "killed_at": nth if was_killed else None, **json.loads(told.read_text())}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        if not was_killed:
            return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))

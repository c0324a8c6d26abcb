"""Run by test_kill.py: a worker that notes, plans, claims, posts and ends, killed before its nth step.

Each run is a fork, so that it dies as a process does and none pays for the imports again.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow.compute

from tests.lake.feeding import question, sync
from workbench.events import deliver
from workbench.lake import open_lake
from workbench.lake.connect import Lake
from workbench.lake.feed import append_feed
from workbench.settings import load_settings

_IMPORTED_ONCE = (pd, pyarrow.compute)
_KILLS = 30
_MESSAGES = 3


def kill_at(nth: int) -> None:
    """Die at the nth step: before or after a commit, before or after a post."""
    steps, lock = 0, threading.Lock()

    def tick() -> None:
        nonlocal steps
        with lock:
            steps += 1
            if steps == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    def between(work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            tick()
            result = work(*arguments, **named)
            tick()
            return result

        return run

    Lake.write = between(Lake.write)  # type: ignore[method-assign]
    deliver.WebhookRunner._post_over_http = between(  # type: ignore[method-assign]
        deliver.WebhookRunner._post_over_http
    )


def work(first: int) -> None:
    """Messages of two people come in; each round is noted and told."""
    settings, runner = load_settings(), deliver.WebhookRunner()
    with open_lake(settings, threads=1) as lake:
        numbers, now = range(first, first + _MESSAGES), datetime.now(UTC)
        sync(lake, *(question(number, f"+1415555{number % 2:04d}", at=now) for number in numbers))
        append_feed(lake, datetime.now(UTC))
        runner.run(lake, settings, datetime.now(UTC))


def main() -> None:
    rng, killed = random.Random(int(sys.argv[1])), 0
    for run in range(_KILLS):
        process = os.fork()
        if not process:
            # Two steps each: the messages, the feed, the plan, the claim, three posts, the outcome.
            kill_at(rng.randint(2, 16))
            work(1 + run * _MESSAGES)
            os._exit(0)
        _, status = os.waitpid(process, 0)
        killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    sys.stdout.write(f"{killed}\n")


if __name__ == "__main__":
    main()

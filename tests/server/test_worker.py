"""The worker: woken by commits, it notes what happens and runs what acts on it; a failure stays one's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.events.receiver import receiving, webhook_settings
from tests.lake.feeding import begin_feed, question, sid, sync
from tests.lakes import begin_lake
from workbench.doctor.worker_state import read_worker_state
from workbench.errors import LakeBusy
from workbench.lake import Lake, open_lake
from workbench.lake.feed import begin_cursor, read_feed
from workbench.lake.lock import only_one
from workbench.server.consumers import Consumer
from workbench.server.worker import Worker
from workbench.settings import Settings

PERSON = "+14155550123"


def wait_until(is_so: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def test_a_message_is_told_by_the_process_within_moments(home: Path) -> None:
    with receiving() as receiver:
        settings = webhook_settings(home, receiver.url, 'events = ["message.received"]')
        with begin_lake(settings) as lake:
            begin_feed(lake, datetime.now(UTC) - timedelta(minutes=5))
            begin_cursor(lake, "event webhook shop", datetime.now(UTC))
        command = [sys.executable, "-m", "workbench", "serve", "--only", "worker"]
        environ = {**os.environ, "WORKBENCH_HOME": str(home)}
        with subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL) as process:
            try:
                wait_until(lambda: (state := read_worker_state(home)) and state.looked_at)
                with open_lake(settings) as lake:
                    sync(lake, question(1, PERSON, at=datetime.now(UTC)))
                wait_until(lambda: receiver.arrivals)
                assert receiver.bodies()[0]["message"]["sid"] == sid(1)
                with pytest.raises(LakeBusy, match="Another worker process is running"):
                    Worker(settings).run()
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 0
            finally:
                process.kill()


def test_a_consumer_that_fails_is_tried_again_and_holds_up_no_other(lake: Lake, settings: Settings) -> None:
    begin_feed(lake, datetime.now(UTC) - timedelta(minutes=5))
    seen: list[int] = []
    failures = threading.Semaphore(0)

    def fail(lake: Lake, settings: Settings, now: datetime) -> None:
        failures.release()
        raise ZeroDivisionError("of this consumer alone")

    def look(lake: Lake, settings: Settings, now: datetime) -> datetime | None:
        seen[:] = [event.position for event in read_feed(lake, 0, 100)]
        return None

    worker = Worker(settings, [Consumer("fails", fail), Consumer("looks", look)])
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(worker.run)
        try:
            assert failures.acquire(timeout=60)
            sync(lake, question(1, PERSON, at=datetime.now(UTC)))
            wait_until(lambda: seen == [1, 2])
            assert failures.acquire(timeout=60)
            wait_until(lambda: failing(settings) >= 2)
        finally:
            worker.stop()
            running.result(30)
    state = read_worker_state(settings.home)
    assert state is not None
    assert state.consumers["fails"].error == "ZeroDivisionError"
    assert state.consumers["looks"].failures == 0


def failing(settings: Settings) -> int:
    state = read_worker_state(settings.home)
    return state.consumers["fails"].failures if state and "fails" in state.consumers else 0


def test_it_waits_for_a_lake_that_is_not_there_yet(settings: Settings) -> None:
    worker = Worker(settings, [])
    settings.home.mkdir()
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(worker.run)
        wait_until(lambda: read_worker_state(settings.home))
        worker.stop()
        running.result(30)
    state = read_worker_state(settings.home)
    assert state is not None
    assert (state.trouble, state.looked_at) == ("there is no lake yet", None)
    assert not (settings.home / "lake" / "catalog.sqlite").exists()


def test_it_reads_nothing_while_somebody_is_erased(lake: Lake, settings: Settings) -> None:
    worker = Worker(settings, [])
    with only_one(settings.home / "removals.lock", "erasure"), ThreadPoolExecutor(1) as thread:
        running = thread.submit(worker.run)
        wait_until(lambda: read_worker_state(settings.home))
        worker.stop()
        running.result(30)
    state = read_worker_state(settings.home)
    assert state is not None
    assert (state.trouble, state.looked_at) == ("waits for an erasure", None)

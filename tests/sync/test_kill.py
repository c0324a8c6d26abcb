"""``kill -9`` at random moments: the next sync goes on, and the lake ends up equal to the account."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.sync.conftest import differences, environment
from workbench.lake import open_lake
from workbench.settings import load_settings
from workbench.simulator import Account, Clock, Options, Server, serve

KILLS = int(os.environ.get("WORKBENCH_TEST_KILLS", "6"))

#: A sync in small batches, so that many commits lie between the first and the last moment.
SYNC = """
import sys
import workbench.sync.messages.page_writer as writer
from workbench import Workbench
writer.BATCH_ROWS, writer.BATCH_SECONDS = 200, 0.05
said = [None]
def say(progress):
    if said[-1] != progress.rows:
        said.append(progress.rows)
        print("committed", progress.rows, flush=True)
Workbench().sync(since=sys.argv[1], on_progress=say)
"""

#: What comes around the messages, and what tells its rows apart.
UNIQUE = {
    "senders": "account_sid, sender",
    "usage_days": "account_sid, day, category",
    "alerts": "alert_sid",
    "media": "media_sid",
    "sync_windows": "account_sid, day",
}


@pytest.fixture
def server() -> Iterator[Server]:
    account = Account.build(days=20, messages=max(6000, 1000 * KILLS), clock=Clock.frozen(datetime.now(UTC)))
    with serve(account, options=Options(latency=0.03)) as running:
        yield running
    account.close()


def test_killed_again_and_again_nothing_is_lost_and_nothing_comes_twice(server: Server, home: Path) -> None:
    since = server.account.start.isoformat()
    # What the parent of the test set must not leak in; the product's own settings do.
    environ = {
        **{k: v for k, v in os.environ.items() if k != "WORKBENCH_TEST_KILLS"},
        **environment(home, server),
    }
    chance, seen = random.Random(20260901), []
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", SYNC, since], env=environ, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        # Some commits, counted and not timed, because the machine may be busy; then at any moment.
        for _ in range(chance.randint(1, 6)):
            process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with open_lake(load_settings(environ)) as lake:
            rows, sids = lake.rows("select count(*), count(distinct message_sid) from messages")[0]
            assert rows == sids
            seen.append(rows)
    assert seen == sorted(seen)
    assert len(set(seen)) > 1, f"every kill came before the first commit or after the last: {seen}"
    finished = subprocess.run(
        [sys.executable, "-c", SYNC, since],
        env=environ, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    with open_lake(load_settings(environ)) as lake:
        assert differences(lake, server) == []
        for table, key in UNIQUE.items():
            assert lake.value(f"select count(*) - count(distinct ({key})) from {table}") == 0, table
        assert lake.value("select count(*) from media") > 0

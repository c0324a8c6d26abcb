"""Rows that cannot be read, over real HTTP: set aside with the others' commit, asked for again, resolved."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.requests_seen import requests_seen
from tests.sync.conftest import START, Sync, differences, environment, truth
from workbench.api.status import Status
from workbench.lake import Lake, open_lake
from workbench.lake.quarantine import OpenRow
from workbench.metrics.freshness import freshness
from workbench.settings import load_settings
from workbench.simulator import Account, Clock, Fault, Options, Server, serve
from workbench.sync.messages.quarantine import RetryPlan, plan_retry
from workbench.sync.status import holes, read_sync_status, settled_through

HOUR = 3600


def message_of(server: Server, day: str) -> dict[str, Any]:
    """Some message of that day that nothing happens to any more."""
    return next(
        message
        for message in truth(server).values()
        if day in (message["date_sent"] or "") and message["status"] == "delivered" and message["price"]
    )


def quarantined(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.rows(
        "select sid, part, field, raw_value, times, resolved_at is not null from quarantined_rows order by 1"
    )


def test_what_can_be_understood_is_read(lake: Lake, server: Server, sync: Sync) -> None:
    message = message_of(server, "02 Sep 2026")
    sid, price = message["sid"], message["price"]
    sent = datetime.strptime(message["date_sent"], "%a, %d %b %Y %H:%M:%S %z")
    for find, put in (
        (f'"price":"{price}"', f'"price":{float(price)}'),
        (f'"date_sent":"{message["date_sent"]}"', f'"date_sent":"{sent.isoformat()}"'),
        ('"num_segments":"1"', '"num_segments":1'),
    ):
        server.runtime.faults.add(Fault("alter", times=None, find=find, put=put))
        summary = sync(full=True)
        server.runtime.faults.clear()
        assert (summary.quarantined, summary.notices) == (0, []), put
        assert differences(lake, server) == [], put
    find = f'"body":"{message["body"]}"'
    server.runtime.faults.add(Fault("alter", times=None, find=find, put='"body":"caf\\ud83d!"'))
    summary = sync(full=True)
    assert summary.quarantined == 0
    assert "U+FFFD replaces them (body of " in summary.notices[0]
    assert lake.value("select body from raw_messages where message_sid = ?", [sid]) == "caf\ufffd!"
    assert lake.value("select count(*) from raw_messages") == len(truth(server))


def test_a_row_that_cannot_be_read_waits_and_is_resolved(lake: Lake, server: Server, sync: Sync) -> None:
    message = message_of(server, "02 Sep 2026")
    replaced = Fault(
        "alter", times=None, find=f'"date_sent":"{message["date_sent"]}"', put='"date_sent":"on Wednesday"'
    )
    hurt = [
        message_of_day
        for message_of_day in truth(server).values()
        if message_of_day["date_sent"] == message["date_sent"]
    ]
    server.runtime.faults.add(replaced)
    summary = sync()
    everything = len(truth(server))
    assert (summary.listed, summary.quarantined) == (everything, len(hurt))
    assert lake.value("select count(*) from raw_messages") == everything - len(hurt)
    assert quarantined(lake) == sorted(
        (message_of_day["sid"], "2026-09-02", "date_sent", "on Wednesday", 1, False)
        for message_of_day in hurt
    )
    status = read_sync_status(lake, datetime.fromtimestamp(server.account.now(), UTC))
    assert status.accounts[0].quarantined == {"messages": len(hurt)}
    shown = repr(Status("home", "lake", True, status, freshness(lake)))
    assert f"in quarantine, could not be read: {len(hurt)} messages" in shown
    # Its day is settled and nobody lists it again, but the row is asked for, and comes unreadable once more.
    server.account.clock.advance(HOUR)
    assert sync().quarantined == len(hurt)
    assert {row[4] for row in quarantined(lake)} == {2}
    server.runtime.faults.clear()
    server.runtime.requests.clear()
    server.account.clock.advance(HOUR)
    summary = sync(retry_quarantined=True)
    assert (summary.listed, summary.quarantined) == (len(hurt), 0)
    asked = {entry["path"].rsplit("/", 1)[1] for entry in requests_seen(server)}
    assert {f"{message_of_day['sid']}.json" for message_of_day in hurt} <= asked
    assert "Messages.json" not in asked
    assert {row[5] for row in quarantined(lake)} == {True}
    sync()
    assert differences(lake, server) == []


def test_a_row_without_a_sid_is_found_again_by_its_day(lake: Lake, server: Server, sync: Sync) -> None:
    message = message_of(server, "02 Sep 2026")
    server.runtime.faults.add(Fault("alter", times=None, find=f'"sid":"{message["sid"]}"', put='"sid":null'))
    assert sync().quarantined == 1
    assert quarantined(lake)[0][:3] == (None, "2026-09-02", "sid")
    server.account.clock.advance(HOUR)
    assert sync().quarantined == 1
    server.runtime.faults.clear()
    server.account.clock.advance(HOUR)
    assert sync().quarantined == 0
    assert [row[5] for row in quarantined(lake)] == [True]
    assert differences(lake, server) == []


# --- kill -9 ---

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
Workbench().sync(since=sys.argv[1], messages_only=True, on_progress=say)
"""


@pytest.fixture
def busy() -> Iterator[Server]:
    account = Account.build(days=12, messages=4000, clock=Clock.frozen(datetime.now(UTC)))
    with serve(account, options=Options(latency=0.03)) as running:
        yield running
    account.close()


def test_killed_in_the_middle_no_row_is_lost_and_none_is_set_aside_twice(busy: Server, home: Path) -> None:
    environ = {**os.environ, **environment(home, busy)}
    dates = ("date_created", "date_sent", "date_updated")
    year = datetime.now(UTC).year  # so that no text of a message is altered
    hurt = sum(
        any(f"{year} 11:" in (message[name] or "") for name in dates) for message in truth(busy).values()
    )
    busy.runtime.faults.add(Fault("alter", times=None, find=f"{year} 11:", put=f"{year} 99:"))
    assert hurt > 10
    command = [sys.executable, "-c", SYNC, busy.account.start.isoformat()]
    for commits in (2, 5):
        process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(commits):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    finished = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=200)
    assert finished.returncode == 0, finished.stderr
    with open_lake(load_settings(environ)) as lake:
        assert lake.value("select count(*) - count(distinct row_key) from quarantined_rows") == 0
        open_rows = lake.value("select count(*) from quarantined_rows where resolved_at is null")
        kept = lake.value("select count(*) from raw_messages")
    assert (open_rows, kept + open_rows) == (hurt, len(truth(busy)))
    busy.runtime.faults.clear()
    command = [sys.executable, "-m", "workbench", "sync", "--retry-quarantined", "--json"]
    finished = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=200)
    assert finished.returncode == 0, finished.stderr
    with open_lake(load_settings(environ)) as lake:
        assert lake.value("select count(*) from quarantined_rows where resolved_at is null") == 0
        assert differences(lake, busy) == []


# --- which to ask for again, and how complete the days are ---

NOW = datetime(2026, 9, 10, 15, tzinfo=UTC)


def waiting(sid: str | None, part: str, times: int = 1, hours: int = 1) -> OpenRow:
    return OpenRow("messages", sid or "digest", sid, part, times, NOW - timedelta(hours=hours))


def test_rows_are_asked_for_singly_or_by_day_whichever_costs_less() -> None:
    rows = [
        waiting("SM1", "2026-09-01"), waiting(None, "2026-09-02"), waiting("SM3", ""),
        waiting("SM4", "2026-09-03"), waiting("SM5", "2026-09-03"), waiting("SM6", "2026-09-04", 10),
        waiting("SM7", "2026-09-05", 10, hours=24), waiting("SM8", "2024-01-01"), waiting(None, "2024-01-01"),
    ]  # fmt: skip
    plan = plan_retry(rows, {date(2026, 9, 3): 10}, NOW)
    assert plan == RetryPlan((date(2026, 9, 3), date(2026, 9, 2)), ("SM1", "SM3", "SM7", "SM8"))
    assert "SM6" in plan_retry(rows, {}, NOW, everything=True).fetch
    assert plan_retry(rows[:1], {}, NOW, listed={date(2026, 9, 1)}) == RetryPlan()


def test_completeness_goes_by_the_days_that_should_be_there() -> None:
    first, today = date(2026, 9, 1), date(2026, 9, 10)
    days = {date(2026, 9, day) for day in (1, 2, 5, 6, 8, 9, 10)}
    assert settled_through(first, today, days) == date(2026, 9, 2)
    assert holes(first, today, days) == (
        (date(2026, 9, 3), date(2026, 9, 4)),
        (date(2026, 9, 7), date(2026, 9, 7)),
    )
    assert settled_through(first, today, days | {date(2026, 9, day) for day in (3, 4, 7)}) == date(2026, 9, 9)
    assert (settled_through(None, today, set()), holes(None, today, set())) == (None, ())
    assert (settled_through(first, today, {first}), holes(first, today, {first})) == (first, ())


def test_a_day_that_was_never_read_is_named(lake: Lake, server: Server, sync: Sync) -> None:
    sync(since=date(2026, 9, 7))
    sync(since=START, until=date(2026, 9, 4))
    now = datetime.fromtimestamp(server.account.now(), UTC)
    status = read_sync_status(lake, now)
    [account] = status.accounts
    assert (account.first_day, account.settled_through) == (START, date(2026, 9, 3))
    assert account.holes == ((date(2026, 9, 4), date(2026, 9, 6)),)
    assert "never read to their end: 2026-09-04 to 2026-09-06 (GMT)" in repr(
        Status("home", "lake", True, status, freshness(lake))
    )
    sync(since=None)
    [account] = read_sync_status(lake, now).accounts
    assert (account.settled_through, account.holes) == (date(2026, 9, 9), ())

"""Whole syncs over real HTTP: the lake ends up equal to the account, whatever happens on the way."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from tests.sync.conftest import NOW, START, Sync, differences, truth
from workbench.errors import ConfigError, TwilioAuthError, TwilioUnavailable
from workbench.lake import Lake
from workbench.settings import Settings, check_credentials
from workbench.simulator import Fault, Server
from workbench.sync.messages.run import run_sync
from workbench.sync.shared.cancellation import Cancellation, SyncStopped
from workbench.sync.shared.request import SyncRequest
from workbench.sync.status import read_sync_status
from workbench.twilio.client import TwilioClient

HOUR, DAY = 3600, 86_400


def test_a_first_sync_brings_everything(lake: Lake, server: Server, sync: Sync) -> None:
    summary = sync()
    count = len(truth(server))
    assert count > 2000
    assert (summary.listed, summary.added, summary.changed, summary.windows) == (count, count, 0, 10)
    assert differences(lake, server) == []


def test_a_second_sync_changes_nothing(lake: Lake, server: Server, sync: Sync) -> None:
    sync()
    snapshot = lake.rows("select * from raw_messages order by message_sid")
    summary = sync()
    assert (summary.added, summary.changed) == (0, 0)
    assert summary.windows == 4  # today and the three days of the lookback
    assert lake.rows("select * from raw_messages order by message_sid") == snapshot


@pytest.mark.parametrize("lookback_days", [0, 3])
def test_what_changes_later_arrives_without_the_days_being_new(
    lake: Lake, server: Server, sync: Sync, lookback_days: int
) -> None:
    """Statuses move and prices come while the account lives on; hourly syncs catch all of it."""
    sync()
    before = {sid: message["status"] for sid, message in truth(server).items()}
    for hours in (1, 2, 6, 24, 48, 72):
        server.account.clock.set(NOW.timestamp() + hours * HOUR)
        sync(lookback_days=lookback_days)
    after = truth(server)
    assert any(after[sid]["status"] != status for sid, status in before.items())
    server.account.clock.set(NOW.timestamp() + 76 * HOUR)
    sync(lookback_days=lookback_days)
    stale = [line for line in differences(lake, server) if "scheduled" not in line and "missing" not in line]
    assert stale == []


def test_an_old_open_message_is_read_again_when_it_is_due(lake: Lake, server: Server, sync: Sync) -> None:
    """One row of a settled day is set back to what an earlier look would have seen."""
    sync()
    lake.write(
        lambda cursor: cursor.execute(
            "update raw_messages set status = 'sent', status_rank = 50, price = null where message_sid = ("
            "select min(message_sid) from raw_messages where status = 'delivered' and price is not null "
            "and date_sent between '2026-09-09 16:00:00+00' and '2026-09-09 23:00:00+00')"
        )
    )
    assert len(differences(lake, server)) == 1
    server.account.clock.set(NOW.timestamp() + DAY)  # the look after 24 hours is due since the evening
    summary = sync(lookback_days=0, since=None)
    assert [line for line in differences(lake, server) if "missing" not in line] == []
    now = datetime.fromtimestamp(server.account.now(), UTC)
    status = read_sync_status(lake, now).accounts[0]
    assert status.open_messages == summary.open_messages
    assert (status.first_day, status.unfinished_days) == (START, 0)
    again = sync(lookback_days=0, since=None)
    # Today, and a settled day for what may have been deleted.
    assert (again.windows, again.fetched_singly, again.changed) == (2, 0, 0)


def test_a_period_and_where_it_ends(lake: Lake, server: Server, sync: Sync) -> None:
    summary = sync(since=date(2026, 9, 3), until=date(2026, 9, 5))
    assert (summary.windows, summary.since, summary.until) == (2, date(2026, 9, 3), date(2026, 9, 5))
    first, last = lake.rows(
        "select min(coalesce(date_sent, date_created)), max(coalesce(date_sent, date_created)) from messages"
    )[0]
    assert first >= datetime(2026, 9, 3, tzinfo=UTC)
    assert last < datetime(2026, 9, 5, tzinfo=UTC)


def test_since_before_the_retention_is_moved_with_a_notice(lake: Lake, sync: Sync) -> None:
    summary = sync(since=date(2020, 1, 1))
    assert summary.since == date(2025, 8, 7)
    assert any("2020-01-01 was moved to 2025-08-07" in notice for notice in summary.notices)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", times=6, status=429, code=20429, skip=2),
        Fault("status", times=5, status=429, code=20429, retry_after=0),
        Fault("status", times=None, probability=0.3, status=500),
        Fault("status", times=3, status=503),
        Fault("reset", times=6),
        Fault("truncate", times=6),
        Fault("garble", times=6),
        Fault("status", times=1, status=401, code=20003),
        Fault("arrivals", times=4, count=5),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_faults_on_the_way_lose_nothing(lake: Lake, server: Server, sync: Sync, fault: Fault) -> None:
    server.runtime.faults.add(fault)
    sync()
    server.runtime.faults.clear()
    sync()
    assert differences(lake, server) == []


def test_a_twilio_that_stays_down_is_try_again_and_keeps_what_came(
    lake: Lake, server: Server, sync: Sync
) -> None:
    server.runtime.faults.add(Fault("status", times=None, status=503, path="/2010", skip=6))
    with pytest.raises(TwilioUnavailable, match="503"):
        sync()
    run = read_sync_status(lake).last_run
    assert run is not None
    assert run["outcome"] == "failed"
    assert "503" in run["error"]
    server.runtime.faults.clear()
    sync()
    assert differences(lake, server) == []


def test_a_stopped_sync_goes_on_where_it_was(
    lake: Lake, server: Server, settings: Settings, sync: Sync
) -> None:
    stop = threading.Event()
    with (
        TwilioClient(settings.credentials, base_url=server.url) as client,
        pytest.raises(SyncStopped, match="run it again"),
    ):
        run_sync(
            lake,
            client,
            server.account.account_sid,
            SyncRequest(since=START),
            on_progress=lambda progress: stop.set() if progress.done >= 3 else None,
            cancellation=Cancellation(stop),
            clock=lambda: NOW,
        )
    assert read_sync_status(lake).last_run["outcome"] == "stopped"  # type: ignore[index]
    sync()
    assert differences(lake, server) == []


def test_wrong_credentials_are_said_and_nothing_is_written(lake: Lake, server: Server) -> None:
    wrong = check_credentials(server.account.account_sid, "not-the-token", None, None)
    with (
        TwilioClient(wrong, base_url=server.url, sleep=lambda seconds: None) as client,
        pytest.raises(TwilioAuthError) as failure,
    ):
        run_sync(lake, client, server.account.account_sid, SyncRequest(since=START))
    assert "not-the-token" not in str(failure.value)
    assert lake.value("select count(*) from sync_runs") == 0


def test_an_api_key_that_may_not_read_the_account_still_syncs(
    lake: Lake, server: Server, settings: Settings
) -> None:
    account = server.account
    path = f"/2010-04-01/Accounts/{account.account_sid}.json"
    server.runtime.faults.add(Fault("status", times=None, status=401, code=20003, path=path))
    key = check_credentials(account.account_sid, None, account.api_key, account.api_secret)
    with TwilioClient(key, base_url=server.url, sleep=lambda seconds: None) as client:
        request = SyncRequest(since=date(2026, 9, 8))
        summary = run_sync(lake, client, account.account_sid, request, clock=lambda: NOW)
    assert summary.added > 100


def test_two_accounts_are_not_mixed_in_one_lake(lake: Lake, server: Server, sync: Sync) -> None:
    sync(since=date(2026, 9, 9))
    lake.write(lambda cursor: cursor.execute("update sync_runs set account_sid = 'AC' || repeat('7', 32)"))
    with pytest.raises(ConfigError, match=r"AC7777.*WORKBENCH_HOME"):
        sync()


def test_a_sync_notices_by_itself_what_was_deleted_or_redacted(
    lake: Lake, server: Server, sync: Sync
) -> None:
    sync()
    account = server.account
    day = "cast(date_sent as date) = date '2026-09-02' and status = 'delivered' and body <> ''"
    gone, emptied = (
        sid for (sid,) in lake.rows(f"select message_sid from messages where {day} order by 1 limit 2")
    )
    base = f"{server.url}/2010-04-01/Accounts/{account.account_sid}/Messages"
    with httpx.Client(auth=(account.account_sid, account.auth_token)) as http:
        assert http.delete(f"{base}/{gone}.json").status_code == 204
        assert http.post(f"{base}/{emptied}.json", data={"Body": ""}).status_code == 200
    deleted = 0
    for days in range(1, 8):  # a settled day comes round once in as many syncs as there are such days
        account.clock.set(NOW.timestamp() + days * DAY)
        deleted += sync(since=None).deleted
    assert deleted == 1
    assert lake.rows("select message_sid from tombstones") == [(gone,)]
    assert lake.value("select body from messages where message_sid = ?", [emptied]) == ""
    assert [line for line in differences(lake, server) if "missing" in line] == []
    status = read_sync_status(lake, datetime.fromtimestamp(account.now(), UTC)).accounts[0]
    assert (status.deleted, status.redacted) == (1, 1)


def test_a_clock_that_is_ahead_settles_no_day_too_soon(
    lake: Lake, server: Server, settings: Settings
) -> None:
    """Ours says that the day is over; what Twilio sends in the last minutes of its day must still come."""
    account = server.account
    ahead = timedelta(minutes=20)
    account.clock.set(datetime(2026, 9, 9, 23, 50, tzinfo=UTC).timestamp())

    def sync_ahead() -> None:
        with TwilioClient(settings.credentials, base_url=server.url) as client:
            run_sync(
                lake, client, account.account_sid, SyncRequest(since=START, lookback_days=0),
                clock=lambda: datetime.fromtimestamp(account.now(), UTC) + ahead,
            )  # fmt: skip

    sync_ahead()
    day = lake.rows("select read_from, finished_at is not null from sync_windows where day = '2026-09-09'")
    assert day[0][0] <= datetime(2026, 9, 9, 23, 50, tzinfo=UTC)
    assert day[0][1]
    account.clock.set(datetime(2026, 9, 10, 0, 10, tzinfo=UTC).timestamp())
    sync_ahead()
    late = "select count(*) from raw_messages where date_created between '2026-09-09 23:50' and '2026-09-10'"
    truly = [message for message in truth(server).values() if "09 Sep 2026 23:5" in message["date_created"]]
    assert lake.value(late) == len(truly) > 0

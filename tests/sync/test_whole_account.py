"""Messages, catalog and subaccounts in one sync, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.requests_seen import requests_seen
from tests.sync.conftest import NOW, START
from workbench.errors import ConfigError
from workbench.lake import Lake
from workbench.messaging.privacy import Privacy
from workbench.settings import Settings
from workbench.simulator import Fault, Server
from workbench.sync.account.catalog import PARTS
from workbench.sync.shared.request import Progress, SyncRequest, SyncSummary
from workbench.sync.whole_account import sync_whole_account
from workbench.twilio.client import TwilioClient

Whole = Callable[..., SyncSummary]


@pytest.fixture
def whole(lake: Lake, server: Server, settings: Settings) -> Whole:
    def run(**options: Any) -> SyncSummary:
        request = SyncRequest(since=START, full=options.pop("full", False))
        with TwilioClient(
            settings.credentials, base_url=server.url, sleep=lambda seconds: None, attempts=2
        ) as client:
            return sync_whole_account(
                lake,
                client,
                request,
                privacy=Privacy(),
                clock=lambda: datetime.fromtimestamp(server.account.now(), UTC),
                **options,
            )

    return run


def asked(server: Server) -> int:
    return len(requests_seen(server))


def test_the_catalog_comes_with_a_sync_and_then_at_most_hourly(
    lake: Lake, server: Server, whole: Whole
) -> None:
    steps: list[Progress] = []
    first = whole(on_progress=steps.append)
    assert set(first.catalog) == set(PARTS)
    assert first.catalog["senders"] > 0
    assert any(step.phase == "senders of the account" and step.total == 7 for step in steps)
    server.account.clock.set(NOW.timestamp() + 3500)
    assert whole().catalog == {}
    assert set(whole(full=True).catalog) == set(PARTS)
    server.account.clock.set(NOW.timestamp() + 3500 + 3700)
    assert set(whole().catalog) == set(PARTS)


def test_requests_are_counted_once(server: Server, whole: Whole) -> None:
    before = asked(server)
    summary = whole(with_subaccounts=True)
    listed_subaccounts = 1
    counted = (
        summary.requests + sum(subaccount.requests for subaccount in summary.subaccounts) + listed_subaccounts
    )
    assert counted == asked(server) - before


def test_subaccounts_come_only_when_asked(lake: Lake, server: Server, whole: Whole) -> None:
    whole()
    accounts = "select distinct account_sid from messages order by 1"
    assert lake.rows(accounts) == [(server.account.account_sid,)]
    summary = whole(with_subaccounts=True)
    (sub,) = summary.subaccounts
    assert {sid for (sid,) in lake.rows(accounts)} == {server.account.account_sid, sub.account_sid}
    assert lake.value("select count(*) from messages where account_sid = ?", [sub.account_sid]) == sub.added
    assert summary.as_dict()["subaccounts"][0]["account_sid"] == sub.account_sid


def test_one_failing_subaccount_stops_nothing_else(lake: Lake, server: Server, whole: Whole) -> None:
    sub = whole(with_subaccounts=True).subaccounts[0].account_sid
    server.runtime.faults.add(Fault(kind="status", path=f"/2010-04-01/Accounts/{sub}", times=None))
    summary = whole(with_subaccounts=True)
    assert summary.subaccounts == []
    assert any(sub in notice for notice in summary.notices)
    assert lake.value("select outcome from sync_runs where account_sid = ? order by started_at desc", [sub])


def test_a_refused_catalog_is_a_notice(lake: Lake, server: Server, whole: Whole) -> None:
    server.runtime.faults.add(
        Fault(kind="status", path=f"/2010-04-01/Accounts/{server.account.account_sid}/Usage", times=None)
    )
    summary = whole()
    assert summary.added > 2000
    assert any("usage" in notice for notice in summary.notices)
    assert lake.value("select count(*) from senders") > 0


def test_another_accounts_lake_is_refused(lake: Lake, whole: Whole) -> None:
    whole()
    lake.write(lambda cursor: cursor.execute("update sync_runs set account_sid = 'AC' || repeat('9', 32)"))
    with pytest.raises(ConfigError, match="holds account AC9999"):
        whole()

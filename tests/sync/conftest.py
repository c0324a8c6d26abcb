"""A simulated account over real HTTP, a lake, and an independent reading of what the account holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.lakes import begin_lake
from workbench.lake import Lake
from workbench.settings import Settings, load_settings
from workbench.simulator import Account, Clock, Options, Server, serve
from workbench.sync.messages.run import run_sync
from workbench.sync.shared.request import SyncRequest, SyncSummary
from workbench.twilio.client import TwilioClient

START, NOW = date(2026, 9, 1), datetime(2026, 9, 10, 15, 30, tzinfo=UTC)


def truth(server: Server) -> dict[str, dict[str, Any]]:
    """Every message of the account by SID, read without filters and without our client."""
    account, rows = server.account, {}
    uri = f"/2010-04-01/Accounts/{account.account_sid}/Messages.json?PageSize=1000"
    with httpx.Client(base_url=server.url, auth=(account.account_sid, account.auth_token)) as http:
        while uri:
            page = http.get(uri).raise_for_status().json()
            rows.update({message["sid"]: message for message in page["messages"]})
            uri = page["next_page_uri"]
    return rows


def differences(lake: Lake, server: Server) -> list[str]:
    """How the lake differs from the account, message by message; empty when it does not."""
    rows = lake.rows(
        "select message_sid, status, error_code, body, segments, media_count, cast(price as double), "
        "currency, from_address, to_address, epoch(date_created), epoch(date_sent), "
        "epoch(date_updated) from raw_messages"
    )
    in_lake = {row[0]: row[1:] for row in rows}
    expected = {sid: _expected(message) for sid, message in truth(server).items()}
    texts = [f"twice: {len(rows) - len(in_lake)}"] if len(rows) != len(in_lake) else []
    texts += [f"missing: {sid} {expected[sid]}" for sid in expected.keys() - in_lake.keys()]
    texts += [f"extra: {sid} {in_lake[sid]}" for sid in in_lake.keys() - expected.keys()]
    return texts + [
        f"{sid}: lake {in_lake[sid]} account {expected[sid]}"
        for sid in expected.keys() & in_lake.keys()
        if in_lake[sid] != expected[sid]
    ]


def _expected(message: dict[str, Any]) -> tuple[Any, ...]:
    def seconds(name: str) -> float | None:
        text = message[name]
        return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %z").timestamp() if text else None

    return (
        message["status"],
        message["error_code"],
        message["body"],
        int(message["num_segments"]),
        int(message["num_media"]),
        None if message["price"] is None else float(message["price"]),
        message["price_unit"],
        message["from"],
        message["to"],
        seconds("date_created"),
        seconds("date_sent"),
        seconds("date_updated"),
    )


@pytest.fixture
def server() -> Iterator[Server]:
    """Ten days of about 3,000 messages; its clock stands still until a test moves it."""
    account = Account.build(start=START, days=10, messages=3000, clock=Clock.frozen(NOW))
    with serve(account, options=Options(concurrency_limit=None)) as running:
        yield running
    account.close()


@pytest.fixture
def settings(home: Path, server: Server) -> Settings:
    return load_settings(environment(home, server))


def environment(home: Path, server: Server) -> dict[str, str]:
    return {
        "WORKBENCH_HOME": str(home),
        "WORKBENCH_TWILIO_BASE_URL": server.url,
        "TWILIO_ACCOUNT_SID": server.account.account_sid,
        "TWILIO_AUTH_TOKEN": server.account.auth_token,
    }


@pytest.fixture
def lake(settings: Settings) -> Iterator[Lake]:
    with begin_lake(settings) as opened:
        yield opened


Sync = Callable[..., SyncSummary]


@pytest.fixture
def sync(lake: Lake, server: Server, settings: Settings) -> Sync:
    """Run one sync by the account's clock, without real waits between attempts."""

    def run(**request: Any) -> SyncSummary:
        request.setdefault("since", START)
        with TwilioClient(
            settings.credentials, base_url=server.url, sleep=lambda seconds: None, attempts=8
        ) as client:
            return run_sync(
                lake,
                client,
                server.account.account_sid,
                SyncRequest(**request),
                clock=lambda: datetime.fromtimestamp(server.account.now(), UTC),
            )

    return run

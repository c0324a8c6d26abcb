"""A simulated account by the real clock, an installation that sends through it, and a count over there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.lakes import lake_of
from tests.requests_seen import requests_seen
from workbench import Workbench
from workbench.lake.memberships import note_pools
from workbench.lake.save_rows import save_rows
from workbench.settings import load_settings
from workbench.simulator import Account, Server, serve

SENDER = "+14155550104"
"""In no messaging service."""

POOLED = "+12065550101"
"""In the first messaging service."""

SETTINGS = """
[sending]
settle_after_seconds = 2

[mps_limits]
"long code" = 400
"""


def environment(home: Path, server: Server, **changes: str) -> dict[str, str]:
    return {
        "WORKBENCH_HOME": str(home),
        "WORKBENCH_TWILIO_BASE_URL": server.url,
        "TWILIO_ACCOUNT_SID": server.account.account_sid,
        "TWILIO_AUTH_TOKEN": server.account.auth_token,
        **changes,
    }


def make_home(folder: Path, text: str = SETTINGS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workbench.toml").write_text(text)
    return folder


def sent_to(server: Server, numbers: set[str] | None = None) -> Counter[str]:
    """How many messages each number has in the account, asked without our client."""
    account, found = server.account, Counter[str]()
    uri = f"/2010-04-01/Accounts/{account.account_sid}/Messages.json?PageSize=1000"
    with httpx.Client(base_url=server.url, auth=(account.account_sid, account.auth_token)) as http:
        while uri:
            page = http.get(uri).raise_for_status().json()
            for message in page["messages"]:
                if message["direction"] == "outbound-api" and (numbers is None or message["to"] in numbers):
                    found[message["to"]] += 1
            uri = page["next_page_uri"]
    return found


def creates(server: Server) -> int:
    """Create requests that the account has seen so far."""
    return sum(entry["method"] == "POST" for entry in requests_seen(server))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = Account.build(days=1, messages=1000)
    with serve(account) as running:
        yield running
    account.close()


@pytest.fixture(autouse=True)
def _no_leftover_faults(server: Server) -> Iterator[None]:
    yield
    server.faults.clear()


@pytest.fixture(scope="module")
def wb(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """An installation whose last sync knows the account's senders."""
    home = make_home(tmp_path_factory.mktemp("sending") / "home")
    with Workbench(load_settings(environment(home, server))) as opened:
        know_senders(opened, server)
        yield opened


def know_senders(wb: Workbench, server: Server) -> None:
    """What a sync would have found out, for three of the senders and one service."""
    own = {"account_sid": server.account.account_sid, "read_at": datetime.now(UTC)}
    service = server.account.main.service_sids[0]
    common = {**own, "sender_type": "long code", "can_sms": True, "registration": "a2p"}
    rows = [
        {**common, "sender": SENDER, "can_mms": True, "registration_status": None, "messaging_service_sid":
        None}, {**common, "sender": POOLED, "can_mms": True, "registration_status": "VERIFIED",
        "messaging_service_sid": service}, {**common, "sender": "+17135550105", "can_mms": False,
        "registration_status": "FAILED", "messaging_service_sid": None},
    ]  # fmt: skip
    services = [{**own, "messaging_service_sid": service, "smart_encoding": True}]

    def work(cursor: Any) -> None:
        save_rows(cursor, "senders", rows, key=("account_sid", "sender"))
        save_rows(cursor, "messaging_services", services, key=("account_sid", "messaging_service_sid"))
        listed = [str(row["sender"]) for row in rows]
        note_pools(cursor, server.account.account_sid, [(POOLED, service)], datetime.now(UTC), listed=listed)

    lake_of(wb).write(work)

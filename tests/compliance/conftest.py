"""A simulated account with seeded breaches, synced over HTTP; its truth is what the audits must find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from workbench.api import Workbench
from workbench.settings import load_settings
from workbench.simulator import Account, Clock, Options, Server, serve
from workbench.simulator.account.truth import breaches, truth_rows

START, NOW = date(2026, 8, 1), datetime(2026, 9, 14, 15, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Installation:
    wb: Workbench
    server: Server
    home: Path

    @property
    def breaches(self) -> dict[str, set[str]]:
        """SIDs of the seeded mistakes by kind, from the simulator's own books."""
        return {kind: set(sids) for kind, sids in breaches(self.server.account).items()}

    @property
    def marketing(self) -> set[str]:
        """SIDs of marketing messages, which nothing in Twilio's log tells apart."""
        account = self.server.account
        return {
            str(row["sid"])
            for ledger in account.ledgers
            for row in truth_rows(ledger, account.now())
            if "marketing" in row["truth"]["flags"]
        }


def environment(home: Path, server: Server) -> dict[str, str]:
    return {
        "WORKBENCH_HOME": str(home),
        "WORKBENCH_TWILIO_BASE_URL": server.url,
        "TWILIO_ACCOUNT_SID": server.account.account_sid,
        "TWILIO_AUTH_TOKEN": server.account.auth_token,
    }


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """45 days of about 9,000 messages, read with everything around them."""
    home = tmp_path_factory.mktemp("compliance") / "home"
    account = Account.build(seed=2, start=START, days=45, messages=9000, clock=Clock.frozen(NOW))
    with (
        serve(account, options=Options(concurrency_limit=None)) as server,
        Workbench(load_settings(environment(home, server))) as wb,
    ):
        wb.sync(since=START, subaccounts=True)
        yield Installation(wb, server, home)
    account.close()

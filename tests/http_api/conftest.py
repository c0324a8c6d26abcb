"""One simulated account and one home with conversations for all tests of a file, and a token of each role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.http_api.api_process import admin as admin
from tests.http_api.api_process import api as api
from tests.http_api.asking import InProcess, nobody_signed_in
from tests.lakes import lake_of
from tests.messages import payload
from tests.sending.conftest import SENDER, environment, know_senders, make_home
from tests.sending.conftest import server as server
from workbench import Workbench
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.settings import load_settings
from workbench.simulator import Server

TEXT = """
[sending]
settle_after_seconds = 1

[mps_limits]
"long code" = 400

[api]
requests_per_minute = 100000
"""


#: No hour is quiet, whenever the tests run.
QUIET = 'as_of = 2026-11-25\n[default]\nsend = "00:00-24:00"\nsource = "tests"\n'
ASKED = 12
"""Contacts who asked something, each two minutes after the one before."""


@dataclass(frozen=True)
class Known:
    """A home whose conversations are known, and what programs need to come in."""

    home: Path
    environ: dict[str, str]
    tokens: dict[str, str]
    conversations: list[str]
    opened: dict[str, InProcess] = field(default_factory=dict)

    def ask(self, role: str = "agent") -> InProcess:
        """Ask with a token of this role; everybody who asks shares one installation."""
        if not self.opened:
            self.opened["agent"] = InProcess(self.environ, self.tokens["agent"])
        if role not in self.opened:
            self.opened[role] = self.opened["agent"].with_token(self.tokens[role])
        return self.opened[role]


@pytest.fixture(scope="module")
def known(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    home = make_home(tmp_path_factory.mktemp("http") / "home", TEXT)
    (home / "quiet_hours.toml").write_text(QUIET)
    environ = environment(home, server)
    with Workbench(load_settings(environ)) as wb:
        know_senders(wb, server)
        save_inbound(wb, range(ASKED))
        tokens = {role: wb.tokens.create(role, role=role).text for role in ("viewer", "agent", "admin")}
        listed = wb.conversations("waiting", order="newest", limit=100)
        home_known = Known(home, environ, tokens, list(listed["conversation"]))
        with nobody_signed_in():
            yield home_known
        for ask in home_known.opened.values():
            ask.close()


def save_inbound(wb: Workbench, numbers: range, moment: datetime | None = None) -> None:
    """Let contacts ask: number 3 is +14155560003 and asks "Question 3"."""
    account = wb.settings.credentials.account_sid
    moment = moment or datetime.now(UTC) - timedelta(hours=1)
    rows = []
    for number in numbers:
        at = moment + timedelta(minutes=2 * number)
        inbound = {
            "from": f"+1415556{number % 1000:04}", "to": SENDER, "body": f"Question {number}",
            "direction": "inbound", "status": "received", "account_sid": account, "sid": f"SM{number:032x}",
        }  # fmt: skip
        dates = {"date_created": at, "date_sent": at, "date_updated": at}
        rows.append(message_row(payload(number, **inbound, **dates)))
    table = message_table(rows)
    lake_of(wb).write(
        lambda cursor: save_messages(cursor, table, source="sync", received_at=datetime.now(UTC))
    )

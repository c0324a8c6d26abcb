"""A desk on a simulated account, whose clock the test sets: messages come in, rules act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.lakes import begin_lake, lake_of
from tests.messages import payload
from tests.sending.conftest import SENDER, environment, know_senders, make_home, sent_to
from workbench import Workbench
from workbench.api.rules import rule_tools
from workbench.automation.fire import RuleTools
from workbench.automation.run import RuleRounds
from workbench.lake import Lake
from workbench.lake.feed import append_feed
from workbench.lake.rules import RuleFiring
from workbench.lake.save import message_table, save_messages
from workbench.messaging.keywords import own_keywords
from workbench.messaging.message import message_row, with_own_keyword
from workbench.settings import load_settings
from workbench.simulator import Account, Server, serve

HEAD = f"""
[sending]
sender = "{SENDER}"
default_country = "US"
settle_after_seconds = 2

[events.webhooks.shop]
url = "https://shop.example.com/events"
"""
TEMPLATES = {
    "thanks": "Thanks, we are on it.",
    "named": "Hi {{ first_name }}, thanks.",
    "closed": "We are closed now.",
}
NOON = (datetime.now(UTC) + timedelta(days=1)).replace(hour=18, minute=0, second=0, microsecond=0)
"""Tomorrow, in the middle of the day of every number of the tests, whenever these run."""
_numbers = count(1)


@dataclass
class Desk:
    """An installation with these rules; `now` is what every part of it takes for the time."""

    wb: Workbench
    server: Server
    now: datetime = NOON
    fired: list[RuleFiring] = field(default_factory=list)

    def __post_init__(self) -> None:
        installation = self.wb._installation
        tools = rule_tools(installation)
        assert tools.replies is not None
        context = replace(tools.replies.context, clock=lambda: self.now)
        self.tools: RuleTools = replace(tools, replies=replace(tools.replies, context=context))
        self.rounds = RuleRounds(self.tools, tuple(installation.settings.rules.values()))
        self.rounds.run(self.now)

    @property
    def lake(self) -> Lake:
        return lake_of(self.wb)

    def receive(self, body: str, contact: str, **fields: Any) -> str:
        """A contact writes; the SID of the message."""
        message = inbound(self.server, body, contact, **{"date_created": self.now, **fields})
        self.bring([message])
        return str(message["sid"])

    def bring(self, messages: Sequence[dict[str, Any]], source: str = "callback") -> None:
        """Messages come into the lake, as a webhook (`callback`) or a `sync` brings them."""
        own = own_keywords(["BAJA"])
        rows = [with_own_keyword(message_row(message), own) for message in messages]
        self.lake.write(
            lambda cursor: save_messages(cursor, message_table(rows), source=source, received_at=self.now)
        )

    def act(self, after: timedelta = timedelta(seconds=1)) -> list[RuleFiring]:
        """What is in the lake goes into the feed, and the rules act on it."""
        self.now += after
        append_feed(self.lake, self.now)
        self.fired = self.rounds.run(self.now)
        return self.fired

    def sent(self, *contacts: str) -> Counter[str]:
        return sent_to(self.server, set(contacts))


def inbound(server: Server, body: str, contact: str, **fields: Any) -> dict[str, Any]:
    """A message that came in, as Twilio lists it."""
    moment = fields.get("date_created", NOON)
    return payload(
        next(_numbers),
        **{
            "from": contact, "to": SENDER, "body": body, "direction": "inbound", "status": "received",
            "account_sid": server.account.account_sid, "date_sent": moment, "date_updated": moment, **fields,
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = Account.build(days=1, messages=100)
    with serve(account) as running:
        yield running
    account.close()


def open_desk(server: Server, home: Path, rules: str) -> Desk:
    """A desk in a new home; its caller closes `wb`."""
    make_home(home, HEAD + rules)
    (home / "templates").mkdir()
    for name, body in TEMPLATES.items():
        (home / "templates" / f"{name}.toml").write_text(f'body = "{body}"\n')
    settings = load_settings(environment(home, server))
    begin_lake(settings).close()
    wb = Workbench(settings)
    know_senders(wb, server)
    return Desk(wb, server)


def outcomes(firings: Sequence[RuleFiring]) -> dict[str, str]:
    """By rule, how its answer ended and why; of one that has none, its outcome."""
    return {
        firing.rule: next(
            (": ".join(filter(None, (a.outcome, a.detail))) for a in firing.actions if a.action == "reply"),
            firing.outcome,
        )
        for firing in firings
    }

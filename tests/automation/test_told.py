"""A rule that fires tells the event webhooks it names, once, and no other."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.events.receiver import SECRET, receiving
from tests.lake.feeding import begin_feed, question, sync
from tests.lakes import begin_lake
from workbench.api.rules import RuleConsumer
from workbench.events.deliver import WebhookRunner
from workbench.lake.event_deliveries import read_deliveries_of
from workbench.lake.feed import append_feed
from workbench.settings import load_settings

KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
WEBHOOK = '[events.webhooks.{name}]\nurl = "{url}/{name}"\n{lines}\n'
RULES = """
[[rules]]
name = "orders"
when = "message_received"
then = { label = ["orders"], webhook = ["shop"] }
"""


def test_who_is_told_that_a_rule_fired(home: Path) -> None:
    with receiving() as receiver:
        # The shop lists another kind; `all` lists none; `listed` asks for every rule that tells anybody.
        webhooks = {
            "shop": 'events = ["contact.opted_out"]', "all": "", "listed": 'events = ["rule.fired"]',
        }  # fmt: skip
        home.mkdir(exist_ok=True)
        (home / "workbench.toml").write_text(
            "".join(
                WEBHOOK.format(name=name, url=receiver.url, lines=lines) for name, lines in webhooks.items()
            )
            + RULES
        )
        secrets = "".join(f"{name} = '{SECRET}'\n" for name in webhooks)
        (home / "credentials.toml").write_text("[event_webhook_secrets]\n" + secrets)
        (home / "credentials.toml").chmod(0o600)
        settings, now = load_settings({"WORKBENCH_HOME": str(home)}), datetime.now(UTC)
        with begin_lake(settings) as lake:
            begin_feed(lake, now - timedelta(hours=1))
            rules, runner = RuleConsumer(), WebhookRunner()
            for consumer in (rules, runner.run):
                consumer(lake, settings, now)
            sync(lake, question(1, "+14155550123", "My order", now), at=now)
            for _ in range(3):
                append_feed(lake, datetime.now(UTC))
                for consumer in (rules, runner.run):
                    consumer(lake, settings, datetime.now(UTC))
            told = {name: [each.kind for each in read_deliveries_of(lake, name)] for name in webhooks}
    assert told["shop"] == told["listed"] == ["rule.fired"]
    assert "message.received" in told["all"]
    assert "rule.fired" not in told["all"]
    fired = [arrival for arrival in receiver.arrivals if arrival.body["kind"] == "rule.fired"]
    assert len(fired) == 2
    for arrival in fired:
        assert arrival.body["detail"] == {"rule": "orders", "webhooks": ["shop"]}
        signed = f"{arrival.id}.{arrival.headers['webhook-timestamp']}.".encode() + arrival.raw
        digest = hmac.new(KEY, signed, hashlib.sha256).digest()
        assert arrival.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"

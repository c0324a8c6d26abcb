"""Which receivers an event goes to."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from workbench.events.plan import is_for
from workbench.events.webhooks import EventWebhook
from workbench.lake.feed import KINDS, FeedEvent

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "kinds", "kind", "expected"),
    [
        ("shop", ["message.received"], "message.received", True),
        ("shop", ["message.received"], "message.status", False),
        ("shop", ["message.received"], "rule.fired", True),
        ("crm", KINDS, "rule.fired", False),
        ("crm", KINDS, "message.status", True),
    ],
)
def test_what_a_rule_did_goes_to_the_receivers_that_it_names(
    name: str, kinds: list[str], kind: str, expected: bool
) -> None:
    webhook = EventWebhook(name, httpx.URL("https://shop.example.com/events"), frozenset(kinds), b"key")
    detail = {"rule": "tell-shop", "webhooks": ["shop"]} if kind == "rule.fired" else {}
    event = FeedEvent(1, "a", kind, NOW, NOW, None, None, None, None, detail)
    assert is_for(webhook, event) is expected

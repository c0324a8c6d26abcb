"""What acts on the feed: each consumer once, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from workbench.api.cancellations import CHANGES, CancelConsumer
from workbench.api.rules import RuleConsumer
from workbench.events.deliver import WebhookRunner
from workbench.lake.connect import Lake
from workbench.notifications.run import run as run_notifications
from workbench.settings import Settings

Run = Callable[[Lake, Settings, datetime], datetime | None]
"""Works on what is new, for a few seconds at most, and returns when it wants to be called even if nothing
happens; None: only when something does. It keeps its own cursor (:mod:`workbench.lake.feed`)."""


@dataclass(frozen=True)
class Consumer:
    """A part of the product that acts on what happens.

    `tables` are tables beside the feed whose changes it wants to be called for.
    """

    name: str
    run: Run
    tables: frozenset[str] = frozenset()


CONSUMERS: tuple[Consumer, ...] = (
    Consumer("cancellations", CancelConsumer(), CHANGES),
    Consumer("automation", RuleConsumer()),
    Consumer("event webhooks", WebhookRunner().run, frozenset({"event_deliveries"})),
    Consumer("notifications", run_notifications, frozenset({"conversation_events", "notification_choices"})),
)

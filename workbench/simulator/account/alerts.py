"""The alerts of an account: one for each message of the last 30 days that ended in error.

Failed webhooks raise alerts, too; :mod:`workbench.simulator.webhooks.callbacks` records those.
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.clock import DAY

_KEPT_DAYS = 30


class Alert(NamedTuple):
    """One error or warning: when it happened, its code, the resource, and the address if a webhook failed."""

    at: int
    error: int
    resource_sid: str
    url: str | None = None


def alerts_of_messages(ledger: Ledger, now: int) -> list[Alert]:
    """The alerts that messages of the last 30 days raised."""
    rows = ledger.log.created_between(now - (_KEPT_DAYS + 1) * DAY, now)
    return [
        Alert(message.created + message.done, message.error, ledger.rows.sid(message))
        for message in rows
        if message.error and now - _KEPT_DAYS * DAY <= message.created + message.done <= now
    ]

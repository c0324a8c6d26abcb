"""Brings messages, statuses and decisions into a lake as webhooks, callbacks and syncs do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.messages import ACCOUNT, SENDER, payload
from workbench.lake import Lake
from workbench.lake.feed import FeedEvent, read_feed
from workbench.lake.save import message_table, save_messages
from workbench.lake.statuses import StatusCallback, save_statuses
from workbench.lake.webhooks import InboundWebhook, save_webhooks
from workbench.messaging.message import message_row

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(days=2)


def sid(number: int) -> str:
    return f"SM{number:032x}"


def begin_feed(lake: Lake, at: datetime = BEGAN) -> Lake:
    """As if the lake had got its feed at that moment."""
    lake.write(lambda cursor: cursor.execute("update feed_state set began_at = ?", [at]))
    return lake


def sync(lake: Lake, *messages: dict[str, Any], source: str = "sync", at: datetime = NOW) -> None:
    table = message_table([message_row(message) for message in messages])
    lake.write(lambda cursor: save_messages(cursor, table, source=source, received_at=at))


def hear(lake: Lake, number: int, status: str, error: int | None = None, at: datetime = NOW) -> None:
    callback = StatusCallback(sid(number), ACCOUNT, status, error, at)
    lake.write(lambda cursor: save_statuses(cursor, [callback]))


def receive(lake: Lake, number: int, contact: str, body: str, at: datetime = NOW) -> None:
    webhook = InboundWebhook(message_row(question(number, contact, body, at)), "{}")
    lake.write(lambda cursor: save_webhooks(cursor, [webhook], at))


def question(number: int, contact: str, body: str = "Hello?", at: datetime = NOW) -> dict[str, Any]:
    return payload(
        number, **{"from": contact, "to": SENDER}, direction="inbound", status="received", body=body,
        date_created=at, date_sent=at, date_updated=at,
    )  # fmt: skip


def outbound(number: int, contact: str, status: str = "sent", at: datetime = NOW) -> dict[str, Any]:
    return payload(
        number, **{"from": SENDER, "to": contact}, status=status, date_created=at, date_sent=at,
        date_updated=at,
    )  # fmt: skip


def decide(lake: Lake, contact: str, kind: str, value: str | None, at: datetime, **more: Any) -> str:
    event_id = f"{kind}-{at.isoformat()}"
    lake.write(
        lambda cursor: cursor.execute(
            "insert into conversation_events select ?, any_value(conversation_id), ?, ?, ?, 'local:ann', ? "
            "from raw_messages where contact = ?",
            [event_id, kind, value, more.get("until"), at, contact],
        )
    )
    return event_id


def noted(lake: Lake, after: int = 0) -> list[FeedEvent]:
    return read_feed(lake, after, 10_000)


def kinds(events: list[FeedEvent]) -> list[str]:
    return [event.kind for event in events]

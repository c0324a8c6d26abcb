"""What a receiver is told of an event: numbers masked and no texts, unless its settings say otherwise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from workbench.events.webhooks import EventWebhook
from workbench.lake.connect import Readable
from workbench.lake.feed import FeedEvent
from workbench.messaging.addresses import mask

_OLDEST_MESSAGE = timedelta(days=41)
"""How much older than an event of it a message can be."""

Facts = Mapping[str, Mapping[str, Any]]


def webhook_id(event_id: str) -> str:
    """The id by which a receiver knows an event again, whenever and however often it is sent."""
    return "evt_" + hashlib.blake2s(event_id.encode(), digest_size=16).hexdigest()


def read_message_facts(lake: Readable, events: Sequence[FeedEvent]) -> Facts:
    """What the lake says of the messages of these events, by SID."""
    sids = sorted({event.message_sid for event in events if event.message_sid})
    if not sids:
        return {}
    rows = lake.rows(
        "select message_sid, direction, sender, contact, media_count, body from raw_messages "
        "where date_created >= ? and message_sid in (select unnest(?::varchar[]))",
        [min(event.happened_at for event in events) - _OLDEST_MESSAGE, sids],
    )
    names = ("direction", "sender", "contact", "media_count", "body")
    return {sid: dict(zip(names, values, strict=True)) for sid, *values in rows}


def read_alert_facts(lake: Readable, events: Sequence[FeedEvent]) -> Facts:
    """What the lake says of the alerts of these events, by their id."""
    ids = sorted({event.detail["alert"] for event in events if "alert" in event.detail})
    if not ids:
        return {}
    rows = lake.rows(
        "select event_id, title, evidence, cause, value, limit_value, sample, began_at from alert_events "
        "where event_id in (select unnest(?::varchar[]))",
        [ids],
    )
    names = ("title", "evidence", "cause", "value", "limit", "sample", "began_at")
    return {alert: dict(zip(names, values, strict=True)) for alert, *values in rows}


def event_body(event: FeedEvent, webhook: EventWebhook, messages: Facts, alerts: Facts) -> bytes:
    """The body of one event for one receiver, as JSON."""
    shown = _whole if webhook.has_whole_numbers else mask
    content: dict[str, Any] = {
        "id": webhook_id(event.event_id),
        "kind": event.kind,
        "happened_at": event.happened_at,
        "account": event.account_sid,
        "conversation": event.conversation_id,
        "contact": shown(event.contact) if event.contact else None,
        "detail": dict(event.detail),
    }
    message = messages.get(event.message_sid or "")
    if event.message_sid:
        content["message"] = {"sid": event.message_sid}
    if message:
        content["message"] |= {
            "direction": message["direction"],
            "our_number": shown(message["sender"]) if message["sender"] else None,
            "attachments": message["media_count"],
            **({"text": message["body"]} if webhook.has_texts else {}),
        }
    if alert := alerts.get(str(event.detail.get("alert"))):
        content["alert"] = dict(alert)
    return json.dumps(content, ensure_ascii=False, default=_as_text).encode()


def trial_body(now: datetime) -> bytes:
    """The body of a test: of a kind that never happens."""
    content = {"id": webhook_id(f"test {now.isoformat()}"), "kind": "test", "happened_at": _as_text(now)}
    return json.dumps(content).encode()


def _whole(address: str | None) -> str:
    return address or ""


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{value!r} has no form in JSON")
